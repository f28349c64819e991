"""Read a file of expectations, and say word by word what is wrong with one."""

from __future__ import annotations

import difflib
import os
import shlex
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from same_conformance import findings, mutants
from same_conformance.case import OPS
from same_conformance.case import parse as parse_case
from same_conformance.errors import CaseError, UsageError
from same_conformance.expectations import layout
from same_conformance.expectations.entry import CLASSES, Expectation
from same_conformance.judge import FAILURES
from same_conformance.predicate import compile_predicate
from same_conformance.project import shown

if TYPE_CHECKING:
    from same_conformance.expectations.layout import Layout
    from same_conformance.findings import Finding

_REQUIRED = {"implementation", "reason", "link"}
SELECTORS = ("when", "op", "class", "case", "cases")
_KEYS = _REQUIRED | {*SELECTORS, "verdict", "rule", "may_pass", "finding", "expires"}
_NO_TEXT = {"cases", "expires"}


@dataclass(frozen=True)
class File:
    r"""A file of the user's expectations.

    Attributes:
        path: where it is.
        text: what it holds, its lines ended by ``\n``; None if there is no such file yet.
        entries: of it, each with its place.
        layout: None if it cannot be written again entry by entry.

    """

    path: Path
    text: str | None
    entries: tuple[Expectation, ...]
    layout: Layout | None

    @property
    def name(self) -> str:
        """Return what messages and records call the file."""
        return shown(self.path)


def read(path: Path, named_in: str = "") -> list[Expectation]:
    """Read a TOML file of ``[[expectation]]`` tables; `named_in` is the file that names it, if none is on the command line.

    Raises:
        UsageError: if the file cannot be read or an entry is not valid; names the entry.

    """
    return list(load(path, named_in=named_in).entries)


def load(path: Path, *, may_be_absent: bool = False, named_in: str = "") -> File:
    """Read a file with all that is needed to write it again; raises as `read`."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        if may_be_absent:
            return File(path, None, (), layout.Layout("", ()))
        raise UsageError(_absent(path, named_in)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"expectations {path}: {getattr(error, 'strerror', None) or error}") from None
    entries = parse(text, str(path))
    parts = layout.part(text)
    places = [f"{shown(path)}, entry {number}" for number in range(1, len(entries) + 1)]
    if parts is not None:
        places = [f"{place} (line {block.line})" for place, block in zip(places, parts.blocks, strict=True)]
    placed = tuple(replace(entry, place=place) for entry, place in zip(entries, places, strict=True))
    return File(path, text, placed, parts)


def _absent(path: Path, named_in: str) -> str:
    here = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    option = "" if named_in else f"--expectations {shlex.quote(here)} "
    return (
        f"expectations {path}{named_in and f' (named in {named_in})'}: there is no such file; "
        f"`same-conformance run IMPLEMENTATION {option}--update-expectations` writes it, and an empty one will do"
    )


def parse(text: str, source: str) -> list[Expectation]:
    """Read expectations from TOML; `source` is what errors call it.

    Raises:
        UsageError: if an entry is not valid.

    """
    return parse_all(text, source)[0]


def parse_all(text: str, source: str) -> tuple[list[Expectation], dict[str, Finding]]:
    """Read expectations and the findings that they name; raises as `parse`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"expectations {source}: {error}") from None
    except RecursionError:
        raise UsageError(f"expectations {source}: nested too deeply; write [[expectation]] tables") from None
    unknown = document.keys() - {"expectation", "finding"}
    if unknown:
        raise UsageError(f"expectations {source}: {min(unknown)!r} is not known; write [[expectation]] tables")
    tables = document.get("expectation", [])
    if not isinstance(tables, list) or not all(isinstance(values, dict) for values in tables):
        raise UsageError(
            f"expectations {source}: 'expectation' must be tables, each begun with [[expectation]] in double brackets"
        )
    found = findings.read_tables(document, source)
    entries = []
    for number, values in enumerate(tables, 1):
        where = f"{source}, entry {number}"
        entries.append(_entry(_with_finding(values, found, where), where))
    return entries, found


