"""Share what the commands have in common: types of arguments, exit codes, what is said at the end of a run."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from same_conformance.case import Case, parse
from same_conformance.errors import CaseError, SameConformanceError, StartError
from same_conformance.messages import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from same_conformance.assessment import Assessment
    from same_conformance.console import Console
    from same_conformance.record import Record

_LONGEST_ERROR = 10_000
"""Characters of an error, which may list everything that is installed."""
INTERRUPTED = 130
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


python_option = click.option(
    "--python",
    "interpreters",
    multiple=True,
    type=NamedInterpreter(),
    help="Run implementation NAME in another Python; nothing of ours need be installed there.",
)


class FiniteRange(click.FloatRange):
    """A number in a range, without infinity and without ``nan``, which is in every range since it compares with nothing."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert, and refuse what is no number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number; leave the option out for its default", param, ctx)
        return number


def exits(function: Callable[[], int]) -> None:
    """Turn our errors into one line and an exit code: 2 for wrong usage, 3 where nothing started."""
    try:
        code = function()
    except SameConformanceError as error:
        click.echo(f"same-conformance: {printable(str(error), _LONGEST_ERROR)}", err=True)
        code = 3 if isinstance(error, StartError) else 2
    except KeyboardInterrupt:
        click.echo("\ninterrupted", err=True)
        code = INTERRUPTED
    sys.exit(code)


def conclude(console: Console, record: Record, assessed: Assessment, previous: Record | None, out: Path) -> None:
    """Print what a run found, and what changed; tell GitHub Actions too, in a step of it."""
    from same_conformance import diff
    from same_conformance.report import actions

    console.summarize(record, assessed, out)
    if previous:
        console.show_changes(diff.compare(previous, record))
    actions.tell(record, assessed, out / "summary.md", os.environ, click.echo)
