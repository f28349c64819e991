"""Make the environment of all our templates: what they are given is escaped, and what they are not given is an error."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment() -> Environment:
    """Return an environment of its own, to which filters may be added."""
    return Environment(
        loader=PackageLoader("same_conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
