"""Operands: the documented formula, exactness, and that they hide no wrong rule."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given

from same_conformance import mutants, operands, plan, rules, spec
from same_conformance.case import OPS, Case, parse
from same_conformance.exactness import SIGNIFICANT_BITS, magnitude
from same_conformance.judge import different
from same_conformance.strategies import cases, draw_distinct


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
    x, kernel = operands.make(parse("conv.n4.k3.float64"))
    assert x.ravel().tolist() == [-70080.0, -92556.0, -32917.0, -28748.0]
    assert kernel.ravel().tolist() == [-79786.0, 64576.0, 10320.0]
    (x,) = operands.make(parse("max_pool.n4.k2.c3"))
    deep = [i * 2.0**100 for i in (-12, -9, -10, -11)]
    assert x[0].T.tolist() == [[-4.0, -3.0, -2.0, -1.0], [-5.0, -6.0, -7.0, -8.0], deep]
    (x,) = operands.make(parse("max_pool.n3.k2.float16"))
    assert x[0].T.tolist() == [[-3.0, -2.0, -1.0], [-32768.0, -32800.0, -32832.0]]
    (x,) = operands.make(parse("avg_pool.n4.k2"))
    assert x[0].T.tolist() == [[-6.0, 78.0, 0.0, 25.0], [1.0, -20.0, 54.0, 86.0]]


@given(cases())
def test_no_partial_sum_of_what_is_compared_can_be_inexact(case: Case) -> None:
    """The sum of the absolute terms, which the spec computes from absolute operands, bounds every partial sum."""
    data = operands.make(case)
    assert all((a == np.rint(a)).all() for a in data)
    limit = 2.0 ** SIGNIFICANT_BITS[case.dtype]
    if case.op == "avg_pool" and case.compared != "forward":
        assert case.n_terms * np.abs(data[-1]).max() <= limit / 16
    elif case.op == "max_pool" and case.compared != "forward":
        assert np.nan_to_num(np.abs(spec.execute(case, (*data[:1], *map(np.abs, data[1:])))), posinf=0).max() <= limit
    elif case.op != "max_pool":  # which adds nothing up
        assert np.nan_to_num(spec.execute(case, tuple(map(np.abs, data)))).max() <= limit


@given(cases(ops=["conv", "depthwise_conv", "conv_transpose"], dtypes=["float64"], compared=["forward"]))
def test_no_float64_convolution_fits_in_float32(case: Case) -> None:
    """Some product of a plane's largest tap needs more than 24 bits, so computing in float32 shows, one term or many."""
    x, kernel = operands.make(case)
    products = np.multiply.outer(x.ravel()[:50], kernel.ravel()[:50])
    assume(x.size > 1)
    assert (products.astype(np.float32) != products).any()


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
        values = operands.make(case)[0].ravel()
        assert case.dtype == "bfloat16" or (values.astype(case.dtype) == values).all()
        assert (np.frexp(values)[0] * 2.0**bits % 1 == 0).all()
        assert case.n_terms * max(largest[1:], default=0) <= 2**bits
    else:
        by = {"input_gradient": 0, "kernel_gradient": 1}.get(case.compared)
        factors = [a for i, a in enumerate(largest) if i != by]
        assert case.n_terms * np.prod(factors) <= 2**bits
        assert max(largest) <= magnitude(case)
    assert all((a == np.rint(a)).all() for a in operands.make(case))
    n_zeros = sum(int((a == 0).sum()) for a in operands.make(case))
    assert n_zeros == (case.op == "avg_pool" and np.prod(case.size) > 1)


@given(cases(ops=["max_pool"], compared=["forward"]))
def test_max_pooling_planes_are_negative_and_distinct_one_rising_one_falling(case: Case) -> None:
    x, *_ = operands.make(case)
    planes = np.moveaxis(x, -1, 1).reshape(-1, int(np.prod(case.size)))
    assert (planes < 0).all()
    assert all(len(set(p)) == len(p) for p in planes)
    assert (np.diff(planes[0]) > 0).all()
    assert (np.diff(planes[1]) < 0).all()
    assert (planes[-1] <= -32768).all() or (case.dtype == "float16" and planes.shape[1] > 1024)


