"""Print a script that reproduces a case: ``same-conformance repro``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from same_conformance.cli.common import CaseParameter, exits, python_option

if TYPE_CHECKING:
    from same_conformance.case import Case


@click.command()
@click.argument("case", type=CaseParameter())
@click.option("--with", "name", required=True, metavar="IMPLEMENTATION",
              help="Whom the script calls: a name, or path/to/file.py:attribute.")  # fmt: skip
@click.option("--issue", is_flag=True, help="Print a report ready to file, in Markdown, with the script in it.")
@python_option
def repro(case: Case, name: str, interpreters: tuple[tuple[str, str], ...], *, issue: bool) -> None:
    """Print a script that shows what IMPLEMENTATION gives for CASE and what SAME asks for; it needs nothing of ours."""
    exits(lambda: _repro(case, name, dict(interpreters), as_issue=issue))


def _repro(case: Case, name: str, interpreters: dict[str, str], *, as_issue: bool) -> int:
    from same_conformance.repro import issue, script
    from same_conformance.repro.observe import observe

    observation = observe(case, name, lambda text: click.echo(text, err=True), interpreters)
    click.echo(issue.write(observation) if as_issue else script.write(observation), nl=False)
    return 0
