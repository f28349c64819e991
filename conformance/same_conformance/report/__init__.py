"""Render the record of a run: tables, CSV, HTML, Markdown and JUnit XML. Reads records, runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.assessment import Assessment
    from same_conformance.record import Record

FILES = ("index.html", "results.csv", "mismatches.csv", "summary.md", "junit.xml")
"""What `write` writes."""


def preload() -> None:
    """Import what `write` needs. pandas takes a while, best spent while the frameworks are being imported."""
    from same_conformance.report import html, junit, markdown, tables

    del html, junit, markdown, tables


def write(record: Record, assessment: Assessment, out: Path) -> None:
    """Write `FILES` to `out`."""
    from same_conformance.report import html, junit, markdown, tables

    tables.write_csvs(record, assessment, out / "results.csv", out / "mismatches.csv")
    frame = tables.verdicts(assessment)
    (out / "summary.md").write_text(markdown.render(record, assessment, frame), encoding="utf-8")
    (out / "index.html").write_text(html.render(record, assessment, frame), encoding="utf-8")
    junit.write(assessment, out / "junit.xml")
