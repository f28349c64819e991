"""Write implementations as commands name them, so that a line that is copied runs, and does nothing else."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from same_conformance.report.text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_file(about: Mapping[str, Any]) -> bool:
    """Tell whether an implementation was given by its file, whose name stands for the package that registers others."""
    return str(about["distribution"]).endswith(".py")


def callee(about: Mapping[str, Any]) -> str:
    """Return what follows ``--with``: the name, or the file, of which a record has no more than the name.

    >>> callee({"name": "mine", "distribution": "theirs"}), callee({"name": "a; b", "distribution": "theirs"})
    ('mine', "'a; b'")
    >>> callee({"name": "mine", "distribution": "conv.py"})
    'path/to/conv.py'
    """
    return shlex.quote(shown(f"path/to/{about['distribution']}" if is_file(about) else about["name"]))
