"""Say how much of the parameter space a cause concerns: the fraction of the axis cases of the box that it makes fail.

The box is that of `same_conformance.packing`: every axis case of n <= 24, k <= 8, s <= 6, d <= 4, each as a case of one
axis in float32, in SAME, or in SAME_LOWER where the implementation is wrong in that mode alone.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from same_conformance import packing, rules
from same_conformance.errors import CaseError
from same_conformance.judge import FAILURES
from same_conformance.mutants import RULES
from same_conformance.padding import SAME
from same_conformance.predicate import AXIS_NAMES, CASE_NAMES, compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Case

RULE_STEP = 7
"""Of this many axis cases one is predicted: all take up to nine seconds, these about one at most.

It divides no count of sizes, kernels, strides or dilations, so that all of them are met alike: over all rules of convolution
and max pooling, the share differs by 0.009 at most from that of all axis cases.
"""

_OF_THE_WHOLE_BOX = {"op", "padding", "compared", "calls"}
"""What all cases of the box have as the cause has it; whatever else a predicate asks of a case, one axis cannot tell."""
_ONE_AXIS_CAN_TELL = _OF_THE_WHOLE_BOX | set(AXIS_NAMES) - {"axis"}


@dataclass(frozen=True)
class Share:
    """A part of the box.

    Attributes:
        fraction: from 0 to 1.
        padding: the mode that the box was taken in.
        is_sampled: whether it was estimated: from one axis case of `RULE_STEP`, or by a predicate with exceptions.

    """

    fraction: float
    padding: str = SAME
    is_sampled: bool = False

    @property
    def text(self) -> str:
        """Return it in words.

        >>> Share(0.537).text, Share(0.537, is_sampled=True).text, Share(0.001).text
        ('54 % of the box', 'about 54 % of the box', 'less than 1 % of the box')
        """
        percent = self.fraction * 100
        if self.fraction in (0, 1):
            amount = "all" if self.fraction else "none"
        elif percent < 1:
            amount = "less than 1 %"
        else:
            amount = f"{min(percent, 99):.0f} %"
            amount = f"about {amount}" if self.is_sampled else amount
        return f"{amount} of the box" + ("" if self.padding == SAME else f" in {self.padding.upper()}")


def find(wrong: Sequence[Case], predicate: str, rule: str = "") -> Share | None:
    """Return the part of the box on which a cause holds, or None if that cannot be said.

    `wrong` are the failing cases of one op. A known `rule` is asked case by case, else the `predicate` is. It cannot be
    said if there is neither, or if one axis cannot tell, as with a wrong order of axes or groups.
    """
    plainest = min(wrong, key=lambda case: (case.compared != "forward", case.calls))
    padding = SAME if any(case.padding == SAME for case in wrong) else plainest.padding
    space = (plainest.op, padding, plainest.compared, plainest.calls)
    if rule:
        share = _of_rule(rule, *space)
        if share is not None and share.fraction:  # nothing of one axis: it needs several, or more than the box has
            return share
    if not predicate or not _names(predicate) <= _ONE_AXIS_CAN_TELL:
        return None
    holds = compile_predicate(predicate)
    cases = _box(*space)
    return Share(sum(map(holds, cases)) / len(cases), padding) if cases else None


def _names(predicate: str) -> set[str]:
    known = {*CASE_NAMES, *AXIS_NAMES}
    return {node.id for node in ast.walk(ast.parse(predicate)) if isinstance(node, ast.Name)} & known


@lru_cache(maxsize=64)
def _of_rule(rule: str, op: str, padding: str, compared: str, calls: int) -> Share | None:
    """Return on how much of the box the rule fails, as arithmetic predicts it."""
    cases = _box(op, padding, compared, calls)[::RULE_STEP]
    if not cases or op not in RULES[rule].ops:
        return None
    n_wrong = sum(rules.predict(RULES[rule], case)[0] in FAILURES for case in cases)
    return Share(n_wrong / len(cases), padding, is_sampled=True)


@lru_cache(maxsize=2)  # a few MB each; causes come op by op
def _box(op: str, padding: str, compared: str, calls: int) -> list[Case]:
    """Return each axis case of the box as a case that is compared and called like this, where there is one."""
    cases = []
    for axis in packing.box(op, padding):
        try:
            cases.append(replace(packing.case_of(op, (axis,), padding), compared=compared, calls=calls))
        except CaseError:  # a second call of a transposed convolution has the default output
            continue
    return cases
