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
        border: what is read beyond the edge: ``fill``, ``edge``, ``reflect``, ``symmetric`` or ``wrap``.

    """

    out: int
    before: int
    after: int
    stride: int
    dilation: int
    flipped: bool = False
    border: str = "fill"

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
    tried only if these do not fit. Empty if nothing does.
    """
    out, kernel = reads.shape
    o, j = np.arange(out)[:, None], np.arange(kernel)[None, :]

    def fits(stride: int, dilation: int) -> Iterator[AxisReading]:
        plain = _reading(axis, out, 0, stride, dilation, transposed=False)
        for flipped, taps in ((False, j), (True, kernel - 1 - j)):
            position = o * stride + taps * dilation
            for border, extend in _BORDERS.items():
                for before in _offsets(reads, position, axis, border):
                    if np.array_equal(extend(position - before, axis.size), reads):
                        yield plain.moved(before, flipped=flipped, border=border)

    return _first_that_fits(axis, fits)


def fit_transposed(reads: np.ndarray, axis: Axis) -> tuple[AxisReading, ...]:
    """Return every set of numbers that gives the map ``(out, kernel)`` of a transposed convolution: input per output and tap."""
    out, kernel = reads.shape
    q, j = np.arange(out)[:, None], np.arange(kernel)[None, :]
    real = reads >= 0

    def fits(stride: int, dilation: int) -> Iterator[AxisReading]:
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

    def fits(stride: int, dilation: int) -> Iterator[AxisReading]:
        plain = _reading(axis, out, 0, stride, dilation, transposed=False)
        position = o * stride + j * dilation
        reach = axis.kernel * dilation + size
        for border, extend in _BORDERS.items():
            for before in range(-reach, reach + 1):
                if np.array_equal(_members(extend(position - before, size), size), members):
                    yield plain.moved(before, border=border)

    return _first_that_fits(axis, fits)


def nearest(alternatives: Iterable[AxisReading], axis: Axis) -> AxisReading:
    """Return, of readings that cannot be told apart, the one that is nearest to what SAME asks for."""
    return min(alternatives, key=lambda r: (r.border != "fill", r.flipped, abs(r.before - axis.before), r.before))


def element_at(position: int, axis: Axis, border: str) -> int:
    """Return the element that stands at `position`, which may be beyond the edge; `PADDED` if it is the fill."""
    return int(_BORDERS[border](np.array(position), axis.size))


def reads_of_pool(reading: AxisReading, axis: Axis) -> np.ndarray:
    """Return the index map ``(out, kernel)`` of a reading of pooling: it tells the elements, and their order is the plain one."""
    o, j = np.arange(reading.out)[:, None], np.arange(axis.kernel)[None, :]
    return _BORDERS[reading.border](o * reading.stride + j * reading.dilation - reading.before, axis.size)


def _first_that_fits(axis: Axis, fits: Callable[[int, int], Iterator[AxisReading]]) -> tuple[AxisReading, ...]:
    """Return what fits with the steps asked for; where only an unusual border makes that fit, other steps with a plain one too."""
    others = range(1, max(axis.stride, axis.dilation, 2) + 2)
    found: tuple[AxisReading, ...] = ()
    for stride in dict.fromkeys((axis.stride, *others)):
        for dilation in dict.fromkeys((axis.dilation, *others)):
            here = tuple(fits(stride, dilation))
            if any(reading.border == "fill" for reading in here):
                return (*found, *here)
            found = found or here
    return found


def _members(reads: np.ndarray, size: int) -> np.ndarray:
    members = np.zeros((reads.shape[0], size + 1), dtype=bool)
    members[np.arange(reads.shape[0])[:, None], reads] = True  # PADDED, which is -1, is the column that is cut off
    return members[:, :size]


def _reading(axis: Axis, out: int, before: int, stride: int, dilation: int, *, transposed: bool) -> AxisReading:
    windows, span = (axis.size, out) if transposed else (out, axis.size)
    total = (windows - 1) * stride + (axis.kernel - 1) * dilation + 1 - span
    return AxisReading(out, before, total - before, stride, dilation)


def _offsets(reads: np.ndarray, position: np.ndarray, axis: Axis, border: str) -> list[int]:
    """Return what can have been padded before: told by any element that is read as itself."""
    if border == "fill":
        real = reads >= 0
        found = (position - reads)[real]
        return [int(found[0])] if found.size else [axis.before]
    return list(range(axis.effective_kernel + 1))


def _fill(position: np.ndarray, size: int) -> np.ndarray:
    return np.where((position < 0) | (position >= size), PADDED, position)


def _reflect(position: np.ndarray, size: int) -> np.ndarray:
    period = max(2 * (size - 1), 1)
    folded = position % period
    return np.where(folded < size, folded, period - folded)


def _symmetric(position: np.ndarray, size: int) -> np.ndarray:
    folded = position % (2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded)


_BORDERS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "fill": _fill,
    "edge": lambda position, size: np.clip(position, 0, size - 1),
    "reflect": _reflect,
    "symmetric": _symmetric,
    "wrap": lambda position, size: position % size,
}
