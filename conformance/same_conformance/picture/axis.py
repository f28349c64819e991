"""Draw one axis: its cells with their padding, and which tap of which window reads which of them.

Each line is a window, each letter a tap. A transposed convolution is drawn from its input: each line is an input element,
and the columns are the output elements that its taps reach, those that are cropped included. Readers stand under one
another, in the same columns.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from same_conformance.diagnosis import reading as readings
from same_conformance.plan import PADDED

if TYPE_CHECKING:
    from same_conformance.axis import Axis
    from same_conformance.diagnosis.reading import AxisReading
    from same_conformance.picture.symbols import Symbols
    from same_conformance.picture.windows import Taps

MOST_LINES = 8
"""Windows that are drawn; of more, the first and the last."""
MOST_LINES_ABRIDGED = 5
"""The same where columns are left out, so that the others are beyond what is drawn."""

WRONG, QUIET = "bold red", "dim"
"""Styles; what they say is said by a symbol too."""


@dataclass(frozen=True)
class Reader:
    """Somebody who reads an axis.

    Attributes:
        name: as it is shown.
        windows: per output element, what each tap reads, see `same_conformance.picture.windows`.

    """

    name: str
    windows: Sequence[Taps]


@dataclass(frozen=True)
class Layout:
    """Where a reader's taps are on an axis: position 0 is the first cell, negative ones are before the border.

    Attributes:
        name: as it is shown.
        reading: what is read.
        n_lines: windows, or input elements of a transposed convolution.
        kernel: taps in each.

    """

    name: str
    reading: AxisReading
    n_lines: int
    kernel: int

    def line(self, o: int) -> list[int]:
        """Return the position of each tap of one line."""
        r = self.reading
        taps = range(self.kernel)[:: -1 if r.flipped else 1]
        return [o * r.stride + j * r.dilation - r.before for j in taps]

    @property
    def reach(self) -> range:
        """Return the positions from the first that is read to the last."""
        ends = [p for o in (0, self.n_lines - 1) for p in self.line(o)]
        return range(min(ends), max(ends) + 1)


def draw(
    axis: Axis, asked: Reader, others: Sequence[Reader], *, transposed: bool, width: int, symbols: Symbols
) -> list[Text]:
    """Return the lines that show how each reader reads `axis`: first `asked`, then `others`, compared with it."""
    layouts = [layout_of(axis, reader, transposed=transposed) for reader in (asked, *others)]
    if any(layout is None for layout in layouts):
        return [line for reader in (asked, *others) for line in _listed(reader, asked, width, symbols)]
    same, *rest = [layout for layout in layouts if layout]
    return draw_layouts(axis, same, rest, transposed=transposed, width=width, symbols=symbols)


def draw_layouts(
    axis: Axis, same: Layout, others: Sequence[Layout], *, transposed: bool, width: int, symbols: Symbols
) -> list[Text]:
    """Return the same lines for layouts that are known: first `same`, then `others`, compared with it."""
    sheet = _Sheet(axis, (same, *others), symbols, width, transposed=transposed)
    lines = [*sheet.head(same), *sheet.body(same)]
    for layout in others:
        lines += [*sheet.head(layout, same), *sheet.body(layout, same)]
    return lines + sheet.notes((same, *others))


def layout_of(axis: Axis, reader: Reader, *, transposed: bool) -> Layout | None:
    """Find where the taps of a reader are, beyond the border too; None if no regular pattern explains what they read."""
    reads = np.array([[PADDED if i is None else i for i in taps] for taps in reader.windows], dtype=np.int64)
    if reads.size == 0 or (reads == PADDED).all():
        return None
    found = readings.fit_transposed(reads, axis) if transposed else readings.fit_forward(reads, axis)
    if not found:
        return None
    same = readings.of_same(axis, transposed=transposed)
    reading = same if same in found else readings.nearest(found, axis)
    return Layout(reader.name, reading, axis.size if transposed else reading.out, axis.kernel)


def said_of(layout: Layout, same: Layout | None = None, *, transposed: bool) -> list[str]:
    """Say in words what a layout pads or crops, and how else it differs from `same`."""
    r = layout.reading
    verb, lack = ("crops", "zeros added") if transposed else ("pads", "left out")
    said = [f"{verb} {max(r.before, 0)} before and {max(r.after, 0)} after"]
    said += [f"{-n} {lack} {where}" for n, where in ((r.before, "at the start"), (r.after, "at the end")) if n < 0]
    said += ["reads the taps in reverse"] if r.flipped else []
    said += [f"continues beyond the border by {r.border}"] if r.border != "fill" else []
    if same is not None:
        s = same.reading
        said += [
            f"{what} {getattr(r, what)}" for what in ("stride", "dilation") if getattr(r, what) != getattr(s, what)
        ]
        said += [f"{r.out} outputs where SAME has {s.out}"] if r.out != s.out else []
    return said


class _Sheet:
    """The columns that all readers of an axis share, and how a line is set in them."""

    def __init__(
        self, axis: Axis, layouts: Sequence[Layout], symbols: Symbols, width: int, *, transposed: bool
    ) -> None:
        self._axis, self._symbols, self._transposed = axis, symbols, transposed
        self._span = axis.output_size if transposed else axis.size
        columns = range(min(0, *(x.reach[0] for x in layouts)), max(self._span, *(x.reach.stop for x in layouts)))
        self._cell = len(str(self._span)) + 2
        n_lines = max(layout.n_lines for layout in layouts)
        self._label = max(len(self._names[0]), len(f"{self._names[1]} {n_lines - 1}")) + 2
        self._columns = _abridged(columns, max(3, (width - self._label - 2 * _BORDER - 3) // self._cell))
        self._n_hidden = len(columns) - sum(column is not None for column in self._columns)
        self._most_lines = MOST_LINES_ABRIDGED if self._n_hidden else MOST_LINES

    @property
    def _names(self) -> tuple[str, str]:
        """Return what the columns and the lines are."""
        return ("output", "in") if self._transposed else ("input", "out")

    def head(self, layout: Layout, same: Layout | None = None) -> list[Text]:
        """Return the line that says what is padded or cropped, and the line of cells."""
        title = Text(f"{layout.name}: {', '.join(said_of(layout, same, transposed=self._transposed))}", style="bold")
        if same is not None:
            equal = layout.reading == same.reading
            title.append(": as SAME asks" if equal else f" {self._symbols.differs} SAME", style="" if equal else WRONG)
        used = range(min(0, layout.reach[0]), max(self._span, layout.reach.stop))
        cells = {p: self._cell_name(p, layout.reading.border) for p in self._columns if p is not None and p in used}
        return [title, self._line(self._names[0], cells)]

    def _cell_name(self, position: int, border: str) -> str:
        """Return the index of a cell, beyond the border that of the element which is repeated there."""
        if 0 <= position < self._span:
            return str(position)
        element = PADDED if self._transposed else readings.element_at(position, self._axis, border)
        return self._symbols.padding if element == PADDED else str(element)

    def body(self, layout: Layout, same: Layout | None = None) -> list[Text]:
        """Return a line per window, each tap a letter; those that are elsewhere than with `same` are marked."""
        found = []
        for o in _abridged(range(layout.n_lines), self._most_lines):
            if o is None:
                found.append(Text(f"{self._symbols.more:>{self._label}}", style=QUIET))
                continue
            positions = layout.line(o)
            asked = positions if same is None else same.line(o) if o < same.n_lines else []
            wrong = {p for p, q in _beside(positions, asked) if p != q}
            if same is not None and layout.reading.border != same.reading.border:
                wrong |= {p for p in positions if not 0 <= p < self._span}
            cells = {p: LETTERS[tap] if len(positions) <= len(LETTERS) else "#" for tap, p in enumerate(positions)}
            found.append(self._line(f"{self._names[1]} {o}", cells, wrong))
        return found

    def notes(self, layouts: Sequence[Layout]) -> list[Text]:
        """Say what is left out."""
        n_lines = max(layout.n_lines for layout in layouts) - self._most_lines + 1
        left_out = [f"{self._n_hidden} columns"] if self._n_hidden else []
        left_out += [f"{n_lines} windows"] if n_lines > 1 else []
        return [Text(f"left out in the middle: {' and '.join(left_out)}", style=QUIET)] if left_out else []

    def _line(self, label: str, cells: Mapping[int, str], wrong: frozenset[int] | set[int] = frozenset()) -> Text:
        line = Text(f"{label:>{self._label}}")
        for column in self._columns:
            if column is None:
                line.append(f"{self._symbols.more:>{self._cell - 1}} ", style=QUIET)
                continue
            if column in (0, self._span):
                line.append(f" {self._symbols.border}")
            mark, style = (self._symbols.mark, WRONG) if column in wrong else (" ", "")
            line.append(f"{cells.get(column, ''):>{self._cell - 1}}{mark}", style=style)
            if column == self._columns[-1] == self._span - 1:
                line.append(f" {self._symbols.border}")
        if wrong:
            line.append(f" {self._symbols.differs}", style=WRONG)
        line.rstrip()
        return line


LETTERS = string.ascii_lowercase
_BORDER = 2
"""Characters of a border with the space before it."""


def _beside(positions: Sequence[int], asked: Sequence[int]) -> list[tuple[int, int | None]]:
    return [(p, asked[tap] if tap < len(asked) else None) for tap, p in enumerate(positions)]


def _abridged(numbers: range, most: int) -> list[int | None]:
    """Return `numbers`, or of more than `most` the first and the last with a None between them."""
    if len(numbers) <= most:
        return list(numbers)
    n_first = most // 2
    return [*numbers[:n_first], None, *numbers[len(numbers) - (most - 1 - n_first) :]]


def _listed(reader: Reader, asked: Reader, width: int, symbols: Symbols) -> list[Text]:
    """Return the windows as lists of what each tap reads, where they cannot be drawn."""
    lines = [Text(f"{reader.name}, by output element: what each tap reads", style="bold")]
    for o in _abridged(range(len(reader.windows)), MOST_LINES):
        if o is None:
            lines.append(Text(f"  {symbols.more}", style=QUIET))
            continue
        taps = reader.windows[o]
        cells = " ".join(symbols.padding if i is None else str(i) for i in taps)
        differs = o >= len(asked.windows) or tuple(asked.windows[o]) != tuple(taps)
        line = Text(f"  out {o}: {cells}")
        line.truncate(width - 4, overflow="ellipsis" if symbols.more == "…" else "crop")
        lines.append(line.append(f" {symbols.differs}", style=WRONG) if differs else line)
    return lines
