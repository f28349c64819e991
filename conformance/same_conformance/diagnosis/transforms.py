"""Recognise results that are SAME's own, changed as a whole: scaled, turned round, rounded, cut off.

Probing shows which elements are read. What happens to the sums after that, and to gradients, shows in the numbers: a
change is named only if it turns what SAME asks for into what was given, in every case that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from same_conformance import operands, spec
from same_conformance import plan as plans
from same_conformance.case import POOLS
from same_conformance.diagnosis import gradients
from same_conformance.exactness import SIGNIFICANT_BITS

if TYPE_CHECKING:
    from same_conformance.case import Case

_MOST = 40
"""Results looked at."""
_FEWEST = 2


class Pair(NamedTuple):
    """What was given, and what SAME asks for, in float64 and of one shape."""

    case: Case
    given: np.ndarray
    asked: np.ndarray


def describe(pairs: Sequence[Pair]) -> str:
    """Say what turns what SAME asks for into what was given; empty if no known change does in all cases."""
    pairs = pairs[:_MOST]
    if len(pairs) < _FEWEST:
        return ""
    return _described(pairs) or _described_forward(pairs)


def _described_forward(pairs: Sequence[Pair]) -> str:
    """Say it of the forward results alone: their gradients follow, but are other arrays."""
    forward = [pair for pair in pairs if pair.case.compared == "forward"]
    return _described(forward) if _FEWEST <= len(forward) < len(pairs) else ""


def _described(pairs: Sequence[Pair]) -> str:
    added = [_added(pair) for pair in pairs]
    if None not in added and 2 * sum(map(bool, added)) >= len(added):
        return "has a number of its own added to each output channel, as the bias of a layer does"
    factor = _factor(pairs)
    if factor and not (pairs[0].case.op in POOLS and all(_turns(_never_negative, pair) for pair in pairs)):
        return factor
    changed = next((words for words, change in _changes(pairs) if all(_turns(change, pair) for pair in pairs)), "")
    return changed or _precision(pairs)


Change = Callable[[Pair], "np.ndarray | None"]


def _turns(change: Change, pair: Pair) -> bool:
    changed = change(pair)
    return changed is not None and changed.shape == pair.given.shape and _equal(pair.case, changed, pair.given)


def _equal(case: Case, a: np.ndarray, b: np.ndarray) -> bool:
    """Compare exactly, but for what average pooling rounds, and windows that hold padding only."""
    eps = 32 * 2.0 ** -SIGNIFICANT_BITS[case.dtype] if case.op == "avg_pool" else 0.0
    with np.errstate(invalid="ignore"):
        near = np.isclose(a, b, rtol=eps, atol=eps * float(np.nan_to_num(np.abs(b)).max(initial=0.0)), equal_nan=True)
    if case.op in POOLS and case.compared == "forward":
        near |= plans.same(case).reads_padding_only()[None, ..., None] | np.isnan(
            a
        )  # which says that it is not specified
    return bool(near.all())


def _added(pair: Pair) -> bool | None:
    """Tell whether one number per output channel was added that rounding does not hide; None if something else differs."""
    if pair.case.op in POOLS or pair.case.compared != "forward" or pair.given.size == 0:
        return None
    added = (pair.given - pair.asked).reshape(-1, pair.given.shape[-1])
    rounding = 8 * 2.0 ** -SIGNIFICANT_BITS[pair.case.dtype] * max(float(np.abs(pair.given).max()), 1.0)
    if not (np.ptp(added, axis=0) <= rounding).all():
        return None
    return bool((np.abs(added).max(axis=0) > rounding).any())


def _factor(pairs: Sequence[Pair]) -> str:
    """Recognise a multiple: the same in all cases, or one that the case has."""
    factors = []
    for pair in pairs:
        real = np.isfinite(pair.asked) & (pair.asked != 0) & np.isfinite(pair.given)
        ratios = np.unique(np.round(pair.given[real] / pair.asked[real], 5))
        if ratios.size != 1:
            return ""
        factors.append(float(ratios[0]))
    if set(factors) == {1.0}:
        return ""
    for words, number in _NUMBERS.items():
        for verb, power in (("divided", -1), ("multiplied", 1)):
            if np.allclose(factors, [number(pair.case) ** power for pair in pairs], rtol=1e-4):
                return f"is {verb} by {words}"
    if len(set(factors)) == 1:
        (factor,) = set(factors)
        return f"is {factor:g} times what is asked for" if factor else "is 0 throughout"
    return ""


_NUMBERS: dict[str, Callable[[Case], float]] = {
    "the number of examples": lambda case: case.batch,
    "the number of output elements": lambda case: float(np.prod(case.output_shape[1:-1])),
    "the number of output elements of all examples": lambda case: float(np.prod(case.output_shape[:-1])),
    "the number of taps": lambda case: float(np.prod(case.kernel)),
    "the number of groups": lambda case: case.groups,
    "the number of input channels": lambda case: case.channels[0],
    "the number of output channels": lambda case: case.channels[-1],
    "the stride": lambda case: float(np.prod(case.stride)),
    "the number of input elements": lambda case: float(np.prod(case.size)),
    "the number of axes": lambda case: case.rank,
}


def _changes(pairs: Sequence[Pair]) -> Iterator[tuple[str, Change]]:
    """Yield changes with their words, the plainest first."""
    yield from _VALUES.items()
    what = pairs[0].case.compared
    leading, trailing = (0, 2) if what == "kernel_gradient" else (1, 1)
    spatial = {f"axis {i}": i + leading for i in range(3)}
    yield "is turned round along all axes", lambda p: np.flip(p.asked, tuple(range(leading, p.asked.ndim - trailing)))
    yield "is turned round along the last axis", lambda p: np.flip(p.asked, p.asked.ndim - trailing - 1)
    yield "is turned round along the first axis", lambda p: np.flip(p.asked, leading)
    if not leading:
        yield "has its channels exchanged", lambda p: np.swapaxes(p.asked, -1, -2)
    else:
        yield "has the examples in reverse order", lambda p: p.asked[::-1]
        yield (
            "has those of all examples before it added, like a sum that is not cleared between them",
            lambda p: np.cumsum(p.asked, axis=0),
        )
    yield "has the channels in reverse order", lambda p: p.asked[..., ::-1]
    yield "is moved by one element along the last axis", lambda p: np.roll(p.asked, 1, p.asked.ndim - trailing - 1)
    yield (
        "is moved back by one element along the last axis",
        lambda p: np.roll(p.asked, -1, p.asked.ndim - trailing - 1),
    )
    yield "is moved by one element along the first axis", lambda p: np.roll(p.asked, 1, leading)
    for (first, a), (second, b) in combinations(spatial.items(), 2):
        yield f"has {first} and {second} exchanged", _exchanging(a, b)
    if what == "forward":
        yield from _LAYOUTS.items()
    if pairs[0].case.op in POOLS and what == "forward":
        yield from _REDUCED.items()
    if what != "forward":
        yield from ((words, _of_case(gradient)) for words, gradient in gradients.explanations(pairs[0].case.op))
    if pairs[0].case.op == "max_pool" and what == "input_gradient":
        yield "keeps the cotangent of the last of the windows that share a maximum, instead of adding them", _assigned
        yield "keeps the cotangent of the first of the windows that share a maximum", lambda p: _assigned(p, step=-1)
        yield "goes to every element of the window", _spread


def _of_case(gradient: Callable[[Case], np.ndarray | None]) -> Change:
    return lambda pair: gradient(pair.case) if pair.case.compared != "forward" else None


def _exchanging(a: int, b: int) -> Change:
    return lambda p: np.swapaxes(p.asked, a, b) if p.case.rank > b - 1 and p.asked.ndim > b else None


def _round(values: np.ndarray, bits: int) -> np.ndarray:
    _, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(np.ldexp(values, bits - exponent)), exponent - bits))


def _rounded(bits: int) -> Change:
    return lambda pair: _round(pair.asked, bits)


def _precision(pairs: Sequence[Pair]) -> str:
    """Recognise sums that were taken in a narrower dtype: near to what is asked for, and no number that it does not hold."""
    for dtype in ("bfloat16", "float16", "float32"):
        bits = SIGNIFICANT_BITS[dtype]
        if all(SIGNIFICANT_BITS[pair.case.dtype] > bits and _is_held(pair, bits) for pair in pairs):
            return f"has no more than the precision of {dtype}"
    return ""


def _is_held(pair: Pair, bits: int) -> bool:
    largest = float(np.abs(pair.asked).max(initial=0.0))
    is_near = np.allclose(pair.given, pair.asked, rtol=0, atol=_ROUNDINGS * 2.0**-bits * largest)
    return bool(is_near and np.array_equal(_round(pair.given, bits), pair.given))


_ROUNDINGS = 16
"""How many roundings of its largest number a sum in a narrower dtype may be away from what is asked for."""


def _never_negative(pair: Pair) -> np.ndarray:
    return np.asarray(np.maximum(pair.asked, 0))


_VALUES: dict[str, Change] = {
    "has the opposite sign": lambda p: -p.asked,
    "is never negative: what is below 0 becomes 0": _never_negative,
    "has no sign: negative numbers become positive": lambda p: np.abs(p.asked),
    "is rounded to bfloat16": _rounded(8),
    "is rounded to float16": _rounded(11),
    "is rounded to float32": _rounded(24),
    "is rounded to an integer": lambda p: np.rint(p.asked),
    "is rounded down to an integer": lambda p: np.floor(p.asked),
    "is cut off to an integer": lambda p: np.trunc(p.asked),
    "is shifted by 1": lambda p: p.asked + 1,
    "gives every example that of the first": lambda p: np.repeat(p.asked[:1], len(p.asked), axis=0),
}


def _reduced(reduce: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Do something else to the real elements of each window, ``(batch, elements, channels)``, than pooling does."""

    def change(pair: Pair) -> np.ndarray | None:
        if pair.case.compared != "forward":
            return None
        (x,) = operands.make(pair.case)
        found = np.full(pair.asked.shape, np.nan)
        for position in np.ndindex(*pair.asked.shape[1:-1]):
            reads = [m[o][m[o] >= 0] for m, o in zip(plans.same(pair.case).maps, position, strict=True)]
            if all(r.size for r in reads):
                window = x[np.ix_(range(len(x)), *reads, range(x.shape[-1]))].reshape(len(x), -1, x.shape[-1])
                found[(slice(None), *position)] = reduce(window)
        return found

    return change


