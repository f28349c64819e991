"""State the SAME rule for one axis, in integers, and nothing else.

Everything in this package that needs to know how SAME pads asks this module.
Words: ``size`` is the number of input elements along the axis, ``kernel`` the number of taps,
``stride`` the step between windows, ``dilation`` the distance between taps; all are positive integers.
"""

from __future__ import annotations

from typing import NamedTuple

SAME = "same"
"""The odd element of padding goes to the end of the axis (ONNX: ``SAME_UPPER``)."""

SAME_LOWER = "same_lower"
"""The odd element of padding goes to the start of the axis."""

MODES = (SAME, SAME_LOWER)


class Padding(NamedTuple):
    """Elements added (forward) or cropped (transposed) at both ends of an axis."""

    before: int
    after: int

    @property
    def total(self) -> int:
        """Return ``before + after``."""
        return self.before + self.after


def effective_kernel(kernel: int, dilation: int) -> int:
    """Return the elements that a dilated window spans: ``(kernel - 1) * dilation + 1``.

    >>> effective_kernel(kernel=3, dilation=2)
    5
    """
    return (kernel - 1) * dilation + 1


def output_size(size: int, stride: int) -> int:
    """Return the output length of convolution and pooling: ``ceil(size / stride)``.

    >>> output_size(size=225, stride=2)
    113
    """
    return -(-size // stride)


def forward(size: int, kernel: int, stride: int, dilation: int, mode: str = SAME) -> Padding:
    """Return what SAME pads for convolution and pooling.

    ::

        out    = ceil(size / stride)
        total  = max((out - 1) stride + effective_kernel - size, 0)
        SAME         before = total // 2,  after = total - before
        SAME_LOWER   after  = total // 2,  before = total - after

    The maximum matters when the stride exceeds the kernel: SAME never crops.
    Source: TensorFlow 2.21, ``core/framework/kernel_shape_util.cc``, ``GetWindowedOutputSizeVerbose``;
    JAX 0.10, ``jax/_src/lax/lax.py``, ``padtype_to_pads``.

    >>> forward(size=224, kernel=7, stride=2, dilation=1)
    Padding(before=2, after=3)
    >>> forward(size=225, kernel=7, stride=2, dilation=1)
    Padding(before=3, after=3)
    """
    out = output_size(size, stride)
    total = max((out - 1) * stride + effective_kernel(kernel, dilation) - size, 0)
    return split(total, mode)


def transposed_output_sizes(size: int, stride: int) -> range:
    """Return every legal output length of a transposed convolution: ``ceil(out / stride) == size``.

    The last, ``size * stride``, is the default.

    >>> list(transposed_output_sizes(size=3, stride=2))
    [5, 6]
    """
    return range((size - 1) * stride + 1, size * stride + 1)


def transposed(
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    output_size: int | None = None,
    mode: str = SAME,
) -> Padding:
    """Return what SAME crops from a full transposed convolution; zeros are missing where it crops less than nothing.

    A transposed convolution is the adjoint of the forward one from ``output_size`` to ``size``, so it crops what
    that one pads. The full result has ``(size - 1) stride + effective_kernel`` elements. Where it is shorter than
    ``output_size``, which takes ``effective_kernel < stride``, nothing is cropped and the missing zeros are
    all at the end.

    ::

        output_size = size * stride, or any length with ceil(output_size / stride) == size
        total       = max((size - 1) stride + effective_kernel - output_size, 0), split as in `forward`

    Source: TensorFlow 2.21, ``core/kernels/conv_grad_shape_utils.cc``, ``ConvBackpropExtractAndVerifyDimension``.

    Raises:
        ValueError: if `output_size` is not a legal length.

    >>> transposed(size=2, kernel=3, stride=2, dilation=1)
    Padding(before=0, after=1)

    """
    legal = transposed_output_sizes(size, stride)
    out = legal[-1] if output_size is None else output_size
    if out not in legal:
        message = (
            f"output_size={out} is not legal for size={size} and stride={stride}: "
            f"ceil(output_size / stride) must be {size}, so use {legal[0]} to {legal[-1]}"
        )
        raise ValueError(message)
    return forward(out, kernel, stride, dilation, mode)


def split(total: int, mode: str) -> Padding:
    """Give the odd element to the side that `mode` names.

    >>> split(3, SAME)
    Padding(before=1, after=2)
    """
    smaller, larger = total // 2, total - total // 2
    if mode == SAME:
        return Padding(smaller, larger)
    if mode == SAME_LOWER:
        return Padding(larger, smaller)
    message = f"padding mode {mode!r} is not known: use one of {', '.join(MODES)}"
    raise ValueError(message)
