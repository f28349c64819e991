"""Make the environment of all our templates: what they are given is escaped, and what they are not given is an error."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from same_conformance.report.text import shown


def environment() -> Environment:
    """Return an environment of its own, to which filters may be added."""
    return Environment(
        loader=PackageLoader("same_conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def source(found: Environment, name: str) -> str:
    """Return the text of a file of this package's templates."""
    if found.loader is None:
        raise LookupError(name)
    return found.loader.get_source(found, name)[0]


def still(template: str, extra_style: str = "", **values: Any) -> str:
    """Return a page without code, in the style of the report."""
    found = environment()
    style = source(found, "style.css") + extra_style
    return found.get_template(template).render(
        # A file of this package, which does not hold what would end its element; a test sees to that.
        style=Markup(style),  # noqa: S704
        policy=policy(style),
        **values,
    )


def policy(style: str, code: str = "") -> str:
    """Return the content security policy: this style and this code, and nothing from anywhere."""
    script = f" script-src {_hash(code)};" if code else ""
    return f"default-src 'none';{script} style-src {_hash(style)}; img-src data:; base-uri 'none'; form-action 'none'"


def _finalize(value: Any) -> Any:
    """Make every text that a template writes fit to be looked at; markup is ours."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
