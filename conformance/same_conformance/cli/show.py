"""Show one case, and explain one layer: ``same-conformance show`` and ``explain``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from same_conformance.case import OPS
from same_conformance.cli.common import CaseParameter, exits, python_option

if TYPE_CHECKING:
    from same_conformance.case import Case


@click.command()
@click.argument("case", type=CaseParameter())
@click.option(
    "--with",
    "names",
    multiple=True,
    metavar="IMPLEMENTATION",
    help="Run this implementation, or path/to/file.py:attribute, on it; may be repeated.",
)
@python_option
def show(case: Case, names: tuple[str, ...], interpreters: tuple[tuple[str, str], ...]) -> None:
    """Show CASE: its parameters, what SAME pads, operands, expected result and windows; with --with, what an implementation gives and reads."""
    exits(lambda: _show(case, names, interpreters))


def _show(case: Case, names: tuple[str, ...], interpreters: tuple[tuple[str, str], ...]) -> int:
    from same_conformance import lookup
    from same_conformance.console import Console
    from same_conformance.judge import Judge
    from same_conformance.outcome import Array
    from same_conformance.picture import Picture, windows
    from same_conformance.runner.pool import Pool

    console = Console()
    judge = Judge()
    console.show_case(case, judge.expected(case))
    if not names and not interpreters:
        console.show_windows(case)
        return 0
    with console, Pool() as pool:
        lookup.start(names, pool, console.say, dict(interpreters))
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


@click.command()
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
    exits(lambda: _explain(options))


def _explain(options: dict[str, Any]) -> int:
    from same_conformance.explain import page, parameters
    from same_conformance.picture import terminal

    terminal.show(partial(page.write, parameters.read(**options)))
    return 0
