"""Describe a padding rule as what it does: which input element each window position reads.

A plan is the common language of the spec, of wrong rules and of diagnosis: two implementations that pad
differently have different plans, and one NumPy routine (`same_conformance.spec`) executes any plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from same_conformance.case import Case

PADDED = -1
"""Entry of an index map where a window position reads padding instead of an input element."""


def index_map(  # the parameters of one axis, all by name
    *, size: int, kernel: int, stride: int, dilation: int, before: int, out: int
) -> np.ndarray:
    """Return which input element each window position reads along one axis.

    Entry ``[o, j]`` is ``o * stride + j * dilation - before`` where that is an input element, else `PADDED`.
    Shape ``(out, kernel)``.

    >>> index_map(size=4, kernel=3, stride=2, dilation=1, before=0, out=2).tolist()
    [[0, 1, 2], [2, 3, -1]]
    """
    reads = np.arange(out)[:, None] * stride + np.arange(kernel)[None, :] * dilation - before
    reads[(reads < 0) | (reads >= size)] = PADDED
    return reads


@dataclass(frozen=True)
class Plan:
    """What a rule does with one case.

    Attributes:
        maps: an index map per axis, ``(out, kernel)``; for a transposed convolution that of the forward convolution
            whose adjoint it is, ``(size, kernel)``, with entries that name output elements.
        out: output elements per axis.
        fill: what max pooling sees where it reads padding; convolution and average pooling always see 0.
        divisor: per axis, what average pooling divides each output element by, ``(out,)``; the product over
            the axes is the divisor.

    """

    maps: tuple[np.ndarray, ...]
    out: tuple[int, ...]
    fill: float = -np.inf
    divisor: tuple[np.ndarray, ...] = ()

    def reads_padding_only(self) -> np.ndarray:
        """Tell for each output position whether its whole window is padding; shape `out`."""
        touched: np.ndarray = np.ones((), dtype=bool)
        for reads in self.maps:
            touched = touched[..., None] & (reads != PADDED).any(axis=1)
        return ~touched


def outer(per_axis: Iterable[np.ndarray]) -> np.ndarray:
    """Return the outer product of one vector per axis."""
    product: np.ndarray = np.ones(())
    for values in per_axis:
        product = product[..., None] * values
    return product


def real_elements(reads: np.ndarray) -> np.ndarray:
    """Return how many real elements each window reads, shape ``(out,)``: SAME's divisor."""
    return np.asarray((reads != PADDED).sum(axis=1))


def same(case: Case) -> Plan:
    """Return the plan that SAME (or SAME_LOWER) asks for."""
    transposed = case.op == "conv_transpose"
    maps = tuple(
        index_map(
            size=a.output_size if transposed else a.size,
            kernel=a.kernel,
            stride=a.stride,
            dilation=a.dilation,
            before=a.before,
            out=a.size if transposed else a.output_size,
        )
        for a in case.axes
    )
    divisor = tuple(real_elements(m) for m in maps) if case.op == "avg_pool" else ()
    return Plan(maps, tuple(a.output_size for a in case.axes), divisor=divisor)
