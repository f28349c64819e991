"""Judge an outcome against the spec: exactly, except where an op rounds."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, assert_never

import numpy as np

from same_conformance import operands, plan, spec
from same_conformance.case import POOLS
from same_conformance.exactness import SIGNIFICANT_BITS
from same_conformance.outcome import Array, Crash, Error, NoGradient, Omitted, Outcome, Timeout, Unsupported

if TYPE_CHECKING:
    from same_conformance.case import Case

Verdict = Literal[
    "crash", "timeout", "error", "unsupported", "shape", "dtype", "value", "nondeterministic", "pass", "unspecified"
]
VERDICTS: tuple[Verdict, ...] = (
    "crash",
    "timeout",
    "error",
    "unsupported",
    "shape",
    "dtype",
    "value",
    "nondeterministic",
    "pass",
    "unspecified",
)
FAILURES: tuple[Verdict, ...] = ("crash", "timeout", "error", "shape", "dtype", "value", "nondeterministic")
"""The verdicts that say an implementation is wrong; `unsupported` says nothing of the sort, and is no pass either."""

_WITHOUT_ARRAY: dict[type[Outcome], Verdict] = {
    Error: "error",
    Unsupported: "unsupported",
    Timeout: "timeout",
    Crash: "crash",
}

_LARGEST_SHARE = 64
"""Of the cache that one array may take: implementations go through the cases each at its own pace, so all cases of a run
should fit; those of real networks, of which a few would fill it, are computed anew."""

AVERAGE_POOLING_ULP = 2
"""Average pooling divides: one rounding of the quotient, and one more where the reciprocal is multiplied."""

AVERAGE_POOLING_EPS = 4
"""Its gradient sums up to a window's worth of quotients that may cancel: 4 eps of the sum of their absolute values."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the numbers that show it.

    Attributes:
        verdict: the judgement of the outcome.
        observed_shape: channel last; None if there was no array. Where a gradient case has the verdict ``shape``, that of
            the forward result.
        n_different: elements that differ beyond what the op allows, or, if nondeterministic, from the same call made
            again; None on anything but an array of the right shape.
        max_abs_difference: the largest difference among them (inf if one side is infinite or NaN).
        digest: of the observed values where they are not as expected, so that two outcomes can be compared without
            keeping them.
        message: what the implementation said, in one line.

    """

    verdict: Verdict
    observed_shape: tuple[int, ...] | None = None
    n_different: int | None = None
    max_abs_difference: float | None = None
    digest: str = ""
    message: str = ""


class Judge:
    """Hold the expected arrays of recent cases and judge outcomes against them."""

    def __init__(self, cache_bytes: int = 1 << 22) -> None:
        self._cache: OrderedDict[Case, np.ndarray] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._held_bytes = 0

    def expected(self, case: Case) -> np.ndarray:
        """Return what the spec gives for `case`: channel last, float64."""
        if case in self._cache:
            self._cache.move_to_end(case)
            return self._cache[case]
        values = spec.execute(case, operands.make(case))
        if values.nbytes > self._cache_bytes // _LARGEST_SHARE:
            return values
        self._cache[case] = values
        self._held_bytes += values.nbytes
        while self._held_bytes > self._cache_bytes:
            self._held_bytes -= self._cache.popitem(last=False)[1].nbytes
        return values

    def judge(self, case: Case, outcome: Outcome) -> Judgement:
        """Return the judgement of `outcome`."""
        match outcome:
            case Array():
                return self._judge_array(case, outcome)
            case Omitted(shape):
                return _other_shape(case, shape)
            case NoGradient(shape):
                message = f"its forward result has shape {list(shape)}, SAME asks for {list(case.output_shape)}"
                return Judgement("shape", shape, message=message)
            case Error(message) | Unsupported(message) | Timeout(message) | Crash(message):
                return Judgement(_WITHOUT_ARRAY[type(outcome)], message=message)
            case _:
                assert_never(outcome)

    def _judge_array(self, case: Case, outcome: Array) -> Judgement:
        values, dtype, n_unequal = outcome.values, outcome.dtype, outcome.n_unequal
        shape = values.shape
        if shape != case.expected_shape:
            return _other_shape(case, shape, digest(values))
        if dtype != case.dtype:
            return Judgement(
                "dtype", shape, digest=digest(values), message=f"dtype {dtype}, the operands have {case.dtype}"
            )
        expected = self.expected(case)
        wrong = different(case, values, expected)
        unspecified = _unspecified(case, values)
        if unspecified is not None:
            wrong &= ~unspecified
        n_different = int(wrong.sum())
        if n_different:
            with np.errstate(invalid="ignore"):
                differences = np.abs(values[wrong].astype(np.float64) - expected[wrong])
            largest = float(np.nan_to_num(differences, nan=np.inf).max())
            message = f"{n_different} of {values.size} elements differ, by {amount(largest)} at most"
            return Judgement("value", shape, n_different, largest, digest(values), message)
        if n_unequal:
            message = f"{n_unequal} of {values.size} elements were others when the same call was made again"
            if outcome.n_doubled == n_unequal:
                message += ", twice what they were"
            return Judgement("nondeterministic", shape, n_unequal, None, digest(values), message)
        if unspecified is not None:
            n = int(unspecified.sum())
            what = "windows hold padding only: nothing says what they give"
            if case.compared != "forward":
                what = "elements are no number, as is the average of a window that holds padding only"
            message = f"{n} of {values.size} {what}; the rest is right"
            return Judgement("unspecified", shape, 0, 0.0, digest(values), message)
        return _passed(shape)


@cache
def _passed(shape: tuple[int, ...]) -> Judgement:
    """Return the judgement of what passed; a run has one of each shape and not one a case, because it keeps them all."""
    return Judgement("pass", shape, 0, 0.0)


def amount(difference: float) -> str:
    """Write a difference; of max pooling's deep plane in units of 2^100, by which its small integers are multiplied.

    >>> amount(43.0), amount(43 * 2.0**100), amount(float("inf"))
    ('43', '43 x 2^100', 'inf')
    """
    units = difference / operands.DEEP
    return f"{units:.0f} x 2^100" if units >= 1 and units.is_integer() else f"{difference:g}"


def expected_shape(case: Case, verdict: Verdict) -> tuple[int, ...]:
    """Return the shape that an observed one is to be compared with.

    That is the shape of what is compared; but where a gradient case has the verdict ``shape``, it is the forward result
    whose shape was observed.
    """
    return case.output_shape if verdict == "shape" else case.expected_shape


def _other_shape(case: Case, shape: tuple[int, ...], digest: str = "") -> Judgement:
    """Judge an array of another shape; a gradient has the shape of its operand, or is none."""
    if case.compared == "forward":
        message = f"shape {list(shape)}, SAME asks for {list(case.expected_shape)}"
        return Judgement("shape", shape, digest=digest, message=message)
    operand = case.compared.partition("_")[0]
    message = f"the gradient has shape {list(shape)}, but the {operand} has {list(case.expected_shape)}"
    return Judgement("error", message=message)


def different(case: Case, values: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return where `values` differ from `expected` by more than the op allows.

    Equal means equal in value: -0.0 is 0.0, and NaN is NaN.
    """
    same: np.ndarray = (values == expected) | (np.isnan(values) & np.isnan(expected))
    if case.op == "avg_pool" and not same.all():
        if case.compared == "forward":
            same |= ulp_distance(values, expected, case.dtype) <= AVERAGE_POOLING_ULP
        else:
            *_, cotangent = operands.make(case)
            eps = AVERAGE_POOLING_EPS * 2.0 ** (1 - SIGNIFICANT_BITS[case.dtype])
            with np.errstate(invalid="ignore"):
                same |= np.abs(values - expected) <= eps * spec.absolute_terms(case, cotangent)
    return np.asarray(np.logical_not(same))


