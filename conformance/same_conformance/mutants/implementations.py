"""Offer every rule as an implementation that a worker can run: ``mutants.implementations:NAME``.

None of them is registered, so that they appear in no list and in no run but their own.
"""

from __future__ import annotations

from functools import partial

from same_conformance import rules
from same_conformance._version import __version__
from same_conformance.implementation import Implementation
from same_conformance.mutants import RULES
from same_conformance.plugins import OURS, EntryPoint

DTYPES = ("float32", "float64", "float16")
"""What NumPy has."""


def __getattr__(name: str) -> Implementation:
    """Return the mutant that follows the rule called `name`.

    Raises:
        AttributeError: if there is no such rule.

    """
    if name not in RULES:
        raise AttributeError(f"there is no mutant called {name!r}")
    rule = RULES[name]
    return Implementation(
        name=name,
        framework="numpy",
        summary=f"Mutant: {rule.sentence}.",
        build=partial(rules.build, rule),
        gradient=partial(rules.build, rule),
        dtypes=DTYPES,
        rule=name,
    )


def entry_point(name: str) -> EntryPoint:
    """Return where a worker finds the mutant called `name`."""
    return EntryPoint(name, f"{__name__}:{name}", OURS, __version__)
