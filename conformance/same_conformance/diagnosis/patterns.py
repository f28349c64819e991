"""Recognise index maps that no set of numbers gives, by what they leave out of SAME's or put in its place."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.mutants.windows import positions
from same_conformance.plan import PADDED, index_map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from same_conformance.case import Axis


def of_forward(reads: np.ndarray, axis: Axis) -> list[str]:
    """Say in words what the map ``(out, kernel)`` of a forward op may do instead of SAME's; empty if it is not recognised."""
    ours = index_map(
        size=axis.size,
        kernel=axis.kernel,
        stride=axis.stride,
        dilation=axis.dilation,
        before=axis.before,
        out=axis.output_size,
    )
    if reads.shape != ours.shape:
        return []
    missing = (ours != PADDED) & (reads == PADDED)
    if not np.array_equal(np.where(missing, ours, reads), ours):
        return [text for text in (*_windows_moved(reads, ours, axis), _wrapped(reads, axis)) if text]
    if not missing.any():
        return []
    found = (
        _tiled(ours, missing, axis),
        _windows_left_out(ours, missing),
        _elements_left_out(ours, missing, axis),
        *_of_members(_members(reads, axis.size), _members(ours, axis.size), axis),
    )
    return [text for text in found if text]


def of_pool(members: np.ndarray, axis: Axis) -> list[str]:
    """Say the same of the sets ``(out, size)`` of elements that each window of a pooling reads."""
    ours = index_map(
        size=axis.size,
        kernel=axis.kernel,
        stride=axis.stride,
        dilation=axis.dilation,
        before=axis.before,
        out=axis.output_size,
    )
    asked = _members(ours, axis.size)
    if members.shape != asked.shape or np.array_equal(members, asked):
        return []
    alike = [text for text, reads in _BEGINNING.items() if np.array_equal(members, _members(reads(axis), axis.size))]
    return alike or _of_members(members, asked, axis)


_OVERWRITTEN = "overwrites where windows overlap, instead of adding"


def _cut_at_start(axis: Axis) -> np.ndarray:
    """Return what windows read that are cut at the start and then dilated, like ``x[max(start, 0):end:d]``."""
    start = positions(axis)[:, :1]
    lies = np.maximum(start, 0) + np.arange(axis.kernel) * axis.dilation
    return np.where(lies < np.minimum(start + axis.effective_kernel, axis.size), lies, PADDED)


def _moved_to_start(axis: Axis) -> np.ndarray:
    """Return what windows read that begin at the first element at the earliest, like ``start = max(start, 0)`` before the end is known."""
    lies = np.maximum(positions(axis)[:, :1], 0) + np.arange(axis.kernel) * axis.dilation
    return np.where(lies < axis.size, lies, PADDED)


_BEGINNING = {
    "moves windows that begin before the input to its start, instead of shortening them": _moved_to_start,
    "counts the dilation from the first element where a window begins before it": _cut_at_start,
}
"""What is done to windows that begin before the input, and what they then read."""


def may_show(pattern: str, axis: Axis) -> bool:
    """Tell whether an axis can show a pattern at all."""
    if pattern == _OVERWRITTEN:
        return bool((_of_transposed(axis) != PADDED).sum(axis=1).max(initial=0) > 1)
    if pattern in _BEGINNING:
        ours = positions(axis)
        asked = _members(np.where((ours >= 0) & (ours < axis.size), ours, PADDED), axis.size)
        return not np.array_equal(asked, _members(_BEGINNING[pattern](axis), axis.size))
    return True


def _members(reads: np.ndarray, size: int) -> np.ndarray:
    found = np.zeros((len(reads), size + 1), dtype=bool)
    found[np.arange(len(reads))[:, None], reads] = True  # PADDED, which is -1, is the column that is cut off
    return found[:, :size]


def _of_members(seen: np.ndarray, asked: np.ndarray, axis: Axis) -> list[str]:
    """Recognise an element that some windows leave out, or read besides their own."""
    start = np.arange(len(asked)) * axis.stride - axis.before
    beyond = start + axis.effective_kernel > axis.size
    rows = np.arange(len(asked))
    windows = {
        "every window": rows >= 0,
        "windows that reach beyond the end": beyond,
        "windows that begin before the start": start < 0,
        "windows that touch the padding": beyond | (start < 0),
        "windows that do not touch the padding": ~beyond & (start >= 0),
        "the last window": rows == len(rows) - 1,
        "the first window": rows == 0,
        "all windows but the first": rows > 0,
        "all windows but the last": rows < len(rows) - 1,
    }
    place = np.arange(axis.size)
    n_asked = asked.cumsum(axis=1)
    last, first = asked & (n_asked == n_asked[:, -1:]), asked & (n_asked == 1)
    left_out = {
        "the last element of the input": asked & (place == axis.size - 1),
        "the first element of the input": asked & (place == 0),
        "their last element": last,
        "their first element": first,
        "all elements but their first": asked & ~first,
        "all elements but their last": asked & ~last,
        "all elements": asked,
    }
    besides = {
        "one more element at the end": np.roll(last, 1, axis=1) & (place > 0) & ~asked,
        "one more element at the start": np.roll(first, -1, axis=1) & (place < axis.size - 1) & ~asked,
        "the last element of the input": ~asked & (place == axis.size - 1),
        "the first element of the input": ~asked & (place == 0),
        "the whole input": ~asked,
    }
    missing, extra = asked & ~seen, seen & ~asked
    several = asked.sum(axis=1) > 1
    found = []
    for change, (verb, elements) in ((missing, ("leaves out", left_out)), (extra, ("also reads", besides))):
        if not change.any() or not np.array_equal(missing | extra, change):
            continue
        for (which, of), (what, changed) in product(windows.items(), elements.items()):
            wanted = changed & of[:, None]
            kept = wanted & several[:, None] if change is missing else wanted
            if wanted.any() and (np.array_equal(change, wanted) or np.array_equal(change, kept)):
                found.append(f"{verb} {what} in {which}")
    return found


