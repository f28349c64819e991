"""Be wrong in one number of dimensions, or on one of their axes: where code was written once for each, or for two and stretched."""

from __future__ import annotations

from collections.abc import Callable

from same_conformance import padding
from same_conformance.case import OPS, Axis, Case
from same_conformance.mutants.windows import FORWARD, MISTAKE, TRANSPOSED, PlanOf, of_maps, scattered, windows
from same_conformance.plan import Plan
from same_conformance.rules import Rule

Pads = Callable[[Case, int], "tuple[int, int]"]
"""From a case and the number of an axis to what is padded, or cropped, there."""


def _padding(pads: Pads) -> PlanOf:
    """Pad, or crop, ``pads(case, axis)``."""

    def plan(case: Case) -> Plan:
        chosen = [pads(case, i) for i in range(case.rank)]
        if case.op == "conv_transpose":
            return scattered(case.axes, [(p[0], a.output_size) for p, a in zip(chosen, case.axes, strict=True)])
        return of_maps(case, [windows(*a[:4], p) for p, a in zip(chosen, case.axes, strict=True)])

    return plan


def _only(rank: int, axis: int | None, pads: Callable[[Axis, str], tuple[int, int]]) -> PlanOf:
    """Pad ``pads(axis, mode)`` on one axis of cases of `rank`, or on all of theirs, and what SAME asks for elsewhere."""

    def chosen(case: Case, i: int) -> tuple[int, int]:
        a = case.axes[i]
        return pads(a, case.padding) if case.rank == rank and axis in (None, i) else (a.before, a.after)

    return _padding(chosen)


def _swapped(axis: Axis, _: str) -> tuple[int, int]:
    return axis.after, axis.before


def _nothing(_: Axis, __: str) -> tuple[int, int]:
    return 0, 0


def _undilated(axis: Axis, mode: str) -> tuple[int, int]:
    return padding.forward(axis.size, axis.kernel, axis.stride, 1, mode)


def _unstrided(axis: Axis, mode: str) -> tuple[int, int]:
    return padding.forward(axis.size, axis.kernel, 1, axis.dilation, mode)


def _cropping_with_first(which: int) -> PlanOf:
    """Crop every axis for one parameter of the first: 1 the kernel, 2 the stride, 3 the dilation."""

    def crop(case: Case, i: int) -> tuple[int, int]:
        a = case.axes[i]
        values = [a.output_size, *a[1:4]]
        values[which] = case.axes[0][which]
        n, k, s, d = values
        return padding.forward(n, k, s, d, case.padding)

    return _padding(crop)


def _reversed_throughout(which: int) -> PlanOf:
    """Take one parameter of the axes in reverse order, 2 the stride or 3 the dilation, for pads and windows."""

    def plan(case: Case) -> Plan:
        maps = []
        for a, other in zip(case.axes, reversed(case.axes), strict=True):
            values = list(a[:4])
            values[which] = other[which]
            n, k, s, d = values
            maps.append(windows(n, k, s, d, padding.forward(n, k, s, d, case.padding)))
        return of_maps(case, maps)

    return plan


def _dilations_reversed(case: Case, i: int) -> tuple[int, int]:
    a = case.axes[i]
    return padding.forward(a.size, a.kernel, a.stride, case.dilation[-1 - i], case.padding)


RULES = (
    Rule("swapped-in-1d", "puts the odd element on the wrong side in 1-D", OPS, MISTAKE, _only(1, 0, _swapped)),
    Rule(
        "swapped-first-of-2d",
        "puts the odd element of the first axis on the wrong side in 2-D",
        OPS,
        MISTAKE,
        _only(2, 0, _swapped),
    ),
    Rule(
        "swapped-last-of-2d",
        "puts the odd element of the last axis on the wrong side in 2-D",
        OPS,
        MISTAKE,
        _only(2, 1, _swapped),
    ),
    Rule(
        "swapped-first-of-3d",
        "puts the odd element of the first axis on the wrong side in 3-D",
        OPS,
        MISTAKE,
        _only(3, 0, _swapped),
    ),
    Rule(
        "swapped-middle-of-3d",
        "puts the odd element of the middle axis on the wrong side in 3-D",
        OPS,
        MISTAKE,
        _only(3, 1, _swapped),
    ),
    Rule("unpadded-in-1d", "pads nothing in 1-D", FORWARD, MISTAKE, _only(1, 0, _nothing)),
    Rule("undilated-in-3d", "pads for the undilated kernel in 3-D", FORWARD, MISTAKE, _only(3, None, _undilated)),
    Rule(
        "unstrided-in-3d",
        "pads as for stride 1 in 3-D",
        FORWARD,
        MISTAKE,
        _only(3, None, _unstrided),
    ),
    Rule(
        "dilations-reversed", "pads for the dilations in reverse order", FORWARD, MISTAKE, _padding(_dilations_reversed)
    ),
    Rule(
        "dilations-reversed-throughout",
        "takes the dilations in reverse order, in pads and windows",
        FORWARD,
        MISTAKE,
        _reversed_throughout(3),
    ),
    Rule(
        "strides-reversed-throughout",
        "takes the strides in reverse order, in pads and windows",
        FORWARD,
        MISTAKE,
        _reversed_throughout(2),
    ),
    Rule(
        "crop-first-axis-kernel",
        "crops every axis for the kernel of the first",
        TRANSPOSED,
        MISTAKE,
        _cropping_with_first(1),
    ),
    Rule(
        "crop-first-axis-stride",
        "crops every axis for the stride of the first",
        TRANSPOSED,
        MISTAKE,
        _cropping_with_first(2),
    ),
    Rule(
        "crop-first-axis-dilation",
        "crops every axis for the dilation of the first",
        TRANSPOSED,
        MISTAKE,
        _cropping_with_first(3),
    ),
)
