"""Say what an implementation was seen to read, axis by axis.

A reading is found by probing (`same_conformance.diagnosis.probing`), not guessed from wrong values: it is the index map
itself. This module turns the map of one axis into the numbers that people think in: elements before and after, stride,
dilation, and what stands in the border.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from same_conformance.case import Axis
from same_conformance.plan import PADDED

OTHER = -2
"""Entry of a map where something else than one input element or the fill was read."""


@dataclass(frozen=True)
class AxisReading:
    """What is read along one axis.

    Attributes:
        out: output elements.
        before: elements padded before the first (transposed: cropped); negative if the first are left out.
        after: the same at the end; for a forward op negative where the last elements are not read, for a transposed
            one where zeros are added.
        stride: between neighbouring windows.
        dilation: between neighbouring taps.
        flipped: whether the taps are read from the last to the first; pooling never tells.
        border: what is read beyond the edge: ``fill``, ``edge``, ``reflect``, ``symmetric`` or ``wrap``, or two of them
            with a slash where they differ at the start and at the end.
        kernel: taps, or elements of a window.

    """

    out: int
    before: int
    after: int
    stride: int
    dilation: int
    flipped: bool = False
    border: str = "fill"
    kernel: int = 1

    def moved(self, before: int, *, flipped: bool = False, border: str = "fill") -> AxisReading:
        """Return the same windows with another amount before them."""
        after = self.before + self.after - before
        return replace(self, before=before, after=after, flipped=flipped, border=border)


def of_same(axis: Axis, *, transposed: bool) -> AxisReading:
    """Return the reading that SAME asks for."""
    return _reading(axis, axis.output_size, axis.before, axis.stride, axis.dilation, transposed=transposed)


def fit_forward(reads: np.ndarray, axis: Axis) -> tuple[AxisReading, ...]:
    """Return every set of numbers that gives the index map ``(out, kernel)`` of a forward convolution.

    One is the rule; more say that the map is too small to tell. Strides and dilations other than those asked for are
    tried only if these do not fit, and fewer taps if the last ones read nothing. Empty if nothing does.
    """
    found = _fit_taps(reads, axis)
    if _is_plain(found, axis):
        return found
    read = np.flatnonzero((reads != PADDED).any(axis=0))
    fewest = int(read[-1]) + 1 if read.size else axis.kernel
    fewer = (_fit_taps(reads[:, :n], axis._replace(kernel=n)) for n in range(fewest, axis.kernel))
    return (*found, *(reading for of in fewer for reading in of if not found or _is_told_plainly(reading)))


def _fit_taps(reads: np.ndarray, axis: Axis) -> tuple[AxisReading, ...]:
    out, kernel = reads.shape
    o, j = np.arange(out)[:, None], np.arange(kernel)[None, :]

    def fits(stride: int, dilation: int, borders: Iterable[str] = PLAIN) -> Iterator[AxisReading]:
        plain = _reading(axis, out, 0, stride, dilation, transposed=False)
        for flipped, taps in ((False, j), (True, kernel - 1 - j)):
            position = o * stride + taps * dilation
            for border in borders:
                for before in _offsets(reads, position, axis, border):
                    if np.array_equal(_extended(position - before, axis.size, border), reads):
                        yield plain.moved(before, flipped=flipped, border=border)

    return _with_mixed_borders(_first_that_fits(axis, fits), axis, fits(axis.stride, axis.dilation, MIXED))


def fit_transposed(reads: np.ndarray, axis: Axis) -> tuple[AxisReading, ...]:
    """Return every set of numbers that gives the map ``(out, kernel)`` of a transposed convolution: input per output and tap."""
    out, kernel = reads.shape
    q, j = np.arange(out)[:, None], np.arange(kernel)[None, :]
    real = reads >= 0

    def fits(stride: int, dilation: int, borders: Iterable[str] = PLAIN) -> Iterator[AxisReading]:
        if "fill" not in borders:
            return  # a transposed convolution reads nothing beyond the edge
        plain = _reading(axis, out, 0, stride, dilation, transposed=True)
        for flipped, taps in ((False, j), (True, kernel - 1 - j)):
            offsets = (reads * stride + taps * dilation - q)[real]
            for before in sorted(set(offsets.tolist())) or [axis.before]:
                source, rest = np.divmod(q + before - taps * dilation, stride)
                expected = np.where((rest == 0) & (source >= 0) & (source < axis.size), source, PADDED)
                if np.array_equal(expected, reads):
                    yield plain.moved(before, flipped=flipped)

    return _first_that_fits(axis, fits)


def fit_pool(members: np.ndarray, axis: Axis) -> tuple[AxisReading, ...]:
    """Return every set of numbers that gives the sets ``(out, size)`` of elements that each window of a pooling reads."""
    out, size = members.shape
    o, j = np.arange(out)[:, None], np.arange(axis.kernel)[None, :]

    def fits(stride: int, dilation: int, borders: Iterable[str] = PLAIN, taps: np.ndarray = j) -> Iterator[AxisReading]:
        n_taps = taps.shape[1]
        plain = _reading(axis._replace(kernel=n_taps), out, 0, stride, dilation, transposed=False)
        position = o * stride + taps * dilation
        reach = n_taps * dilation + size
        for border in borders:
            any_amount = range(-reach, reach + 1)
            for before in any_amount if border != "fill" else _offsets_of_sets(members, position, any_amount):
                if np.array_equal(_members(_extended(position - before, size, border), size), members):
                    yield plain.moved(before, border=border)

    def resized() -> Iterator[AxisReading]:
        """Fit another number of elements per window, the nearest first."""
        largest = max(axis.kernel, int(members.sum(axis=1).max(initial=0))) + 1
        for n_taps in sorted(set(range(1, largest + 1)) - {axis.kernel}, key=lambda n: (abs(n - axis.kernel), n)):
            yield from fits(axis.stride, axis.dilation, ("fill",), np.arange(n_taps)[None, :])

    asked = tuple(fits(axis.stride, axis.dilation))
    if _is_plain(asked, axis):
        return asked
    found = (*asked, *resized(), *(r for s, d in _other_steps(axis) for r in fits(s, d, ("fill",))))
    if any(reading.border == "fill" for reading in found):
        return found
    return _with_mixed_borders(_first_that_fits(axis, fits), axis, fits(axis.stride, axis.dilation, MIXED))


def _is_plain(found: Iterable[AxisReading], axis: Axis) -> bool:
    """Tell whether one of the readings is what SAME asks for."""
    asked = ("fill", False, axis.before, axis.stride, axis.dilation, axis.kernel)
    return any((r.border, r.flipped, r.before, r.stride, r.dilation, r.kernel) == asked for r in found)


def _with_mixed_borders(
    found: tuple[AxisReading, ...], axis: Axis, mixed: Iterable[AxisReading]
) -> tuple[AxisReading, ...]:
    """Add borders that differ at both ends, unless a plain one will do."""
    return found if _is_plain(found, axis) else (*found, *mixed)


def nearest(alternatives: Iterable[AxisReading], axis: Axis) -> AxisReading:
    """Return, of readings that cannot be told apart, the one that is nearest to what SAME asks for."""
    return min(alternatives, key=lambda r: (r.border != "fill", r.flipped, abs(r.before - axis.before), r.before))


def element_at(position: int, axis: Axis, border: str) -> int:
    """Return the element that stands at `position`, which may be beyond the edge; `PADDED` if it is the fill."""
    return int(_extended(np.array(position), axis.size, border))


def reads_of_pool(reading: AxisReading, axis: Axis) -> np.ndarray:
    """Return the index map ``(out, kernel)`` of a reading of pooling: it tells the elements, and their order is the plain one."""
    o, j = np.arange(reading.out)[:, None], np.arange(reading.kernel)[None, :]
    return _extended(o * reading.stride + j * reading.dilation - reading.before, axis.size, reading.border)


def _other_steps(axis: Axis) -> list[tuple[int, int]]:
    """Return strides and dilations other than those asked for that may have been taken instead.

    All small ones, and of the large ones those that the parameters give: a dilation of 36 has over a thousand neighbours.
    """
    s, d, ke = axis.stride, axis.dilation, axis.effective_kernel
    small = range(1, min(max(s, d, 2) + 2, _FEW_STEPS + 1))
    others = (
        *small,
        *sorted({step for step in (s - 1, s + 1, s, d - 1, d + 1, d, axis.kernel, ke, s * d) if step > 0}),
    )
    steps = dict.fromkeys((stride, dilation) for stride in (s, *others) for dilation in (d, *others))
    return [step for step in steps if step != (s, d)]


_FEW_STEPS = 8


def _first_that_fits(
    axis: Axis, fits: Callable[[int, int, Iterable[str]], Iterator[AxisReading]]
) -> tuple[AxisReading, ...]:
    """Return what fits with the steps asked for; unless that is what SAME asks for, with other steps and a fill too.

    If nothing does, then with one other step and another border.
    """
    asked = tuple(fits(axis.stride, axis.dilation, PLAIN))
    if _is_plain(asked, axis):
        return asked
    others = _other_steps(axis)
    filled = [reading for s, d in others for reading in fits(s, d, ("fill",))]
    plain = tuple(reading for reading in filled if not reading.flipped)
    if asked or plain:
        return (*asked, *plain)
    one_other = [(s, d) for s, d in others if s == axis.stride or d == axis.dilation]
    return (*filled, *(reading for s, d in one_other for reading in fits(s, d, PLAIN[1:])))


def _is_told_plainly(reading: AxisReading) -> bool:
    return reading.border == "fill" and not reading.flipped


def _members(reads: np.ndarray, size: int) -> np.ndarray:
    members = np.zeros((reads.shape[0], size + 1), dtype=bool)
    members[np.arange(reads.shape[0])[:, None], reads] = True  # PADDED, which is -1, is the column that is cut off
    return members[:, :size]


def _reading(axis: Axis, out: int, before: int, stride: int, dilation: int, *, transposed: bool) -> AxisReading:
    windows, span = (axis.size, out) if transposed else (out, axis.size)
    total = (windows - 1) * stride + (axis.kernel - 1) * dilation + 1 - span
    return AxisReading(out, before, total - before, stride, dilation, kernel=axis.kernel)


def _offsets(reads: np.ndarray, position: np.ndarray, axis: Axis, border: str) -> list[int]:
    """Return what can have been padded before: told by any element that is read as itself."""
    if border == "fill":
        real = reads >= 0
        found = (position - reads)[real]
        return [int(found[0])] if found.size else [axis.before]
    if "fill" not in border and (reads == PADDED).any():
        return []
    return list(range(axis.effective_kernel + 1))


def _offsets_of_sets(members: np.ndarray, position: np.ndarray, otherwise: Iterable[int]) -> Iterable[int]:
    """Return what can have been padded before where a fill is: some tap of the first window reads its first element."""
    windows = np.flatnonzero(members.any(axis=1))
    if not windows.size:
        return otherwise
    first = int(windows[0])
    return sorted(set((position[first] - np.flatnonzero(members[first])[0]).tolist()))


def _fill(position: np.ndarray, size: int) -> np.ndarray:
    return np.where((position < 0) | (position >= size), PADDED, position)


def _reflect(position: np.ndarray, size: int) -> np.ndarray:
    period = max(2 * (size - 1), 1)
    folded = position % period
    return np.where(folded < size, folded, period - folded)


def _symmetric(position: np.ndarray, size: int) -> np.ndarray:
    folded = position % (2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded)


def _extended(position: np.ndarray, size: int, border: str) -> np.ndarray:
    """Return which element is read at each position, `PADDED` where it is the fill."""
    before, _, after = border.partition("/")
    if not after:
        return _BORDERS[before](position, size)
    at_start, at_end = _BORDERS[before](position, size), _BORDERS[after](position, size)
    return np.where(position < 0, at_start, np.where(position >= size, at_end, position))


_BORDERS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "fill": _fill,
    "edge": lambda position, size: np.clip(position, 0, size - 1),
    "reflect": _reflect,
    "symmetric": _symmetric,
    "wrap": lambda position, size: position % size,
}
PLAIN = tuple(_BORDERS)
MIXED = tuple(f"{before}/{after}" for before in _BORDERS for after in _BORDERS if before != after)
