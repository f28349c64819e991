"""Recognise a known wrong rule by its results: same verdicts on every case, same wrong numbers wherever it is wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from same_conformance import operands, rules
from same_conformance.judge import digest
from same_conformance.mutants import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from same_conformance.case import Case
    from same_conformance.record import Result
    from same_conformance.rules import Rule

_MOST_WRONG, _MOST_RIGHT = 150, 300
"""Cases compared: a rule that gives the same wrong numbers on so many is the rule."""
_LARGEST = 200_000
"""Elements of a result that is worth executing again for every rule."""


def name_rule(wrong: Sequence[Result], right: Sequence[Result]) -> str:
    """Return the name of the first known rule whose results are those observed, or nothing.

    `wrong` and `right` are one implementation's results for one op.
    """
    small = [r for r in wrong if int(np.prod(r.case.expected_shape)) <= _LARGEST and _is_comparable(r.case)]
    if not small:
        return ""
    near = [r for r in right if int(np.prod(r.case.expected_shape)) <= _LARGEST and _is_comparable(r.case)]
    op = wrong[0].case.op
    candidates = [
        rule for rule in RULES.values() if op in rule.ops and not all(_says_nothing(rule, r.case) for r in small)
    ]
    for result in _spread(small, _MOST_WRONG):
        candidates = [rule for rule in candidates if _gives(rule, result)]
        if not candidates:
            return ""
    for result in _spread(near, _MOST_RIGHT):
        candidates = [rule for rule in candidates if _is_right(rule, result.case)]
        if not candidates:
            return ""
    return candidates[0].name


def _is_comparable(case: Case) -> bool:
    """Tell whether rules say anything of `case`: they run in NumPy, which has no bfloat16."""
    return case.dtype != "bfloat16"


def _says_nothing(rule: Rule, case: Case) -> bool:
    """Tell whether `rule`, having no plan, says nothing of what is compared."""
    return rule.plan is None and case.compared != "forward"


def _is_right(rule: Rule, case: Case) -> bool:
    return _says_nothing(rule, case) or rules.predict(rule, case)[0] in ("pass", "unspecified")


def _spread(results: Sequence[Result], most: int) -> Sequence[Result]:
    """Return at most `most` results from all over the canonical order."""
    step = max(1, -(-len(results) // most))
    return results[::step]


def _gives(rule: Rule, result: Result) -> bool:
    """Tell whether `rule` gives what was observed: the same array, or an error where there was one."""
    judgement = result.judgement
    if _says_nothing(rule, result.case):
        return True
    if judgement.verdict in ("crash", "timeout", "error"):
        return "error" in rules.predict(rule, result.case)
    if judgement.verdict == "shape" and result.case.compared != "forward":  # seen is the forward result's shape
        return "shape" in rules.predict(rule, result.case)
    found = _execute(rule.name, result.case)
    if found is None or found != (judgement.observed_shape, judgement.digest):
        return False
    return judgement.verdict in rules.predict(rule, result.case)  # the numbers alone do not tell a wrong dtype


@lru_cache(maxsize=512)
def _execute(name: str, case: Case) -> tuple[tuple[int, ...], str] | None:
    """Return shape and digest of what the rule called `name` gives for `case`; None if it gives nothing."""
    plain = replace(case, dtype="float32") if case.dtype == "bfloat16" else case
    try:
        result = rules.build(RULES[name], plain)(*(a.astype(plain.dtype) for a in operands.make(case)))
    except ValueError:
        return None
    return result.shape, digest(result)