def _largest_magnitude(window: np.ndarray) -> np.ndarray:
    at = np.abs(window).argmax(axis=1)[:, None]
    return np.take_along_axis(window, at, axis=1)[:, 0]


_REDUCED: dict[str, Change] = {
    "is the least element of each window": _reduced(lambda w: w.min(axis=1)),
    "is the greatest element of each window": _reduced(lambda w: w.max(axis=1)),
    "is the element of the largest magnitude of each window": _reduced(_largest_magnitude),
    "is the average of each window": _reduced(lambda w: w.mean(axis=1)),
    "is the sum of each window": _reduced(lambda w: w.sum(axis=1)),
    "is the first element of each window": _reduced(lambda w: w[:, 0]),
    "is the last element of each window": _reduced(lambda w: w[:, -1]),
    "is the median of each window": _reduced(lambda w: np.median(w, axis=1)),
}


def _channels_first(a: np.ndarray) -> np.ndarray:
    """Take the memory of ``(batch, *size, channels)`` for ``(batch, channels, *size)``."""
    batch, *size, n_channels = a.shape
    return np.moveaxis(a.reshape(batch, n_channels, *size), 1, -1)


def _channels_last(a: np.ndarray) -> np.ndarray:
    """Take the memory of a result made channels first for one that has them last."""
    return np.moveaxis(a, -1, 1).reshape(a.shape)


