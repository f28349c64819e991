"""Read plain signs from the cases of one op, before any number is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from same_conformance import operands
from same_conformance.case import POOLS
from same_conformance.doctor import layouts
from same_conformance.doctor.finding import Finding, broken, wrong
from same_conformance.judge import FAILURES
from same_conformance.outcome import Array

if TYPE_CHECKING:
    from same_conformance.doctor.ops import Seen, Subject
    from same_conformance.implementation import Description


def extent(failing: Sequence[Seen], ran: Sequence[Seen], claims: Description) -> tuple[str, str]:
    """Say what all that fails has in common, and nothing that is right has; and what to claim instead.

    Both are empty if there is no such thing among the ranks, dtypes, groups and modes.
    """
    good = [one.case for one in ran if one.verdict not in FAILURES]
    bad = [one.case for one in failing]
    for key, claimed in (("rank", claims.ranks), ("dtype", claims.dtypes), ("padding", claims.paddings)):
        hit = {getattr(case, key) for case in bad}
        if good and hit and hit.isdisjoint(getattr(case, key) for case in good):
            named = [str(value) for value in claimed if value in hit]
            *head, last = named
            values = f"{', '.join(head)} and {last}" if head else last
            what = f"rank {values}" if key == "rank" else values
            claim = f"claim {key}s={tuple(value for value in claimed if value not in hit)!r}".replace("'", '"')
            step = f"{_conversion(claims)}, or {claim}" if key == "dtype" else claim
            return f"fails in every case of {what} and in no other", step
    if good and bad and all(case.groups > 1 for case in bad) and all(case.groups == 1 for case in good):
        return "fails in every case of groups > 1 and in no other", 'where groups > 1: raise Unsupported("groups")'
    return "", ""


def _conversion(claims: Description) -> str:
    if claims.framework != "torch":
        return "compute in the dtype that comes in"
    dtype = "getattr(torch, case.dtype)" if claims.builds else "x.dtype"
    return f"convert the layer, layer.to({dtype})"


def has_other_axes(one: Seen) -> bool:
    """Tell whether a result has another number of axes than it should."""
    shape = one.judgement.observed_shape
    return one.verdict == "shape" and shape is not None and len(shape) != one.case.rank + 2


def other_axes(op: str, failing: Sequence[Seen], ran: Sequence[Seen], claims: Description) -> Finding | None:
    """Return that results have another number of axes than they should."""
    found = [one for one in failing if has_other_axes(one)]
    if not found:
        return None
    first = found[0]
    where, step = extent(failing, ran, claims)
    letters = layouts.input_letters(claims.framework, first.case.rank)
    return broken(
        f"{op} returns {len(first.judgement.observed_shape or ())} axes where {first.case.rank + 2} are expected in {len(found)} of "
        f"{len(ran)} cases ({first.case.id}){where and '; it '}{where}",
        step or f"keep batch and channels: return {letters}, also where an axis has length 1 (no squeeze())",
    )


def ignored_kernel(op: str, failing: Sequence[Seen], subject: Subject) -> Finding | None:
    """Return that results do not change with the kernel, as those of a layer with a weight of its own do not.

    Where a weight is drawn anew by each ``build``, two results tell nothing; then what the gradient says counts.
    """
    forward = [one.case for one in failing if one.case.compared == "forward" and isinstance(one.outcome, Array)]
    if op in POOLS or not forward:
        return None
    x, kernel = operands.make(forward[0])
    probed = subject.execute(forward[0], [(x, kernel), (x, kernel), (x, kernel * 2)])
    results = [outcome.values for outcome in probed if isinstance(outcome, Array)]
    if len(results) != 3:
        return None
    first, again, doubled = results
    is_independent = any("does not depend on its kernel" in one.judgement.message for one in failing)
    if not (np.array_equal(first, doubled) if np.array_equal(first, again) else is_independent):
        return None
    return broken(
        f"{op}: its result does not depend on the kernel that it is given",
        'hand the kernel to the layer: torch.func.functional_call(layer, {"weight": kernel}, x)'
        if subject.claims.framework == "torch"
        else "compute with the kernel that is given, in place of a weight of its own",
    )


def unrepeatable(op: str, ran: Sequence[Seen], framework: str) -> Finding | None:
    """Return that equal calls differ, whether what they give is right or wrong."""
    unequal = [one for one in ran if is_unequal(one)]
    if not unequal:
        return None
    step = "look for random numbers, and for what it keeps between calls"
    return wrong(
        f"{op}: two equal calls differ in {len(unequal)} of {len(ran)} cases, such as {unequal[0].case.id}",
        f"dropout on? layer.eval(); else {step}" if framework in ("torch", "keras") else step,
    )


def is_unequal(one: Seen) -> bool:
    """Tell whether the same call gave something else when it was made again."""
    return isinstance(one.outcome, Array) and one.outcome.n_unequal > 0
