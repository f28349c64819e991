"""Find for which parameters an implementation is wrong: a short predicate that parts wrong cases from right ones.

What is found is written in the language of `same_conformance.predicate`, so it can be put into a list of expectations
as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Case

_AXIS_TESTS = (
    "s > 1", "s == 1", "d > 1", "d == 1", "d == 2", "d == 3", "k % 2 == 0", "k % 2 == 1", "k > 1", "n % s == 0", "n % s != 0", "s > k",
    "s > ke", "s == 2", "s > 2", "k > n", "ke > n", "n == 1", "n % 2 == 0", "n % 2 == 1", "before != after",
    "before == after", "total > 0", "before > 0", "total > 1", "total > 2", "total > 3", "unclamped < 0", "unclamped < -1",
    "k > 2", "k > 3", "k > 4", "n > 3", "n > 7", "n > 16", "n > 32", "n > 99", "n > 127", "n > 255", "axis == 0", "axis == 1", "axis == 2",
)  # fmt: skip
_CASE_TESTS = (
    "rank == 1", "rank == 2", "rank == 3", "rank > 1", "batch > 1", "batch == 1", "groups > 1", "groups == 1",
    "padding == 'same'", "padding == 'same_lower'", "dtype == 'float32'", "dtype != 'float32'", "dtype == 'float64'",
    "dtype == 'float16'", "dtype == 'bfloat16'", "compared != 'forward'", "compared == 'forward'",
    "compared == 'input_gradient'", "compared == 'kernel_gradient'", "calls > 1", "inputs > 1", "inputs == 1",
    "outputs > 1", "outputs == 1", "not equal_pads", "not equal_kernels", "not equal_strides", "not equal_sizes",
    "not equal_dilations",
)  # fmt: skip
_MOST_CASES = 3_000
"""Cases looked at: enough to tell predicates apart, few enough to be quick."""
_LONGEST = 3
"""Tests in one conjunction; with more, chance alone would find one that fits."""


@dataclass(frozen=True)
class Where:
    """For which cases an implementation is wrong.

    Attributes:
        predicate: over case fields; empty if every case was wrong, or nothing parts them.
        n_missed: wrong cases that it does not cover.
        n_right: right cases that it covers all the same.

    """

    predicate: str
    n_missed: int = 0
    n_right: int = 0

    @property
    def text(self) -> str:
        """Return it in words, exceptions included."""
        if not self.predicate:
            return ""
        exceptions = [f"{self.n_missed} more wrong"] if self.n_missed else []
        exceptions += [f"{self.n_right} right there"] if self.n_right else []
        if not exceptions:
            return f"wrong exactly where {self.predicate}"
        return f"wrong mostly where {self.predicate} ({' and '.join(exceptions)})"


def find(wrong: Sequence[Case], right: Sequence[Case]) -> Where:
    """Return the shortest predicate that covers all of `wrong` and none of `right`, else the best short one."""
    wrong, right = wrong[:_MOST_CASES], right[:_MOST_CASES]
    if not right or not wrong:
        return Where("")
    table = _Table([*wrong, *right], len(wrong))
    exact = table.exact()
    if exact is not None:
        return Where(exact)
    names, covered = table.nearest()
    if not covered:
        return Where("")
    n_covered = (covered & table.wrong).bit_count()
    return Where(table.text(names), len(wrong) - n_covered, covered.bit_count() - n_covered)


class _Table:
    """The truth of every test on every case and axis, as bits of integers: bit ``axis * n_cases + case``."""

    def __init__(self, cases: Sequence[Case], n_wrong: int) -> None:
        self._n = len(cases)
        self.wrong = (1 << n_wrong) - 1
        self._right = ((1 << self._n) - 1) & ~self.wrong
        self._rank = max(case.rank for case in cases)
        truths: dict[str, int] = {}
        for test in _AXIS_TESTS:
            truths[test] = self._bits([_on_axes(test, case) for case in cases])
        for test in _CASE_TESTS:
            holds = compile_predicate(test)
            truths[test] = self._bits([[holds(case)] * case.rank for case in cases])
        everywhere = self._bits([[True] * case.rank for case in cases])
        self._truths: dict[str, int] = {}
        for test, truth in truths.items():
            if truth not in (0, everywhere) and truth not in self._truths.values():
                self._truths[test] = truth  # what holds everywhere or says the same as another tells nothing

    def _bits(self, rows: list[list[bool]]) -> int:
        bits = 0
        for case, row in enumerate(rows):
            for axis, true in enumerate(row):
                if true:
                    bits |= 1 << (axis * self._n + case)
        return bits

    def _cases(self, truth: int) -> int:
        """Return the cases that have an axis on which `truth` holds."""
        whole = (1 << self._n) - 1
        found = 0
        for axis in range(self._rank):
            found |= (truth >> (axis * self._n)) & whole
        return found

    def _conjunctions(self, length: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield every conjunction of `length` tests that holds somewhere, and the cases it covers."""
        for names in combinations(self._truths, length):
            truth = self._truths[names[0]]
            for name in names[1:]:
                truth &= self._truths[name]
            if truth:
                yield names, self._cases(truth)

    def exact(self) -> str | None:
        """Return a conjunction, or two short ones joined by "or", that covers just the wrong cases."""
        inside: list[tuple[tuple[str, ...], int]] = []
        for length in range(1, _LONGEST + 1):
            for names, covered in self._conjunctions(length):
                if covered == self.wrong:
                    return self.text(names)
                if length < _LONGEST and not covered & self._right:
                    inside.append((names, covered))
        for (some, a), (others, b) in combinations(inside, 2):
            if a | b == self.wrong:
                return f"{self.text(some)} or {self.text(others)}"
        return None

    def nearest(self) -> tuple[tuple[str, ...], int]:
        """Return the conjunction of one or two tests with the fewest exceptions, and the cases it covers."""
        candidates = (found for length in (1, 2) for found in self._conjunctions(length))
        return min(candidates, key=lambda found: (found[1] ^ self.wrong).bit_count(), default=((), 0))

    def text(self, names: tuple[str, ...]) -> str:
        """Write a conjunction as a predicate."""
        axis_tests = [name for name in names if name in _AXIS_TESTS]
        parts = [name for name in names if name in _CASE_TESTS]
        if axis_tests:
            parts.append(f"any({' and '.join(axis_tests)})")
        return " and ".join(parts)


def _on_axes(test: str, case: Case) -> list[bool]:
    holds = compile_predicate(f"any({test} and axis == 0)"), compile_predicate(f"any({test} and axis == 1)")
    third = compile_predicate(f"any({test} and axis == 2)")
    return [holds_on(case) for holds_on in (*holds, third)[: case.rank]]
