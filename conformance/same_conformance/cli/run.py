"""Run cases on implementations: ``same-conformance run``."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from same_conformance.case import COMPARED, OPS, RANKS
from same_conformance.cli.common import (
    INTERRUPTED,
    CaseParameter,
    FiniteRange,
    conclude,
    exits,
    python_option,
)
from same_conformance.errors import UsageError
from same_conformance.messages import without_places

if TYPE_CHECKING:
    from same_conformance.expectations.reading import File
    from same_conformance.record import Record
    from same_conformance.run import Request

DEFAULT_OUT = Path("reports/latest")
_MOST_GIB = 1 << 20
"""What the operating system takes as a limit is 64 bits of bytes; this is far below, and above any machine."""


@click.command()
@click.argument("implementations", nargs=-1)
@click.option("--op", "ops", multiple=True, type=click.Choice(OPS), help="Only cases of this op; may be repeated.")
@click.option(
    "--rank", "ranks", multiple=True, type=click.Choice([str(r) for r in RANKS]), help="Only cases of this many axes."
)
@click.option(
    "--compared", multiple=True, type=click.Choice(COMPARED), help="Only cases that compare this; may be repeated."
)
@click.option("--profile", type=click.Choice(["quick", "standard", "deep"]), show_default="standard",
              help="Corpus, networks and all small cases, with 0, 1000 or 5000 drawn ones; deep: also every axis case of n <= 24, k <= 8, "
              "s <= 6, d <= 4, packed.")  # fmt: skip
@click.option(
    "--cases", "n_cases", type=click.IntRange(min=1), help="How many distinct cases to draw, instead of the profile's."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the drawing.")
@click.option("--case", "cases", multiple=True, type=CaseParameter(), help="Only this case; may be repeated.")
@click.option("--cases-from", type=click.Path(path_type=Path), help="Only the cases of this file, one id a line.")
@click.option("--require", "requirements", multiple=True, metavar="SET",
              help="A requirement set that all named must conform to; without --profile, only its cases run.")  # fmt: skip
@click.option(
    "--expectations",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A TOML file of known failures, besides those that come with us; may be repeated.",
)
@click.option("--update-expectations", "updates", is_flag=True,
              help="After the run, write that file anew: add what fails unexpectedly, take out what fails no more.")  # fmt: skip
@python_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUT,
    show_default=True,
    help="Where everything is written.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="cores",
    help="Workers at work at once.",
)
@click.option("--timeout", "case_s", type=FiniteRange(min=0, min_open=True), default=60, show_default=True,
              help="Seconds for one case.")  # fmt: skip
@click.option("--start-timeout", "start_s", type=FiniteRange(min=0, min_open=True), default=300, show_default=True,
              help="Seconds for an implementation to start.")  # fmt: skip
@click.option(
    "--memory",
    "memory_gib",
    type=FiniteRange(min=0.5, max=_MOST_GIB),
    default=8,
    show_default=True,
    help="GiB of data per worker.",
)
@click.option("--previous", type=click.Path(path_type=Path), help="An earlier run, whose differences are shown.")
@click.option("--parquet", is_flag=True, help="Write results.parquet too; needs pyarrow.")
@click.option("--all-must-start", is_flag=True, help="Exit with 3 also if only a framework is not installed.")
def run(out: Path, **options: Any) -> None:
    """Run cases on IMPLEMENTATIONS (default: all that are installed) and write the report.

    Each is the name of one that is installed, or path/to/file.py:attribute.

    What is not given is taken from the table [tool.same-conformance] of the project's pyproject.toml: expectations,
    implementations, profile.
    """
    exits(lambda: _run(out, options))


def _run(out: Path, options: dict[str, Any]) -> int:
    from same_conformance import config, diff, rebuild, report
    from same_conformance.assessment import Assessment, assess, exit_code
    from same_conformance.console import Console
    from same_conformance.doctor import symptoms
    from same_conformance.expectations import update
    from same_conformance.run import Interrupted
    from same_conformance.run import run as execute

    if options["parquet"]:
        report.need_parquet()
    # read now, because it may be what this run is about to replace
    previous = rebuild.read([options["previous"]]) if options["previous"] else None
    files = _with_config(options)
    if options["updates"]:
        update.check(files)
    request = _request(out, files, options)
    console = Console()
    if request.configuration:
        console.say(config.sentence(request.configuration))

    assessed = Assessment()

    def render(record: Record) -> None:
        nonlocal assessed
        assessed = assess(record)
        comparison = diff.compare(previous, record) if previous else None
        report.write(record, assessed, out, comparison, parquet=options["parquet"])

    try:
        with console:
            record = execute(request, console, render, report.preload)
    except Interrupted:
        click.echo(f"\ninterrupted: what was recorded is in {out}; the same command goes on from there", err=True)
        return INTERRUPTED
    except KeyboardInterrupt:
        click.echo("\ninterrupted before any case was executed", err=True)
        return INTERRUPTED
    if options["updates"]:
        revised = update.revise(record, files, request.query)
        update.write(revised)
        record = update.keep(record, files, out)
        render(record)
    conclude(console, record, assessed, previous, out)
    for line in symptoms.lines(record, assessed, request.names, request.interpreters):
        console.say(line)
    for line in revised.said if options["updates"] else ():
        console.say(line)
    asked_for = assessed.not_started if options["all_must_start"] else [*request.names, *request.interpreters]
    return exit_code(record, assessed, asked_for=frozenset(asked_for))


def _with_config(options: dict[str, Any]) -> list[File]:
    """Put what the project keeps in place of the options that are not given, and read the files of expectations."""
    from same_conformance import config
    from same_conformance.expectations import reading

    project = config.read(Path.cwd())
    given = {key: bool(options[key]) for key in ("expectations", "implementations", "profile")}
    options["configuration"] = project.used(**given)
    options["expectations"] = options["expectations"] or project.expectations
    named_in = project.name if not given["expectations"] else ""
    options["implementations"] = options["implementations"] or project.implementations
    options["profile"] = options["profile"] or project.profile or "standard"
    paths = dict.fromkeys(options["expectations"])
    return [reading.load(path, may_be_absent=options["updates"], named_in=named_in) for path in paths]


def _request(out: Path, files: list[File], options: dict[str, Any]) -> Request:
    from same_conformance import case_list, corpus, expectations, requirements
    from same_conformance.run import Request
    from same_conformance.runner.slot import Limits
    from same_conformance.selection import Query

    if options["n_cases"] and (options["cases"] or options["cases_from"]):
        raise UsageError("--cases draws cases, --case and --cases-from name them: give one or the other")
    listed = case_list.read(options["cases_from"]) if options["cases_from"] else []
    required = requirements.choose(options["requirements"])
    if required and (options["ops"] or options["ranks"] or options["compared"]):
        raise UsageError("--require runs every case of a set: leave out --op, --rank and --compared")
    own = [entry for file in files for entry in file.entries]
    return Request(
        names=options["implementations"],
        query=Query(
            profile=options["profile"],
            n_cases=options["n_cases"],
            seed=options["seed"],
            ops=options["ops"],
            ranks=[int(rank) for rank in options["ranks"]],
            compared=options["compared"],
            cases=[*options["cases"], *listed],
            required=[case for requirement in required for case in requirement.cases],
            is_without_profile=bool(required) and not (options["n_cases"] or _is_given("profile")),
            also=expectations.named_cases(own, options["implementations"]),
        ),
        out=out,
        entries=corpus.read_expectations(),
        own_entries=own,
        interpreters=dict(options["interpreters"]),
        requirements=required,
        limits=Limits(options["case_s"], options["start_s"], int(options["memory_gib"] * (1 << 30))),
        jobs=options["jobs"],
        command=without_places(_printable(shlex.join(["same-conformance", *sys.argv[1:]]))),
        configuration=options["configuration"],
    )


def _is_given(option: str) -> bool:
    """Tell whether an option is on the command line."""
    return click.get_current_context().get_parameter_source(option) is ParameterSource.COMMANDLINE


def _printable(text: str) -> str:
    """Return text from the command line without the surrogates that stand for bytes which are no UTF-8."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
