"""List implementations: ``same-conformance list``."""

from __future__ import annotations

import os

import click

from same_conformance.cli.common import exits


@click.command("list")
@click.option("--start", is_flag=True, help="Start each one for real: imports its framework.")
def list_implementations(*, start: bool) -> None:
    """List the implementations that are installed, their state, and why one cannot start."""
    exits(lambda: _list(start=start))


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
