"""Run the NumPy spec as an implementation, so that the report shows it beside everyone else."""

from __future__ import annotations

from typing import Any

from same_conformance import Case, Implementation, Unsupported
from same_conformance import spec as reference


def build(case: Case) -> Any:
    """Return the spec of `case`, of whatever size it is called with; where a gradient is compared, of that gradient."""
    if case.dtype == "bfloat16":
        raise Unsupported("NumPy has no bfloat16")

    def execute(x: Any, *rest: Any) -> Any:
        return reference.execute(case.resized(x.shape[1:-1]), (x, *rest)).astype(case.dtype)

    return execute


implementation = Implementation(
    name="spec",
    framework="numpy",
    summary="The NumPy statement of the rule that decides what is expected.",
    build=build,
    gradient=build,
)
