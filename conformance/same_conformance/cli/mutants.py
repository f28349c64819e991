"""Run the wrong implementations that come with us: ``same-conformance mutants``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from same_conformance.cli.common import INTERRUPTED, exits
from same_conformance.errors import UsageError


@click.command("mutants")
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
    exits(lambda: _survey_mutants(names, profile, seed, out, executed=not predict))


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
        return INTERRUPTED
    mutants.write(found, out, executed=executed)
    console.show_survey(found, out)
    return 1 if found.survivors or found.deviations else 0
