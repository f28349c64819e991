"""`report`: everything again from the record, byte for byte; shards merged, contradictions and damage told."""

import itertools
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from junitparser import JUnitXml

from same_conformance import cli, merge, record
from same_conformance.errors import RecordError
from same_conformance.judge import Judgement
from same_conformance.record import Record

Make = Callable[..., Record]
Keep = Callable[[Record, Path], Path]
Install = Callable[..., Path]
CASES = [f"conv.n{n}.k3" for n in range(3, 9)]


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def bytes_of(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_a_report_is_rebuilt_byte_for_byte(plugin: Install, tmp_path: Path) -> None:
    """Of a real run, with a diagnosis, in its own place and in another."""
    body = """
        def build(case):
            return lambda x, *kernel: right(case)(x, *kernel) + (x.shape[1] >= 3)

        implementation = Implementation(name="fake", framework="numpy", build=build, ranks=(1,), dtypes=("float32",))
    """
    plugin("fake", body)
    out = tmp_path / "out"
    ran = command("run", "fake", "spec", "--case", "conv.n5.k3", "--case", "conv.n2.k2", "--case", "max_pool.n5-5.k3-3",
                  "--parquet", "--out", out)  # fmt: skip
    assert ran.exit_code == 1, ran.output
    written = bytes_of(out)
    expected = {"index.html", "results.csv", "mismatches.csv", "summary.md", "junit.xml", "run.jsonl", "results.parquet",
                "badges/fake.json", "badges/spec.json"}  # fmt: skip
    assert set(written) == expected
    assert record.read(out / record.FILE).footer["causes"]
    shutil.copytree(out, tmp_path / "elsewhere")
    assert command("report", out, "--parquet").exit_code == 1
    assert bytes_of(out) == written
    assert command("report", out / "run.jsonl", "--parquet", "--out", tmp_path / "third").exit_code == 1
    assert bytes_of(tmp_path / "third") == written


@pytest.fixture
def whole(made: Make) -> Record:
    """Return the record of two implementations on six cases."""
    outcomes = {"a": dict.fromkeys(CASES, "pass"), "b": {c: Judgement("value", (1, 5, 1), 1, 1.0, "d") for c in CASES}}
    return made(outcomes)


def part(made: Make, whole: Record, names: str, cases: list[str], **more: Any) -> Record:
    outcomes: dict[str, dict[str, Judgement]] = {name: {} for name in names}
    for result in whole.results:
        if result.implementation in names and result.case.id in cases:
            outcomes[result.implementation][result.case.id] = result.judgement
    return made(outcomes, **more)


@pytest.mark.parametrize(
    "shards",
    [
        [("ab", CASES[:3]), ("ab", CASES[3:])],
        [("a", CASES), ("b", CASES)],
        [("ab", CASES[:4]), ("ab", CASES[2:]), ("b", CASES)],
        [("a", CASES[:3]), ("a", CASES[3:]), ("b", CASES)],
    ],
)
def test_shards_give_the_report_of_the_whole_in_any_order(
    shards: list[tuple[str, list[str]]], made: Make, kept: Keep, whole: Record, tmp_path: Path
) -> None:
    kept(whole, tmp_path / "whole")
    command("report", tmp_path / "whole")
    told = [{"began": f"2026-01-0{9 - i}T00:00:00Z", "command": f"run {i}"} for i in range(len(shards))]
    paths = [kept(part(made, whole, *shard, **told[i]), tmp_path / str(i)) for i, shard in enumerate(shards)]
    seen = []
    for i, order in enumerate(itertools.permutations(paths)):
        out = tmp_path / f"merged{i}"
        result = command("report", *order, "--out", out)
        assert result.exit_code == 1, result.output  # b fails, and nobody expects it
        seen.append(bytes_of(out))
    assert all(each == seen[0] for each in seen)
    expected = bytes_of(tmp_path / "whole")
    for name in ("results.csv", "mismatches.csv", "junit.xml", "summary.md", "badges/b.json"):
        assert seen[0][name] == expected[name], name
    assert record.read(tmp_path / "merged0" / record.FILE).is_finished
    assert command("diff", tmp_path / "whole", tmp_path / "merged0").exit_code == 0


def test_any_split_of_a_run_merges_into_it(made: Make, whole: Record) -> None:
    draw = random.Random(0)  # noqa: S311  # not for secrets
    for _ in range(50):
        shards = [part(made, whole, "".join(draw.sample("ab", draw.randrange(1, 3))), draw.sample(CASES, draw.randrange(1, 6)))
                  for _ in range(draw.randrange(1, 4))]  # fmt: skip
        shards += [part(made, whole, "ab", CASES)]
        found = merge.merge({str(i): shard for i, shard in enumerate(shards)})
        assert {(r.implementation, r.case): r.judgement for r in found.results} == {
            (r.implementation, r.case): r.judgement for r in whole.results
        }
        assert len(found.results) == 12
        assert found.cases == whole.cases
        assert not found.unfinished


def test_outcomes_that_contradict_each_other_are_told(made: Make, kept: Keep, tmp_path: Path) -> None:
    one = kept(made({"a": {CASES[0]: "pass", CASES[1]: "pass"}}), tmp_path / "one")
    two = kept(made({"a": {CASES[0]: "value", CASES[1]: "pass"}}), tmp_path / "two")
    result = command("report", one, two, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert f"1 outcomes contradict each other (a on {CASES[0]}: pass in {one / 'run.jsonl'}, value in " in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"version": "2.0"}, "a is not the same in one and two: version '1.0' and '2.0'"),
        ({"versions": {"numpy": "3"}}, "a is not the same in one and two: versions"),
        ({"header": {"variables": {"TF_X": "1"}}}, "a ran with other environment variables in two than in one"),
        ({"header": {"spec_sources": "xyz"}}, "one and two were judged by different sources of same-conformance"),
    ],
)
def test_what_ran_twice_must_be_the_same(
    more: dict[str, Any], message: str, made: Make, described: Callable[..., Any]
) -> None:
    header = more.pop("header", {})
    one = made({"a": {CASES[0]: "pass"}})
    two = made({"a": {CASES[1]: "pass"}}, implementations=[described("a", **more)], **header)
    with pytest.raises(RecordError) as error:
        merge.merge({"one": one, "two": two})
    assert message in str(error.value)


