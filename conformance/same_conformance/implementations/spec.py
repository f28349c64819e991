"""Run the NumPy spec as an implementation, so that the report shows it beside everyone else."""

from __future__ import annotations

from typing import Any

from same_conformance import Case, Implementation, Unsupported
from same_conformance import spec as reference


def build(case: Case) -> Any:
    """Return the spec of `case`."""
    if case.dtype == "bfloat16":
        raise Unsupported("NumPy has no bfloat16")
    return lambda *operands: reference.execute(case, operands).astype(case.dtype)


implementation = Implementation(
    name="spec",
    framework="numpy",
    summary="The NumPy statement of the rule that decides what is expected.",
    build=build,
)