def _windows_moved(reads: np.ndarray, ours: np.ndarray, axis: Axis) -> Iterator[str]:
    """Recognise windows that are SAME's but for some, which begin elsewhere."""
    differ = [o for o in range(len(ours)) if not np.array_equal(reads[o], ours[o])]
    steps = reads - ours
    real = (reads != PADDED) & (ours != PADDED)
    by = [int(steps[o][real[o]][0]) if real[o].any() else 0 for o in range(len(ours))]
    moved = positions(axis) + np.array(by)[:, None]
    if np.array_equal(reads, np.where((moved >= 0) & (moved < axis.size), moved, PADDED)):
        if differ == [len(ours) - 1] and by[-1] < 0:
            yield "moves the last window back into the input"
        elif differ == [0] and by[0] > 0:
            yield "moves the first window into the input"
        elif all((b <= 0) == (reads[o].max() == axis.size - 1) or b == 0 for o, b in enumerate(by)):
            yield "moves windows that reach beyond the input back into it"
        real_ones = [b for o, b in enumerate(by) if o >= differ[0] and real[o].any()]
        if differ[0] > 0 and len(set(real_ones)) == 1:
            yield f"moves all windows from output {differ[0]} on, as if these were padded by other amounts"


def _wrapped(reads: np.ndarray, axis: Axis) -> str:
    """Recognise negative positions that wrap round, as indices do in Python, where the padding stands after the end only."""
    lies = positions(axis)
    position = np.where(lies < 0, lies + axis.size + axis.after, lies)
    is_wrapped = np.array_equal(reads, np.where((position >= 0) & (position < axis.size), position, PADDED))
    return "lets positions before the start wrap round to the end, behind which it pads" if is_wrapped else ""


def _tiled(ours: np.ndarray, missing: np.ndarray, axis: Axis) -> str:
    """Recognise tiles: a window reads what lies in the tile of its output only."""
    centre = np.arange(len(ours))[:, None] * axis.stride
    for tile in range(1, axis.size):
        beyond = (ours != PADDED) & (ours // tile != centre // tile)
        if np.array_equal(beyond, missing):
            return f"works in tiles of {tile} elements, each without its neighbours"
    return ""


def _windows_left_out(ours: np.ndarray, missing: np.ndarray) -> str:
    """Recognise whole windows that read nothing."""
    real = ours != PADDED
    rows = np.asarray(missing.any(axis=1))
    if not np.array_equal(missing[rows], real[rows]):
        return ""
    touching = (ours == PADDED).any(axis=1)
    if np.array_equal(rows, touching & real.any(axis=1)):
        return "leaves out every window that touches the padding"
    places = {"first": [0], "last": [len(rows) - 1]}
    found = np.flatnonzero(rows).tolist()
    which = next((name for name, place in places.items() if found == place), "")
    return f"leaves out the {which} window" if which else "leaves out whole windows"


def _elements_left_out(ours: np.ndarray, missing: np.ndarray, axis: Axis) -> str:
    """Recognise elements, or taps, that are never read."""
    for words, element in (("first", 0), ("last", axis.size - 1)):
        if np.array_equal(missing, ours == element):
            return f"never reads the {words} element"
    taps = np.flatnonzero(missing.any(axis=0)).tolist()
    if np.array_equal(missing[:, taps], (ours != PADDED)[:, taps]) and len(taps) < ours.shape[1]:
        return f"leaves out tap {', '.join(map(str, taps))} of {ours.shape[1]}"
    return ""


def of_transposed(reads: np.ndarray, axis: Axis) -> list[str]:
    """Say the same of the map ``(out, kernel)`` of a transposed convolution."""
    ours = _of_transposed(axis)
    if reads.shape != ours.shape:
        return []
    real = ours != PADDED
    n_before = np.cumsum(real, axis=1)
    first, last = real & (n_before == 1), real & (n_before == real.sum(axis=1, keepdims=True))
    overlap = real.sum(axis=1, keepdims=True) > 1
    if not overlap.any():
        return []
    for kept in (first, last):
        if np.array_equal(reads, np.where(kept, ours, PADDED)):
            return [_OVERWRITTEN]
    return []


def _of_transposed(axis: Axis) -> np.ndarray:
    """Return which input each tap of a transposed convolution brings to each output, ``(out, kernel)``."""
    q, j = np.arange(axis.output_size)[:, None], np.arange(axis.kernel)[None, :]
    source, rest = np.divmod(q + axis.before - j * axis.dilation, axis.stride)
    return np.where((rest == 0) & (source >= 0) & (source < axis.size), source, PADDED)
