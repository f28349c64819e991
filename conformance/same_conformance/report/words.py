"""Say in plain words for which parameters an implementation is wrong, by comparing its wrong cases with its right ones."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from same_conformance.case import Case

_TESTS = {
    "any(k % 2 == 0)": "even kernels",
    "any(s > 1)": "strides above 1",
    "any(d > 1 and k > 1)": "dilation",
    "any(before != after)": "uneven padding",
    "any(s > k)": "stride > kernel",
    "any(unclamped < 0)": "stride > effective kernel",
    "any(ke > n)": "windows longer than the input",
    "any(total > 0)": "any padding",
    "any(s > 1 and d > 1)": "stride with dilation",
    "any(s > 1 and n % s == 0)": "sizes that the stride divides",
    "any(s > 1 and n % s != 0)": "sizes that the stride does not divide",
    "any(s == 1 and k % 2 == 0)": "even kernels at stride 1",
    "any(s > 1 and k % 2 == 0)": "even kernels with a stride",
    "rank == 3": "3-D",
    "rank > 1": "more than one axis",
    "not equal_strides": "unequal strides",
    "not equal_pads": "unequal axes",
    "padding == 'same_lower'": "SAME_LOWER",
    "dtype != 'float32'": "dtypes other than float32",
    "dtype == 'bfloat16'": "bfloat16",
    "compared != 'forward'": "gradients",
    "compared == 'kernel_gradient'": "kernel gradients",
    "calls > 1": "second calls with another size",
    "groups > 1": "groups",
    "batch > 1": "batches",
}
"""Predicates, the plainest first, with the words that follow "wrong for"."""

_MOST = 0.6
"""A test that names no right case and this share of the wrong ones is worth saying."""


@lru_cache(maxsize=1 << 17)
def _truths(case: Case) -> int:
    """Return which of the tests hold for a case, as bits."""
    return sum(compile_predicate(test)(case) << i for i, test in enumerate(_TESTS))


def worst(wrong: Sequence[Case], right: Sequence[Case]) -> str:
    """Return a few words: "wrong for even kernels" if that is all of it, else how much is wrong.

    >>> from same_conformance.case import parse
    >>> worst([parse("conv.n5.k2")], [parse("conv.n5.k3")])
    'wrong for even kernels'
    """
    n_ran = len(wrong) + len(right)
    if not wrong:
        return f"right on all {n_ran:,}" if n_ran != 1 else "right on the only one"
    if not right:
        return f"wrong on all {n_ran:,}" if n_ran > 1 else "wrong on the only one"
    # For each test: how many wrong cases it names, provided that it names no right one.
    free = ~_any(map(_truths, right))
    bits = [_truths(case) & free for case in wrong]
    words = list(_TESTS.values())
    pure = [i for i in range(len(words)) if free >> i & 1]
    for length in (1, 2):
        for tests in combinations(pure, length):
            mask = sum(1 << i for i in tests)
            if all(b & mask for b in bits):
                return "wrong for " + " and for ".join(words[i] for i in tests)
    counts = {i: sum(b >> i & 1 for b in bits) for i in pure}
    best = max(pure, key=lambda i: counts[i], default=None)
    if best is not None and counts[best] >= _MOST * len(wrong):
        return f"wrong for {words[best]} and others"
    return f"wrong in {len(wrong):,} of {n_ran:,}"


def of_predicate(predicate: str) -> str:
    """Return where a predicate holds, in words if there are plain ones for it.

    >>> of_predicate("any(k % 2 == 0)"), of_predicate("any(k == 7)")
    ('wrong for even kernels', 'wrong where any(k == 7)')
    """
    return f"wrong for {_TESTS[predicate]}" if predicate in _TESTS else f"wrong where {predicate}"


def _any(numbers: map[int]) -> int:
    found = 0
    for number in numbers:
        found |= number
    return found
