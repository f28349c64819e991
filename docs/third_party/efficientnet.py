"""EfficientNet-PyTorch: the layers that many ports of TensorFlow networks have copied."""

from installed import version

from same_conformance import Implementation, Unsupported


def build_dynamic(case):
    """Return the layer for `case` that pads for the size of each input."""
    from efficientnet_pytorch import utils

    return _build(case, utils.Conv2dDynamicSamePadding, utils.MaxPool2dDynamicSamePadding)


def build_static(case):
    """Return the layer for `case` that pads for the size it is built for."""
    from functools import partial

    from efficientnet_pytorch import utils

    size = {"image_size": case.size}
    return _build(
        case, partial(utils.Conv2dStaticSamePadding, **size), partial(utils.MaxPool2dStaticSamePadding, **size)
    )


def _build(case, conv, max_pool):
    import torch

    if case.op == "max_pool":
        return max_pool(case.kernel, case.stride, dilation=case.dilation)
    if case.op == "conv":
        channels, groups = case.channels, case.groups
    elif case.op == "depthwise_conv":
        channels, groups = (case.channels[0], case.channels[0] * case.channels[1]), case.channels[0]
    else:
        raise Unsupported(f"there is no {case.op}")
    layer = conv(*channels, case.kernel, case.stride, dilation=case.dilation, groups=groups, bias=False)
    return lambda x, kernel: torch.func.functional_call(layer, {"weight": kernel}, x)


dynamic = Implementation(
    name="efficientnet-dynamic",
    version=version("efficientnet-pytorch"),
    framework="torch",
    summary="Conv2dDynamicSamePadding and MaxPool2dDynamicSamePadding of EfficientNet-PyTorch.",
    homepage="https://github.com/lukemelas/EfficientNet-PyTorch",
    build=build_dynamic,
    ranks=(2,),
    paddings=("same",),
)

static = Implementation(
    name="efficientnet-static",
    version=version("efficientnet-pytorch"),
    framework="torch",
    summary="Conv2dStaticSamePadding and MaxPool2dStaticSamePadding of EfficientNet-PyTorch: pads for one size only.",
    homepage="https://github.com/lukemelas/EfficientNet-PyTorch",
    build=build_static,
    ranks=(2,),
    paddings=("same",),
)
