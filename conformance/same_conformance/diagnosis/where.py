"""Find for which parameters an implementation is wrong: the shortest predicate that parts wrong cases from right ones.

What is found is written in the language of `same_conformance.predicate`, so it can be put into a list of expectations
as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Case

_AXIS_TESTS = (
    "s > 1", "s == 1", "d > 1", "d == 1", "k % 2 == 0", "k % 2 == 1", "k > 1", "n % s == 0", "n % s != 0", "s > k",
    "s > ke", "s == 2", "s > 2", "k > n", "ke > n", "n == 1", "n % 2 == 0", "n % 2 == 1", "before != after",
    "before == after", "total > 0", "before > 0", "total > 1", "total > 2", "total > 3", "unclamped < 0", "unclamped < -1",
    "k > 2", "k > 3", "k > 4", "n > 3", "n > 7", "n > 99", "n > 127", "n > 255", "axis == 0", "axis == 1", "axis == 2",
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
_MOST_PARTS = 3


@dataclass(frozen=True)
class Where:
    """For which cases an implementation is wrong.

    Attributes:
        predicate: over case fields; empty if none was found.
        n_wrong: wrong cases that it covers.
        n_left: wrong cases that it does not cover; no right case is ever covered.

    """

    predicate: str
    n_wrong: int
    n_left: int


def find(wrong: Sequence[Case], right: Sequence[Case]) -> Where:
    """Return the predicate that covers as many of `wrong` as can be and none of `right`."""
    wrong, right = wrong[:_MOST_CASES], right[:_MOST_CASES]
    if not right:
        return Where("", 0, len(wrong))
    table = _Table([*wrong, *right], len(wrong))
    parts: list[tuple[str, ...]] = []
    left = table.wrong
    while left and len(parts) < _MOST_PARTS:
        best = table.best(left)
        if best is None:
            break
        names, covered = best
        parts.append(names)
        left &= ~covered
    n_left = left.bit_count()
    text = " or ".join(table.text(names) for names in parts)
    return Where(text, len(wrong) - n_left, n_left)


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

    def best(self, left: int) -> tuple[tuple[str, ...], int] | None:
        """Return the conjunction that covers most of `left` and nothing right; the shorter, the better."""
        best: tuple[tuple[str, ...], int] | None = None
        most = 0
        for length in (1, 2, 3):
            for names in combinations(self._truths, length):
                truth = self._truths[names[0]]
                for name in names[1:]:
                    truth &= self._truths[name]
                if not truth:
                    continue
                covered = self._cases(truth)
                n = (covered & left).bit_count()
                if n > most and not covered & self._right:
                    best, most = (names, covered), n
            if most == left.bit_count():
                break
        return best

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
