"""A wrong predicate is answered with the one that was meant, and that one means what its author wrote."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from same_conformance.case import Case, parse
from same_conformance.errors import UsageError
from same_conformance.predicate import compile_predicate

CASES = [
    parse(text)
    for text in (
        "conv.n5-4.k3-3", "conv.n5-4.k3-2.s2-1", "conv.n5-4.k1-1.d1-2", "max_pool.n6-6.k2-2.s2-2", "conv.n7-7.k3-3.s1-2.d2-1",
        "depthwise_conv.n5-5.k2-3.same_lower",
    )
]  # fmt: skip


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        compile_predicate(text)
    return str(caught.value)


def meaning(text: str, case: Case) -> Any:
    """Return what Python makes of `text`, whose names are the fields of a case."""
    fields = {name: getattr(case, name) for name in ("size", "kernel", "stride", "dilation", "op", "padding", "rank")}
    names = {"case": case, "ndim": case.rank, "conv": "conv", "max": max, "min": min}
    return eval(text, {**fields, **names})  # noqa: S307  # of this file


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("kernel == (3, 3)", "all(k == 3)"),
        ("stride != (1, 1)", "any(s != 1)"),
        ("kernel == (3, 2)", "any(axis == 0 and k == 3) and any(axis == 1 and k == 2)"),
        ("kernel != (3, 2)", "not (any(axis == 0 and k == 3) and any(axis == 1 and k == 2))"),
        ("kernel[0] == 3", "any(axis == 0 and k == 3)"),
        ("case.stride[1] > 1", "any(axis == 1 and s > 1)"),
        ("max(dilation) > 1", "any(d > 1)"),
        ("min(kernel) >= 2", "all(k >= 2)"),
        ("max(stride) <= 1", "all(s <= 1)"),
        ("min(size) < 6", "any(n < 6)"),
        ("not max(stride) > 1 and op == conv", "not any(s > 1) and op == 'conv'"),
        ("ndim == 2", "rank == 2"),
    ],
)
def test_what_python_would_make_of_a_slip_is_what_the_suggestion_means(wrong: str, meant: str) -> None:
    assert refusal(wrong).endswith(f". Did you mean {meant}?")
    predicate = compile_predicate(meant)
    assert [predicate(case) for case in CASES] == [meaning(wrong, case) for case in CASES]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("kernel > 2", "kernel is not known. Did you mean any(k > 2)?"),
        ("stride == 2", "stride is not known. Did you mean any(s == 2)?"),
        ("k > 2", "k is not known; it is a name of one axis: put it inside any(...) or all(...). Did you mean any(k > 2)?"),
        ("k == (3, 3)", "k is one number, that of one axis after the other. Did you mean all(k == 3)?"),
        ("any(k == (3, 3))", "k is one number, that of one axis after the other. Did you mean all(k == 3)?"),
        ("op == 'conv' and stride > kernel", "stride is not known. Did you mean op == 'conv' and any(s > k)?"),
        ("any(strde > 1)", "strde is not known. Did you mean any(s > 1)?"),
        ("grups > 1", "grups is not known. Did you mean groups > 1?"),
        ("padding == 'SAME'", "padding is never 'SAME'; it is one of same, same_lower. Did you mean padding == 'same'?"),
        ("dtype in ('half',)", "dtype is never 'half'; it is one of float32, float64, float16, bfloat16"),
        ("frobnicated > 2", "frobnicated is not known; use op, rank, padding, "),
        ("is_even(k)", "only any(TEST) and all(TEST) over the axes can be called"),
    ],
)  # fmt: skip
def test_a_usual_slip_is_answered_with_what_was_meant_and_another_with_what_there_is(wrong: str, said: str) -> None:
    assert f"predicate {wrong!r}: {said}" in refusal(wrong)


TOKENS = [
    "k", "n", "kernel", "stride", "conv", "op", "'SAME'", "2", "(", ")", "(3,)", "[0]", "==", "!=", ">", "in", "and", "not",
    "any(", "max(", ",", ".", "case.stride", "*", "True",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=8).map(" ".join))
@example("kernel == ()")
@example("kernel[-1][0] > [k]")
def test_whatever_is_written_is_a_predicate_or_refused_and_no_suggestion_is_refused(text: str) -> None:
    try:
        compile_predicate(text)
    except UsageError as error:
        _, question, meant = str(error).rpartition(". Did you mean ")
        if question:
            try:
                compile_predicate(meant[:-1])
            except UsageError as other:  # its grammar is right, but it may compare a text with a number
                assert " on " in str(other)  # noqa: PT017
