"""Read the defaults of ``run`` that a project keeps in its ``pyproject.toml``, table ``[tool.same-conformance]``."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from same_conformance.errors import UsageError
from same_conformance.project import shown, upward
from same_conformance.selection import PROFILES

FILE = "pyproject.toml"
TABLE = "same-conformance"
_KEYS = ("expectations", "implementations", "profile")


@dataclass(frozen=True)
class Config:
    """The options that a project keeps.

    Attributes:
        path: of the file; None if there is none.
        expectations: files of known failures, relative to that file.
        implementations: what is run if no name is given.
        profile: which cases by default; empty if it does not say.

    """

    path: Path | None = None
    expectations: tuple[Path, ...] = ()
    implementations: tuple[str, ...] = ()
    profile: str = ""

    @property
    def name(self) -> str:
        """Return what messages call the file; empty if there is none."""
        return shown(self.path) if self.path else ""

    def used(self, **given: bool) -> dict[str, Any]:
        """Return what counts, as a record holds it: all but what was `given` on the command line, by the name of the key."""
        if self.path is None:
            return {}
        values: dict[str, Any] = {
            "expectations": [shown(path) for path in self.expectations],
            "implementations": list(self.implementations),
            "profile": self.profile,
        }
        counts = {key: value for key, value in values.items() if value and not given.get(key)}
        return {"file": self.name, **counts} if counts else {}


def sentence(used: Mapping[str, Any]) -> str:
    """Say what was read, in one line; empty if nothing was.

    >>> sentence({"file": "pyproject.toml", "expectations": ["known.toml"], "profile": "quick"})
    'pyproject.toml: expectations known.toml; profile quick'
    """
    values = [
        f"{key} {', '.join(value) if isinstance(value, list) else value}"
        for key, value in used.items()
        if key != "file"
    ]
    return f"{used['file']}: {'; '.join(values)}" if values else ""


def read(directory: Path) -> Config:
    """Return the options of the project that `directory` belongs to.

    The first ``pyproject.toml`` with the table counts, from `directory` upward to the root of the repository.

    Raises:
        UsageError: if one on the way cannot be read, or a key or value is wrong; names the file and what is allowed.

    """
    for folder in upward(directory):
        path = folder / FILE
        if path.is_file():
            table = _table(path)
            if table is not None:
                return _config(path, table)
    return Config()


def _table(path: Path) -> dict[str, Any] | None:
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    tool = document.get("tool", {})
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: tool.{TABLE} must be a table, begun with [tool.{TABLE}]")
    return table


def _config(path: Path, table: dict[str, Any]) -> Config:
    where = f"{path}, [tool.{TABLE}]"
    for key in table:
        if key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise UsageError(f"{where}: {key!r} is not known.{hint} The keys are {', '.join(_KEYS)}")
    profile = table.get("profile", "")
    if "profile" in table and profile not in PROFILES:
        raise UsageError(f"{where}: profile {profile!r} is not known; use one of {', '.join(PROFILES)}")
    return Config(
        path,
        tuple(path.parent / text for text in _texts(table, "expectations", where, "a path")),
        tuple(_texts(table, "implementations", where, "a name")),
        profile,
    )


def _texts(table: dict[str, Any], key: str, where: str, what: str) -> list[str]:
    """Return the texts of a key that may have one or a list of them."""
    value = table.get(key, [])
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise UsageError(f"{where}: {key} must be {what} or a list of them, each a text; got {value!r}")
    return texts
