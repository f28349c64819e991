"""Get the transposed convolution wrong: what is cropped, on which side, and where missing zeros go."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from same_conformance import padding
from same_conformance import plan as plans
from same_conformance.case import Axis, Case
from same_conformance.mutants.windows import MISTAKE, TRANSPOSED, cropped, cropping, rounded_half, scattered
from same_conformance.plan import PADDED, Plan, index_map
from same_conformance.rules import Execute, Rule


def _missing(axis: Axis) -> int:
    """Return how many zeros a full result lacks: positive where the effective kernel is shorter than the stride."""
    return axis.output_size - (axis.size - 1) * axis.stride - axis.effective_kernel


def _full_size(axis: Axis) -> int:
    return axis.size * axis.stride


def _default_crop(axis: Axis, mode: str) -> padding.Padding:
    return padding.forward(_full_size(axis), axis.kernel, axis.stride, axis.dilation, mode)


def _half_total(axis: Axis, _: str) -> tuple[int, int]:
    half = (axis.before + axis.after) // 2
    return half, half - max(_missing(axis), 0)


def _refilled(case: Case) -> Plan:
    """Crop half of the total, rounded up, at both ends; what is then missing is 0."""
    maps = []
    for a in case.axes:
        crop = -(-(a.before + a.after) // 2)
        left = (a.size - 1) * a.stride + a.effective_kernel - 2 * crop
        reads = index_map(
            size=a.output_size, kernel=a.kernel, stride=a.stride, dilation=a.dilation, before=crop, out=a.size
        )
        maps.append(np.where(reads < left, reads, PADDED))
    return Plan(tuple(maps), tuple(a.output_size for a in case.axes))


def _output_size_ignored(case: Case) -> Plan:
    return scattered(case.axes, [(_default_crop(a, case.padding).before, _full_size(a)) for a in case.axes])


def _crops_reversed(case: Case) -> Plan:
    befores = [a.before for a in reversed(case.axes)]
    return scattered(case.axes, [(b, a.output_size) for b, a in zip(befores, case.axes, strict=True)])


def _kernel_reversed(case: Case) -> Plan:
    kernels = case.kernel[::-1]
    return scattered(
        case.axes,
        [
            (padding.forward(a.output_size, k, a.stride, a.dilation, case.padding).before, a.output_size)
            for a, k in zip(case.axes, kernels, strict=True)
        ],
    )


def _lower_where_sized(axis: Axis, _: str) -> int:
    return axis.before if axis.output_size == _full_size(axis) else max(axis.before, axis.after)


def _overwritten(case: Case) -> Execute:
    """Assign what each tap of each window gives, in raster order, so that the last stays."""

    def execute(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        y = np.zeros(case.output_shape, case.dtype)
        maps = plans.same(case).maps
        taps: list[tuple[int, ...]] = list(product(*map(range, case.kernel)))
        positions: list[tuple[int, ...]] = list(product(*map(range, case.size)))
        for position in positions:
            for tap in taps:
                reached = tuple(int(m[i, j]) for m, i, j in zip(maps, position, tap, strict=True))
                if min(reached) >= 0:
                    to: tuple[Any, ...] = (slice(None), *reached)
                    at: tuple[Any, ...] = (slice(None), *position)
                    y[to] = x[at] @ w[tap].T
        return y

    return execute


def _half_of_unclamped(axis: Axis, mode: str) -> int:
    """Split a total that may be negative as the mode asks: its lower half goes to the start, or to the end."""
    if _missing(axis) <= 0:
        return axis.before
    lower = -_missing(axis) // 2
    return lower if mode == padding.SAME else -_missing(axis) - lower


RULES = (
    Rule(
        "transposed-half",
        "crops kernel // 2 on both sides and adds stride - 1 at the end",
        TRANSPOSED,
        MISTAKE,
        cropped(lambda a, _: (a.kernel // 2, a.kernel // 2 - (a.stride - 1))),
    ),
    Rule(
        "transposed-half-effective",
        "crops half of the effective kernel, rounded down, on both sides and adds stride - 1 at the end",
        TRANSPOSED,
        MISTAKE,
        cropped(lambda a, _: (a.effective_kernel // 2, a.effective_kernel // 2 - (a.stride - 1))),
    ),
    Rule(
        "transposed-half-less-one",
        "crops (kernel - 1) // 2 on both sides",
        TRANSPOSED,
        "https://github.com/fastai/fastai/blob/main/fastai/layers.py",
        cropped(lambda a, _: ((a.kernel - 1) // 2,) * 2),
    ),
    Rule(
        "transposed-full",
        "crops nothing",
        TRANSPOSED,
        "https://github.com/microsoft/onnxruntime/issues/4086",
        cropped(lambda _, __: (0, 0)),
    ),
    Rule(
        "transposed-half-total",
        "crops half of SAME's total, rounded down, on both sides",
        TRANSPOSED,
        MISTAKE,
        cropped(_half_total),
    ),
    Rule(
        "crop-refilled",
        "crops half of SAME's total, rounded up, on both sides, and puts zeros at the end for what is then missing",
        TRANSPOSED,
        MISTAKE,
        _refilled,
    ),
    Rule(
        "crop-rounded",
        "rounds half of the cropped total to the nearest integer, halves to even",
        TRANSPOSED,
        MISTAKE,
        cropping(rounded_half),
    ),
    Rule(
        "crop-swapped",
        "crops the odd element on the other side",
        TRANSPOSED,
        "https://github.com/microsoft/onnxruntime/issues/9370",
        cropping(lambda a, _: a.after),
    ),
    Rule(
        "crop-lower-ignored",
        "takes SAME_LOWER for SAME",
        TRANSPOSED,
        "https://github.com/jax-ml/jax/blob/main/jax/_src/lax/convolution.py",
        cropping(lambda a, _: min(a.before, a.after)),
    ),
    Rule(
        "crop-all-after",
        "crops everything at the end",
        TRANSPOSED,
        MISTAKE,
        cropping(lambda _, __: 0),
    ),
    Rule(
        "crop-all-before",
        "crops everything at the start",
        TRANSPOSED,
        MISTAKE,
        cropping(lambda a, _: a.before + a.after),
    ),
    Rule(
        "crop-unclamped",
        "splits the missing zeros to both sides where the kernel is shorter than the stride",
        TRANSPOSED,
        "https://github.com/onnx/onnx/blob/main/onnx/reference/ops/op_conv_transpose.py",
        cropping(lambda a, _: a.before if _missing(a) <= 0 else -_missing(a) // 2),
    ),
    Rule(
        "crop-unclamped-floor",
        "lets the total be negative where the stride exceeds the kernel and halves it downwards, so that zeros stand in front, too",
        TRANSPOSED,
        MISTAKE,
        cropping(_half_of_unclamped),
    ),
    Rule(
        "tail-in-front",
        "puts the missing zeros at the start where the kernel is shorter than the stride",
        TRANSPOSED,
        MISTAKE,
        cropping(lambda a, _: a.before if _missing(a) <= 0 else -_missing(a)),
    ),
    Rule(
        "tail-missing",
        "leaves the missing zeros out where the kernel is shorter than the stride",
        TRANSPOSED,
        "https://github.com/keras-team/keras-core/issues/774",
        cropped(lambda a, _: (a.before, a.after)),
    ),
    Rule(
        "output-size-ignored",
        "gives size * stride elements, whatever was asked for",
        TRANSPOSED,
        "https://github.com/jax-ml/jax/issues/4592",
        _output_size_ignored,
    ),
    Rule(
        "output-cut-at-end",
        "crops for size * stride elements, then cuts the end off down to what was asked for",
        TRANSPOSED,
        MISTAKE,
        cropping(lambda a, mode: _default_crop(a, mode).before),
    ),
    Rule(
        "output-cut-at-start",
        "crops for size * stride elements, then cuts the start off down to what was asked for",
        TRANSPOSED,
        MISTAKE,
        cropping(lambda a, mode: _default_crop(a, mode).before + _full_size(a) - a.output_size),
    ),
    Rule(
        "lower-where-output-size",
        "does SAME_LOWER where an output size is given",
        TRANSPOSED,
        "https://github.com/microsoft/onnxruntime/pull/13311",
        cropping(_lower_where_sized),
    ),
    Rule(
        "crop-of-input",
        "crops what the forward convolution of the input would pad, input and output exchanged",
        TRANSPOSED,
        "https://github.com/opencv/opencv/issues/10702",
        cropped(lambda a, mode: padding.forward(a.size, a.kernel, a.stride, a.dilation, mode)),
    ),
    Rule(
        "crop-of-stride-one",
        "crops effective kernel - 1 in all, right at stride 1 only",
        TRANSPOSED,
        "https://github.com/PaddlePaddle/Paddle/issues/15477",
        cropped(lambda a, mode: padding.split(a.effective_kernel - 1, mode)),
    ),
    Rule(
        "crop-undilated",
        "crops for the undilated kernel",
        TRANSPOSED,
        "https://github.com/onnx/onnx/pull/2068",
        cropping(lambda a, mode: padding.forward(a.output_size, a.kernel, a.stride, 1, mode).before),
    ),
    Rule(
        "crop-axes-swapped",
        "gives the crop of the first axis to the last",
        TRANSPOSED,
        "https://github.com/tensorflow/tensorflow/pull/24151",
        _crops_reversed,
    ),
    Rule(
        "crop-kernel-reversed",
        "crops for the kernel's axes in reverse order",
        TRANSPOSED,
        MISTAKE,
        _kernel_reversed,
    ),
    Rule(
        "overlaps-overwritten",
        "overwrites where windows overlap, instead of adding",
        TRANSPOSED,
        MISTAKE,
        build=_overwritten,
    ),
)
