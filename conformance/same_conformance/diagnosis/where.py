"""Find for which parameters an implementation is wrong: a short predicate that parts wrong cases from right ones.

What is found is written in the language of `same_conformance.predicate`, so it can be put into a list of expectations
as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.diagnosis import table, vocabulary
from same_conformance.diagnosis.table import Names, Table

if TYPE_CHECKING:
    from same_conformance.case import Case

_MOST_CASES = 4_000
"""Cases looked at: enough to tell predicates apart, few enough to be quick."""
_LONGEST = 4
"""Tests in one conjunction; with more, chance alone would find one that fits."""
_WORTH = 2
"""By what factor two conjunctions must have fewer exceptions than one, to be worth their words."""
_MOST_RIVALS = 120
"""Predicates that all fit, among which further cases are to decide."""


@dataclass(frozen=True)
class Where:
    """For which cases an implementation is wrong.

    Attributes:
        predicate: over case fields; empty if every case was wrong, or nothing parts them.
        n_missed: wrong cases that it does not cover.
        n_right: right cases that it covers all the same.
        n_tried: cases that it was held against.
        n_predicted: further cases that it was held against, of which a known rule says whether they are wrong.

    """

    predicate: str
    n_missed: int = 0
    n_right: int = 0
    n_tried: int = 0
    n_predicted: int = 0

    @property
    def tests(self) -> frozenset[str]:
        """Return the tests that the predicate is made of."""
        return frozenset(
            test for test in vocabulary.TESTS if re.search(rf"(?<!\w){re.escape(test)}(?!\w)", self.predicate)
        )

    @property
    def is_exact(self) -> bool:
        """Tell whether the predicate has no exceptions."""
        return bool(self.predicate) and not self.n_missed and not self.n_right

    @property
    def text(self) -> str:
        """Return it in words; see `in_words`."""
        return self.in_words(is_rule_known=False)

    def in_words(self, *, is_rule_known: bool) -> str:
        """Return it in words, exceptions included: what it was held against is all that it is known to hold for.

        If the rule that is followed is known, that says where it is wrong, and a predicate with exceptions only helps.
        """
        if not self.predicate:
            return ""
        predicted = f" and {self.n_predicted:,} that the rule predicts" if self.n_predicted else ""
        tried = f"{self.n_tried:,} cases tried{predicted}"
        if self.is_exact:
            return f"wrong exactly where {self.predicate}, in all {tried}"
        exceptions = [f"{self.n_missed} more wrong"] if self.n_missed else []
        exceptions += [f"{self.n_right} right there"] if self.n_right else []
        begin = "wrong wherever that differs from SAME, mostly" if is_rule_known else "wrong mostly"
        return f"{begin} where {self.predicate} ({' and '.join(exceptions)}, of {tried})"


@dataclass(frozen=True)
class Predicate:
    """Conjunctions of tests, one of which holds where an implementation is wrong."""

    parts: tuple[Names, ...]

    @property
    def text(self) -> str:
        """Return it in the language of predicates."""
        return " or ".join(table.text(part) for part in self.parts)

    def holds(self, tests: Sequence[str], bits: np.ndarray) -> np.ndarray:
        """Tell for each case whether it holds; `bits` are those of `tests`, see `vocabulary.bits`."""
        place = {test: i for i, test in enumerate(tests)}
        found = np.zeros(len(bits), dtype=bool)
        for part in self.parts:
            found |= np.bitwise_and.reduce(bits[:, [place[test] for test in part]], axis=1) != 0
        return found


def find(wrong: Sequence[Case], right: Sequence[Case], mechanisms: Collection[str] = ()) -> Where:
    """Return the shortest predicate that covers all of `wrong` and none of `right`, else the best short one.

    `mechanisms` are tests of an axis that say how it comes about, such as ``before != k // 2``; they come first.
    """
    wrong, right = wrong[:_MOST_CASES], right[:_MOST_CASES]
    found, covered = _fitting(wrong, right, mechanisms)
    if not found:
        return Where("")
    n_covered = (covered & ((1 << len(wrong)) - 1)).bit_count()
    n_tried = len(wrong) + len(right)
    return Where(found[0].text, len(wrong) - n_covered, covered.bit_count() - n_covered, n_tried)


def rivals(wrong: Sequence[Case], right: Sequence[Case]) -> list[Predicate]:
    """Return the predicates that fit as well as the one that `find` returns, which comes first.

    They say the same of all these cases, and something else of others: of those that `telling` chooses.
    """
    return _fitting(wrong[:_MOST_CASES], right[:_MOST_CASES], ())[0]


def condition(
    wrong: Sequence[Case], right: Sequence[Case], longest: int, preferred: Collection[str] = ()
) -> str | None:
    """Return a conjunction of `longest` tests at most that parts the cases exactly; empty if there are no right ones, None if there is none.

    Of tests that do equally well, those that are `preferred` are taken.
    """
    if not right:
        return ""
    found = conditions(wrong, right, longest, preferred)
    return found[0].text if found else None


def conditions(
    wrong: Sequence[Case], right: Sequence[Case], longest: int, preferred: Collection[str] = ()
) -> list[Predicate]:
    """Return the conjunctions of `longest` tests at most that part the cases exactly, the one that `condition` returns first."""
    tests = vocabulary.ordered(preferred)
    found = Table([*wrong, *right], len(wrong), tests)
    exact = _plainest(found.exact(longest), tests)
    return [Predicate((names,)) for names in islice(_varied(exact, found), _MOST_RIVALS)]


def _fitting(wrong: Sequence[Case], right: Sequence[Case], mechanisms: Collection[str]) -> tuple[list[Predicate], int]:
    """Return the predicates that fit, the best first, and which cases this covers, as bits; the wrong ones come first."""
    if not right or not wrong:
        return [], 0
    tests = [*mechanisms, *vocabulary.ordered()]
    found = Table([*wrong, *right], len(wrong), tests)
    everywhere = (1 << len(wrong)) - 1
    exact = _plainest(found.exact(_LONGEST), tests)
    if exact:
        return [Predicate((names,)) for names in islice(_varied(exact, found), _MOST_RIVALS)], everywhere
    either = found.either()
    if either:
        return [Predicate(pair) for pair in either[:_MOST_RIVALS]], everywhere
    nearest, covered = found.nearest()
    names, by_names = found.nearest_covering(_LONGEST + 1)
    if names and found.n_exceptions(by_names) < found.n_exceptions(covered):
        nearest, covered = [names], by_names
    pair, by_pair = found.nearest_pair()
    if pair and _WORTH * found.n_exceptions(by_pair) <= found.n_exceptions(covered):
        return [Predicate(pair)], by_pair
    return [Predicate((names,)) for names in nearest if names], covered


def _plainest(found: Sequence[Names], tests: Sequence[str]) -> list[Names]:
    """Order conjunctions by how plain their tests are."""
    place = {test: i for i, test in enumerate(tests)}
    return sorted(found, key=lambda names: sum(place[name] for name in names))


def _varied(found: Sequence[Names], by: Table) -> list[Names]:
    """Return the conjunctions, then each with one of its tests replaced by one that says the same of all cases seen."""
    others = [
        (*names[:i], other, *names[i + 1 :])
        for names in found
        for i, name in enumerate(names)
        for other in by.alike(name)
    ]
    return list(dict.fromkeys([*found, *others]))
