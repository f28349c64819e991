"""Give PyTorch TensorFlow's SAME: a helper to copy, right for every size, kernel, stride, dilation and dtype.

Everything above the line ``implementation =`` needs PyTorch alone: copy it without the import of this package. Inputs are NCHW (or NCW, NCDHW), kernels as in ``torch.nn.functional``.
"""

from __future__ import annotations

from typing import Any, Sequence

from same_conformance import Implementation


def same_padding(size: int, kernel: int, stride: int, dilation: int, *, lower: bool = False) -> tuple[int, int]:
    """Return the elements SAME adds before and after one axis."""
    effective_kernel = (kernel - 1) * dilation + 1
    out = (size + stride - 1) // stride
    total = max((out - 1) * stride + effective_kernel - size, 0)  # 0: a stride above the kernel must not crop
    smaller, larger = total // 2, total - total // 2
    return (larger, smaller) if lower else (smaller, larger)


def pad_same(  # the parameters of the rule, and what to fill with
    x: Any,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    padding: str = "SAME",
    value: float = 0.0,
) -> Any:
    """Pad the spatial axes of `x` as SAME asks; ``F.pad`` wants the last axis first."""
    import torch.nn.functional as F  # noqa: N812  # the name everyone knows it by

    pads: list[int] = []
    for axis in reversed(range(len(kernel))):
        pads += same_padding(
            x.shape[2 + axis], kernel[axis], stride[axis], dilation[axis], lower=padding == "SAME_LOWER"
        )
    return F.pad(x, pads, value=value) if any(pads) else x


def conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, groups: int) -> Any:
    """Convolve with zeros around the input."""
    import torch.nn.functional as F  # noqa: N812

    function = (F.conv1d, F.conv2d, F.conv3d)[len(stride) - 1]
    padded = pad_same(x, kernel.shape[2:], stride, dilation, padding)
    return function(padded, kernel, stride=stride, dilation=dilation, groups=groups)


def depthwise_conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
    """Convolve every channel by itself."""
    return conv(x, kernel, stride=stride, dilation=dilation, padding=padding, groups=x.shape[1])


def conv_transpose(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, output_size: Any) -> Any:
    """Compute the full transposed convolution, then crop what the forward convolution would have padded.

    A negative number in ``F.pad`` crops. Where the full result is too short (effective kernel < stride),
    the missing zeros go to the end.
    """
    import torch.nn.functional as F  # noqa: N812

    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(stride) - 1]
    full = function(x, kernel, stride=stride, dilation=dilation)
    pads: list[int] = []
    for axis in reversed(range(len(stride))):
        out = output_size[axis]
        before, _ = same_padding(
            out, kernel.shape[2 + axis], stride[axis], dilation[axis], lower=padding == "SAME_LOWER"
        )
        pads += (-before, out - (full.shape[2 + axis] - before))
    return F.pad(full, pads)


def max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Take the maximum of the real elements: the padding is -inf."""
    import torch.nn.functional as F  # noqa: N812

    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(window) - 1]
    padded = pad_same(x, window, stride, dilation, padding, value=-float("inf"))
    return function(padded, window, stride, dilation=dilation)


def avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Divide the sum of each window by the number of its real elements.

    Both by convolution with ones, because ``F.avg_pool`` has no dilation, and on the CPU no half precision in 3-D.
    """
    ones = x.new_ones((1, 1, *window))
    keywords = {"stride": stride, "dilation": dilation, "padding": padding}
    sums = depthwise_conv(x, ones.expand(x.shape[1], *ones.shape[1:]), **keywords)
    counts = depthwise_conv(x.new_ones((1, 1, *x.shape[2:])), ones, **keywords)
    return sums / counts


implementation = Implementation(
    name="torch-explicit",
    framework="torch",
    summary="Ours: explicit F.pad by the rule. A helper to copy.",
    conv=conv,
    depthwise_conv=depthwise_conv,
    conv_transpose=conv_transpose,
    max_pool=max_pool,
    avg_pool=avg_pool,
)
