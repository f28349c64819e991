"""The command ``same-conformance``."""

from __future__ import annotations

import io
import json
import math
import os
import shlex
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from same_conformance._version import __version__
from same_conformance.case import COMPARED, OPS, RANKS, Case, parse
from same_conformance.errors import CaseError, SameConformanceError, StartError, UsageError
from same_conformance.messages import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from same_conformance.assessment import Assessment
    from same_conformance.console import Console
    from same_conformance.record import Record
    from same_conformance.run import Request

DEFAULT_OUT = Path("reports/latest")
_MOST_GIB = 1 << 20
"""What the operating system takes as a limit is 64 bits of bytes; this is far below, and above any machine."""
_LONGEST_ERROR = 10_000
"""Characters of an error, which may list everything that is installed."""
_INTERRUPTED = 130
"""What shells use for a process that Ctrl-C ended."""


class CaseParameter(click.ParamType[Case]):
    """A case id."""

    name = "case"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Case:
        """Parse the id."""
        try:
            return value if isinstance(value, Case) else parse(value)
        except CaseError as error:
            self.fail(str(error), param, ctx)


class NamedInterpreter(click.ParamType[tuple[str, str]]):
    """``NAME=INTERPRETER``."""

    name = "name=interpreter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Part the name from the interpreter."""
        name, equals, interpreter = str(value).partition("=")
        if not (name and equals and interpreter):
            self.fail(f"{value!r} is not NAME=INTERPRETER, as in torch-explicit=/path/to/venv/bin/python", param, ctx)
        return name, interpreter


