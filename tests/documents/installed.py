"""Let implementations be found in the room of a page as if a package with their entry points were installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance.plugins import GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MINE, FILE = "mine", "mine.py"
"""The reader's own implementation, by name and as a file. A page may take it for granted, and is given one that is right."""
_RIGHT = """
from same_conformance import Implementation, spec

def right(case):
    return lambda x, *rest: spec.execute(case.resized(x.shape[1:-1]), (x, *rest)).astype(case.dtype)

implementation = Implementation(name="mine", framework="numpy", build=right, gradient=right)
"""


def install(room: Path, points: Mapping[str, str]) -> None:
    """Register entry points of our group, by name, in place of those that are registered in `room`."""
    info = room / "page-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: page\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")


def install_mine(room: Path) -> None:
    """Register an implementation called `MINE`, and write it to a file of that name, unless the page has its own."""
    if not (room / FILE).exists():
        (room / FILE).write_text(_RIGHT)
    if not (room / "page-1.0.dist-info").exists():
        (room / "mine_package.py").write_text(_RIGHT)
        install(room, {MINE: "mine_package:implementation"})
