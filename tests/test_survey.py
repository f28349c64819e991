"""The corpus and the networks find out every mutant, the command says so, and a poorer corpus would not."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from same_conformance import classes, cli, corpus, mutants, survey
from same_conformance.case import Case, parse
from same_conformance.rules import kills
from same_conformance.selection import Query


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, ["mutants", *map(str, args)])


@pytest.fixture(scope="module")
def killed() -> dict[Case, set[str]]:
    """Which mutants each case of the corpus kills, by arithmetic."""
    return {
        entry.case: {name for name, rule in mutants.RULES.items() if kills(entry.case, rule)} for entry in corpus.read()
    }


def survivors(killed: dict[Case, set[str]], kept: Callable[[Case], bool]) -> set[str]:
    found = set().union(*(names for case, names in killed.items() if kept(case)))
    return set(mutants.RULES) - found


def test_the_corpus_alone_kills_every_mutant_five_times(killed: dict[Case, set[str]]) -> None:
    for name in mutants.RULES:
        assert sum(name in names for names in killed.values()) >= 5, name
    assert survivors(killed, lambda _: True) == set()


@pytest.mark.parametrize(
    ("missing", "survive"),
    [
        (
            lambda c: c.op == "conv_transpose" and any(a.effective_kernel < a.stride for a in c.axes),
            {"crop-unclamped", "tail-in-front", "tail-missing"},
        ),
        (lambda c: any(k % 2 == 0 for k in c.kernel), {"odd-size-even-kernel-stride-two"}),
        (lambda c: c.padding == "same_lower", {"lower-ignored", "lower-reversed", "length-floor-lower"}),
        (lambda c: max(c.size) > 256, {"size-in-a-byte", "size-in-bfloat16"}),
        (lambda c: c.groups > 1, {"groups-ignored", "groups-interleaved", "swapped-in-groups"}),
        (lambda c: c.rank == 3, {"third-axis-swapped", "last-two-axes-only", "unclamped-off-float32"}),
        (lambda c: c.batch > 1, {"first-example-repeated", "swapped-in-batch"}),
        (lambda c: max(c.dilation) > 1, {"undilated-total", "dilation-dropped", "space-to-batch", "crop-undilated"}),
        (lambda c: max(c.stride) > 1, {"total-of-stride-one", "unclamped", "length-floor", "length-of-input"}),
        (lambda c: c.dtype == "float64", {"swapped-in-double"}),
        (lambda c: c.op == "avg_pool", {"counted-padding", "edge-replicated", "divisor-undilated"}),
    ],
)  # fmt: skip
def test_without_a_kind_of_case_mutants_survive(
    killed: dict[Case, set[str]], missing: Callable[[Case], bool], survive: set[str]
) -> None:
    assert survivors(killed, lambda case: not missing(case)) >= survive


def test_any_two_mutants_of_an_op_are_told_apart(killed: dict[Case, set[str]]) -> None:
    """No two rules are one: some case of the corpus is failed by the one and passed by the other, or failed otherwise."""
    from same_conformance import operands, rules

    alike = {(a, b) for a in mutants.RULES for b in mutants.RULES if a < b and
             set(mutants.RULES[a].ops) & set(mutants.RULES[b].ops)}  # fmt: skip
    for case, names in killed.items():
        if case.dtype == "bfloat16":
            continue
        data = tuple(a.astype(case.dtype) for a in operands.make(case))
        results = {}
        for name in {name for pair in alike for name in pair} & names:
            try:
                result = rules.build(mutants.RULES[name], case)(*data)
                results[name] = (result.dtype.name, result.shape, result.tobytes())
            except (ValueError, IndexError):  # what has another length has no gradient for a cotangent of SAME's
                results[name] = ("", (), b"")
        offered = {name for name in mutants.RULES if case.op in mutants.RULES[name].ops}
        alike = {(a, b) for a, b in alike if not {a, b} <= offered or results.get(a) == results.get(b)}
    assert alike == set()


def test_the_command_executes_predicts_and_writes_the_matrix(tmp_path: Path) -> None:
    result = command("--name", "zero-fill", "--name", "tail-in-front", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "2 mutants over" in result.output
    frame = pd.read_csv(tmp_path / "mutants.csv").set_index("mutant")
    assert list(frame.columns[3:]) == [k.name for k in classes.CLASSES]
    assert frame.loc["tail-in-front", "smallest"] == "conv_transpose.n1.k1.s2"
    assert frame.loc["tail-in-front", "stride > effective kernel"] == frame.loc["tail-in-front", "kills"] >= 5
    page = (tmp_path / "mutants.html").read_text(encoding="utf-8")
    assert "Every mutant is found out." in page
    assert "conv_transpose.n1.k1.s2</code>" in page


def test_the_command_names_survivors_and_exits_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor = [parse("conv.n5.k3"), parse("max_pool.n5.k2")]
    monkeypatch.setattr(survey, "cases_of", lambda _: poor)
    result = command("--name", "valid", "--name", "total-of-stride-one", "--predict", "--out", tmp_path)
    assert result.exit_code == 1
    assert "total-of-stride-one survives: no case tells it from SAME" in result.output
    assert "valid survives" not in result.output
    assert "1 survive: total-of-stride-one." in (tmp_path / "mutants.html").read_text(encoding="utf-8")


def test_an_execution_that_is_not_as_predicted_exits_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "cases_of", lambda _: [parse("conv.n5.k3")])
    monkeypatch.setattr(survey, "predict", lambda names, cases, *_: {(n, c): ("pass",) for n in names for c in cases})
    result = command("--name", "valid", "--out", tmp_path)
    assert result.exit_code == 1
    assert "not as predicted: valid  conv.n5.k3  shape, predicted was pass" in result.output


def test_a_directory_that_cannot_be_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = command("--name", "valid", "--out", tmp_path / "file" / "out")
    assert result.exit_code == 2
    assert "cannot be written to: Not a directory; give a directory that can" in result.output


def test_an_unknown_mutant_is_refused_in_words(tmp_path: Path) -> None:
    result = command("--name", "zero-fil", "--out", tmp_path)
    assert result.exit_code == 2
    assert "--name zero-fil: there is no such mutant; did you mean zero-fill?" in result.output


def test_cases_of_dtypes_that_numpy_lacks_are_left_out() -> None:
    cases = survey.cases_of(Query(profile="quick"))
    assert {case.dtype for case in cases} == {"float32", "float64", "float16"}
