"""Recognise the arithmetic behind what was read: which formula gives these pads, and this length, on every axis seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from same_conformance.case import Axis


@dataclass(frozen=True)
class Formula:
    """A number that depends on one axis.

    Attributes:
        text: the formula in the words of the rule: ``n k s d ke out total before after unclamped``, and ``undilated``,
            the total that a rule without dilation gives.
        value: from the axis, as SAME has it, to the number.
        expression: the same in the language of `same_conformance.predicate`, where `text` is not.

    """

    text: str
    value: Callable[[Axis], int]
    expression: str = ""


def unclamped(axis: Axis) -> int:
    """Return the total padding of a forward op without the maximum; see `same_conformance.padding`."""
    return (axis.output_size - 1) * axis.stride + axis.effective_kernel - axis.size


def _undilated(axis: Axis) -> int:
    return max((axis.output_size - 1) * axis.stride + axis.kernel - axis.size, 0)


def _total(axis: Axis) -> int:
    return max(unclamped(axis), 0)


def _symmetric(pad: Callable[[Axis], int]) -> Callable[[Axis], int]:
    return lambda a: (a.size + 2 * pad(a) - a.effective_kernel) // a.stride + 1


def ceil_mode(pad: Callable[[Axis], int]) -> Callable[[Axis], int]:
    """Return the length that pooling in torch has with ``ceil_mode``: a last window that begins beyond the input is left out."""

    def out(axis: Axis) -> int:
        n_windows = -(-(axis.size + 2 * pad(axis) - axis.effective_kernel) // axis.stride) + 1
        return n_windows - ((n_windows - 1) * axis.stride >= axis.size + pad(axis))

    return out


def _equal(axis: Axis) -> int:
    """Return the pads that would make output and input equally long, if the stride did not round."""
    return -(-((axis.size - 1) * axis.stride + axis.effective_kernel - axis.size) // 2)


PADS = (
    Formula("before", lambda a: a.before),
    Formula("after", lambda a: a.after),
    Formula("0", lambda _: 0),
    Formula("total", _total),
    Formula("total // 2", lambda a: _total(a) // 2),
    Formula("total - total // 2", lambda a: _total(a) - _total(a) // 2),
    Formula("(k - 1) // 2", lambda a: (a.kernel - 1) // 2),
    Formula("k // 2", lambda a: a.kernel // 2),
    Formula("(ke - 1) // 2", lambda a: (a.effective_kernel - 1) // 2),
    Formula("ke // 2", lambda a: a.effective_kernel // 2),
    Formula("d * ((k - 1) // 2)", lambda a: a.dilation * ((a.kernel - 1) // 2)),
    Formula("d * (k // 2)", lambda a: a.dilation * (a.kernel // 2)),
    Formula("k - 1", lambda a: a.kernel - 1),
    Formula("ke - 1", lambda a: a.effective_kernel - 1),
    Formula("undilated // 2", lambda a: _undilated(a) // 2),
    Formula("undilated - undilated // 2", lambda a: _undilated(a) - _undilated(a) // 2),
    Formula("d * (undilated // 2)", lambda a: a.dilation * (_undilated(a) // 2)),
    Formula("d * undilated // 2", lambda a: a.dilation * _undilated(a) // 2),
    Formula("unclamped // 2", lambda a: unclamped(a) // 2),
    Formula(
        "unclamped // 2, rounded towards zero",
        lambda a: int(unclamped(a) / 2),
        "(total // 2 - max(-unclamped, 0) // 2)",
    ),
    Formula("unclamped - unclamped // 2", lambda a: unclamped(a) - unclamped(a) // 2),
    Formula("abs(unclamped) // 2", lambda a: abs(unclamped(a)) // 2),
    Formula("round(total / 2)", lambda a: round(_total(a) / 2), "(total // 2 + (total % 4 == 3))"),
    Formula("max(k - s, 0) // 2", lambda a: max(a.kernel - a.stride, 0) // 2),
    Formula("max(ke - s, 0) // 2", lambda a: max(a.effective_kernel - a.stride, 0) // 2),
    Formula("(ke - s) // 2", lambda a: (a.effective_kernel - a.stride) // 2),
    Formula("(max(ke - s, 0) + 1) // 2", lambda a: (max(a.effective_kernel - a.stride, 0) + 1) // 2),
    Formula("(max(k - s, 0) + 1) // 2", lambda a: (max(a.kernel - a.stride, 0) + 1) // 2),
    Formula("((n - 1) s + ke - n + 1) // 2", _equal),
    Formula(
        "(max(ke - s, 0) + out s - n) // 2",
        lambda a: (max(a.effective_kernel - a.stride, 0) + a.output_size * a.stride - a.size) // 2,
    ),
    Formula(
        "ke - 1 - (min(n, ke) - 1) // 2",  # numpy.convolve in its mode "same"
        lambda a: a.effective_kernel - 1 - (min(a.size, a.effective_kernel) - 1) // 2,
    ),
    Formula("min(before, k - 1)", lambda a: min(a.before, a.kernel - 1)),
    Formula("min(before, k // 2)", lambda a: min(a.before, a.kernel // 2)),
    Formula("min(before, n - 1)", lambda a: min(a.before, a.size - 1)),
    Formula("min(before, n)", lambda a: min(a.before, a.size)),
    Formula("min(before, s)", lambda a: min(a.before, a.stride)),
    Formula("min(before, s - 1)", lambda a: min(a.before, a.stride - 1)),
    Formula("min(before, d)", lambda a: min(a.before, a.dilation)),
    Formula("min(before, 1)", lambda a: min(a.before, 1)),
    Formula("min(before, 2)", lambda a: min(a.before, 2)),
    Formula("min(before, 3)", lambda a: min(a.before, 3)),
    Formula("max(before, 1)", lambda a: max(a.before, 1)),
    Formula("d (before // d)", lambda a: a.dilation * (a.before // a.dilation)),
    Formula("before // d", lambda a: a.before // a.dilation),
    Formula("before d", lambda a: a.before * a.dilation),
    Formula("before // s", lambda a: a.before // a.stride),
    Formula("before % k", lambda a: a.before % a.kernel),
    Formula("before % s", lambda a: a.before % a.stride),
    Formula("before % 2", lambda a: a.before % 2),
    Formula("before % 4", lambda a: a.before % 4),
    Formula("before % 8", lambda a: a.before % 8),
    Formula("2 (before // 2)", lambda a: 2 * (a.before // 2)),
    Formula("before // 2", lambda a: a.before // 2),
    Formula("2 before", lambda a: 2 * a.before),
    Formula("n % s // 2", lambda a: a.size % a.stride // 2),
    Formula("n % s", lambda a: a.size % a.stride),
    Formula("min(before, after)", lambda a: min(a.before, a.after)),
    Formula("max(before, after)", lambda a: max(a.before, a.after)),
    Formula("min(total // 2, k // 2)", lambda a: min(_total(a) // 2, a.kernel // 2)),
    Formula("(total + 2) // 2", lambda a: (_total(a) + 2) // 2),
)
"""What implementations pad (or crop) before the first element. The first that fits every axis seen is the one named."""

FORWARD_LENGTHS = (
    Formula("ceil(n / s)", lambda a: a.output_size),
    Formula("n // s", lambda a: a.size // a.stride),
    Formula("n // s + 1", lambda a: a.size // a.stride + 1),
    Formula("n", lambda a: a.size),
    Formula("max(n, ke)", lambda a: max(a.size, a.effective_kernel)),
    Formula("(n - ke) // s + 1", lambda a: (a.size - a.effective_kernel) // a.stride + 1),
    Formula("max((n - ke) // s + 1, 0)", lambda a: max((a.size - a.effective_kernel) // a.stride + 1, 0)),
    Formula("ceil((n - ke) / s) + 1", lambda a: -(-(a.size - a.effective_kernel) // a.stride) + 1),
    Formula("(n - 1) // s", lambda a: (a.size - 1) // a.stride),
    Formula("(n + total - k) // s + 1", lambda a: (a.size + _total(a) - a.kernel) // a.stride + 1),
    Formula("(n + undilated - ke) // s + 1", lambda a: (a.size + _undilated(a) - a.effective_kernel) // a.stride + 1),
    *(
        Formula(f"(n + 2 ({pad.text}) - ke) // s + 1", _symmetric(pad.value))
        for pad in PADS
        if pad.text not in ("before", "after", "0")
    ),
)
"""Output lengths of forward ops."""

UNDILATED = "max((out - 1) * s + k - n, 0)"
"""What `undilated` stands for, in the language of predicates."""

TRANSPOSED_LENGTHS = (
    Formula("the output size asked for", lambda a: a.output_size),
    Formula("n s", lambda a: a.size * a.stride),
    Formula("n", lambda a: a.size),
    Formula("(n - 1) s + ke", lambda a: (a.size - 1) * a.stride + a.effective_kernel),
    Formula("(n - 1) s + max(ke, s)", lambda a: (a.size - 1) * a.stride + max(a.effective_kernel, a.stride)),
    Formula("(n - 1) s + 1", lambda a: (a.size - 1) * a.stride + 1),
    Formula(
        "(n - 1) s + ke - 2 (k // 2) + s - 1",
        lambda a: (a.size - 1) * a.stride + a.effective_kernel - 2 * (a.kernel // 2) + a.stride - 1,
    ),
    Formula(
        "(n - 1) s + ke - 2 ((k - 1) // 2)",
        lambda a: (a.size - 1) * a.stride + a.effective_kernel - 2 * ((a.kernel - 1) // 2),
    ),
    Formula(
        "(n - 1) s + ke - 2 (k // 2)",
        lambda a: (a.size - 1) * a.stride + a.effective_kernel - 2 * (a.kernel // 2),
    ),
)
"""Output lengths of transposed convolutions."""


def fit(formulas: Iterable[Formula], seen: Iterable[tuple[Axis, set[int]]]) -> Formula | None:
    """Return the first formula that gives a number which was seen to be possible on every axis, or None."""
    pairs = list(seen)
    if not pairs:
        return None
    return next((f for f in formulas if all(f.value(axis) in numbers for axis, numbers in pairs)), None)
