"""Verdicts are exact: one wrong element, one ULP, one wrong dtype is seen, and nothing else is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_conformance import operands, spec
from same_conformance.case import Case, parse
from same_conformance.judge import FAILURES, VERDICTS, Judge, digest, expected_shape, ulp_distance
from same_conformance.outcome import Array, Crash, Error, NoGradient, Omitted, Timeout, Unsupported

CONV, AVG, MAX = parse("conv.n5.k3"), parse("avg_pool.n5.k3"), parse("max_pool.n1.k2.d3")


def verdict(case: Case, values: np.ndarray, dtype: str = "float32") -> str:
    return Judge().judge(case, Array(values, dtype)).verdict


def test_the_expected_array_passes_and_one_changed_element_does_not() -> None:
    right = Judge().expected(CONV).astype(np.float32)
    assert verdict(CONV, right) == "pass"
    wrong = right.copy()
    wrong[0, 3, 0] += 1
    judgement = Judge().judge(CONV, Array(wrong, "float32"))
    assert (judgement.verdict, judgement.n_different, judgement.max_abs_difference) == ("value", 1, 1.0)
    assert judgement.message == "1 of 5 elements differ, by 1 at most"


def test_convolution_has_no_tolerance() -> None:
    right = Judge().expected(CONV).astype(np.float32)
    assert verdict(CONV, np.nextafter(right, np.float32(np.inf))) == "value"


@pytest.mark.parametrize(("n_steps", "expected"), [(0, "pass"), (2, "pass"), (3, "value")])
def test_average_pooling_may_be_two_ulp_off(n_steps: int, expected: str) -> None:
    values = Judge().expected(AVG).astype(np.float32)
    for _ in range(n_steps):
        values = np.nextafter(values, np.float32(np.inf))
    assert verdict(AVG, values) == expected


def test_shape_comes_before_dtype_and_dtype_before_value() -> None:
    right = Judge().expected(CONV)
    assert verdict(CONV, right[:, 1:], "int32") == "shape"
    assert verdict(CONV, right + 1, "float64") == "dtype"


def test_a_shape_mismatch_has_no_numbers() -> None:
    judgement = Judge().judge(CONV, Array(np.zeros((1, 4, 1), np.float32), "float32"))
    assert (judgement.observed_shape, judgement.n_different, judgement.max_abs_difference) == ((1, 4, 1), None, None)
    assert judgement.message == "shape [1, 4, 1], SAME asks for [1, 5, 1]"


@pytest.mark.parametrize(("part", "expected"), [(0.0, "pass"), (0.9, "pass"), (1.1, "value")])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_average_pooling_s_gradient_may_be_off_by_four_eps_of_its_absolute_terms(
    dtype: str, part: float, expected: str
) -> None:
    case = Case("avg_pool", (6,), (3,), dtype=dtype, compared="input_gradient")
    eps = {"float64": 2**-52, "float32": 2**-23, "float16": 2**-10, "bfloat16": 2**-7}[dtype]
    (_, g) = operands.make(case)
    bound = 4 * eps * spec.absolute_terms(case, g)
    values = Judge().expected(case) + part * bound  # held wider than the dtype, so that nothing is rounded here
    assert verdict(case, values, dtype) == expected


def test_what_average_pooling_s_gradient_may_be_off_by_hides_no_term() -> None:
    """Leaving out the smallest term of an inner element is more than what is allowed."""
    for text in ("avg_pool.n9.k3.bfloat16.input_gradient", "avg_pool.n5-5.k2-2.bfloat16.input_gradient"):
        case = parse(text)
        (_, g) = operands.make(case)
        eps = 2.0**-7
        inner = (0, *(n // 2 for n in case.size), 0)
        assert 4 * eps * spec.absolute_terms(case, g)[inner] < 1 / np.prod(case.kernel)


def test_a_wrong_forward_shape_of_a_gradient_case_is_a_shape_of_the_forward_result() -> None:
    case = parse("conv.n6.k3.s2.input_gradient")
    judgement = Judge().judge(case, NoGradient((1, 6, 1), "float32"))  # the shape that the gradient would have
    assert (judgement.verdict, judgement.observed_shape) == ("shape", (1, 6, 1))
    assert judgement.message == "its forward result has shape [1, 6, 1], SAME asks for [1, 3, 1]"
    assert expected_shape(case, "shape") == (1, 3, 1)
    assert expected_shape(case, "value") == (1, 6, 1)


@pytest.mark.parametrize("shape", [(1, 5, 1), (2000, 2000)])
def test_a_gradient_of_another_shape_than_its_operand_is_an_error(shape: tuple[int, ...]) -> None:
    case = parse("conv.n6.k3.s2.kernel_gradient")
    outcome = Array(np.zeros(shape, np.float32), "float32") if len(shape) == 3 else Omitted(shape, "float32")
    judgement = Judge().judge(case, outcome)
    assert judgement.verdict == "error"
    assert judgement.message == f"the gradient has shape {list(shape)}, but the kernel has [3, 1, 1]"


def test_right_but_changing_is_nondeterministic_and_wrong_is_wrong_however_it_changes() -> None:
    right = Judge().expected(CONV).astype(np.float32)
    judgement = Judge().judge(CONV, Array(right, "float32", n_unequal=2))
    assert (judgement.verdict, judgement.n_different) == ("nondeterministic", 2)
    assert judgement.message == "2 of 5 elements were others when the same call was made again"
    assert Judge().judge(CONV, Array(right + 1, "float32", n_unequal=2)).verdict == "value"
    assert Judge().judge(CONV, Array(right[:, 1:], "float32", n_unequal=2)).verdict == "shape"
    assert Judge().judge(CONV, Array(right, "float64", n_unequal=2)).verdict == "dtype"
    assert "nondeterministic" in FAILURES


def test_verdicts_are_listed_in_order_of_precedence() -> None:
    assert VERDICTS == (
        "crash", "timeout", "error", "unsupported", "shape", "dtype", "value", "nondeterministic", "pass", "unspecified",
    )  # fmt: skip


def test_the_gradient_of_windows_of_padding_only_is_specified_unless_it_is_no_number() -> None:
    maximum = parse("max_pool.n1.k2.d3.input_gradient")
    right = np.zeros((1, 1, 2), np.float32)
    assert verdict(maximum, right) == "pass"
    assert verdict(maximum, right + 1) == "value"
    assert verdict(maximum, right + np.nan) == "value"
    average = parse("avg_pool.n1.k2.d3.input_gradient")
    assert verdict(average, right) == "pass"
    assert verdict(average, right + 1) == "value"
    judgement = Judge().judge(average, Array(right + np.array([np.nan, 0], np.float32), "float32"))
    assert judgement.verdict == "unspecified"
    assert judgement.message.startswith(
        "1 of 2 elements are no number, as is the average of a window that holds padding"
    )
    assert verdict(average, right + np.array([np.nan, 1], np.float32)) == "value"


def test_negative_zero_is_zero_and_no_number_is_no_zero() -> None:
    case = parse("conv.n1.k2.d3")  # its only window holds padding only, so 0 is expected
    assert verdict(case, np.full((1, 1, 1), -0.0, np.float32)) == "pass"
    judgement = Judge().judge(case, Array(np.full((1, 1, 1), np.nan, np.float32), "float32"))
    assert (judgement.verdict, judgement.max_abs_difference) == ("value", np.inf)


def test_padding_only_windows_of_pooling_are_unspecified_whatever_they_hold() -> None:
    for value in (-np.inf, np.nan, -3.4e38):
        assert verdict(MAX, np.full((1, 1, 2), value, np.float32)) == "unspecified"


def test_what_is_no_array_keeps_its_message() -> None:
    for outcome, expected in (
        (Error("e"), "error"),
        (Unsupported("u"), "unsupported"),
        (Timeout("t"), "timeout"),
        (Crash("c"), "crash"),
    ):
        judgement = Judge().judge(CONV, outcome)
        assert (judgement.verdict, judgement.message) == (expected, outcome.message)


@given(st.sampled_from(["float16", "float32", "float64"]), st.data())
def test_ulp_distance_counts_representable_numbers(dtype: str, data: st.DataObject) -> None:
    value = np.array([data.draw(st.floats(-1000, 1000, width={"float16": 16, "float32": 32}.get(dtype, 64)))], dtype)
    after = np.nextafter(value, np.array(np.inf, dtype))
    assert ulp_distance(value, after, dtype).tolist() == [1]
    assert ulp_distance(value, value, dtype).tolist() == [0]
    assert ulp_distance(-value, value, dtype) == ulp_distance(value, -value, dtype)


def test_ulp_distance_of_bfloat16_rounds_first() -> None:
    one = np.array([1.0, 1.0, 1.0, 0.0, -0.0], np.float32)
    other = np.array([1.0078125, 1.00390625, 1.01, -0.0, 1e-45], np.float32)  # 1 + 2**-7 is the next bfloat16
    assert ulp_distance(one, other, "bfloat16").tolist() == [1, 0, 1, 0, 0]


def test_equal_values_have_equal_digests_in_any_dtype() -> None:
    a = np.array([[0.0, 1.5]], np.float32)
    assert digest(a) == digest(np.array([[-0.0, 1.5]], np.float64))
    assert digest(a) != digest(a.T)


def test_the_cache_of_expected_arrays_is_bounded() -> None:
    judge = Judge(cache_bytes=1000)
    for n in range(1, 60):
        judge.expected(Case("conv", (n,), (1,)))
    assert judge._held_bytes <= 1000
