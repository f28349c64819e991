"""Collect what is drawn on the page of a case: which elements each window of an implementation reads, and both results."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from same_conformance import mutants, operands, spec
from same_conformance.case import parse
from same_conformance.judge import FAILURES
from same_conformance.plan import PADDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from same_conformance.assessment import Assessment
    from same_conformance.case import Case
    from same_conformance.plan import Plan
    from same_conformance.record import Record

_PER_OP = 8
"""Cases per implementation and op that are drawn from its rule: the smallest show it best."""

_LARGEST_AXIS = 24
_LARGEST_RESULT = 400


def pictures(record: Record, assessment: Assessment) -> list[dict[str, Any]]:
    """Return the pictures of a run: those that it recorded, and those that follow from the rule of an implementation."""
    recorded = [_drawable(picture) for picture in record.footer.get("pictures") or []]
    have = {(picture["implementation"], picture["case"]) for picture in recorded}
    return recorded + [p for p in _by_rule(record, assessment) if (p["implementation"], p["case"]) not in have]


def _drawable(picture: dict[str, Any]) -> dict[str, Any]:
    """Return a recorded picture as the page draws it.

    A record says for each output element which input element each tap reads. Of a transposed convolution the page draws
    for each input element which output elements it adds to.
    """
    windows = picture["windows"]
    if not windows or not picture["case"].startswith("conv_transpose."):
        return picture
    case = parse(picture["case"])
    added: list[list[list[int | None]]] = [
        [[None] * k for _ in range(n)] for n, k in zip(case.size, case.kernel, strict=True)
    ]
    for axis, outputs in zip(added, windows, strict=True):
        for output, taps in enumerate(outputs):
            for tap, read in enumerate(taps):
                if read is not None:
                    axis[read][tap] = output
    return picture | {"windows": added}


def _by_rule(record: Record, assessment: Assessment) -> Iterator[dict[str, Any]]:
    rule_of = {about["name"]: mutants.RULES.get(about["rule"]) for about in record.header["implementations"]}
    n_drawn: dict[tuple[str, str], int] = {}
    for row in assessment.rows:
        result = row.result
        case, rule = result.case, rule_of.get(result.implementation)
        key = (result.implementation, case.op)
        if (
            rule is None
            or rule.plan is None
            or case.op not in rule.ops
            or row.standing != "expected failure"
            or result.judgement.verdict not in FAILURES
            or n_drawn.get(key, 0) >= _PER_OP
            or not _is_small(case)
        ):
            continue
        plan = rule.plan(case)
        if plan is not None and min(plan.out) > 0 and math.prod(plan.out) <= _LARGEST_RESULT:
            n_drawn[key] = n_drawn.get(key, 0) + 1
            yield _picture(result.implementation, case, plan)


def _is_small(case: Case) -> bool:
    return (
        case.compared == "forward"
        and case.calls == 1
        and max((*case.size, *case.output_size)) <= _LARGEST_AXIS
        and math.prod(case.expected_shape) <= _LARGEST_RESULT
    )


def _picture(name: str, case: Case, plan: Plan) -> dict[str, Any]:
    data = operands.make(case)
    return {
        "implementation": name,
        "case": case.id,
        "expected": _array(spec.execute(case, data)),
        "observed": _array(spec.execute(case, data, plan)),
        "windows": [
            [[None if read == PADDED else read for read in window] for window in reads.tolist()] for reads in plan.maps
        ],
        "by_rule": True,
    }


def _array(values: np.ndarray) -> dict[str, Any]:
    return {"shape": list(values.shape), "values": [_number(float(v)) for v in values.reshape(-1)]}


def _number(value: float) -> float | int | str:
    """Return a number as JSON can carry it, in few digits where they tell nothing."""
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() else float(f"{value:.6g}")
