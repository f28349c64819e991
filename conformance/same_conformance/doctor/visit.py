"""Look an implementation over, from its entry point to its speed."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from same_conformance import operands, plugins, spec
from same_conformance.doctor import cases, ops, starting
from same_conformance.doctor.finding import Finding, broken, note, ok, wrong
from same_conformance.doctor.ops import RIGHT, Seen
from same_conformance.errors import StartError, UsageError
from same_conformance.interruption import in_background
from same_conformance.judge import FAILURES, Judge
from same_conformance.lookup import look_up
from same_conformance.messages import one_line
from same_conformance.selection import Query, select

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.implementation import Description
    from same_conformance.runner.pool import Pool, Started

_MUCH = 4_000
"""Characters of output that are more than frameworks print when they start."""
_SLOW_MS = 100.0


class Watcher(Protocol):
    """Whoever is told how far it is."""

    def say(self, text: str) -> None:
        """Show one line."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Show how far a stage is."""


def as_called(name: str, interpreters: Mapping[str, str]) -> str:
    """Return how a command line names what is looked over: with the interpreters that were given.

    >>> as_called("mine", {"mine": "venv/bin/python"})
    'mine --python mine=venv/bin/python'
    """
    given = [part for key, interpreter in interpreters.items() for part in ("--python", f"{key}={interpreter}")]
    return shlex.join([name, *given])


def visit(name: str, interpreters: Mapping[str, str], pool: Pool, watcher: Watcher) -> Iterator[Finding]:
    """Yield what is found of the implementation that `name` means, as it is found; `pool` is fresh.

    Raises:
        UsageError: if nobody is called `name`.

    """
    try:
        began = time.monotonic()
        startable = look_up(plugins.installed(watcher.say), [name], interpreters, pool)
    except UsageError:
        almost = starting.almost_registered(name)
        if not almost:
            raise
        yield from (broken("it is not registered", line) for line in almost)
        return
    watcher.progress("starting", 0, 1)
    if not pool.failures:
        with in_background(pool, lambda: pool.start(startable)):
            pass
    for failed, why in pool.failures.items():
        value = next((e.value for e in startable), name)  # a file that cannot be loaded is not among them
        value += ":implementation" if value.endswith(".py") else ""
        file = next((e.file for e in startable), None)
        yield from starting.failure(value, why, pool.output_of(failed), file)
    for started in pool.started.values():
        yield _started(started, time.monotonic() - began)
        yield from _Visit(as_called(name, interpreters), started, pool, watcher).findings()


def _started(started: Started, seconds: float) -> Finding:
    versions = ", ".join(f"{package} {version}" for package, version in started.versions.items())
    about = started.entry_point
    return ok(
        f"starts in {seconds:.1f} s: {' '.join(filter(None, (about.distribution, about.version)))}, {versions}, Python {started.python}"
    )


