"""Take the dilation into account in the wrong place, or not at all."""

from __future__ import annotations

import numpy as np

from same_conformance import padding
from same_conformance import plan as plans
from same_conformance.case import POOLS, Axis, Case
from same_conformance.mutants.windows import (
    CONVOLUTIONS,
    FORWARD,
    MISTAKE,
    misread_axis,
    of_maps,
    padded,
    started,
    totalling,
    windows,
)
from same_conformance.plan import PADDED, Plan
from same_conformance.rules import Rule


def _space_to_batch(case: Case) -> Plan:
    """Pad as for stride 1, cut into `dilation` interleaved blocks, stride inside the blocks, interleave again.

    Source: TensorFlow 2.21, ``python/ops/nn_ops.py``, ``with_space_to_batch``; it applies where a dilation exceeds 1.
    """
    if max(case.dilation) == 1:
        return plans.same(case)
    maps = []
    for a in case.axes:
        total = a.effective_kernel - 1
        length = -(-(a.size + total) // a.dilation) * a.dilation
        per_block = (length // a.dilation - a.kernel) // a.stride + 1
        out = a.dilation * per_block - (length - a.size - total)
        o = np.arange(max(out, 0))[:, None]
        reads = o % a.dilation + a.dilation * (a.stride * (o // a.dilation) + np.arange(a.kernel)) - total // 2
        reads[(reads < 0) | (reads >= a.size)] = PADDED
        maps.append(reads)
    return of_maps(case, maps)


def _times_dilation(axis: Axis) -> tuple[int, int]:
    pads = padding.forward(axis.size, axis.kernel, axis.stride, 1)
    return pads.before * axis.dilation, pads.after * axis.dilation


def _undilated(case: Case) -> Plan:
    return of_maps(
        case,
        [
            windows(a.size, a.kernel, a.stride, 1, padding.forward(a.size, a.kernel, a.stride, 1, case.padding))
            for a in case.axes
        ],
    )


def _unstrided_where_dilated(case: Case) -> Plan:
    maps = []
    for a in case.axes:
        stride = 1 if a.dilation > 1 else a.stride
        pads = padding.forward(a.size, a.kernel, stride, a.dilation, case.padding)
        maps.append(windows(a.size, a.kernel, stride, a.dilation, pads))
    return of_maps(case, maps)


def _filled(case: Case) -> Plan:
    return of_maps(
        case, [started(a._replace(kernel=a.effective_kernel, dilation=1), a.before, a.output_size) for a in case.axes]
    )


RULES = (
    Rule(
        "undilated-total",
        "pads for the undilated kernel",
        FORWARD,
        "https://github.com/onnx/tensorflow-onnx/pull/1046",
        misread_axis(lambda a: (a.size, a.kernel, a.stride, 1)),
    ),
    Rule(
        "undilated-total-multiplied",
        "pads for the undilated kernel, times the dilation on both sides",
        FORWARD,
        "https://github.com/huggingface/transformers/blob/main/src/transformers/models/mobilenet_v2/modeling_mobilenet_v2.py",
        padded(_times_dilation),
    ),
    Rule(
        "dilation-dropped",
        "forces the dilation to 1, in the windows too",
        FORWARD,
        "https://github.com/PaddlePaddle/Paddle2ONNX/issues/1356",
        _undilated,
    ),
    Rule(
        "dilation-in-pads-only",
        "pads for the dilated kernel and reads with an undilated one",
        FORWARD,
        MISTAKE,
        lambda case: of_maps(case, [windows(a.size, a.kernel, a.stride, 1, (a.before, a.after)) for a in case.axes]),
    ),
    Rule(
        "kernel-times-dilation",
        "takes kernel * dilation for the effective kernel",
        FORWARD,
        MISTAKE,
        totalling(lambda a: max((a.output_size - 1) * a.stride + a.kernel * a.dilation - a.size, 0)),
    ),
    Rule(
        "undilated-total-strided",
        "pads for the undilated kernel where it strides",
        FORWARD,
        MISTAKE,
        misread_axis(lambda a: (a.size, a.kernel, a.stride, a.dilation if a.stride == 1 else 1)),
    ),
    Rule(
        "unstrided-where-dilated",
        "drops the stride of an axis that is dilated",
        FORWARD,
        MISTAKE,
        _unstrided_where_dilated,
    ),
    Rule(
        "space-to-batch",
        "strides inside the blocks that dilation made",
        CONVOLUTIONS,
        "https://github.com/tensorflow/tensorflow/issues/57128",
        _space_to_batch,
    ),
    Rule(
        "undilated-total-grouped",
        "pads for the undilated kernel where the convolution is grouped",
        ("conv",),
        MISTAKE,
        lambda case: misread_axis(lambda a: (a.size, a.kernel, a.stride, 1 if case.groups > 1 else a.dilation))(case),
    ),
    Rule(
        "dilation-dropped-strided",
        "forces every dilation to 1 where it strides on any axis, in the windows too",
        FORWARD,
        MISTAKE,
        lambda case: _undilated(case) if max(case.stride) > 1 else plans.same(case),
    ),
    Rule(
        "span-filled",
        "reads every element that lies within a dilated window, those between its taps too",
        POOLS,
        MISTAKE,
        _filled,
    ),
)
