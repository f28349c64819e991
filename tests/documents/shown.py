"""Compare what a page shows with what a command prints, whatever the versions and times."""

from __future__ import annotations

import difflib
import re

_VARYING = (
    (re.compile(r"\b\d+\.\d+\.\d+[\w.+-]*"), "VERSION"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds?|minutes?)\b"), "TIME"),
)
_ANY_LINES = r"(?:.*\n)*?"


def differs(shown: str, printed: str) -> str:
    r"""Return how the two differ, empty if they do not; ``...`` on a page stands for anything, alone for any lines.

    >>> differs("took 3 s\n...\nend", "took 4.5 s\nthis\nand that\nend")
    ''
    """
    ours, theirs = _normal(shown), _normal(printed)
    pattern = "".join(_ANY_LINES if line.strip() == "..." else _line(line) for line in ours)
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in theirs)):
        return ""
    return "\n".join(difflib.unified_diff(ours, theirs, "the page", "the command", lineterm=""))


def _line(line: str) -> str:
    return re.escape(line).replace(re.escape("..."), ".*") + "\n"


def _normal(text: str) -> list[str]:
    """Return the lines without what varies from run to run, and without empty ones around them."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]
