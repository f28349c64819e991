"""Write a layer for PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance.case import POOLS
from same_conformance.explain.layout import always, lacking, letters, unless_ones, values

if TYPE_CHECKING:
    from same_conformance.explain.parameters import Parameters

_LAST_FIRST = "  # last axis first; of each, before and after"


def write(layer: Parameters) -> list[str]:
    """Return the code."""
    by_op = {"conv_transpose": _transposed, "max_pool": _max_pool, "avg_pool": _avg_pool}
    body = by_op.get(layer.op, _conv)(layer)
    imports = ["import torch"] if any("torch.ones_like" in line for line in body) else []
    return [*imports, "import torch.nn.functional as F", "", *body]


def _pads(layer: Parameters) -> str:
    return always([n for a in reversed(layer.axes) for n in (a.before, a.after)])


def _is_padded(layer: Parameters) -> bool:
    return any(a.before or a.after for a in layer.axes)


def _is_even(layer: Parameters) -> bool:
    """Tell whether both sides are padded alike, which torch's own ``padding`` can; in pooling by half a window at most."""
    reaches = layer.op in POOLS and any(a.before > a.kernel // 2 for a in layer.axes)
    return _is_padded(layer) and all(a.before == a.after for a in layer.axes) and not reaches


def _padding(layer: Parameters) -> str:
    return f", padding={values(a.before for a in layer.axes)}"


def _steps(layer: Parameters) -> str:
    return unless_ones("stride", layer.stride) + unless_ones("dilation", layer.dilation)


def _operands(layer: Parameters) -> list[str]:
    """Say what the layouts are, and how to get the kernel of a network that is ported; nothing is flipped."""
    axes = letters(layer)
    permuted = f".permute({', '.join(map(str, (len(axes) + 1, len(axes), *range(len(axes)))))})"
    if layer.op == "depthwise_conv":
        permuted = f".permute({', '.join(map(str, (len(axes), len(axes) + 1, *range(len(axes)))))})"
        theirs, ours, more = f"{axes}, channels, multiplier", f"channels, 1, {axes}", ".flatten(0, 1).unsqueeze(1)"
    else:
        theirs, ours, more = (f"{axes}OI", f"IO{axes}", "") if layer.is_transposed else (f"{axes}IO", f"OI{axes}", "")
    return [f"# x is NC{axes}, kernel {ours}", f"# kernel from TensorFlow's {theirs}: kernel{permuted}{more}"]


def _conv(layer: Parameters) -> list[str]:
    groups = ", groups=x.shape[1]" if layer.op == "depthwise_conv" else ""
    function = f"F.conv{len(layer.axes)}d"
    if _is_even(layer) or not _is_padded(layer):
        padding = _padding(layer) if _is_padded(layer) else ""
        return [*_operands(layer), f"y = {function}(x, kernel{_steps(layer)}{padding}{groups})"]
    return [
        *_operands(layer),
        f"x = F.pad(x, {_pads(layer)}){_LAST_FIRST}",
        f"y = {function}(x, kernel{_steps(layer)}{groups})",
    ]


def _transposed(layer: Parameters) -> list[str]:
    function = f"F.conv_transpose{len(layer.axes)}d"
    longer = [a.output_size - ((a.size - 1) * a.stride + a.effective_kernel - 2 * a.before) for a in layer.axes]
    if all(0 <= more < max(a.stride, a.dilation) for more, a in zip(longer, layer.axes, strict=True)):
        padding = _padding(layer) if any(a.before for a in layer.axes) else ""
        output_padding = f", output_padding={values(longer)}" if any(longer) else ""
        return [*_operands(layer), f"y = {function}(x, kernel{_steps(layer)}{padding}{output_padding})"]
    short = lacking(layer)
    zeros = always([n for lack in reversed(short) for n in (0, lack)])
    crop = ", ".join(f"{a.before}:{a.before + a.output_size}" for a in layer.axes)
    pad = [f"y = F.pad(y, {zeros})  # zeros at the end, where the kernel is shorter than the stride"]
    return [
        *_operands(layer),
        f"y = {function}(x, kernel{_steps(layer)})",
        *(pad if any(short) else []),
        f"y = y[..., {crop}]  # crops what the forward convolution pads",
    ]


def _max_pool(layer: Parameters) -> list[str]:
    axes, window = letters(layer), f"{values(layer.kernel)}, stride={values(layer.stride)}"
    padding = _padding(layer) if _is_even(layer) else ""
    return [
        f"# x is NC{axes}",
        *(
            [f'x = F.pad(x, {_pads(layer)}, value=float("-inf")){_LAST_FIRST}']
            if _is_padded(layer) and not padding
            else []
        ),
        f"y = F.max_pool{len(axes)}d(x, {window}{padding}{unless_ones('dilation', layer.dilation)})",
    ]


def _avg_pool(layer: Parameters) -> list[str]:
    axes, window = letters(layer), f"{values(layer.kernel)}, stride={values(layer.stride)}"
    pads = f"pads = {_pads(layer)}{_LAST_FIRST}"
    if max(layer.dilation) > 1:
        call = f"F.conv{len(axes)}d(F.pad({{}}, pads), ones{_steps(layer)}, groups=channels)"
        return [
            f"# x is NC{axes}; torch's average pooling has no dilation, so sums are a convolution",
            "channels = x.shape[1]",
            f"ones = x.new_ones((channels, 1, {', '.join(map(str, layer.kernel))}))",
            pads,
            f"total = {call.format('x')}",
            f"real = {call.format('torch.ones_like(x)')}",
            "y = total / real",
        ]
    call = f"F.avg_pool{len(axes)}d({{}}, {window})"
    if not _is_padded(layer):
        return [f"# x is NC{axes}", f"y = {call.format('x')}"]
    if _is_even(layer):
        real = "count_include_pad=False"
        return [f"# x is NC{axes}", f"y = F.avg_pool{len(axes)}d(x, {window}{_padding(layer)}, {real})"]
    return [
        f"# x is NC{axes}",
        pads,
        f"total = {call.format('F.pad(x, pads)')}",
        f"real = {call.format('F.pad(torch.ones_like(x), pads)')}",
        "y = total / real  # divided by the real elements only",
    ]
