"""Find implementations through their entry points, without importing them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GROUP = "same_conformance.implementations"
OURS = "same-conformance"


@dataclass(frozen=True)
class EntryPoint:
    """An implementation's name, where it is, who registered it, and the interpreter that will run it."""

    name: str
    value: str
    distribution: str
    version: str
    interpreter: str = sys.executable

    @property
    def is_builtin(self) -> bool:
        """Tell whether it came with this package."""
        return self.distribution == OURS


def installed() -> list[EntryPoint]:
    """Return the implementations installed beside this package, sorted by name.

    Raises:
        UsageError: if two packages register the same name.

    """
    found = {
        (e.name, e.value, d.metadata["Name"]): EntryPoint(e.name, e.value, d.metadata["Name"], d.version)
        for d in metadata.distributions()
        for e in d.entry_points
        if e.group == GROUP
    }
    return check_unique(found.values())


def check_unique(entry_points: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Return the entry points sorted by name.

    Raises:
        UsageError: if two packages register the same name.

    """
    by_name: dict[str, EntryPoint] = {}
    for entry_point in sorted(entry_points, key=lambda e: (e.name, e.distribution)):
        other = by_name.setdefault(entry_point.name, entry_point)
        if other is not entry_point:
            raise UsageError(
                f"two packages register an implementation called {entry_point.name!r}: {other.distribution} "
                f"({other.value}) and {entry_point.distribution} ({entry_point.value}); uninstall one of them, "
                "or ask its author for another name"
            )
    return list(by_name.values())


def select(entry_points: list[EntryPoint], names: Iterable[str]) -> list[EntryPoint]:
    """Return the entry points called `names`, in that order.

    Raises:
        UsageError: if a name is not installed; says which are, and which comes close.

    """
    import difflib

    by_name = {e.name: e for e in entry_points}
    selected = []
    for name in dict.fromkeys(names):
        if name not in by_name:
            close = difflib.get_close_matches(name, by_name, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise UsageError(
                f"implementation {name!r} is not installed.{hint} Installed: {', '.join(by_name) or 'none'}. "
                f"A package registers one in the entry-point group {GROUP}"
            )
        selected.append(by_name[name])
    return selected


def with_interpreters(entry_points: list[EntryPoint], interpreters: Mapping[str, str]) -> list[EntryPoint]:
    """Return the entry points with the interpreter that ``--python NAME=INTERPRETER`` gave to some."""
    from dataclasses import replace

    return [replace(e, interpreter=interpreters.get(e.name, e.interpreter)) for e in entry_points]
