"""Say by which sign each verdict is known, so that nothing is told by colour alone, and in which words."""

from __future__ import annotations

SYMBOLS = {
    "crash": "✖",
    "timeout": "…",
    "error": "!",
    "unsupported": "–",  # noqa: RUF001  # a dash, which stands for nothing
    "shape": "□",
    "dtype": "τ",
    "value": "≠",
    "nondeterministic": "∿",
    "pass": "✓",
    "unspecified": "○",
}
"""What stands for a verdict beside its colour."""

SAID = {
    "crash": "its process crashed",
    "timeout": "it did not end in time",
    "error": "it raised an error",
    "unsupported": "not offered",
    "shape": "wrong shape",
    "dtype": "wrong dtype",
    "value": "wrong values",
    "nondeterministic": "another result each time",
    "pass": "right",
    "unspecified": "right wherever anything is specified",
}
"""What a verdict says of an implementation, for who has not read the list of them."""

COUNTED = {
    **{verdict: SAID[verdict] for verdict in ("shape", "dtype", "value", "pass", "unsupported")},
    "crash": "crashed",
    "timeout": "timed out",
    "error": "raised an error",
    "nondeterministic": "differed between calls",
    "unspecified": "unspecified",
}
"""The same after a number of cases."""
