"""Try one implementation on the groups of cases of a suite: its worker starts once, its results are kept."""

from __future__ import annotations

import os
import re
import shlex
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from same_conformance import corpus, expectations, lookup
from same_conformance.doctor.visit import as_called
from same_conformance.errors import StartError
from same_conformance.expectations import Expectation, Expectations
from same_conformance.judge import Judge
from same_conformance.record import Result
from same_conformance.runner.pool import Pool
from same_conformance.testsuite.finding import Finding, NotOffered, Passed, Tally, Unmatched, conclude
from same_conformance.testsuite.partition import EXPECTATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from same_conformance.case import Case
    from same_conformance.judge import Judgement
    from same_conformance.testsuite.partition import Group
    from same_conformance.testsuite.suite import Suite

_LAST_WORDS = 10
"""Lines shown of what a worker printed before it failed to start."""


class Trial:
    """One implementation at work for the tests of a suite.

    Attributes:
        suite: what is tested.
        name: the implementation's, known once it has started.
        judge: of what it gives.

    """

    def __init__(self, suite: Suite, root: Path) -> None:
        """Relative paths in `suite` are relative to `root`."""
        self.suite = suite
        self.name = ""
        self.judge = Judge()
        self._root = root
        self._pool: Pool | None = None
        self._judgements: dict[Case, Judgement] = {}

    def start(self) -> Pool:
        """Return the workers, started if there are none.

        Raises:
            UsageError: if no such implementation is known, or the expectations are not right.
            StartError: if it does not start; says that this is no verdict, and what to do.

        """
        _ = self.expected
        if self._pool is not None:
            return self._pool
        pool = Pool(jobs=1)
        try:
            self.name = self._start(pool)
        except BaseException:
            pool.__exit__()
            raise
        self._pool = pool
        return pool

    def _start(self, pool: Pool) -> str:
        interpreters = {self.wanted: self.suite.python} if self.suite.python else {}
        printed: list[str] = []
        try:
            (started,) = lookup.start([self.wanted], pool, printed.append, interpreters)
        except StartError as error:
            raise StartError(_broken(str(error), printed, self.called)) from None
        return started.entry_point.name

    @property
    def options(self) -> str:
        """Return the options with which ``show`` and ``repro`` run the same implementation."""
        wanted = f"--with {shlex.quote(self.wanted)}"
        return f"{wanted} --python {shlex.quote(f'{self.wanted}={self.suite.python}')}" if self.suite.python else wanted

    @property
    def called(self) -> str:
        """Return the arguments with which ``check`` looks the same implementation over."""
        return as_called(self.wanted, {self.wanted: self.suite.python} if self.suite.python else {})

    @property
    def wanted(self) -> str:
        """Return whom a command names: an installed implementation, or a file, as seen from the current directory."""
        text = self.suite.implementation
        if not re.search(r"\.py(:|$)", text):
            return text
        path = self._root / text
        return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)

    def close(self) -> None:
        """End the workers."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__()

    @cached_property
    def expected(self) -> Expectations:
        """Return the known failures, those that come with us included."""
        return Expectations([*corpus.read_expectations(), *self._own], {}, datetime.now(UTC).date())

    @cached_property
    def _own(self) -> list[Expectation]:
        """Read the author's lists."""
        return self.suite.known_failures(self._root)

    def examine(self, group: Group) -> tuple[Finding, Tally]:
        """Execute the cases of a group and judge them."""
        if group.name == EXPECTATIONS:
            return self._examine_expectations()
        cases = self.cases_of(group)
        if not cases:
            return NotOffered(f"none of the {group.name} cases is of {group.op}"), Tally()
        return self._conclude(cases)

    def _conclude(self, cases: Iterable[Case]) -> tuple[Finding, Tally]:
        return conclude(
            [(r, *self.expected.assess(self.name, r.case, r.judgement.verdict)) for r in self.results(cases)]
        )

    def _examine_expectations(self) -> tuple[Finding, Tally]:
        """See whether each entry about this implementation predicts a failure; cases that only an entry names are executed."""
        cases = [case for group in self._groups for case in self.cases_of(group)]
        idle = [f"{entry.place}: {entry.selector}" for entry in self._ours if not any(map(entry.predicts, cases))]
        if idle:
            return Unmatched(tuple(idle)), Tally(n_unmatched=len(idle))
        return self._conclude(self._only_named) if self._only_named else (Passed(), Tally())

    @property
    def _ours(self) -> list[Expectation]:
        return [entry for entry in self._own if entry.implementation == self.name]

    @cached_property
    def _only_named(self) -> list[Case]:
        """Return the cases that no group has and an entry names."""
        others = {case for group in self._groups if group.name != EXPECTATIONS for case in self.cases_of(group)}
        return sorted({*expectations.named_cases(self._ours, ())} - others, key=lambda case: case.canonical_key)

    def cases_of(self, group: Group) -> Sequence[Case]:
        """Return the cases of a group, drawn or packed now if they must be."""
        if group.name == EXPECTATIONS:
            return self._only_named
        return group.cases or self._made.get((group.op, group.name), ())

    def fixed_cases(self, op: str) -> list[Case]:
        """Return all cases of `op` that need neither be drawn nor packed."""
        return [case for group in self._groups if group.op == op for case in group.cases]

    @cached_property
    def _groups(self) -> list[Group]:
        return list(self.suite.groups())

    @cached_property
    def _made(self) -> dict[tuple[str, str], tuple[Case, ...]]:
        return self.suite.made()

    def known(self, op: str) -> list[Result]:
        """Return the results of `op` that there are already."""
        return [Result(self.name, case, judgement) for case, judgement in self._judgements.items() if case.op == op]

    def results(self, cases: Iterable[Case]) -> list[Result]:
        """Return the results of `cases`, in canonical order; what was executed before is not executed again."""
        cases = sorted(dict.fromkeys(cases), key=lambda case: case.canonical_key)
        missing = [case for case in cases if case not in self._judgements]
        try:
            for _, case, outcome in self.start().run({self.name: missing}):
                self._judgements[case] = self.judge.judge(case, outcome)
        except BaseException:
            self.close()  # its workers were killed with the iteration; the next test starts others
            raise
        return [Result(self.name, case, self._judgements[case]) for case in cases]


def _broken(why: str, printed: Sequence[str], called: str) -> str:
    """Say that an implementation does not start, which is another thing than being wrong, and what to do."""
    return "\n".join(
        [
            why,
            "This says nothing about SAME: no case was executed, because the plug-in itself is broken.",
            *(["The last it printed:", *printed[-_LAST_WORDS:]] if printed else []),
            f"Look into it with `same-conformance check {called}`; `same-conformance list` shows what is installed.",
        ]
    )
