"""Operands: the documented formula, exactness, and that they hide no wrong rule."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings

from same_conformance import operands, plan, rules, spec
from same_conformance.case import Case, parse
from same_conformance.exactness import SIGNIFICANT_BITS, magnitude
from same_conformance.judge import different
from same_conformance.strategies import cases


def test_vectors() -> None:
    """The numbers in docs/operands.md; another language must find the same."""
    assert operands.hashes(4, role=0).tolist() == [2612203797, 2362583817, 570061382, 32070931]
    assert operands.hashes(4, role=1).tolist() == [208551461, 3582528750, 1789892420, 1192847961]
    x, kernel = operands.make(parse("conv.n4.k3"))
    assert x.ravel().tolist() == [-6.0, 1.0, 78.0, -20.0]
    assert kernel.ravel().tolist() == [-58.0, 76.0, -25.0]
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


@given(cases(ops=["conv", "depthwise_conv", "conv_transpose"], dtypes=["float32", "float64"]))
def test_the_taps_of_a_kernel_plane_are_distinct(case: Case) -> None:
    _, kernel = operands.make(case)
    for plane in kernel.reshape(int(np.prod(case.kernel)), -1).T:
        assert len(set(plane)) == len(plane) or len(plane) > 2 * magnitude(case)


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
            assert_shows(rule, case)


@given(cases(dtypes=["float32", "float64"]))
@settings(max_examples=300)
def test_no_rule_is_hidden_in_cases_of_any_size(case: Case) -> None:
    for rule in rules.RULES.values():
        if case.op in rule.ops:
            assert_shows(rule, case)


def assert_shows(rule: rules.Rule, case: Case) -> None:
    """A plan of another effect gives other numbers, and one of the same effect gives the same."""
    ours, theirs = plan.same(case), rule.plan(case)
    if theirs is None or ours.out != theirs.out:
        return
    data = operands.make(case)
    wrong = different(case, spec.execute(case, data, theirs), spec.execute(case, data, ours))
    if case.op in ("max_pool", "avg_pool"):
        wrong &= ~ours.reads_padding_only()[None, ..., None]
    assert wrong.any() != rules.same_effect(case, ours, theirs), case.id
