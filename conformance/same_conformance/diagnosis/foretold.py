"""Hold a predicate against what a rule predicts, so that what fits the cases tried by chance is not called exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from same_conformance import rules
from same_conformance.diagnosis import further, where
from same_conformance.judge import FAILURES
from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.diagnosis.where import Where
    from same_conformance.rules import Rule

_SEED = 17
_MOST = 1_500
"""Cases that are predicted; a predicate that fits all of them, too, fits by no chance."""


def checked(place: Where, rule: Rule, wrong: Sequence[Case], right: Sequence[Case]) -> Where:
    """Return `place` if it says of other cases what `rule` does, else what parts those as well.

    The other cases are such as the implementation offers. `place` is exact for `wrong` and `right`.
    """
    if rule.plan is None:
        return place
    others = _offered(further.space(wrong[0], wrong, seed=_SEED), [*wrong, *right])[:_MOST]
    fails = {case: rules.predict(rule, case)[0] in FAILURES for case in others}
    holds = compile_predicate(place.predicate)
    if all(holds(case) == failed for case, failed in fails.items()):
        return place
    known = {*wrong, *right}
    new = [case for case in others if case not in known]
    found = where.find(
        [*wrong, *(case for case in new if fails[case])], [*right, *(case for case in new if not fails[case])]
    )
    if found.is_exact:
        return replace(found, n_tried=len(known))
    return replace(found, n_tried=len(known), n_predicted=len(new))


def _offered(cases: Sequence[Case], tried: Sequence[Case]) -> list[Case]:
    """Return those of which each field, by itself, is one that was tried."""
    seen = [{field(case) for case in tried} for field in _FIELDS]
    return [case for case in cases if all(field(case) in values for field, values in zip(_FIELDS, seen, strict=True))]


_FIELDS: tuple[Callable[[Case], object], ...] = (
    lambda case: case.rank,
    lambda case: case.padding,
    lambda case: case.dtype,
    lambda case: case.compared,
    lambda case: case.calls,
    lambda case: max(case.stride) > 1,
    lambda case: max(case.dilation) > 1,
    lambda case: case.batch > 1,
    lambda case: case.channels[0] > 1,
    lambda case: case.groups > 1,
)
