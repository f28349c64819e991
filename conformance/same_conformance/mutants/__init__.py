"""Wrong ways to do SAME, a few lines each: what the corpus must find, and what a diagnosis compares with.

Every module holds the rules of one theme in ``RULES``. `same_conformance.mutants.implementations` has each of them as
an implementation that a worker can run; none is installed as one.
"""

import sys

from same_conformance.case import OPS
from same_conformance.mutants import (
    axes,
    channels,
    clamp,
    dilation,
    divisor,
    dtype,
    fill,
    frozen,
    gradients,
    halves,
    kernel,
    length,
    places,
    rare,
    sides,
    stride,
    transposed,
)
from same_conformance.rules import Rule

THEMES: dict[str, tuple[Rule, ...]] = {
    module.__name__.rpartition(".")[2]: module.RULES
    for module in (
        halves,
        sides,
        clamp,
        dilation,
        stride,
        length,
        frozen,
        gradients,
        axes,
        places,
        fill,
        divisor,
        kernel,
        channels,
        dtype,
        transposed,
        rare,
    )
}
"""The rules by theme; a theme is a module of this package."""

RULES: dict[str, Rule] = {rule.name: rule for rules in THEMES.values() for rule in rules}
"""Every rule by its name."""


def catalogue() -> str:
    """Return the list of all mutants as Markdown, theme by theme."""
    lines = []
    for theme, rules in THEMES.items():
        first, *_ = (sys.modules[f"{__name__}.{theme}"].__doc__ or "").splitlines()
        lines += [f"### {theme}", "", first, "", "| mutant | what it does | ops | seen |", "|---|---|---|---|"]
        for rule in rules:
            ops = "all" if rule.ops == OPS else ", ".join(f"`{op}`" for op in rule.ops)
            seen = f"<{rule.seen}>" if rule.seen.startswith("https://") else rule.seen
            lines.append(f"| `{rule.name}` | {rule.sentence} | {ops} | {seen} |")
        lines.append("")
    return "\n".join(lines)
