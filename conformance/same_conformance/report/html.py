"""Render the report as one self-contained HTML file, which asks for nothing and runs no code but its own."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from markupsafe import Markup

from same_conformance import unpacking
from same_conformance.judge import expected_shape
from same_conformance.report import commands, tables, templating
from same_conformance.report.text import address, linked, shown
from same_conformance.report.view import in_words, view

if TYPE_CHECKING:
    import pandas as pd

    from same_conformance.assessment import Assessment
    from same_conformance.diff import Comparison
    from same_conformance.record import Record

_SCRIPTS = (
    "dom", "rule", "predicate", "data", "strips", "grids", "explorer", "heat", "case", "evidence", "recipes", "calculator", "keys",
    "router",
)  # fmt: skip
"""The page's own code, in ``templates/js``, in the order in which each builds on those before it."""


def render(record: Record, assessment: Assessment, frame: pd.DataFrame, previous: Comparison | None = None) -> str:
    """Return the page; whatever others wrote is escaped, cut where it is long, and shown where it would be unseen."""
    environment = templating.environment()
    environment.filters["x"] = tables.by_x
    environment.filters["unpacked"] = unpacking.sentence
    environment.filters["in_words"] = in_words
    environment.filters["long"] = _long
    environment.filters["address"] = address
    environment.filters["linked"] = linked
    environment.filters["callee"] = commands.callee
    environment.filters["is_file"] = commands.is_file
    environment.filters["quoted"] = shlex.quote
    environment.globals["expected_shape"] = expected_shape
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
