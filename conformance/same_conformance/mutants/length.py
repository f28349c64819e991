"""Give the wrong number of windows, or compute it in numbers that cannot hold it."""

from __future__ import annotations

from same_conformance.case import Axis, Case
from same_conformance.mutants.windows import (
    FORWARD,
    MISTAKE,
    lasting,
    misread_axis,
    of_maps,
    padded,
    rounded_half,
    started,
    starting,
)
from same_conformance.padding import SAME
from same_conformance.plan import Plan
from same_conformance.rules import Rule


def _ceil_mode(case: Case) -> Plan | None:
    """``out = ceil((size - effective_kernel) / stride) + 1``, less the last window if it begins outside."""
    maps = []
    for a in case.axes:
        out = -(-(a.size - a.effective_kernel) // a.stride) + 1
        out -= (out - 1) * a.stride >= a.size
        if out < 1:
            return None
        maps.append(started(a, 0, out))
    return of_maps(case, maps)


def _floor(axis: Axis, _: str) -> int:
    return axis.size // axis.stride


def _bfloat16(value: int) -> int:
    """Return the nearest integer with eight significant bits, ties to even."""
    step = 1 << max(value.bit_length() - 8, 0)
    return round(value / step) * step


RULES = (
    Rule("valid", "pads nothing", FORWARD, "https://github.com/onnx/onnxmltools/issues/93", padded(lambda _: (0, 0))),
    Rule(
        "ceil-mode",
        "pads nothing before and rounds the number of windows up",
        FORWARD,
        MISTAKE,
        _ceil_mode,
    ),
    Rule(
        "length-floor",
        "gives floor(size / stride) windows and pads what these need",
        FORWARD,
        "https://github.com/onnx/onnx/pull/3188",
        lasting(_floor),
    ),
    Rule(
        "length-floor-lower",
        "gives floor(size / stride) windows for SAME_LOWER",
        FORWARD,
        "https://github.com/apache/tvm/blob/main/python/tvm/relax/frontend/onnx/onnx_frontend.py",
        lasting(lambda a, mode: a.output_size if mode == SAME else _floor(a, mode)),
    ),
    Rule(
        "length-floor-plus-one",
        "gives floor(size / stride) + 1 windows, one too many where the stride divides the size: its remainder is taken for 0",
        FORWARD,
        MISTAKE,
        lasting(lambda a, _: a.size // a.stride + 1),
    ),
    Rule(
        "length-rounded",
        "rounds size / stride to the nearest integer, halves to even",
        FORWARD,
        MISTAKE,
        lasting(lambda a, _: round(a.size / a.stride)),
    ),
    Rule(
        "length-of-input",
        "gives as many windows as the input has elements, whatever the stride",
        FORWARD,
        "https://github.com/onnx/onnx/issues/3153",
        lasting(lambda a, _: a.size),
    ),
    Rule(
        "half-rounded",
        "rounds half of the total to the nearest integer, halves to even",
        FORWARD,
        MISTAKE,
        starting(rounded_half),
    ),
    Rule(
        "size-in-a-byte",
        "computes the padding from the size modulo 256",
        FORWARD,
        MISTAKE,
        misread_axis(lambda a: (a.size % 256 or 256, a.kernel, a.stride, a.dilation)),
    ),
    Rule(
        "size-in-a-signed-byte",
        "computes the padding from a size that stops at 127",
        FORWARD,
        MISTAKE,
        misread_axis(lambda a: (min(a.size, 127), a.kernel, a.stride, a.dilation)),
    ),
    Rule(
        "size-in-bfloat16",
        "computes the padding from the size rounded to bfloat16, as a tensor under autocast would",
        FORWARD,
        MISTAKE,
        misread_axis(lambda a: (_bfloat16(a.size), a.kernel, a.stride, a.dilation)),
    ),
    Rule(
        "length-half-up",
        "rounds size / stride to the nearest integer, halves up, but to 1 at least",
        FORWARD,
        MISTAKE,
        lasting(lambda a, _: max((2 * a.size + a.stride) // (2 * a.stride), 1)),
    ),
    Rule(
        "length-off-at-remainder-one",
        "gives (size + stride - 2) // stride windows, one too few where the remainder is 1, but 1 at least",
        FORWARD,
        MISTAKE,
        lasting(lambda a, _: max((a.size + a.stride - 2) // a.stride, 1) if a.stride > 1 else a.size),
    ),
)
