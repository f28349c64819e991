"""Be right forward and wrong in a gradient, because it is code of its own with a padding of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from same_conformance import padding
from same_conformance import plan as plans
from same_conformance.case import OPS, POOLS, Axis, Case
from same_conformance.mutants import clamp, divisor
from same_conformance.mutants.windows import CONVOLUTIONS, MISTAKE, PlanOf, of_maps, scattered, started
from same_conformance.plan import PADDED, Plan
from same_conformance.rules import Rule

_BY_INPUT, _BY_KERNEL = "input_gradient", "kernel_gradient"


def _only(compared: str, wrong: PlanOf) -> PlanOf:
    """Do `wrong` where `compared` is compared, and SAME elsewhere."""
    return lambda case: wrong(case) if case.compared == compared else plans.same(case)


def _mapped(change: Callable[[np.ndarray, int], np.ndarray]) -> PlanOf:
    """Change the map of each axis, given with the number of elements that it names."""

    def plan(case: Case) -> Plan:
        ours = plans.same(case)
        named = ours.out if case.op == "conv_transpose" else case.size
        maps = tuple(change(m, n) for m, n in zip(ours.maps, named, strict=True))
        return Plan(maps, ours.out, ours.fill, ours.divisor)

    return plan


def _shifted(reads: np.ndarray, n: int) -> np.ndarray:
    """Begin every window one element later."""
    later = np.where(reads == PADDED, PADDED, reads + 1)
    return np.where(later < n, later, PADDED)


def _without_border(reads: np.ndarray, _: int) -> np.ndarray:
    """Leave out every window that touches the padding."""
    return np.where((reads == PADDED).any(axis=1, keepdims=True), PADDED, reads)


def _padded(total: Callable[[int, int, Axis], int]) -> PlanOf:
    """Pad, or crop, ``total(windows, span, axis)`` elements in all, split as the mode asks, around the output that SAME has."""

    def plan(case: Case) -> Plan:
        transposed = case.op == "conv_transpose"
        befores = []
        for a in case.axes:
            windows, span = (a.size, a.output_size) if transposed else (a.output_size, a.size)
            befores.append(padding.split(max(total(windows, span, a), 0), case.padding).before)
        if transposed:
            return scattered(case.axes, [(b, a.output_size) for b, a in zip(befores, case.axes, strict=True)])
        return of_maps(case, [started(a, b, a.output_size) for b, a in zip(befores, case.axes, strict=True)])

    return plan


_undilated = _padded(lambda windows, span, a: (windows - 1) * a.stride + a.kernel - span)
_unstrided = _padded(lambda _windows, _span, a: a.effective_kernel - 1)


def _lower(case: Case) -> Plan:
    """Put the odd element before, whatever the mode."""
    sides = [max(a.before, a.after) for a in case.axes]
    if case.op == "conv_transpose":
        return scattered(case.axes, [(b, a.output_size) for b, a in zip(sides, case.axes, strict=True)])
    return of_maps(case, [started(a, b, a.output_size) for b, a in zip(sides, case.axes, strict=True)])


def _last_taps(case: Case) -> Plan:
    """Keep the last of the taps that a convolution with stride and dilation exchanged has, where there are more than of the kernel."""
    maps = []
    for a in case.axes:
        left = a.size + a.before + a.after - (a.output_size - 1) * a.stride - a.effective_kernel
        maps.append(started(a, a.before - left // a.dilation * a.dilation, a.output_size))
    return of_maps(case, maps)


def _counted(case: Case) -> Plan:
    return of_maps(case, list(plans.same(case).maps), count_padding=True)


RULES = (
    Rule(
        "gradient-unclamped",
        "lets the total padding be negative in the gradient with respect to the input",
        ("conv_transpose", "max_pool"),
        "https://github.com/tensorflow/tensorflow/pull/1991",
        _only(_BY_INPUT, clamp.unclamped),
    ),
    Rule(
        "gradient-whole-axis",
        "takes a window that is cut on both sides for one that is not cut at its start, in the gradient",
        ("avg_pool",),
        "https://github.com/tensorflow/tensorflow/issues/48773",
        _only(_BY_INPUT, divisor.whole_axis),
    ),
    Rule(
        "gradient-counted-padding",
        "counts the padding in the divisor of average pooling's gradient",
        ("avg_pool",),
        MISTAKE,
        _only(_BY_INPUT, _counted),
    ),
    Rule(
        "gradient-shifted",
        "hands the gradient with respect to the input to the element after the right one",
        OPS,
        MISTAKE,
        _only(_BY_INPUT, _mapped(_shifted)),
    ),
    Rule(
        "gradient-without-border",
        "leaves windows that touch the padding out of the gradient with respect to the input",
        (*CONVOLUTIONS, *POOLS),
        MISTAKE,
        _only(_BY_INPUT, _mapped(_without_border)),
    ),
    Rule(
        "kernel-gradient-flipped",
        "returns the gradient with respect to the kernel from its last tap to its first",
        (*CONVOLUTIONS, "conv_transpose"),
        MISTAKE,
        _only(_BY_KERNEL, _mapped(lambda reads, _: reads[:, ::-1])),
    ),
    Rule(
        "kernel-gradient-last-taps",
        "takes the gradient with respect to the kernel from the end, where the stride leaves elements of the input over",
        CONVOLUTIONS,
        MISTAKE,
        _only(_BY_KERNEL, _last_taps),
    ),
    Rule(
        "kernel-gradient-without-border",
        "leaves windows that touch the padding out of the gradient with respect to the kernel",
        CONVOLUTIONS,
        MISTAKE,
        _only(_BY_KERNEL, _mapped(_without_border)),
    ),
    *(
        Rule(
            f"{prefix}-{name}",
            f"{sentence} in the gradient with respect to the {operand}",
            ops,
            MISTAKE,
            _only(compared, wrong),
        )
        for prefix, operand, ops, compared in (
            ("gradient", "input", OPS, _BY_INPUT),
            ("kernel-gradient", "kernel", (*CONVOLUTIONS, "conv_transpose"), _BY_KERNEL),
        )
        for name, sentence, wrong in (
            ("undilated", "computes the padding without the dilation", _undilated),
            ("unstrided", "pads what is right at stride 1 only", _unstrided),
            ("lower", "puts the odd element before, as SAME_LOWER does,", _lower),
        )
    ),
)
