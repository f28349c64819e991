"""Whole runs through the command: exit codes, what is written, what is refused, and going on after an interruption."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from junitparser import JUnitXml

from same_conformance import cli, record

Install = Callable[..., Path]
GOOD = "implementation = Implementation(name='fake', framework='numpy', build=right)"
WRONG = """
    from same_conformance import mutants

    def build(case):
        def execute(x, *kernel):
            here = case.resized(x.shape[1:-1])
            plan = mutants.RULES["half"].plan(here) if case.op == "conv" else None
            return spec.execute(here, (x, *kernel), plan).astype(case.dtype)

        return execute

    implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
"""
EVEN = ["--case", "conv.n6.k3.s2", "--case", "conv.n5.k3.s2", "--case", "conv.n4.k2"]


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def run(out: Path, *args: object) -> Result:
    return command("run", "--out", out, *args)


def verdicts(out: Path) -> dict[tuple[str, str], str]:
    frame = pd.read_csv(out / "results.csv")
    return {(row.implementation, row.case): row.verdict for row in frame.itertuples()}


def test_a_right_implementation_exits_with_0_and_everything_is_written(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", GOOD)
    result = run(tmp_path / "out", "fake", "spec", *EVEN)
    assert result.exit_code == 0, result.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"index.html", "results.csv", "mismatches.csv", "summary.md", "junit.xml", "run.jsonl", "badges"}
    assert set(verdicts(tmp_path / "out").values()) == {"pass"}


def test_a_wrong_implementation_exits_with_1_and_is_shrunk(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", WRONG)
    result = run(tmp_path, "fake", *EVEN)
    assert result.exit_code == 1, result.output
    assert verdicts(tmp_path) == {
        ("fake", "conv.n5.k3.s2"): "pass",
        ("fake", "conv.n6.k3.s2"): "value",
        ("fake", "conv.n4.k2"): "shape",
    }
    assert "2 unexpected verdicts: fake 2" in result.output
    assert "smallest counterexample: conv.n1.k2 (" in result.output
    row = pd.read_csv(tmp_path / "mismatches.csv").set_index("case").loc["conv.n4.k2"]
    assert (row.expected_shape, row.observed_shape) == ("1x4x1", "1x3x1")
    assert pd.isna(row.n_different)


def test_an_expected_failure_exits_with_0_and_a_stale_expectation_with_1(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", WRONG)
    entry = '[[expectation]]\nimplementation = "fake"\nwhen = "%s"\nrule = "half"\nreason = "halves"\nlink = "not reported"\n'
    known = tmp_path / "known.toml"
    known.write_text(entry % "op == 'conv'")
    assert run(tmp_path, "fake", *EVEN, "--expectations", known).exit_code == 0
    assert "halves" in (tmp_path / "mismatches.csv").read_text()
    known.write_text(entry.replace('rule = "half"', 'verdict = "value"') % "rank == 1")
    result = run(tmp_path, "fake", "--case", "conv.n5.k3.s2", "--expectations", known)
    assert result.exit_code == 1
    assert "1 stale expectation, whose cases pass: fake 1" in result.output
    (line,) = [
        line
        for line in result.output.splitlines()
        if line.startswith("  …/known.toml") or "known.toml, entry 1" in line
    ]
    assert line.endswith('(line 1) (when = "rank == 1"; halves): 1 case that it covers passes, conv.n5.k3.s2')


def test_a_named_implementation_that_does_not_start_exits_with_3_and_the_others_run(
    plugin: Install, tmp_path: Path
) -> None:
    plugin("fake", "import nothing_of_the_sort")
    result = run(tmp_path, "fake", "spec", *EVEN)
    assert result.exit_code == 3
    assert "fake did not start: ModuleNotFoundError: No module named 'nothing_of_the_sort'" in result.output
    assert len(verdicts(tmp_path)) == 3


def test_unsupported_is_no_failure_and_no_pass(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", "def conv(*a, **k):\n    raise Unsupported('not today')\n"
                   "implementation = Implementation(name='fake', framework='numpy', conv=conv)")  # fmt: skip
    assert run(tmp_path, "fake", *EVEN).exit_code == 0
    assert set(verdicts(tmp_path).values()) == {"unsupported"}
    assert pd.read_csv(tmp_path / "mismatches.csv").empty
    suite = next(iter(JUnitXml.fromfile(str(tmp_path / "junit.xml"))))
    assert (suite.tests, suite.skipped, suite.failures) == (3, 3, 0)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nobody"], "implementation 'nobody' is not installed. Installed: "),
        (["spek"], "Did you mean spec?"),
        (["--case", "conv.n-5.k3"], "'n-5' is no field; the form is op.nSIZE.kKERNEL"),
        (["--case", "conv.n0.k3"], "'n0' is no field"),
        (["--cases", "0"], "0 is not in the range x>=1"),
        (["--cases", "-3"], "-3 is not in the range x>=1"),
        (["--cases", "many"], "'many' is not a valid integer range"),
        (["--op", "convolution"], "'convolution' is not one of 'conv', 'depthwise_conv'"),
        (["--compared", "gradient"], "'gradient' is not one of 'forward', 'input_gradient', 'kernel_gradient'"),
        (["--profile", "slow"], "'slow' is not one of 'quick', 'standard', 'deep'"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
        (["--timeout", "0"], "0.0 is not in the range x>0"),
        (["--cases-from", "nowhere.txt"], "--cases-from nowhere.txt: No such file or directory"),
        (["--expectations", "nowhere.toml"], "expectations nowhere.toml: there is no such file"),
        (["--python", "spec"], "'spec' is not NAME=INTERPRETER"),
        (["--python", "spec=/nowhere/python"], "there is no such interpreter"),
        (["--python", f"nobody={sys.executable}"], "implementation 'nobody' is not installed"),
        (["--out", "/proc/nowhere"], "--out /proc/nowhere cannot be written to"),
        (["spec", "--case", "conv.n3.k3", "--op", "max_pool"], "no case is left with op max_pool"),
        (["--frobnicate"], "No such option"),
    ],
)
def test_wrong_usage_exits_with_2_in_one_line_that_helps(
    args: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command("run", *args)
    assert result.exit_code == 2, result.output
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_a_file_of_cases_is_read_with_comments_and_a_bad_line_is_named(tmp_path: Path) -> None:
    listed = tmp_path / "mine.txt"
    listed.write_text('# my layers\nconv.n5.k3  # the stem\n\n{"case": "max_pool.n4.k2"}\nconv.n5.k3\n')
    assert run(tmp_path / "out", "spec", "--cases-from", listed).exit_code == 0
    assert set(verdicts(tmp_path / "out")) == {("spec", "conv.n5.k3"), ("spec", "max_pool.n4.k2")}
    listed.write_text("conv.n5.k3\nconv.n5\n")
    result = run(tmp_path / "out", "spec", "--cases-from", listed)
    assert result.exit_code == 2
    assert "mine.txt, line 2: case id 'conv.n5': kernel is missing" in result.output
    listed.write_text("# nothing\n")
    assert "holds no case" in run(tmp_path / "out", "spec", "--cases-from", listed).output


def test_only_what_is_compared_as_asked_runs_and_the_table_says_what(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", GOOD.replace("build=right", "build=right, gradient=right"))
    result = run(tmp_path, "fake", "--cases", 30, "--op", "conv", "--compared", "kernel_gradient")
    assert result.exit_code == 0, result.output
    frame = pd.read_csv(tmp_path / "results.csv")
    assert set(frame.compared) == {"kernel_gradient"}
    assert len(frame) >= 30
    assert (
        run(tmp_path, "fake", "--profile", "quick", "--compared", "input_gradient", "--op", "max_pool").exit_code == 0
    )
    nothing = run(tmp_path, "fake", "--profile", "quick", "--compared", "kernel_gradient", "--op", "max_pool")
    assert nothing.exit_code == 2
    assert "no case is left with op max_pool and rank 1, 2, 3 that compares kernel_gradient" in nothing.output


def test_a_gradient_whose_forward_result_has_another_shape_is_told_by_the_shapes_of_that(
    plugin: Install, tmp_path: Path
) -> None:
    plugin(
        "fake",
        "implementation = Implementation(name='fake', framework='numpy', build=lambda case: lambda x, k: x, gradient=right)",
    )
    run(tmp_path, "fake", "--case", "conv.n6.k3.s2.input_gradient")
    row = pd.read_csv(tmp_path / "mismatches.csv").iloc[0]
    assert (row.verdict, row.expected_shape, row.observed_shape) == ("shape", "1x3x1", "1x6x1")


def test_the_same_seed_writes_the_same_bytes(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", WRONG)
    for out in ("a", "b"):
        run(tmp_path / out, "fake", "spec", "--cases", 60, "--seed", 5, "--op", "conv", "--rank", 1)
    for name in ("results.csv", "mismatches.csv", "junit.xml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_classes_of_which_no_case_was_drawn_are_named(tmp_path: Path) -> None:
    few = run(tmp_path, "spec", "--cases", 3, "--op", "conv", "--rank", 1).output
    assert "drawn: 3 distinct cases with seed 0; " in few
    assert "; none of: " in few
    many = run(tmp_path, "spec", "--cases", 150, "--op", "conv", "--rank", 1).output
    assert "; none of: unequal axes\n" in many


SLOW = """
    import os, time

    def build(case):
        time.sleep(0.02 if "SLOWLY" in os.environ else 0)
        return right(case)

    implementation = Implementation(name="fake", framework="numpy", build=build)
