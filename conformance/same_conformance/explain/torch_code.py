"""Write a layer for PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def _steps(layer: Parameters) -> str:
    return unless_ones("stride", layer.stride) + unless_ones("dilation", layer.dilation)


def _conv(layer: Parameters) -> list[str]:
    axes, groups = letters(layer), ", groups=x.shape[1]" if layer.op == "depthwise_conv" else ""
    same = _is_padded(layer) and all(a.before == a.after for a in layer.axes)
    both = f"  # or padding={values(a.before for a in layer.axes)} here, without F.pad" if same else ""
    return [
        f"# x is NC{axes}, kernel {'channels, 1, ' + axes if groups else 'OI' + axes}",
        *([f"x = F.pad(x, {_pads(layer)}){_LAST_FIRST}"] if _is_padded(layer) else []),
        f"y = F.conv{len(axes)}d(x, kernel{_steps(layer)}{groups}){both}",
    ]


def _transposed(layer: Parameters) -> list[str]:
    axes, short = letters(layer), lacking(layer)
    zeros = always([n for lack in reversed(short) for n in (0, lack)])
    crop = ", ".join(f"{a.before}:{a.before + a.output_size}" for a in layer.axes)
    pad = [f"y = F.pad(y, {zeros})  # zeros at the end, where the kernel is shorter than the stride"]
    return [
        f"# x is NC{axes}, kernel IO{axes}",
        f"y = F.conv_transpose{len(axes)}d(x, kernel{_steps(layer)})",
        *(pad if any(short) else []),
        f"y = y[..., {crop}]  # crops what the forward convolution pads",
    ]


def _max_pool(layer: Parameters) -> list[str]:
    axes, window = letters(layer), f"{values(layer.kernel)}, stride={values(layer.stride)}"
    return [
        f"# x is NC{axes}",
        *([f'x = F.pad(x, {_pads(layer)}, value=float("-inf")){_LAST_FIRST}'] if _is_padded(layer) else []),
        f"y = F.max_pool{len(axes)}d(x, {window}{unless_ones('dilation', layer.dilation)})",
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
    return [
        f"# x is NC{axes}",
        pads,
        f"total = {call.format('F.pad(x, pads)')}",
        f"real = {call.format('F.pad(torch.ones_like(x), pads)')}",
        "y = total / real  # divided by the real elements only",
    ]
