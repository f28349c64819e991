"""Say where oneDNN must not be called, because what it does there changes from run to run or harms later cases."""

from __future__ import annotations

from same_conformance import Case
from same_conformance.case import POOLS

_BLOCK = 16
"""Channels from which on `corrupts_memory` does not show: 8 with AVX2, 16 with AVX-512."""


def corrupts_memory(case: Case) -> str:
    """Return why the gradient by the kernel of a case must not be asked for; empty if it may.

    For a strided 1x1 kernel and few channels in channel-last order oneDNN writes past its workspace. What breaks is
    whatever lies there, now or later.
    """
    if case.op in POOLS or case.rank != 2 or max(case.kernel) > 1 or max(case.stride) == 1:
        return ""
    n_read = (
        case.channels[1] if case.op == "conv_transpose" else case.channels[0]
    )  # by the convolution whose kernel it is
    n_groups = n_read if case.op == "depthwise_conv" else case.groups
    if n_groups > 1 or n_read >= _BLOCK:
        return ""
    return "oneDNN writes past its memory for the kernel gradient of a strided 1x1 convolution (oneDNN issue 6035)"


def is_unstable(case: Case) -> str:
    """Return why the gradient by the kernel of a case must not be judged; empty if it may."""
    if case.op in POOLS or case.dtype != "bfloat16":
        return ""
    windows = case.size if case.op == "conv_transpose" else case.output_shape[1:-1]
    if 1 not in windows:
        return ""
    return "with AVX-512, oneDNN's bfloat16 kernel gradient differs from run to run where an output axis has length 1"
