"""Move arrays between our layout, channel last, and that of channel-first frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from same_conformance.case import Case


def channel_first(x: np.ndarray) -> np.ndarray:
    """Turn ``(batch, *size, channels)`` into ``(batch, channels, *size)``."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


def channel_last(y: np.ndarray) -> np.ndarray:
    """Turn ``(batch, channels, *size)`` into ``(batch, *size, channels)``; other shapes are left alone."""
    return np.moveaxis(y, 1, -1) if y.ndim > 1 else y


def kernel_first(kernel: np.ndarray) -> np.ndarray:
    """Turn ``(*kernel, i, o)`` into ``(o, i, *kernel)``."""
    return np.ascontiguousarray(np.moveaxis(kernel, (-1, -2), (0, 1)))


def kernel_last(kernel: np.ndarray) -> np.ndarray:
    """Turn ``(o, i, *kernel)`` into ``(*kernel, i, o)``; other shapes are left alone."""
    return np.moveaxis(kernel, (0, 1), (-1, -2)) if kernel.ndim > 1 else kernel


def grouped_depthwise(case: Case, kernel: np.ndarray) -> np.ndarray:
    """Turn a depthwise kernel ``(*kernel, channels, multiplier)`` into that of a grouped convolution.

    The result is ``(*kernel, 1, channels * multiplier)``, its output channels ordered by input channel first.
    """
    return kernel.reshape(*case.kernel, 1, -1)


def ungrouped_depthwise(case: Case, kernel: np.ndarray) -> np.ndarray:
    """Turn the kernel of a grouped convolution back into a depthwise one; other shapes are left alone."""
    channels, multiplier = case.channels
    if kernel.shape != (*case.kernel, 1, channels * multiplier):
        return kernel
    return kernel.reshape(*case.kernel, channels, multiplier)
