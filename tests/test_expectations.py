"""Expectations are two-way, and a file of them is checked word by word; predicates can do nothing but compare."""

from pathlib import Path

import pytest

from same_conformance import expectations
from same_conformance.case import parse
from same_conformance.errors import UsageError
from same_conformance.expectations import Expectations
from same_conformance.predicate import compile_predicate

ENTRY = """
[[expectation]]
implementation = "theirs"
when = "op == 'conv' and any(s > k)"
verdict = "value"
reason = "no clamp"
link = "https://example.org/1"
"""
STRIDED, PLAIN = parse("conv.n5.k1.s2"), parse("conv.n5.k3")


def test_a_known_failure_is_expected_and_another_is_not() -> None:
    known = Expectations(expectations.parse(ENTRY, "a.toml"), {})
    assert known.assess("theirs", STRIDED, "value") == ("expected failure", "no clamp (https://example.org/1)")
    assert known.assess("theirs", PLAIN, "value") == ("unexpected", "")
    assert known.assess("other", STRIDED, "value") == ("unexpected", "")
    assert known.assess("theirs", PLAIN, "pass") == ("as expected", "")


def test_failing_otherwise_is_unexpected() -> None:
    standing, why = Expectations(expectations.parse(ENTRY, "a.toml"), {}).assess("theirs", STRIDED, "shape")
    assert standing == "unexpected"
    assert why.startswith("shape, but expected to fail otherwise (value): no clamp")


def test_a_pass_makes_an_expectation_stale_and_unsupported_does_not() -> None:
    known = Expectations(expectations.parse(ENTRY, "a.toml"), {})
    assert known.assess("theirs", STRIDED, "pass")[0] == "stale"
    assert known.assess("theirs", STRIDED, "unsupported")[0] == "as expected"


def test_what_may_pass_is_never_stale_but_fails_in_its_way_only() -> None:
    known = Expectations(expectations.parse(ENTRY + 'may_pass = "the processor"\n', "a.toml"), {})
    assert known.assess("theirs", STRIDED, "pass") == ("as expected", "")
    assert known.assess("theirs", STRIDED, "value")[0] == "expected failure"
    assert known.assess("theirs", STRIDED, "shape")[0] == "unexpected"


def test_a_rule_predicts_gradients_by_executing_its_plan() -> None:
    known = Expectations([], {"theirs": "half", "zero": "zero-fill"})
    for compared in ("input_gradient", "kernel_gradient"):
        assert known.assess("theirs", parse(f"conv.n6.k3.s2.{compared}"), "value")[0] == "expected failure"
        assert known.assess("theirs", parse(f"conv.n5.k3.s2.{compared}"), "pass")[0] == "as expected"
        assert known.assess("theirs", parse(f"conv.n5.k2.{compared}"), "shape")[0] == "expected failure"
    assert known.assess("zero", parse("max_pool.n5.k3.input_gradient"), "value")[0] == "expected failure"
    assert known.assess("zero", parse("max_pool.n6.k3.s3.input_gradient"), "pass")[0] == "as expected"


def test_a_rule_is_expected_to_fail_exactly_where_it_differs() -> None:
    known = Expectations([], {"theirs": "half"})
    assert known.assess("theirs", parse("conv.n6.k3.s2"), "value")[0] == "expected failure"
    assert known.assess("theirs", parse("conv.n6.k3.s2"), "pass")[0] == "stale"
    assert known.assess("theirs", parse("conv.n5.k3.s2"), "pass")[0] == "as expected"
    assert known.assess("theirs", parse("conv.n5.k3.s2"), "value")[0] == "unexpected"
    assert known.assess("theirs", parse("conv.n5.k2"), "shape")[0] == "expected failure"
    assert known.assess("theirs", parse("conv.n1.k4"), "error")[0] == "expected failure"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("verdict", "vredict"),
            "vredict is not known; the keys are finding, implementation, link, may_pass, reason, rule, verdict, when",
        ),
        (('reason = "no clamp"\n', ""), "reason is missing"),
        (
            ('"value"', '"pass"'),
            "verdict 'pass' is no failure; use one of crash, timeout, error, shape, dtype, value, nondeterministic",
        ),
        (('"value"', "3"), "every value must be a text"),
        (("any(s > k)", "any(s >)"), "invalid syntax"),
        (("any(s > k)", "s > k"), "s is not known; it is a name of one axis: put it inside any(...) or all(...)"),
        (("any(s > k)", "__import__('os')"), "only any(TEST) and all(TEST)"),
        (("any(s > k)", "op.__class__"), "Attribute is not allowed"),
        (("any(s > k)", "any(any(s > k))"), "not inside each other"),
        (("any(s > k)", "sizes == 3"), "sizes is not known; use op, rank"),
        (("[[expectation]]", "[[expectations]]"), "'expectations' is not known; write [[expectation]] tables"),
        (("[[expectation]]", "[[expectation]"), "a.toml: "),
        (('verdict = "value"', 'rule = "halves"'), "rule 'halves' is not known; use one of half,"),
    ],
)
def test_a_wrong_file_is_refused_in_words(change: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        expectations.parse(ENTRY.replace(*change), "a.toml")
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        expectations.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("predicate", "case_id", "expected"),
    [
        ("rank == 2 and all(n == 5)", "conv.n5-5.k1-1", True),
        ("all(n == 5)", "conv.n5-6.k1-1", False),
        ("any(unclamped < 0)", "conv.n6.k1.s3", True),
        ("any(unclamped < 0)", "conv.n6.k3.s3", False),
        ("any(total % 2 == 1)", "conv.n6.k3.s2", True),
        ("any(before > after)", "conv.n2.k2.same_lower", True),
        ("dtype in ('float16', 'bfloat16') or batch * groups > 1", "conv.n2.k2.float16", True),
        ("not any(ke > n and out > 1)", "conv.n2.k2.d4", False),
        ("channels == (2, 4)", "conv.n2.k2.c2-4", True),
        ("compared == 'kernel_gradient' and calls == 2", "conv.n2.k2.kernel_gradient.calls2", True),
        ("compared == 'kernel_gradient' or calls == 2", "conv.n2.k2.input_gradient", False),
    ],
)
def test_predicates_say_what_they_mean(predicate: str, case_id: str, *, expected: bool) -> None:
    assert compile_predicate(predicate)(parse(case_id)) is expected
