"""Write and read the record of a run: one JSON object a line, a header first, a footer last.

A record without a footer is that of a run which was cut short; it can be continued. Of a damaged record everything is
read that can be, and the rest is remembered, line by line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Self, TextIO

from same_conformance import classes
from same_conformance._version import __version__
from same_conformance.case import Case, parse
from same_conformance.errors import RecordError
from same_conformance.judge import VERDICTS, Judgement
from same_conformance.messages import LONGEST, one_line, printable, tamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILE = "run.jsonl"
FORMAT = 1

_MOST_AXES = 64
"""Of an observed shape: what NumPy can hold."""
_SHOWN_DAMAGE = 3

_parse = lru_cache(maxsize=1 << 17)(parse)
"""A record names each case once per implementation."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one implementation did with one case, judged."""

    implementation: str
    case: Case
    judgement: Judgement

    def to_json(self) -> dict[str, Any]:
        """Return the result as a line of the record holds it; what is empty is left out."""
        j = self.judgement
        values = {
            "type": "result",
            "implementation": self.implementation,
            "case": self.case.id,
            "verdict": j.verdict,
            "shape": j.observed_shape,
            "n_different": j.n_different,
            "max_abs_difference": None if j.max_abs_difference is None else repr(j.max_abs_difference),
            "digest": j.digest,
            "message": j.message,
        }
        return {k: v for k, v in values.items() if v not in (None, "")}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Rebuild the result from what `to_json` gave.

        Raises:
            KeyError, TypeError, ValueError: if it is not of that form.

        """
        largest, verdict = values.get("max_abs_difference"), values["verdict"]
        if verdict not in VERDICTS:
            raise ValueError(f"{one_line(repr(verdict), 50)} is no verdict")
        n_different = values.get("n_different")
        if not isinstance(n_different, int | None):
            raise TypeError("n_different is no number")
        return cls(
            printable(values["implementation"]),
            _parse(values["case"]),
            Judgement(
                verdict,
                _shape(values["shape"]) if "shape" in values else None,
                n_different,
                None if largest is None else float(largest),
                printable(values.get("digest", ""), LONGEST),
                one_line(values.get("message", "")),
            ),
        )


def brief(result: Result) -> dict[str, Any]:
    """Return what the header holds of a result: a pass has the shape that it must have."""
    values = result.to_json()
    kept = ("verdict",) if values["verdict"] == "pass" else values.keys() - {"type", "implementation", "case"}
    return {key: value for key, value in values.items() if key in kept}


def _recorded(header: Mapping[str, Any]) -> list[Result]:
    """Return what the header holds of absent witnesses; raises as `Result.from_json`."""
    found = []
    for name, about in header.get("recorded", {}).items():
        _check(about, _RECORDED, "recorded")
        for case_id, said in about["said"].items():
            shape = {"shape": _parse(case_id).expected_shape, "n_different": 0, "max_abs_difference": 0}
            implied = shape if said["verdict"] == "pass" else {}
            found.append(Result.from_json({"implementation": name, "case": case_id, **implied, **said}))
    return found


def _shape(lengths: list[int]) -> tuple[int, ...]:
    if len(lengths) > _MOST_AXES or not all(isinstance(n, int) and 0 <= n < 1 << 63 for n in lengths):
        raise ValueError("its shape is none")
    return tuple(lengths)


@dataclass(frozen=True, slots=True)
class Damage:
    """A line of a record that says nothing that can be used, and why."""

    line: int
    why: str


@dataclass
class Record:
    """What a record holds.

    Attributes:
        header: what the run was; see `same_conformance.run`.
        results: in the order they came.
        footer: empty if the run was cut short.
        cases: that the run was asked for, in canonical order; read from the header if they are not given.
        damage: what could not be read.

    """

    header: dict[str, Any]
    results: list[Result] = field(default_factory=list)
    footer: dict[str, Any] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.header, self.footer = tamed(self.header), _tamed_footer(self.footer)
        if not self.cases:
            self.cases = [_parse(case_id) for case_id, _ in self.header["cases"]]

    def of_origin(self, wanted: str) -> list[Case]:
        """Return the cases of the run that come from `wanted`."""
        return [case for case, (_, origin) in zip(self.cases, self.header["cases"], strict=True) if origin == wanted]

    @cached_property
    def recorded(self) -> list[Result]:
        """Return what witnesses that are not there said of the cases when they were recorded."""
        return _recorded(self.header)

    @cached_property
    def class_coverage(self) -> dict[str, dict[str, int]]:
        """Return how many cases belong to each class, by op."""
        return classes.coverage(self.cases)

    @property
    def names(self) -> list[str]:
        """Return the implementations that ran."""
        return [about["name"] for about in self.header["implementations"]]

    @property
    def is_finished(self) -> bool:
        """Tell whether the run came to its end; merged ones, whether all of them did."""
        return bool(self.footer) and not self.footer.get("n_unfinished")

    @property
    def unfinished(self) -> str:
        """Say how much is there of a run that was cut short; empty if it was not."""
        if self.is_finished:
            return ""
        wanted = set(self.cases)
        n = len({(r.implementation, r.case) for r in self.results if r.case in wanted})
        return f"unfinished: {n} of {self.header.get('n_asked', len(self.cases) * len(self.names))} outcomes"

    @property
    def damaged(self) -> str:
        """Say which lines could not be read, and how many results could; empty if the record is whole."""
        if not self.damage:
            return ""
        shown = "; ".join(f"line {d.line}: {d.why}" for d in self.damage[:_SHOWN_DAMAGE])
        more = f"; and {len(self.damage) - _SHOWN_DAMAGE} more" if len(self.damage) > _SHOWN_DAMAGE else ""
        lines = "1 line" if len(self.damage) == 1 else f"{len(self.damage)} lines"
        return f"damaged: {lines} cannot be used ({shown}{more}); {len(self.results)} outcomes were saved"


def _tamed_footer(footer: dict[str, Any]) -> dict[str, Any]:
    """Return a footer with texts that harm nobody; what workers printed keeps its lines."""
    outputs = footer.get("outputs")
    clean: dict[str, Any] = tamed({k: v for k, v in footer.items() if k != "outputs"})
    if isinstance(outputs, dict):
        lines = {printable(str(name)): str(text).splitlines() for name, text in outputs.items()}
        clean["outputs"] = {name: "\n".join(map(printable, said)) for name, said in lines.items()}
    return clean


def locate(path: Path) -> Path:
    """Return the record at `path`, which may be the directory of a run."""
    return path / FILE if path.is_dir() else path


def read(path: Path, *, past_damage: bool = True) -> Record:
    """Read a record: past lines that cannot be used, which it remembers, or else as far as it is whole.

    Only the last line of a run that was killed can be cut, so whoever goes on with a run reads no further than that.

    Raises:
        RecordError: if there is no record at `path`, or its header cannot be read.

    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror}") from None
    cut = lines.pop()  # empty, where the last line is whole
    if not lines:
        lines, cut = [cut], b""
    record = _begin(path, lines[0], len(lines) - 1)
    names = set(record.names)
    seen: set[tuple[str, Case]] = set()
    for number, line in enumerate(lines[1:], 2):
        try:
            row = json.loads(line)
            if row["type"] == "footer":
                record.footer = _footer(row)
            else:
                record.results.append(_result(row, names, seen))
        except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
            record.damage.append(Damage(number, _why(error)))
            if not past_damage:  # what follows a damaged line is not trusted either
                return record
    if cut:
        record.damage.append(Damage(len(lines) + 1, "it is cut short"))
    return record


