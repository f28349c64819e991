"""Forget, or overdo, the maximum with 0 in the total: it acts where the stride leaves elements out."""

from __future__ import annotations

from same_conformance.case import Axis, Case
from same_conformance.mutants.windows import (
    FORWARD,
    MISTAKE,
    TRANSPOSED,
    cropping,
    of_maps,
    padded,
    started,
    starting,
    totalling,
)
from same_conformance.plan import Plan
from same_conformance.rules import Rule


def _unclamped_total(axis: Axis) -> int:
    return (axis.output_size - 1) * axis.stride + axis.effective_kernel - axis.size


def _towards_zero(axis: Axis, _: str) -> int:
    """Split a negative total rounding towards zero, as C++ divides."""
    total = _unclamped_total(axis)
    return axis.before if total >= 0 else -(-total // 2)


def _crop_towards_zero(axis: Axis, _: str) -> int:
    """Do the same as a transposed convolution does, whose windows are those of the output."""
    total = (axis.size - 1) * axis.stride + axis.effective_kernel - axis.output_size
    return axis.before if total >= 0 else -(-total // 2)


_STARTING, _CROPPING = starting(_towards_zero), cropping(_crop_towards_zero)


def unclamped(case: Case) -> Plan:
    """Let the total be negative, forward and transposed."""
    return (_CROPPING if case.op in TRANSPOSED else _STARTING)(case)


def _unclamped_off_float32(case: Case) -> Plan:
    """Leave the clamp to the float32 kernel, which has it."""
    before = (lambda a: a.before) if case.dtype == "float32" or case.rank < 3 else (lambda a: _towards_zero(a, ""))
    return of_maps(
        case,
        [started(a, before(a), a.output_size) for a in case.axes],
    )


def _capped(axis: Axis) -> tuple[int, int]:
    half = axis.kernel // 2
    return min(axis.before, half), min(axis.after, half)


RULES = (
    Rule(
        "unclamped",
        "lets the total padding be negative where the stride exceeds the kernel, and halves it towards zero",
        (*FORWARD, *TRANSPOSED),
        "https://github.com/tensorflow/tensorflow/pull/1991",
        unclamped,
    ),
    Rule(
        "unclamped-floor",
        "lets the total padding be negative where the stride exceeds the kernel, and halves it downwards",
        FORWARD,
        "https://github.com/onnx/tensorflow-onnx/issues/64",
        totalling(_unclamped_total),
    ),
    Rule(
        "unclamped-off-float32",
        "lets the total padding be negative in 3-D and any dtype but float32, which has a kernel of its own",
        FORWARD,
        "https://github.com/tensorflow/tensorflow/pull/1991",
        _unclamped_off_float32,
    ),
    Rule(
        "capped-at-half-kernel",
        "pads kernel // 2 at most on either side, as pooling in torch allows, although a dilated window needs more",
        ("max_pool",),
        "https://github.com/huggingface/pytorch-image-models/pull/2779",
        padded(_capped),
    ),
    Rule(
        "capped-at-three",
        "pads three elements at most in all, enough for the kernels it was tried on",
        FORWARD,
        MISTAKE,
        totalling(lambda a: min(a.before + a.after, 3)),
    ),
    Rule(
        "capped-at-kernel",
        "pads kernel - 1 elements at most in all, as if it were not dilated",
        FORWARD,
        MISTAKE,
        totalling(lambda a: min(a.before + a.after, a.kernel - 1)),
    ),
)
