"""Hold one thing that the doctor found, with the next step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["ok", "note", "broken", "wrong"]
"""In order; a note is no problem, ``broken`` is one of the plug-in, ``wrong`` one of the implementation."""

EXIT_CODES: dict[Kind, int] = {"ok": 0, "note": 0, "broken": 3, "wrong": 1}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        kind: whether it is a problem, and whose.
        text: what was seen, in a sentence.
        step: what to do next; every problem has one.

    """

    kind: Kind
    text: str
    step: str = ""


def ok(text: str) -> Finding:
    """Return that something is in order."""
    return Finding("ok", text)


def note(text: str, step: str = "") -> Finding:
    """Return something to know."""
    return Finding("note", text, step)


def broken(text: str, step: str) -> Finding:
    """Return a problem of the plug-in."""
    return Finding("broken", text, step)


def wrong(text: str, step: str) -> Finding:
    """Return a problem of the implementation."""
    return Finding("wrong", text, step)


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 3 if the plug-in is broken, 1 if it is not and the implementation is not conforming, else 0."""
    return max((EXIT_CODES[finding.kind] for finding in findings), default=0)