def ulp_distance(a: np.ndarray, b: np.ndarray, dtype: str) -> np.ndarray:
    """Return how many representable numbers of `dtype` lie from `a` to `b`, as float64; inf at NaN.

    Both are rounded to `dtype` first. The bits of an IEEE number, read as an integer, count its successors;
    for negative numbers they count down.
    """
    x, y = _ordinals(a, dtype), _ordinals(b, dtype)
    apart = (x < 0) != (y < 0)  # the difference of two ordinals of one sign cannot overflow, and is exact
    near = np.abs(np.where(apart, 0, x) - np.where(apart, 0, y))
    distance = np.where(apart, np.abs(x.astype(np.float64)) + np.abs(y.astype(np.float64)), near)
    return np.where(np.isnan(a) | np.isnan(b), np.inf, distance)


def _ordinals(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "bfloat16":
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).astype(np.int64)
        nearest_even = bits + 0x7FFF + ((bits >> 16) & 1)
        signed, lowest = (nearest_even >> 16) & 0xFFFF, 1 << 15
    else:
        width = np.dtype(dtype).itemsize
        signed = np.ascontiguousarray(values, dtype=dtype).view(f"u{width}")
        lowest = 1 << (8 * width - 1)
        if width == 8:
            as_signed = signed.view(np.int64)
            return np.where(as_signed < 0, np.iinfo(np.int64).min - as_signed, as_signed)
        signed = signed.astype(np.int64)
    return np.where(signed >= lowest, lowest - signed, signed)


def digest(values: np.ndarray) -> str:
    """Return a digest of the values, whatever dtype held them; equal values have equal digests, and one NaN that of another."""
    exact = np.ascontiguousarray(values, dtype=np.float64) + 0.0  # + 0.0 makes -0.0 the 0.0 it equals
    exact[np.isnan(exact)] = np.nan  # 0 / 0 has a sign on some processors
    return hashlib.blake2b(exact.tobytes() + repr(values.shape).encode(), digest_size=8).hexdigest()


def _unspecified(case: Case, values: np.ndarray) -> np.ndarray | None:
    """Return which elements of a pooling result nothing specifies, or None if there are none.

    Forward, those are what windows that hold padding only give. Such windows have a cotangent of 0, so that every
    element of a gradient is specified; but where average pooling divides 0 by 0, a framework may spread the NaN.
    """
    if case.op not in POOLS or not case.has_padding_only_window:
        return None
    if case.compared == "forward":
        mask = plan.same(case).reads_padding_only()[None, ..., None]
        return np.broadcast_to(mask, case.expected_shape)
    no_number = np.isnan(values)
    return no_number if case.op == "avg_pool" and no_number.any() else None
