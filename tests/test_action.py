"""The action and the recipes for CI: their own commands, run here as far as that goes without the network."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
Install = Callable[..., Path]

RIGHT = "implementation = Implementation(name='mine', framework='numpy', build=right, gradient=right)"
WRONG = "implementation = Implementation(name='mine', framework='numpy', max_pool=lambda x, **_: x + 1)"
REQUIREMENT = "same-conformance @ git+https://github.com/OWNER/same-conformance"
ONE_CASE = "--case max_pool.n1.k1"


def action() -> dict[str, Any]:
    """Return what GitHub reads."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def step(name: str) -> dict[str, Any]:
    """Return a step of the action."""
    (found,) = [step for step in action()["runs"]["steps"] if step["name"] == name]
    return dict(found)


@pytest.fixture
def runner(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a step as GitHub's runner does, with a pip that only writes down what it was asked for."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, line in {
        "python": f'case "$*" in "-m pip"*) printf "%s\\n" "$@" >> "{tmp_path}/pip" ;; *) exec {sys.executable} "$@" ;; esac',
        "same-conformance": f'exec {sys.executable} -m same_conformance "$@"',
    }.items():
        programs.joinpath(name).write_text(f"#!/bin/sh\n{line}\n")
        programs.joinpath(name).chmod(0o755)

    def run(name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        defaults = {key: value.get("default", "") for key, value in action()["inputs"].items()}
        values = {f"inputs.{key}": value for key, value in {**defaults, **inputs}.items()}
        values["runner.temp"] = str(tmp_path / "temp")
        it = step(name)
        variables = {
            key: re.sub(r"\$\{\{\s*([\w.]+)\s*\}\}", lambda match: values[match[1]], text)
            for key, text in it["env"].items()
        }
        environment = {
            **os.environ,
            **variables,
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "GITHUB_ACTION_PATH": "/the/action",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        }
        assert it["shell"] == "bash"
        assert "${{" not in it["run"]  # what a user gives is never text of a script
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", it["run"]]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ["."]),
        ({"install": "-e .[test]"}, ["-e", ".[test]"]),
        ({"install": ""}, None),
    ],
)
def test_it_installs_itself_and_what_it_is_told(
    given: dict[str, str], asked: list[str] | None, runner: Run, tmp_path: Path
) -> None:
    (tmp_path / ".t").write_text("what the pattern .[test] would become")
    result = runner("Install", implementation="mine", **given)
    assert result.returncode == 0, result.stderr
    first = ["-m", "pip", "install", "/the/action"]
    second = ["-m", "pip", "install", *asked] if asked else []
    assert (tmp_path / "pip").read_text().splitlines() == first + second


def test_it_runs_writes_the_summary_and_leaves_the_report_where_it_is_uploaded_from(
    plugin: Install, runner: Run, tmp_path: Path
) -> None:
    plugin("mine", RIGHT)
    result = runner("Run", implementation="mine", profile="quick", args=ONE_CASE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "mine" in (tmp_path / "summary").read_text()
    upload = step("Upload the report")
    report = Path(upload["with"]["path"].replace("${{ runner.temp }}", str(tmp_path / "temp")))
    assert (report / "index.html").is_file()
    assert upload["if"] == "${{ !cancelled() }}"  # of a failed run above all


def test_a_failure_fails_the_step_and_is_annotated(plugin: Install, runner: Run) -> None:
    plugin("mine", WRONG)
    result = runner("Run", implementation="mine", args=ONE_CASE)
    assert result.returncode == 1
    assert "::error title=same-conformance%3A mine%3A max_pool::" in result.stdout


def test_several_implementations_and_expectations_are_passed_on(plugin: Install, runner: Run, tmp_path: Path) -> None:
    plugin("mine", WRONG)
    entry = 'implementation = "mine"\nwhen = "op == \'max_pool\'"\nverdict = "value"\nreason = "later"\nlink = "none"\n'
    (tmp_path / "known failures.toml").write_text(f"[[expectation]]\n{entry}")
    result = runner("Run", implementation="mine spec", expectations="known failures.toml", args=ONE_CASE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "spec" in (tmp_path / "summary").read_text()


def test_what_a_user_gives_is_never_executed(plugin: Install, runner: Run, tmp_path: Path) -> None:
    plugin("mine", RIGHT)
    evil = "$(touch executed); touch executed `touch executed` | touch executed && *"
    result = runner("Run", implementation=evil, profile=evil, expectations=evil, args=evil)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "'--profile': '$(touch executed); touch executed" in result.stderr  # one word, as it was given
    assert not (tmp_path / "executed").exists()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_workflow_gives_the_action_inputs_that_it_has() -> None:
    (text,) = blocks("yaml")
    steps = yaml.safe_load(text)["jobs"]["same"]["steps"]
    (used,) = [step["with"] for step in steps if "same-conformance" in step["uses"]]
    inputs = action()["inputs"]
    assert used.keys() <= inputs.keys()
    assert used.keys() >= {name for name, about in inputs.items() if about.get("required")}
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(inputs)


def test_every_recipe_takes_the_package_from_where_the_workflow_takes_the_action() -> None:
    (workflow,) = re.findall(r"uses: (OWNER/same-conformance)@", PAGE)
    assert REQUIREMENT.endswith(f"github.com/{workflow}")
    assert PAGE.count(REQUIREMENT) == 3
    assert not re.search(r"(install|deps =).* [\"']?same-conformance[\"']?$", PAGE, re.MULTILINE)


def test_the_recipe_for_nox_runs(plugin: Install, tmp_path: Path) -> None:
    """In a virtual environment that is there already, so that nothing is installed."""
    plugin("mine", RIGHT)
    (text,) = blocks("python")
    (tmp_path / "noxfile.py").write_text(text)
    environment = tmp_path / ".nox" / "same"
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/*/site-packages")
    site.joinpath("ours.pth").write_text("\n".join(path for path in sys.path if path))
    program = environment / "bin/same-conformance"
    program.write_text(f"#!{environment}/bin/python\nfrom same_conformance.cli import main\nmain()\n")
    program.chmod(0o755)
    command = ["-m", "nox", "-R", "--force-venv-backend=venv", "-s", "same", "--", "--out", "out", *ONE_CASE.split()]
    result = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "out/index.html").is_file()


def test_the_recipe_for_tox_runs(plugin: Install, tmp_path: Path) -> None:
    """In an environment into which nothing is installed: it takes our command and what that imports."""
    plugin("mine", RIGHT)
    (text,) = blocks("ini")
    assert f"deps = {REQUIREMENT}\n" in text
    (tmp_path / "tox.ini").write_text(text)
    overrides = {
        "deps": "",
        "skip_install": "true",
        "allowlist_externals": "same-conformance",
        "set_env": "PYTHONPATH=" + os.pathsep.join(path for path in sys.path if path),
    }
    given = [f"--override=testenv:same.{key}={value}" for key, value in overrides.items()]
    command = ["-m", "tox", *given, "-e", "same", "--", *ONE_CASE.split()]
    result = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / ".tox/same/report/index.html").is_file()
