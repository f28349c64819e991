"""Cases: their ids parse back, are safe anywhere, and bad ones are refused in words."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_conformance import padding
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


def test_what_is_compared_and_how_often_it_is_called_end_the_id() -> None:
    plain = Case("conv", (5,), (3,), dtype="float16")
    assert replace(plain, compared="kernel_gradient", calls=2).id == "conv.n5.k3.float16.kernel_gradient.calls2"
    assert replace(plain, compared="input_gradient").id == "conv.n5.k3.float16.input_gradient"


@given(st.lists(cases(compared=["forward"], max_calls=1), min_size=2, max_size=6))
def test_the_order_of_forward_cases_is_what_it_was_before_there_were_others(some: list[Case]) -> None:
    """Sorted by the key of version 0.1.0 without `compared` and `calls`, they are in the same order."""

    def old(case: Case) -> tuple[object, ...]:
        *key, words, _calls = case.canonical_key
        return (*key, words[:2])  # type: ignore[index]

    assert sorted(some, key=lambda c: c.canonical_key) == sorted(some, key=old)


@given(cases())
def test_a_gradient_and_a_second_call_are_larger_than_what_they_are_of(case: Case) -> None:
    assert case.forward.canonical_key <= case.canonical_key
    assert (case.forward.canonical_key == case.canonical_key) == (case.forward == case)


@given(cases())
def test_a_gradient_has_the_shape_of_its_operand(case: Case) -> None:
    shapes = {"forward": case.output_shape, "input_gradient": case.operand_shapes[0]}
    assert case.expected_shape == shapes.get(case.compared, case.operand_shapes[-1])
    assert case.forward.expected_shape == case.output_shape


@given(cases(ops=["conv", "max_pool"], compared=["forward"], dtypes=["float64"]))
def test_the_size_called_first_is_padded_otherwise_if_any_size_is(case: Case) -> None:
    case = replace(case, calls=2)
    for here, there in zip(case.axes, case.first.axes, strict=True):
        every = [padding.forward(n, *here[1:4], case.padding) for n in range(1, 60)]
        assert there.size > here.size
        if any(pad.before != here.before for pad in every[here.size :]):
            assert there.before != here.before
        elif any(pad.after != here.after for pad in every[here.size :]):
            assert there.after != here.after
    assert (case.first.calls, case.first.compared) == (1, "forward")


def test_another_size_of_a_transposed_convolution_has_its_default_output() -> None:
    shortest = parse("conv_transpose.n3.k3.s2.o5")
    assert shortest.resized((3,)) == shortest
    assert shortest.resized((4,)).id == "conv_transpose.n4.k3.s2"
    assert parse("conv_transpose.n3.k3.s2.kernel_gradient.calls2").first.id == "conv_transpose.n4.k3.s2"


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
        ("max_pool.n5.k3.kernel_gradient", "kernel_gradient belongs to ops with a kernel, but the op is max_pool"),
        ("conv.n5.k3.forward", "is not canonical: write conv.n5.k3"),
        ("conv.n5.k3.calls1", "is not canonical: write conv.n5.k3"),
        ("conv.n5.k3.calls3", "calls must be 1 or 2, got 3"),
        ("conv.n5.k3.calls2-2", "calls must be 1 or 2, got (2, 2)"),
        ("conv.n5.k3.input_gradient.kernel_gradient", "compared is given twice"),
        (
            "conv.n300.k3.bfloat16.kernel_gradient",
            "(8 significant bits): use a wider dtype or a smaller batch or size",
        ),
        ("conv.n9-9.k9-9.bfloat16.input_gradient", "81 summed terms cannot be exact in bfloat16"),
        ("avg_pool.n9.k9.bfloat16.input_gradient", "9 summed terms cannot be exact in bfloat16"),
        ("conv.n1.k9-9.c1-1.bfloat16", "kernel has 2 axes"),
        ("conv_transpose.n3.k3.s2.o5.calls2", "called with two sizes has the default output_size"),
        (
            "max_pool.n256.k3.bfloat16.calls2",
            "calls=2 needs operands of another size first, and there 257 distinct values",
        ),
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
