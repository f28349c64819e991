"""Render the report as one self-contained HTML file, which asks for nothing and runs no code but its own."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from same_conformance import unpacking
from same_conformance.judge import expected_shape
from same_conformance.report import tables, templating
from same_conformance.report.text import linked, shown
from same_conformance.report.view import in_words, view

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment

    from same_conformance.assessment import Assessment
    from same_conformance.diff import Comparison
    from same_conformance.record import Record

_SCRIPTS = (
    "dom", "rule", "predicate", "data", "strips", "grids", "explorer", "heat", "case", "evidence", "recipes", "calculator",
    "router",
)  # fmt: skip
"""The page's own code, in ``templates/js``, in the order in which each builds on those before it."""


def render(record: Record, assessment: Assessment, frame: pd.DataFrame, previous: Comparison | None = None) -> str:
    """Return the page; whatever others wrote is escaped, cut where it is long, and shown where it would be unseen."""
    environment = templating.environment()
    environment.finalize = _finalize
    environment.filters["x"] = tables.by_x
    environment.filters["unpacked"] = unpacking.sentence
    environment.filters["in_words"] = in_words
    environment.filters["long"] = _long
    environment.filters["address"] = _address
    environment.filters["linked"] = linked
    environment.globals["expected_shape"] = expected_shape
    style = _source(environment, "style.css")
    code = "\n".join(_source(environment, f"js/{name}.js") for name in _SCRIPTS)
    code = f'"use strict";\n(() => {{\n{code}\n}})();\n'
    return environment.get_template("index.html").render(
        # Both are files of this package, and neither holds what would end its element; a test sees to that.
        style=Markup(style),  # noqa: S704
        code=Markup(code),  # noqa: S704
        policy=_policy(style, code),
        states=[state for state in (record.damaged, record.unfinished) if state],
        previous=previous,
        **view(record, assessment, frame),
    )


def _source(environment: Environment, name: str) -> str:
    if environment.loader is None:
        raise LookupError(name)
    return environment.loader.get_source(environment, name)[0]


def _finalize(value: Any) -> Any:
    """Make every text that a template writes fit to be looked at; markup is ours."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _long(text: str) -> Markup:
    """Return a text that may be longer than others, such as a script: escaped, and cut late."""
    return Markup.escape(shown(text, 40_000))


def _address(text: str) -> str:
    """Return a text as a part of an address, by the characters that the page shows of it."""
    return quote(shown(text), safe="")


def _policy(style: str, code: str) -> str:
    """Return the content security policy: this style and this code, and nothing from anywhere."""
    return f"default-src 'none'; script-src {_hash(code)}; style-src {_hash(style)}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
