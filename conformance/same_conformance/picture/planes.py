"""Draw what lies in a plane: the arrays with their differing elements, and the input cells that one window reads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product, zip_longest
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from same_conformance import judge, plan
from same_conformance.case import POOLS
from same_conformance.picture.axis import QUIET, WRONG, Reader, layout_of

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.picture.model import Picture
    from same_conformance.picture.symbols import Symbols
    from same_conformance.picture.windows import Windows

Cells = Sequence[Sequence[int]]
"""Per axis, the positions that make up one output element: their product is what is read."""

_MOST_SHOWN = 4
"""Planes of an array that are drawn: first those that differ."""
_MOST_ROWS = 10
"""Rows of a plane; of a larger one, those at its start are drawn, and as many columns as the terminal has room for."""
_MARGIN = 1
"""Cells that are drawn around what a window reads."""
_BETWEEN = 3
"""Characters between two grids side by side."""


def arrays(picture: Picture, width: int, symbols: Symbols) -> list[Text]:
    """Return the expected and the observed array, plane by plane, with the elements that differ marked."""
    case, observed = picture.case, picture.observed
    if observed is None:
        return []
    if observed.ndim != picture.expected.ndim:
        return [Text(f"{observed.ndim} axes came out, where {picture.expected.ndim} are asked for", style=WRONG)]
    if observed.shape == picture.expected.shape and not differing(picture).any():
        return []
    asked, came, wrong = (_by_plane(case, a) for a in (picture.expected, observed, differing(picture)))
    places = list(product(*(range(max(a, b)) for a, b in zip(asked.shape[:-2], came.shape[:-2], strict=True))))
    places.sort(key=lambda place: not _at(wrong, place).any())
    lines: list[Text] = []
    for place in sorted(places[:_MOST_SHOWN]):
        lines.append(Text(_named(case, place), style="bold"))
        left = _grid("SAME", _at(asked, place), np.zeros_like(_at(asked, place), dtype=bool), width, symbols)
        lines += beside(left, _grid(picture.implementation, _at(came, place), _at(wrong, place), width, symbols), width)
    left_out = [f"{len(places) - _MOST_SHOWN} more planes"] if len(places) > _MOST_SHOWN else []
    if any(str(line).rstrip(f"{symbols.mark} ").endswith(symbols.more) for line in lines):
        left_out.append(f"the rows and columns at {symbols.more}")
    return [*lines, Text(f"left out: {' and '.join(left_out)}", style=QUIET)] if left_out else lines


def differing(picture: Picture) -> np.ndarray:
    """Return which elements of the observed array are not as expected, those that are too many included."""
    expected, observed, case = picture.expected, picture.observed, picture.case
    assert observed is not None, "there is something to compare"
    if observed.shape == expected.shape:
        wrong = judge.different(case, observed, expected)
        if case.op in POOLS and case.compared == "forward":
            wrong &= ~plan.same(case).reads_padding_only()[None, ..., None]
        return wrong
    wrong = np.ones(observed.shape, dtype=bool)
    common = tuple(slice(0, min(a, b)) for a, b in zip(observed.shape, expected.shape, strict=True))
    wrong[common] = observed[common] != expected[common]
    return wrong


def _by_plane(case: Case, values: np.ndarray) -> np.ndarray:
    """Return an array as planes of rows and columns: what is no space, and the first of three axes, comes first."""
    first = (-2, -1) if case.compared == "kernel_gradient" else (0, -1)
    values = np.moveaxis(values, first, (0, 1))
    return values[..., None, :] if case.rank == 1 else values


def _at(planes: np.ndarray, place: tuple[int, ...]) -> np.ndarray:
    """Return the plane at `place`, an empty one if there is none."""
    there = all(i < n for i, n in zip(place, planes.shape, strict=False))
    return np.asarray(planes[place]) if there else np.zeros((0, 0), dtype=planes.dtype)


def _named(case: Case, place: tuple[int, ...]) -> str:
    names = ("batch", "channel")
    if case.compared == "kernel_gradient":
        names = {"depthwise_conv": ("channel", "multiplier"), "conv_transpose": ("out", "in")}.get(
            case.op, ("in", "out")
        )
    return ", ".join(f"{name} {i}" for name, i in zip((*names, "slice"), place, strict=False))


def _grid(name: str, values: np.ndarray, wrong: np.ndarray, width: int, symbols: Symbols) -> list[Text]:
    """Return a plane of values under its name, with a mark behind what differs."""
    lines = [Text(name)]
    texts = [[f"{value:g}" for value in row] for row in values[:_MOST_ROWS]]
    cell = max((len(text) for row in texts for text in row), default=0) + 2
    n_columns = max(1, (width - 6) // cell)
    for row, marks in zip(texts, wrong, strict=False):
        line = Text()
        for text, differs in zip(row[:n_columns], marks, strict=False):
            line.append(f"{text:>{cell - 1}}")
            line.append(symbols.mark if differs else " ", style=WRONG)
        if len(row) > n_columns:
            line.append(f" {symbols.more}", style=WRONG if marks[n_columns:].any() else QUIET)
            line.append(symbols.mark if marks[n_columns:].any() else "", style=WRONG)
        lines.append(line)
    if len(values) > len(texts):
        hidden = wrong[len(texts) :].any()
        lines.append(Text(f" {symbols.more}{symbols.mark if hidden else ''}", style=WRONG if hidden else QUIET))
    return lines if values.size else [*lines, Text(" nothing")]


def window(case: Case, name: str, asked: Windows, read: Windows, width: int, symbols: Symbols) -> list[Text]:
    """Return the input cells that go into one output element, as SAME asks and as is read; on several axes only.

    It is the first that differs. Three axes are drawn as slices across the first, once for all that are read alike.
    """
    if case.rank == 1 or asked == read:
        return []
    out = tuple(_first_that_differs(a, b) for a, b in zip(asked, read, strict=True))
    cells = [[_positions(case, axis, w[axis], o) for axis, o in enumerate(out)] for w in (asked, read)]
    lines = [Text(f"the input cells (#) that go into output element {', '.join(map(str, out))}", style="bold")]
    slices: dict[tuple[bool, ...], list[int]] = {}
    for place in sorted({p for chosen in cells for p in chosen[0]}):
        slices.setdefault(tuple(place in chosen[0] for chosen in cells), []).append(place)
    for are_read, places in slices.items() if case.rank > 2 else [((True, True), [])]:
        ours, theirs = (chosen[-2:] if is_read else [] for chosen, is_read in zip(cells, are_read, strict=True))
        if places:  # those that are read alike look alike
            lines.append(Text(f"at {', '.join(map(str, places))} of axis 0", style="bold"))
        left = _map("SAME", case.size[-2:], ours, theirs, symbols, is_marked=False)
        lines += beside(left, _map(name, case.size[-2:], theirs, ours, symbols, is_marked=True), width)
    return lines


def _first_that_differs(asked: Sequence[object], read: Sequence[object]) -> int:
    """Return the first window that both have and read otherwise; the first of all if there is none."""
    return next((o for o, (a, b) in enumerate(zip(asked, read, strict=False)) if a != b), 0)


def _positions(case: Case, axis: int, windows: Sequence[tuple[int | None, ...]], out: int) -> list[int]:
    """Return the positions along `axis` that go into output element `out`, beyond the border too where that is known."""
    if case.op != "conv_transpose":
        layout = layout_of(case.axes[axis], Reader("", windows), transposed=False)
        if layout is not None and layout.reading.border == "fill":
            return layout.line(out)
    return [i for i in windows[out] if i is not None]


def _map(
    name: str, size: tuple[int, ...], cells: Cells, others: Cells, symbols: Symbols, *, is_marked: bool
) -> list[Text]:
    """Return the neighbourhood of what two readers read in a plane; `cells` are drawn, and where `others` differ they are marked."""
    both = [*zip(cells, others, strict=True)] if cells and others else [(axis, []) for axis in cells or others]
    rows, columns = (
        range(max(min(0, *a, *b), min(*a, *b, n) - _MARGIN), min(max(n - 1, *a, *b), max(*a, *b, -1) + _MARGIN) + 1)
        for (a, b), n in zip(both, size, strict=True)
    )
    cell = max(len(str(n)) for n in (rows[0], rows[-1], columns[0], columns[-1])) + 2
    lines = [Text(name), _ruled(" " * cell, [(c, f"{c:>{cell - 1}} ", QUIET) for c in columns], size[1], symbols)]
    for r in rows:
        if r in (0, size[0]):
            lines.append(Text(" " * cell + symbols.rule * (len(lines[1]) - cell), style=QUIET))
        drawn = []
        for c in columns:
            is_read, is_shared = _holds(cells, r, c), _holds(others, r, c)
            is_wrong = is_marked and is_read != is_shared
            inside = 0 <= r < size[0] and 0 <= c < size[1]
            sign = "#" if is_read else symbols.padding if inside or is_wrong else ""
            drawn.append((c, f"{sign:>{cell - 1}}{symbols.mark if is_wrong else ' '}", WRONG if is_wrong else ""))
        lines.append(_ruled(f"{r:>{cell - 1}} ", drawn, size[1], symbols))
    if rows[-1] == size[0] - 1:
        lines.append(Text(" " * cell + symbols.rule * (len(lines[1]) - cell), style=QUIET))
    return lines


def _holds(cells: Cells, row: int, column: int) -> bool:
    return bool(cells) and row in cells[0] and column in cells[1]


def _ruled(label: str, cells: Sequence[tuple[int, str, str]], size: int, symbols: Symbols) -> Text:
    """Return a line of cells with the borders of the input between them."""
    line = Text(label, style=QUIET)
    for column, text, style in cells:
        if column in (0, size):
            line.append(symbols.border)
        line.append(text, style=style or "not dim")
    if cells[-1][0] == size - 1:
        line.append(symbols.border)
    return line


def beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    """Return two grids side by side, or, where that is too wide, one under the other."""
    column = max(line.cell_len for line in left) + _BETWEEN
    if column + max(line.cell_len for line in right) > width:
        return [*left, *right]
    lines = []
    for a, b in zip_longest(left, right, fillvalue=Text("")):
        line = a.copy()
        line.pad_right(column - a.cell_len)
        line.append_text(b)
        line.rstrip()
        lines.append(line)
    return lines
