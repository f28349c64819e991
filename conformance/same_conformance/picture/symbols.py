"""Hold the characters that a picture in the terminal is made of, and plain ones for terminals that lack them."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Symbols:
    """One set of characters. Each says by itself what it stands for; colour only repeats it.

    Attributes:
        padding: a cell of padding, or an output element that is cropped.
        border, rule: between the padding and the cells, upright and lying.
        more: cells or rows that are left out.
        differs: a row that differs.
        mark: stands behind a cell that differs.

    """

    padding: str
    border: str
    rule: str
    more: str
    differs: str
    mark: str = "*"


DRAWN = Symbols(padding="·", border="│", rule="─", more="…", differs="≠")
PLAIN = Symbols(padding=".", border="|", rule="-", more="..", differs="!=")


def for_encoding(encoding: str) -> Symbols:
    """Return the characters that `encoding` has.

    >>> for_encoding("utf-8").border, for_encoding("ascii").border
    ('│', '|')
    """
    try:
        "".join(astuple(DRAWN)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return DRAWN
