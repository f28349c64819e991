"""Know which folders a project is in, and how its files are called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from same_conformance.messages import without_places

_ROOTS = (".git", ".hg", ".svn")
"""What only the root of a repository has; no project reaches beyond it."""


def upward(directory: Path) -> Iterator[Path]:
    """Yield `directory` and those that it is in, up to the root of its repository, or of all if it is in none."""
    for folder in (directory, *directory.parents):
        yield folder
        if _is_root(folder):
            return


def shown(path: Path) -> str:
    """Return how messages and records call a file: as it was given, or from the current directory if it is of the project.

    The folders of a machine are left out.
    """
    *_, top = upward(Path.cwd())
    if path.is_absolute() and path.is_relative_to(top if _is_root(top) else Path.cwd()):
        return os.path.relpath(path)
    return without_places(str(path))


def _is_root(folder: Path) -> bool:
    return any((folder / name).exists() for name in _ROOTS)
