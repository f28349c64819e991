"""Write and read the record of a run: one JSON object a line, a header first, a footer last.

A record without a footer is that of a run which was cut short; it can be continued.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Self, TextIO

from same_conformance import classes
from same_conformance.case import Case, parse
from same_conformance.errors import RecordError
from same_conformance.judge import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "run.jsonl"
FORMAT = 1

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
        """Rebuild the result from what `to_json` gave."""
        largest = values.get("max_abs_difference")
        return cls(
            values["implementation"],
            _parse(values["case"]),
            Judgement(
                values["verdict"],
                tuple(values["shape"]) if "shape" in values else None,
                values.get("n_different"),
                None if largest is None else float(largest),
                values.get("digest", ""),
                values.get("message", ""),
            ),
        )


@dataclass
class Record:
    """What a record holds.

    Attributes:
        header: what the run was; see `same_conformance.run`.
        results: in the order they came.
        footer: empty if the run was cut short.
        cases: that the run was asked for, in canonical order; read from the header if they are not given.

    """

    header: dict[str, Any]
    results: list[Result] = field(default_factory=list)
    footer: dict[str, Any] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.cases:
            self.cases = [_parse(case_id) for case_id, _ in self.header["cases"]]

    def of_origin(self, wanted: str) -> list[Case]:
        """Return the cases of the run that come from `wanted`."""
        return [case for case, (_, origin) in zip(self.cases, self.header["cases"], strict=True) if origin == wanted]

    @cached_property
    def class_coverage(self) -> dict[str, dict[str, int]]:
        """Return how many cases belong to each class, by op."""
        return classes.coverage(self.cases)


def read(path: Path) -> Record:
    """Read a record as far as it is whole; only the last line of a run that was killed can be cut.

    Raises:
        RecordError: if there is no record at `path`, or its header cannot be read.

    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror}") from None
    rows = []
    for line in lines:
        try:
            rows.append(json.loads(line if line.endswith(b"\n") else b""))
        except ValueError:
            break
    if not rows or not isinstance(rows[0], dict) or rows[0].get("type") != "header" or rows[0].get("format") != FORMAT:
        raise RecordError(f"{path} is not the record of a run (format {FORMAT})")
    record = Record(rows[0])
    for row in rows[1:]:
        try:
            if row["type"] == "result":
                record.results.append(Result.from_json(row))
            elif row["type"] == "footer":
                record.footer = row
        except (KeyError, TypeError, ValueError):  # what follows a damaged line is not trusted either
            break
    return record


class Writer:
    """Append to a record; every line is on its way to the disk before the next outcome is looked at."""

    def __init__(self, path: Path, header: dict[str, Any], kept: Iterable[Result] = ()) -> None:
        fresh = path.with_name(f".{path.name}.new")
        self._file: TextIO = fresh.open("w", encoding="utf-8")
        self._write({"type": "header", "format": FORMAT, **header})
        for result in kept:
            self.add(result)
        fresh.replace(path)  # only now, so that what was kept is never lost

    def add(self, result: Result) -> None:
        """Append one result."""
        self._write(result.to_json())

    def finish(self, footer: dict[str, Any]) -> None:
        """Append the footer, which says that the run is complete, and close the file."""
        self._write({"type": "footer", **footer})
        self._file.close()

    def close(self) -> None:
        """Close the file as it is; the run can be continued."""
        self._file.close()

    def _write(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")
        self._file.flush()
