"""Sum up the tests of each implementation in a line, from the properties of their reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from same_conformance.testsuite.finding import often

_COUNTED = (
    "cases",
    "passed",
    "failed",
    "passed though expected to fail",
    "failed as expected",
    "expectations without a case",
    "not offered",
)


def lines(properties: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line per implementation.

    >>> one = {"implementation": "mine", "cases": 9, "passed": 7, "failed": 0, "not offered": 2}
    >>> lines([{**one, "why not offered": "only 2-D"}])
    ['mine: 9 cases, 7 passed, 2 not offered (only 2-D)']
    """
    counts: dict[str, Counter[str]] = {}
    words: dict[str, list[str]] = {}
    for of_test in properties:
        name = of_test["implementation"]
        counts.setdefault(name, Counter()).update({what: of_test.get(what, 0) for what in _COUNTED})
        words.setdefault(name, []).extend(filter(None, [of_test.get("why not offered")]))
    return [_line(name, count, words[name]) for name, count in sorted(counts.items())]


def _line(name: str, count: Counter[str], words: Iterable[str]) -> str:
    parts = [f"{count[what]} {what}" for what in _COUNTED if count[what]]
    why = often(words)
    return f"{name}: {', '.join(parts)}" + (f" ({why})" if why else "")
