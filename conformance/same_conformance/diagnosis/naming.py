"""Recognise known wrong rules by their results: the same wrong numbers wherever the implementation is wrong.

One rule may explain everything; or what is wrong in some cases and right in others where the rule is wrong in all, with
a condition that parts them; or up to three rules together, each under a condition of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from same_conformance import operands, rules
from same_conformance import plan as plans
from same_conformance.case import POOLS
from same_conformance.diagnosis import where
from same_conformance.exactness import SIGNIFICANT_BITS
from same_conformance.judge import FAILURES, digest
from same_conformance.mutants import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from same_conformance.case import Case
    from same_conformance.diagnosis.where import Predicate
    from same_conformance.record import Result
    from same_conformance.rules import Rule

_MOST_WRONG, _MOST_RIGHT = 150, 300
"""Cases compared: a rule that gives the same wrong numbers on so many is the rule."""
_LARGEST = 200_000
"""Elements of a result that is worth executing again for every rule."""
_MOST_WRONG_PARTED, _MOST_RIGHT_PARTED = 48, 400
"""Cases compared where several rules are tried on all of them, and right cases that a condition must leave out."""
_MOST_PARTS = 3
"""Rules that together explain what is wrong; with more, chance would find some."""
_IN_PART = "..."
"""In place of a condition: the rule is not followed everywhere, and nothing short says where."""
_MANY = 12
"""Wrong arrays that a rule must give where no condition says when it is followed."""
_FEWEST = 4
"""Wrong cases that a rule must explain under a condition: fewer say little."""
_LONGEST_CONDITION = 2
"""Tests in a condition. With more, a rule that has little to do with what is wrong would find one."""

Arrays = Mapping["Case", np.ndarray]
"""What was observed. In pooling, numbers round and some are not specified, so that digests will not do."""
_NONE: Arrays = MappingProxyType({})


_GRADIENTS = {
    "compared != 'forward'": "its gradients",
    "compared == 'input_gradient'": "the gradient with respect to the input",
    "compared == 'kernel_gradient'": "the gradient with respect to the kernel",
}


@dataclass(frozen=True)
class Named:
    """A known rule, and the condition under which it is followed: a predicate, empty if it always is, or `_IN_PART`."""

    rule: str
    condition: str = ""

    @property
    def sentence(self) -> str:
        """Return what is done in words."""
        sentence = RULES[self.rule].sentence
        if self.condition in _GRADIENTS:
            return f"is right forward, but in {_GRADIENTS[self.condition]} {sentence}"
        if self.condition == _IN_PART:
            return f"{sentence}, but not everywhere"
        return sentence + (f", but only where {self.condition}" if self.condition else "")


class Rivals(NamedTuple):
    """A known rule, and conditions that all part the cases in which it is followed from those in which it is not."""

    rule: str
    conditions: list[Predicate]

    def fails(self, case: Case) -> bool:
        """Tell whether the rule fails on `case`."""
        return not _is_right(RULES[self.rule], case)


def name_rule(wrong: Sequence[Result], right: Sequence[Result], arrays: Arrays = _NONE) -> str:
    """Return the name of the first known rule whose results are those observed, or nothing.

    `wrong` and `right` are one implementation's results for one op.
    """
    candidates = _explaining(wrong, arrays)
    for result in _spread(_comparable(right), _MOST_RIGHT):
        candidates = [rule for rule in candidates if _is_right(rule, result.case)]
        if not candidates:
            return ""
    return candidates[0].name if candidates else ""


def name_under_condition(
    wrong: Sequence[Result], right: Sequence[Result], arrays: Arrays = _NONE, preferred: Collection[str] = ()
) -> Named | None:
    """Return a known rule that gives all wrong results, with the shortest condition that leaves out the right ones.

    Tests that are `preferred` make a condition before others.
    """
    if _n_arrays(wrong) < _FEWEST:
        return None  # any rule that raises there would do
    found = []
    for rule in _explaining(wrong, arrays):
        condition = _condition(rule, wrong, right, preferred)
        if condition is not None:
            found.append(Named(rule.name, condition))
    return min(found, key=lambda named: len(named.condition), default=None)


def rival_conditions(wrong: Sequence[Result], right: Sequence[Result], arrays: Arrays = _NONE) -> Rivals | None:
    """Return the rule that `name_under_condition` names and all conditions that fit as well; None if it names none.

    They say the same of these cases, and something else of others, on which the rule fails: of those that `telling` chooses.
    """
    if name_rule(wrong, right, arrays) or _n_arrays(wrong) < _FEWEST:
        return None
    found = []
    for rule in _explaining(wrong, arrays):
        fitting = where.conditions([r.case for r in wrong], _failing(rule, right), _LONGEST_CONDITION)
        if fitting:
            found.append(Rivals(rule.name, fitting))
    return min(found, key=lambda rivals: len(rivals.conditions[0].text), default=None)


def name_in_part(wrong: Sequence[Result], arrays: Arrays = _NONE) -> Named | None:
    """Return a known rule that gives all wrong results, many of them, though no short condition says where it is followed."""
    if _n_arrays(wrong) < _MANY:
        return None
    found = _explaining(wrong, arrays)
    return Named(found[0].name, _IN_PART) if found else None


def name_several(
    wrong: Sequence[Result], right: Sequence[Result], arrays: Arrays = _NONE, preferred: Collection[str] = ()
) -> list[Named]:
    """Return known rules that explain all wrong results together, each with the condition under which it is followed.

    The rule that gives most of them comes first, then the one that gives most of the rest. Empty if they leave any over,
    or no short condition tells where one of them is followed. Conditions are of the case: a rule that is followed on some
    axes alone gives other numbers wherever there is another axis, and is found by probing.
    """
    left = list(_spread(_comparable(wrong), _MOST_WRONG_PARTED))
    candidates = _candidates(left)
    found: list[Named] = []
    while left and candidates and len(found) < _MOST_PARTS:
        given: dict[str, list[Result]] = {rule.name: [] for rule in candidates}
        for result in left:
            for rule in candidates:
                if _gives(rule, result, arrays):
                    given[rule.name].append(result)
        most = max(map(len, given.values()))
        if most < _FEWEST:
            return []
        counts = sorted({len(of) for of in given.values() if 2 * len(of) > most}, reverse=True)
        for count in counts:
            told = []
            for name in (name for name, of in given.items() if len(of) == count):
                others = [r for r in left if r not in given[name]]
                condition = _condition(RULES[name], given[name], [*right, *others], preferred)
                if condition is not None and "any(" not in condition:
                    told.append(Named(name, condition))
            if told:
                found.append(min(told, key=lambda named: len(named.condition)))
                left = [r for r in left if r not in given[found[-1].rule]]
                break
        else:
            return []
    return found if not left and len(found) > 1 else []


def may_be_one(wrong: Sequence[Result]) -> bool:
    """Tell whether some known rule gives all of these results, two arrays at least among them."""
    n_arrays = sum(r.judgement.verdict in ("shape", "value") for r in _comparable(wrong))
    return n_arrays > 1 and bool(_explaining(wrong, _NONE))


def _condition(rule: Rule, wrong: Sequence[Result], others: Sequence[Result], preferred: Collection[str]) -> str | None:
    """Return the condition that holds for `wrong` and for none of `others` that `rule` would make fail in its way."""
    return where.condition([r.case for r in wrong], _failing(rule, others), _LONGEST_CONDITION, preferred)


def _failing(rule: Rule, results: Sequence[Result]) -> list[Case]:
    """Return the cases, of results spread over all, that `rule` would make fail."""
    return [r.case for r in _spread(_comparable(results), _MOST_RIGHT_PARTED) if not _is_right(rule, r.case)]


def _n_arrays(wrong: Sequence[Result]) -> int:
    return sum(r.judgement.verdict not in ("crash", "timeout", "error") for r in _comparable(wrong))


def _explaining(wrong: Sequence[Result], arrays: Arrays) -> list[Rule]:
    """Return the rules that give every wrong result."""
    small = _comparable(wrong)
    candidates = _candidates(small)
    for result in _spread(small, _MOST_WRONG):
        candidates = [rule for rule in candidates if _gives(rule, result, arrays)]
        if not candidates:
            break
    others = [r.case for r in _spread([r for r in wrong if r.case.dtype == "bfloat16"], _MOST_WRONG)]
    return [rule for rule in candidates if rule.plan is None or not any(_is_right(rule, case) for case in others)]


def _candidates(wrong: Sequence[Result]) -> list[Rule]:
    """Return the rules that say something of these results."""
    if not wrong:
        return []
    op = wrong[0].case.op
    of_op = [rule for rule in RULES.values() if op in rule.ops]
    return [rule for rule in of_op if not all(_says_nothing(rule, r.case) for r in wrong)]


def _comparable(results: Sequence[Result]) -> list[Result]:
    """Return the results that rules say anything of: they run in NumPy, which has no bfloat16; large ones take too long."""
    return [r for r in results if r.case.dtype != "bfloat16" and int(np.prod(r.case.expected_shape)) <= _LARGEST]


def _says_nothing(rule: Rule, case: Case) -> bool:
    """Tell whether `rule`, having no plan, says nothing of what is compared."""
    return rule.plan is None and case.compared != "forward"


def _is_right(rule: Rule, case: Case) -> bool:
    return _says_nothing(rule, case) or _verdict(rule.name, case) not in FAILURES


@lru_cache(maxsize=1 << 14)
def _verdict(name: str, case: Case) -> str:
    return rules.predict(RULES[name], case)[0]


def _spread(results: Sequence[Result], most: int) -> Sequence[Result]:
    """Return at most `most` results from all over the canonical order."""
    step = max(1, -(-len(results) // most))
    return results[::step]


def _gives(rule: Rule, result: Result, arrays: Arrays) -> bool:
    """Tell whether `rule` gives what was observed: the same array, or an error where there was one."""
    judgement = result.judgement
    if _says_nothing(rule, result.case):
        return True
    if judgement.verdict in ("crash", "timeout", "error"):
        return "error" in rules.predict(rule, result.case)
    if judgement.verdict == "shape" and 0 in (judgement.observed_shape or ()):
        return "error" in rules.predict(rule, result.case)  # where one raises for want of windows, another returns none
    if judgement.verdict == "shape" and result.case.compared != "forward":  # seen is the forward result's shape
        return "shape" in rules.predict(rule, result.case)
    found = _execute(rule.name, result.case)
    is_equal = found is not None and _is_equal(
        found, result, arrays.get(result.case) if result.case.op in POOLS else None
    )
    return is_equal and judgement.verdict in rules.predict(rule, result.case)  # numbers do not tell a wrong dtype


def _is_equal(found: np.ndarray, result: Result, observed: np.ndarray | None) -> bool:
    if found.shape != result.judgement.observed_shape:
        return False
    return digest(found) == result.judgement.digest if observed is None else _is_near(result.case, observed, found)


def _is_near(case: Case, observed: np.ndarray, found: np.ndarray) -> bool:
    """Tell whether two results are the same but for rounding, and where a window holds padding only, which nothing specifies."""
    eps = _ROUNDINGS * 2.0 ** -SIGNIFICANT_BITS[case.dtype]
    a, b = observed.astype(np.float64), found.astype(np.float64)
    with np.errstate(invalid="ignore"):
        largest = np.nan_to_num(np.abs(b), posinf=0.0).max(initial=0.0)
        near: np.ndarray = np.isclose(a, b, rtol=eps, atol=eps * largest, equal_nan=True)
    if case.compared == "forward" and a.shape == case.expected_shape:
        near |= plans.same(case).reads_padding_only()[None, ..., None]
    return bool(near.all())


_ROUNDINGS = 16
"""How many roundings two ways to the same number may differ by: an average's gradient sums up quotients."""


@lru_cache(maxsize=1 << 12)
def _execute(name: str, case: Case) -> np.ndarray | None:
    """Return what the rule called `name` gives for `case`; None if it gives nothing."""
    try:
        function = rules.build(RULES[name], case)
        for earlier in case.earlier if RULES[name].is_stateful else ():
            with contextlib.suppress(ValueError):
                function(*_operands(earlier))
        return np.asarray(function(*_operands(case)))
    except (ValueError, IndexError):  # what has another shape has no gradient for a cotangent of SAME's
        return None


@lru_cache(maxsize=16)  # one rule after the other is asked about one case
def _operands(case: Case) -> tuple[np.ndarray, ...]:
    return tuple(a.astype(case.dtype) for a in operands.make(case))
