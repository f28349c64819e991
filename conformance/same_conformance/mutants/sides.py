"""Pad as much as SAME, but put the odd element, or everything, on the wrong side."""

from __future__ import annotations

from same_conformance.case import Axis
from same_conformance.mutants.windows import FORWARD, MISTAKE, starting
from same_conformance.padding import SAME
from same_conformance.rules import Rule


def _reversed_lower(axis: Axis, mode: str) -> int:
    """Return where the last window ends by SAME on the reversed input; with a gap between windows that is not SAME_LOWER."""
    covered = (axis.output_size - 1) * axis.stride + axis.effective_kernel
    return axis.before if mode == SAME else covered - axis.size - axis.after


def _swap(axis: Axis, *, when: bool) -> int:
    return axis.after if when else axis.before


RULES = (
    Rule(
        "always-lower",
        "puts the odd element before, as SAME_LOWER does",
        FORWARD,
        MISTAKE,
        starting(lambda a, _: max(a.before, a.after)),
    ),
    Rule(
        "sides-swapped",
        "puts the odd element before for SAME and after for SAME_LOWER",
        FORWARD,
        "https://github.com/webmachinelearning/webnn-polyfill/issues/57",
        starting(lambda a, _: a.after),
    ),
    Rule(
        "lower-ignored",
        "takes SAME_LOWER for SAME",
        FORWARD,
        MISTAKE,
        starting(lambda a, _: min(a.before, a.after)),
    ),
    Rule(
        "sides-swapped-unstrided",
        "puts the odd element on the wrong side at stride 1",
        FORWARD,
        MISTAKE,
        starting(lambda a, _: _swap(a, when=a.stride == 1)),
    ),
    Rule(
        "sides-swapped-strided",
        "puts the odd element on the wrong side above stride 1",
        FORWARD,
        MISTAKE,
        starting(lambda a, _: _swap(a, when=a.stride > 1)),
    ),
    Rule(
        "lower-ignored-strided-or-dilated",
        "takes SAME_LOWER for SAME where it strides or dilates",
        ("max_pool",),
        "https://github.com/onnx/onnx/blob/main/onnx/reference/ops/op_max_pool.py",
        starting(lambda a, _: min(a.before, a.after) if a.stride > 1 or a.dilation > 1 else a.before),
    ),
    Rule(
        "all-before",
        "pads everything before, as a causal convolution does",
        FORWARD,
        MISTAKE,
        starting(lambda a, _: a.before + a.after),
    ),
    Rule(
        "all-after",
        "pads everything after",
        FORWARD,
        MISTAKE,
        starting(lambda _, __: 0),
    ),
    Rule(
        "lower-reversed",
        "does SAME_LOWER by reversing what SAME does to the reversed input, also where windows leave elements out",
        FORWARD,
        MISTAKE,
        starting(_reversed_lower),
    ),
)
