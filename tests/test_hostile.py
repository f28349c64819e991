"""Nothing that a run writes or prints is harmed by a record or a plug-in that tries."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from hostility import ANY_TEXT, HOSTILE, Make, hostile
from same_conformance import cli, report
from same_conformance.messages import one_line, printable, tamed
from same_conformance.record import Record
from same_conformance.report import tables
from same_conformance.runner.dispatch import outcome_of
from same_conformance.runner.protocol import ProtocolError

Keep = Callable[[Record, Path], Path]
Install = Callable[..., Path]


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


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
        assert len(text) < 300_000, path
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
