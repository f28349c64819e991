"""Cases: their ids parse back, are safe anywhere, and bad ones are refused in words."""

import re
from dataclasses import replace

import pytest
from hypothesis import given

from same_conformance.case import Case, parse
from same_conformance.errors import CaseError
from same_conformance.strategies import cases


@given(cases())
def test_an_id_parses_back_into_its_case(case: Case) -> None:
    assert parse(case.id) == case


@given(cases())
def test_an_id_is_safe_in_file_names_urls_shells_and_spreadsheets(case: Case) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_.-]*", case.id)


def test_a_field_at_its_default_is_not_written() -> None:
    plain = Case("conv", (5,), (3,))
    assert plain.id == "conv.n5.k3"
    assert replace(plain, stride=(2,), dtype="float16").id == "conv.n5.k3.s2.float16"
    assert Case("conv_transpose", (3,), (3,), (2,), output_size=(5,)).id == "conv_transpose.n3.k3.s2.o5"
    assert Case("conv_transpose", (3,), (3,), (2,), output_size=(6,)).id == "conv_transpose.n3.k3.s2"


@given(cases())
def test_canonical_order_puts_finitely_many_before_a_case(case: Case) -> None:
    """The key begins with a sum that grows with every field, so a larger field is a larger case."""
    larger = replace(case, kernel=(case.kernel[0] + 1, *case.kernel[1:]), dtype="float64")
    assert replace(case, dtype="float64").canonical_key < larger.canonical_key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "op '' is not known: use one of conv, depthwise_conv"),
        ("conv", "size is missing; add .n and one number per axis"),
        ("conv.n5", "kernel is missing"),
        ("conv.n5.k3.zz", "'zz' is no field; the form is op.nSIZE.kKERNEL"),
        ("conv.n-5.k3", "'n-5' is no field"),
        ("conv.n0.k3", "'n0' is no field"),
        ("conv.n5-5.k3", "kernel has 1 axes and size has 2: give one kernel per axis"),
        ("conv.n5.k3.s1", "is not canonical: write conv.n5.k3"),
        ("conv.n5.n5.k3", "size is given twice"),
        ("conv.n5.k3.c3-4.g2", "groups=2 must divide both channel counts"),
        ("conv.n1-1-1-1.k1-1-1-1", "size has 4 axes, but 1, 2 or 3 are allowed"),
        ("max_pool.n5.k3.c1", "needs two planes or more"),
        ("max_pool.n5.k3.g2", "groups=2 belongs to conv alone"),
        ("conv.n5.k3.o5", "output_size belongs to conv_transpose alone"),
        ("conv_transpose.n3.k3.s2.o9", "output_size=9 is not legal for size=3 and stride=2"),
        ("conv.n9-9.k9-9.bfloat16", "81 summed terms cannot be exact in bfloat16"),
        ("conv.n9999999.k1", "must hold integers from 1 to 1048576"),
        ("conv.n99999-99999.k1-1", "is too large"),
        ("conv." + "x" * 500, "(cut) is no field"),
    ],
)
def test_a_bad_id_is_refused_with_what_was_got_and_what_is_right(text: str, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_word_that_is_no_number_is_refused() -> None:
    with pytest.raises(CaseError, match="size must hold integers"):
        Case("conv", ("5",), (3,))  # type: ignore[arg-type]
