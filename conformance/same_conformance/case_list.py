"""Read the file of case ids that ``--cases-from`` names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from same_conformance.case import Case, parse
from same_conformance.errors import CaseError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> list[Case]:
    """Return the cases of a file with one id a line; empty lines and what follows a ``#`` are left out.

    A line may also be an object with the key ``case``, as in the files of this package. A byte order mark is allowed.

    Raises:
        UsageError: if the file cannot be read or a line is not a case; names the line.

    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--cases-from {path}: {getattr(error, 'strerror', None) or error}") from None
    found: dict[Case, None] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip() if line.lstrip().startswith("{") else line.partition("#")[0].strip()
        if not text:
            continue
        try:
            found.setdefault(parse(json.loads(text)["case"] if text.startswith("{") else text))
        except (CaseError, ValueError, KeyError, TypeError, RecursionError) as error:
            why = error if isinstance(error, CaseError) else "not a case id, and not an object with the key 'case'"
            raise UsageError(f"--cases-from {path}, line {number}: {why}") from None
    if not found:
        raise UsageError(f"--cases-from {path} holds no case: write one id a line, as in conv.n5.k3.s2")
    return list(found)
