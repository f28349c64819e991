"""Draw a case of one axis as a picture for a page: the cells, and under them what each window reads."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from same_conformance.diagnosis import reading as readings
from same_conformance.errors import UsageError
from same_conformance.mutants import RULES
from same_conformance.picture import axis, windows
from same_conformance.picture.axis import LETTERS, Layout, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from same_conformance.case import Case

_CELL, _ROW, _GAP, _LABEL = 34, 26, 6, 64
"""Pixels: width of a cell, height of a row, space between rows, and width of what stands before them."""
_STYLE = """
  text { font: 14px ui-monospace, monospace; fill: #1f2328; }
  .title { font-weight: bold; }
  .cell { fill: #ddf4ff; stroke: #0969da; }
  .outside { fill: none; stroke: #8c959f; stroke-dasharray: 3 3; }
  .tap { fill: #dafbe1; stroke: #1a7f37; }
  .wrong { fill: #ffebe9; stroke: #cf222e; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .cell { fill: #0c2d6b; } .tap { fill: #033a16; } .wrong { fill: #67060c; }
  }
"""


def draw(case: Case, rule: str = "") -> str:
    """Return the SVG of what SAME reads and, under it, of what the wrong rule of that name does.

    Each row below the cells is a window and each letter a tap; of a transposed convolution, a row is an input element, and
    the cells are the output, of which those with a broken border are cropped.

    Raises:
        UsageError: if the case has several axes, or no such rule reads its axis otherwise.

    """
    if case.rank != 1:
        raise UsageError(f"{case.id} has {case.rank} axes, and a picture one: SAME works axis by axis")
    (only,), transposed = case.axes, case.op == "conv_transpose"
    asked = readings.of_same(only, transposed=transposed)
    layouts = [Layout("SAME", asked, only.size if transposed else asked.out, only.kernel)]
    if rule:
        made = RULES[rule].plan if rule in RULES else None
        read = made(case) if made else None
        found = windows.of_plan(case, read) if read else None
        layout = axis.layout_of(only, Reader(rule, found[0]), transposed=transposed) if found else None
        if layout is None:
            raise UsageError(f"{rule!r} is no rule that says what {case.id} reads; docs/mutants.md lists them")
        layouts.append(layout)
    return _Sheet(case, layouts).svg()


class _Sheet:
    """The columns that all layouts share, and the rows that are drawn so far."""

    def __init__(self, case: Case, layouts: list[Layout]) -> None:
        self._case, self._layouts = case, layouts
        self._transposed = case.op == "conv_transpose"
        self._size = case.axes[0].output_size if self._transposed else case.axes[0].size
        self._first = min(0, *(x.reach[0] for x in layouts))
        self._n_columns = max(self._size, *(x.reach.stop for x in layouts)) - self._first
        self._y = 0

    def svg(self) -> str:
        """Return the whole picture."""
        same, *others = self._layouts
        lines = [*self._drawn(same), *(line for other in others for line in self._drawn(other, same))]
        titles = "; ".join(self._title(x, None if x is same else same) for x in self._layouts)
        width = max(_LABEL + (self._n_columns + 1) * _CELL, max(map(len, titles.split("; "))) * 9)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{self._y}" '
            f'viewBox="0 0 {width} {self._y}" role="img">'
        )
        return "\n".join(
            [
                head,
                f"<title>{escape(f'{self._case.id}: {titles}')}</title>",
                f"<style>{_STYLE}</style>",
                *lines,
                "</svg>\n",
            ]
        )

    def _title(self, layout: Layout, same: Layout | None) -> str:
        return f"{layout.name}: {', '.join(axis.said_of(layout, same, transposed=self._transposed))}"

    def _drawn(self, layout: Layout, same: Layout | None = None) -> Iterator[str]:
        """Yield the title, the cells and the rows of one layout."""
        yield self._text(4, self._title(layout, same), "title")
        self._y += _ROW
        used = range(min(0, layout.reach[0]), max(self._size, layout.reach.stop))
        yield self._text(4, "output" if self._transposed else "input")
        for position in used:
            inside = 0 <= position < self._size
            yield self._box(position, str(position) if inside else "", "cell" if inside else "outside")
        self._y += _ROW + _GAP
        for o in range(layout.n_lines):
            yield self._text(4, f"{'in' if self._transposed else 'out'} {o}")
            asked = same.line(o) if same and o < same.n_lines else []
            for tap, position in enumerate(layout.line(o)):
                right = same is None or (tap < len(asked) and asked[tap] == position)
                yield self._box(position, LETTERS[tap], "tap" if right else "wrong")
            self._y += _ROW + _GAP
        self._y += _GAP

    def _box(self, position: int, text: str, kind: str) -> str:
        x = _LABEL + (position - self._first) * _CELL
        rect = f'<rect class="{kind}" x="{x + 1}" y="{self._y + 1}" width="{_CELL - 2}" height="{_ROW - 2}" rx="3"/>'
        return rect + (self._text(x + _CELL // 2, text, "", ' text-anchor="middle"') if text else "")

    def _text(self, x: int, text: str, kind: str = "", more: str = "") -> str:
        kind = f' class="{kind}"' if kind else ""
        return f'<text{kind} x="{x}" y="{self._y + 18}"{more}>{escape(text)}</text>'
