"""List the tests that conditions are made of: comparisons that people write when they branch on the parameters of SAME.

Each is an expression of `same_conformance.predicate`; those of one axis belong inside ``any(...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.predicate import AXIS_NAMES, axis_values, compile_predicate, compile_predicates

if TYPE_CHECKING:
    from same_conformance.case import Case

_PLAIN = (
    "s > 1", "s == 1", "d > 1", "d == 1", "k % 2 == 0", "k % 2 == 1", "k > 1", "k == 1", "n % s == 0", "n % s != 0",
    "before != after", "before == after", "total > 0", "total == 0", "before > 0", "after > 0", "unclamped < 0", "s > k", "s > ke", "k > n",
    "ke > n", "k == n", "n == s", "n < s", "k == s", "k > s", "n == 1", "n > 1", "out == 1", "out > 1", "n % 2 == 0", "n % 2 == 1",
    "n % s == 1", "2 * (n % s) < s", "2 * (n % s) > s", "2 * (n % s) >= s", "ke % 2 == 0", "total % 2 == 1", "total % 4 == 3",
    "out < n * s", "out == n * s", "total % 4 == 1", "total % 4 == 2", "total % 4 == 0", "total > 1", "unclamped < -1", "before > k // 2", "before <= k // 2", "unclamped <= -d",
)  # fmt: skip
"""What people think of first."""
_COMPARED = (
    ("s", "k"), ("s", "ke"), ("k", "n"), ("ke", "n"), ("s", "n"), ("s", "d"), ("d", "k"), ("d", "n"), ("total", "k"), ("total", "n"),
    ("total", "s"), ("total", "d"), ("before", "k"), ("before", "n"), ("after", "n"), ("out", "k"), ("out", "s"), ("after", "k"), ("before", "d"),
)  # fmt: skip
"""Numbers that are compared with each other."""
_LIMITS = {
    "k": (1, 2, 3, 4, 5, 6, 7), "s": (1, 2, 3, 4), "d": (1, 2, 3), "out": (1, 2, 3, 4, 8, 16), "total": (1, 2, 3, 4, 5, 6, 7, 8),
    "before": (1, 2, 3, 4), "after": (1, 2, 3, 4), "ke": (2, 3, 4, 5, 7, 8), "unclamped": (-1, -2),
    "n": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 20, 24, 28, 31, 32, 63, 64, 99, 100, 127, 128, 223, 224, 255, 256, 511, 512),
}  # fmt: skip
"""Thresholds of single numbers."""
_EQUAL = {"k": (2, 3, 4, 5), "s": (2, 3, 4), "d": (2, 3, 4), "n": (2, 3, 4, 5), "out": (2,), "total": (1, 2, 3)}
_WHICH = ("axis == 0", "axis == 1", "axis == 2", "axis == rank - 1", "axis > 0", "axis < rank - 1")


def _axis_tests() -> Iterator[str]:
    yield from _PLAIN
    for name, limits in _LIMITS.items():
        yield from (f"{name} > {limit}" for limit in limits)
        yield from (f"{name} <= {limit}" for limit in limits)
    for name, values in _EQUAL.items():
        yield from (f"{name} {sign} {value}" for value in values for sign in ("==", "!="))
    yield from (f"{a} {sign} {b}" for a, b in _COMPARED for sign in (">", ">=", "<", "<=", "==", "!="))
    yield from (
        f"{a} % {b} {sign} 0" for a, b in (("n", "k"), ("n", "d"), ("total", "d"), ("k", "s")) for sign in ("==", "!=")
    )
    yield from _WHICH


AXIS_TESTS = tuple(dict.fromkeys(_axis_tests()))
"""Tests of one axis, the plainest first: of those that say the same of all cases seen, the first is kept."""
CASE_TESTS = (
    "rank == 1", "rank == 2", "rank == 3", "rank > 1", "rank < 3", "rank != 2", "batch > 1", "batch == 1", "groups > 1", "groups == 1",
    "padding == 'same'", "padding == 'same_lower'", "dtype == 'float32'", "dtype != 'float32'", "dtype == 'float64'",
    "dtype == 'float16'", "dtype == 'bfloat16'", "dtype in ('float16', 'bfloat16')", "dtype in ('float32', 'float64')", "compared != 'forward'",
    "compared == 'forward'", "compared == 'input_gradient'", "compared == 'kernel_gradient'", "calls > 1", "calls == 1",
    "inputs > 1", "inputs == 1", "outputs > 1", "outputs == 1", "inputs == outputs", "inputs != outputs", "inputs > groups", "outputs > groups",
    "inputs > 2", "batch > 2", "not equal_pads", "equal_pads", "not equal_kernels", "equal_kernels", "not equal_strides",
    "equal_strides", "not equal_sizes", "equal_sizes", "not equal_dilations", "equal_dilations",
    "all(s == 1)", "any(s > 1)", "all(d == 1)", "any(d > 1)", "all(k == 1)", "all(k % 2 == 1)", "any(k % 2 == 0)", "all(k % 2 == 0)", "all(k == 2)", "all(k == 3)",
    "all(s == k)", "all(before == after)", "all(total == 0)",
)  # fmt: skip
"""Tests of a case as a whole."""
TESTS = (*AXIS_TESTS, *CASE_TESTS)


def ordered(preferred: Collection[str] = ()) -> list[str]:
    """Return all tests, the preferred ones first, then the plainest; which axis it is comes last.

    For "axis == 1" also says that there is one.
    """
    return sorted(TESTS, key=lambda test: (test not in preferred or "axis" in test, "axis" in test))


def is_of_axis(test: str) -> bool:
    """Tell whether a test, of this list or another, is one of an axis."""
    return test not in CASE_TESTS


@lru_cache(maxsize=1 << 15)
def truths(case: Case) -> np.ndarray:
    """Return for each of `TESTS` on which axes it holds, as bits; a test of the case holds on all of them or on none."""
    of_axes = _all_of_axis()
    on_axes = np.array([of_axes(case.rank, *axis_values(case, i)) for i in range(case.rank)], dtype=np.uint8)
    weights = np.left_shift(1, np.arange(case.rank)).astype(np.uint8)
    everywhere = (1 << case.rank) - 1
    of_case = [everywhere if holds else 0 for holds in _all_of_case()(case)]
    return np.concatenate([weights @ on_axes, np.array(of_case, dtype=np.uint8)])


def holds(tests: Sequence[str], case: Case, axis: int) -> bool:
    """Tell whether all of `tests`, which are of this list, hold on one axis of `case`."""
    known, place = truths(case), _places()
    return all(known[place[test]] >> axis & 1 for test in tests)


def bits(cases: Sequence[Case], tests: Sequence[str]) -> np.ndarray:
    """Return for each case and test on which axes it holds, as bits ``(cases, tests)``; they need not be of this list."""
    place = _places()
    known = np.array([truths(case) for case in cases], dtype=np.uint8).reshape(len(cases), len(TESTS))
    columns = []
    for test in tests:
        if test in place:
            columns.append(known[:, place[test]])
        else:
            columns.append(np.array([_on_axes(test, case) for case in cases], dtype=np.uint8))
    return np.stack(columns, axis=1) if columns else np.zeros((len(cases), 0), dtype=np.uint8)


def _on_axes(test: str, case: Case) -> int:
    return sum(compile_predicate(f"any({test} and axis == {i})")(case) << i for i in range(case.rank))


@cache
def _places() -> dict[str, int]:
    return {test: i for i, test in enumerate(TESTS)}


@cache
def _all_of_axis() -> Callable[..., tuple[bool, ...]]:
    """Return all tests of an axis as one function: one by one, they take a hundred times as long."""
    text = f"lambda rank, {', '.join(AXIS_NAMES)}: ({', '.join(AXIS_TESTS)},)"
    function: Callable[..., tuple[bool, ...]] = eval(text)  # noqa: S307  # of this file
    return function


@cache
def _all_of_case() -> Callable[[Case], tuple[bool, ...]]:
    return compile_predicates(CASE_TESTS)