def _taken_for(*, given: bool, returned: bool) -> Change:
    """Reshape where the axes should be moved."""

    def change(pair: Pair) -> np.ndarray:
        x, *rest = operands.make(pair.case)
        found = pair.asked
        if given:
            found = spec.execute(pair.case, (_channels_first(x), *rest))
        return _channels_last(found) if returned else found

    return change


def _of_kernel(taken_for: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Take the kernel for another one of its shape."""

    def change(pair: Pair) -> np.ndarray | None:
        x, *kernels = operands.make(pair.case)
        if not kernels or pair.case.compared != "forward":
            return None
        taken = taken_for(kernels[0])
        return spec.execute(pair.case, (x, taken)) if taken.shape == kernels[0].shape else None

    return change


def _channels_first_kernel(kernel: np.ndarray) -> np.ndarray:
    *size, first, second = kernel.shape
    return np.moveaxis(kernel.reshape(second, first, *size), (0, 1), (-1, -2))


def _exchanged_channels(kernel: np.ndarray) -> np.ndarray:
    *size, first, second = kernel.shape
    return np.swapaxes(kernel.reshape(*size, second, first), -1, -2)


_LAYOUTS: dict[str, Change] = {
    "is that of the input's and the output's memory taken for channels first: reshaped instead of transposed": _taken_for(
        given=True, returned=True
    ),
    "is that of the input's memory taken for channels first: reshaped instead of transposed": _taken_for(
        given=True, returned=False
    ),
    "has its own memory taken for channels first: reshaped instead of transposed": _taken_for(
        given=False, returned=True
    ),
    "has its own memory, examples after positions, taken for examples first: reshaped instead of transposed": (
        lambda p: np.moveaxis(p.asked, 0, -2).reshape(p.asked.shape)
    ),
    "has its own memory, examples first, taken for examples after positions: reshaped instead of transposed": (
        lambda p: np.moveaxis(p.asked.reshape(*p.asked.shape[1:-1], len(p.asked), p.asked.shape[-1]), -2, 0)
    ),
    "is that of the kernel's memory taken for channels first: reshaped instead of transposed": _of_kernel(
        _channels_first_kernel
    ),
    "is that of the kernel's memory with its two axes of channels exchanged: reshaped instead of transposed": _of_kernel(
        _exchanged_channels
    ),
    "is that of the kernel with its two axes of channels exchanged": _of_kernel(lambda k: np.swapaxes(k, -1, -2)),
    "is that of the kernel turned round along its first axis": _of_kernel(lambda k: k[::-1]),
    "is that of the kernel turned round along its last axis": _of_kernel(lambda k: np.flip(k, -3)),
    "is that of the kernel turned round along its axes of channels": _of_kernel(lambda k: k[..., ::-1, ::-1]),
    "is that of the kernel with its spatial axes in reverse order": _of_kernel(
        lambda k: np.transpose(k, (*range(k.ndim - 3, -1, -1), k.ndim - 2, k.ndim - 1))
    ),
}


def _assigned(pair: Pair, step: int = 1) -> np.ndarray:
    """Return max pooling's gradient if each window overwrites what others gave its maximum."""
    x, g = operands.make(pair.case)
    ours = plans.same(pair.case)
    found = np.zeros(x.shape)
    for position in list(np.ndindex(*ours.out))[::step]:
        reads = [m[o][m[o] >= 0] for m, o in zip(ours.maps, position, strict=True)]
        if any(r.size == 0 for r in reads):
            continue
        window = x[np.ix_(range(len(x)), *reads, range(x.shape[-1]))]
        flat = window.reshape(len(x), -1, x.shape[-1])
        at = np.unravel_index(flat.argmax(axis=1), [r.size for r in reads])
        where = [r[i] for r, i in zip(reads, at, strict=True)]
        batch, channel = np.indices((len(x), x.shape[-1]))
        found[(batch, *where, channel)] = g[(slice(None), *position)]
    return found


def _spread(pair: Pair) -> np.ndarray:
    """Return the gradient of a sum over each window."""
    x, g = operands.make(pair.case)
    ours = plans.same(pair.case)
    found = np.zeros(x.shape)
    for position in np.ndindex(*ours.out):
        reads = [m[o][m[o] >= 0] for m, o in zip(ours.maps, position, strict=True)]
        found[np.ix_(range(len(x)), *reads, range(x.shape[-1]))] += g[(slice(None), *position)].reshape(
            len(x), *[1] * len(reads), -1
        )
    return found