"""
FEW_RUN = ["fake", "--cases", "60", "--op", "conv", "--rank", "1"]
SLOW_RUN = ["fake", "--cases", "150", "--op", "conv", "--rank", "1"]


def _heed_interrupts() -> None:
    """Undo what a shell does to its background jobs, and so perhaps to these tests: there SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(out: Path, how: signal.Signals) -> int:
    """Start a slow run in a process of its own, interrupt it half-way; return how many outcomes were recorded."""
    arguments = [sys.executable, "-m", "same_conformance", "run", "--out", str(out), *SLOW_RUN]
    environment = {**os.environ, "SLOWLY": "1"}
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, env=environment, preexec_fn=_heed_interrupts)  # noqa: PLW1509  # one thread
    path = out / record.FILE
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_bytes().count(b"\n") > 40):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(how)
    _, error = process.communicate(timeout=30)
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert b"the same command goes on from there" in error
    return len(record.read(path).results)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_is_continued_by_the_same_command(
    plugin: Install, tmp_path: Path, how: signal.Signals
) -> None:
    plugin("fake", SLOW)
    n = _interrupt(tmp_path, how)
    assert n >= 40
    result = run(tmp_path, *SLOW_RUN)
    assert result.exit_code == 0
    assert f"continuing an unfinished run: {n} outcomes are there already" in result.output
    run(tmp_path / "whole", *SLOW_RUN)
    assert (tmp_path / "results.csv").read_bytes() == (tmp_path / "whole" / "results.csv").read_bytes()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("source", "the sources of fake changed"),
        ("a source beside it", "the sources of fake changed"),
        ("seed", "the cases changed"),
        ("variable", "environment variables of the frameworks changed"),
        ("timeout", "the limits changed"),
        ("others", "the implementations changed: spec"),
    ],
)
def test_an_unfinished_run_starts_anew_when_something_changed_and_says_what(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, why: str
) -> None:
    module = plugin("fake", GOOD)
    module.write_text("import beside_it\n" + module.read_text())
    beside = module.with_name("beside_it.py")
    beside.write_text("")
    module.with_name(".#lock.py").symlink_to("nobody@nowhere")  # as an editor leaves it
    run(tmp_path, *FEW_RUN)
    path = tmp_path / record.FILE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:50]) + lines[50][:20])  # as `kill -9` leaves it
    extra: list[str] = []
    if change == "source":
        module.write_text(module.read_text() + "# edited\n")
    if change == "a source beside it":
        beside.write_text("# edited\n")
    if change == "seed":
        extra = ["--seed", "1"]
    if change == "variable":
        monkeypatch.setenv("TF_ANYTHING", "1")
    if change == "timeout":
        extra = ["--timeout", "50"]
    if change == "others":
        extra = ["spec"]
    result = run(tmp_path, *FEW_RUN, *extra)
    assert f"an unfinished run of 49 outcomes is not continued: {why}; starting anew" in result.output
    assert result.exit_code == 0