@given(cases(ops=["conv", "depthwise_conv", "conv_transpose"], dtypes=["float32", "float64"], compared=["forward"]))
def test_the_taps_of_a_kernel_plane_are_distinct(case: Case) -> None:
    _, kernel, *_ = operands.make(case)
    for plane in kernel.reshape(int(np.prod(case.kernel)), -1).T:
        assert len(set(plane)) == len(plane) or len(plane) > 2 * magnitude(case)


BOX = [*itertools.product(range(1, 7), range(1, 5), range(1, 4), range(1, 3))][::2]


PLANNED = [rule for rule in mutants.RULES.values() if rule.plan]
"""The rules whose effect is arithmetic; the others are executed to predict them."""


@pytest.mark.parametrize("op", OPS)
def test_no_rule_whose_plan_differs_is_hidden_by_the_data(op: str) -> None:
    """Execute the wrong plans themselves: the numbers differ wherever the plans are said to, and nowhere else."""
    for i, (n, k, s, d) in enumerate(BOX):
        n2, k2, s2, d2 = BOX[(i * 89 + 31) % len(BOX)]
        channels = (2, 1) if op.endswith(("conv", "transpose")) else (3,)
        one = Case(op, (n,), (k,), (s,), (d,))
        two = Case(op, (n, n2), (k, k2), (s, s2), (d, d2), channels=channels)
        for rule in PLANNED:
            for case in (one, two):
                assert shows(rule, case) == differs(rule, case), (rule.name, case.id)


def test_hardly_any_rule_is_hidden_in_cases_of_any_size() -> None:
    """The maximum of few planes may be that of other windows too; one in 500 is more than there is."""
    n_differing = n_hidden = 0
    for case in draw_distinct(200, seed=2, dtypes=["float32", "float64"], compared=["forward"]).cases:
        for rule in PLANNED:
            if differs(rule, case):
                n_differing += 1
                n_hidden += not shows(rule, case)
            else:
                assert not shows(rule, case), (rule.name, case.id)
    assert n_differing > 1000
    assert n_hidden * 500 < n_differing


GRADIENTS = [*itertools.product(range(1, 6), range(1, 4), range(1, 4), range(1, 3))][::5]


@pytest.mark.parametrize("op", OPS)
def test_no_rule_is_hidden_in_gradients_by_the_data(op: str) -> None:
    """A plan of another effect gives another gradient, and one of the same effect the same."""
    left_out = mutants.THEMES["gradients"]
    forward = [rule for rule in PLANNED if rule not in left_out and op in rule.ops]
    for size, kernel, stride, dilation in GRADIENTS:
        for compared in ("input_gradient", "kernel_gradient")[: 1 if op.endswith("pool") else 2]:
            case = Case(op, (size,), (kernel,), (stride,), (dilation,), compared=compared)
            for rule in forward:
                ours, theirs = plan.same(case), rule.plan(case) if rule.plan else None
                if theirs is None or ours.out != theirs.out:
                    continue
                data = operands.make(case)
                wrong = different(case, spec.execute(case, data, theirs), spec.execute(case, data, ours))
                assert wrong.any() != rules.same_effect(case, ours, theirs), (rule.name, case.id)


def differs(rule: rules.Rule, case: Case) -> bool:
    """Tell whether the plan of `rule` has SAME's shape and another effect."""
    ours, theirs = plan.same(case), rule.plan(case) if rule.plan and case.op in rule.ops else None
    return theirs is not None and ours.out == theirs.out and not rules.same_effect(case, ours, theirs)


def shows(rule: rules.Rule, case: Case) -> bool:
    """Tell whether the plan of `rule` has SAME's shape and gives other numbers."""
    ours, theirs = plan.same(case), rule.plan(case) if rule.plan and case.op in rule.ops else None
    if theirs is None or ours.out != theirs.out:
        return False
    data = operands.make(case)
    wrong = different(case, spec.execute(case, data, theirs), spec.execute(case, data, ours))
    if case.op in ("max_pool", "avg_pool"):
        wrong &= ~ours.reads_padding_only()[None, ..., None]
    return bool(wrong.any())
