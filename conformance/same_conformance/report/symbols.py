"""Say by which sign each verdict is known, so that nothing is told by colour alone."""

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
