"""Show what changed between two runs: as one self-contained HTML file, and on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from same_conformance.diff import KINDS
from same_conformance.report import templating
from same_conformance.report.symbols import SYMBOLS
from same_conformance.report.text import address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from same_conformance.diff import Comparison, Group, Kind

_LISTED_ON_PAGE = 200
"""Changes of a group that the page shows; the page says how many it leaves out, and `diff --json` has all."""
_LISTED = 5
"""Changes of a group that a terminal shows."""
_VERSIONS = 20

_STYLES: dict[Kind, str] = {
    "new failure": "bold red",
    "newly unsupported": "yellow",
    "changed": "yellow",
    "fixed": "bold green",
    "newly supported": "green",
}


def page(comparison: Comparison, *, report: str = "") -> str:
    """Return the page; with `report`, the address of the new run's report, cases lead there."""
    return templating.still(
        "changes.html",
        comparison=comparison,
        kinds=KINDS,
        listed=_LISTED_ON_PAGE,
        symbols=SYMBOLS,
        report=report,
        address=address,
    )


def tell(comparison: Comparison, say: Callable[[str], None]) -> None:
    """Say on a terminal what changed; `say` is given lines with rich's markup, everything from a record escaped."""
    for side, what in (("old", comparison.old), ("new", comparison.new)):
        say(f"[bold]{side}[/]: {escape(what.text)}")
    for note in comparison.notes:
        say(escape(note))
    for group in comparison.groups:
        for line in _group(group):
            say(line)
    if comparison.versions:
        say("[bold]versions[/]")
        for change in comparison.versions[:_VERSIONS]:
            say(f"  {escape(f'{change.implementation}: {change.what} {change.before} → {change.after}')}")
        if len(comparison.versions) > _VERSIONS:
            say(f"  and {len(comparison.versions) - _VERSIONS} more")
    style = "bold red" if comparison.is_worse else "bold green"
    say(f"[{style}]{'worse' if comparison.is_worse else 'no worse'}[/]: {escape(comparison.verdict)}")


def _group(group: Group) -> Iterator[str]:
    n = f"{len(group.changes)} case" + ("s" if len(group.changes) > 1 else "")
    yield f"[{_STYLES[group.kind]}]{group.kind}[/]: [bold]{escape(group.implementation)}[/], {group.op}, {n}"
    for cause in group.causes:
        yield f"  {escape(cause.sentence)}; smallest case [bold]{escape(cause.case)}[/]"
    for change in group.changes[:_LISTED]:
        yield f"  {escape(change.case.id)}  {escape(change.text)}"
    if len(group.changes) > _LISTED:
        yield f"  and {len(group.changes) - _LISTED} more"