def _begin(path: Path, line: bytes, n_following: int) -> Record:
    """Return the record that `line`, its header, begins."""
    try:
        header = json.loads(line)
        is_header = header["type"] == "header"
    except (KeyError, TypeError, ValueError, RecursionError):
        is_header = False
    if not is_header:
        following = f"; {n_following} lines follow, but nothing says what they are about" if n_following else ""
        raise RecordError(f"{path} is not the record of a run: its first line is no header{following}")
    found = header.get("format")
    if isinstance(found, int) and found > FORMAT:
        theirs = printable(str(header.get("same_conformance", "")), LONGEST)
        raise RecordError(
            f"{path} is of format {found}, written by same-conformance {theirs or 'of an unknown version'}; "
            f"this is {__version__}, which reads format {FORMAT}: install a newer one"
        )
    if found != FORMAT:
        raise RecordError(f"{path} is not the record of a run of format {FORMAT}")
    try:
        return _checked(header)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{path}: its header, line 1, is damaged: {_why(error)}") from None


_HEADER = {"same_conformance": str, "command": str, "profile": str, "seed": int | str, "n_wanted": int, "n_drawn": int,
           "cases": list, "implementations": list, "not_started": dict, "not_installed": list, "expectations": list,
           "variables": dict}  # fmt: skip
_ABOUT = {"name": str, "framework": str, "summary": str, "homepage": str, "version": str, "rule": str,
          "distribution": str, "python": str, "platform": str, "builtin": bool, "versions": dict, "ops": list,
          "environment": dict}  # fmt: skip
