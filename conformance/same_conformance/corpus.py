"""Read the cases kept in ``cases/``: the corpus, the layers of real networks, and the known failures."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from same_conformance import expectations, mutants, rules
from same_conformance.case import POOLS, Case, parse
from same_conformance.errors import CorpusError, SameConformanceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable

    from same_conformance.expectations import Expectation
    from same_conformance.findings import Finding


@dataclass(frozen=True)
class Entry:
    """A case of the corpus.

    Attributes:
        case: what is run.
        reason: why it is there, in words.
        source: where it comes from.
        hunts: names of mutants that it is there to kill; it may kill others too.

    """

    case: Case
    reason: str
    source: str
    hunts: tuple[str, ...] = ()


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


CORPUS = "corpus.jsonl"
_KEYS = {"case": str, "reason": str, "source": str, "hunts": list}
HUNTED = 5
"""How many cases must hunt each mutant."""
HUNTED_PER_OP = 2
"""How many of them, at least, must be of each op that the mutant is about."""


def directory() -> Traversable:
    """Return the directory of the case files: inside an installed package, at the top level of a checkout."""
    packaged = resources.files("same_conformance") / "cases"
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[2] / "cases"


def read() -> list[Entry]:
    """Return the corpus, in canonical order."""
    return [_entry(row) for row in _rows(CORPUS)]


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(parse(row["case"]), row["reason"], row["source"], tuple(row["hunts"]))


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
    return expectations.parse(read_text("expectations.toml"), "cases/expectations.toml")


def read_findings() -> list[Finding]:
    """Return what frameworks get wrong, in the order of the file."""
    return list(expectations.parse_all(read_text("expectations.toml"), "cases/expectations.toml")[1].values())


def read_text(name: str) -> str:
    """Return the text of one of the case files."""
    return (directory() / name).read_text(encoding="utf-8")


def _rows(name: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, read_text(name).splitlines())


def write(entries: Iterable[Entry]) -> str:
    """Return the canonical text of a corpus: a line per entry, in canonical order, names of mutants sorted."""
    rows = (
        {"case": e.case.id, "reason": e.reason, "source": e.source, "hunts": sorted(e.hunts)}
        for e in sorted(entries, key=lambda e: e.case.canonical_key)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def check(text: str) -> list[Entry]:
    """Return the entries of a corpus file after looking at every line of it.

    The lines must be canonical, each case there once, every flag the name of a mutant that the case really kills, and
    every mutant hunted by `HUNTED` cases, `HUNTED_PER_OP` of them per op.

    Raises:
        CorpusError: if anything is not so; names every line and mutant, and the next step.

    """
    problems: list[str] = []
    entries: dict[Case, Entry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entry = _checked(line)
        except (ValueError, SameConformanceError) as error:
            problems.append(f"line {number}: {error}")
            continue
        if entry.case in entries:
            problems.append(f"line {number}: {entry.case.id} is there twice")
        entries[entry.case] = entry
        problems += [f"line {number}: {problem}" for problem in _false_flags(entry)]
    if not problems and write(entries.values()) != text:
        problems.append("the lines are not in canonical order and form")
    problems += _missing_hunters(entries.values())
    if problems:
        raise CorpusError(
            "\n".join(
                [f"cases/{CORPUS}:", *problems, "python cases/extend_corpus.py adds cases and puts them in order"]
            )
        )
    return list(entries.values())


def _checked(line: str) -> Entry:
    """Read one line.

    Raises:
        CorpusError, CaseError, ValueError: if it is not an entry.

    """
    row = json.loads(line)
    if not isinstance(row, dict) or row.keys() != _KEYS.keys():
        raise CorpusError(f"must be an object with the keys {', '.join(_KEYS)}")
    for key, kind in _KEYS.items():
        if not isinstance(row[key], kind):
            raise CorpusError(f"{key} must be a {'text' if kind is str else 'list of names'}, got {row[key]!r}")
    for key in ("reason", "source"):
        if not row[key].strip():
            raise CorpusError(f"{key} is empty")
    return _entry(row)


def _false_flags(entry: Entry) -> Iterator[str]:
    if not entry.hunts and entry.case.dtype != "bfloat16":
        yield f"{entry.case.id} hunts no mutant"
    for name in entry.hunts:
        if name not in mutants.RULES:
            yield f"{entry.case.id} hunts {name!r}, which is no mutant"
        elif not rules.kills(entry.case, mutants.RULES[name]):
            yield f"{entry.case.id} hunts {name}, but does not kill it"
    if len(set(entry.hunts)) < len(entry.hunts):
        yield f"{entry.case.id} hunts a mutant twice"


def _missing_hunters(entries: Iterable[Entry]) -> Iterator[str]:
    hunters: dict[str, Counter[str]] = {name: Counter() for name in mutants.RULES}
    for entry in entries:
        for name in hunters.keys() & set(entry.hunts):
            hunters[name][entry.case.op] += 1
    for name, per_op in hunters.items():
        if per_op.total() < HUNTED:
            yield f"{name} is hunted by {per_op.total()} cases, {HUNTED} are needed"
        for op in mutants.RULES[name].ops:
            if per_op[op] < HUNTED_PER_OP:
                yield f"{name} is hunted by {per_op[op]} cases of {op}, {HUNTED_PER_OP} are needed"
