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
    assert operands.hashes(4, role=2).tolist() == [480829192, 1751727042, 1847346980, 230968697]
    *_, cotangent = operands.make(parse("conv.n4.k3.input_gradient"))
    assert cotangent.ravel().tolist() == [-47.0, -45.0, -49.0, 15.0]
    x, kernel = operands.make(parse("conv.n4.k3"))
    assert x.ravel().tolist() == [-6.0, 1.0, 78.0, -20.0]
    assert kernel.ravel().tolist() == [-58.0, 76.0, -25.0]
    (x,) = operands.make(parse("max_pool.n4.k2.c3"))
    assert x[0].T.tolist() == [[-4.0, -3.0, -2.0, -1.0], [-1.0, -2.0, -3.0, -4.0], [-4.0, -1.0, -2.0, -3.0]]


@given(cases())
def test_no_partial_sum_of_what_is_compared_can_be_inexact(case: Case) -> None:
    """The sum of the absolute terms, which the spec computes from absolute operands, bounds every partial sum."""
    data = operands.make(case)
    assert all((a == np.rint(a)).all() for a in data)
    limit = 2.0 ** SIGNIFICANT_BITS[case.dtype]
    if case.op == "avg_pool" and case.compared != "forward":
        assert case.n_terms * np.abs(data[-1]).max() <= limit / 16
    elif case.op == "max_pool":
        assert np.nan_to_num(np.abs(spec.execute(case, (*data[:1], *map(np.abs, data[1:])))), posinf=0).max() <= limit
    else:
        assert np.nan_to_num(spec.execute(case, tuple(map(np.abs, data)))).max() <= limit


@given(cases(compared=["input_gradient", "kernel_gradient"]))
def test_a_cotangent_is_0_where_pooling_gives_nothing_specified_and_nowhere_else(case: Case) -> None:
    *_, cotangent = operands.make(case)
    assert cotangent.shape == case.output_shape
    nothing = np.zeros(cotangent.shape[1:-1], dtype=bool)
    if case.op in ("max_pool", "avg_pool"):
        nothing = plan.same(case).reads_padding_only()
    np.testing.assert_array_equal(cotangent == 0, np.broadcast_to(nothing[None, ..., None], cotangent.shape))


@given(cases(compared=["forward"]))
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
    x, *_ = operands.make(case)
    planes = np.moveaxis(x, -1, 1).reshape(-1, int(np.prod(case.size)))
    assert (planes < 0).all()
    assert all(len(set(p)) == len(p) for p in planes)
    assert (np.diff(planes[0]) > 0).all()
    assert (np.diff(planes[1]) < 0).all()


@given(cases(ops=["conv", "depthwise_conv", "conv_transpose"], dtypes=["float32", "float64"]))
def test_the_taps_of_a_kernel_plane_are_distinct(case: Case) -> None:
    _, kernel, *_ = operands.make(case)
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


@given(cases(dtypes=["float32", "float64"], compared=["forward"]))
@settings(max_examples=300)
def test_no_rule_is_hidden_in_cases_of_any_size(case: Case) -> None:
    for rule in rules.RULES.values():
        if case.op in rule.ops:
            assert_shows(rule, case)


GRADIENTS = [*itertools.product(range(1, 6), range(1, 4), range(1, 4), range(1, 3))]


@pytest.mark.parametrize(
    ("rule", "op"),
    [pytest.param(rule, op, id=f"{rule.name}-{op}") for rule in rules.RULES.values() for op in rule.ops],
)
def test_no_rule_is_hidden_in_gradients_by_the_data(rule: rules.Rule, op: str) -> None:
    """A plan of another effect gives another gradient, and one of the same effect the same."""
    for size, kernel, stride, dilation in GRADIENTS:
        for compared in ("input_gradient", "kernel_gradient")[: 1 if op.endswith("pool") else 2]:
            case = Case(op, (size,), (kernel,), (stride,), (dilation,), compared=compared)
            ours, theirs = plan.same(case), rule.plan(case)
            if theirs is None or ours.out != theirs.out:
                continue
            data = operands.make(case)
            wrong = different(case, spec.execute(case, data, theirs), spec.execute(case, data, ours))
            assert wrong.any() != rules.same_effect(case, ours, theirs), case.id


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
