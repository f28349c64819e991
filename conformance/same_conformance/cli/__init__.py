"""The command ``same-conformance``: a module for each of its commands."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

import click

from same_conformance._version import __version__
from same_conformance.cli.check import check
from same_conformance.cli.diff import compare_runs
from same_conformance.cli.listing import list_implementations
from same_conformance.cli.mutants import survey_mutants
from same_conformance.cli.new import new
from same_conformance.cli.report import rebuild_report
from same_conformance.cli.repro import repro
from same_conformance.cli.requirements import list_requirements
from same_conformance.cli.run import run
from same_conformance.cli.show import explain, show


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="same-conformance")
def main() -> None:
    """Check implementations of padding="SAME" against the rule, on real frameworks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may lack a character; that must not end a run
    # Hypothesis would keep files in the current directory, which belongs to the user.
    os.environ.setdefault(
        "HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "same-conformance-hypothesis")
    )


for _command in (
    run,
    list_implementations,
    check,
    show,
    explain,
    repro,
    compare_runs,
    rebuild_report,
    survey_mutants,
    list_requirements,
    new,
):
    main.add_command(_command)
