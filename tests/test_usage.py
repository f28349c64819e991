"""Wrong usage is found out before anything runs and said in one line; no terminal and no file makes the command die."""

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
    assert "expectation for spec: predicate 'any(9 // (n - 3) > 99)' on conv.n3" in said
    assert not (tmp_path / "out" / "run.jsonl").exists()
    known.write_text(ENTRY.format(implementation="torch-explicit", when="any(9 // (n - 3) > 99)"))
    assert run(tmp_path / "out", "spec", *CASE, "--expectations", known).exit_code == 0


def test_a_predicate_that_fails_on_a_case_made_up_by_shrinking_ends_no_run(plugin: Install, tmp_path: Path) -> None:
    body = """
        def build(case):
            return lambda *operands: right(case)(*operands) + (case.size[0] >= 3)

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
    """
    plugin("fake", body)
    known = tmp_path / "known.toml"
    known.write_text(ENTRY.format(implementation="fake", when="all(9 // (n - 3) > 99)"))
    result = run(tmp_path, "fake", *CASE, "--expectations", known)
    assert result.exit_code == 1, result.output
    assert "smallest counterexample of fake, conv, value: conv.n4.k1" in result.output
