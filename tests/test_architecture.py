"""docs/architecture.md names what exists, and every room of the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "conformance" / "same_conformance"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/.]+(?:\.(?:py|html|js|toml|jsonl)|/))`", TEXT)))


def exists(path: str) -> bool:
    return any((base / path).exists() for base in (PACKAGE, ROOT))


def rooms() -> set[str]:
    """Return the packages in ours."""
    return {path.parent.name + "/" for path in PACKAGE.glob("*/__init__.py")}


@pytest.mark.parametrize("path", [name for name in NAMED if name != "run.jsonl"])
def test_what_the_page_names_exists(path: str) -> None:
    assert exists(path)


def test_the_page_names_every_room() -> None:
    assert rooms() - set(NAMED) == set()
    assert len(rooms()) >= 10


def test_what_does_not_exist_is_not_taken_to_exist() -> None:
    assert not exists("cli/no_such.py")
    assert not exists("no_such/")


def test_the_modules_in_the_picture_of_the_data_exist() -> None:
    (picture,) = re.findall(r"## The way of the data\n\n(.*?)\n\n", TEXT, re.DOTALL)
    parts = re.findall(r"[\w]+(?:\.py|/)", picture)
    assert len(parts) > 8
    assert [part for part in parts if not exists(part)] == []
