"""The spec, against plain loops that share no code with it, and against identities that the ops must obey."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from same_conformance import mutants, operands, plan, spec
from same_conformance.case import Case, parse
from same_conformance.strategies import cases


def loops(case: Case, data: tuple[np.ndarray, ...]) -> np.ndarray:
    """Compute a case one multiplication at a time, from TensorFlow's documentation of SAME."""
    result = np.zeros(case.expected_shape)
    outs = [range(n) for n in case.expected_shape[1:-1]]
    taps = [range(k) for k in case.kernel]
    for b, c in itertools.product(range(case.batch), range(case.expected_shape[-1])):
        for o in itertools.product(*outs):
            values, n = [], 0
            for j in itertools.product(*taps):
                at = tuple(
                    oo * a.stride + jj * a.dilation - a.before for oo, jj, a in zip(o, j, case.axes, strict=True)
                )
                if all(0 <= p < s for p, s in zip(at, case.size, strict=True)):
                    n += 1
                    values.append(_term(case, data, b, at, j, c))
            result[(b, *o, c)] = _reduce(case, values, n)
    return result


def _term(case: Case, data: tuple[np.ndarray, ...], b: int, at: tuple[int, ...], j: tuple[int, ...], c: int) -> float:
    x = data[0][(b, *at)]
    if case.op in ("max_pool", "avg_pool"):
        return float(x[c])
    kernel = data[1][j]
    if case.op == "depthwise_conv":
        channel, multiple = divmod(c, case.channels[1])
        return float(x[channel] * kernel[channel, multiple])
    per_group_in, per_group_out = case.channels[0] // case.groups, case.channels[1] // case.groups
    first = c // per_group_out * per_group_in
    return float(sum(x[first + i] * kernel[i, c] for i in range(per_group_in)))


def _reduce(case: Case, values: list[float], n: int) -> float:
    if case.op == "max_pool":
        return max(values, default=-np.inf)
    if case.op == "avg_pool":
        return sum(values) / n if n else np.nan
    return sum(values)


FORWARD = {"compared": ["forward"], "max_calls": 1}
GRADIENTS = ["input_gradient", "kernel_gradient"]
PLANNED = {name: rule.plan for name, rule in mutants.RULES.items() if rule.plan}


@given(
    cases(ops=["conv", "depthwise_conv", "max_pool", "avg_pool"], max_size=5, max_kernel=3, max_channels=4, **FORWARD)
)
def test_forward_ops_equal_plain_loops(case: Case) -> None:
    data = operands.make(case)
    np.testing.assert_array_equal(spec.execute(case, data), loops(case, data))


@given(cases(ops=["conv_transpose"], **FORWARD))
def test_transposed_convolution_is_the_adjoint_of_the_forward_one(case: Case) -> None:
    """<conv(y), x> = <y, conv_transpose(x)>, exactly, where y has the size of the transposed output."""
    x, kernel = operands.make(case)
    c_in, c_out = case.channels
    forward = Case(
        "conv", case.output_size, case.kernel, case.stride, case.dilation, case.padding, case.batch, (c_out, c_in)
    )
    y = operands.make(replace(forward, dtype="float64"))[0]
    image = spec.execute(forward, (y, kernel))
    assert image.shape == x.shape
    assert inner(image, x) == inner(y, spec.execute(case, (x, kernel)))


def inner(a: np.ndarray, b: np.ndarray) -> int:
    """Return the inner product in integers of any size."""
    return sum(int(p) * int(q) for p, q in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))


@given(cases(compared=GRADIENTS, dtypes=["float32"]), st.sampled_from([None, *PLANNED]))
def test_a_gradient_is_the_adjoint_of_what_it_is_of(case: Case, rule: str | None) -> None:
    """<g, F(x)> = <F^T(g), x> in exact integers, by the input and by the kernel, for SAME and for every other plan.

    That of average pooling is exact in quotients only; max pooling is linear where it chooses the same elements,
    and constant where it chooses a fill.
    """
    ours = plan.same(case)
    theirs = PLANNED[rule](case) if rule and case.op in mutants.RULES[rule].ops else None
    if theirs is None or theirs.out != ours.out:
        theirs = ours
    *primals, g = operands.make(case)
    image = spec.execute(case.forward, tuple(primals), theirs)
    if case.op.endswith("pool"):
        constant = theirs.reads_padding_only()[None, ..., None]
        if case.op == "max_pool":
            constant = constant | (image == theirs.fill)
        image, g = np.where(constant, 0.0, image), np.where(constant, 0.0, g)
    gradient = spec.execute(case, (*primals, g), theirs)
    operand = primals[case.compared == "kernel_gradient"]
    assert gradient.shape == operand.shape == case.expected_shape
    difference = (g * image).sum() - (gradient * operand).sum()
    assert difference == 0 if case.op != "avg_pool" else abs(difference) <= 1e-12 * np.abs(g * image).sum()


