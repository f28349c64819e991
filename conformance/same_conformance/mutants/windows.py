"""Build plans from what a rule says of the padding: the ways in which a wrong number becomes wrong windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from same_conformance import padding
from same_conformance.case import POOLS, Axis, Case
from same_conformance.plan import Plan, index_map, real_elements

CONVOLUTIONS = ("conv", "depthwise_conv")
FORWARD = (*CONVOLUTIONS, *POOLS)
TRANSPOSED = ("conv_transpose",)

MISTAKE = "natural mistake"
"""Where a rule was seen, if no public source of it is known."""

PlanOf = Callable[[Case], Plan]
Parameters = tuple[int, int, int, int]
"""Size, kernel, stride and dilation of one axis."""


def windows(size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int]) -> np.ndarray:
    """Return the index map of a framework without SAME that was told to pad `pads`: shape ``(out, kernel)``.

    ``out = (size + before + after - effective_kernel) // stride + 1``, possibly less than 1: then the map is empty.
    A negative pad crops.
    """
    out = (size + sum(pads) - (kernel - 1) * dilation - 1) // stride + 1
    return index_map(size=size, kernel=kernel, stride=stride, dilation=dilation, before=pads[0], out=max(out, 0))


def of_maps(case: Case, maps: Sequence[np.ndarray], *, fill: float = -np.inf, count_padding: bool = False) -> Plan:
    """Return the plan of a forward op that reads `maps`; average pooling divides by the real elements or by the window."""
    divisor: tuple[np.ndarray, ...] = ()
    if case.op == "avg_pool":
        divisor = tuple(np.full(m.shape[0], m.shape[1]) if count_padding else real_elements(m) for m in maps)
    return Plan(tuple(maps), tuple(m.shape[0] for m in maps), fill, divisor)


def padded(pads: Callable[[Axis], tuple[int, int]]) -> PlanOf:
    """Pad each axis by ``pads(axis)``, whatever the mode; the output is as long as that makes it."""
    return lambda case: of_maps(case, [windows(*a[:4], pads(a)) for a in case.axes])


def totalling(total: Callable[[Axis], int]) -> PlanOf:
    """Pad each axis by ``total(axis)``, split as the mode asks; the output is as long as that makes it."""
    return lambda case: of_maps(case, [windows(*a[:4], padding.split(total(a), case.padding)) for a in case.axes])


def misread(parameters: Callable[[Case], Sequence[Parameters]]) -> PlanOf:
    """Compute SAME's padding from the wrong ``parameters(case)``, one per axis, and pad the real input by it."""
    return lambda case: of_maps(
        case,
        [
            windows(*a[:4], padding.forward(*wrong, case.padding))
            for a, wrong in zip(case.axes, parameters(case), strict=True)
        ],
    )


def misread_axis(parameters: Callable[[Axis], Parameters]) -> PlanOf:
    """Compute SAME's padding from the wrong ``parameters(axis)``."""
    return misread(lambda case: [parameters(a) for a in case.axes])


def starting(before: Callable[[Axis, str], int]) -> PlanOf:
    """Keep SAME's output length, but begin the first window ``before(axis, mode)`` elements before the input."""
    return lambda case: of_maps(case, [started(a, before(a, case.padding), a.output_size) for a in case.axes])


def rounded_half(axis: Axis, mode: str) -> int:
    """Return what comes before if half of SAME's total is rounded to the nearest integer, halves to even."""
    total = axis.before + axis.after
    return round(total / 2) if mode == padding.SAME else total - round(total / 2)


def lasting(out: Callable[[Axis, str], int]) -> PlanOf:
    """Give ``out(axis, mode)`` windows per axis, and pad what these need, split as the mode asks."""

    def reads(axis: Axis, mode: str) -> np.ndarray:
        n_windows = max(out(axis, mode), 0)
        total = max((n_windows - 1) * axis.stride + axis.effective_kernel - axis.size, 0)
        return started(axis, padding.split(total, mode).before, n_windows)

    return lambda case: of_maps(case, [reads(a, case.padding) for a in case.axes])


def started(axis: Axis, before: int, out: int) -> np.ndarray:
    """Return the index map of `out` windows, the first of which begins `before` elements before the input."""
    return index_map(
        size=axis.size, kernel=axis.kernel, stride=axis.stride, dilation=axis.dilation, before=before, out=out
    )


def positions(axis: Axis) -> np.ndarray:
    """Return where each tap of each of SAME's windows lies, in the input or outside it: shape ``(out, kernel)``."""
    lies = np.arange(axis.output_size)[:, None] * axis.stride + np.arange(axis.kernel) * axis.dilation - axis.before
    return np.asarray(lies)


def cropping(before: Callable[[Axis, str], int]) -> PlanOf:
    """Crop ``before(axis, mode)`` elements of the full transposed result, then cut or fill it to the output asked for."""
    return lambda case: scattered(case.axes, [(before(a, case.padding), a.output_size) for a in case.axes])


def cropped(pads: Callable[[Axis, str], tuple[int, int]]) -> PlanOf:
    """Crop ``pads(axis, mode)`` at both ends of the full transposed result; it is as long as that leaves it."""

    def crop(axis: Axis, mode: str) -> tuple[int, int]:
        before, after = pads(axis, mode)
        return before, max((axis.size - 1) * axis.stride + axis.effective_kernel - before - after, 0)

    return lambda case: scattered(case.axes, [crop(a, case.padding) for a in case.axes])


def scattered(axes: Sequence[Axis], crops: Sequence[tuple[int, int]]) -> Plan:
    """Return the plan of a transposed convolution that crops ``before`` and is ``out`` long, a pair per axis."""
    maps = [
        index_map(size=out, kernel=a.kernel, stride=a.stride, dilation=a.dilation, before=before, out=a.size)
        for a, (before, out) in zip(axes, crops, strict=True)
    ]
    return Plan(tuple(maps), tuple(out for _, out in crops))
