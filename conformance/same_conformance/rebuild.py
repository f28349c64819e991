"""Rebuild a report from the records of one run or several, without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from same_conformance import merge, output, record, report
from same_conformance.assessment import Assessment, assess
from same_conformance.diff import compare
from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from same_conformance.record import Record


def read(runs: Sequence[Path]) -> Record:
    """Return the record of `runs`, each the directory of one or a record; several are merged.

    Raises:
        RecordError: if one cannot be read, or they contradict each other.

    """
    paths = dict.fromkeys(record.locate(run) for run in runs)
    return merge.merge({str(path): record.read(path) for path in paths})


def where(runs: Sequence[Path], out: Path | None) -> Path:
    """Return where the report of `runs` goes: by default beside the record.

    Raises:
        UsageError: if several records have no place of their own.

    """
    folders = list(dict.fromkeys(record.locate(run).parent for run in runs))
    if len(folders) == 1 and len({record.locate(run) for run in runs}) == 1:
        return out or folders[0]
    if out is None:
        raise UsageError("several runs are merged into one report: say with --out where it goes")
    if out.resolve() in {folder.resolve() for folder in folders}:
        raise UsageError(f"--out {out} is one of the runs that are merged; give a directory of its own")
    return out


def rebuild(found: Record, out: Path, previous: Record | None, *, parquet: bool) -> Assessment:
    """Write the report of a record to `out`."""
    output.prepare(out)
    with output.held(out):
        assessment = assess(found)
        report.write(found, assessment, out, compare(previous, found) if previous else None, parquet=parquet)
    return assessment


def keep(found: Record, out: Path, runs: Sequence[Path]) -> None:
    """Write the record itself to `out`, unless it is there already, so that it can be compared and merged like any run's.

    A damaged one is not written: the copy would look whole.
    """
    path = out / record.FILE
    if found.damage or path.resolve() in {record.locate(run).resolve() for run in runs}:
        return
    writer = record.Writer(path, found.header, found.results)
    if found.is_finished:
        writer.finish(found.footer)
    writer.close()