@given(
    cases(compared=GRADIENTS, max_size=3, max_kernel=3, max_channels=2, max_batch=2, ranks=[1, 2], dtypes=["float64"])
)
@settings(max_examples=60)
def test_a_gradient_is_how_the_result_changes_with_each_element(case: Case) -> None:
    """Move one element of the operand at a time by half of what parts it from others, so that max pooling chooses as before."""
    *primals, g = operands.make(case)
    place = int(case.compared == "kernel_gradient")
    expected = spec.execute(case, (*primals, g))
    before = np.nan_to_num(spec.execute(case.forward, tuple(primals)), neginf=0)
    for index in np.ndindex(primals[place].shape):
        moved = [a.copy() for a in primals]
        step = operands.DEEP / 2 if abs(moved[place][index]) >= operands.DEEP else 0.5
        moved[place][index] += step
        after = np.nan_to_num(spec.execute(case.forward, tuple(moved)), neginf=0)
        change = (g * (after - before)).sum() / step
        rounding = 0 if case.op != "avg_pool" else 1e-12 * np.abs(g * after).sum()
        assert abs(change - expected[index]) <= rounding


def test_average_pooling_s_gradient_is_rounded_once() -> None:
    """Against fractions: the sum is exact and the division the only rounding, up to windows of many taps."""
    for text in ("avg_pool.n7.k8.s2.float64.input_gradient", "avg_pool.n23.k19.float64.input_gradient"):
        case = parse(text)
        *_, g = operands.make(case)
        expected = spec.execute(case, operands.make(case))
        (reads,), (divisor,) = plan.same(case).maps, plan.same(case).divisor
        for i, c in np.ndindex(case.size[0], 2):
            exact = sum(Fraction(int(g[0, o, c]), int(divisor[o])) for o in range(len(divisor)) if i in reads[o])
            assert expected[0, i, c] == float(exact), (text, i)


@given(cases(paddings=["same"]))
def test_same_lower_is_same_reversed_where_nothing_is_clamped(case: Case) -> None:
    """SAME_LOWER(x, w) = reverse(SAME(reverse x, reverse w)) unless a stride leaves elements out; of gradients too."""
    spans = [(a.size if case.op == "conv_transpose" else a.output_size) for a in case.axes]
    covers = [
        (n - 1) * a.stride + a.effective_kernel >= (a.output_size if case.op == "conv_transpose" else a.size)
        for n, a in zip(spans, case.axes, strict=True)
    ]
    if not all(covers):
        return
    lower = replace(case, padding="same_lower")
    ours = spec.execute(lower, operands.make(lower))
    mirrored = reverse(case, spec.execute(case, mirror(case, operands.make(lower))))
    np.testing.assert_array_equal(ours, mirrored)


def mirror(case: Case, data: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Reverse every operand along its spatial axes."""
    first = [1, *[0] * (len(case.operand_shapes) - 1), 1]
    return tuple(np.flip(a, tuple(range(f, case.rank + f))) for f, a in zip(first, data, strict=False))


def reverse(case: Case, values: np.ndarray) -> np.ndarray:
    """Reverse what is compared along its spatial axes."""
    first = int(case.compared != "kernel_gradient")
    return np.flip(values, tuple(range(first, case.rank + first)))


def test_same_lower_is_not_same_reversed_where_something_is_clamped() -> None:
    """The guard above is needed: with stride 3 and kernel 1 both read element 0 of every three, and so do gradients."""
    for text in ("conv.n3.k1.s3", "conv.n3.k1.s3.input_gradient", "conv.n3.k1.s3.kernel_gradient"):
        case = parse(text)
        lower = replace(case, padding="same_lower")
        data = operands.make(lower)
        mirrored = reverse(case, spec.execute(case, mirror(case, data)))
        assert (spec.execute(lower, data) != mirrored).any()


@pytest.mark.parametrize(
    ("case_id", "expected"),
    [
        ("conv_transpose.n2.k3.s2", [1, 2, 13, 20]),
        ("conv_transpose.n2.k4.s2", [2, 13, 24, 30]),
        ("conv_transpose.n2.k5.s2", [2, 13, 24, 35]),
        ("conv_transpose.n2.k2.s3", [1, 2, 0, 10, 20, 0]),
        ("conv_transpose.n2.k1.s3", [1, 0, 0, 10, 0, 0]),
        ("conv_transpose.n2.k3.s2.o3", [2, 13, 20]),
        ("conv_transpose.n2.k3.s2.same_lower", [2, 13, 20, 30]),
    ],
)
def test_transposed_convolution_of_one_and_ten(case_id: str, expected: list[int]) -> None:
    """What TensorFlow gives for x = 1, 10 and w = 1, 2, 3, ... (the last: ONNX Runtime's SAME_LOWER)."""
    case = parse(case_id)
    x = np.array([1.0, 10.0]).reshape(1, 2, 1)
    kernel = np.arange(1.0, case.kernel[0] + 1).reshape(-1, 1, 1)
    assert spec.execute(case, (x, kernel)).ravel().tolist() == expected


def test_windows_of_padding_only_give_zero_lowest_and_no_number() -> None:
    for op, expected in (("conv", 0.0), ("max_pool", -np.inf), ("avg_pool", np.nan)):
        case = parse(f"{op}.n1.k2.d3")
        assert case.has_padding_only_window
        np.testing.assert_equal(spec.execute(case, operands.make(case)).ravel()[0], expected)
