"""Write a layer for Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance.case import POOLS
from same_conformance.explain.layout import always, unless_ones, values
from same_conformance.padding import SAME

if TYPE_CHECKING:
    from same_conformance.explain.parameters import Parameters


_LAYERS = {
    "conv": "Conv{}D(filters, ",
    "depthwise_conv": "DepthwiseConv{}D(",
    "conv_transpose": "Conv{}DTranspose(filters, ",
    "max_pool": "MaxPooling{}D(",
    "avg_pool": "AveragePooling{}D(",
}

_NO_LOWER = "# Keras has no SAME_LOWER, so this pads for this size"


def write(layer: Parameters) -> list[str]:
    """Return the code, or why there is none."""
    rank = len(layer.size)
    refusal = _refusal(layer)
    if refusal:
        return [f"# {refusal}"]
    name = _LAYERS[layer.op].format(rank)
    strides = f", strides={values(layer.stride)}" if layer.op in POOLS else unless_ones("strides", layer.stride)
    dilation = unless_ones("dilation_rate", layer.dilation)
    note = []
    if layer.op == "avg_pool" and any(a.before != a.after for a in layer.axes):
        note = ["# Keras 3.15 on torch is wrong here: it repeats the edge (keras-team/keras#23233)"]
    if layer.padding == SAME:
        code = f'layer = keras.layers.{name}{values(layer.kernel)}{strides}{dilation}, padding="same")'
        return ["import keras", "", *note, code]
    pads = values(always([a.before, a.after]) for a in layer.axes)
    padded = f"    keras.layers.ZeroPadding{rank}D({pads}),"
    layers = [padded, f"    keras.layers.{name}{values(layer.kernel)}{strides}{dilation}),"]
    return ["import keras", "", _NO_LOWER, "layer = keras.Sequential([", *layers, "])"]


def _refusal(layer: Parameters) -> str:
    """Return what Keras does not do of `layer`; empty if it does all."""
    is_pool, strides, dilates = layer.op in POOLS, max(layer.stride) > 1, max(layer.dilation) > 1
    is_depthwise = layer.op == "depthwise_conv"
    shorter = layer.op == "conv_transpose" and any(a.output_size != a.size * a.stride for a in layer.axes)
    reasons = (
        (is_pool and dilates, "Keras has no dilated pooling."),
        (is_depthwise and len(layer.size) == 3, "Keras has no 3-D depthwise convolution."),
        (strides and dilates, "Keras refuses strides and dilations that both exceed 1."),
        (
            is_depthwise and len(set(layer.stride)) > 1,
            "Keras on TensorFlow refuses a depthwise convolution with unequal strides.",
        ),
        (shorter, 'Keras has no output size with padding="same": it gives size * stride.'),
        (
            layer.padding != SAME and layer.op not in ("conv", "depthwise_conv"),
            f"Keras has no SAME_LOWER for {layer.op}.",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "")
