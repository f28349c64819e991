"""Draw the pictures that the pages show: ``python docs/pictures/draw.py``. A picture is named for what it shows.

``CASE.svg`` is what SAME reads of a case, ``CASE--RULE.svg`` has, below it, what a wrong rule (docs/mutants.md) reads.
"""

from __future__ import annotations

import re
from pathlib import Path

from same_conformance.case import parse
from same_conformance.picture import svg

HERE = Path(__file__).parent
_SHOWN = re.compile(r"pictures/([\w.-]+)\.svg")


def wanted() -> dict[str, str]:
    """Return every picture that a page shows, by its name."""
    pages = [*HERE.parent.rglob("*.md"), HERE.parents[1] / "README.md"]
    names = sorted({name for page in pages for name in _SHOWN.findall(page.read_text(encoding="utf-8"))})
    return {name: draw(name) for name in names}


def draw(name: str) -> str:
    """Return the picture of this name."""
    case, _, rule = name.partition("--")
    return svg.draw(parse(case), rule)


def main() -> None:
    """Draw those that are shown, and delete the others."""
    pictures = wanted()
    for old in HERE.glob("*.svg"):
        if old.stem not in pictures:
            old.unlink()
    for name, text in pictures.items():
        (HERE / f"{name}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
