"""Pad both sides alike, by some half of the kernel or of the total: right for odd kernels at stride 1, if at all."""

from __future__ import annotations

from same_conformance.case import Axis
from same_conformance.mutants.windows import CONVOLUTIONS, FORWARD, MISTAKE, padded
from same_conformance.rules import Rule


def _total(axis: Axis) -> int:
    return axis.before + axis.after


def _solved_equal(axis: Axis) -> int:
    return -(-((axis.size - 1) * axis.stride + axis.effective_kernel - axis.size) // 2)


def _half_when_strided(axis: Axis) -> int:
    return axis.kernel // 2 if axis.stride > 1 else axis.dilation * (axis.kernel - 1) // 2


def _half_with_stride(axis: Axis) -> int:
    return (axis.stride - 1 + axis.dilation * (axis.kernel - 1)) // 2


def _corrected(axis: Axis) -> tuple[int, int]:
    half = axis.kernel // 2
    return half - (1 - axis.size % 2), half


def _corrected_as_if_even(axis: Axis) -> tuple[int, int]:
    half = axis.kernel // 2
    return (half - 1, half) if axis.stride > 1 else (axis.before, axis.after)


RULES = (
    Rule(
        "half",
        "pads (kernel - 1) // 2 on both sides, whatever stride and dilation",
        FORWARD,
        "https://github.com/pytorch/pytorch/issues/3867",
        padded(lambda a: ((a.kernel - 1) // 2,) * 2),
    ),
    Rule(
        "half-dilated",
        "pads dilation * (kernel - 1) // 2 on both sides, whatever the stride",
        FORWARD,
        "https://github.com/pytorch/pytorch/issues/3867",
        padded(lambda a: (a.dilation * (a.kernel - 1) // 2,) * 2),
    ),
    Rule(
        "half-kernel",
        "pads kernel // 2 on both sides",
        FORWARD,
        "https://github.com/root-project/root/issues/21737",
        padded(lambda a: (a.kernel // 2,) * 2),
    ),
    Rule(
        "half-effective",
        "pads half of the effective kernel, rounded down, on both sides",
        FORWARD,
        MISTAKE,
        padded(lambda a: (a.effective_kernel // 2,) * 2),
    ),
    Rule(
        "half-kernel-dilated",
        "pads dilation * (kernel // 2) on both sides",
        FORWARD,
        MISTAKE,
        padded(lambda a: (a.dilation * (a.kernel // 2),) * 2),
    ),
    Rule(
        "half-then-dilated",
        "pads dilation * ((kernel - 1) // 2) on both sides: halves before it multiplies",
        FORWARD,
        "https://github.com/pytorch/vision/blob/main/torchvision/ops/misc.py",
        padded(lambda a: (a.dilation * ((a.kernel - 1) // 2),) * 2),
    ),
    Rule(
        "half-with-stride",
        "pads (stride - 1 + dilation * (kernel - 1)) // 2 on both sides",
        FORWARD,
        "https://github.com/huggingface/pytorch-image-models/blob/main/timm/layers/padding.py",
        padded(lambda a: (_half_with_stride(a),) * 2),
    ),
    Rule(
        "half-when-strided",
        "pads kernel // 2 on both sides where strided, dilation * (kernel - 1) // 2 elsewhere",
        CONVOLUTIONS,
        "https://github.com/speechbrain/speechbrain/blob/develop/speechbrain/nnet/CNN.py",
        padded(lambda a: (_half_when_strided(a),) * 2),
    ),
    Rule(
        "half-total",
        "pads half of SAME's total, rounded down, on both sides",
        FORWARD,
        "https://github.com/keras-team/keras/issues/18452",
        padded(lambda a: (_total(a) // 2,) * 2),
    ),
    Rule(
        "half-total-up",
        "pads half of SAME's total, rounded up, on both sides",
        FORWARD,
        "https://github.com/lukemelas/EfficientNet-PyTorch/pull/235",
        padded(lambda a: (-(-_total(a) // 2),) * 2),
    ),
    Rule(
        "solve-equal",
        "pads both sides with what would make output and input equally long, rounded up",
        FORWARD,
        MISTAKE,
        padded(lambda a: (_solved_equal(a),) * 2),
    ),
    Rule(
        "half-less-one-if-even",
        "pads kernel // 2 after, and one less before where the size is even: right for stride 2 and odd kernels only",
        FORWARD,
        "https://github.com/keras-team/keras/blob/master/keras/src/applications/imagenet_utils.py",
        padded(_corrected),
    ),
    Rule(
        "half-less-one-if-strided",
        "pads kernel // 2 after and one less before wherever it strides, as if every size were even",
        CONVOLUTIONS,
        "https://github.com/huggingface/transformers/blob/main/src/transformers/models/efficientnet/modeling_efficientnet.py",
        padded(_corrected_as_if_even),
    ),
)
