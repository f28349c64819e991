"""A module in PyTorch that owns its weight: called as its users call it, with the kernel of the case in place of it."""

import torch
import torch.nn.functional as F
from torch import nn

from same_conformance import Implementation


class Conv2dSame(nn.Conv2d):
    """Convolve with SAME padding. Nothing in here knows of the suite."""

    def forward(self, x):
        pads = []
        for n, k, s, d in zip(x.shape[2:], self.kernel_size, self.stride, self.dilation):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            pads = [total // 2, total - total // 2, *pads]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def build(case):
    """Build the layer of a case, and return what is called with its operands: twice, or with two sizes in turn."""
    layer = Conv2dSame(
        *case.channels,  # in, out
        kernel_size=case.kernel,
        stride=case.stride,
        dilation=case.dilation,
        groups=case.groups,
        bias=False,  # SAME has none, and that of a new layer is random
        dtype=getattr(torch, case.dtype),  # float32, float64, float16 or bfloat16
    )

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
