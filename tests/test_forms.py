"""The forms of a report besides HTML: each reads back, whatever names and messages try."""

import json
import os
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

from same_conformance import cli, report
from same_conformance.assessment import Assessed, Assessment, assess
from same_conformance.case import parse
from same_conformance.errors import UsageError
from same_conformance.judge import Judgement
from same_conformance.messages import one_line, printable, tamed
from same_conformance.record import Record
from same_conformance.record import Result as Outcome
from same_conformance.report import actions, badges, junit, markdown, tables
from same_conformance.runner.dispatch import outcome_of
from same_conformance.runner.protocol import ProtocolError

Make = Callable[..., Record]
Keep = Callable[[Record, Path], Path]
Install = Callable[..., Path]
CASE = "conv.n5.k3"
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
"""Of any characters, lone surrogates and controls among them."""
HOSTILE = [
    "</script><script>alert(1)</script>", "\x00\x08\x0b\x1b[2J\x7f\x85\u2028", "\ud800 \udfff", "\u202eabc\u2066", "]]>&<!--",
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "a|b`c`\n# d\n- e", "::error::x\r\n::set-output name=a::b", "%0A,:",
    "[red]x[/]", "\ufffe\uffff\U0010ffff", "x" * 100_000, "NA", "nan", "None", "2.10", "", "'", '"', "a\nb", "{{ 7 }}",
]  # fmt: skip
used_often = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def hostile(made: Make, described: Callable[..., Any], texts: list[str], names: list[str]) -> Record:
    """Return a record in which everybody says everything that is bad."""
    cases = [f"conv.n{n}.k3" for n in range(1, len(texts) + 1)]
    abouts = [
        described(name, version=text, summary=text, platform=text) for name, text in zip(names, texts, strict=True)
    ]
    outcomes = {
        name: {case: Judgement("error", message=one_line(text)) for case, text in zip(cases, texts, strict=True)}
        for name in names
    }
    cause = {"implementation": names[0], "op": "conv", "verdicts": ["error"], "compared": "forward", "calls": 1, "rule": texts[0],
             "sentence": texts[0], "where": "True", "text": texts[0], "n_wrong": 1, "n_ran": 1, "case": texts[0],
             "n_smaller": 0, "is_proved": True}  # fmt: skip
    not_started = {f"lost {text}": text for text in texts}
    return made(outcomes, implementations=abouts, footer={"causes": [cause], "outputs": {names[0]: texts[0]}},
                not_started=not_started, variables={text: text for text in texts}, command=texts[0], profile=texts[0])  # fmt: skip


@pytest.fixture
def report_of_everything(made: Make, described: Callable[..., Any], kept: Keep, tmp_path: Path) -> Path:
    """Write the report of a record that another wrote: its names and messages are `HOSTILE`."""
    names = [f"{i} {text}"[::-1] if i % 2 else f"{text} {i}" for i, text in enumerate(HOSTILE)]
    record = hostile(made, described, HOSTILE, [printable(name) for name in names])
    raw = hostile(made, described, ["?"] * len(HOSTILE), [f"name-{i}" for i in range(len(HOSTILE))])
    path = kept(raw, tmp_path) / "run.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    evil = dict(zip([f"name-{i}" for i in range(len(names))], names, strict=True))
    header, *results, footer = lines
    for about, text in zip(header["implementations"], HOSTILE, strict=True):
        about.update(name=evil[about["name"]], version=text, summary=text, platform=text)
    header.update(not_started={f"lost {t}": t for t in HOSTILE}, variables={t: t for t in HOSTILE}, command=HOSTILE[0])
    for i, result in enumerate(results):
        result.update(implementation=evil[result["implementation"]], message=HOSTILE[i % len(HOSTILE)])
    for cause in footer["causes"]:
        cause.update(implementation=names[0], text=HOSTILE[0], case=HOSTILE[1])
    path.write_text("".join(json.dumps(row) + "\n" for row in (header, *results, footer)))
    assert record.results
    ran = command("report", tmp_path, "--parquet", "--previous", tmp_path)
    assert ran.exit_code == 3, ran.output  # much did not start
    assert "Traceback" not in ran.output
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", ran.output)
    return tmp_path


def test_no_form_is_harmed_by_a_record_of_any_texts(report_of_everything: Path) -> None:
    out = report_of_everything
    for path in out.rglob("*"):
        if path.is_file() and path.name not in ("run.jsonl", "results.parquet"):
            text = path.read_text(encoding="utf-8")
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text), path
            assert len(text) < 2_000_000, path
    n = len(HOSTILE)
    suites = list(JUnitXml.fromfile(str(out / "junit.xml")))
    assert sum(suite.tests for suite in suites) == n * n + len({printable(f"lost {text}") for text in HOSTILE})
    assert len(pd.read_csv(out / "results.csv")) == n * n
    for name in ("index.html", "changes.html"):
        assert "<script>alert" not in (out / name).read_text(encoding="utf-8")
    assert len(list((out / "badges").iterdir())) == len(suites)
    assert (out / "summary.md").stat().st_size < 100_000