def test_a_finished_run_is_never_reused(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", GOOD)
    for _ in range(2):
        result = run(tmp_path, "fake", *EVEN)
        assert result.exit_code == 0
        assert "continuing" not in result.output


def test_contested_cases_name_the_witnesses_and_whom_an_outcome_equals(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a fake witness that is wrong: the case is contested, and unlisted, so the run exits with 1."""
    monkeypatch.setattr("same_conformance.assessment.WITNESSES", ("fake", "other"))
    plugin("fake", WRONG)
    plugin("other", GOOD.replace("fake", "other"))
    result = run(tmp_path, "fake", "other", "spec", *EVEN)
    assert result.exit_code == 1
    assert "2 contested outcomes of witnesses, some not listed" in result.output
    frame = pd.read_csv(tmp_path / "results.csv").set_index(["case", "implementation"])
    row = frame.loc[("conv.n6.k3.s2", "spec")]
    assert row.contested
    assert row.witnesses == "ran fake other; equals other"
    assert frame.loc[("conv.n6.k3.s2", "fake")].witnesses == "ran fake other; equals fake"
    assert not frame.loc[("conv.n5.k3.s2", "spec")].contested


def test_list_names_every_implementation_its_package_and_why_one_cannot_start(plugin: Install) -> None:
    plugin("fake", "import nothing_of_the_sort")
    result = command("list")
    assert result.exit_code == 0
    assert "cannot start: ModuleNotFoundError: No module named 'nothing_of_the_sort'" in result.output
    assert "their-fake 1.0" in result.output
    assert "torch-explicit" in result.output


def test_show_prints_pads_operands_and_what_implementations_give(plugin: Install) -> None:
    plugin("fake", WRONG)
    result = command("show", "conv.n6.k3.s2", "--with", "fake")
    assert result.exit_code == 0
    assert "axis 0: size 6, kernel 3, stride 2, dilation 1: pads 0 before and 1 after, output 3" in result.output
    assert "fake: value: 3 of 3 elements differ" in result.output
    assert command("show", "conv.n6").exit_code == 2


def test_the_record_says_everything_that_the_outcomes_depend_on(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", GOOD)
    run(tmp_path, "fake", *EVEN, "--seed", 7)
    header = json.loads((tmp_path / record.FILE).read_text().splitlines()[0])
    assert (header["seed"], header["profile"]) == (7, "standard")
    (about,) = header["implementations"]
    assert about["distribution"] == "their-fake"
    assert "numpy" in about["versions"]
    assert about["sources"]
    assert {case for case, _ in header["cases"]} == set(EVEN[1::2])


def test_the_user_s_directory_is_left_alone(plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plugin("fake", GOOD)
    before = set(tmp_path.iterdir())
    arguments = [
        sys.executable,
        "-m",
        "same_conformance",
        "run",
        "fake",
        "--cases",
        "20",
        "--op",
        "conv",
        "--out",
        "out",
    ]
    subprocess.run(arguments, check=True, capture_output=True)
    assert set(tmp_path.iterdir()) - before == {tmp_path / "out"}
