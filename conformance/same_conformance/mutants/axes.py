"""Mix up the axes: their order, or the parameters of one of them for all."""

from __future__ import annotations

from collections.abc import Callable

from same_conformance import padding
from same_conformance.case import POOLS, Case
from same_conformance.mutants.windows import FORWARD, MISTAKE, Parameters, PlanOf, misread, of_maps, windows
from same_conformance.plan import Plan
from same_conformance.rules import Rule

Pairs = list[tuple[int, int]]


def _pads(choose: Callable[[Pairs], Pairs]) -> PlanOf:
    """Pad what `choose` makes of the pads that SAME asks for, axis by axis."""

    def plan(case: Case) -> Plan:
        pads = choose([(a.before, a.after) for a in case.axes])
        return of_maps(case, [windows(*a[:4], p) for a, p in zip(case.axes, pads, strict=True)])

    return plan


def _with_windows_of(case: Case, parameters: list[tuple[int, int, int]]) -> Plan:
    """Do SAME with another kernel, stride and dilation per axis."""
    pads = [padding.forward(n, *wrong, case.padding) for n, wrong in zip(case.size, parameters, strict=True)]
    return of_maps(case, [windows(n, *w, p) for n, w, p in zip(case.size, parameters, pads, strict=True)])


SIZE, KERNEL, STRIDE, DILATION = range(4)
_DEEP = 3
"""Axes of which two may be exchanged and one not."""


def _parameter(which: int, axis: Callable[[int, int], int]) -> PlanOf:
    """Compute the padding of axis i of n with the parameter `which` of axis ``axis(i, n)``."""

    def parameters(case: Case) -> list[Parameters]:
        found = []
        for i, a in enumerate(case.axes):
            values = list(a[:4])
            values[which] = case.axes[axis(i, case.rank)][which]
            found.append((values[0], values[1], values[2], values[3]))
        return found

    return misread(parameters)


def _first(_: int, __: int) -> int:
    return 0


def _last(_: int, n: int) -> int:
    return n - 1


def _reversed(i: int, n: int) -> int:
    return n - 1 - i


def _begins_and_ends(pads: Pairs) -> list[int]:
    return [before for before, _ in pads] + [after for _, after in pads]


def _in_pairs(numbers: list[int]) -> Pairs:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _in_halves(numbers: list[int]) -> Pairs:
    half = len(numbers) // 2
    return list(zip(numbers[:half], numbers[half:], strict=True))