class FiniteRange(click.FloatRange):
    """A number in a range, without infinity and without ``nan``, which is in every range since it compares with nothing."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert, and refuse what is no number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number; leave the option out for its default", param, ctx)
        return number


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


def _exits(function: Callable[[], int]) -> None:
    """Turn our errors into one line and an exit code: 2 for wrong usage, 3 where nothing started."""
    try:
        code = function()
    except SameConformanceError as error:
        click.echo(f"same-conformance: {printable(str(error), _LONGEST_ERROR)}", err=True)
        code = 3 if isinstance(error, StartError) else 2
    except KeyboardInterrupt:
        click.echo("\ninterrupted", err=True)
        code = _INTERRUPTED
    sys.exit(code)


@main.command()
@click.argument("implementations", nargs=-1)
@click.option("--op", "ops", multiple=True, type=click.Choice(OPS), help="Only cases of this op; may be repeated.")
@click.option(
    "--rank", "ranks", multiple=True, type=click.Choice([str(r) for r in RANKS]), help="Only cases of this many axes."
)
@click.option(
    "--compared", multiple=True, type=click.Choice(COMPARED), help="Only cases that compare this; may be repeated."
)
@click.option("--profile", type=click.Choice(["quick", "standard", "deep"]), default="standard", show_default=True,
              help="Corpus, networks and all small cases, with 0, 1000 or 5000 drawn ones; deep: also every axis case of n <= 24, k <= 8, "
              "s <= 6, d <= 4, packed.")  # fmt: skip
@click.option(
    "--cases", "n_cases", type=click.IntRange(min=1), help="How many distinct cases to draw, instead of the profile's."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the drawing.")
@click.option("--case", "cases", multiple=True, type=CaseParameter(), help="Only this case; may be repeated.")
@click.option("--cases-from", type=click.Path(path_type=Path), help="Only the cases of this file, one id a line.")
@click.option(
    "--expectations",
    type=click.Path(path_type=Path),
    help="A TOML file of known failures, besides those that come with us.",
)
@click.option("--python", "interpreters", multiple=True, type=NamedInterpreter(),
              help="Run implementation NAME in another Python; nothing of ours need be installed there.")  # fmt: skip
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
    """Run cases on IMPLEMENTATIONS (default: all that are installed) and write the report."""
    _exits(lambda: _run(out, options))


def _run(out: Path, options: dict[str, Any]) -> int:
    from same_conformance import assessment, diff, rebuild, report
    from same_conformance.console import Console
    from same_conformance.run import Interrupted
    from same_conformance.run import run as execute

    if options["parquet"]:
        report.need_parquet()
    # read now, because it may be what this run is about to replace
    previous = rebuild.read([options["previous"]]) if options["previous"] else None
    request = _request(out, options)
    console = Console()
    threading.Thread(target=report.preload, daemon=True).start()

    def render(record: Record) -> None:
        comparison = diff.compare(previous, record) if previous else None
        report.write(record, assessment.assess(record), out, comparison, parquet=options["parquet"])

    try:
        with console:
            record = execute(request, console, render)
    except Interrupted:
        click.echo(f"\ninterrupted: what was recorded is in {out}; the same command goes on from there", err=True)
        return _INTERRUPTED
    except KeyboardInterrupt:
        click.echo("\ninterrupted before any case was executed", err=True)
        return _INTERRUPTED
    assessed = assessment.assess(record)
    _conclude(console, record, assessed, previous, out)
    asked_for = assessed.not_started if options["all_must_start"] else [*request.names, *request.interpreters]
    return assessment.exit_code(record, assessed, asked_for=frozenset(asked_for))


def _conclude(console: Console, record: Record, assessed: Assessment, previous: Record | None, out: Path) -> None:
    """Print what a run found, and what changed; tell GitHub Actions too, in a step of it."""
    from same_conformance import diff
    from same_conformance.report import actions

    console.summarize(record, assessed, out)
    if previous:
        console.show_changes(diff.compare(previous, record))
    actions.tell(record, assessed, out / "summary.md", os.environ, click.echo)


@main.command("report")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where it is written, by default beside the record.")
@click.option("--previous", type=click.Path(path_type=Path), help="An earlier run, whose differences are shown.")
@click.option("--parquet", is_flag=True, help="Write results.parquet too; needs pyarrow.")
def rebuild_report(runs: tuple[Path, ...], out: Path | None, previous: Path | None, *, parquet: bool) -> None:
    """Write the report of RUN again, from its record; of several runs, such as shards, one report of all.

    The exit code is that of the run, and 1 too if a record is damaged or unfinished.
    """
    _exits(lambda: _rebuild_report(runs, out, previous, parquet=parquet))


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
    _conclude(Console(), record, assessed, before, out)
    code = assessment.exit_code(record, assessed, asked_for=frozenset())
    return code or int(bool(record.damage or record.unfinished))


@main.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Write a page of its own to this file.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write all of it as JSON to this file.")
def compare_runs(old: Path, new: Path, html: Path | None, as_json: Path | None) -> None:
    """Show what changed from run OLD to run NEW, each a directory or a record; exit with 1 if anything got worse."""
    _exits(lambda: _compare_runs(old, new, html, as_json))


def _compare_runs(old: Path, new: Path, html: Path | None, as_json: Path | None) -> int:
    from same_conformance import diff, rebuild
    from same_conformance.console import Console
    from same_conformance.report import changes

    comparison = diff.compare(rebuild.read([old]), rebuild.read([new]))
    for option, path, text in (
        ("--html", html, changes.page(comparison) if html else ""),
        ("--json", as_json, json.dumps(comparison.to_json(), indent=1) + "\n" if as_json else ""),
    ):
        if path:
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise UsageError(f"{option} {path} cannot be written: {error.strerror}; give another file") from None
    Console().show_changes(comparison)
    return int(comparison.is_worse)


def _request(out: Path, options: dict[str, Any]) -> Request:
    from same_conformance import case_list, corpus, expectations
    from same_conformance.run import Request
    from same_conformance.runner.slot import Limits
    from same_conformance.selection import Query

    if options["n_cases"] and (options["cases"] or options["cases_from"]):
        raise UsageError("--cases draws cases, --case and --cases-from name them: give one or the other")
    listed = case_list.read(options["cases_from"]) if options["cases_from"] else []
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
        ),
        out=out,
        entries=corpus.read_expectations(),
        own_entries=expectations.read(options["expectations"]) if options["expectations"] else [],
        interpreters=dict(options["interpreters"]),
        limits=Limits(options["case_s"], options["start_s"], int(options["memory_gib"] * (1 << 30))),
        jobs=options["jobs"],
        command=_printable(shlex.join(["same-conformance", *sys.argv[1:]])),
    )


def _printable(text: str) -> str:
    """Return text from the command line without the surrogates that stand for bytes which are no UTF-8."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


@main.command("list")
@click.option("--start", is_flag=True, help="Start each one for real: imports its framework.")
def list_implementations(*, start: bool) -> None:
    """List the implementations that are installed, their state, and why one cannot start."""
    _exits(lambda: _list(start=start))


def _list(*, start: bool) -> int:
    from same_conformance import plugins
    from same_conformance.console import Console
    from same_conformance.interruption import in_background
    from same_conformance.runner.pool import Pool

    console = Console()
    entry_points = plugins.installed(console.say)
    with console, Pool(jobs=os.cpu_count() or 1) as pool:
        startable, clashes = plugins.part(entry_points)
        pool.failures.update(clashes)
        done: list[str] = []

        def report(name: str) -> None:
            done.append(name)
            console.progress("starting", len(done), len(startable) + len(clashes))

        with in_background(pool, lambda: pool.start(startable, report) if start else pool.describe(startable)):
            pass
    console.show_implementations(entry_points, pool)
    return 0


@main.command()
@click.argument("case", type=CaseParameter())
@click.option(
    "--with", "names", multiple=True, metavar="IMPLEMENTATION", help="Run this implementation on it; may be repeated."
)
def show(case: Case, names: tuple[str, ...]) -> None:
    """Show CASE: its parameters, what SAME pads, operands, expected result and windows; with --with, what an implementation gives and reads."""
    _exits(lambda: _show(case, names))


