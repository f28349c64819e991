"""State wrong ways to do SAME as rules, execute them, and predict their verdicts.

A rule says what it would read for any case, mostly as a plan, so that its verdict on a case is arithmetic.
Whoever is wrong on purpose names its rule; a run checks that it fails exactly where and how its rule says.
The rules themselves are in `same_conformance.mutants`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from same_conformance import operands, spec
from same_conformance import plan as plans
from same_conformance.case import POOLS, Case
from same_conformance.errors import Unsupported
from same_conformance.judge import FAILURES, Judge, Verdict, different
from same_conformance.outcome import Array
from same_conformance.plan import PADDED, Plan, outer

Execute = Callable[..., np.ndarray]
"""From the operands of a case, in its dtype, to the result in the dtype that the rule returns."""


@dataclass(frozen=True)
class Rule:
    """A wrong way to do SAME. It has a `plan` or, where no plan can say it, a `build`.

    Attributes:
        name: what implementations, expectations and the corpus call it.
        sentence: what it does, for the report; the subject is the rule.
        ops: what it is a way to do.
        seen: the public source where it was seen, or ``natural mistake``.
        plan: from a case of one of `ops` to what the rule does with it; None where it has nothing to compute and so
            must raise.
        build: from a case to the function that executes it, as in `Implementation.build`.
        is_stateful: whether what was built remembers its calls, and so must serve for all sizes.

    """

    name: str
    sentence: str
    ops: tuple[str, ...]
    seen: str
    plan: Callable[[Case], Plan | None] | None = None
    build: Callable[[Case], Execute] | None = None
    is_stateful: bool = False


def build(rule: Rule, case: Case) -> Execute:
    """Return the function that does to the operands of `case` what `rule` says, or what that makes of its gradient.

    Raises:
        Unsupported: if the rule says nothing of the op, or, having no plan, nothing of gradients.
        ValueError: if by the rule there is nothing to compute.

    """
    if case.op not in rule.ops:
        raise Unsupported(f"{rule.name} is no way to do {case.op}")
    if rule.build is not None:
        if case.compared != "forward":
            raise Unsupported(f"{rule.name} has no gradient")
        return rule.build(case) if rule.is_stateful else _built_for_each_size(rule.build, case)

    def execute(x: np.ndarray, *rest: np.ndarray) -> np.ndarray:
        here = case.resized(x.shape[1:-1])
        data = tuple(a.astype(np.float64) for a in (x, *rest))
        return spec.execute(here, data, _plan_with_windows(rule, here)).astype(case.dtype)

    return execute


def _built_for_each_size(build: Callable[[Case], Execute], case: Case) -> Execute:
    def execute(x: np.ndarray, *rest: np.ndarray) -> np.ndarray:
        return build(case.resized(x.shape[1:-1]))(x, *rest)

    return execute


def _plan_with_windows(rule: Rule, case: Case) -> Plan:
    plan = rule.plan(case) if rule.plan else None
    if plan is None or min(plan.out) < 1:
        raise ValueError(f"{rule.name} leaves no window")
    return plan


def predict(rule: Rule, case: Case) -> tuple[Verdict, ...]:
    """Return the verdicts that an implementation which follows `rule` may get for `case`: one, except in one corner.

    ``pass`` where the rule's plan does the same as SAME's (``unspecified`` where some window holds padding only),
    ``shape`` where its result has another shape, ``error`` where it has no output at all, else ``value``; ``pass`` too
    for an op that the rule says nothing of. A transposed convolution without output is the corner: torch returns an
    empty array from some of its kernels and raises in others. A rule without a plan is executed.
    """
    if case.op in rule.ops and rule.plan is not None:
        return _predict(rule.plan(case), case)
    return (_right(case) if case.op not in rule.ops else _executed(rule, case),)


def _right(case: Case) -> Verdict:
    """Return the verdict of what is right: nothing says what a window of padding only gives; to a gradient it gives 0."""
    forward_pool = case.op in POOLS and case.compared == "forward"
    return "unspecified" if forward_pool and case.has_padding_only_window else "pass"


def _predict(theirs: Plan | None, case: Case) -> tuple[Verdict, ...]:
    ours = plans.same(case)
    if theirs is None:
        return ("error",)
    if min(theirs.out) < 1:
        return ("shape", "error") if case.op == "conv_transpose" else ("error",)
    if ours.out != theirs.out:
        return ("shape",)
    if case.compared == "forward" and same_effect(case, ours, theirs):
        return (_right(case),)
    return ("value",) if _shows(case, ours, theirs) else (_right(case),)


def kills(case: Case, rule: Rule) -> bool:
    """Tell whether `case` finds out the mutant that follows `rule`; one of bfloat16, which NumPy lacks, finds none."""
    return case.dtype != "bfloat16" and predict(rule, case)[0] in FAILURES


_JUDGE = Judge()


def _executed(rule: Rule, case: Case) -> Verdict:
    """Return the verdict that executing `rule` gets; in bfloat16, which NumPy lacks, that of the same case in float32."""
    if case.dtype == "bfloat16":
        case = replace(case, dtype="float32")
    try:
        function = build(rule, case)
        for earlier in case.earlier:
            with contextlib.suppress(ValueError):
                function(*(a.astype(case.dtype) for a in _operands(earlier)))
        result = function(*(a.astype(case.dtype) for a in _operands(case)))
    except Unsupported:
        return "unsupported"
    except ValueError:
        return "error"
    return _JUDGE.judge(case, Array(result, result.dtype.name)).verdict


@lru_cache(maxsize=8)
def _operands(case: Case) -> tuple[np.ndarray, ...]:
    return operands.make(case)


def _shows(case: Case, ours: Plan, theirs: Plan) -> bool:
    """Tell whether plans of different effect give different numbers on the data of the case.

    They do but for rare coincidences, such as two products that cancel; a verdict is about the numbers.
    """
    is_forward = case.compared == "forward" and case.op != "conv_transpose"
    if is_forward and _differ(case, *_excerpts(ours, theirs)):
        return True
    return _differ(case, ours, theirs)


def _differ(case: Case, ours: Plan, theirs: Plan) -> bool:
    data = _operands(case)
    wrong = different(case, spec.execute(case, data, theirs), spec.execute(case, data, ours))
    if case.op in POOLS and case.compared == "forward":
        wrong &= ~ours.reads_padding_only()[None, ..., None]
    return bool(wrong.any())


_N_EXCERPT = 6
"""Windows per axis that are looked at first: a real layer has tens of thousands, and most wrong ones show at once."""


def _excerpts(ours: Plan, theirs: Plan) -> tuple[Plan, Plan]:
    """Return both plans cut down to a few windows per axis: those that differ, and those at the ends."""
    chosen = []
    for axis, (a, b) in enumerate(zip(ours.maps, theirs.maps, strict=True)):
        differs = (a != b).any(axis=1) if a.shape == b.shape else np.ones(len(a), dtype=bool)
        if ours.divisor:
            differs |= ours.divisor[axis] != theirs.divisor[axis]
        found = np.flatnonzero(differs)
        ends = np.array([0, len(a) - 1])
        chosen.append(np.unique(np.concatenate([found[:_N_EXCERPT], found[-_N_EXCERPT:], ends])))
    return _rows(ours, chosen), _rows(theirs, chosen)


def _rows(plan: Plan, chosen: list[np.ndarray]) -> Plan:
    return Plan(
        tuple(m[rows] for m, rows in zip(plan.maps, chosen, strict=True)),
        tuple(len(rows) for rows in chosen),
        plan.fill,
        tuple(d[rows] for d, rows in zip(plan.divisor, chosen, strict=True)) if plan.divisor else (),
    )


def same_effect(case: Case, ours: Plan, theirs: Plan) -> bool:
    """Tell whether two plans of one shape give the same for every input.

    Windows that hold padding only are left out for pooling, as they are in verdicts.
    """
    if case.op == "max_pool":
        return _same_maximum(ours, theirs)
    if case.op == "avg_pool":
        return _same_average(case, ours, theirs)
    if _touches_nothing(ours) or _touches_nothing(theirs):  # one such axis makes every element 0
        return _touches_nothing(ours) and _touches_nothing(theirs)
    return all(np.array_equal(a, b) for a, b in zip(ours.maps, theirs.maps, strict=True))


def _same_maximum(ours: Plan, theirs: Plan) -> bool:
    specified = ~ours.reads_padding_only()
    if theirs.fill > -np.inf and (_reads_padding(theirs) & specified).any():
        return False
    for axis, (a, b) in enumerate(zip(ours.maps, theirs.maps, strict=True)):
        same = [set(x[x != PADDED]) == set(y[y != PADDED]) for x, y in zip(a, b, strict=True)]
        if not np.all(np.array(same)[_relevant(specified, axis)]):
            return False
    return True


def _same_average(case: Case, ours: Plan, theirs: Plan) -> bool:
    """Compare the weight with which each window reads each element: a share per axis, times a scale."""
    specified = ~ours.reads_padding_only()
    scales = []
    for axis, size in enumerate(case.size):
        shares = []
        relevant = _relevant(specified, axis)
        for plan in (ours, theirs):
            counts = np.stack([np.bincount(row[row != PADDED], minlength=size) for row in plan.maps[axis]])
            n_read = counts.sum(axis=1, keepdims=True)
            shares.append(counts / np.maximum(n_read, 1))
            scales.append(n_read[:, 0] / np.maximum(plan.divisor[axis], 1))
        if not np.allclose(shares[0][relevant], shares[1][relevant], rtol=0, atol=1e-12):
            return False
    return bool(np.allclose(outer(scales[::2])[specified], outer(scales[1::2])[specified], rtol=0, atol=1e-12))


def _relevant(specified: np.ndarray, axis: int) -> np.ndarray:
    """Return which output positions along `axis` have an element that is specified."""
    return np.asarray(specified.any(axis=tuple(i for i in range(specified.ndim) if i != axis)))


def _touches_nothing(plan: Plan) -> bool:
    return any((reads == PADDED).all() for reads in plan.maps)


def _reads_padding(plan: Plan) -> np.ndarray:
    touched = np.zeros((), dtype=bool)
    for reads in plan.maps:
        touched = touched[..., None] | (reads == PADDED).any(axis=1)
    return touched
