"""Return another dtype, or sum in one that is too narrow."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from same_conformance import plan as plans
from same_conformance import spec
from same_conformance.case import OPS, Case
from same_conformance.mutants.windows import CONVOLUTIONS, MISTAKE, TRANSPOSED
from same_conformance.plan import Plan
from same_conformance.rules import Execute, Rule


def _returned_as(dtype: str) -> Callable[[Case], Execute]:
    return lambda case: lambda *data: spec.execute(case, data).astype(dtype)


def _computed_in_float32(case: Case) -> Execute:
    return lambda *data: spec.execute(case, data).astype(np.float32).astype(case.dtype)


def _computed_in(narrow: Callable[[np.ndarray], np.ndarray]) -> Callable[[Case], Execute]:
    """Round the operands and the result; between them sums are wide, as accumulators are."""

    def build(case: Case) -> Execute:
        def execute(*data: np.ndarray) -> np.ndarray:
            rounded = tuple(narrow(a.astype(np.float64)) for a in data)
            with np.errstate(invalid="ignore"):  # float16 overflows
                return narrow(spec.execute(case, rounded)).astype(case.dtype)

        return execute

    return build


def _summed(narrow: Callable[[np.ndarray], np.ndarray]) -> Callable[[Case], Execute]:
    """Add tap after tap, and `narrow` the sum each time."""
    return lambda case: lambda *data: _add_up(case, data, narrow).astype(case.dtype)


def _add_up(case: Case, data: tuple[np.ndarray, ...], narrow: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    x, *kernel = (a.astype(np.float64) for a in data)
    ours = plans.same(case)
    total = np.zeros(case.expected_shape)
    for tap in itertools.product(*map(range, case.kernel)):
        maps = tuple(m[:, j : j + 1] for m, j in zip(ours.maps, tap, strict=True))
        one = Plan(maps, ours.out, divisor=tuple(np.ones(n) for n in ours.out))
        taps = [w[tuple(slice(j, j + 1) for j in tap)] for w in kernel]
        total = narrow(total + spec.execute(case, (x, *taps), one))
    if case.op == "avg_pool":
        with np.errstate(divide="ignore", invalid="ignore"):
            total /= plans.outer(ours.divisor)[..., None]
    return total


def _float16(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return values.astype(np.float16).astype(np.float64)


def _bfloat16(values: np.ndarray) -> np.ndarray:
    """Round to eight significant bits, ties to even."""
    _, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(np.ldexp(values, 8 - exponent)), exponent - 8))


def _int16(values: np.ndarray) -> np.ndarray:
    return np.asarray((values + (1 << 15)) % (1 << 16) - (1 << 15))


_SUMMING = (*CONVOLUTIONS, *TRANSPOSED, "avg_pool")
"""What adds; the sums of average pooling are too small to leave float16 or int16, so that those are no mutants of it."""

RULES = (
    Rule("float32-returned", "returns float32 whatever the operands are", OPS, MISTAKE, build=_returned_as("float32")),
    Rule("float64-returned", "returns float64 whatever the operands are", OPS, MISTAKE, build=_returned_as("float64")),
    Rule(
        "float32-computed", "computes in float32 and converts the result", _SUMMING, MISTAKE, build=_computed_in_float32
    ),
    Rule("bfloat16-sums", "rounds every partial sum to bfloat16", _SUMMING, MISTAKE, build=_summed(_bfloat16)),
    Rule("float16-sums", "rounds every partial sum to float16", _SUMMING[:-1], MISTAKE, build=_summed(_float16)),
    Rule("int16-sums", "lets partial sums overflow 16 bits", _SUMMING[:-1], MISTAKE, build=_summed(_int16)),
    Rule(
        "bfloat16-computed",
        "computes in bfloat16 and converts the result",
        (*CONVOLUTIONS, *TRANSPOSED),
        MISTAKE,
        build=_computed_in(_bfloat16),
    ),
    Rule(
        "float16-computed",
        "computes in float16 and converts the result",
        (*CONVOLUTIONS, *TRANSPOSED),
        MISTAKE,
        build=_computed_in(_float16),
    ),
)
