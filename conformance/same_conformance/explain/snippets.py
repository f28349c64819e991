"""Write code to copy: the layer in each framework, with its numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from same_conformance.case import POOLS
from same_conformance.padding import SAME, effective_kernel
from same_conformance.repro import calls

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.explain.parameters import Parameters

_LAYERS = {
    "conv": "Conv{rank}D",
    "depthwise_conv": "DepthwiseConv{rank}D",
    "conv_transpose": "Conv{rank}DTranspose",
    "max_pool": "MaxPooling{rank}D",
    "avg_pool": "AveragePooling{rank}D",
}
_ONNX = {
    "conv": "Conv",
    "depthwise_conv": "Conv",
    "conv_transpose": "ConvTranspose",
    "max_pool": "MaxPool",
    "avg_pool": "AveragePool",
}

_NAMED = (
    (r"\b(groups|feature_group_count)=2\b", r"\1=channels"),
    (r"new_ones\(\(2, ", "new_ones((channels, "),
    (r"(tf\.reshape\(kernel, .*), 1, 2\)\)", r"\1, 1, channels))"),
    (r"tf\.split\((\w+), 2, ", r"tf.split(\1, channels, "),
    (r"output_shape=\(1, (.*), 1\)", r"output_shape=(batch, \1, channels)"),
)
"""Where calls of a case hold its numbers of examples and channels, which are no matter of SAME."""


def write(parameters: Parameters) -> dict[str, list[str]]:
    """Return lines of code by framework; what a framework does not offer is a comment that says so.

    Raises:
        CaseError: if the layer is too large for a case.

    """
    case = parameters.padded_alike()
    return {
        "PyTorch": _torch(case),
        "TensorFlow": _tensorflow(case),
        "Keras": _keras(case),
        "JAX": _jax(case),
        "ONNX": _onnx(case),
    }


def _body(name: str, case: Case) -> list[str]:
    """Return what a built-in implementation calls, which a test runs; the batch and the channels of the case get a name."""
    text = "\n".join(calls.BUILT_IN[name].body(case))
    for pattern, named in _NAMED:
        text = re.sub(pattern, named, text)
    return text.splitlines()


def _torch(case: Case) -> list[str]:
    lines = _body("torch-explicit", case)
    pads = [(a.before, a.after) for a in case.axes]
    if any("F.pad" in line for line in lines):
        order = ", then of ".join(f"axis {axis}" for axis in reversed(range(case.rank)))
        what = "before and after of" if case.op != "conv_transpose" else "a negative number crops: before and after of"
        trap = f"# {what} {order}" + (": F.pad takes the last axis first" if case.rank > 1 else "")
        lines = [trap, *lines]
    if case.op in ("conv", "depthwise_conv") and all(b == a for b, a in pads) and any(b for b, _ in pads):
        lines.append(
            f"# the same on both sides here, so padding={tuple(b for b, _ in pads)} of F.conv{case.rank}d does it too"
        )
    imports = ["import torch"] if any("torch." in line for line in lines) else []
    return [*imports, "import torch.nn.functional as F", f"# x is NC{'DHW'[-case.rank :]}", *lines]


def _tensorflow(case: Case) -> list[str]:
    lines = ["import tensorflow as tf", f"# x is {_channels_last(case)}"]
    if case.op in POOLS and max(case.dilation) > 1:
        return [*lines, "# tf.nn.max_pool and avg_pool have no dilation, and tf.nn.pool refuses SAME with one"]
    if case.padding == SAME:
        return [*lines, *_body("tensorflow", case)]
    if case.op not in ("conv", "depthwise_conv"):
        return [*lines, f"# TensorFlow offers no SAME_LOWER for {case.op}"]
    pads = [[0, 0], *([a.before, a.after] for a in case.axes), [0, 0]]
    body = [line.replace('"SAME"', '"VALID"') for line in _body("tensorflow", case)]
    return [*lines, "# there is no SAME_LOWER; tf.pad takes the first axis first", f"x = tf.pad(x, {pads})", *body]


def _keras(case: Case) -> list[str]:
    if case.padding != SAME:
        return ["# Keras offers no SAME_LOWER"]
    if case.op in POOLS and max(case.dilation) > 1:
        return ["# the pooling of Keras has no dilation"]
    if case.op == "depthwise_conv" and case.rank > 2:
        return ["# Keras has no DepthwiseConv3D"]
    if case.output_size and case.output_size != tuple(n * s for n, s in zip(case.size, case.stride, strict=True)):
        return [f'# with padding="same" the output is size * stride, which is not {case.output_size}']
    filters = "filters, " if case.op in ("conv", "conv_transpose") else ""
    dilation = f", dilation_rate={case.dilation}" if max(case.dilation) > 1 else ""
    layer = _LAYERS[case.op].format(rank=case.rank)
    lines = [
        "import keras",
        f'layer = keras.layers.{layer}({filters}{case.kernel}, strides={case.stride}, padding="same"{dilation})',
    ]
    if max(case.stride) > 1 and dilation:
        lines.append("# Keras refuses strides and dilations that both exceed 1; use the framework's own call")
    return lines


def _jax(case: Case) -> list[str]:
    if case.op == "conv_transpose":
        if case.padding != SAME:
            return ["# lax.conv_transpose knows SAME and VALID only"]
        if case.output_size != tuple(n * s for n, s in zip(case.size, case.stride, strict=True)):
            return ["# the output of lax.conv_transpose with SAME is size * stride"]
    imports = ["import jax.numpy as jnp", "import numpy as np"] if case.op in POOLS else []
    imports = [line for line in imports if f"{line.split()[-1]}." in "\n".join(_body("jax", case))]
    return [*imports, "from jax import lax", f"# x is {_channels_last(case)}", *_body("jax", case)]


def _onnx(case: Case) -> list[str]:
    befores, afters = [a.before for a in case.axes], [a.after for a in case.axes]
    inputs = '["x"]' if case.op in POOLS else '["x", "kernel"]'
    attributes: dict[str, object] = {
        "kernel_shape": list(case.kernel),
        "strides": list(case.stride),
        "pads": [*befores, *afters],
    }
    if max(case.dilation) > 1:
        attributes["dilations"] = list(case.dilation)
    if case.op == "depthwise_conv":
        attributes["group"] = "channels"
    if case.op == "conv_transpose":
        lacking = [
            max(a.output_size - (a.size - 1) * a.stride - effective_kernel(a.kernel, a.dilation), 0) for a in case.axes
        ]
        if any(lacking):
            attributes["output_padding"] = lacking
    text = ", ".join(f"{name}={value}" for name, value in attributes.items())
    lines = [
        "from onnx import helper",
        "# pads: what comes before, of all axes, then what comes after",
        f'node = helper.make_node("{_ONNX[case.op]}", {inputs}, ["y"], {text})',
    ]
    if case.op != "conv_transpose":
        mode = "SAME_UPPER" if case.padding == SAME else "SAME_LOWER"
        lines.append(f'# or auto_pad="{mode}" in place of pads, whatever the size')
    return lines


def _channels_last(case: Case) -> str:
    return "N" + "DHW"[-case.rank :] + "C"
