"""Write an entry as a file of expectations has it, and a file without being seen half-way."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from same_conformance.expectations.entry import Expectation

HEAD = """\
# Known failures, in the form of same-conformance's docs/expectations.md.
# `same-conformance run --update-expectations` keeps this file up to date, with what is written above and in its entries.
"""
"""What a new file begins with."""


def text_of(entry: Expectation) -> str:
    """Return an entry in canonical form: its keys in one order, cases one a line.

    >>> from same_conformance.expectations.entry import Expectation
    >>> print(text_of(Expectation("mine", "no clamp", "not reported", op="conv", verdict="value")), end="")
    [[expectation]]
    implementation = "mine"
    op = "conv"
    verdict = "value"
    reason = "no clamp"
    link = "not reported"
    """
    values = {"implementation": entry.implementation, "op": entry.op, "class": entry.case_class, "when": entry.when}
    lines = [f"{key} = {_quoted(value)}" for key, value in values.items() if value]
    if len(entry.cases) == 1:
        lines.append(f"case = {_quoted(entry.cases[0])}")
    elif entry.cases:
        lines += ["cases = [", *(f"    {_quoted(case)}," for case in entry.cases), "]"]
    how = {"verdict": "" if entry.rule else entry.verdict, "rule": entry.rule, "may_pass": entry.may_pass}
    why = {"finding": entry.finding} if entry.finding else {"reason": entry.reason, "link": entry.link}
    lines += [f"{key} = {_quoted(value)}" for key, value in {**how, **why}.items() if value]
    if entry.expires:
        lines.append(f"expires = {entry.expires.isoformat()}")
    return "\n".join(["[[expectation]]", *lines]) + "\n"


def _quoted(text: str) -> str:
    """Return a basic string of TOML, which escapes what JSON does, and DEL as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def replace(path: Path, text: str) -> None:
    """Write a file at once or not at all; lines end as they did before.

    Raises:
        UsageError: if it cannot be written.

    """
    path = path.resolve()  # what a link points to is written, and the link stays
    try:
        if path.exists() and b"\r\n" in path.read_bytes():
            text = text.replace("\n", "\r\n")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            if path.exists():
                shutil.copymode(path, fresh)
            else:
                Path(fresh).chmod(0o666 & ~_umask())
            Path(fresh).replace(path)
        finally:
            Path(fresh).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"expectations {path} cannot be written: {error.strerror}; nothing in it was changed"
        ) from None


def _umask() -> int:
    """Return the mask of new files, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
