"""Draw the picture of a case for a terminal: each axis, the cells of a window that differs, and the arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from same_conformance.picture import axis, planes, windows
from same_conformance.picture.axis import QUIET, Reader

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.picture.model import Picture
    from same_conformance.picture.symbols import Symbols
    from same_conformance.picture.windows import Windows


def draw_same(case: Case, width: int, symbols: Symbols) -> list[Text]:
    """Return the lines that show which window reads what as SAME asks."""
    return [_legend(case), *_axes(case, windows.of_same(case), {}, width, symbols)]


def draw(picture: Picture, width: int, symbols: Symbols) -> list[Text]:
    """Return the lines that show what an implementation reads and gives, beside what SAME asks for."""
    case, name = picture.case, picture.implementation
    asked = windows.of_same(case)
    read = picture.windows
    if read is None or read == asked:
        why = "is not known: no rule says it, and probing does not show it" if read is None else "is what SAME asks for"
        lines = [*draw_same(case, width, symbols), Text(f"what {name} reads {why}")]
    else:
        lines = [_legend(case, symbols.mark), *_axes(case, asked, {name: read}, width, symbols)]
        lines += planes.window(case, name, asked, read, width, symbols)
    return lines + planes.arrays(picture, width, symbols)


def _axes(case: Case, asked: Windows, others: dict[str, Windows], width: int, symbols: Symbols) -> list[Text]:
    lines = []
    for i, a in enumerate(case.axes):
        if case.rank > 1:
            lines.append(Text(f"axis {i}", style="bold"))
        readers = [Reader(name, w[i]) for name, w in others.items()]
        transposed = case.op == "conv_transpose"
        lines += axis.draw(a, Reader("SAME", asked[i]), readers, transposed=transposed, width=width, symbols=symbols)
    return lines


def _legend(case: Case, mark: str = "") -> Text:
    what = "a, b, c are the taps of the kernel" if "conv" in case.op else "a, b, c are the elements of a window"
    where = "; each line is an input element" if case.op == "conv_transpose" else "; each line is a window"
    return Text(what + where + (f"; {mark} marks what differs" if mark else ""), style=QUIET)
