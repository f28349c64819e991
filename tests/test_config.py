"""What a project keeps in its pyproject.toml: found upward, checked word by word, and weaker than the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from same_conformance import cli, config
from same_conformance.errors import UsageError

Install = Callable[..., Path]
GOOD = "implementation = Implementation(name='fake', framework='numpy', build=right)"
KNOWN = """
[[expectation]]
implementation = "fake"
op = "conv"
verdict = "value"
reason = "who knows"
link = "not reported"
"""


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a repository with a table, in a folder of which we are."""
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "deep" / "er").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        '[tool.same-conformance]\nexpectations = "known.toml"\nimplementations = ["fake"]\nprofile = "quick"\n'
    )
    monkeypatch.chdir(root / "deep" / "er")
    return root


def test_what_the_project_keeps_is_used_said_and_recorded_and_the_command_line_wins(
    project: Path, plugin: Install, tmp_path: Path
) -> None:
    plugin("fake", GOOD)
    (project / "known.toml").write_text(KNOWN)
    narrow = ["--case", "conv.n5.k3", "--case", "max_pool.n4.k2", "--out", tmp_path / "out"]
    result = command("run", *narrow)
    said = "../../pyproject.toml: expectations ../../known.toml; implementations fake; profile quick"
    assert said in result.output.splitlines()
    assert result.exit_code == 1
    assert "1 stale expectation, whose cases pass: fake 1" in result.output
    header = json.loads((tmp_path / "out" / "run.jsonl").read_text().splitlines()[0])
    assert header["configuration"] == {
        "file": "../../pyproject.toml",
        "expectations": ["../../known.toml"],
        "implementations": ["fake"],
        "profile": "quick",
    }
    assert ([about["name"] for about in header["implementations"]], header["profile"]) == (["fake"], "quick")

    (tmp_path / "none.toml").write_text("")
    result = command("run", "spec", *narrow, "--profile", "standard", "--expectations", tmp_path / "none.toml")
    assert result.exit_code == 0
    assert "pyproject.toml" not in result.output
    header = json.loads((tmp_path / "out" / "run.jsonl").read_text().splitlines()[0])
    assert header["configuration"] == {}
    assert ([about["name"] for about in header["implementations"]], header["profile"]) == (["spec"], "standard")


def test_the_first_table_upward_counts_and_no_repository_reaches_beyond_its_root(project: Path) -> None:
    (project / "deep" / "pyproject.toml").write_text("[tool.other]\n")
    assert config.read(project / "deep" / "er").path == project / "pyproject.toml"
    (project / "deep" / "pyproject.toml").write_text("[tool.same-conformance]\nprofile = 'deep'\n")
    assert config.read(project / "deep" / "er") == config.Config(project / "deep" / "pyproject.toml", profile="deep")
    inner = project / "vendored"
    (inner / ".git").mkdir(parents=True)
    assert config.read(inner) == config.Config()
    (inner / ".git").rmdir()
    assert config.read(inner).path == project / "pyproject.toml"


def test_paths_are_relative_to_the_file_and_may_be_many(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.same-conformance]\nexpectations = ['a.toml', 'b/c.toml']\n")
    assert config.read(project / "deep").expectations == (project / "a.toml", project / "b" / "c.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[tool.same-conformance]\nexpectation = 'a.toml'",
            (
                "[tool.same-conformance]: 'expectation' is not known. Did you mean expectations? "
                "The keys are expectations, implementations, profile"
            ),
        ),
        ("[tool.same-conformance]\nprofile = 'fast'", "profile 'fast' is not known; use one of quick, standard, deep"),
        ("[tool.same-conformance]\nprofile = 3", "profile 3 is not known"),
        (
            "[tool.same-conformance]\nexpectations = 3",
            "expectations must be a path or a list of them, each a text; got 3",
        ),
        ("[tool.same-conformance]\nexpectations = ['']", "expectations must be a path or a list of them"),
        ("[tool.same-conformance]\nimplementations = [1]", "implementations must be a name or a list of them"),
        ("[tool]\nsame-conformance = 1", "tool.same-conformance must be a table, begun with [tool.same-conformance]"),
        ("[tool.same-conformance", "cannot be read: "),
    ],
)
def test_a_slip_of_the_pen_is_refused_with_its_place(project: Path, text: str, message: str) -> None:
    (project / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        config.read(project / "deep")
    assert str(project / "pyproject.toml") in str(caught.value)
    assert message in str(caught.value)
    assert command("run", "spec", "--case", "conv.n5.k3").exit_code == 2


def test_a_file_that_the_table_names_and_nobody_wrote_is_refused_in_words(project: Path) -> None:
    result = command("run", "spec", "--case", "conv.n5.k3")
    assert result.exit_code == 2
    assert (
        "known.toml (named in ../../pyproject.toml): there is no such file; "
        "`same-conformance run IMPLEMENTATION --update-expectations` writes it, and an empty one will do"
    ) in result.output
