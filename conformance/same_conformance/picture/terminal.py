"""Show a picture: with the characters that the terminal has, as wide as it is, in colour if it wants any."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Console
from rich.text import Text

from same_conformance.picture import symbols
from same_conformance.picture.symbols import Symbols

WIDTH = 80
"""Columns where there is no terminal to ask."""
_WIDEST = 100
"""Columns at most: the eye loses longer lines."""


def show(draw: Callable[[int, Symbols], Iterable[Text]], console: Console | None = None) -> None:
    """Print the lines that `draw` returns for a width and a set of characters."""
    if console is None:
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=WIDTH)
    for line in draw(min(console.width, _WIDEST), symbols.for_encoding(console.encoding)):
        console.print(line, soft_wrap=True)
