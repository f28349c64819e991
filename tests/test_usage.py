"""Wrong usage is found out before anything runs and said in one line; no terminal and no file makes the command die."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from same_conformance import cli

Install = Callable[..., Path]
ENTRY = """
[[expectation]]
implementation = "{implementation}"
when = "{when}"
verdict = "value"
reason = "who knows"
link = "not reported"
"""
CASE = ["--case", "conv.n9.k3"]


def run(out: Path, *args: object) -> Result:
    return CliRunner().invoke(cli.main, ["run", "--out", str(out), *(str(arg) for arg in args)])


def refused(result: Result) -> str:
    """Return the one line that says why the command did nothing."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize("cases", [["--case", "conv.n3.k3"], ["--cases", "100", "--op", "conv", "--rank", "1"]])
def test_a_predicate_that_fails_on_a_case_of_the_run_is_found_before_anything_executes(
    tmp_path: Path, cases: list[str]
) -> None:
    known = tmp_path / "known.toml"
    known.write_text(ENTRY.format(implementation="spec", when="any(9 // (n - 3) > 99)"))
    said = refused(run(tmp_path / "out", "spec", *cases, "--expectations", known))
    assert (
        "expectation for spec, in …/known.toml, entry 1 (line 2): predicate 'any(9 // (n - 3) > 99)' on conv.n3" in said
    )
    assert not (tmp_path / "out" / "run.jsonl").exists()
    known.write_text(ENTRY.format(implementation="torch-explicit", when="any(9 // (n - 3) > 99)"))
    assert run(tmp_path / "out", "spec", *CASE, "--expectations", known).exit_code == 0


def test_a_predicate_that_fails_on_a_case_made_up_by_shrinking_ends_no_run(plugin: Install, tmp_path: Path) -> None:
    body = """
        def build(case):
            return lambda x, kernel: right(case)(x, kernel) + (x.shape[1] >= 3)

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
    """
    plugin("fake", body)
    known = tmp_path / "known.toml"
    known.write_text(ENTRY.format(implementation="fake", when="all(9 // (n - 3) > 99)"))
    result = run(tmp_path, "fake", *CASE, "--expectations", known)
    assert result.exit_code == 1, result.output
    assert "smallest counterexample: conv.n4.k1" in result.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--timeout", "nan"], "nan is not a finite number"),
        (["--timeout", "inf"], "inf is not a finite number"),
        (["--start-timeout", "nan"], "nan is not a finite number"),
        (["--memory", "nan"], "nan is not a finite number"),
        (["--memory", "inf"], "inf is not in the range 0.5<=x<=1048576"),
        (["--memory", "1e30"], "1e+30 is not in the range 0.5<=x<=1048576"),
    ],
)
def test_a_limit_must_be_a_finite_number_in_its_range(tmp_path: Path, args: list[str], message: str) -> None:
    assert message in refused(run(tmp_path, "spec", *CASE, *args))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[expectation]\nwhen = 'rank == 1'", "'expectation' must be tables, each begun with [[expectation]]"),
        ("expectation = 5", "'expectation' must be tables, each begun with [[expectation]]"),
        ("expectation = [5]", "'expectation' must be tables, each begun with [[expectation]]"),
        ("a = " + "[" * 5000, "nested too deeply"),
        (ENTRY.format(implementation="spec", when="not " * 120 + "rank == 1"), ""),
        (ENTRY.format(implementation="spec", when="-" * 480 + "rank == 1"), "cannot be read: it is nested too deeply"),
        (ENTRY.format(implementation="spec", when="op * rank" + " * 999999" * 5 + " == 'conv'"), "predicate"),
    ],
)
def test_expectations_of_another_form_are_refused_in_words(tmp_path: Path, text: str, message: str) -> None:
    known = tmp_path / "known.toml"
    known.write_text(text)
    result = run(tmp_path / "out", "spec", *CASE, "--expectations", known)
    if message:
        assert message in refused(result)
    else:
        assert result.exit_code in (0, 1)


def test_deeply_nested_json_in_a_list_of_cases_is_refused_with_its_line(tmp_path: Path) -> None:
    listed = tmp_path / "mine.txt"
    listed.write_text("conv.n5.k3\n" + '{"case":' + "[" * 100_000 + "\n")
    said = refused(run(tmp_path / "out", "spec", "--cases-from", listed))
    assert "mine.txt, line 2: not a case id, and not an object with the key 'case'" in said


def test_files_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    known, listed = tmp_path / "known.toml", tmp_path / "mine.txt"
    known.write_text(ENTRY.format(implementation="spec", when="rank == 3"), encoding="utf-8-sig")
    listed.write_text("conv.n5.k3\n", encoding="utf-8-sig")
    result = run(tmp_path / "out", "spec", "--cases-from", listed, "--expectations", known)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", ["index.html", "results.csv", "run.jsonl", "junit.xml"])
def test_what_stands_in_the_way_of_the_report_is_found_before_the_run(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    said = refused(run(tmp_path, "spec", *CASE))
    assert f"{name} is not a file that can be written; move it away, or give another directory" in said
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_terminal_that_cannot_show_a_character_gets_another(plugin: Install, tmp_path: Path) -> None:
    body = """
        def conv(*a, **k):
            raise ValueError("na\\u00efve \\u2192 \\u6f22")

        implementation = Implementation(name="fake", framework="numpy", conv=conv)
    """
    plugin("fake", body)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    out = tmp_path / "out\udcff"  # a name that is not UTF-8
    command = [sys.executable, "-m", "same_conformance", "run", "fake", *CASE, "--out", os.fsencode(out)]
    result = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert b"ValueError: na?ve ? ?" in result.stdout
    assert b"Traceback" not in result.stderr
    assert result.returncode == 1
    assert (out / "index.html").exists()


def test_an_expectation_for_nobody_is_said_in_one_line_and_only_of_the_user_s_file(tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    entries = [("spek", "rank == 1"), ("spek", "rank == 2"), ("tensorflow", "rank == 1"), ("spec", "rank == 3")]
    known.write_text("".join(ENTRY.format(implementation=name, when=when) for name, when in entries))
    result = run(tmp_path, "spec", *CASE, "--expectations", known)
    assert result.exit_code == 0, result.output
    said = [line for line in result.output.splitlines() if "expectations for" in line]
    assert said == [
        "2 expectations for 'spek' concern nobody: it is neither installed nor in the run. Did you mean spec?"
    ]
    assert "expectations for" not in run(tmp_path, "spec", *CASE).output
