"""Render the record of a run: tables, CSV, HTML, Markdown, JUnit XML and badges. Reads records, runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.assessment import Assessment
    from same_conformance.diff import Comparison
    from same_conformance.record import Record

FILES = ("index.html", "results.csv", "mismatches.csv", "summary.md", "junit.xml")
"""What `write` always writes, besides a folder of badges."""
BADGES = "badges"
CHANGES, PARQUET = "changes.html", "results.parquet"
OPTIONAL = (CHANGES, PARQUET)
"""What it writes if it is asked to, and otherwise removes: left over from an earlier run, they would lie."""


def preload() -> None:
    """Import what `write` needs, and compile templates: pandas takes a while, best spent while the frameworks are being imported.

    Not in a thread: some of it is parsed with `ast` on import, which Python 3.11 cannot do in two threads at once
    (https://github.com/python/cpython/issues/106905), and so are predicates.
    """
    from same_conformance.report import badges, changes, html, junit, markdown, tables

    del badges, changes, junit, markdown, tables
    html.compile_templates()


def need_parquet() -> None:
    """Find out now whether pyarrow is missing, and not after a run.

    Raises:
        UsageError: if it is; says how to get it.

    """
    from same_conformance.report import tables

    tables.parquet_library()


def write(
    record: Record, assessment: Assessment, out: Path, previous: Comparison | None = None, *, parquet: bool = False
) -> None:
    """Write `FILES` and badges to `out`, and those of `OPTIONAL` that there is something for.

    `previous` compares an earlier run with this one.
    """
    from same_conformance.report import badges, changes, html, junit, markdown, tables

    tables.write_csvs(record, assessment, out / "results.csv", out / "mismatches.csv")
    if parquet:
        tables.write_parquet(record, assessment, out / PARQUET)
    else:
        (out / PARQUET).unlink(missing_ok=True)
    frame = tables.verdicts(assessment)
    (out / "summary.md").write_text(markdown.render(record, assessment, frame, previous), encoding="utf-8")
    if previous:
        (out / CHANGES).write_text(changes.page(previous, report="index.html"), encoding="utf-8")
    else:
        (out / CHANGES).unlink(missing_ok=True)
    (out / "index.html").write_text(html.render(record, assessment, frame, previous), encoding="utf-8")
    junit.write(record, assessment, out / "junit.xml")
    badges.write(record, assessment, out)
