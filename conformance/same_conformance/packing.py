"""Pack axis cases into the dimensions of few cases, because SAME works axis by axis.

An axis case is one point of the parameters of one axis; `box` has all of them up to `LARGEST`. Three sweeps cover it:

- `homogeneous`: a different axis case in each dimension, all of one `AxisClass`, so that what an implementation refuses
  costs the verdict of nothing else, and implementations that want equal strides get them;
- `mixed`: the box once more, in pairs that differ in stride and dilation;
- `stretched`: sizes of real networks and large ones, each beside a small axis.

Who claims one dimension only gets `lines`: every axis case as a case of its own.

Large axes go with small ones, so no case has more than `LARGEST_PACK` products. Everything is a pure function of its arguments.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from same_conformance import padding as rule
from same_conformance.case import Axis, Case

LARGEST = Axis(size=24, kernel=8, stride=6, dilation=4, output_size=144, before=0, after=0)
"""The corner of the box."""

LARGEST_IN_3D = LARGEST._replace(size=8, kernel=4)
"""That of the part of the box that is packed in three dimensions too."""

LARGEST_PACK = 1 << 18
"""Products, windows times taps, and elements of the largest packed case (2 MiB in float64); most have a few hundred."""

STRETCHED_SIZES = (
    *(28, 32, 33, 35, 56, 64, 65, 71, 73, 75, 97, 112, 128, 129, 147, 149, 150, 160, 192, 224, 225, 227, 240, 256, 257),
    *(260, 299, 300, 331, 380, 416, 456, 480, 512, 513, 528, 600, 608, 640),
    *(1000, 1024, 1025, 2047, 4096, 10007),
)
"""What networks take in and pass on (ResNet, Inception, Xception, NASNet, EfficientNet, DeepLab, YOLO), then large ones."""

_STRETCHED = tuple(product((2, 3, 4, 7), (1, 2, 3), (1, 2)))
"""Kernel, stride and dilation of the stretched axes."""

_CANDIDATES = 32
"""Small axes among which the mixed sweep looks for one that differs; more would pair no better and take longer."""


class AxisClass(NamedTuple):
    """What implementations refuse cases by, and what hides other axes of the same case.

    Attributes:
        stride, dilation: themselves, because some want all axes to have the same.
        exceeds_kernel: whether the stride exceeds the kernel.
        is_shorter: whether a transposed convolution has less than its default output.
        is_blind: whether no window reads a real element; then the whole result is 0, or nothing says what it is.

    """

    stride: int
    dilation: int
    exceeds_kernel: bool
    is_shorter: bool
    is_blind: bool


def box(op: str, padding: str = rule.SAME, corner: Axis = LARGEST) -> list[Axis]:
    """Return every axis case of `op` up to `corner`; a transposed convolution has its full and its shortest output.

    >>> len(box("conv")), len(box("conv_transpose"))
    (4608, 8448)
    """
    ranges = (range(1, largest + 1) for largest in corner[:4])
    return [axis for n, k, s, d in product(*ranges) for axis in _axes(op, padding, n, k, s, d)]


def is_in_box(axis: Axis) -> bool:
    """Tell whether an axis is one of `box`; of other output sizes of transposed convolutions, none is."""
    full = axis.size * axis.stride
    outputs = (rule.output_size(axis.size, axis.stride), full, full - axis.stride + 1)
    return all(a <= b for a, b in zip(axis[:4], LARGEST[:4], strict=True)) and axis.output_size in outputs


def class_of(op: str, axis: Axis) -> AxisClass:
    """Return the class of an axis case of `op`."""
    shorter = op == "conv_transpose" and axis.output_size < axis.size * axis.stride
    return AxisClass(axis.stride, axis.dilation, axis.stride > axis.kernel, shorter, _is_blind(op, axis))


def case_of(op: str, axes: Sequence[Axis], padding: str) -> Case:
    """Return the case with these axes, in float32 with the fewest channels that tell `op` from another.

    A depthwise convolution has two: with one it is a convolution, and goes the way of one.
    """
    size, kernel, stride, dilation, out, *_ = zip(*axes, strict=True)
    return Case(
        op,
        size,
        kernel,
        stride,
        dilation,
        padding=padding,
        channels=(2, 1) if op == "depthwise_conv" else (),
        output_size=out if op == "conv_transpose" else (),
    )


def homogeneous(op: str, padding: str, *, rank: int = 2, seed: int = 0) -> list[Case]:
    """Return cases of `rank` axes of one class each that hold every axis case of the box, in 3-D of its smaller part."""
    corner = LARGEST_IN_3D if rank > 2 else LARGEST
    groups: dict[AxisClass, list[Axis]] = {}
    for axis in box(op, padding, corner):
        groups.setdefault(class_of(op, axis), []).append(axis)
    order = _order(op, padding, rank, seed)
    return [
        _packed(op, axes, padding, order) for group in groups.values() for axes in _balanced(op, group, rank, order)
    ]


def mixed(op: str, padding: str, *, seed: int = 0) -> list[Case]:
    """Return 2-D cases that hold every axis case but the blind ones, with axes that differ in stride and dilation where they can."""
    order = _order(op, padding, "mixed", seed)
    seeing = [(order(axis), axis) for axis in box(op, padding) if not _is_blind(op, axis)]
    by_cost = sorted(seeing, key=lambda item: (_cost(op, item[1]), item[0]))
    half = len(by_cost) // 2
    small, large = by_cost[: len(by_cost) - half], by_cost[len(by_cost) - half :]
    cases = []
    for _, axis in reversed(large):
        chosen = min(small[:_CANDIDATES], key=lambda item: (_n_alike(axis, item[1]), item[0]))
        small.remove(chosen)
        cases.append(_packed(op, (axis, chosen[1]), padding, order))
    cases += [_packed(op, (axis, large[0][1]), padding, order) for _, axis in small]
    return cases


def stretched(op: str, padding: str, *, seed: int = 0) -> list[Case]:
    """Return 2-D cases with one axis of the size that networks have, or larger, and a small one of its class."""
    order = _order(op, padding, "stretched", seed)
    partners: dict[AxisClass, list[Axis]] = {}
    for axis in box(op, padding, LARGEST._replace(size=6, kernel=4, stride=3, dilation=2)):
        partners.setdefault(class_of(op, axis), []).append(axis)
    cases = []
    for n, (k, s, d) in product(STRETCHED_SIZES, _STRETCHED):
        for axis in _axes(op, padding, n, k, s, d):
            room = LARGEST_PACK // _cost(op, axis)
            fitting = [a for a in partners[class_of(op, axis)] if _cost(op, a) <= room]
            chosen = min(fitting, key=lambda a: order(axis._replace(before=order(a))))
            cases.append(_packed(op, (axis, chosen), padding, order))
    return cases


def sweeps(op: str, *, seed: int = 0) -> Iterator[Case]:
    """Yield every packed case of `op`: both modes in 2-D and, in part, in 3-D; mixed and stretched in SAME, which everyone has."""
    for padding, rank in product(rule.MODES, (2, 3)):
        yield from homogeneous(op, padding, rank=rank, seed=seed)
    yield from mixed(op, rule.SAME, seed=seed)
    yield from stretched(op, rule.SAME, seed=seed)


def lines(op: str) -> Iterator[Case]:
    """Yield every axis case alone, in 1-D and in both modes: for whoever has nothing else to pack it into."""
    for padding in rule.MODES:
        yield from (case_of(op, (axis,), padding) for axis in box(op, padding))


def unpacked(case: Case, rank: int = 1) -> list[Case]:
    """Return each axis of `case` alone: in 1-D, or with other axes of `rank` that have one element, one tap and its stride and dilation.

    >>> from same_conformance.case import parse
    >>> [c.id for c in unpacked(parse("max_pool.n5-7.k3-2.s2-2"))]
    ['max_pool.n5.k3.s2', 'max_pool.n7.k2.s2']
    """
    found = []
    for axis in case.axes:
        stride = (
            1 if case.op == "conv_transpose" else axis.stride
        )  # its output is as long as the stride, so not trivial
        trivial = Axis(1, 1, stride, axis.dilation, 1, 0, 0)
        found.append(case_of(case.op, (axis, *(trivial,) * (rank - 1)), case.padding))
    return list(dict.fromkeys(found))


def _axes(op: str, padding: str, n: int, k: int, s: int, d: int) -> Iterator[Axis]:
    """Yield the axes with these parameters: two for transposed convolutions where the stride leaves a choice."""
    if op != "conv_transpose":
        yield Axis(n, k, s, d, rule.output_size(n, s), *rule.forward(n, k, s, d, padding))
        return
    legal = rule.transposed_output_sizes(n, s)
    for out in dict.fromkeys((legal[-1], legal[0])):
        yield Axis(n, k, s, d, out, *rule.transposed(n, k, s, d, out, padding))


def _is_blind(op: str, axis: Axis) -> bool:
    transposed = op == "conv_transpose"
    long, positions = (axis.output_size, axis.size) if transposed else (axis.size, axis.output_size)
    return not any(
        0 <= o * axis.stride + j * axis.dilation - axis.before < long
        for o in range(positions)
        for j in range(axis.kernel)
    )


def _cost(op: str, axis: Axis) -> int:
    """Return the products along one axis, or the output elements where these are more."""
    positions = axis.size if op == "conv_transpose" else axis.output_size
    return max(positions * axis.kernel, axis.output_size)


def _n_alike(a: Axis, b: Axis) -> int:
    return (a.stride == b.stride) + (a.dilation == b.dilation)


def _order(*parts: object) -> Callable[[Axis], int]:
    """Return a hash of axis cases, the same in every process: what is free is decided by it."""
    begin = zlib.crc32(repr(parts).encode())
    return lambda axis: zlib.crc32(repr(tuple(axis)).encode(), begin)


def _balanced(op: str, group: Sequence[Axis], rank: int, order: Callable[[Axis], int]) -> Iterable[tuple[Axis, ...]]:
    """Part a class into `rank` runs by cost and put the first of one with the last of the others.

    The cheapest are taken twice where the number of axes asks for it.
    """
    n_packs = -(-len(group) // rank)
    by_cost = sorted(group, key=lambda axis: (_cost(op, axis), order(axis)))
    missing = n_packs * rank - len(group)
    filled = sorted([*by_cost, *(by_cost * rank)[:missing]], key=lambda axis: (_cost(op, axis), order(axis)))
    first, *others = (filled[i * n_packs : (i + 1) * n_packs] for i in range(rank))
    return zip(first, *(run[::-1] for run in others), strict=True)


def _packed(op: str, axes: Iterable[Axis], padding: str, order: Callable[[Axis], int]) -> Case:
    """Return the case with these axes; which comes first is left to the hash, so that each dimension gets large and small ones."""
    return case_of(op, sorted(axes, key=order), padding)
