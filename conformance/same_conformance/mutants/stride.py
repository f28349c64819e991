"""Take the stride into account wrongly: as 1, as dividing the size, or as no reason to pad."""

from __future__ import annotations

import numpy as np

from same_conformance import padding
from same_conformance.case import Axis, Case
from same_conformance.mutants.windows import (
    FORWARD,
    MISTAKE,
    misread_axis,
    of_maps,
    padded,
    starting,
    totalling,
    windows,
)
from same_conformance.plan import PADDED, Plan
from same_conformance.rules import Rule


def _multiple_total(axis: Axis) -> int:
    return max(axis.effective_kernel - axis.stride, 0)


def _undilated_when_divisible(axis: Axis) -> int:
    return axis.before + axis.after if axis.size % axis.stride else max(axis.kernel - axis.stride, 0)


def _next_remainder_total(axis: Axis) -> int:
    """Write ``ke - s`` where the remainder is 0 or 1, as code that was tried on stride 2 and even sizes may."""
    remainder = axis.size % axis.stride
    return max(axis.effective_kernel - (remainder if remainder > 1 else axis.stride), 0)


def _overlaps(axis: Axis) -> bool:
    return axis.stride < axis.effective_kernel


def _subsampled(case: Case) -> Plan:
    maps = []
    for a in case.axes:
        pads = padding.forward(a.output_size, a.kernel, 1, a.dilation, case.padding)
        reads = windows(a.output_size, a.kernel, 1, a.dilation, pads)
        maps.append(np.where(reads == PADDED, PADDED, reads * a.stride))
    return of_maps(case, maps)


RULES = (
    Rule(
        "total-of-stride-one",
        "pads effective kernel - 1 in all, which is right at stride 1 only",
        FORWARD,
        "https://github.com/kornia/kornia/pull/1661",
        misread_axis(lambda a: (a.size, a.kernel, 1, a.dilation)),
    ),
    Rule(
        "total-of-multiple",
        "pads effective kernel - stride in all, as if the stride divided every size",
        FORWARD,
        MISTAKE,
        totalling(_multiple_total),
    ),
    Rule(
        "total-of-multiple-left",
        "pads effective kernel - stride, the larger half before, and after what the length needs",
        ("conv",),
        "https://github.com/facebookresearch/encodec/blob/main/encodec/modules/conv.py",
        starting(lambda a, _: _multiple_total(a) - _multiple_total(a) // 2),
    ),
    Rule(
        "remainder-one-for-none",
        "takes a remainder of 1 for none",
        FORWARD,
        MISTAKE,
        totalling(_next_remainder_total),
    ),
    Rule(
        "tiles-without-padding-before",
        "pads nothing before where windows do not overlap",
        FORWARD,
        MISTAKE,
        starting(lambda a, _: a.before if _overlaps(a) else 0),
    ),
    Rule(
        "tiles-without-padding",
        "pads nothing where windows do not overlap",
        FORWARD,
        MISTAKE,
        padded(lambda a: (a.before, a.after) if _overlaps(a) else (0, 0)),
    ),
    Rule(
        "remainder-added",
        "adds the remainder of size by stride to the total, where it is what is missing to the next multiple that counts",
        FORWARD,
        MISTAKE,
        totalling(lambda a: max(a.effective_kernel - a.stride + a.size % a.stride, 0)),
    ),
    Rule(
        "undilated-when-divisible",
        "pads for the undilated kernel where the stride divides the size",
        FORWARD,
        MISTAKE,
        totalling(_undilated_when_divisible),
    ),
    Rule(
        "subsampled-first",
        "takes every stride-th element of the input first, and does SAME at stride 1 to these",
        FORWARD,
        MISTAKE,
        _subsampled,
    ),
)
