"""The forms of a report besides HTML: each reads back, whatever names and messages try."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml

from hostility import ANY_TEXT, HOSTILE, Make, hostile
from same_conformance import cli
from same_conformance.assessment import Assessed, Assessment, assess
from same_conformance.case import parse
from same_conformance.errors import UsageError
from same_conformance.judge import Judgement
from same_conformance.messages import printable
from same_conformance.record import Record
from same_conformance.record import Result as Outcome
from same_conformance.report import actions, badges, junit, markdown, tables

Keep = Callable[[Record, Path], Path]
CASE = "conv.n5.k3"
used_often = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


@used_often
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=4, unique=True))
@example(texts=HOSTILE[:4])
def test_junit_parses_whatever_is_in_a_message(texts: list[str], made: Make, tmp_path: Path) -> None:
    """Without `tamed` before it: the names, reasons and messages as they are."""
    record = made({"a": {CASE: "pass"}})
    rows = [Assessed(Outcome(t, parse(CASE), Judgement("error", message=t)), "unexpected", t, True, t) for t in texts]
    junit.write(record, Assessment(rows, {t: t for t in texts}), tmp_path / "junit.xml")
    assert sum(suite.tests for suite in JUnitXml.fromfile(str(tmp_path / "junit.xml"))) == 2 * len(texts)


def test_the_test_above_would_notice(made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "_NOT_XML", re.compile("(?!)"))
    rows = [Assessed(Outcome("a", parse(CASE), Judgement("error", message="\x00")), "unexpected", "")]
    junit.write(made({"a": {CASE: "pass"}}), Assessment(rows), tmp_path / "junit.xml")
    with pytest.raises(Exception, match="invalid"):
        JUnitXml.fromfile(str(tmp_path / "junit.xml"))


@used_often
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=3, unique_by=printable))
@example(texts=["=1", "NA", ""])
def test_the_csv_reads_back_with_its_types_and_its_texts(
    texts: list[str], made: Make, described: Callable[..., Any], tmp_path: Path
) -> None:
    """`tables.read` gives the table that was written, but for an apostrophe before what looks like a formula."""
    record = hostile(made, described, texts, [printable(f"{text}{i}") for i, text in enumerate(texts)])
    assessment = assess(record)
    tables.write_csvs(record, assessment, tmp_path / "results.csv", tmp_path / "mismatches.csv")
    for name in ("results.csv", "mismatches.csv"):
        found, expected = tables.read(tmp_path / name), tables.results(record, assessment.rows)
        assert (tmp_path / name).read_text(encoding="utf-8").count("\n") == len(expected) + 1
        pd.testing.assert_series_equal(found.dtypes, expected.dtypes)
        for column in tables.COLUMNS:
            if tables.TYPES[column] == "str":
                assert not found[column].str.match("[=+\\-@\t\r]").any()
                assert list(found[column].str.removeprefix("'")) == list(expected[column].str.removeprefix("'"))
            else:
                pd.testing.assert_series_equal(found[column], expected[column])


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_column_of_text_begins_as_a_formula_does(begin: str) -> None:
    row = {column: f"{begin}1" if kind == "str" else 1 for column, kind in tables.TYPES.items()}
    frame = tables._no_formulas(pd.DataFrame([row]))
    for column, kind in tables.TYPES.items():
        assert frame[column][0] == (f"'{begin}1" if kind == "str" else 1)


def test_numbers_are_read_as_what_they_are(
    made: Make, described: Callable[..., Any], kept: Keep, tmp_path: Path
) -> None:
    """The version 2.10 is no number, nor is the size of a run in one dimension; infinity is one."""
    judgements = {
        CASE: Judgement("value", (1, 5, 1), 2, float("inf"), "d", "m"),
        "conv.n7.k3": Judgement("error", message="NA"),
    }
    kept(made({"a": judgements}, implementations=[described("a", "2.10")]), tmp_path)
    command("report", tmp_path)
    frame = tables.read(tmp_path / "results.csv")
    assert {column: str(kind) for column, kind in frame.dtypes.items()} == tables.TYPES
    first, second = frame.to_dict("records")
    assert (first["version"], first["size"], first["n_different"], first["max_abs_difference"]) == (
        "2.10",
        "5",
        2,
        float("inf"),
    )
    assert second["message"] == "NA"
    assert pd.isna(second["n_different"])


def test_the_documented_types_are_those_that_are_written() -> None:
    text = (Path(__file__).parents[1] / "docs" / "reports.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \| (\w+) \|", text.partition("## The columns")[2], re.MULTILINE)
    documented = {name: kind for names, kind in rows for name in re.findall("`(.*?)`", names)}
    assert documented == tables.TYPES


def test_parquet_holds_the_same_table_with_texts_as_they_are(made: Make, kept: Keep, tmp_path: Path) -> None:
    judgements = {CASE: Judgement("value", (1, 5, 1), 2, 3.0, "d", "=1"), "conv.n7.k3": "unsupported"}
    kept(made({"a": judgements}), tmp_path)
    assert command("report", tmp_path, "--parquet").exit_code == 1
    found = pd.read_parquet(tmp_path / "results.parquet")
    expected = tables.read(tmp_path / "results.csv")
    expected["message"] = expected["message"].str.removeprefix("'")
    pd.testing.assert_frame_equal(found.astype(tables.TYPES), expected)
    assert str(found["n_different"].dtype) == "Int64"
    assert found["message"][0] == "=1"
    command("report", tmp_path)
    assert not (tmp_path / "results.parquet").exists()


def test_without_pyarrow_it_is_said_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    for args in (["run", "spec", "--case", CASE, "--out", tmp_path / "out"], ["report", tmp_path]):
        result = command(*args, "--parquet")
        assert result.exit_code == 2
        assert "--parquet needs pyarrow" in result.output
        assert "python -m pip install pyarrow" in result.output
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError):
        tables.parquet_library()


def test_the_summary_stays_short_and_has_the_worst_first(made: Make) -> None:
    names = [f"implementation-{i:04}" for i in range(500)]
    cases = [f"conv.n{n}.k3" for n in range(1, 21)]
    long = Judgement("value", (1, 5, 1), 1, 1.0, "d", "漢|<b>" * 60)
    outcomes = {name: dict.fromkeys(cases, long) for name in names} | {
        "dies": {cases[5]: Judgement("crash", message="signal 11")}
    }
    record = made(outcomes, not_started={f"lost-{i}": "x" * 4000 for i in range(500)})
    text = markdown.render(record, assessment := assess(record), tables.verdicts(assessment))
    assert len(text.encode()) < 100_000
    lines = text[text.index("## Unexpected") :].splitlines()
    assert lines[0] == "## Unexpected verdicts: 10001"
    assert lines[2] == "- `dies` **conv**: 1 crash"
    assert lines[3] == f"  - signal 11. Smallest case `{cases[5]}` (not shrunk)"
    assert "- and 481 more implementations and ops: see mismatches.csv" in lines
    assert "and 441 more implementations: see index.html" in lines


def test_a_summary_that_is_too_long_is_cut_at_a_line_with_a_note() -> None:
    cut = markdown._fit("漢字 line\n" * 200_000)
    assert len(cut.encode()) < 1_000_000
    assert cut.endswith("line\n\nThe rest is left out: see index.html.\n")
    assert markdown._fit("short\n") == "short\n"


def test_a_badge_names_the_ops_that_are_wrong(made: Make) -> None:
    record = made(
        {
            "good": {CASE: "pass", "max_pool.n5.k3": "pass", "avg_pool.n5.k3": "unsupported"},
            "bad": {CASE: "pass", "max_pool.n5.k3": "value", "avg_pool.n5.k3": "crash"},
            "idle": {CASE: "unsupported"},
        },
        not_started={"gone": "no"},
    )
    found = badges.make(record, assess(record))
    assert {name: (badge["message"], badge["color"]) for name, badge in found.items()} == {
        "good": ("right in conv, max_pool", "brightgreen"),
        "bad": ("wrong in max_pool, avg_pool", "red"),
        "idle": ("nothing ran", "lightgrey"),
        "gone": ("did not start", "lightgrey"),
    }
    assert found["good"] == {"schemaVersion": 1, "label": "padding=SAME: good", "message": "right in conv, max_pool",
                             "color": "brightgreen"}  # fmt: skip


@given(names=st.lists(ANY_TEXT, max_size=5, unique=True))
@example(names=["a", "A", "../a", "..", ".", "", "a/b", "a_b", "a" * 300, "a" * 301, "CON", "ä"])
def test_names_of_badges_are_safe_and_no_two_are_the_same(names: list[str]) -> None:
    files = [badges.file_name(name) for name in names]
    assert all(re.fullmatch(r"[a-z0-9_-][a-z0-9_.-]{0,120}\.json", file) for file in files)
    assert len(set(files)) == len(names)


def test_badges_of_an_earlier_run_are_removed_and_nobody_else_s(made: Make, kept: Keep, tmp_path: Path) -> None:
    kept(made({"a": {CASE: "pass"}, "b": {CASE: "pass"}}), tmp_path)
    command("report", tmp_path)
    (tmp_path / "badges" / "coverage.json").write_text('{"label": "coverage"}')
    (tmp_path / "badges" / "odd.json").write_text("[" * 100_000)
    kept(made({"a": {CASE: "pass"}}), tmp_path)
    command("report", tmp_path)
    assert {path.name for path in (tmp_path / "badges").iterdir()} == {"a.json", "coverage.json", "odd.json"}


@pytest.fixture
def wrong(made: Make, kept: Keep, tmp_path: Path) -> Path:
    cases = dict.fromkeys(["conv.n5.k3", "max_pool.n5.k3"], Judgement("error", message="100%: a,b"))
    return kept(made({f"i{i}": cases for i in range(7)}), tmp_path / "run")


def test_annotations_are_escaped_and_ten_at_most(wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    lines = [line for line in command("report", wrong).output.splitlines() if line.startswith("::")]
    assert len(lines) == 10
    assert lines[0] == (
        "::error title=same-conformance%3A i0%3A conv::1 error. 100%25: a,b; smallest case conv.n5.k3 (not shrunk)"
    )
    assert lines[-1] == "::error title=same-conformance%3A more::and 5 more: see the report"
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    assert "::error" not in command("report", wrong).output


@given(text=ANY_TEXT)
@example(text="a\r\n::set-env name=x::y")
def test_no_text_ends_an_annotation(text: str) -> None:
    assert not re.search("[\r\n]", actions._data(text))
    assert not re.search("[\r\n:,]", actions._property(text))


def test_the_summary_is_appended_to_the_job_s(wrong: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = tmp_path / "job.md"
    job.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(job))
    command("report", wrong)
    assert job.read_text() == "before\n" + (wrong / "summary.md").read_text()


def test_a_summary_that_cannot_be_appended_ends_no_run(
    wrong: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (str(tmp_path), str(tmp_path / "no" / "where"), "/dev/full"):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", path)
        result = command("report", wrong)
        assert result.exit_code == 1, result.output
        assert "the summary could not be appended to GITHUB_STEP_SUMMARY" in result.output
