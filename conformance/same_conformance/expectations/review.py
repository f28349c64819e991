"""Look at expectations as a list: whom they concern, which of them match nothing, which are about to expire."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from same_conformance.case import Case, parse
from same_conformance.errors import UsageError
from same_conformance.judge import FAILURES

if TYPE_CHECKING:
    from same_conformance.expectations.entry import Expectation
    from same_conformance.expectations.standing import Expectations
    from same_conformance.record import Result

SOON_DAYS = 30
"""So long before it expires an entry is spoken of in every run."""


@dataclass(frozen=True)
class Remark:
    """Something that is to be said of an entry as a whole."""

    entry: Expectation
    text: str


def check(entries: Iterable[Expectation], names: Iterable[str], cases: Collection[Case]) -> None:
    """Try every expectation for one of `names` on all `cases`, so that what is wrong with it is found before a run.

    Raises:
        UsageError: if a predicate fails on a case; names the implementation, the entry, the predicate and the case.

    """
    names = set(names)
    for entry in entries:
        if entry.implementation in names:
            try:
                for case in cases:
                    entry.covers(case)
            except UsageError as error:
                at = f", in {entry.place}" if entry.place else ""
                raise UsageError(f"expectation for {entry.implementation}{at}: {error}") from None


def strangers(entries: Iterable[Expectation], known: Collection[str]) -> list[str]:
    """Return a line for each implementation that `entries` speak of and nobody knows: a slip of the pen, often."""
    lines = []
    for name, n in Counter(entry.implementation for entry in entries if entry.implementation not in known).items():
        close = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        lines.append(f"{n} expectations for {name!r} concern nobody: it is neither installed nor in the run.{hint}")
    return lines


def named_cases(entries: Iterable[Expectation], names: Collection[str]) -> list[Case]:
    """Return the cases that `entries` name: they are run, or nobody would notice a pass.

    Where `names` are given, and none is a file, whose implementation may be called anything, entries for others do not count.
    """
    is_for_all = not names or any(".py" in name for name in names)
    return [parse(text) for entry in entries if is_for_all or entry.implementation in names for text in entry.cases]


def by_implementation(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Return what was executed, per implementation; what is unsupported says nothing of an expectation."""
    found: dict[str, list[Result]] = {}
    for result in results:
        of_one = found.setdefault(result.implementation, [])
        if result.judgement.verdict != "unsupported":
            of_one.append(result)
    return found


def unmatched(entries: Sequence[Expectation], executed: Mapping[str, list[Result]], today: date | None) -> list[Remark]:
    """Return the entries of the user that match nothing which was executed by the implementation that they speak of."""
    remarks = []
    for entry in entries:
        if not entry.place or entry.implementation not in executed or entry.is_expired(today):
            continue
        if not any(entry.predicts(result.case) for result in executed[entry.implementation]):
            text = (
                f"{entry.place}: {entry.selector} matches nothing that {entry.implementation} executed; correct or remove it "
                "(--update-expectations removes it), or keep it in a file for the profile that has such cases"
            )
            remarks.append(Remark(entry, text))
    return remarks


def expired(entries: Iterable[Expectation], executed: Mapping[str, list[Result]], today: date | None) -> list[Remark]:
    """Return the entries that count no more, with how many failures are unexpected again because of it."""
    remarks = []
    for entry in entries:
        if entry.implementation in executed and entry.is_expired(today):
            n = sum(r.judgement.verdict in entry.predicts(r.case) for r in _failing(executed[entry.implementation]))
            cases = f"the {n} cases that still fail so are" if n != 1 else "the case that still fails so is"
            then = (
                f"{cases} unexpected: repair it, or give it a later day"
                if n
                else "nothing fails so any more: remove it"
            )
            remarks.append(Remark(entry, f"{_place(entry)} expired on {entry.expires}, and {then}"))
    return remarks


def stale(cases: Iterable[tuple[str, Case]], expectations: Expectations) -> list[str]:
    """Return a line for each entry of which cases pass, given with the implementation that passed: which entry, how many, which first."""
    passed: dict[str, list[Case]] = {}
    for name, case in cases:
        passed.setdefault(_decider(name, expectations.deciding(name, case)), []).append(case)
    return [
        f"{where}: {len(of_one)} case{'s' if len(of_one) > 1 else ''} that it covers pass{'' if len(of_one) > 1 else 'es'}, "
        f"{'the first ' if len(of_one) > 1 else ''}{of_one[0].id}"
        for where, of_one in passed.items()
    ]


def _decider(name: str, entry: Expectation | None) -> str:
    if entry is None:
        return f"the rule of {name}"
    return f"{_place(entry)} ({entry.selector or 'all cases'}; {entry.reason})"


def _failing(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.judgement.verdict in FAILURES]


def expiring(entries: Iterable[Expectation], executed: Collection[str], today: date | None) -> list[Remark]:
    """Return the entries that expire within `SOON_DAYS`, the first to expire first."""
    soon = []
    for entry in entries:
        if (
            today
            and entry.expires
            and entry.implementation in executed
            and 0 <= (entry.expires - today).days <= SOON_DAYS
        ):
            days = (entry.expires - today).days
            left = "after today" if not days else f"in {days} day{'s' if days > 1 else ''}"
            soon.append(
                (entry.expires, Remark(entry, f"{_place(entry)} expires {left}, on {entry.expires}: {entry.reason}"))
            )
    return [remark for _, remark in sorted(soon, key=lambda pair: pair[0])]


def _place(entry: Expectation) -> str:
    return entry.place or f"an expectation for {entry.implementation}"