def test_what_started_in_one_shard_did_start(made: Make) -> None:
    one = made({"a": {CASES[0]: "pass"}}, not_started={"b": "no torch", "c": "no jax"}, not_installed=["b", "c"])
    two = made({"b": {CASES[0]: "pass"}}, not_started={"c": "crashed"})
    found = merge.merge({"one": one, "two": two})
    assert found.header["not_started"] == {"c": "no jax"}
    assert found.header["not_installed"] == []  # in one of them it was no matter of what is installed
    assert found.names == ["a", "b"]


def test_of_causes_that_say_the_same_the_smallest_case_is_kept(made: Make) -> None:
    cause = {"implementation": "a", "op": "conv", "verdicts": ["value"], "compared": "forward", "calls": 1, "rule": "",
             "sentence": "pads 2+1", "where": "True", "text": "x", "n_wrong": 1, "n_ran": 1, "n_smaller": 0,
             "is_proved": True}  # fmt: skip
    parts = [
        made({"a": {c: "value"}}, footer={"causes": [{**cause, "case": c}]}) for c in ("conv.n10.k3", "conv.n9.k3")
    ]
    for order in (parts, parts[::-1]):
        (found,) = merge.merge(dict(zip("xy", order, strict=True))).footer["causes"]
        assert found["case"] == "conv.n9.k3"


def test_an_unfinished_run_says_so_everywhere_and_exits_with_1(made: Make, kept: Keep, tmp_path: Path) -> None:
    found = made({"a": dict.fromkeys(CASES, "pass")}, finished=False)
    found.results[4:] = []
    result = command("report", kept(found, tmp_path))
    assert result.exit_code == 1, result.output
    said = "unfinished: 4 of 6 outcomes"
    assert said in result.output
    assert said in (tmp_path / "summary.md").read_text()
    assert "(unfinished)" in (tmp_path / "badges" / "a.json").read_text()
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(tmp_path / "junit.xml"))}
    assert suites["same-conformance"].errors == 1
    assert len(pd.read_csv(tmp_path / "results.csv")) == 4
    assert record.read(tmp_path / record.FILE).unfinished == said  # the record is left as it is


