"""Find for which parameters an implementation is wrong: a short predicate that parts wrong cases from right ones.

What is found is written in the language of `same_conformance.predicate`, so it can be put into a list of expectations
as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Case

AXIS_TESTS = (
    "s > 1", "s == 1", "d > 1", "d == 1", "d == 2", "d == 3", "k % 2 == 0", "k % 2 == 1", "k > 1", "k == 1", "n % s == 0",
    "n % s != 0", "n % s == 1", "2 * (n % s) < s", "2 * (n % s) > s", "s > k", "s > ke", "s == 2", "s == 3", "s > 2", "k == s", "k > s", "k > n", "ke > n", "k == n",
    "n == s", "n < s", "n == 1", "n % 2 == 0", "n % 2 == 1", "before != after", "before == after", "total > 0", "before > 0",
    "after > 0", "total > 1", "total > 2", "total > 3", "total % 4 == 3", "total % 4 == 1", "unclamped < 0", "unclamped < -1",
    "out == 1", "out > 1", "d > s", "d > k", "d > 2", "ke % 2 == 0", "k == 2", "k == 3", "k > 2", "k > 3", "k > 4",
    "n > 2", "n > 3", "n > 4", "n > 7", "n > 8", "n > 9", "n > 15", "n > 16", "n > 31", "n > 32", "n > 63", "n > 64", "n > 99",
    "n > 100", "n > 127", "n > 128", "n > 255", "n > 256", "axis == 0", "axis == 1", "axis == 2", "axis == rank - 1",
)  # fmt: skip
"""Tests of one axis, the plainest first: of those that say the same of all cases seen, the first is kept."""
CASE_TESTS = (
    "rank == 1", "rank == 2", "rank == 3", "rank > 1", "rank < 3", "rank != 2", "batch > 1", "batch == 1", "groups > 1", "groups == 1",
    "padding == 'same'", "padding == 'same_lower'", "dtype == 'float32'", "dtype != 'float32'", "dtype == 'float64'",
    "dtype == 'float16'", "dtype == 'bfloat16'", "dtype in ('float16', 'bfloat16')", "compared != 'forward'",
    "compared == 'forward'", "compared == 'input_gradient'", "compared == 'kernel_gradient'", "calls > 1", "calls == 1",
    "inputs > 1", "inputs == 1", "outputs > 1", "outputs == 1", "inputs == outputs", "inputs > groups", "outputs > groups",
    "inputs > 2", "batch > 2", "not equal_pads", "equal_pads", "not equal_kernels", "equal_kernels", "not equal_strides",
    "equal_strides", "not equal_sizes", "equal_sizes", "not equal_dilations", "equal_dilations",
    "all(s == 1)", "all(d == 1)", "all(k == 1)", "all(k % 2 == 1)", "all(k % 2 == 0)", "all(s == k)", "all(before == after)",
)  # fmt: skip
ORDER = sorted(enumerate((*AXIS_TESTS, *CASE_TESTS)), key=lambda test: "axis" in test[1])
"""All tests with their numbers, the plainest first; which axis it is comes last: "axis == 1" also says that there is one."""
_MOST_CASES = 4_000
"""Cases looked at: enough to tell predicates apart, few enough to be quick."""
_LONGEST = 4
"""Tests in one conjunction; with more, chance alone would find one that fits."""
_INSIDE = 400
"""Conjunctions without a right case that are joined by "or", those that cover most first."""
_BEAM = 30
"""Conjunctions that are made longer where no short one is exact."""


@dataclass(frozen=True)
class Where:
    """For which cases an implementation is wrong.

    Attributes:
        predicate: over case fields; empty if every case was wrong, or nothing parts them.
        n_missed: wrong cases that it does not cover.
        n_right: right cases that it covers all the same.
        n_tried: cases that it was held against.

    """

    predicate: str
    n_missed: int = 0
    n_right: int = 0
    n_tried: int = 0

    @property
    def tests(self) -> frozenset[str]:
        """Return the tests that the predicate is made of."""
        known = (*AXIS_TESTS, *CASE_TESTS)
        return frozenset(test for test in known if re.search(rf"(?<!\w){re.escape(test)}(?!\w)", self.predicate))

    @property
    def is_exact(self) -> bool:
        """Tell whether the predicate has no exceptions."""
        return bool(self.predicate) and not self.n_missed and not self.n_right

    @property
    def text(self) -> str:
        """Return it in words, exceptions included: what it was held against is all that it is known to hold for."""
        if not self.predicate:
            return ""
        tried = f"{self.n_tried:,} cases tried"
        if self.is_exact:
            return f"wrong exactly where {self.predicate}, in all {tried}"
        exceptions = [f"{self.n_missed} more wrong"] if self.n_missed else []
        exceptions += [f"{self.n_right} right there"] if self.n_right else []
        return f"wrong mostly where {self.predicate} ({' and '.join(exceptions)}, of {tried})"


def find(wrong: Sequence[Case], right: Sequence[Case]) -> Where:
    """Return the shortest predicate that covers all of `wrong` and none of `right`, else the best short one."""
    wrong, right = wrong[:_MOST_CASES], right[:_MOST_CASES]
    if not right or not wrong:
        return Where("")
    n_tried = len(wrong) + len(right)
    table = _Table([*wrong, *right], len(wrong))
    exact = table.exact(_LONGEST) or table.either()
    if exact:
        return Where(exact, n_tried=n_tried)
    names, covered = table.nearest()
    if not covered:
        return Where("")
    n_covered = (covered & table.wrong).bit_count()
    return Where(table.text(names), len(wrong) - n_covered, covered.bit_count() - n_covered, n_tried)


def condition(
    wrong: Sequence[Case], right: Sequence[Case], longest: int, preferred: Collection[str] = ()
) -> str | None:
    """Return a conjunction of `longest` tests at most that parts the cases exactly; empty if there are no right ones, None if there is none.

    Of tests that do equally well, those that are `preferred` are taken.
    """
    if not right:
        return ""
    return _Table([*wrong, *right], len(wrong), preferred).exact(longest)


def ordered(preferred: Collection[str]) -> list[tuple[int, str]]:
    """Return all tests with their numbers, the preferred ones first, then the plainest."""
    return sorted(ORDER, key=lambda numbered: numbered[1] not in preferred)


Conjunction = tuple[tuple[str, ...], int, int]
"""Its tests, the bits for which it holds, and the cases in which it holds on some axis."""


class _Table:
    """The truth of every test on every case and axis, as bits of integers: bit ``axis * n_cases + case``."""

    def __init__(self, cases: Sequence[Case], n_wrong: int, preferred: Collection[str] = ()) -> None:
        self._n = len(cases)
        self.wrong = (1 << n_wrong) - 1
        self._right = ((1 << self._n) - 1) & ~self.wrong
        self._rank = max(case.rank for case in cases)
        texts = ["".join("1" if i < case.rank else "0" for case in reversed(cases)) for i in range(self._rank)]
        everywhere = int("".join(reversed(texts)), 2)
        self._truths: dict[str, int] = {}
        known = {0, everywhere}
        for index, test in ordered(preferred):
            rows = [truths(case)[index] for case in reversed(cases)]
            bits = "".join(
                "".join("1" if row >> axis & 1 else "0" for row in rows) for axis in reversed(range(self._rank))
            )
            truth = int(bits, 2)
            if truth not in known:
                known.add(truth)
                self._truths[test] = truth  # what holds everywhere or says the same as another tells nothing

    def _cases(self, truth: int) -> int:
        """Return the cases that have an axis on which `truth` holds."""
        whole = (1 << self._n) - 1
        found = 0
        for axis in range(self._rank):
            found |= (truth >> (axis * self._n)) & whole
        return found

    def _extended(self, found: Sequence[Conjunction], tests: Sequence[str]) -> Iterator[Conjunction]:
        """Yield each of `found` with each test that comes after its last one."""
        place = {test: i for i, test in enumerate(tests)}
        for names, truth, _ in found:
            for test in tests[place[names[-1]] + 1 :] if names else tests:
                both = truth & self._truths[test]
                if both:
                    yield (*names, test), both, self._cases(both)

    def exact(self, longest: int) -> str | None:
        """Return the shortest conjunction that covers just the wrong cases; each of its tests covers them all."""
        whole = [((), -1, -1)]
        found: list[Conjunction] = [
            c for c in self._extended(whole, list(self._truths)) if c[2] & self.wrong == self.wrong
        ]
        tests = [names[0] for names, *_ in found]
        for length in range(1, longest + 1):
            for names, _, covered in found:
                if covered == self.wrong:
                    return self.text(names)
            if length < longest:
                found = [c for c in self._extended(found, tests) if c[2] & self.wrong == self.wrong]
                found.sort(key=lambda c: c[2].bit_count())
                found = found[: 20 * _INSIDE]
        return None

    def either(self) -> str | None:
        """Return two conjunctions of two tests at most, joined by "or", that together cover just the wrong cases."""
        single = list(self._extended([((), -1, -1)], list(self._truths)))
        inside = [c for c in single if not c[2] & self._right]
        inside += [c for c in self._extended(single, list(self._truths)) if not c[2] & self._right]
        widest: dict[int, Conjunction] = {}
        for found in inside:
            widest.setdefault(found[2], found)
        ranked = sorted(widest.values(), key=lambda c: (-c[2].bit_count(), len(c[0])))[:_INSIDE]
        for (some, _, a), (others, _, b) in combinations(ranked, 2):
            if a | b == self.wrong:
                return f"{self.text(some)} or {self.text(others)}"
        return None

    def nearest(self) -> tuple[tuple[str, ...], int]:
        """Return the conjunction of a few tests with the fewest exceptions, and the cases it covers."""
        tests = list(self._truths)
        best: Conjunction = ((), 0, 0)
        beam: list[Conjunction] = [((), -1, -1)]
        for length in (1, 2, 3):
            found = sorted(self._extended(beam, tests), key=self._n_exceptions)
            if found and (length == 1 or 4 * self._n_exceptions(found[0]) < 3 * self._n_exceptions(best)):
                best = found[0]  # another test must be worth its words
            beam = found if length == 1 else found[:_BEAM]
        return best[0], best[2]

    def _n_exceptions(self, found: Conjunction) -> int:
        return (found[2] ^ self.wrong).bit_count()

    def text(self, names: tuple[str, ...]) -> str:
        """Write a conjunction as a predicate."""
        axis_tests = [name for name in names if name in AXIS_TESTS]
        parts = [name for name in names if name in CASE_TESTS]
        if axis_tests:
            parts.append(f"any({' and '.join(axis_tests)})")
        return " and ".join(parts)


@lru_cache(maxsize=1 << 14)
def truths(case: Case) -> tuple[int, ...]:
    """Return for each test on which axes it holds, as bits; a test of the case holds on all of them or on none."""
    on_axes = [on_axis(case, axis) for axis in range(case.rank)]
    found = [sum(holds[i] << axis for axis, holds in enumerate(on_axes)) for i in range(len(AXIS_TESTS))]
    everywhere = (1 << case.rank) - 1
    return (*found, *(everywhere if compile_predicate(test)(case) else 0 for test in CASE_TESTS))


def on_axis(case: Case, axis: int) -> tuple[bool, ...]:
    """Return which of `AXIS_TESTS` hold on one axis."""
    return tuple(compile_predicate(f"any({test} and axis == {axis})")(case) for test in AXIS_TESTS)
