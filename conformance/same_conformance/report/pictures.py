"""Collect what is drawn on the page of a case: which elements each window of an implementation reads, and both results."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from same_conformance import mutants, operands, spec
from same_conformance.case import parse
from same_conformance.plan import PADDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from same_conformance.assessment import Assessment
    from same_conformance.case import Case
    from same_conformance.plan import Plan
    from same_conformance.record import Record
    from same_conformance.rules import Rule

_PER_OP = 8
"""Cases per implementation and op that are drawn from its rule: the smallest show it best."""

_ARRAYS = ("shape", "value")
"""Verdicts on an array that a rule gives."""

_LARGEST_AXIS = 24
_LARGEST_RESULT = 400


def pictures(record: Record, assessment: Assessment) -> list[dict[str, Any]]:
    """Return the pictures of a run: those that it recorded, and those that follow from the rule of an implementation.

    Probing cannot tell an element that a pooling reads twice from one that it reads once, so what a rule says of the
    windows of a recorded picture goes first; its arrays are those that were seen.
    """
    by_rule = {(picture["implementation"], picture["case"]): picture for picture in _by_rule(record, assessment)}
    recorded = []
    for picture in record.footer.get("pictures") or []:
        known = by_rule.pop((picture["implementation"], picture["case"]), None)
        reads = {key: known[key] for key in ("windows", "steps") if key in known} if known else None
        recorded.append(picture | reads if reads else _drawable(picture))
    return recorded + list(by_rule.values())


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
    """Draw what fails as a rule says: the smallest with their arrays, of the others what is read."""
    rules_of = _rules(record)
    n_drawn: Counter[tuple[str, str]] = Counter()
    for row in assessment.rows:
        case, name = row.result.case, row.result.implementation
        if row.result.judgement.verdict not in _ARRAYS or row.standing != "expected failure" or not _is_plain(case):
            continue
        rule = next((rule for why, rule in rules_of.get(name, ()) if row.why.startswith(why)), None)
        if rule is None or rule.plan is None or case.op not in rule.ops:
            continue
        plan = rule.plan(case)
        if plan is None or min(plan.out) < 1:
            continue
        if n_drawn[name, case.op] < _PER_OP and _is_small(case) and math.prod(plan.out) <= _LARGEST_RESULT:
            n_drawn[name, case.op] += 1
            yield _picture(name, case, plan)
        elif steps := _steps(case, plan):
            yield {"implementation": name, "case": case.id, "steps": steps, "by_rule": True}


def _rules(record: Record) -> dict[str, list[tuple[str, Rule]]]:
    """Return which rules each implementation is known to follow, each with how the reason of a failure begins."""
    found: dict[str, list[tuple[str, Rule]]] = {}
    for about in record.header["implementations"]:
        if rule := mutants.RULES.get(about["rule"]):
            found.setdefault(about["name"], []).append((f"the rule {rule.name}: ", rule))
    for entry in record.header["expectations"]:
        if rule := mutants.RULES.get(entry.get("rule", "")):
            found.setdefault(entry["implementation"], []).append((entry["reason"], rule))
    return found


def _steps(case: Case, plan: Plan) -> list[list[int]] | None:
    """Return the maps of a plan in a few numbers per axis; None if they are not that regular.

    They are: how many windows, what the first tap of the first one reads, the steps from window to window and from tap
    to tap, and how many elements there are to read.
    """
    found = []
    for axis, reads, out in zip(case.axes, plan.maps, plan.out, strict=True):
        long = out if case.op == "conv_transpose" else axis.size
        o, j = np.arange(reads.shape[0])[:, None], np.arange(reads.shape[1])[None, :]
        real = reads != PADDED
        for dilation in (axis.dilation, -axis.dilation):
            steps = o * axis.stride + j * dilation
            start = int((reads - steps)[real][0]) if real.any() else -axis.before
            expected = np.where((start + steps >= 0) & (start + steps < long), start + steps, PADDED)
            if np.array_equal(reads, expected):
                found.append([reads.shape[0], start, axis.stride, dilation, long])
                break
        else:
            return None
    return found


def _is_plain(case: Case) -> bool:
    return case.compared == "forward" and case.calls == 1


def _is_small(case: Case) -> bool:
    return max((*case.size, *case.output_size)) <= _LARGEST_AXIS and math.prod(case.expected_shape) <= _LARGEST_RESULT


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
