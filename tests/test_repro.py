"""Scripts that repeat a case without this package say what our own verdict says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from click.testing import CliRunner

from same_conformance import cli, corpus, plugins, strategies
from same_conformance.case import DTYPES, OPS, Case, parse
from same_conformance.judge import FAILURES, Judge, Judgement
from same_conformance.outcome import Error, Outcome, Unsupported
from same_conformance.repro import calls, issue, script
from same_conformance.repro.target import Observation, Target
from same_conformance.runner.pool import Pool

Install = Callable[..., Path]

GUARD = """
import contextlib, importlib.abc, io, json, pathlib, runpy, sys

class Guard(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "same_conformance":
            raise ImportError("a script imports same_conformance")

sys.meta_path.insert(0, Guard())
said = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit:
            pass
        except BaseException as error:
            print(f"raised {type(error).__name__}: {error}".splitlines()[0])
    said[path.stem] = out.getvalue().splitlines()[-1]
print("\\n" + json.dumps(said))
"""
"""Runs all scripts of a directory in one process, because importing TensorFlow for each would take minutes."""


def run_guarded(directory: Path) -> dict[str, str]:
    """Run every script in `directory` where ours cannot be imported; return the last line that each printed."""
    result = subprocess.run([sys.executable, "-c", GUARD, directory], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    last: dict[str, str] = json.loads(result.stdout.splitlines()[-1])
    return last


def sample() -> list[Case]:
    """Return small and large cases of every op, forward and gradients, once and twice, in every dtype."""
    drawn = strategies.draw_distinct(n=12, seed=11, dtypes=DTYPES).cases
    large = [
        parse(text)
        for text in (
            "conv.n19-8.k3-4.s2-1.c6-4.g2",
            "conv.n19-8.k3-4.s2-1.c6-4.g2.same_lower",
            "conv.n9-8-5.k3-2-1.s2-1-2.c4-2.g2",
            "conv.n9-8.k3-4.s2-1.c6-4.g2.float64.input_gradient",
            "conv.n9-8.k3-4.s2-1.c6-4.g2.float64.kernel_gradient",
            "conv.n19-8.k3-4.s2-3.c6-4.kernel_gradient",
            "conv.n19-8.k3-4.s2-3.c6-4.input_gradient",
            "depthwise_conv.n19-8.k4-3.s2-2.c5-2",
            "depthwise_conv.n9-8.k4-3.s2-2.d1-2.c5-2",
            "depthwise_conv.n19-8.k4-3.c5-3.input_gradient",
            "depthwise_conv.n19-8.k4-3.c5-3.kernel_gradient",
            "conv_transpose.n9-4.k3-4.s2-3.c3-5",
            "conv_transpose.n9-4.k3-4.s2-3.c3-5.kernel_gradient",
            "conv_transpose.n9-4.k3-4.s2-3.c3-5.input_gradient",
            "max_pool.n9-12.k3-4.s2-3.b2.c3",
            "max_pool.n9-12.k3-4.s2-3.c3.input_gradient",
            "avg_pool.n9-12.k3-4.s2-3.c3",
            "avg_pool.n9-12.k3-4.s2-3.c3.input_gradient",
            "avg_pool.n9-1.k3-2.s2-3.d1-3.b12.c3",
            "conv.n9-8.k3-4.s2-1.c6-4.calls2",
            "max_pool.n9-12.k3-4.s2-3.b2.c3.calls2",
        )
    ]
    return [*large, *(entry.case for entry in corpus.read()[::45]), *drawn]


@pytest.fixture(scope="module")
def observed() -> list[Observation]:
    """Return what the built-in implementations did with one case, the largest, of each kind."""
    entry_points = [e for e in plugins.installed() if e.is_builtin and e.name != "spec"]
    with Pool() as pool:
        pool.start(entry_points)
        assert not pool.failures
        judge = Judge()
        results = [
            Observation(Target.of(pool.started[name]), case, outcome, judge.judge(case, outcome))
            for name, case, outcome in pool.run(dict.fromkeys(pool.started, sample()))
        ]
    offered = [r for r in results if not isinstance(r.outcome, Unsupported)]
    return [
        max(group, key=lambda o: o.case.canonical_key)
        for _, group in groupby(sorted(offered, key=by_kind), key=by_kind)
    ]


def by_kind(found: Observation) -> tuple[object, ...]:
    """Tell what is written differently: forward by every implementation, the rest by the framework where that is torch."""
    case, target = found.case, found.target
    is_shared = target.framework == "torch" and (case.compared, case.calls) != ("forward", 1)
    who = target.framework if is_shared else target.name
    return who, case.op, found.judgement.verdict, case.compared, case.calls


def differs(last_line: str) -> bool:
    assert last_line.startswith(("They differ", "They are equal.", "raised ")), last_line
    return not last_line.startswith("They are equal.")


def test_every_built_in_implementation_is_written_out() -> None:
    names = {e.name for e in plugins.installed() if e.is_builtin}
    assert names - {"spec"} == set(calls.BUILT_IN)


def test_scripts_of_built_in_implementations_need_nothing_of_ours_and_say_what_the_verdict_says(
    observed: list[Observation], tmp_path: Path
) -> None:
    offered = {(o.target.name, op) for o in observed for op in o.target.ops}
    assert {(o.target.name, o.case.op) for o in observed} == offered, "an op of an implementation is not repeated"
    homes: dict[tuple[object, ...], dict[str, Observation]] = {}
    for number, found in enumerate(observed):
        home = homes.setdefault((found.target.framework, *sorted(found.target.environment.items())), {})
        directory = tmp_path / str(list(homes.values()).index(home))
        directory.mkdir(exist_ok=True)
        (directory / f"{number:04}.py").write_text(script.write(found), encoding="utf-8")
        home[f"{number:04}"] = found
    wrong = []
    for place, home in enumerate(homes.values()):
        for number, last_line in run_guarded(tmp_path / str(place)).items():
            found = home[number]
            if differs(last_line) != (found.judgement.verdict in FAILURES):
                wrong.append(
                    f"{found.target.name} {found.case}: {found.judgement.verdict}, but {last_line} ({place}/{number})"
                )
    assert wrong == []


def test_the_guard_notices_a_script_that_imports_ours(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import same_conformance\n")
    assert run_guarded(tmp_path) == {"a": "raised ImportError: a script imports same_conformance"}


PLUGIN = """
    def conv(x, kernel, *, stride, dilation, padding, groups):
        return right(conv.case)(x, kernel) + 1

    from same_conformance.case import parse
    conv.case = parse("conv.n5.k3.s2")
    implementation = Implementation(name="theirs", framework="numpy", conv=conv)
"""
BUILDING = """
    implementation = Implementation(name="theirs", framework="numpy", build=right, gradient=right)
"""


@pytest.mark.parametrize(
    ("body", "case", "last"),
    [
        (PLUGIN, "conv.n5.k3.s2", "They differ in 3 of 3 elements."),
        (BUILDING, "conv.n5.k3.s2", "They are equal."),
        (BUILDING, "max_pool.n5.k3.s2.calls2", "They are equal."),
        (BUILDING, "conv.n5-9.k3-2.s2-1.c3-4.kernel_gradient", "They are equal."),
    ],
)
def test_a_script_calls_the_function_of_a_stranger_s_package(
    plugin: Install, tmp_path: Path, body: str, case: str, last: str
) -> None:
    plugin("theirs", body)
    result = CliRunner().invoke(cli.main, ["repro", case, "--with", "theirs"])
    assert result.exit_code == 0, result.output
    assert "and the package their-theirs, whose function it calls" in " ".join(result.stdout.split())
    path = tmp_path / "script.py"
    path.write_text(result.stdout)
    ran = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, env=dict(os.environ))
    assert ran.stdout.splitlines()[-1:] == [last], ran.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["conv.n5.k3", "--with", "torch-explicitt"], "Did you mean torch-explicit?"),
        (["conv.n5.k3", "--with", "spec"], "spec is what is expected: name the implementation"),
        (["max_pool.n5.k3", "--with", "torch-native"], "torch-native does not offer max_pool.n5.k3"),
    ],
)
def test_what_cannot_be_repeated_is_said_in_one_line(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli.main, ["repro", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_an_issue_holds_the_rule_the_numbers_the_script_and_the_versions() -> None:
    result = CliRunner().invoke(cli.main, ["repro", "conv.n4.k3.s2", "--with", "torch-half", "--issue"])
    assert result.exit_code == 0, result.output
    title, *_ = result.stdout.splitlines()
    assert title == "# torch-half: wrong values for padding='same', conv in 1-D, float32, size 4, kernel 3, stride 2"
    for part in (
        "total = max((out - 1) s + ke - n, 0)",
        "- axis 0: size 4, kernel 3, stride 2, dilation 1: pads 0 before and 1 after, output 2",
        "kernel_shape_util.cc",
        "Expected: shape (1, 2, 1), in raster order",
        "Given: shape (1, 2, 1), in raster order",
        "result = F.conv1d(x, kernel, stride=(2,), padding=(1,))",
        "- torch 2",
        "- Python 3.",
    ):
        assert part in result.stdout


def test_an_issue_about_an_error_says_what_was_raised() -> None:
    target = Target("theirs", "torch", "", "a:b", "their", False, OPS, {}, {"torch": "2"}, "3.11", "Linux")
    outcome: Outcome = Error("RuntimeError: no")
    found = Observation(target, parse("conv.n5.k3"), outcome, Judgement("error", message="RuntimeError: no"))
    assert "It ended in `error`: RuntimeError: no." in issue.write(found)


CHANCE = """
    calls = []

    def build(case):
        def execute(x, *kernel):
            calls.append(x)
            return right(case)(x, *kernel) + (len(calls) % 4 == 0)

        return execute

    implementation = Implementation(name="theirs", framework="numpy", build=build, dtypes=("float32",))
"""
REMEMBERS = """
    first = {}

    def build(case):
        def execute(x, *kernel):
            seen = first.setdefault(case.kernel, x.shape)
            return right(case)(x, *kernel) + (seen != x.shape)

        return execute

    implementation = Implementation(name="theirs", framework="numpy", build=build, dtypes=("float32",))
"""


@pytest.mark.parametrize(
    ("body", "options", "verdict", "said"),
    [
        (CHANCE, [], "nondeterministic", "They differ: the same call, made again, gives"),
        (REMEMBERS, ["--after", "conv.n6.k3.s2"], "value", "They differ in 3 of 3 elements."),
    ],
)
def test_a_script_makes_the_calls_that_a_result_depends_on(
    plugin: Install, tmp_path: Path, body: str, options: list[str], verdict: str, said: str
) -> None:
    plugin("theirs", body)
    result = CliRunner().invoke(cli.main, ["repro", "conv.n5.k3.s2", "--with", "theirs", *options])
    assert result.exit_code == 0, result.output
    assert f"Verdict: {verdict}" in result.stdout
    path = tmp_path / "script.py"
    path.write_text(result.stdout)
    ran = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, env=dict(os.environ))
    assert said in ran.stdout.splitlines(), ran.stdout + ran.stderr
