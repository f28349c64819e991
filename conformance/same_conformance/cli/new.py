"""Write a plug-in package to begin with: ``same-conformance new``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from same_conformance.cli.common import exits


@click.command()
@click.argument("name")
@click.option("--framework", type=click.Choice(["torch", "jax", "tensorflow", "numpy"]), default="torch",
              show_default=True, help="Whose tensors its functions take.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="The directory to write, by default NAME.")
def new(name: str, framework: str, out: Path | None) -> None:
    """Write a package with an implementation called NAME, its test and its CI, all of which work at once."""
    exits(lambda: _new(name, framework, out or Path(name)))


def _new(name: str, framework: str, out: Path) -> int:
    from same_conformance import scaffold
    from same_conformance.scaffold import origin

    written = scaffold.write(name, framework, out)
    click.echo(f"wrote {len(written)} files:")
    for path in written:
        click.echo(f"  {path}")
    module = scaffold.module_of(name)
    click.echo(
        f"Next:\n"
        f"  cd {shlex.quote(str(out))}\n"
        f'  python -m pip install -e ".[test]"\n'
        f"  python -m pytest\n"
        f"Then put your own code into src/{module}/layers.py, and say in src/{module}/conformance.py what it offers."
    )
    if origin.OWNER in origin.requirement():
        click.echo(
            f"For {origin.OWNER} in README.md and .github/workflows/same.yml, write whose repository you have same-conformance from."
        )
    return 0