_RECORDED = {"versions": dict, "python": str, "platform": str, "instructions": list, "environment": dict, "said": dict}
_REQUIREMENT = {"name": str, "title": str, "date": str, "digest": str, "cases": list}
_FOOTER = {"seconds": int | float, "start_seconds": int | float, "outputs": dict}
_CAUSE = {"implementation": str, "op": str, "verdicts": list, "compared": str, "calls": int, "sentence": str,
          "rule": str, "where": str, "text": str, "n_wrong": int, "n_ran": int, "case": str, "n_smaller": int,
          "is_proved": bool}  # fmt: skip
_UNPACKED = {"implementation": str, "op": str, "n_failing": int, "n_unpacked": int, "wrong": list, "together": list,
             "ran": list}  # fmt: skip


def _check(values: Any, form: Mapping[str, Any], what: str) -> None:
    """Raise what `read` catches if `values` lack something of `form`, which reports rely on."""
    for key, kind in form.items():
        if not isinstance(values[key], kind):
            raise TypeError(f"{what}: {key} is not of the known form")


def _checked(header: dict[str, Any]) -> Record:
    """Return a record with `header`; what nothing can do without is checked, and cases that are none are left out."""
    _check(header, _HEADER, "header")
    for about in header["implementations"]:
        _check(about, _ABOUT, "implementation")
    for entry in header["expectations"]:
        texts = [t for value in entry.values() for t in (value if isinstance(value, list) else [value])]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("expectation: not all of it is text")
    texts = [header["not_started"], header["variables"], *(about["versions"] for about in header["implementations"])]
    if not all(isinstance(text, str) for mapping in texts for text in mapping.values()):
        raise TypeError("a reason, a variable or a version is no text")
    _recorded(header)
    for requirement in header.get("requirements", []):
        _check(requirement, _REQUIREMENT, "requirement")
        requirement["cases"] = [_parse(case_id).id for case_id in requirement["cases"]]
    _check({"named": [], **header}, {"named": list}, "header")
    cases: dict[Case, str] = {}
    damage = []
    for case_id, origin in header["cases"]:
        try:
            cases.setdefault(_parse(case_id), str(origin))
        except (TypeError, ValueError) as error:
            damage.append(Damage(1, _why(error)))
    header["cases"] = [[case.id, origin] for case, origin in cases.items()]
    return Record(header, cases=list(cases), damage=damage)


def _result(row: dict[str, Any], names: set[str], seen: set[tuple[str, Case]]) -> Result:
    """Return the result that a line holds, if it belongs to the run and is its first for that implementation and case."""
    if row["type"] != "result":
        raise ValueError(f"its type is {one_line(repr(row['type']), 50)}")
    result = Result.from_json(row)
    if result.implementation not in names:
        raise ValueError(f"the header has no implementation {result.implementation}")
    if (key := (result.implementation, result.case)) in seen:
        raise ValueError(f"{result.implementation} has an outcome of {result.case.id} already")
    seen.add(key)
    return result


def _footer(row: dict[str, Any]) -> dict[str, Any]:
    """Return the footer if it has the form that reports rely on."""
    _check({"seconds": 0, "start_seconds": 0, "outputs": {}, **row}, _FOOTER, "footer")
    for key, form in (("causes", _CAUSE), ("unpacked", _UNPACKED)):
        for entry in row.get(key, []):
            _check(entry, form, key)
    return _tamed_footer(row)


def _why(error: Exception) -> str:
    match error:
        case json.JSONDecodeError() | UnicodeDecodeError():
            return "it is no JSON"
        case KeyError():
            return f"it has no {one_line(str(error), 50)}"
        case RecursionError():
            return "it is nested too deeply"
        case AttributeError():
            return "it is not of the known form"
        case _:
            return one_line(str(error))


class Writer:
    """Append to a record; every line is on its way to the disk before the next outcome is looked at."""

    def __init__(self, path: Path, header: dict[str, Any], kept: Iterable[Result] = ()) -> None:
        fresh = path.with_name(f".{path.name}.new")
        self._file: TextIO = fresh.open("w", encoding="utf-8")
        self._write({"type": "header", "format": FORMAT, **tamed(header)})
        for result in kept:
            self.add(result)
        fresh.replace(path)  # only now, so that what was kept is never lost

    def add(self, result: Result) -> None:
        """Append one result."""
        self._write(result.to_json())

    def finish(self, footer: dict[str, Any]) -> None:
        """Append the footer, which says that the run is complete, and close the file."""
        self._write({"type": "footer", **_tamed_footer(footer)})
        self._file.close()

    def close(self) -> None:
        """Close the file as it is; the run can be continued."""
        self._file.close()

    def _write(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")
        self._file.flush()
