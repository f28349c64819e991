"""Render the report as one self-contained HTML file, which asks for nothing and runs no code but its own."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from same_conformance import unpacking
from same_conformance.judge import expected_shape
from same_conformance.report import commands, tables, templating
from same_conformance.report.text import address, breakable, duration, linked, shown
from same_conformance.report.view import in_words, view

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment

    from same_conformance.assessment import Assessment
    from same_conformance.diff import Comparison
    from same_conformance.record import Record

_SCRIPTS = (
    "dom", "rule", "predicate", "data", "strips", "grids", "explorer", "heat", "case", "evidence", "recipes", "everysize", "calculator", "keys",
    "places", "router",
)  # fmt: skip
"""The page's own code, in ``templates/js``, in the order in which each builds on those before it."""


@cache
def _environment() -> Environment:
    found = templating.environment()
    found.filters["x"] = tables.by_x
    found.filters["duration"] = duration
    found.filters["unpacked"] = unpacking.sentence
    found.filters["in_words"] = in_words
    found.filters["long"] = _long
    found.filters["address"] = address
    found.filters["linked"] = linked
    found.filters["breakable"] = breakable
    found.filters["is_file"] = commands.is_file
    found.filters["quoted"] = shlex.quote
    found.globals["expected_shape"] = expected_shape
    return found


def compile_templates() -> None:
    """Compile the templates, which `render` would do otherwise; Jinja keeps them."""
    environment = _environment()
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)


def render(record: Record, assessment: Assessment, frame: pd.DataFrame, previous: Comparison | None = None) -> str:
    """Return the page; whatever others wrote is escaped, cut where it is long, and shown where it would be unseen."""
    environment = _environment()
    style = templating.source(environment, "style.css")
    code = "\n".join(templating.source(environment, f"js/{name}.js") for name in _SCRIPTS)
    code = f'"use strict";\n(() => {{\n{code}\n}})();\n'
    return environment.get_template("index.html").render(
        # Both are files of this package, and neither holds what would end its element; a test sees to that.
        style=Markup(style),  # noqa: S704
        code=Markup(code),  # noqa: S704
        policy=templating.policy(style, code),
        states=[state for state in (record.damaged, record.unfinished) if state],
        previous=previous,
        **view(record, assessment, frame),
    )


def _long(text: str) -> Markup:
    """Return a text that may be longer than others, such as a script: escaped, and cut late."""
    return Markup.escape(shown(text, 40_000))
