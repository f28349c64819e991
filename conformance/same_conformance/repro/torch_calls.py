"""Write the calls of the PyTorch implementations that come with this package, with the pads of the case as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from same_conformance import padding as rule
from same_conformance.case import POOLS, Case
from same_conformance.repro import code

Pads = Callable[[Case], Sequence[tuple[int, int]]]
"""From a case to what is padded before and after, in the order in which the axes go to ``F.pad``: the last first."""


def _functional(case: Case, op: str = "") -> str:
    return f"F.{op or case.op}{case.rank}d"


def _keywords(case: Case) -> dict[str, str]:
    """Return stride, dilation and groups, where they are not 1."""
    groups = case.channels[0] if case.op == "depthwise_conv" else case.groups
    values = {"stride": case.stride, "dilation": case.dilation}
    keywords = {name: repr(value) for name, value in values.items() if max(value) > 1}
    return {**keywords, "groups": str(groups)} if groups > 1 else keywords


def _forward(case: Case, x: str, padding: str = "", **more: str) -> list[str]:
    """Call ``F.conv``, ``F.max_pool`` or ``F.avg_pool`` on the tensor `x`."""
    pads = {"padding": padding} if padding else {}
    if case.op in POOLS:
        dilation = {"dilation": repr(case.dilation)} if max(case.dilation) > 1 else {}
        return [
            "result = "
            + code.call(_functional(case), x, repr(case.kernel), stride=repr(case.stride), **pads, **dilation, **more)
        ]
    return ["result = " + code.call(_functional(case, "conv"), x, "kernel", **_keywords(case), **pads)]


def _padded(pads: Sequence[tuple[int, int]], value: str = "") -> str:
    """Return the call that pads ``x``."""
    numbers = repr(tuple(n for pair in pads for n in pair))
    return f"F.pad(x, {numbers}{', value=' + value if value else ''})"


def _same(case: Case) -> list[tuple[int, int]]:
    return [(a.before, a.after) for a in reversed(case.axes)]


def _explicit(case: Case) -> list[str]:
    if case.op == "conv_transpose":
        return _cropped(case)
    pads = _same(case)
    if case.op == "avg_pool":
        ones, groups = f"x.new_ones(({case.channels[0]}, 1, *{case.kernel}))", str(case.channels[0])
        keywords = {**_keywords(case), "groups": groups}
        return [
            f"ones = {ones}",
            "sums = " + code.call(_functional(case, "conv"), _padded(pads), "ones", **keywords),
            f"real = {_padded(pads).replace('(x,', '(torch.ones_like(x),')}",
            "counts = " + code.call(_functional(case, "conv"), "real", "ones", **keywords),
            "result = sums / counts",
        ]
    fill = 'float("-inf")' if case.op == "max_pool" else ""
    return _forward(case, _padded(pads, fill) if any(map(any, pads)) else "x")


def _cropped(case: Case) -> list[str]:
    """Crop the full result; a negative number in ``F.pad`` crops."""
    pads = []
    for a in reversed(case.axes):
        full = (a.size - 1) * a.stride + a.effective_kernel
        before = rule.forward(a.output_size, a.kernel, a.stride, a.dilation, case.padding).before
        pads.append((-before, a.output_size - (full - before)))
    return [
        "full = " + code.call(_functional(case), "x", "kernel", **_keywords(case)),
        f"result = {_padded(pads).replace('(x,', '(full,')}",
    ]


def _symmetric(pad: Callable[[int, int], int]) -> Callable[[Case], list[str]]:
    def body(case: Case) -> list[str]:
        numbers = repr(tuple(pad(a.kernel, a.dilation) for a in case.axes))
        more = {"count_include_pad": "False"} if case.op == "avg_pool" else {}
        return _forward(case, "x", numbers, **more)

    return body


def _padded_by(pads: Pads) -> Callable[[Case], list[str]]:
    def body(case: Case) -> list[str]:
        return _forward(case, _padded(pads(case), 'float("-inf")' if case.op == "max_pool" else ""))

    return body


def _solved_equal(case: Case) -> list[tuple[int, int]]:
    pads = [((a.size - 1) * a.stride + a.effective_kernel - a.size + 1) // 2 for a in reversed(case.axes)]
    return [(p, p) for p in pads]


def _swapped(case: Case) -> list[tuple[int, int]]:
    return [(a.before, a.after) for a in case.axes]


def _half_transposed(case: Case) -> list[str]:
    padding = repr(tuple(k // 2 for k in case.kernel))
    output = repr(tuple(s - 1 for s in case.stride))
    call = code.call(_functional(case), "x", "kernel", **_keywords(case), padding=padding, output_padding=output)
    return [f"result = {call}"]


BODIES: dict[str, Callable[[Case], list[str]]] = {
    "torch-explicit": _explicit,
    "torch-native": lambda case: _forward(case, "x", '"same"'),
    "torch-half": _symmetric(lambda k, _: (k - 1) // 2),
    "torch-half-dilated": _symmetric(lambda k, d: d * (k - 1) // 2),
    "torch-solve-equal": _padded_by(_solved_equal),
    "torch-swapped-axes": _padded_by(_swapped),
    "torch-zero-max-pool": lambda case: _forward(case, _padded(_same(case))),
    "torch-counted-avg-pool": lambda case: _forward(case, _padded(_same(case))),
    "torch-ceil-mode": lambda case: _forward(case, "x", ceil_mode="True"),
    "torch-conv-transpose-half": _half_transposed,
}
