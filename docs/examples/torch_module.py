"""A module in PyTorch that owns its weight: called as its users call it, with the kernel of the case in place of it."""

import torch
import torch.nn.functional as F
from torch import nn

from same_conformance import Implementation


class Conv2dSame(nn.Module):
    """Convolve with SAME padding. Nothing in here knows of the suite."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=(1, 1), dilation=(1, 1), groups=1):
        super().__init__()
        self.stride, self.dilation, self.groups = stride, dilation, groups
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, *kernel_size))

    def forward(self, x):
        pads = []
        for n, k, s, d in zip(x.shape[2:], self.weight.shape[2:], self.stride, self.dilation):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            pads = [total // 2, total - total // 2, *pads]
        return F.conv2d(F.pad(x, pads), self.weight, None, self.stride, 0, self.dilation, self.groups)


def build(case):
    """Build the layer of a case, and return what is called with its operands: twice, or with two sizes in turn."""
    layer = Conv2dSame(*case.channels, case.kernel, case.stride, case.dilation, case.groups)

    def conv(x, kernel):
        return torch.func.functional_call(layer, {"weight": kernel}, x)  # gradients reach the kernel

    return conv


implementation = Implementation(
    name="example-torch-module",
    framework="torch",
    build=build,
    ops=("conv",),
    ranks=(2,),
    paddings=("same",),
    summary="A layer with a weight of its own.",
)
