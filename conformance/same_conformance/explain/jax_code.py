"""Write a layer for JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance.case import POOLS
from same_conformance.explain.layout import always, letters
from same_conformance.padding import SAME

if TYPE_CHECKING:
    from same_conformance.explain.parameters import Parameters


def write(layer: Parameters) -> list[str]:
    """Return the code."""
    axes = letters(layer)
    mode = '"SAME"' if layer.padding == SAME else '"SAME_LOWER"'
    numbers = f'("N{axes}C", "{axes}IO", "N{axes}C")'
    dilation = "" if set(layer.dilation) == {1} else f", rhs_dilation={always(layer.dilation)}"
    if layer.op in POOLS:
        ones = "" if set(layer.dilation) == {1} else f", window_dilation={always([1, *layer.dilation, 1])}"
        window = f"{always([1, *layer.kernel, 1])}, {always([1, *layer.stride, 1])}, {mode}{ones}"
        head = ["import jax.numpy as jnp", "from jax import lax", "", f"# x is N{axes}C"]
        if layer.op == "max_pool":
            return [*head, f"y = lax.reduce_window(x, -jnp.inf, lax.max, {window})"]
        return [*head, f"total = lax.reduce_window(x, 0.0, lax.add, {window})",
                f"real = lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, {window})",
                "y = total / real  # divided by the real elements only"]  # fmt: skip
    head = ["from jax import lax", ""]
    stride = always(layer.stride)
    if layer.op == "conv":
        return [*head, f"# x is N{axes}C, kernel {axes}IO",
                f"y = lax.conv_general_dilated(x, kernel, {stride}, {mode}{dilation}, dimension_numbers={numbers})"]  # fmt: skip
    if layer.op == "depthwise_conv":
        return [*head, f"# x is N{axes}C, kernel {axes}, 1, channels * multiplier",
                f"y = lax.conv_general_dilated(x, kernel, {stride}, {mode}{dilation}, dimension_numbers={numbers}, feature_group_count=x.shape[-1])"]  # fmt: skip
    what = f"# x is N{axes}C, kernel {axes}OI, that of the forward convolution whose adjoint this is"
    if layer.padding == SAME and all(a.output_size == a.size * a.stride for a in layer.axes):
        return [*head, what,
                f"y = lax.conv_transpose(x, kernel, {stride}, {mode}{dilation}, dimension_numbers={numbers}, transpose_kernel=True)"]  # fmt: skip
    pads = ", ".join(
        f"({a.effective_kernel - 1 - a.before}, {a.output_size - 1 + a.before - (a.size - 1) * a.stride})"
        for a in layer.axes
    )
    ones = always([1] * len(layer.size))
    return [*head, what, "# lax.conv_transpose has neither an output size nor SAME_LOWER, so this pads for this size",
            f"kernel = lax.rev(kernel, {always(range(len(layer.size)))}).swapaxes(-1, -2)",
            f"y = lax.conv_general_dilated(x, kernel, {ones}, [{pads}], lhs_dilation={stride}{dilation}, dimension_numbers={numbers})"]  # fmt: skip
