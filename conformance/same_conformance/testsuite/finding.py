"""Define what the test of one group of cases found: a closed union."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.expectations import Standing
    from same_conformance.record import Result

_MOST_WORDS = 3
"""Of an implementation on why it does not offer something, those it says most often."""


@dataclass(frozen=True)
class Tally:
    """How the cases of a group went.

    Attributes:
        n_passed: that were right.
        n_unexpected: that failed and should not have.
        n_stale: that passed, though an expectation says that they fail.
        n_expected: that failed as an expectation says.
        n_unmatched: no cases, but expectations that match none.
        declined: why cases were not offered, in the implementation's words, with how many there are of each.

    """

    n_passed: int = 0
    n_unexpected: int = 0
    n_stale: int = 0
    n_expected: int = 0
    n_unmatched: int = 0
    declined: Counter[str] = field(default_factory=Counter)

    @property
    def n_declined(self) -> int:
        """Return how many cases the implementation did not offer."""
        return self.declined.total()

    @property
    def n_cases(self) -> int:
        """Return how many cases there were."""
        return self.n_passed + self.n_unexpected + self.n_stale + self.n_expected + self.n_declined


@dataclass(frozen=True)
class Passed:
    """Every case that was offered is right, and there is one."""


@dataclass(frozen=True)
class NotOffered:
    """No case is offered, or there is none; `why` says so."""

    why: str


@dataclass(frozen=True)
class FailedAsExpected:
    """Every failure is one that an expectation covers; `why` has their reasons."""

    why: str


@dataclass(frozen=True)
class Failed:
    """Some failures were expected by nobody, or some expectations are stale.

    Attributes:
        unexpected, stale: the results in question, in canonical order.
        why: of each of them that an expectation covers, what was expected instead and why.

    """

    unexpected: tuple[Result, ...]
    stale: tuple[Result, ...]
    why: Mapping[Case, str]


@dataclass(frozen=True)
class Unmatched:
    """Some expectations match no case of the whole profile; `entries` say where they stand and what they select."""

    entries: tuple[str, ...]


Finding = Passed | NotOffered | FailedAsExpected | Failed | Unmatched


def conclude(assessed: Sequence[tuple[Result, Standing, str]]) -> tuple[Finding, Tally]:
    """Return what a test found, from its results in canonical order, with how each stands and why."""
    by_standing: dict[Standing, list[Result]] = {}
    for result, standing, _ in assessed:
        by_standing.setdefault(standing, []).append(result)
    unexpected, stale = by_standing.get("unexpected", []), by_standing.get("stale", [])
    n_wrong, n_expected = len(unexpected) + len(stale), len(by_standing.get("expected failure", []))
    declined = Counter(r.judgement.message for r, *_ in assessed if r.judgement.verdict == "unsupported")
    n_passed = len(assessed) - n_wrong - n_expected - declined.total()
    tally = Tally(n_passed, len(unexpected), len(stale), n_expected, declined=declined)
    why = {result.case: reason for result, _, reason in assessed if reason}
    if n_wrong:
        return Failed(tuple(unexpected), tuple(stale), why), tally
    if n_expected:
        said = f"{n_expected} of {len(assessed)} cases fail as expected: {often(why.values())}"
        return FailedAsExpected(said), tally
    return (Passed() if tally.n_passed else NotOffered(often(declined.elements()))), tally


def often(words: Iterable[str]) -> str:
    """Return what is said most often, and how many other things are said.

    >>> often(["only 2-D", "only SAME", "only 2-D"])
    'only 2-D; only SAME'
    """
    counts = Counter(words)
    shown = "; ".join(word for word, _ in counts.most_common(_MOST_WORDS))
    more = len(counts) - _MOST_WORDS
    return shown + (f"; and {more} more reasons" if more > 0 else "")