def _show(case: Case, names: tuple[str, ...]) -> int:
    from same_conformance import plugins
    from same_conformance.console import Console
    from same_conformance.interruption import in_background
    from same_conformance.judge import Judge
    from same_conformance.outcome import Array
    from same_conformance.picture import Picture, windows
    from same_conformance.runner.pool import Pool

    console = Console()
    judge = Judge()
    console.show_case(case, judge.expected(case))
    if not names:
        console.show_windows(case)
        return 0
    entry_points = plugins.select(plugins.installed(console.say), names)
    with console, Pool() as pool:
        startable, clashes = plugins.part(entry_points)
        pool.failures.update(clashes)
        with in_background(pool, lambda: pool.start(startable)):
            pass
        for name, why in pool.failures.items():
            for line in pool.output_of(name).splitlines():
                console.say(f"  {one_line(line)}")
            raise StartError(f"{name} did not start: {why}")
        for name, _, outcome in list(pool.run({name: [case] for name in pool.started})):
            judgement = judge.judge(case, outcome)
            console.show_outcome(name, case, outcome, judgement)
            rule = pool.started[name].description.rule
            read = windows.find(case, judgement.verdict, rule, partial(pool.probe, name))
            observed = outcome.values if isinstance(outcome, Array) else None
            if observed is None and read is None:
                console.show_windows(case)
            else:
                console.show_picture(Picture(name, case, judge.expected(case), observed, read))
    return 0


@main.command()
@click.option("--size", multiple=True, metavar="N", help="Input size: 225, 225x225 or 225,225; may be repeated.")
@click.option(
    "--kernel", multiple=True, metavar="K", help="Kernel size, or window of pooling; one number is for all axes."
)
@click.option("--stride", multiple=True, metavar="S", help="Stride, by default 1.")
@click.option("--dilation", multiple=True, metavar="D", help="Dilation, by default 1.")
@click.option("--op", default="conv", show_default=True, metavar="OP", help=f"One of {', '.join(OPS)}.")
@click.option("--padding", default="same", show_default=True, metavar="MODE", help="same or same_lower.")
@click.option("--output-size", multiple=True, metavar="N", help="Of conv_transpose, by default size * stride.")
def explain(**options: Any) -> None:
    """Explain what SAME does with a layer: pads and output size with the arithmetic, the windows, and code to copy."""
    _exits(lambda: _explain(options))


def _explain(options: dict[str, Any]) -> int:
    from same_conformance.explain import page, parameters
    from same_conformance.picture import terminal

    terminal.show(partial(page.write, parameters.read(**options)))
    return 0


@main.command()
@click.argument("case", type=CaseParameter())
@click.option("--with", "name", required=True, metavar="IMPLEMENTATION", help="Whom the script calls.")
@click.option("--issue", is_flag=True, help="Print a report ready to file, in Markdown, with the script in it.")
def repro(case: Case, name: str, *, issue: bool) -> None:
    """Print a script that shows what IMPLEMENTATION gives for CASE and what SAME asks for; it needs nothing of ours."""
    _exits(lambda: _repro(case, name, as_issue=issue))


def _repro(case: Case, name: str, *, as_issue: bool) -> int:
    from same_conformance.repro import issue, script
    from same_conformance.repro.observe import observe

    observation = observe(case, name, lambda text: click.echo(text, err=True))
    click.echo(issue.write(observation) if as_issue else script.write(observation), nl=False)
    return 0


@main.command("mutants")
@click.option("--name", "names", multiple=True, help="Only this mutant; may be repeated.")
@click.option("--profile", type=click.Choice(["quick", "standard"]), default="quick", show_default=True,
              help="Corpus, networks and all small cases, with 0 or 1000 drawn ones.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the drawing.")
@click.option("--predict", is_flag=True, help="Only predict the verdicts; no mutant is executed.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports/mutants"),
    show_default=True,
    help="Where the matrix is written.",
)
def survey_mutants(names: tuple[str, ...], profile: str, seed: int, *, predict: bool, out: Path) -> None:
    """Run the wrong implementations that come with us over a profile's cases, which must find out every one."""
    _exits(lambda: _survey_mutants(names, profile, seed, out, executed=not predict))


def _survey_mutants(names: tuple[str, ...], profile: Any, seed: int, out: Path, *, executed: bool) -> int:
    from same_conformance import survey
    from same_conformance.console import Console
    from same_conformance.report import mutants
    from same_conformance.selection import Query

    chosen = survey.choose(names)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written to: {error.strerror}; give a directory that can") from None
    console = Console()
    try:
        with console:
            cases = survey.cases_of(Query(profile=profile, seed=seed))
            found = survey.survey(chosen, cases, console.progress, executed=executed)
    except KeyboardInterrupt:
        click.echo("\ninterrupted: nothing was written", err=True)
        return _INTERRUPTED
    mutants.write(found, out, executed=executed)
    console.show_survey(found, out)
    return 1 if found.survivors or found.deviations else 0
