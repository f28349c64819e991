"""Operands: the documented formula, exactness, and that they hide no wrong rule."""

import itertools

import numpy as np
import pytest
from hypothesis import given

from same_conformance import operands, plan, rules, spec
from same_conformance.case import SIGNIFICANT_BITS, Case, magnitude, parse
from same_conformance.judge import different
from same_conformance.strategies import cases


def test_vectors() -> None:
    """The numbers in docs/operands.md; another language must find the same."""
    assert operands.hashes(4, role=0).tolist() == [2612203797, 2362583817, 570061382, 32070931]
    assert operands.hashes(4, role=1).tolist() == [208551461, 3582528750, 1789892420, 1192847961]
    x, kernel = operands.make(parse("conv.n4.k3"))
    assert x.ravel().tolist() == [-6.0, 1.0, 78.0, -20.0]
    assert kernel.ravel().tolist() == [-58.0, 10.0, 42.0]
    (x,) = operands.make(parse("max_pool.n4.k2.c3"))
    assert x[0].T.tolist() == [[-4.0, -3.0, -2.0, -1.0], [-1.0, -2.0, -3.0, -4.0], [-4.0, -1.0, -2.0, -3.0]]


@given(cases())
def test_every_partial_sum_is_exact_in_the_dtype(case: Case) -> None:
    bits = SIGNIFICANT_BITS[case.dtype]
    largest = [np.abs(a).max() for a in operands.make(case)]
    if case.op == "max_pool":
        assert largest[0] <= 2**bits
    else:
        assert case.n_terms * np.prod(largest) <= 2**bits
        assert max(largest) <= magnitude(case)
    assert all((a == np.rint(a)).all() and (a != 0).all() for a in operands.make(case))


@given(cases(ops=["max_pool"]))
def test_max_pooling_planes_are_negative_and_distinct_one_rising_one_falling(case: Case) -> None:
    (x,) = operands.make(case)
    planes = np.moveaxis(x, -1, 1).reshape(-1, int(np.prod(case.size)))
    assert (planes < 0).all()
    assert all(len(set(p)) == len(p) for p in planes)
    assert (np.diff(planes[0]) > 0).all()
    assert (np.diff(planes[1]) < 0).all()


BOX = [*itertools.product(range(1, 7), range(1, 5), range(1, 4), range(1, 3))]


@pytest.mark.parametrize(
    ("rule", "op"),
    [pytest.param(rule, op, id=f"{rule.name}-{op}") for rule in rules.RULES.values() for op in rule.ops],
)
def test_no_rule_whose_plan_differs_is_hidden_by_the_data(rule: rules.Rule, op: str) -> None:
    """Execute the wrong plan itself: the numbers differ wherever the plans are said to, and nowhere else."""
    for i, (n, k, s, d) in enumerate(BOX):
        n2, k2, s2, d2 = BOX[(i * 89 + 31) % len(BOX)]
        for case in (
            Case(op, (n,), (k,), (s,), (d,)),
            Case(
                op, (n, n2), (k, k2), (s, s2), (d, d2), channels=(2, 1) if op.endswith(("conv", "transpose")) else (3,)
            ),
        ):
            (predicted, *_) = rules.predict(rule, case)
            if predicted in ("shape", "error"):
                continue
            theirs = rule.plan(case)
            assert theirs is not None
            data = operands.make(case)
            ours = spec.execute(case, data)
            wrong = different(case, spec.execute(case, data, theirs), ours)
            if op in ("max_pool", "avg_pool"):
                wrong &= ~plan.same(case).reads_padding_only()[None, ..., None]
            assert ("value" if wrong.any() else "pass") == predicted, case.id
