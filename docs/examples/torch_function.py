"""A function in PyTorch: tensors are (batch, channels, *size), kernels (out, in / groups, *kernel)."""

import torch.nn.functional as F

from same_conformance import Implementation, Unsupported


def pad_same(x, kernel, stride, dilation, value=0.0):
    """Pad what SAME asks for; F.pad takes the last axis first."""
    pads = []
    for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads = [total // 2, total - total // 2, *pads]
    return F.pad(x, pads, value=value)


def conv(x, kernel, *, stride, dilation, padding, groups):
    function = (F.conv1d, F.conv2d, F.conv3d)[len(stride) - 1]
    padded = pad_same(x, kernel.shape[2:], stride, dilation)
    return function(padded, kernel, stride=stride, dilation=dilation, groups=groups)


def max_pool(x, *, window, stride, dilation, padding):
    if x.shape[1] > 64:
        raise Unsupported("more than 64 channels")  # what no claim can say is said like this
    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(stride) - 1]
    padded = pad_same(x, window, stride, dilation, value=float("-inf"))
    return function(padded, window, stride, dilation=dilation)


implementation = Implementation(
    name="example-torch",
    framework="torch",
    conv=conv,
    max_pool=max_pool,
    paddings=("same",),  # not "same_lower"
    summary="Pads by hand, then calls torch.nn.functional.",
)
