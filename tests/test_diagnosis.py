"""Diagnosis: what is read is found by probing, known rules are named, and the smallest case is the smallest."""

from collections.abc import Callable, Sequence
from itertools import pairwise, product

import numpy as np
import pytest

from same_conformance import corpus, mutants, operands, rules, spec, strategies
from same_conformance.case import OPS, Case, parse
from same_conformance.diagnosis import counterexample, formulas, naming, probing, where, wording
from same_conformance.diagnosis.causes import how_small
from same_conformance.diagnosis.diagnose import diagnose
from same_conformance.diagnosis.reading import of_same
from same_conformance.errors import Unsupported
from same_conformance.judge import FAILURES, Judge
from same_conformance.mutants.windows import started
from same_conformance.outcome import Array, Crash, Error, NoGradient, Outcome
from same_conformance.outcome import Unsupported as Refused
from same_conformance.plan import Plan
from same_conformance.predicate import compile_predicate
from same_conformance.record import Result

Execute = Callable[[Case, Sequence[tuple[np.ndarray, ...]]], list[Outcome]]


def same(case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
    return [Array(spec.execute(case, given), case.dtype) for given in sets]


def follows(rule: rules.Rule) -> Execute:
    """Return what executes `rule` as a worker would."""

    def execute(case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for given in sets:
            data = [a.astype(case.dtype) for a in given]
            try:
                forward = rules.build(rule, case.forward)(*data[: len(case.operand_shapes)])
                if case.compared != "forward" and forward.shape != case.forward.expected_shape:
                    outcomes.append(NoGradient(forward.shape, case.dtype))
                    continue
                values = rules.build(rule, case)(*data)
                outcomes.append(Array(values, values.dtype.name))
            except Unsupported as error:
                outcomes.append(Refused(str(error)))
            except ValueError as error:
                outcomes.append(Error(str(error)))
        return outcomes

    return execute


def results(rule: rules.Rule, cases: Sequence[Case]) -> list[Result]:
    judge, execute = Judge(), follows(rule)
    return [Result("it", case, judge.judge(case, execute(case, [operands.make(case)])[0])) for case in cases]


def test_an_empty_result_is_told_by_its_length() -> None:
    case = parse("conv.n1.k2.d2")
    reading = probing.read(case, lambda case, sets: [Array(np.zeros((1, 0, 1)), case.dtype) for _ in sets])
    assert reading is not None
    assert wording.describe([(case, reading)]) == [
        "returns length max((n - ke) // s + 1, 0) instead of ceil(n / s) (n 1, k 2, s 1, d 2: 0, SAME asks for 1)"
    ]


def corpus_of(op: str) -> list[Case]:
    cases = [entry.case for entry in corpus.read()]
    return [c for c in cases if c.op == op and c.dtype != "bfloat16" and c.calls == 1 and np.prod(c.size) < 4096]


def drawn_of(op: str) -> list[Case]:
    drawn = strategies.draw_distinct(100, seed=5, ops=[op], compared=["forward"], max_calls=1, dtypes=["float32"])
    return list(drawn.cases)


@pytest.mark.parametrize("op", OPS)
def test_probing_same_reads_what_same_asks_for(op: str) -> None:
    n_axes = 0
    for n, k, s, d in product((1, 2, 5, 6), (1, 2, 3, 4), (1, 2, 3), (1, 2)):
        case = Case(op, (n, 3), (k, 2), (s, 2), (d, 1))
        reading = probing.read(case, same)
        assert reading is not None
        assert (reading.separable, reading.fill - {0.0}, reading.notes, reading.irregular) == (True, set(), [], ())
        for axis, found in zip(case.axes, reading.axes, strict=False):  # no axes where only padding is read
            if found:
                n_axes += 1
                assert of_same(axis, transposed=op == "conv_transpose") in found, (case.id, found)
    assert n_axes > 150


@pytest.mark.parametrize(
    ("rule", "op", "words"),
    [
        (
            "half",
            "conv",
            "returns length (n + 2 ((k - 1) // 2) - ke) // s + 1 instead of ceil(n / s) | pads (k - 1) // 2 before the first element",
        ),
        ("sides-swapped", "conv", "pads the odd element on the wrong side"),
        ("swapped-axes", "conv", "pads what belongs to the axis at the other end"),
        ("unclamped", "max_pool", "pads unclamped // 2"),
        ("zero-fill", "max_pool", "fills the padding with 0"),
        ("counted-padding", "avg_pool", "divides by the whole window and so counts the padding"),
        ("unflipped-kernel", "conv_transpose", "does not flip the kernel"),
        ("valid", "depthwise_conv", "returns length (n - ke) // s + 1 instead of ceil(n / s)"),
    ],
)
def test_a_rule_that_is_not_known_is_put_into_words(
    monkeypatch: pytest.MonkeyPatch, rule: str, op: str, words: str
) -> None:
    nothings = (("name_rule", ""), ("name_under_condition", None), ("name_in_part", None), ("name_several", []))
    for name, nothing in nothings:
        monkeypatch.setattr(naming, name, lambda *_, nothing=nothing: nothing)
    diagnosis = diagnose(results(mutants.RULES[rule], drawn_of(op)), follows(mutants.RULES[rule]))
    for clause in words.split(" | "):
        assert clause in diagnosis.sentence
    assert "SAME asks" in diagnosis.sentence or "SAME" in diagnosis.text or diagnosis.where.predicate


def padded_by(total: Callable[[Case, int], int]) -> Execute:
    """Return what splits a total as SAME does, and has as many windows as then fit."""

    def windows(case: Case) -> Plan:
        maps, out = [], []
        for i, axis in enumerate(case.axes):
            whole = total(case, i)
            out.append(max((axis.size + whole - axis.effective_kernel) // axis.stride + 1, 0))
            maps.append(started(axis, whole // 2, out[-1]))
        if 0 in out:
            raise ValueError("no window is left")
        return Plan(tuple(maps), tuple(out))

    return follows(rules.Rule("it", "pads another total", ("conv",), "nowhere", plan=windows))


def from_batch_first(case: Case, i: int) -> int:
    n, (_, k, s, d) = (case.batch, *case.size)[i], case.axes[i][:4]
    return max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)


def by_first_remainder(case: Case, i: int) -> int:
    axis, first = case.axes[i], case.axes[0]
    return max(axis.effective_kernel - (axis.size % axis.stride if first.size % first.stride else axis.stride), 0)


def exchanged(case: Case, i: int) -> int:
    n, k, s, d = case.axes[i][:4]
    return max((-(-n // d) - 1) * d + (k - 1) * s + 1 - n, 0)


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (exchanged, "with stride and dilation exchanged"),
        (from_batch_first, "with sizes that are read one place too early (batch first)"),
        (by_first_remainder, "by whether the stride divides the size of the first axis"),
    ],
)
def test_a_wrong_total_shows_in_the_length_and_in_the_pads(total: Callable[[Case, int], int], words: str) -> None:
    execute, judge = padded_by(total), Judge()
    cases = [case for case in drawn_of("conv") if case.padding == "same" and case.dtype != "bfloat16"]
    found = [Result("it", c, judge.judge(c, execute(c, [operands.make(c)])[0])) for c in cases]
    kept = [r for r in found if r.judgement.verdict != "error"]
    diagnosis = diagnose(kept, execute)
    assert f"returns length (n + total - ke) // s + 1, total computed {words.rstrip(',')}" in diagnosis.sentence
    assert f"pads what SAME pads {words.rstrip(',')}" in diagnosis.sentence
    assert "wrong wherever that differs from SAME" in diagnosis.text or diagnosis.where.is_exact


def test_what_reads_as_same_asks_needs_no_words() -> None:
    cases = [parse(i) for i in ("conv.n6.k3.s2", "conv.n5-6.k2-3.s1-2.d2-1.c2-4.g2", "conv.n1.k4")]
    readings = [(case, reading) for case in cases if (reading := probing.read(case, same))]
    assert len(readings) == 3
    assert wording.describe(readings) == []


@pytest.mark.parametrize("rule", mutants.RULES.values(), ids=mutants.RULES)
def test_a_known_rule_is_named(rule: rules.Rule) -> None:
    op = rule.ops[0]
    found = results(rule, corpus_of(op))
    wrong = [r for r in found if r.judgement.verdict in FAILURES]
    right = [r for r in found if r.judgement.verdict in ("pass", "unspecified")]
    if rule.is_stateful:
        assert not wrong  # only a second call shows it
        return
    assert wrong
    named = naming.name_rule(wrong, right)
    assert named == rule.name or results(mutants.RULES[named], corpus_of(op)) == found  # not told apart by these cases


def test_a_rule_is_not_named_if_one_result_speaks_against_it() -> None:
    found = results(mutants.RULES["half"], corpus_of("conv"))
    wrong = [r for r in found if r.judgement.verdict in FAILURES]
    right = [r for r in found if r.judgement.verdict == "pass"]
    assert naming.name_rule(wrong, right) == "half"
    assert naming.name_rule(wrong[1:], [*right, wrong[0]]) == ""


def test_where_finds_the_shortest_predicate_and_says_exceptions() -> None:
    cases = drawn_of("conv")
    wrong = [c for c in cases if any(a.stride > 1 and a.kernel % 2 == 0 for a in c.axes)]
    right = [c for c in cases if c not in wrong]
    exactly = f"wrong exactly where any(s > 1 and k % 2 == 0), in all {len(cases)} cases tried"
    assert where.find(wrong, right).text == exactly
    found = where.find([*wrong, right[0]], right[1:])
    assert (found.n_missed, found.n_right) != (0, 0) or len(found.predicate) > 30
    assert where.find(wrong, []).text == ""


def test_no_formula_is_named_that_one_axis_contradicts() -> None:
    axes = [parse(i).axes[0] for i in ("conv.n5.k3", "conv.n5.k4", "conv.n6.k3.s2")]
    assert formulas.fit(formulas.PADS, [(a, {(a.kernel - 1) // 2}) for a in axes]).text == "(k - 1) // 2"  # type: ignore[union-attr]
    assert formulas.fit(formulas.PADS, [(a, {17}) for a in axes]) is None


@pytest.mark.parametrize("case_id", ["conv.n2.k2", "conv_transpose.n2.k2", "max_pool.n2.k2", "depthwise_conv.n1.k3"])
def test_smaller_cases_come_in_canonical_order_and_none_is_missing(case_id: str) -> None:
    case = parse(case_id)
    found = list(counterexample.smaller(case))
    keys = [c.canonical_key for c in found]
    assert all(a < b for a, b in pairwise(keys))
    assert keys[-1] < case.canonical_key
    bounds = {"max_size": 3, "max_kernel": 3, "max_stride": 3, "max_dilation": 3}
    drawn = strategies.draw_distinct(600, seed=0, ops=[case.op], ranks=[1], **bounds).cases
    below = {c for c in drawn if c.canonical_key < case.canonical_key}
    assert len(below) > 3
    assert below <= set(found)


@pytest.mark.parametrize(
    ("start", "smallest"),
    [("conv.n9-7-3.k4-3-2.s2-3-1.b2.c2-2", "conv.n1.k2.s2"), ("max_pool.n9.k4.s3.d2.float16", "max_pool.n1.k2.s2")],
)
def test_the_minimum_is_found_and_proved(start: str, smallest: str) -> None:
    tried: list[Case] = []

    def fails(cases: Sequence[Case]) -> list[bool | None]:
        tried.extend(cases)
        return [any(a.stride > 1 and a.kernel % 2 == 0 for a in case.axes) for case in cases]

    minimum = counterexample.minimize(parse(start), fails, seed=0)
    assert (minimum.case.id, minimum.is_proved) == (smallest, True)
    assert set(counterexample.smaller(minimum.case)) <= set(tried)
    assert how_small({"n_smaller": minimum.n_smaller, "is_proved": True}).startswith("none of the ")


@pytest.mark.parametrize(
    ("n", "is_proved", "n_otherwise", "text"),
    [
        (0, True, 0, "there is no smaller case"),
        (1, True, 0, "the one smaller case passes"),
        (9, True, 0, "none of the 9 smaller cases fails"),
        (9, True, 2, "none of the 9 smaller cases fails so, 2 otherwise"),
        (9, False, 0, "9 smaller cases pass, not all were tried"),
        (9, False, 2, "9 smaller cases do not fail so, not all were tried; 2 fail otherwise"),
        (0, False, 0, "not shrunk"),
    ],
)
def test_how_small_a_case_is_says_no_more_than_was_seen(n: int, is_proved: bool, n_otherwise: int, text: str) -> None:
    assert how_small({"n_smaller": n, "is_proved": is_proved, "n_otherwise": n_otherwise}) == text


def test_where_earlier_calls_decide_no_case_is_called_the_smallest_of_all() -> None:
    said = how_small({"n_smaller": 9, "is_proved": False, "remembers": True})
    assert said == "the 9 smaller cases pass in the order they were called in; in another, one may fail"


def test_a_search_that_ends_early_proves_nothing() -> None:
    def fails(cases: Sequence[Case]) -> list[bool | None]:
        return [None if case.id == "conv.n1.k2" else case.id == "conv.n3.k3" for case in cases]

    minimum = counterexample.minimize(parse("conv.n3.k3"), fails, seed=0)
    assert (minimum.case.id, minimum.is_proved) == ("conv.n3.k3", False)


def test_what_dies_while_it_is_probed_is_not_read() -> None:
    assert probing.read(parse("conv.n3.k2"), lambda _, sets: [Crash("gone")] * len(sets)) is None
    assert probing.read(parse("conv.n3.k2"), lambda case, sets: same(case, sets)[:1]) is None


def test_where_a_known_rule_is_wrong_the_rule_says_and_a_predicate_with_exceptions_only_helps() -> None:
    vague, exact = where.Where("any(s > 1)", 2, 1, 90), where.Where("any(s > 1)", 0, 0, 90)
    beginnings = {
        "wrong wherever that differs from SAME, mostly where": (vague, True),
        "wrong mostly where": (vague, False),
    }
    for beginning, (place, is_rule_known) in beginnings.items():
        words = place.in_words(is_rule_known=is_rule_known)
        assert words == f"{beginning} any(s > 1) (2 more wrong and 1 right there, of 90 cases tried)"
    for is_rule_known in (True, False):
        assert exact.in_words(is_rule_known=is_rule_known) == "wrong exactly where any(s > 1), in all 90 cases tried"


def test_a_predicate_of_many_tests_is_found_where_each_of_them_covers_all_that_is_wrong() -> None:
    """No part of it has few exceptions: most cases in which one of the tests holds are right because of another."""
    drawn = strategies.draw_distinct(600, seed=3, ops=["conv"], compared=["forward"], max_calls=1, max_kernel=5)
    holds = compile_predicate("rank == 1 and groups == 1 and dtype == 'float32' and any(s == 1 and d == 1 and n > 4)")
    wrong, right = [c for c in drawn.cases if holds(c)], [c for c in drawn.cases if not holds(c)]
    assert 20 < len(wrong) < 200
    found = where.find(wrong, right)
    assert found.n_missed == 0
    assert found.n_right <= 2, found.text
