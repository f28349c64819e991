"""Read the cases kept in ``cases/``: the corpus, the layers of real networks, and the known failures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from same_conformance import expectations
from same_conformance.case import POOLS, Case, parse
from same_conformance.errors import CaseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from same_conformance.expectations import Expectation


@dataclass(frozen=True)
class Entry:
    """A case of the corpus with the reason it is there and where it comes from."""

    case: Case
    reason: str
    source: str


@dataclass(frozen=True)
class Layer:
    """A layer that real networks have.

    Attributes:
        case: the layer on its native input size, channels reduced.
        layers: the paths of all such layers, by network.
        pads: for a ``ZeroPadding2D`` and the valid layer after it, what is padded per axis; else None. `case` is then
            the SAME layer in their place.
        equals_same: whether the windows of the hand-written padding are SAME's.

    """

    case: Case
    layers: Mapping[str, tuple[str, ...]]
    pads: tuple[tuple[int, int], ...] | None = None
    equals_same: bool = True

    @property
    def is_same(self) -> bool:
        """Tell whether SAME reproduces the layer: pooling over hand-written zeros sees them, SAME does not."""
        return self.pads is None or (self.equals_same and self.case.op not in POOLS)


def directory() -> Traversable:
    """Return the directory of the case files: inside an installed package, at the top level of a checkout."""
    packaged = resources.files("same_conformance") / "cases"
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[2] / "cases"


def read() -> list[Entry]:
    """Return the corpus, in canonical order."""
    return [Entry(parse(row["case"]), row["reason"], row["source"]) for row in _rows("corpus.jsonl")]


def read_networks() -> list[Layer]:
    """Return the distinct layers of real networks, in canonical order."""
    layers = []
    for row in _rows("networks.jsonl"):
        by_hand = row.get("by_hand")
        layers.append(
            Layer(
                parse(row["case"]),
                {network: tuple(paths) for network, paths in row["layers"].items()},
                tuple(map(tuple, by_hand["pads"])) if by_hand else None,
                by_hand["equals_same"] if by_hand else True,
            )
        )
    return layers


def read_expectations() -> list[Expectation]:
    """Return the known failures that come with the package: of witnesses, of subjects and of third parties."""
    file = directory() / "expectations.toml"
    return expectations.parse(file.read_text(encoding="utf-8"), "cases/expectations.toml")


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with (directory() / name).open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_case_list(path: Path) -> list[Case]:
    """Return the cases of a file with one id a line; empty lines and what follows a ``#`` are left out.

    A line may also be an object with the key ``case``, as in the files of this package.

    Raises:
        UsageError: if the file cannot be read or a line is not a case; names the line.

    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--cases-from {path}: {getattr(error, 'strerror', None) or error}") from None
    found: dict[Case, None] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip() if line.lstrip().startswith("{") else line.partition("#")[0].strip()
        if not text:
            continue
        try:
            found.setdefault(parse(json.loads(text)["case"] if text.startswith("{") else text))
        except (CaseError, ValueError, KeyError, TypeError) as error:
            why = error if isinstance(error, CaseError) else "not a case id, and not an object with the key 'case'"
            raise UsageError(f"--cases-from {path}, line {number}: {why}") from None
    if not found:
        raise UsageError(f"--cases-from {path} holds no case: write one id a line, as in conv.n5.k3.s2")
    return list(found)
