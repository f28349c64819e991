"""Read the requirement sets of ``cases/requirements/``: named, dated lists of cases that must all pass, which never change.

A set is a text file: lines ``# title:``, ``# date:``, ``# about:`` and ``# scope:``, then one case id a line. The scope is the
predicate that all of its cases meet, and says what a claim is about. ``manifest.json`` has the digest of every set that
was published. New cases go to a new set with a new name.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from same_conformance import corpus
from same_conformance.case import POOLS, Case, parse
from same_conformance.errors import CaseError, RequirementError, UsageError
from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FOLDER = "requirements"
MANIFEST = "manifest.json"
_KEYS = ("title", "date", "about", "scope")
_NAME = re.compile(r"same(-[a-z0-9]+)+-[0-9]{4}")


@dataclass(frozen=True)
class Requirement:
    """A requirement set.

    Attributes:
        name: such as ``same-2d-2026``; its end is the year.
        title: what it is about, in a few words.
        date: when it was published, as in ``2026-11-23``.
        about: what a claim to conform to it says, and what it does not.
        scope: the predicate that its cases meet.
        cases: what must pass, in canonical order.
        digest: of the whole file.

    """

    name: str
    title: str
    date: str
    about: str
    scope: str
    cases: tuple[Case, ...]
    digest: str

    def to_json(self) -> dict[str, Any]:
        """Return what the record of a run holds of it."""
        return {**self.__dict__, "cases": [case.id for case in self.cases]}


def directory() -> Traversable:
    """Return the directory of the sets."""
    return corpus.directory() / FOLDER


def texts() -> dict[str, str]:
    """Return the files of all sets, by name."""
    files = sorted((file for file in directory().iterdir() if file.name.endswith(".txt")), key=lambda file: file.name)
    return {file.name.removesuffix(".txt"): file.read_text(encoding="utf-8") for file in files}


def read() -> dict[str, Requirement]:
    """Return all sets by name."""
    return {name: parse_set(name, text) for name, text in texts().items()}


def choose(names: Sequence[str]) -> list[Requirement]:
    """Return the sets called `names`, each once.

    Raises:
        UsageError: if there is none of that name; says which there are.

    """
    found = read() if names else {}
    for name in names:
        if name not in found:
            close = difflib.get_close_matches(name, found, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise UsageError(f"there is no requirement set {name!r}: {hint}there are {', '.join(found)}")
    return [found[name] for name in dict.fromkeys(names)]


def parse_set(name: str, text: str) -> Requirement:
    """Read one set.

    Raises:
        RequirementError: if it is not of the form of one.

    """
    comments = [line[1:].partition(":") for line in text.splitlines() if line.startswith("#")]
    values = {key.strip(): value.strip() for key, _, value in comments}
    if tuple(values) != _KEYS or not all(values.values()):
        raise RequirementError(f"{name}: begin it with # title:, # date:, # about: and # scope:, none of them empty")
    try:
        cases = tuple(parse(line) for line in text.splitlines() if not line.startswith("#"))
    except CaseError as error:
        raise RequirementError(f"{name}: {error}") from None
    return Requirement(name, cases=cases, digest=digest(text), **values)


def write(requirement: Requirement) -> str:
    """Return the canonical text of a set."""
    head = [f"# {key}: {getattr(requirement, key)}" for key in _KEYS]
    ordered = sorted(requirement.cases, key=lambda case: case.canonical_key)
    return "\n".join([*head, *(case.id for case in ordered), ""])


def digest(text: str) -> str:
    """Return the digest of the file of a set, which a claim may cite."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def published() -> dict[str, str]:
    """Return the digests of all sets that were published, by name."""
    manifest: dict[str, str] = json.loads((directory() / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def check(files: Mapping[str, str], manifest: Mapping[str, str]) -> list[Requirement]:
    """Return the sets in `files` after looking at each: none may have changed since it was published.

    Each must be canonical, within its scope, and without cases of which nothing says what is right.

    Raises:
        RequirementError: if anything is not so; says what to do instead.

    """
    problems = [f"{name} was published, and is gone" for name in manifest.keys() - files.keys()]
    found = []
    for name, text in files.items():
        if name not in manifest:
            problems.append(f"{name} is not in {MANIFEST}: python cases/choose_requirements.py publishes sets")
        elif manifest[name] != digest(text):
            problems.append(f"{name} has changed, and what was published never does: take it back, and make a new set")
        try:
            requirement = parse_set(name, text)
        except RequirementError as error:
            problems.append(str(error))
            continue
        found.append(requirement)
        problems += [f"{name}: {problem}" for problem in _faults(requirement, text)]
    if problems:
        raise RequirementError("\n".join([f"cases/{FOLDER}:", *problems]))
    return found


def _faults(requirement: Requirement, text: str) -> list[str]:
    faults = [] if _NAME.fullmatch(requirement.name) else ["its name is not same-WORDS-YEAR"]
    if not re.fullmatch(requirement.name[-4:] + r"-\d\d-\d\d", requirement.date):
        faults.append(f"its date {requirement.date} is none of its year")
    if write(requirement) != text or len(set(requirement.cases)) < len(requirement.cases):
        faults.append("its lines are not in canonical order and form")
    within = compile_predicate(requirement.scope)
    faults += [f"{case.id} is outside of its scope" for case in requirement.cases if not within(case)]
    faults += [f"of {case.id} nothing says all that is right" for case in requirement.cases if not is_specified(case)]
    return faults


def is_specified(case: Case) -> bool:
    """Tell whether a case can pass: of a window that holds padding only, nothing says what pooling gives."""
    return case.op not in POOLS or not case.has_padding_only_window
