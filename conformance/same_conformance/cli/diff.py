"""Compare two runs: ``same-conformance diff``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from same_conformance.cli.common import exits
from same_conformance.errors import UsageError


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Write a page of its own to this file.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write all of it as JSON to this file.")
def compare_runs(old: Path, new: Path, html: Path | None, as_json: Path | None) -> None:
    """Show what changed from run OLD to run NEW, each a directory or a record; exit with 1 if anything got worse."""
    exits(lambda: _compare_runs(old, new, html, as_json))


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
