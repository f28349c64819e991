"""Write a layer as a node of ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance.case import POOLS
from same_conformance.explain.layout import lacking, letters
from same_conformance.padding import SAME

if TYPE_CHECKING:
    from same_conformance.explain.parameters import Parameters


_NODES = {"conv": "Conv", "depthwise_conv": "Conv", "conv_transpose": "ConvTranspose", "max_pool": "MaxPool",
          "avg_pool": "AveragePool"}  # fmt: skip


def write(layer: Parameters) -> list[str]:
    """Return the code."""
    axes = letters(layer)
    is_pool = layer.op in POOLS
    if is_pool and any(max(a.before, a.after) >= a.kernel for a in layer.axes):
        return ["# ONNX Runtime refuses pads as long as the window in pooling: put a Pad node before it."]
    kernel = {"conv": f", kernel OI{axes}", "depthwise_conv": f", kernel channels, 1, {axes}", "conv_transpose": f", kernel IO{axes}"}  # fmt: skip
    attributes = [f"kernel_shape={list(layer.kernel)}", f"strides={list(layer.stride)}"]
    notes = []
    if max(layer.dilation) > 1:
        attributes.append(f"dilations={list(layer.dilation)}")
        if layer.op == "avg_pool":
            notes.append("# dilations of AveragePool need opset 19")
    if layer.op == "depthwise_conv":
        attributes.append("group=channels")
    attributes.append(f"pads={[*(a.before for a in layer.axes), *(a.after for a in layer.axes)]}")
    if layer.op == "conv_transpose" and any(lacking(layer)):
        attributes.append(f"output_padding={lacking(layer)}")
    mode = "SAME_UPPER" if layer.padding == SAME else "SAME_LOWER"
    if layer.op == "conv_transpose":
        notes.append("# runtimes disagree about auto_pad here; numbers leave nothing to them")
    elif max(layer.dilation) > 1:
        notes.append(f"# not auto_pad={mode}: with a dilation ONNX Runtime refuses it or gets it wrong")
    elif is_pool and any(a.stride > a.kernel for a in layer.axes):
        notes.append(f"# not auto_pad={mode}: at stride > kernel ONNX Runtime gets it wrong for some sizes")
    else:
        notes.append(f'# or auto_pad="{mode}" in place of pads, for every size')
    inputs = '["x"]' if is_pool else '["x", "kernel"]'
    return ["from onnx import helper", "", f"# x is NC{axes}{kernel.get(layer.op, '')}",
            f'node = helper.make_node("{_NODES[layer.op]}", {inputs}, ["y"], {", ".join(attributes)})', *notes]  # fmt: skip