def _with_finding(values: dict[str, Any], found: dict[str, Finding], source: str) -> dict[str, Any]:
    """Return an entry with the reason and the link of the finding that it names."""
    if "finding" not in values:
        return values
    name = values["finding"]
    if not isinstance(name, str) or name not in found:
        raise UsageError(
            f"expectations {source}: finding {name!r} is not known; use one of {', '.join(found) or 'none'}"
        )
    if values.keys() & {"reason", "link"}:
        raise UsageError(f"expectations {source}: give a finding or a reason and a link, not both")
    return {**values, "reason": found[name].reason, "link": found[name].link}


def _entry(values: dict[str, Any], source: str) -> Expectation:
    missing, unknown = _REQUIRED - values.keys(), values.keys() - _KEYS
    if missing or unknown:
        what = f"{min(missing)} is missing" if missing else f"{min(unknown)} is not known"
        raise UsageError(f"expectations {source}: {what}; the keys are {', '.join(sorted(_KEYS))}")
    if not all(isinstance(v, str) and v for key, v in values.items() if key not in _NO_TEXT):
        raise UsageError(f"expectations {source}: every value must be a text, and none empty")
    _check_selectors(values, source)
    texts = {key: v for key, v in values.items() if key not in {"class", "case", *_NO_TEXT}}
    entry = Expectation(
        **texts,
        case_class=_known_class(values["class"], source) if "class" in values else "",
        cases=_cases(values, source),
        expires=_date(values["expires"], source) if "expires" in values else None,
    )
    if entry.op:
        _one_of("op", entry.op, OPS, source)
    if entry.rule and entry.rule not in mutants.RULES:
        raise UsageError(
            f"expectations {source}: rule {entry.rule!r} is not known; use one of {', '.join(mutants.RULES)}"
        )
    if not entry.rule and entry.verdict not in FAILURES:
        raise UsageError(
            f"expectations {source}: verdict {entry.verdict!r} is no failure; use one of {', '.join(FAILURES)}"
        )
    if entry.when:
        try:
            compile_predicate(entry.when)
        except UsageError as error:
            raise UsageError(f"expectations {source}: {error}") from None
    return entry


def _check_selectors(values: dict[str, Any], source: str) -> None:
    given = [key for key in SELECTORS if key in values]
    if not given:
        raise UsageError(f"expectations {source}: it says of no case; give one of {', '.join(SELECTORS)}")
    named = [key for key in given if key in ("case", "cases")]
    if named and len(given) > 1:
        others = " and ".join(key for key in given if key != named[0])
        raise UsageError(f"expectations {source}: {named[0]} says which cases are meant; leave {others} out")


def _known_class(name: str, source: str) -> str:
    name = name.replace(">=", "≥")
    _one_of("class", name, CLASSES, source)
    return name


def _one_of(key: str, got: str, allowed: Iterable[str], source: str) -> None:
    names = list(allowed)
    if got not in names:
        close = difflib.get_close_matches(got, names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"expectations {source}: {key} {got!r} is not known.{hint} Use one of {', '.join(names)}")


def _cases(values: dict[str, Any], source: str) -> tuple[str, ...]:
    """Return the ids that an entry names, each once and in canonical order."""
    given = [values["case"]] if "case" in values else values.get("cases", [])
    if (
        not isinstance(given, list)
        or not all(isinstance(text, str) for text in given)
        or ("cases" in values and not given)
    ):
        raise UsageError(f'expectations {source}: cases must be a list of case ids, as in cases = ["conv.n4.k2"]')
    try:
        cases = {parse_case(text) for text in given}
    except CaseError as error:
        raise UsageError(f"expectations {source}: {error}") from None
    return tuple(case.id for case in sorted(cases, key=lambda case: case.canonical_key))


def _date(value: object, source: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise UsageError(
            f"expectations {source}: expires must be a day without quotes, as in expires = 2027-01-31; got {value}"
        )
    return value
