"""Read, write, check and compare the recording of the witnesses: a header line, then a line per case."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from same_conformance import corpus, judge, operands, requirements, spec
from same_conformance.case import Case
from same_conformance.case import parse as parse_case
from same_conformance.errors import RecordError
from same_conformance.outcome import Array
from same_conformance.selection import Query, select
from same_conformance.witnesses import NAMES
from same_conformance.witnesses.saying import Saying, from_json, to_json

FILE = "witnesses.jsonl"
_RERECORD = "nox -s record asks the witnesses again"
_SHOWN = 5


@dataclass(frozen=True)
class Line:
    """What is recorded of one case: the digest of the spec's array, and what each witness said."""

    digest: str
    said: Mapping[str, Saying]


@dataclass(frozen=True)
class Recording:
    """A file of recorded witnesses.

    Attributes:
        witnesses: by name, the versions, Python, and variables that each was run with.
        machine: the system, the processor and its instructions, and the variables that all workers have.
        lines: by case, in canonical order.

    """

    witnesses: Mapping[str, Mapping[str, Any]]
    machine: Mapping[str, Any]
    lines: Mapping[Case, Line]


def cases() -> list[Case]:
    """Return the cases that are recorded, in canonical order: those of the quick profile and of the requirement sets."""
    required = [case for requirement in requirements.read().values() for case in requirement.cases]
    return list(select(Query(profile="quick", required=required)).origins)


def read() -> Recording:
    """Return the recording that comes with the package."""
    return parse(corpus.read_text(FILE))


def parse(text: str) -> Recording:
    """Read a recording.

    Raises:
        RecordError: if a line is not of its form; says which.

    """
    lines: dict[Case, Line] = {}
    header: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            row = json.loads(line)
            if number == 1:
                header = {key: row[key] for key in ("witnesses", "machine")}
                continue
            case = parse_case(row["case"])
            if case in lines:
                raise ValueError(f"{case.id} is there twice")  # noqa: TRY301
            said = {name: from_json(case, row[name]) for name in header["witnesses"]}
            lines[case] = Line(row["digest"], said)
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"cases/{FILE}, line {number}: {error!r}; {_RERECORD}") from None
    return Recording(lines=lines, **{"witnesses": {}, "machine": {}, **header})


def write(recording: Recording) -> str:
    """Return the canonical text of a recording: a header, then a line per case in canonical order."""
    rows: list[dict[str, Any]] = [{"witnesses": recording.witnesses, "machine": recording.machine}]
    for case in sorted(recording.lines, key=lambda case: case.canonical_key):
        line = recording.lines[case]
        said = {name: to_json(case, line.said[name]) for name in recording.witnesses}
        rows.append({"case": case.id, "digest": line.digest, **said})
    return "".join(json.dumps(row) + "\n" for row in rows)


def digest(case: Case) -> str:
    """Return the digest of the spec's array for a case."""
    return judge.digest(spec.execute(case, operands.make(case)))


def check(text: str, wanted: Collection[Case]) -> Recording:
    """Return a recording after looking at every line of it; runs no framework.

    It must be canonical, have exactly the cases `wanted`, and digests of what the spec gives for them today.

    Raises:
        RecordError: if anything is not so; names the cases, and the next step.

    """
    recording = parse(text)
    problems = []
    for what, ids in (
        ("not recorded", [case.id for case in wanted if case not in recording.lines]),
        ("recorded, but not to be", [case.id for case in recording.lines.keys() - set(wanted)]),
        (
            "recorded against another spec or other operands",
            [case.id for case, line in recording.lines.items() if line.digest != digest(case)],
        ),
    ):
        if ids:
            problems.append(f"{len(ids)} {what}: {_listed(sorted(ids))}")
    if recording.witnesses.keys() != NAMES.keys():
        problems.append(f"its witnesses are {', '.join(recording.witnesses)}, and not {', '.join(NAMES)}")
    elif not problems and write(recording) != text:
        problems.append("the lines are not in canonical order and form")
    if problems:
        raise RecordError("\n".join([f"cases/{FILE}:", *problems, _RERECORD]))
    return recording


def _listed(ids: list[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")


def changes(old: Recording, new: Recording) -> Iterator[str]:
    """Say what differs between two recordings: versions and environment first, then what was said of which case."""
    for name in sorted(old.witnesses.keys() | new.witnesses.keys()):
        yield from _changed(name, old.witnesses.get(name, {}), new.witnesses.get(name, {}))
    yield from _changed("machine", old.machine, new.machine)
    for what, ids in (
        ("added", [case.id for case in new.lines if case not in old.lines]),
        ("removed", [case.id for case in old.lines if case not in new.lines]),
    ):
        if ids:
            yield f"{len(ids)} cases {what}: {_listed(ids)}"
    for case, line in new.lines.items():
        before = old.lines.get(case)
        if before is None:
            continue
        if before.digest != line.digest:
            yield f"{case.id}: the spec's digest {before.digest} → {line.digest}"
        for name, saying in line.said.items():
            was, now = (_in_words(case, s) for s in (before.said.get(name), saying))
            if was != now:
                yield f"{case.id}: {name} {was} → {now}"


def _changed(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        a, b = old.get(key, "none"), new.get(key, "none")
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from _changed(f"{what}, {key}", a, b)
        elif a != b:
            yield f"{what}: {key} {a} → {b}"


def _in_words(case: Case, saying: Saying | None) -> str:
    match saying:
        case None:
            return "nothing"
        case Array(values, _):
            return f"array {judge.digest(values)}"
        case _:
            return str(to_json(case, saying))
