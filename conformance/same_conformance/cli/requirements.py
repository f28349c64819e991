"""List the requirement sets: ``same-conformance requirements``."""

from __future__ import annotations

import click

from same_conformance.cli.common import exits


@click.command("requirements")
@click.argument("names", nargs=-1, metavar="[SET]...")
def list_requirements(names: tuple[str, ...]) -> None:
    """List the requirement sets, or the cases of SET as `--cases-from` takes them."""
    exits(lambda: _list(names))


def _list(names: tuple[str, ...]) -> int:
    from same_conformance import requirements

    if names:
        requirements.choose(names)
        texts = requirements.texts()
        for name in names:
            click.echo(texts[name], nl=False)
        return 0
    for requirement in requirements.read().values():
        click.echo(
            f"{requirement.name}  {requirement.date}, {len(requirement.cases)} cases, digest {requirement.digest}"
        )
        click.echo(f"  {requirement.title}: {requirement.about}")
    return 0
