"""Verdicts are exact: one wrong element, one ULP, one wrong dtype is seen, and nothing else is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_conformance.case import Case, parse
from same_conformance.judge import Judge, digest, ulp_distance
from same_conformance.outcome import Array, Crash, Error, Timeout, Unsupported

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