class _Visit:
    """Run the cases of one implementation that started."""

    def __init__(self, called: str, started: Started, pool: Pool, watcher: Watcher) -> None:
        self._name = started.description.name
        self._claims = started.description
        self._pool = pool
        self._watcher = watcher
        self._judge = Judge()
        self._subject = ops.Subject(
            called, self._claims, partial(pool.probe, self._name), self._output, started.entry_point.file
        )

    def findings(self) -> Iterator[Finding]:
        """Yield what is found; speed, and what works beyond the claims, are looked at where the contract is kept."""
        yield _claimed(self._claims)
        seen: list[Seen] = []
        is_broken = False
        for op in self._claims.ops:
            of_op = self._run(op, cases.chosen(op, self._claims))
            seen += of_op
            for one in ops.conclude(op, of_op, self._subject):
                is_broken |= one.kind == "broken"
                yield one
        for one in ops.refusals(seen, self._claims):
            is_broken |= one.kind == "broken"
            yield one
        yield from ops.habits(seen)
        yield from ops.overclaims(seen, self._claims)
        yield from self._printed()
        if not is_broken:
            yield from self._speed([one.case for one in seen if one.verdict in RIGHT])
            if not any(one.verdict in FAILURES for one in seen):
                yield from self._unclaimed()

    def _output(self) -> str:
        return self._pool.output_of(self._name)

    def _printed(self) -> Iterator[Finding]:
        printed = self._output()
        if len(printed) > _MUCH:
            first = next(line for line in printed.splitlines() if line.strip())
            yield note(
                f"prints much, beginning with: {one_line(first, 80)}",
                "what it prints is kept head and tail, and judged by nobody; print less to find in it what matters",
            )

    def _run(self, what: str, wanted: Sequence[Case]) -> list[Seen]:
        seen = {}
        for n, (_, case, outcome) in enumerate(self._pool.run({self._name: wanted}), 1):
            seen[case] = Seen(case, outcome, self._judge.judge(case, outcome))
            self._watcher.progress(what, n, len(wanted))
        return [seen[case] for case in wanted if case in seen]

    def _speed(self, wanted: Sequence[Case]) -> Iterator[Finding]:
        """Run what was right once more: what it takes when it is warm, and whether it is right again."""
        if not wanted:
            return
        began = time.perf_counter()
        again = self._run("again", wanted)
        ms = (time.perf_counter() - began) / len(wanted) * 1000
        began = time.perf_counter()
        for case in wanted:
            spec.execute(case, operands.make(case))
        spec_ms = (time.perf_counter() - began) / len(wanted) * 1000
        other = [one for one in again if one.verdict not in RIGHT]
        if other:
            yield wrong(
                f"gives another result in a second round: {len(other)} cases that were right are not, such as {other[0].case.id} "
                f"({other[0].verdict}: {other[0].judgement.message})",
                "look for what it keeps between calls: caches, buffers, padding computed once",
            )
        quick = [c for c in select(Query(profile="quick")).origins if _is_claimed(c, self._claims)]
        seconds = len(quick) * ms / 1000
        slow = ms > _SLOW_MS
        told = f"about {seconds:.0f} s" if seconds >= 1 else "less than a second"
        text = f"takes {ms:.1f} ms a case once warm, every call made twice (the NumPy spec: {spec_ms:.1f}); --profile quick {told}"
        together = self._claims.framework == "jax" and self._claims.compile_together == 1
        step = (
            "compile_together=50 in the Implementation traces many cases into one program"
            if together
            else "see whether it compiles, or builds, more than it needs"
        )
        yield note(text, step) if slow else ok(text)

    def _unclaimed(self) -> Iterator[Finding]:
        """Try what is not claimed; last, because from here on the worker claims everything."""
        beyond = [case for op in self._claims.ops for case in cases.unclaimed(op, self._claims)]
        if not beyond:
            return
        try:
            self._pool.claim_all(self._name)
        except StartError:  # a worker that does not know the request
            return
        works = [one.case for one in self._run("unclaimed", beyond) if one.verdict in RIGHT]
        ranks = sorted({case.rank for case in works} - set(self._claims.ranks))
        modes = sorted({case.padding for case in works} - set(self._claims.paddings))
        if ranks:
            claim = tuple(sorted({*self._claims.ranks, *ranks}))
            yield note(
                f"is right in {_dimensions(ranks)} too, which it does not claim",
                f"write ranks={claim!r} to have it checked",
            )
        if modes:
            yield note(
                f"is right in {', '.join(modes)} too, which it does not claim",
                f"add {', '.join(map(repr, modes))} to paddings to have it checked",
            )


def _claimed(claims: Description) -> Finding:
    return ok(
        f"claims {', '.join(claims.ops)} in {_dimensions(claims.ranks)}; {', '.join(claims.dtypes)}; "
        f"{' and '.join(mode.upper() for mode in claims.paddings)}"
    )


def _dimensions(ranks: Sequence[int]) -> str:
    *head, last = [str(rank) for rank in ranks]
    return f"{', '.join(head)} and {last} dimensions" if head else f"{last} dimension{'s' if last != '1' else ''}"


def _is_claimed(case: Case, claims: Description) -> bool:
    return (
        case.op in claims.ops
        and case.rank in claims.ranks
        and case.dtype in claims.dtypes
        and case.padding in claims.paddings
    )
