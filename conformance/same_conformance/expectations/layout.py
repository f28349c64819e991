"""Part a file of expectations into what stands before its entries and a block of text for each of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

_HEADER = re.compile(r"\s*\[\[?[^\[\]]*\]\]?\s*(#.*)?$")
_ENTRY = re.compile(r"\s*\[\[\s*[\"']?expectation[\"']?\s*\]\]\s*(#.*)?$")


@dataclass(frozen=True)
class Block:
    """The text of one entry.

    Attributes:
        line: of its header, from 1.
        text: comments directly above the header, the header, and everything up to what comes next.

    """

    line: int
    text: str

    @property
    def comment(self) -> str:
        """Return the comments above the header."""
        return "".join(line + "\n" for line in _leading_comments(self.text.splitlines()))


@dataclass(frozen=True)
class Layout:
    """A file in parts.

    Attributes:
        head: the comment that the file begins with, and every table that is no entry.
        blocks: one for each entry.

    """

    head: str
    blocks: tuple[Block, ...]


def part(text: str) -> Layout | None:
    """Return the parts of a file that is valid TOML, or None if its entries are not tables on lines of their own."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if _HEADER.match(line)]
    head: list[str] = []
    blocks = []
    begins = [_with_comments(lines, start) for start in starts]
    for begin, start, end in zip(begins, starts, [*begins[1:], len(lines)], strict=False):
        if _ENTRY.match(lines[start]):
            blocks.append(Block(start + 1, _joined(lines[begin:end])))
        else:
            head.append(_joined(lines[begin:end]))
    preface = lines[: begins[0]] if begins else lines
    layout = Layout("\n".join(filter(None, [_joined(preface), *head])), tuple(blocks))
    return layout if _holds(layout, text) else None


def assemble(head: str, blocks: Sequence[str]) -> str:
    """Return the text of a file with these parts, an empty line between them."""
    return "\n".join(part.strip("\n") + "\n" for part in (head, *blocks) if part.strip("\n"))


def _with_comments(lines: Sequence[str], start: int) -> int:
    """Return where the comments directly above line `start` begin; those that the file begins with are its own."""
    begin = start
    while begin > 0 and lines[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return start if begin == 0 else begin


def _leading_comments(lines: Sequence[str]) -> list[str]:
    n = next((i for i, line in enumerate(lines) if not line.lstrip().startswith("#")), len(lines))
    return list(lines[:n])


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n") + "\n" if any(line.strip() for line in lines) else ""


def _holds(layout: Layout, text: str) -> bool:
    """Tell whether the parts say one by one what the whole says: a header inside a text of many lines is none."""
    try:
        document = tomllib.loads(text)
        entries = document.pop("expectation", [])
        alone = [tomllib.loads(block.text) for block in layout.blocks]
        return tomllib.loads(layout.head) == document and alone == [{"expectation": [entry]} for entry in entries]
    except tomllib.TOMLDecodeError:
        return False