def test_shards_of_which_one_is_unfinished_count_what_each_was_asked_for(
    made: Make, kept: Keep, tmp_path: Path
) -> None:
    one, two = (
        made({"a": dict.fromkeys(CASES[:3], "pass")}),
        made({"b": dict.fromkeys(CASES[3:], "pass")}, finished=False),
    )
    two.results.pop()
    paths = [kept(one, tmp_path / "one"), kept(two, tmp_path / "two")]
    result = command("report", *paths, "--out", tmp_path / "out")
    assert "unfinished: 5 of 6 outcomes" in result.output
    assert record.read(tmp_path / "out" / record.FILE).unfinished == "unfinished: 5 of 6 outcomes"


def test_a_damaged_record_gives_a_report_of_the_rest_and_exits_with_1(made: Make, kept: Keep, tmp_path: Path) -> None:
    path = kept(made({"a": dict.fromkeys(CASES, "pass")}), tmp_path / "run") / record.FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b'{"type":"resu\x00\n', *lines[4:]]))
    damaged = path.read_bytes()
    result = command("report", tmp_path / "run", "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    said = "damaged: 1 line cannot be used (line 4: it is no JSON); 5 outcomes were saved"
    assert said in result.output
    assert "damaged: 1 line cannot be used \\(line 4" in (tmp_path / "out" / "summary.md").read_text()
    assert len(pd.read_csv(tmp_path / "out" / "results.csv")) == 5
    assert not (tmp_path / "out" / record.FILE).exists()  # a copy would look whole
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Missing argument 'RUN...'"),
        (["nowhere"], "nowhere: No such file or directory"),
        (["one", "two"], "several runs are merged into one report: say with --out where it goes"),
        (["one", "two", "--out", "two"], "--out two is one of the runs that are merged; give a directory of its own"),
        (["one", "--previous", "nowhere"], "nowhere: No such file or directory"),
    ],
)
def test_bad_usage_exits_with_2(
    args: list[str], message: str, made: Make, kept: Keep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate(("one", "two")):
        kept(made({"a": {CASES[i]: "pass"}}), tmp_path / name)
    result = command("report", *args)
    assert result.exit_code == 2, result.output
    assert message in " ".join(result.output.split())


def test_an_error_harms_no_terminal(tmp_path: Path) -> None:
    result = command("report", tmp_path / "\x1b[2J\u202ebad")
    assert result.exit_code == 2
    assert result.output.endswith(" [2J bad: No such file or directory\n")


def test_a_report_shows_what_changed_since_a_previous_run_and_nothing_older(
    made: Make, kept: Keep, tmp_path: Path
) -> None:
    old = kept(made({"a": {CASES[0]: "pass"}}), tmp_path / "old")
    new = kept(made({"a": {CASES[0]: "value"}}), tmp_path / "new")
    result = command("report", new, "--previous", old)
    assert "worse: 1 new failure," in result.output
    assert "New failures: 1" in (new / "changes.html").read_text(encoding="utf-8")
    text = (new / "summary.md").read_text(encoding="utf-8")
    assert "## Changed since the previous run: 1 new failure," in text
    assert f"- **new failure**: `a` conv, 1 cases, smallest `{CASES[0]}`" in text
    command("report", new)
    assert not (new / "changes.html").exists()
    assert "Changed since" not in (new / "summary.md").read_text(encoding="utf-8")


def test_a_run_shows_what_changed_since_the_one_that_it_replaces(plugin: Install, tmp_path: Path) -> None:
    module = plugin("fake", "implementation = Implementation(name='fake', framework='numpy', build=right)")
    arguments = ["run", "fake", "--case", "conv.n5.k3", "--out", tmp_path / "out"]
    assert command(*arguments).exit_code == 0
    module.write_text(module.read_text().replace("build=right", "build=lambda case: lambda *a: 1 + right(case)(*a)"))
    result = command(*arguments, "--previous", tmp_path / "out")
    assert result.exit_code == 1, result.output
    assert "new failure: fake, conv, 1 case" in result.output
    assert "fake: sources" in result.output
    assert (tmp_path / "out" / "changes.html").exists()
    refused = command(*arguments, "--previous", tmp_path / "nowhere")
    assert refused.exit_code == 2
