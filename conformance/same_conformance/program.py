"""Define the contract for an implementation in any language: a program that speaks the worker protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from same_conformance import api as versions
from same_conformance import claims
from same_conformance.case import DTYPES, RANKS
from same_conformance.errors import PluginError
from same_conformance.messages import one_line
from same_conformance.padding import MODES

FRAMEWORK = "program"
"""What stands where other implementations name their framework."""

_TEXTS = ("summary", "homepage", "version")
_CLAIMS = ("ops", "ranks", "dtypes", "paddings", "compared")


@dataclass(frozen=True)
class Program:
    """Describe a program that executes cases: how it is started, and what it offers.

    It is started with two more arguments, the descriptors that it reads requests from and writes replies to, and
    speaks the protocol of ``docs/protocol.md``.

    Attributes:
        name: the same as that of the entry point: lower case, digits, ``_ . -``.
        command: what to start, ``("node", "worker.js")``. The first is looked for as in a shell; any other, or one with a
            ``/``, that is a file beside the one in which this stands is that file.
        ops, ranks, dtypes, paddings, compared: what it claims; the rest is `unsupported` and never sent.
        summary: one sentence for the report.
        homepage: where its users find it.
        version: of the program; by default that of the distribution which registers it.
        environment: variables that are set before it starts.
        api: the version of this contract that it is written for, `same_conformance.api.API_VERSION` by now.

    Raises:
        PluginError: if the description is not valid.

    """

    name: str
    command: tuple[str, ...]
    ops: tuple[str, ...]
    ranks: tuple[int, ...] = RANKS
    dtypes: tuple[str, ...] = DTYPES
    paddings: tuple[str, ...] = MODES
    compared: tuple[str, ...] = ("forward",)
    summary: str = ""
    homepage: str = ""
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    api: int = 1

    def __new__(cls, *_: Any, **keywords: Any) -> Program:  # noqa: PYI034  # typing.Self is of Python 3.11
        """Say what to do about keywords of a newer version, before `__init__` raises a `TypeError`."""
        versions.check(cls.__name__, keywords, cls.__dataclass_fields__)
        return object.__new__(cls)

    def __post_init__(self) -> None:
        claims.check(self, _TEXTS, _CLAIMS)
        command: object = self.command
        if not isinstance(command, (tuple, list)) or not command:
            raise PluginError(f'{self.name}: command must be a tuple such as ("node", "worker.js"), got {command!r}')
        if not all(isinstance(part, str) and part and "\0" not in part for part in command):
            raise PluginError(f"{self.name}: command must hold texts, got {command!r}")

    def command_in(self, folder: Path) -> tuple[str, ...]:
        """Return the command with absolute paths for what is a file in `folder`, where this is declared."""
        first, *rest = self.command
        return (_found(folder, first) if "/" in first else first, *(_found(folder, part) for part in rest))

    def describe(self) -> dict[str, Any]:
        """Return what the record says of it: a description that JSON can carry, without any place of this machine."""
        description: dict[str, Any] = {name: getattr(self, name) for name in ("name", *_CLAIMS)}
        description.update({word: one_line(getattr(self, word)) for word in _TEXTS})
        return {**description, "framework": FRAMEWORK, "environment": dict(self.environment)}


def _found(folder: Path, part: str) -> str:
    path = folder / part
    return str(path) if path.is_file() else part
