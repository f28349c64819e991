"""Check implementations of ``padding="SAME"`` against the rule, on real frameworks.

An author needs two names: `Implementation` describes what is to be checked, and `Unsupported` is what it raises
for what it does not offer. Hypothesis strategies for cases are in `same_conformance.strategies`, assertions for an
author's own tests in `same_conformance.testing`, and whole tests for pytest in `same_conformance.pytest_plugin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from same_conformance._version import __version__

if TYPE_CHECKING:
    from same_conformance.api import API_VERSION
    from same_conformance.case import Case
    from same_conformance.errors import Unsupported
    from same_conformance.implementation import Implementation
    from same_conformance.program import Program

__all__ = ["API_VERSION", "Case", "Implementation", "Program", "Unsupported", "__version__"]

_HOMES = {
    "API_VERSION": "api",
    "Case": "case",
    "Implementation": "implementation",
    "Program": "program",
    "Unsupported": "errors",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and nothing before: every pytest of an environment with this package imports it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found
