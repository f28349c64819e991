"""Say how large the operands of a case may be for all of its sums to be exact.

An integer of at most ``2**bits`` is exact in a dtype with that many significant bits, and so is every sum of integers
that stays below it, in whatever order it is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from same_conformance.case import Case

SIGNIFICANT_BITS = {"float32": 24, "float64": 53, "float16": 11, "bfloat16": 8}
"""Bits of an exact integer per dtype; the order is that of `DTYPES`, so a new dtype goes to the end."""

LARGEST_VALUE = {"float32": 99, "float64": 99_999, "float16": 99, "bfloat16": 99}
"""Operands other than those of max pooling stay within two digits, so that a report can print them.

In float64 they have five: their products need more bits than float32 has, so that whoever computes in float32 is seen.
"""

SMALLEST_MAGNITUDE = 2
"""With only -1 and 1 to choose from, two different sums are too often equal: such a case is not exact enough."""


def magnitude(case: Case) -> int:
    """Return the largest value m of hashed operands for which every partial sum of what is compared is exact; 0 if there is none.

    ::

        convolutions, forward and gradients      terms * m**2 <= 2**bits
        average pooling, forward                 terms * m    <= 2**(bits - 3)
        average pooling, gradient                terms * m    <= 2**(bits - 4)
        max pooling, gradient                    terms * m    <= 2**bits

    Average pooling keeps bits in reserve, because its verdict allows 2 ULP forward and 4 eps times the sum of absolute
    terms for the gradient, and a sum that is off by one term must stay visible. Max pooling forward has no hashed operand: its
    planes hold distinct values.
    """
    limit = 1 << SIGNIFICANT_BITS[case.dtype]
    if case.op in ("max_pool", "avg_pool"):
        reserve = 1 if case.op == "max_pool" else 8 if case.compared == "forward" else 16
        return min(limit // reserve // case.n_terms, LARGEST_VALUE[case.dtype])
    m = int((limit // case.n_terms) ** 0.5) + 1
    while m * m * case.n_terms > limit:
        m -= 1
    return min(m, LARGEST_VALUE[case.dtype])


def obstacle(case: Case) -> str:
    """Return why `case` cannot be exact in its dtype, with the next step; empty if it can."""
    bits = SIGNIFICANT_BITS[case.dtype]
    plane = 1
    for n in case.size:
        plane *= n
    if case.op == "max_pool" and plane > 1 << bits:
        what, smaller = f"{plane} distinct values in a plane", "size"
    elif (case.op != "max_pool" or case.compared != "forward") and magnitude(case) < SMALLEST_MAGNITUDE:
        what, smaller = (
            f"{case.n_terms} summed terms",
            "batch or size" if case.compared == "kernel_gradient" else "kernel",
        )
    else:
        return ""
    return f"{what} cannot be exact in {case.dtype} ({bits} significant bits): use a wider dtype or a smaller {smaller}"
