"""Check what a description says and claims, whatever kind it is of: `Implementation` or `Program`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from same_conformance.case import COMPARED, DTYPES, OPS, RANKS, Case
from same_conformance.errors import PluginError
from same_conformance.padding import MODES

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")

ALLOWED: Mapping[str, Sequence[Any]] = {
    "ops": OPS,
    "ranks": RANKS,
    "dtypes": DTYPES,
    "paddings": MODES,
    "compared": COMPARED,
}
"""What each claim may hold."""


def check(described: Any, texts: Iterable[str], claims: Iterable[str]) -> None:
    """Check the name, the environment, and the fields `texts` and `claims` of a description.

    Raises:
        PluginError: if one is not valid.

    """
    name = described.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"the name {name!r} is not allowed: use a-z, 0-9, _ . - and begin with a letter")
    for word in texts:
        if not isinstance(getattr(described, word), str):
            raise PluginError(f"{name}: {word} must be a text, got {getattr(described, word)!r}")
    _check_environment(name, described.environment)
    for claim in claims:
        check_claim(name, claim, getattr(described, claim))


def _check_environment(name: str, environment: object) -> None:
    if not isinstance(environment, Mapping):
        raise PluginError(f"{name}: environment must map names of variables to texts, got {environment!r}")
    for pair in environment.items():
        if not all(isinstance(text, str) and "\0" not in text for text in pair) or not pair[0] or "=" in pair[0]:
            raise PluginError(f"{name}: environment must map names of variables to texts, got {pair!r}")


def check_claim(name: str, claim: str, got: Any) -> None:
    """Check that `got` is what `claim` may hold.

    Raises:
        PluginError: if not.

    """
    allowed = ALLOWED[claim]
    if not isinstance(got, (tuple, list)):  # without its comma, (2,) is 2, and ("same",) the text "same"
        example = got if got in allowed else allowed[0]
        raise PluginError(f"{name}: {claim} must be a tuple, got {got!r}; write {claim}=({example!r},), with the comma")
    if not got:
        raise PluginError(f"{name}: {claim} is empty: use some of {', '.join(map(str, allowed))}")
    unknown = [v for v in got if v not in allowed]
    if unknown:
        raise PluginError(f"{name}: {claim} has {unknown[0]!r}: use some of {', '.join(map(str, allowed))}")


def obstacle(described: Any, case: Case) -> str:
    """Return why `case` is not among what a description claims; empty if it is."""
    if case.op not in described.ops:
        return f"{described.name} has no {case.op}"
    for claim, got in (
        ("ranks", case.rank),
        ("dtypes", case.dtype),
        ("paddings", case.padding),
        ("compared", case.compared),
    ):
        claimed = getattr(described, claim, ALLOWED[claim])
        if got not in claimed:
            what = "rank " if claim == "ranks" else ""  # the other values say themselves what they are
            return f"{described.name} does not claim {what}{got} (it claims {what}{', '.join(map(str, claimed))})"
    return ""
