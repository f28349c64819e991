"""timm: convolution and pooling with ``padding="same"``, as its ports of TensorFlow networks use them."""

import importlib
import sys
import types
from importlib.util import find_spec
from pathlib import Path

from installed import version

from same_conformance import Implementation, Unsupported


def _module(name):
    """Import a module of ``timm.layers`` alone: all of timm would need a torchvision that fits this torch."""
    if "timm" not in sys.modules:
        folder = Path(find_spec("timm").origin).parent
        for package, path in (("timm", folder), ("timm.layers", folder / "layers")):
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [str(path)]
    return importlib.import_module(f"timm.layers.{name}")


def build(case):
    """Return the layer that timm creates for `case`."""
    import torch

    if case.op in ("max_pool", "avg_pool"):
        return _pool(case)
    if case.op == "conv":
        channels, groups = case.channels, case.groups
    elif case.op == "depthwise_conv":
        channels, groups = (case.channels[0], case.channels[0] * case.channels[1]), case.channels[0]
    else:
        raise Unsupported(f"timm has no {case.op}")
    layer = _module("conv2d_same").create_conv2d_pad(
        *channels, case.kernel, stride=case.stride, dilation=case.dilation, groups=groups, padding="same"
    )
    return lambda x, kernel: torch.func.functional_call(layer, {"weight": kernel}, x)


def _pool(case):
    parameters = {"stride": case.stride, "padding": "same"}
    if case.op == "max_pool":
        return _module("pool2d_same").create_pool2d("max", case.kernel, dilation=case.dilation, **parameters)
    if max(case.dilation) > 1:
        raise Unsupported("torch's average pooling has no dilation")
    return _module("pool2d_same").create_pool2d("avg", case.kernel, count_include_pad=False, **parameters)


implementation = Implementation(
    name="timm",
    version=version("timm"),
    framework="torch",
    summary="create_conv2d_pad and create_pool2d of timm with padding='same', and count_include_pad=False.",
    homepage="https://github.com/huggingface/pytorch-image-models",
    build=build,
    ranks=(2,),
    paddings=("same",),
)