def test_no_line_of_the_summary_is_markup_that_a_text_brought(report_of_everything: Path) -> None:
    text = (report_of_everything / "summary.md").read_text(encoding="utf-8")
    assert "<script" not in re.sub("`[^`]*`", "", text).replace("\\<", "")
    for line in text.splitlines():
        assert line == "" or re.match(r"(#|- |  - |\||\d|All|The|and|Previous|the box)", line), line
        if line.startswith("| `"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (6, 7), line


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
    assessment = assess_all(record)
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


def assess_all(record: Record) -> Assessment:
    return assess(record)


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
        assert "python -m pip install 'same-conformance[parquet]'" in result.output
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


@given(text=ANY_TEXT | st.sampled_from(HOSTILE))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """Otherwise a record that is read and written again would change, and no run could be continued."""
    assert printable(printable(text)) == printable(text)
    assert one_line(one_line(text)) == one_line(text)
    assert tamed(tamed({"a": [text]})) == tamed({"a": [text]})
    assert printable(text).isprintable()


def test_what_is_cut_says_how_much_there_was() -> None:
    cut = one_line("y" * 10_000_000)
    assert len(cut) == 200
    assert cut.endswith("y… (10,000,000 characters)")
    assert one_line("y" * 200) == "y" * 200


HOSTILE_PLUGIN = """
    BAD = "</script><script>alert(1)</script>\\x00\\x1b[2J\\u202e\\ud800 | `x` ::error:: ]]>"

    def conv(*a, **k):
        print(BAD.encode("utf-8", "replace").decode() * 10)
        raise ValueError("=" + BAD + "x" * 1_000_000)

    def max_pool(*a, **k):
        raise Unsupported("@" + BAD + "\\n# heading")

    def avg_pool(x, **k):
        raise type("\\x1b[2J<b>|", (Exception,), {"__str__": lambda self: 7})()

    implementation = Implementation(
        name="fake", framework="numpy", conv=conv, max_pool=max_pool, avg_pool=avg_pool, summary=BAD, homepage=BAD,
        version="=" + BAD, environment={"XLA_EVIL": "\\x1b[2J\\u202e" + "x" * 20_000},
    )
"""


def test_a_plug_in_that_tries_harms_nothing_that_a_run_writes(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("fake", HOSTILE_PLUGIN)
    plugin("<img onerror>`|[red]\u202e", "implementation = 7", distribution="their-evil")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("TF_EVIL", os.fsdecode(b"\xff\x1b[2J"))
    out = tmp_path / "out"
    cases = [part for op in ("conv", "max_pool", "avg_pool") for part in ("--case", f"{op}.n5.k3")]
    evil = "<img onerror>`|[red]\u202e"
    result = command("run", "fake", evil, *cases, "--out", out, "--parquet")
    assert result.exit_code == 3, result.output
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", result.output)
    assert result.output.count("\n::error ") == 3  # what did not start, conv, avg_pool
    assert {path.name for path in out.iterdir()} == {*report.FILES, "results.parquet", "run.jsonl", "badges"}
    for path in (out / "run.jsonl", *(out / name for name in report.FILES)):
        text = path.read_text(encoding="utf-8")
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e]", text), path
        assert len(text) < 200_000, path
    row = tables.read(out / "results.csv").set_index("op").loc["conv"]
    assert row.message.startswith("ValueError: =</script>")
    assert row.message.endswith(" characters)")
    assert row.version.startswith("'=</script>")
    frame = tables.read(out / "results.csv").set_index("op")
    assert frame.loc["max_pool"].message.startswith("'@</script>")
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(out / "junit.xml"))}
    assert suites["fake"].errors == 2
    text = (out / "summary.md").read_text(encoding="utf-8")
    assert "<img" not in re.sub("`[^`]*`", "", text)
    assert "\n# heading" not in text
    assert len(list((out / "badges").iterdir())) == 2
    rebuilt = command("report", out, "--parquet", "--out", tmp_path / "again")
    assert rebuilt.exit_code == 3
    for name in report.FILES:
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes(), name
    listed = command("list").output
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", listed)
    assert "<img onerror>`|[red]" in listed


@pytest.mark.parametrize("shape", [[1] * 65, [-1], [1 << 63], [10**4000]])
def test_a_shape_that_no_array_has_is_no_reply(shape: list[int]) -> None:
    """A worker in another language may say anything; its shape goes into messages and tables."""
    for kind in ("array", "no_gradient"):
        with pytest.raises(ProtocolError, match="axes that no array has"):
            outcome_of({"type": kind, "dtype": "float32", "shape": shape, "omitted": True}, b"")
