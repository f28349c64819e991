"""Recognise who does not check the borders: beyond an edge it reads on in memory, in the next row, channel or example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from same_conformance.diagnosis.channels import served
from same_conformance.plan import PADDED

if TYPE_CHECKING:
    from same_conformance.case import Case

SENTENCE = (
    "does not stop at the borders: where it should read padding, it reads on in memory, in the next row or example"
)


def reads_on(case: Case, element: np.ndarray, taps: list[tuple[int, ...]]) -> bool:
    """Tell whether each tap reads the element that lies in memory where the position would, were there no borders.

    `element` is the number of the input element that each tap reads, negative where it reads none:
    ``(tap, batch, *out, channels)``; a tap is its place in the kernel, channels last.
    """
    if case.op == "conv_transpose" or element.shape[1:] != case.output_shape:
        return False
    n_channels = case.operand_shapes[0][-1]
    total = int(np.prod(case.operand_shapes[0]))
    goes_beyond = False
    for number, tap in enumerate(taps):
        to_channel, from_channel = served(case, *tap[case.rank :])
        memory = np.arange(case.batch)
        inside = np.ones((), dtype=bool)
        for axis, j in zip(case.axes, tap, strict=False):
            position = np.arange(axis.output_size) * axis.stride + j * axis.dilation - axis.before
            memory = memory[..., None] * axis.size + position
            inside = inside[..., None] & (position >= 0) & (position < axis.size)
        memory = memory * n_channels + from_channel
        read = element[number][..., to_channel]
        if not np.array_equal(read, np.where((memory >= 0) & (memory < total), memory, PADDED)):
            return False
        goes_beyond = goes_beyond or bool((read[:, ~inside] >= 0).any())
    return goes_beyond
