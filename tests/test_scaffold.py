"""What ``same-conformance new`` writes: a package whose own tests pass at once, and fail when its code is wrong."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement

from same_conformance import cli, config, scaffold
from same_conformance.errors import UsageError
from same_conformance.scaffold import origin

TELLING = "even_kernel or remainder_1 or dilation_and_stride or input_gradient"
"""Classes of cases that stand for all where importing the framework takes long enough."""


def install(package: Path, target: Path) -> dict[str, str]:
    """Install a package as pip does, from its own directory and without the network; return the environment that has it."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--target", target, package], check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(target), os.environ.get("PYTHONPATH", "")])}


def put_beside(package: Path) -> dict[str, str]:
    """Write what pip would leave of a package into its own source directory, which is quicker; return the environment."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    info = package / "src" / f"{scaffold.module_of(project['name'])}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    ((group, points),) = project["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(package / "src"), os.environ.get("PYTHONPATH", "")])}


def run_its_tests(package: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("framework", "arguments"),
    [("numpy", []), *((framework, ["-k", TELLING]) for framework in ("torch", "jax", "tensorflow"))],
)
def test_its_own_tests_pass_at_once(framework: str, arguments: list[str], tmp_path: Path) -> None:
    package = tmp_path / "their-same"
    scaffold.write("their-same", framework, package)
    environment = install(package, tmp_path / "site") if framework == "numpy" else put_beside(package)
    result = run_its_tests(package, environment, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    (line,) = re.findall(r"^their-same: .*$", result.stdout, re.MULTILINE)
    assert re.match(r"their-same: \d+ cases, \d+ passed", line)
    assert "failed" not in line


def test_its_tests_fail_when_its_code_is_wrong(tmp_path: Path) -> None:
    package = tmp_path / "their-same"
    scaffold.write("their-same", "numpy", package)
    layers = package / "src/their_same/layers.py"
    right = layers.read_text()
    wrong = right.replace(
        "pads.append((total // 2, total - total // 2))", "pads.append((total - total // 2, total // 2))"
    )
    assert wrong != right
    layers.write_text(wrong)
    result = run_its_tests(package, put_beside(package), "-k", "conv-even_kernel")
    assert result.returncode == 1
    assert "are not SAME: their-same puts the odd element before, as SAME_LOWER does" in result.stdout


def test_it_says_what_to_do_next_and_writes_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.main, ["new", "their-same", "--framework", "jax"])
    assert result.exit_code == 0, result.output
    said = result.output.splitlines()
    files = {str(p.relative_to(tmp_path)) for p in (tmp_path / "their-same").rglob("*") if p.is_file()}
    assert said[0] == f"wrote {len(files)} files:"
    assert {line.strip() for line in said[1 : len(files) + 1]} == files
    assert said[len(files) + 1 :] == [
        "Next:",
        "  cd their-same",
        '  python -m pip install -e ".[test]"',
        "  python -m pytest",
        "Then put your own code into src/their_same/layers.py, and say in src/their_same/conformance.py what it offers.",
        "For OWNER in README.md and .github/workflows/same.yml, write whose repository you have same-conformance from.",
    ]


GIT = {"vcs": "git", "commit_id": "0f3c"}


@pytest.mark.parametrize(
    ("left", "requirement"),
    [
        (None, "same-conformance"),
        ({"url": "https://example.org/a/same.git", "vcs_info": GIT}, "same-conformance @ git+https://example.org/a/same.git@0f3c"),
        ({"url": "ssh://git@example.org/a", "vcs_info": GIT}, "same-conformance @ git+ssh://git@example.org/a@0f3c"),
        ({"url": "file:///home/me/same", "vcs_info": GIT}, "same-conformance @ git+https://github.com/OWNER/same-conformance"),
        ({"url": "file:///home/me/same", "dir_info": {}}, "same-conformance @ git+https://github.com/OWNER/same-conformance"),
    ],
)  # fmt: skip
def test_its_ci_installs_us_from_where_we_came(
    left: dict[str, object] | None, requirement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return left and json.dumps(left)

    monkeypatch.setattr(metadata, "distribution", {"same-conformance": Installed()}.__getitem__)
    assert str(Requirement(origin.requirement())) == requirement
    files = scaffold.files("their-same", "torch")
    for path in (".github/workflows/same.yml", "README.md"):
        assert f'python -m pip install "{requirement}"\n' in files[path]


@pytest.mark.parametrize("framework", scaffold.OFFERED)
def test_no_word_of_the_templates_is_left(framework: str) -> None:
    for path, text in scaffold.files("their-same", framework).items():
        assert not re.search(r"my[-_](same|framework|options|origin)", path + text), path


def test_a_name_may_be_a_word_of_the_templates() -> None:
    project = tomllib.loads(scaffold.files("my-framework", "torch")["pyproject.toml"])["project"]
    assert project["name"] == "my-framework"
    assert project["dependencies"] == ["torch"]


@pytest.mark.parametrize("framework", scaffold.OFFERED)
def test_its_files_are_what_they_claim_to_be(framework: str) -> None:
    files = scaffold.files("their.same", framework)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    group = project["entry-points"]["same_conformance.implementations"]
    assert group == {"their.same": "their_same.conformance:implementation"}
    for path, text in files.items():
        if path.endswith(".py"):
            compile(text, path, "exec")
            assert max(map(len, text.splitlines())) <= 88, path
    steps = yaml.safe_load(files[".github/workflows/same.yml"])["jobs"]["same"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands[1:] == ['python -m pip install -e ".[test]"', "python -m pytest"]
    assert all(command in files["README.md"] for command in commands)


def test_run_without_arguments_runs_what_the_package_offers(tmp_path: Path) -> None:
    scaffold.write("their-same", "numpy", tmp_path / "there")
    project = config.read(tmp_path / "there" / "src")
    assert (project.implementations, project.profile) == (("their-same",), "quick")


def test_the_line_for_known_failures_counts_once_it_is_uncommented(tmp_path: Path) -> None:
    scaffold.write("their-same", "numpy", tmp_path / "there")
    project = tmp_path / "there" / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("# expectations = ", "expectations = "), encoding="utf-8")
    assert config.read(tmp_path / "there").expectations == (tmp_path / "there" / "known-failures.toml",)


def test_only_jax_is_compiled_together() -> None:
    assert "    compile_together=50," in scaffold.files("mine", "jax")["src/mine/conformance.py"]
    assert "compile_together" not in scaffold.files("mine", "torch")["src/mine/conformance.py"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-same", "the name 'My-same' is not allowed: use a-z and 0-9"),
        ("same-", "the name 'same-' is not allowed"),
        ("../same", "the name '../same' is not allowed"),
        ("a" * 65, "is not allowed: .* 64 characters at most"),
        ("torch-half", "an implementation called 'torch-half' is installed already"),
        ("class", "'class' is a word of Python and cannot be imported"),
        ("torch", "there is a module called 'torch' already, which yours would hide"),
        ("jso.n", None),
        ("json", "there is a module called 'json' already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(name: str, said: str | None) -> None:
    if said is None:
        scaffold.check(name)
        return
    with pytest.raises(UsageError, match=said):
        scaffold.check(name)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    there.joinpath("README.md").write_text("mine")
    result = CliRunner().invoke(cli.main, ["new", "their-same", "--out", str(there)])
    assert result.exit_code == 2
    assert "exists already, and nothing is overwritten" in result.output
    assert [p.read_text() for p in there.iterdir()] == ["mine"]
    a_file = there / "README.md"
    result = CliRunner().invoke(cli.main, ["new", "their-same", "--out", str(a_file)])
    assert result.exit_code == 2
    assert a_file.read_text() == "mine"
    below = CliRunner().invoke(cli.main, ["new", "their-same", "--out", str(a_file / "below")])
    assert below.exit_code == 2
    assert "cannot be written to: Not a directory" in below.output


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.main, ["new", "their-same", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "pyproject.toml").is_file()


def test_the_frameworks_that_the_command_offers_have_templates() -> None:
    result = CliRunner().invoke(cli.main, ["new", "their-same", "--framework", "keras"])
    assert result.exit_code == 2
    assert all(repr(framework) in result.output for framework in scaffold.OFFERED)
