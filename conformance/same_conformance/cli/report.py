"""Write the report of runs again: ``same-conformance report``."""

from __future__ import annotations

from pathlib import Path

import click

from same_conformance.cli.common import conclude, exits


@click.command("report")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where it is written, by default beside the record.")
@click.option("--previous", type=click.Path(path_type=Path), help="An earlier run, whose differences are shown.")
@click.option("--parquet", is_flag=True, help="Write results.parquet too; needs pyarrow.")
def rebuild_report(runs: tuple[Path, ...], out: Path | None, previous: Path | None, *, parquet: bool) -> None:
    """Write the report of RUN again, from its record; of several runs, such as shards, one report of all.

    The exit code is that of the run, and 1 too if a record is damaged or unfinished.
    """
    exits(lambda: _rebuild_report(runs, out, previous, parquet=parquet))


def _rebuild_report(runs: tuple[Path, ...], out: Path | None, previous: Path | None, *, parquet: bool) -> int:
    from same_conformance import assessment, rebuild, report
    from same_conformance.console import Console

    if parquet:
        report.need_parquet()
    out = rebuild.where(runs, out)
    before = rebuild.read([previous]) if previous else None
    record = rebuild.read(runs)
    assessed = rebuild.rebuild(record, out, before, parquet=parquet)
    rebuild.keep(record, out, runs)
    conclude(Console(), record, assessed, before, out)
    code = assessment.exit_code(record, assessed, asked_for=frozenset())
    return code or int(bool(record.damage or record.unfinished))
