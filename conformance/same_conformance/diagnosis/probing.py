"""Find out what an implementation reads, with operands that expose it.

- Convolution, depthwise and transposed: the input holds its own index, the kernel one tap at a time. Each output element
  is then the index of the input element that this tap reads there, or the fill. A second call with the indices reversed
  tells an index from a constant.
- Pooling: one input element at a time stands out. Maximum: it is the larger of two very high values, so that no fill
  hides it; then all are very low, so that any fill shows. Average: it is 1 among zeros, and what comes out is its weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.case import POOLS, Case
from same_conformance.diagnosis import channels, divisors, overrun
from same_conformance.diagnosis.reading import OTHER, AxisReading, fit_forward, fit_pool, fit_transposed
from same_conformance.exactness import SIGNIFICANT_BITS
from same_conformance.outcome import Array
from same_conformance.plan import PADDED

if TYPE_CHECKING:
    from same_conformance.outcome import Outcome

Operands = tuple[np.ndarray, ...]
Execute = Callable[[Case, Sequence[Operands]], Sequence["Outcome"]]
"""Executes one case on several sets of operands."""

MOST_PROBES = 600
"""Calls for one case; a case that needs more is not probed."""

_HIGH = {"float16": 2.0**14}
_HIGHEST = 2.0**100
"""Magnitude of the values that maximum pooling is probed with: any fill but the lowest value lies between plus and minus this."""


@dataclass
class Reading:
    """What one implementation reads for one case.

    Attributes:
        out: output elements per axis.
        axes: what is read along each axis: every set of numbers that would explain it; empty where none does, where no
            element is read, or where the axes depend on each other.
        irregular: axes whose reading nothing explains.
        separable: whether the axes do not depend on each other.
        maps: of a convolution: what was read along each axis, ``(out, kernel)``, if they do not.
        members: of pooling: which elements each window reads along each axis, ``(out, size)``, if they do not.
        order: which axis of the input each axis of the output reads, where they are exchanged; else empty.
        fill: the values seen where padding is read: 0 for convolution, nothing for pooling, if all is well.
        divisors: of average pooling: names in `same_conformance.diagnosis.divisors`, one of which it is.
        notes: what else was seen, in words.
        runs_on: whether it reads on in memory beyond the borders; then nothing is said of the axes.

    """

    out: tuple[int, ...]
    axes: tuple[tuple[AxisReading, ...], ...] = ()
    irregular: tuple[int, ...] = ()
    separable: bool = True
    maps: tuple[np.ndarray, ...] = ()
    members: tuple[np.ndarray, ...] = ()
    order: tuple[int, ...] = ()
    fill: set[float] = field(default_factory=set)
    divisors: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    runs_on: bool = False


def n_probes(case: Case) -> int:
    """Return how many calls a reading of `case` takes."""
    if case.op in POOLS:
        return int(np.prod(case.size))
    return 2 * int(np.prod(case.operand_shapes[1]))


def read(case: Case, execute: Execute) -> Reading | None:
    """Probe `case` and return what is read, or None if the implementation gives no arrays of one shape for it."""
    if n_probes(case) > MOST_PROBES or not _can_hold_indices(case):
        return None
    if case.op in POOLS:
        return _read_pool(case, execute)
    return _read_convolution(case, execute)


def _can_hold_indices(case: Case) -> bool:
    """Tell whether the dtype tells all elements of the input apart."""
    return case.op in POOLS or 2 * int(np.prod(case.operand_shapes[0])) < 1 << SIGNIFICANT_BITS[case.dtype]


def _arrays(case: Case, probes: Sequence[Operands], execute: Execute) -> np.ndarray | None:
    """Return the results as one array ``(probe, batch, *out, channels)`` in float64; None if there is not one of each."""
    outcomes = execute(case, probes)
    arrays = [o.values.astype(np.float64) for o in outcomes if isinstance(o, Array)]
    shapes = {a.shape for a in arrays}
    if len(arrays) < len(probes) or len(shapes) != 1 or len(next(iter(shapes))) != case.rank + 2:
        return None
    return np.stack(arrays)


def _read_convolution(case: Case, execute: Execute) -> Reading | None:
    x_shape, kernel_shape = case.operand_shapes
    n_codes = int(np.prod(x_shape))
    codes = np.arange(1.0, n_codes + 1).reshape(x_shape)
    taps = list(product(*map(range, kernel_shape)))
    probes: list[Operands] = []
    for tap in taps:
        kernel = np.zeros(kernel_shape)
        kernel[tap] = 1
        probes += [(codes, kernel), (2 * n_codes + 1 - codes, kernel)]
    values = _arrays(case, probes, execute)
    if values is None:
        return None
    rising, falling = values[::2], values[1::2]
    reading = Reading(values.shape[2:-1])
    if 0 in reading.out:
        return reading  # its lengths are all there is to see
    constant = rising == falling
    reading.fill = set(np.unique(rising[constant]).tolist())
    rising = _unscaled(reading, rising, falling, constant, n_codes)
    indexed = ~constant & (rising == np.rint(rising)) & (rising >= 1) & (rising <= n_codes)
    if not (constant | indexed).all():
        reading.notes.append("a tap reads several elements, or scales them unequally")
    element = np.where(indexed, rising - 1, np.where(constant, PADDED, OTHER)).astype(np.int64)
    _map_of_taps(case, reading, element, taps)
    return reading


def _unscaled(
    reading: Reading, rising: np.ndarray, falling: np.ndarray, constant: np.ndarray, n_codes: int
) -> np.ndarray:
    """Return the codes less what was added to them, divided by what they were multiplied by, if these are always the same.

    The codes of an element add up to one more than twice the number of elements.
    """
    sums = np.unique((rising + falling)[~constant])
    if sums.tolist() == [2 * n_codes + 1]:
        return rising  # what stands in the padding is not added to the elements
    if sums.size != 1 or len(reading.fill) > 1:
        return np.where(rising + falling == 2 * n_codes + 1, rising, OTHER)
    added = next(iter(reading.fill), 0.0)
    factor = float(sums[0] - 2 * added) / (2 * n_codes + 1)
    if added:
        reading.fill = set()
        reading.notes.append(f"adds {added:g} to every element of the result")
    if factor not in (0.0, 1.0):
        reading.notes.append(f"multiplies the result by {factor:g}")
    return (rising - added) / (factor or 1.0)


def _map_of_taps(case: Case, reading: Reading, element: np.ndarray, taps: list[tuple[int, ...]]) -> None:
    """Fill `reading` from the element that each tap reads: ``(tap, batch, *out, channels)``."""
    expected = case.output_shape
    if element.shape[1] != expected[0]:
        reading.notes.append("the output has another batch size")
        return
    if element.shape[-1] != expected[-1]:
        reading.notes.append(f"the output has {element.shape[-1]} channels, where {expected[-1]} are asked for")
        return
    if overrun.reads_on(case, element, taps):
        reading.notes.append(overrun.SENTENCE)
        reading.runs_on = True
        return
    reading.notes += channels.describe(case, element, taps)
    maps: dict[tuple[int, ...], np.ndarray] = {}
    differ = False
    for n, tap in enumerate(taps):
        spatial, (first, second) = tap[: case.rank], tap[case.rank :]
        here = element[n]
        reached = (here >= 0).any(axis=tuple(range(1, case.rank + 1)))
        to_channel, _ = channels.served(case, first, second)
        for b in range(case.batch):
            places = np.flatnonzero(reached[b]).tolist() or [to_channel]
            position = _position(case, here[b, ..., to_channel if to_channel in places else places[0]])
            known = maps.setdefault(spatial, position)
            if (known < 0).all():
                maps[spatial] = position
            elif (position >= 0).any() and not np.array_equal(known, position):
                differ = True
    if differ:
        _note(reading, "examples or channels differ in what they read")
    _separate(case, reading, maps)


def _note(reading: Reading, text: str) -> None:
    if text not in reading.notes:
        reading.notes.append(text)


def _position(case: Case, element: np.ndarray) -> np.ndarray:
    """Return the position ``(*out, axis)`` of elements by their number; padding has position PADDED."""
    index = np.unravel_index(np.maximum(element, 0), case.operand_shapes[0])
    return np.stack([np.where(element >= 0, i, element) for i in index[1:-1]], axis=-1)


def _separate(case: Case, reading: Reading, maps: dict[tuple[int, ...], np.ndarray]) -> None:
    """Find the map of each axis, and whether the axes depend on each other."""
    out, rank = reading.out, case.rank
    whole = np.stack([maps[j] for j in product(*map(range, case.kernel))])
    whole = whole.reshape(*case.kernel, *out, rank)
    fit = fit_transposed if case.op == "conv_transpose" else fit_forward
    per_axis = []
    for a in range(rank):
        others = tuple(i for i in range(2 * rank) if i not in (a, rank + a))
        here = whole[..., a]
        highest = here.max(axis=others)
        lowest = np.where(here >= 0, here, np.iinfo(np.int64).max).min(axis=others)
        if (lowest[highest >= 0] != highest[highest >= 0]).any():
            reading.separable = False
        per_axis.append(highest.T)  # (kernel, out) to (out, kernel)
    if reading.separable and not _is_product(whole[..., 0], per_axis):
        reading.separable = False
    if reading.separable:
        reading.maps = tuple(per_axis)
        known = [(reads >= 0).any() for reads in per_axis]
        reading.axes = tuple(
            fit(reads, axis) if ok else () for reads, axis, ok in zip(per_axis, case.axes, known, strict=True)
        )
        reading.irregular = tuple(a for a in range(rank) if known[a] and not reading.axes[a])
    else:
        reading.order = _order(whole, rank)


def _is_product(whole: np.ndarray, per_axis: list[np.ndarray]) -> bool:
    """Tell whether padding is read exactly where some axis reads padding."""
    rank = len(per_axis)
    real: np.ndarray = np.ones((), dtype=bool)
    for a, reads in enumerate(per_axis):
        shape = [1] * (2 * rank)
        shape[a], shape[rank + a] = reads.T.shape
        real = real & (reads.T >= 0).reshape(shape)
    return bool(np.array_equal(np.broadcast_to(real, whole.shape), whole >= 0))


def _order(whole: np.ndarray, rank: int) -> tuple[int, ...]:
    """Return which output axis each input axis follows, if that is not its own; else nothing."""
    order = []
    for a in range(rank):
        varies = []
        for b in range(rank):
            steps = np.diff(whole[..., a], axis=rank + b)
            both = (np.delete(whole[..., a], 0, axis=rank + b) >= 0) & (
                np.delete(whole[..., a], -1, axis=rank + b) >= 0
            )
            varies.append(bool((steps[both] != 0).any()))
        order.append(varies.index(True) if sum(varies) == 1 else a)
    return tuple(order) if order != list(range(rank)) and sorted(order) == list(range(rank)) else ()


def _read_pool(case: Case, execute: Execute) -> Reading | None:
    shape = case.operand_shapes[0]
    n = int(np.prod(case.size))
    high = _HIGH.get(case.dtype, _HIGHEST)
    base, raised = (high, 2 * high) if case.op == "max_pool" else (0.0, 1.0)
    probes: list[Operands] = []
    for position in np.ndindex(*case.size):
        x = np.full(shape, base)
        x[(slice(None), *position)] = raised
        probes.append((x,))
    probes.append((np.full(shape, -high),))
    values = _arrays(case, probes, execute)
    if values is None:
        return None
    reading = Reading(values.shape[2:-1])
    if 0 in reading.out:
        return reading
    if not np.array_equal(np.broadcast_to(values[:, :1, ..., :1], values.shape), values, equal_nan=True):
        _note(reading, "examples or channels differ in what they read")
    seen = np.moveaxis(values[:n, 0, ..., 0], 0, -1).reshape(*reading.out, n)
    if case.op == "max_pool":
        members = seen == raised
        touched = members.any(axis=-1)
        reading.fill = set(np.unique(values[n, 0, ..., 0][touched]).tolist()) - {-high}
    else:
        members = np.nan_to_num(seen) != 0
        reading.divisors = divisors.recognise(case, seen, members)
    _separate_sets(case, reading, members.reshape(*reading.out, *case.size))
    return reading


def _separate_sets(case: Case, reading: Reading, members: np.ndarray) -> None:
    """Find the sets of each axis, and whether the axes depend on each other."""
    rank = case.rank
    per_axis = []
    for a in range(rank):
        others = tuple(i for i in range(2 * rank) if i not in (a, rank + a))
        per_axis.append(members.any(axis=others))
    together: np.ndarray = np.ones((), dtype=bool)
    for a, sets in enumerate(per_axis):
        shape = [1] * (2 * rank)
        shape[a], shape[rank + a] = sets.shape
        together = together & sets.reshape(shape)
    reading.separable = bool(np.array_equal(np.broadcast_to(together, members.shape), members))
    if reading.separable and members.any():
        reading.members = tuple(np.asarray(sets) for sets in per_axis)
        reading.axes = tuple(fit_pool(np.asarray(sets), axis) for sets, axis in zip(per_axis, case.axes, strict=True))
        reading.irregular = tuple(a for a in range(rank) if not reading.axes[a])
