"""Say which contract a plug-in is written for, and what to do about one for a newer version of this package."""

from __future__ import annotations

import difflib
from typing import Any, Iterable, Mapping

from same_conformance._version import __version__
from same_conformance.errors import PluginError

API_VERSION = 1
"""Of the contract in `same_conformance.implementation`; raised when a plug-in may ask for what the old one did not have.

What plug-ins for an older version use stays as it is, so only a newer one is refused.
"""

UPGRADE = "install a newer same-conformance from where you got this one"
"""What helps a plug-in that needs a newer version of this package."""


def check(kind: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """See that a description of `kind`, with the keywords `given`, can be understood; `known` are those that there are.

    Raises:
        PluginError: if it is for a newer version, or has a keyword that is not known; says what to do.

    """
    api = given.get("api", API_VERSION)
    if not isinstance(api, int) or isinstance(api, bool) or api < 1:
        raise PluginError(f"{kind}: api must be an integer from 1 to {API_VERSION}, got {api!r}")
    if api > API_VERSION:
        raise PluginError(
            f"{kind} asks for api={api}, but this is same-conformance {__version__}, which has {API_VERSION}: {UPGRADE}"
        )
    for keyword in given:
        if keyword not in known:
            close = difflib.get_close_matches(keyword, known, n=1)
            hint = f"did you mean {close[0]}? Else it" if close else "it"
            raise PluginError(
                f"{kind} got {keyword}=…, which same-conformance {__version__} does not know; {hint} may be of a newer "
                f"version: {UPGRADE}"
            )