def _odd_element_shared(case: Case) -> Plan:
    """Keep one half per axis, and add the odd element wherever the first axis has one."""
    odd = (case.axes[0].before + case.axes[0].after) % 2
    halves = [(a.before + a.after) // 2 for a in case.axes]
    pads = [padding.split(2 * half + odd, case.padding) for half in halves]
    return of_maps(case, [windows(*a[:4], p) for a, p in zip(case.axes, pads, strict=True)])


def _third_axis_swapped(case: Case) -> Plan:
    pads = [(a.after, a.before) if i == 2 else (a.before, a.after) for i, a in enumerate(case.axes)]
    return of_maps(case, [windows(*a[:4], p) for a, p in zip(case.axes, pads, strict=True)])


RULES = (
    Rule(
        "swapped-axes",
        "pads the axes in reverse order, the last with what the first needs",
        FORWARD,
        "https://github.com/kornia/kornia/issues/709",
        _pads(lambda pads: pads[::-1]),
    ),
    Rule(
        "last-two-axes-swapped",
        "pads the last two of three axes for each other, the width with what the height needs",
        FORWARD,
        MISTAKE,
        _pads(lambda pads: [*pads[:-2], *reversed(pads[-2:])] if len(pads) == _DEEP else pads),
    ),
    Rule(
        "axes-rotated",
        "pads each axis with what the next one needs, and the last of three with what the first does",
        FORWARD,
        MISTAKE,
        _pads(lambda pads: [*pads[1:], pads[0]] if len(pads) == _DEEP else pads),
    ),
    Rule(
        "begins-ends-as-pairs",
        "takes a list of pads, all begins and then all ends as in ONNX, for a pair of each axis",
        FORWARD,
        MISTAKE,
        _pads(lambda pads: _in_pairs(_begins_and_ends(pads))),
    ),
    Rule(
        "pairs-as-begins-ends",
        "takes a list of pads, a pair of each axis, for all begins and then all ends as in ONNX",
        FORWARD,
        MISTAKE,
        _pads(lambda pads: _in_halves([number for pair in pads for number in pair])),
    ),
    Rule(
        "last-axis-only",
        "pads the last axis only",
        FORWARD,
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html",
        _pads(lambda pads: [(0, 0)] * (len(pads) - 1) + pads[-1:]),
    ),
    Rule(
        "last-two-axes-only",
        "pads the last two axes only, like code written for two",
        FORWARD,
        MISTAKE,
        _pads(lambda pads: [(0, 0)] * (len(pads) - 2) + pads[-2:]),
    ),
    Rule(
        "first-axis-pads",
        "pads every axis like the first",
        FORWARD,
        "https://github.com/Oldpan/Faceswap-Deepfake-Pytorch/issues/1",
        _pads(lambda pads: pads[:1] * len(pads)),
    ),
    Rule(
        "largest-pads",
        "pads every axis like the one that needs most",
        FORWARD,
        MISTAKE,
        _pads(lambda pads: [max(pads, key=sum)] * len(pads)),
    ),
    Rule(
        "odd-element-shared",
        "adds the odd element on every axis where the first has one",
        FORWARD,
        MISTAKE,
        _odd_element_shared,
    ),
    Rule(
        "third-axis-swapped",
        "puts the odd element of the third axis on the wrong side",
        FORWARD,
        MISTAKE,
        _third_axis_swapped,
    ),
    Rule(
        "sizes-reversed",
        "pads for the sizes in reverse order, width before height",
        FORWARD,
        MISTAKE,
        _parameter(SIZE, _reversed),
    ),
    Rule(
        "kernel-reversed",
        "pads for the kernel's axes in reverse order",
        FORWARD,
        MISTAKE,
        _parameter(KERNEL, _reversed),
    ),
    Rule("strides-reversed", "pads for the strides in reverse order", FORWARD, MISTAKE, _parameter(STRIDE, _reversed)),
    Rule(
        "first-axis-size",
        "pads every axis for the size of the first",
        FORWARD,
        "https://github.com/keras-team/keras/issues/19721",
        _parameter(SIZE, _first),
    ),
    Rule(
        "first-axis-kernel",
        "pads every axis for the kernel of the first",
        FORWARD,
        MISTAKE,
        _parameter(KERNEL, _first),
    ),
    Rule(
        "first-axis-stride",
        "pads every axis for the stride of the first",
        FORWARD,
        MISTAKE,
        _parameter(STRIDE, _first),
    ),
    Rule(
        "first-axis-dilation",
        "pads every axis for the dilation of the first",
        FORWARD,
        MISTAKE,
        _parameter(DILATION, _first),
    ),
    Rule(
        "last-axis-dilation",
        "pads every axis for the dilation of the last",
        FORWARD,
        "https://github.com/clang-ykt/ONNF/pull/48",
        _parameter(DILATION, _last),
    ),
    Rule(
        "first-axis-stride-throughout",
        "strides every axis like the first",
        FORWARD,
        MISTAKE,
        lambda case: _with_windows_of(case, [(a.kernel, case.stride[0], a.dilation) for a in case.axes]),
    ),
    Rule(
        "window-reversed",
        "takes the window's axes in reverse order, height for width",
        POOLS,
        MISTAKE,
        lambda case: _with_windows_of(
            case, [(k, a.stride, a.dilation) for a, k in zip(case.axes, case.kernel[::-1], strict=True)]
        ),
    ),
)
