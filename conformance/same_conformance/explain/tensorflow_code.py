"""Write a layer for TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance.case import POOLS
from same_conformance.explain.layout import letters, unless_ones, values
from same_conformance.padding import SAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from same_conformance.explain.parameters import Parameters

_NO_LOWER = "# TensorFlow has no SAME_LOWER, so this {} for this size"


def write(layer: Parameters) -> list[str]:
    """Return the code."""
    dilates = max(layer.dilation) > 1
    if layer.op in POOLS:
        if dilates:
            return ["# TensorFlow has no dilated pooling with SAME: tf.nn.pool refuses it."]
        body = _pool(layer)
    elif layer.op == "conv_transpose":
        body = _transposed(layer)
    else:
        body = _conv(layer)
    needs_onednn = dilates and (len(layer.size) == 3 or layer.op == "conv_transpose")
    hint = ["# On a CPU only oneDNN can dilate this: set TF_ENABLE_ONEDNN_OPTS=1 before the import."]
    return [*(hint if needs_onednn else []), "import tensorflow as tf", "", *body]


def _mode(layer: Parameters) -> str:
    return '"SAME"' if layer.padding == SAME else '"VALID"'


def _pads(layer: Parameters) -> str:
    return f"[[0, 0], {', '.join(str([a.before, a.after]) for a in layer.axes)}, [0, 0]]"


def _lower(layer: Parameters) -> list[str]:
    first = "; tf.pad takes the first axis first"
    return [] if layer.padding == SAME else [_NO_LOWER.format("pads") + first]


def _pool(layer: Parameters) -> list[str]:
    head = [f"# x is N{letters(layer)}C", *_lower(layer)]
    window = f"ksize={values(layer.kernel)}, strides={values(layer.stride)}, padding={_mode(layer)}"
    function = f"tf.nn.{layer.op}{len(layer.size)}d"
    if layer.padding == SAME:
        return [*head, f"y = {function}(x, {window})"]
    if layer.op == "max_pool":
        pad = f"x = tf.pad(x, {_pads(layer)}, constant_values=x.dtype.min)"
        return [*head, pad, f"y = {function}(x, {window})"]
    return [
        *head,
        f"pads = {_pads(layer)}",
        f"total = {function}(tf.pad(x, pads), {window})",
        f"real = {function}(tf.pad(tf.ones_like(x), pads), {window})",
        "y = total / real  # divided by the real elements only",
    ]


def _conv(layer: Parameters) -> list[str]:
    rank, axes = len(layer.size), letters(layer)
    pad = [] if layer.padding == SAME else [*_lower(layer), f"x = tf.pad(x, {_pads(layer)})"]
    strides = f"{'stride' if rank == 1 else 'strides'}={_spread(layer.stride)}"
    dilations = "" if set(layer.dilation) == {1} else f", dilations={_spread(layer.dilation)}"
    call = f"tf.nn.conv{rank}d({{}}, {{}}, {strides}, padding={_mode(layer)}{dilations})"
    if layer.op == "conv":
        return [f"# x is N{axes}C, kernel {axes}IO", *pad, f"y = {call.format('x', 'kernel')}"]
    trap = "not tf.nn.depthwise_conv2d, which is wrong where it strides and dilates"
    head = [f"# x is N{axes}C, kernel {axes}, channels, multiplier; {trap}", *pad]
    if rank < 3:
        grouped = f"kernel = tf.reshape(kernel, (*kernel.shape[:{rank}], 1, -1))"
        return [*head, grouped, f"y = {call.format('x', 'kernel')}"]
    return [
        *head,
        "# tf.nn.conv3d has no groups: channel by channel",
        "pairs = zip(tf.split(x, x.shape[-1], axis=-1), tf.split(kernel, x.shape[-1], axis=-2))",
        f"y = tf.concat([{call.format('a', 'b')} for a, b in pairs], axis=-1)",
    ]


def _spread(numbers: Sequence[int]) -> str:
    """Return strides or dilations; ``tf.nn.conv3d`` alone wants those of batch and channels too."""
    return f"(1, {', '.join(map(str, numbers))}, 1)" if len(numbers) == 3 else values(numbers)


def _transposed(layer: Parameters) -> list[str]:
    rank, axes = len(layer.size), letters(layer)
    keywords = f"strides={values(layer.stride)}, padding={_mode(layer)}{unless_ones('dilations', layer.dilation)}"
    call = f"y = tf.nn.conv{rank}d_transpose(x, kernel, output_shape=(x.shape[0], {{}}, kernel.shape[-2]), {keywords})"
    head = f"# x is N{axes}C, kernel {axes}OI"
    if layer.padding == SAME:
        return [head, call.format(", ".join(map(str, layer.output_size)))]
    full = [max((a.size - 1) * a.stride + a.effective_kernel, a.before + a.output_size) for a in layer.axes]
    crop = ", ".join(f"{a.before}:{a.before + a.output_size}" for a in layer.axes)
    return [head, _NO_LOWER.format("crops"), call.format(", ".join(map(str, full))), f"y = y[:, {crop}]"]
