"""Write implementations as commands name them, so that a line that is copied runs, and does nothing else."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from same_conformance.report.text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN = "docs/third_party/"
"""Where in this project's source those are that the scoreboard runs."""

_SHORTEST = 3
"""Letters of a name in a file that are enough to know an implementation by."""


def is_file(about: Mapping[str, Any]) -> bool:
    """Tell whether an implementation was given by its file, whose name stands for the package that registers others."""
    return str(about["distribution"]).endswith(".py")


def callees(header: Mapping[str, Any]) -> dict[str, str]:
    """Return by name what follows ``--with``: the name, or the file as the run was given it.

    A record has no more of a file than its name; the way to it, and the name in it, are in the command of the run.
    """
    given = _words(header["command"])
    found = {}
    for about in header["implementations"]:
        mine = [word for word in given if _file_of(word) == about["distribution"]] if is_file(about) else []
        siblings = [
            other["name"] for other in header["implementations"] if other["distribution"] == about["distribution"]
        ]
        found[about["name"]] = shlex.quote(shown(_match(siblings, mine).get(about["name"]) or _callee(about, mine)))
    return found


def _callee(about: Mapping[str, Any], words: list[str]) -> str:
    if not is_file(about):
        return str(about["name"])
    files = {word.partition(".py")[0] + ".py" for word in words}
    return files.pop() if len(files) == 1 else f"path/to/{about['distribution']}"


def _match(names: list[str], words: list[str]) -> dict[str, str]:
    """Return which word of a command gave which implementation of one file, where that is plain.

    >>> _match(["flax", "flax-default"], ["flax_linen.py:implementation", "flax_linen.py:defaults"])
    {'flax-default': 'flax_linen.py:defaults', 'flax': 'flax_linen.py:implementation'}
    """
    if len(names) != len(words):
        return {}
    found: dict[str, str] = {}
    for word in words:
        part = word.partition(":")[2].rpartition("_")[2].removesuffix("s")
        fitting = [name for name in names if len(part) >= _SHORTEST and part in name]
        if len(fitting) == 1 and fitting[0] not in found:
            found[fitting[0]] = word
    left = [name for name in names if name not in found]
    if len(left) == 1:
        found[left[0]] = next(word for word in words if word not in found.values())
    return found


def _file_of(word: str) -> str:
    return PurePosixPath(word.partition(":")[0]).name


def _words(command: str) -> list[str]:
    """Return the implementations that a command names by their files."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    return [w for w in words if not w.startswith("-") and ".py" in w and "=" not in w]


def file_notes(header: Mapping[str, Any]) -> dict[str, str]:
    """Return, for each implementation that was given by its file, what that file is and what it needs."""
    found = {}
    for about in header["implementations"]:
        if is_file(about):
            found[about["name"]] = _file_note(about, callees(header)[about["name"]])
    return found


def _file_note(about: Mapping[str, Any], callee: str) -> str:
    path = callee.partition(":")[0]
    what = f"{path} describes {about['name']} to same-conformance, and the command needs same-conformance installed"
    if not path.startswith(_OWN):
        return f"{what}; it is the file that the run was given."
    return (
        f"{what}. It is a file of the source of same-conformance, and not of what pip installs: run the command in a checkout, "
        f"where what the file is about is installed: {_needs(path)}. Nothing stands alone here: the command writes a script, "
        "which loads that file."
    )


def _needs(path: str) -> str:
    name = PurePosixPath(path).name
    if name.startswith("onnx"):
        return f"python -m pip install -r {_OWN}requirements-onnx.txt"
    if name.startswith("timm"):
        return f"python -m pip install --no-deps -r {_OWN}requirements-no-deps.txt"
    return f"python -m pip install -r {_OWN}requirements.txt"
