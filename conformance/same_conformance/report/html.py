"""Render the report as one self-contained HTML file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from same_conformance import corpus, operands, spec, unpacking
from same_conformance import coverage as boxes
from same_conformance.assessment import WITNESSES
from same_conformance.case import OPS
from same_conformance.diagnosis.causes import how_small
from same_conformance.judge import VERDICTS, expected_shape
from same_conformance.report import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.case import Case
    from same_conformance.judge import Judgement
    from same_conformance.record import Record

_LISTED = 400
"""Mismatches shown per implementation; all of them are in mismatches.csv, and the page says how many it leaves out."""

_SHOWN_ELEMENTS = 24
"""Elements of the spec's result that are shown for a contested cause."""


def render(record: Record, assessment: Assessment, frame: pd.DataFrame) -> str:
    """Return the page; names and messages of implementations are escaped."""
    environment = Environment(
        loader=PackageLoader("same_conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["x"] = tables.by_x
    environment.filters["how_small"] = how_small
    environment.filters["unpacked"] = unpacking.sentence
    environment.globals["expected_shape"] = expected_shape
    return environment.get_template("index.html").render(
        header=record.header,
        footer=record.footer,
        ops=OPS,
        verdicts=VERDICTS,
        coverage=record.class_coverage,
        covered=boxes.covered(record),
        box=boxes.sentence(record),
        origins=_origins(record),
        cells=tables.cells(frame),
        networks=tables.networks(frame, corpus.read_networks()),
        unexpected=assessment.standing("unexpected"),
        stale=assessment.standing("stale"),
        contested=_contested(assessment),
        failures=_failures(assessment),
        listed=_LISTED,
        not_started=assessment.not_started,
    )


def _origins(record: Record) -> dict[str, int]:
    """Return how many cases come from where; what was unpacked came after the cases of the header."""
    counts = Counter(origin for _, origin in record.header["cases"])
    unpacked = {case_id for entry in record.footer.get("unpacked", []) for case_id in entry["ran"]}
    return dict(counts) | ({"unpacked": len(unpacked)} if unpacked else {})


def _contested(assessment: Assessment) -> list[dict[str, Any]]:
    """Group the witnesses' differences from the spec by cause."""
    causes: dict[tuple[str, str], list[Assessed]] = {}
    for row in assessment.contested:
        causes.setdefault((row.result.implementation, row.why or "not listed in cases/expectations.toml"), []).append(
            row
        )
    ran = {
        (row.result.implementation, row.result.case): row.result.judgement
        for row in assessment.rows
        if row.contested and row.result.implementation in WITNESSES
    }
    return [
        {"witness": witness, "cause": cause, "rows": rows, "said": _said(rows[0].result.case, ran)}
        for (witness, cause), rows in causes.items()
    ]


def _said(case: Case, ran: Mapping[tuple[str, Case], Judgement]) -> dict[str, str]:
    """Return what the spec and each witness say of the smallest case of a cause."""
    values = spec.execute(case, operands.make(case))
    shown = ", ".join(f"{v:g}" for v in values.reshape(-1)) if values.size <= _SHOWN_ELEMENTS else "too much to show"
    said = {"spec": f"shape {tables.by_x(values.shape)}: {shown}"}
    for witness in WITNESSES:
        judgement = ran.get((witness, case))
        if judgement is None:
            said[witness] = "did not run"
        else:
            said[witness] = "the same" if judgement.verdict == "pass" else judgement.message or judgement.verdict
    return said


def _failures(assessment: Assessment) -> dict[str, list[Assessed]]:
    """Return the mismatches of each implementation: the smallest case first, since that is the one to look at."""
    failures: dict[str, list[Assessed]] = {}
    for row in assessment.rows:
        if row.result.judgement.verdict not in ("pass", "unsupported"):
            failures.setdefault(row.result.implementation, []).append(row)
    return dict(sorted(failures.items()))
