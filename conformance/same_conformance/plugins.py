"""Find implementations through their entry points, without importing them."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GROUP = "same_conformance.implementations"
OURS = "same-conformance"


@dataclass(frozen=True)
class EntryPoint:
    """An implementation's name, where it is, who registered it, and the interpreter that will run it.

    Attributes:
        value: ``module:attribute``; of a file that is given, its path as it was typed, ``path/to/file.py:attribute``.
        distribution: the package that registers it, or the name of the file.
        file: absolute, where it is given by its file and registered by nobody.

    """

    name: str
    value: str
    distribution: str
    version: str
    interpreter: str = sys.executable
    file: Path | None = None

    @property
    def is_builtin(self) -> bool:
        """Tell whether it came with this package."""
        return self.distribution == OURS

    @property
    def home(self) -> tuple[str, str]:
        """Return what it shares with others that live in one worker: interpreter, and distribution or file."""
        return self.interpreter, str(self.file or self.distribution)

    @property
    def request(self) -> dict[str, str]:
        """Return what a worker needs to load it."""
        return {"value": self.value} | ({"file": str(self.file)} if self.file else {})


def installed(warn: Callable[[str], None] = lambda _: None) -> list[EntryPoint]:
    """Return the implementations installed beside this package, sorted by name.

    Of two versions of one package the first on the path counts, as it does for Python's import. A package whose
    metadata cannot be read is left out, and `warn` is told. Two packages may register one name: see `part`.
    """
    found: dict[tuple[str, str, str], EntryPoint] = {}
    seen: set[str] = set()
    for distribution in metadata.distributions():
        try:
            ours = [e for e in distribution.entry_points if e.group == GROUP]
            name, version = _name_and_version(distribution)
        except Exception as error:  # noqa: BLE001  # a stranger's files may be broken in any way
            warn(f"{_place(distribution)} is left out: its entry points cannot be read ({error}); install it again")
            continue
        if ours and not name:
            warn(f"{_place(distribution)} is left out: its metadata has no Name; install it again")
        normalized = re.sub(r"[-_.]+", "-", name).lower()
        if not name or normalized in seen:
            continue
        seen.add(normalized)
        found.update({(e.name, e.value, name): EntryPoint(e.name, e.value, name, version) for e in ours})
    return sorted(found.values(), key=lambda e: (e.name, e.distribution, e.value))


def _name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    """Return a distribution's name and version, each empty if the metadata has none."""
    headers = distribution.metadata
    name, version = (headers[key] if key in headers else "" for key in ("Name", "Version"))  # noqa: SIM401  # its type has no get before 3.12
    return name, version


def _place(distribution: metadata.Distribution) -> str:
    """Return where a distribution's metadata is; its name may be what cannot be read."""
    return f"the package {getattr(distribution, '_path', distribution.locate_file(''))}"


def part(entry_points: Iterable[EntryPoint]) -> tuple[list[EntryPoint], dict[str, str]]:
    """Part the entry points whose names are theirs alone from names that two packages register.

    Nobody can tell who is meant by the latter: for each, a sentence names both, for `Pool.failures`.
    """
    by_name: dict[str, EntryPoint] = {}
    clashes = {}
    for entry_point in entry_points:
        other = by_name.setdefault(entry_point.name, entry_point)
        if other is not entry_point:
            clashes[entry_point.name] = (
                f"two packages register an implementation called {entry_point.name!r}: {other.distribution} "
                f"({other.value}) and {entry_point.distribution} ({entry_point.value}); uninstall one of them, "
                "or ask its author for another name"
            )
    return [e for name, e in by_name.items() if name not in clashes], clashes


def select(entry_points: list[EntryPoint], names: Iterable[str]) -> list[EntryPoint]:
    """Return the entry points called `names`, in that order; all of them where packages share a name.

    Raises:
        UsageError: if a name is not installed; says which are, and which comes close.

    """
    import difflib

    by_name: dict[str, list[EntryPoint]] = {}
    for entry_point in entry_points:
        by_name.setdefault(entry_point.name, []).append(entry_point)
    selected: list[EntryPoint] = []
    for name in dict.fromkeys(names):
        if name not in by_name:
            file = f"{name}.py"
            close = [file] if Path(file).is_file() else difflib.get_close_matches(name, by_name, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise UsageError(
                f"implementation {name!r} is not installed.{hint} Installed: {', '.join(by_name) or 'none'}. "
                f"A package registers one in the entry-point group {GROUP}"
            )
        selected += by_name[name]
    return selected
