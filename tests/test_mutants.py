"""The library of wrong implementations: each says what it does and where it was seen, and does what arithmetic predicts."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from same_conformance import corpus, mutants, operands, plugins, rules, spec
from same_conformance.case import OPS, Case, parse
from same_conformance.errors import Unsupported
from same_conformance.judge import FAILURES, Judge
from same_conformance.mutants import implementations
from same_conformance.mutants.windows import MISTAKE
from same_conformance.runner.pool import Pool
from same_conformance.strategies import draw_distinct

SMALL = 4096
"""Elements of the largest input that is executed here; the command runs them all."""
SHARE = 3
"""Of the cases of its ops, each mutant executes one in so many, and one more that finds it out; the command runs them all."""


@pytest.mark.parametrize("rule", mutants.RULES.values(), ids=mutants.RULES)
def test_a_mutant_says_what_it_does_about_which_ops_and_where_it_was_seen(rule: rules.Rule) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{2,39}", rule.name)
    assert rule.sentence[0].islower()
    assert not rule.sentence.endswith(".")
    assert rule.ops
    assert set(rule.ops) <= set(OPS)
    assert rule.seen == MISTAKE or rule.seen.startswith("https://")
    assert (rule.plan is None) != (rule.build is None)


def test_there_are_many_and_no_name_is_given_twice() -> None:
    names = [rule.name for theme in mutants.THEMES.values() for rule in theme]
    assert len(names) == len(set(names)) == len(mutants.RULES)
    assert len([rule for rule in mutants.RULES.values() if rule.ops != ("conv_transpose",)]) > 60


def test_every_module_of_rules_is_a_theme() -> None:
    modules = {path.stem for path in Path(mutants.__file__).parent.glob("*.py")}
    assert modules - set(mutants.THEMES) == {"__init__", "__main__", "windows", "implementations", "branches"}


def test_the_list_in_the_documentation_is_made_from_the_rules() -> None:
    """If not, put there what ``python -m same_conformance.mutants`` prints."""
    text = (Path(__file__).parents[1] / "docs/mutants.md").read_text(encoding="utf-8")
    assert text.partition("## The list\n\n")[2] == mutants.catalogue()


def test_padding_frozen_at_first_use_shows_at_the_second_call_only() -> None:
    first, second = parse("conv.n5.k3.s2"), parse("conv.n6.k3.s2")
    execute = rules.build(mutants.RULES["frozen-at-first-use"], second)
    results = [execute(*operands.make(case)) for case in (first, second)]
    np.testing.assert_array_equal(results[0], spec.execute(first, operands.make(first)))
    assert not np.array_equal(results[1], spec.execute(second, operands.make(second)))


def test_no_mutant_is_installed() -> None:
    assert not {e.value.partition(":")[0] for e in plugins.installed()} & {implementations.__name__}


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool() as pool:
        pool.start(implementations.entry_point(name) for name in mutants.RULES)
        assert pool.failures == {}
        yield pool


def sample() -> list[Case]:
    cases = [*(entry.case for entry in corpus.read()), *draw_distinct(60, seed=11).cases]
    return [c for c in dict.fromkeys(cases) if np.prod(c.size) * c.batch <= SMALL and c.dtype in implementations.DTYPES]


def share(rule: rules.Rule, number: int, cases: list[Case]) -> list[Case]:
    """Return the cases that the mutant of this number executes: its share, and the first that finds it out."""
    offered = [case for case in cases if case.op in rule.ops]
    telling = next(case for case in offered if rules.kills(case, rule))
    return list(dict.fromkeys([telling, *offered[number % SHARE :: SHARE]]))


def test_every_mutant_gets_the_verdict_that_is_predicted(pool: Pool) -> None:
    """Really executed in a worker: cases of the corpus and drawn ones, each on a share of the mutants."""
    cases, judge = sample(), Judge()
    assert len(cases) > 100
    work = {name: share(rule, number, cases) for number, (name, rule) in enumerate(mutants.RULES.items())}
    assert {case for chosen in work.values() for case in chosen} == set(cases)
    verdicts: dict[str, list[str]] = {name: [] for name in work}
    for name, case, outcome in pool.run(work):
        verdicts[name].append(judge.judge(case, outcome).verdict)
        assert verdicts[name][-1] in rules.predict(mutants.RULES[name], case), (name, case.id)
    assert {name: len(found) for name, found in verdicts.items()} == {name: len(c) for name, c in work.items()}
    assert [name for name, found in verdicts.items() if set(found).isdisjoint(FAILURES)] == []


def test_the_test_above_would_notice(pool: Pool) -> None:
    """Where two rules differ, the outcome of one contradicts the prediction for the other."""
    case = parse("conv.n6.k3.s2")
    verdict = Judge().judge(case, pool.run_case("valid", case)).verdict
    assert verdict in rules.predict(mutants.RULES["valid"], case)
    assert verdict not in rules.predict(mutants.RULES["sides-swapped"], case)


def test_a_mutant_does_not_offer_another_op() -> None:
    with pytest.raises(Unsupported, match="zero-fill is no way to do conv"):
        rules.build(mutants.RULES["zero-fill"], parse("conv.n3.k2"))


def test_an_unknown_mutant_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="there is no mutant called 'halves'"):
        _ = implementations.halves


@pytest.mark.parametrize(
    ("name", "case_id", "expected"),
    [
        ("half", "conv.n6.k3.s2", "value"),
        ("half", "conv.n5.k3.s2", "pass"),
        ("half", "conv.n5.k2", "shape"),
        ("half", "conv.n1.k4", "error"),
        ("unclamped", "conv.n6.k1.s3", "value"),
        ("zero-fill", "max_pool.n2.k2", "value"),
        ("zero-fill", "conv.n2.k2", "pass"),
        ("zero-fill", "max_pool.n1.k2.d3", "unspecified"),
        ("float32-returned", "conv.n2.k2.float64", "dtype"),
        ("groups-shuffled", "conv.n2.k2.c4-4.g2", "value"),
        ("groups-shuffled", "conv.n2.k2.c2-2.g2", "pass"),
        ("tail-in-front", "conv_transpose.n2.k1.s3", "value"),
        ("tail-missing", "conv_transpose.n2.k1.s3", "shape"),
    ],
)
def test_predictions(name: str, case_id: str, expected: str) -> None:
    assert rules.predict(mutants.RULES[name], parse(case_id)) == (expected,)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("tail-in-front", [0, 0, 5, 0, 0, 50]), ("crop-unclamped", [0, 5, 0, 0, 50, 0]), ("tail-missing", [5, 0, 0, 50])],
)
def test_kernel_shorter_than_stride(name: str, expected: list[int]) -> None:
    """What ONNX's reference (the second) and ONNX Runtime (the third) make of x = 1, 10 and w = 5 at stride 3."""
    case = parse("conv_transpose.n2.k1.s3")
    x, w = np.array([1.0, 10.0]).reshape(1, 2, 1), np.full((1, 1, 1), 5.0)
    assert rules.build(mutants.RULES[name], case)(x, w).ravel().tolist() == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dilation-dropped", [3, 6, 9, 12, 9]), ("undilated-total", [6, 9, 6])],
)
def test_dilation_in_released_libraries(name: str, expected: list[int]) -> None:
    """What Paddle 3.3 (the first) gives for 1..5 under three ones, dilation 2; SAME gives 4, 6, 9, 6, 8."""
    case = parse("conv.n5.k3.d2")
    x, w = np.arange(1.0, 6.0).reshape(1, 5, 1), np.ones((3, 1, 1))
    assert rules.build(mutants.RULES[name], case)(x, w).ravel().tolist() == expected


def test_real_operands_reach_a_mutant_in_the_dtype_of_the_case() -> None:
    case = parse("avg_pool.n5.k3.s2.float16")
    data = tuple(a.astype(case.dtype) for a in operands.make(case))
    assert rules.build(mutants.RULES["counted-padding"], case)(*data).dtype == np.float16
