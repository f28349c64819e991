"""Read a page: its blocks of code with the marks before them, its links, and the anchors that links may name.

A mark is a comment in the line before a block, which readers of the page do not see::

    <!-- file: mine.py -->                   the block is this file, in the directory where the page's commands run
    <!-- not run: it takes an hour -->       commands are parsed and code is compiled, and nothing is executed
    <!-- run -->                             commands are executed that would only be parsed because they take long
    <!-- excerpt of: conformance/a.py -->    the block stands in this file of the project, word for word
    <!-- docs/examples/a.py -->              the same

A file may also be named where readers see it: by a first line such as ``# mine.py``, or by a paragraph before the block
that is only its name and a colon.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

MARKS = ("file", "not run", "run", "excerpt of")
_MARK = re.compile(r"<!--\s*([a-z ]+?)\s*(?::\s*(.*?))?\s*-->\s*", re.DOTALL)
_PATH = re.compile(r"<!--\s*(\S+/\S+\.\w+)\s*-->\s*")
_MADE = re.compile(r"^(?:Made from \[.*\]\(.*\) by `|.*\bRecorded by `python )", re.MULTILINE)
_NAMED = re.compile(r"`([^`\s]+\.\w+)`:?")
_FIRST_LINE = re.compile(r"# ([\w./-]+\.(?:py|toml|ya?ml|json|ini|cfg))\n")
_ANCHOR = re.compile(r"""<a\s[^>]*?\b(?:id|name)="([^"]+)""")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: its path, relative to the root of the project.
        line: number of the line after the fence.
        language: what the fence says, such as ``python``; may be empty.
        mark: the kind of mark before it, one of `MARKS` or empty.
        what: what the mark says: a file, a reason.

    """

    page: str
    line: int
    language: str
    text: str
    mark: str = ""
    what: str = ""

    @property
    def file(self) -> str:
        """Return the name of the file that the block is, empty if it is none."""
        return self.what if self.mark == "file" else ""

    @property
    def where(self) -> str:
        """Return the place, for messages."""
        return f"{self.page}:{self.line}"

    @property
    def title(self) -> str:
        """Return the first line of the text."""
        return self.text.strip().partition("\n")[0]


@dataclass(frozen=True)
class Link:
    """What a page points to: an address, or a path relative to the page, with an anchor after ``#``."""

    line: int
    target: str


@dataclass(frozen=True)
class Page:
    """A page of the documentation, taken apart.

    Attributes:
        name: its path, relative to the root of the project.
        is_generated: whether it says that a program made it from what it ran.

    """

    name: str
    is_generated: bool
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    anchors: frozenset[str]


def read(path: Path, root: Path) -> Page:
    """Read the page at `path`, whose name is relative to `root`."""
    text = path.read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    name = path.relative_to(root).as_posix()
    return Page(
        name,
        _MADE.search(text) is not None,
        tuple(_blocks(tokens, name)),
        tuple(_links(tokens)),
        frozenset(_anchors(tokens)),
    )


def _blocks(tokens: Sequence[Token], page: str) -> Iterator[Block]:
    for i, token in enumerate(tokens):
        if token.type == "fence" and token.map:
            mark, what = _mark(tokens[:i], token.content)
            yield Block(page, token.map[0] + 2, token.info.strip(), token.content, mark, what)


def _mark(before: Sequence[Token], text: str) -> tuple[str, str]:
    """Return kind and content of what is said of a block before it, or in its first line."""
    if before and before[-1].type == "html_block":
        if path := _PATH.fullmatch(before[-1].content):
            return "excerpt of", path[1]
        if found := _MARK.fullmatch(before[-1].content):
            return found[1], found[2] or ""
    if before and before[-1].type == "paragraph_close" and (named := _NAMED.fullmatch(before[-2].content)):
        return "file", named[1]
    if first := _FIRST_LINE.match(text):
        return "file", first[1]
    return "", ""


def _links(tokens: Sequence[Token]) -> Iterator[Link]:
    for token in tokens:
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                yield Link(token.map[0] + 1 if token.map else 0, str(target))


def _anchors(tokens: Sequence[Token]) -> Iterator[str]:
    """Return the anchors that GitHub gives headings, and those that are set by hand."""
    seen: Counter[str] = Counter()
    for before, token in pairwise(tokens):
        yield from _ANCHOR.findall(token.content)
        if before.type == "heading_open":
            words = "".join(child.content for child in token.children or () if child.type in {"text", "code_inline"})
            slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
            yield f"{slug}-{seen[slug]}" if seen[slug] else slug
            seen[slug] += 1
