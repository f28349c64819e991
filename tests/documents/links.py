"""Follow the links of a page that stay in the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from documents import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from documents.page import Link, Page

ELSEWHERE = ("https://", "mailto:")


def broken(read: Page, root: Path) -> list[str]:
    """Return the links that lead nowhere, each with its place."""
    return [f"{read.name}:{link.line}: {what}" for link in read.links for what in _problems(link, read, root)]


def _problems(link: Link, read: Page, root: Path) -> Iterator[str]:
    if link.target.startswith(ELSEWHERE):
        return
    path, _, anchor = unquote(link.target).partition("#")
    here = root / read.name
    target = (here.parent / path).resolve() if path else here
    if not target.exists() or not target.is_relative_to(root.resolve()):
        yield f"there is no {path}"
    elif anchor and target.suffix == ".md" and anchor not in page.read(target, root.resolve()).anchors:
        yield f"{path or read.name} has no anchor {anchor}"
