"""Be right but for a rare combination of parameters: what a test of a few cases does not meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from same_conformance import plan as plans
from same_conformance.case import OPS, Axis, Case
from same_conformance.mutants.windows import (
    CONVOLUTIONS,
    FORWARD,
    MISTAKE,
    PlanOf,
    misread_axis,
    of_maps,
    positions,
    scattered,
    started,
    starting,
    windows,
)
from same_conformance.plan import PADDED, Plan
from same_conformance.rules import Rule


def _swapped_where(condition: Callable[[Case, Axis], bool]) -> PlanOf:
    """Put the odd element on the wrong side of an axis where `condition` holds."""

    def plan(case: Case) -> Plan:
        pads = [(a.after, a.before) if condition(case, a) else (a.before, a.after) for a in case.axes]
        if case.op == "conv_transpose":
            return scattered(case.axes, [(p[0], a.output_size) for p, a in zip(pads, case.axes, strict=True)])
        return of_maps(case, [windows(*a[:4], p) for p, a in zip(pads, case.axes, strict=True)])

    return plan


def _in_four_bits(case: Case) -> Plan:
    """Keep of each pad the lowest four bits, as many as a register has for it; what is read after the end is there anyway."""
    if case.op == "conv_transpose":
        return scattered(case.axes, [(a.before % 16, a.output_size) for a in case.axes])
    return of_maps(case, [started(a, a.before % 16, a.output_size) for a in case.axes])


def _circular(case: Case) -> Plan:
    """Go on at the start where a position is behind the input, in a buffer that has room for what is padded before it alone."""
    maps = []
    for a in case.axes:
        place = (positions(a) + a.before) % (a.before + a.size) - a.before
        maps.append(np.where(place >= 0, place, PADDED))
    return of_maps(case, maps)


def _ends_tell(case: Case) -> Plan:
    """Take a window whose two end taps are padding for one that holds nothing else."""
    maps = []
    for reads in plans.same(case).maps:
        empty = (reads[:, 0] == PADDED) & (reads[:, -1] == PADDED)
        maps.append(reads.copy())
        maps[-1][empty] = PADDED
    return of_maps(case, maps)


def _first_tap_tells(case: Case) -> Plan:
    """Drop the last tap of a window next to one that holds padding only."""
    maps = []
    for reads in plans.same(case).maps:
        empty = (reads == PADDED).all(axis=1)
        neighbour = ~empty
        neighbour[1:] &= empty[:-1]
        neighbour[:1] = False
        maps.append(reads.copy())
        maps[-1][neighbour] = PADDED
    return of_maps(case, maps)


RULES = (
    Rule(
        "odd-size-even-kernel-stride-two",
        "puts the odd element on the wrong side for even kernels and odd sizes at stride 2",
        OPS,
        MISTAKE,
        _swapped_where(lambda _, a: a.kernel % 2 == 0 and a.stride == 2 and a.size % 2 == 1),
    ),
    Rule(
        "swapped-strided-dilated",
        "puts the odd element on the wrong side where it both strides and dilates",
        OPS,
        MISTAKE,
        _swapped_where(lambda _, a: a.stride > 1 and a.dilation > 1),
    ),
    Rule(
        "swapped-single-element",
        "puts the odd element on the wrong side of a single element",
        (*CONVOLUTIONS, "conv_transpose"),
        MISTAKE,
        _swapped_where(lambda _, a: a.size == 1),
    ),
    Rule(
        "swapped-at-dilation-three",
        "puts the odd element on the wrong side at dilation 3",
        OPS,
        MISTAKE,
        _swapped_where(lambda _, a: a.dilation == 3),
    ),
    Rule(
        "swapped-from-128",
        "puts the odd element on the wrong side from size 128 on",
        FORWARD,
        MISTAKE,
        _swapped_where(lambda _, a: a.size >= 128),
    ),
    Rule(
        "swapped-from-four",
        "puts the odd element on the wrong side where four elements or more are padded",
        OPS,
        MISTAKE,
        _swapped_where(lambda _, a: a.before + a.after >= 4),
    ),
    Rule(
        "swapped-from-sixteen",
        "puts the odd element on the wrong side where sixteen elements or more are padded",
        OPS,
        MISTAKE,
        _swapped_where(lambda _, a: a.before + a.after >= 16),
    ),
    Rule(
        "pads-in-four-bits",
        "keeps pads in four bits, where 16 is 0",
        OPS,
        MISTAKE,
        _in_four_bits,
    ),
    Rule(
        "swapped-in-batch",
        "puts the odd element on the wrong side for more than one example",
        OPS,
        MISTAKE,
        _swapped_where(lambda case, _: case.batch > 1),
    ),
    Rule(
        "swapped-in-groups",
        "puts the odd element on the wrong side of a grouped convolution",
        ("conv",),
        MISTAKE,
        _swapped_where(lambda case, _: case.groups > 1),
    ),
    Rule(
        "swapped-in-half",
        "puts the odd element on the wrong side in float16",
        OPS,
        MISTAKE,
        _swapped_where(lambda case, _: case.dtype == "float16"),
    ),
    Rule(
        "swapped-in-double",
        "puts the odd element on the wrong side in float64",
        OPS,
        MISTAKE,
        _swapped_where(lambda case, _: case.dtype == "float64"),
    ),
    Rule(
        "kernel-clipped-to-input",
        "pads for a kernel that is cut down to the input",
        FORWARD,
        MISTAKE,
        misread_axis(lambda a: (a.size, min(a.kernel, a.size), a.stride, a.dilation)),
    ),
    Rule(
        "single-element",
        "pads a single element after it only",
        CONVOLUTIONS,
        MISTAKE,
        starting(lambda a, _: 0 if a.size == 1 else a.before),
    ),
    Rule(
        "size-equals-stride",
        "pads after only where one window covers the input",
        FORWARD,
        MISTAKE,
        starting(lambda a, _: 0 if a.size == a.stride else a.before),
    ),
    Rule(
        "circular-too-short",
        "wraps round behind the input to what stands before it, like a circular convolution that is too short for the padding",
        CONVOLUTIONS,
        MISTAKE,
        _circular,
    ),
    Rule(
        "ends-tell-empty",
        "takes a window whose first and last tap are padding for one that holds nothing else",
        FORWARD,
        MISTAKE,
        _ends_tell,
    ),
    Rule(
        "empty-neighbour",
        "leaves out the window after one that holds padding only",
        FORWARD,
        MISTAKE,
        _first_tap_tells,
    ),
)
