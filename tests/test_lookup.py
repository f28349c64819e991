"""Implementations are named by name or by file, in this interpreter or another, and every mistake is said in one line."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from same_conformance import cli, lookup, plugins, record
from same_conformance.case import parse
from same_conformance.errors import UsageError
from same_conformance.judge import Judge
from same_conformance.runner.pool import Pool, Started

Install = Callable[..., Path]
CASE = "conv.n5.k3"
HEAD = """
from same_conformance import Implementation, Unsupported, spec

def right(case):
    return lambda x, *rest: spec.execute(case.resized(x.shape[1:-1]), (x, *rest)).astype(case.dtype)
"""
GOOD = "implementation = Implementation(name='mine', framework='numpy', build=right)"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that writes a file with an implementation into the current directory."""
    monkeypatch.chdir(tmp_path)

    def write(name: str = "mine.py", body: str = GOOD, head: str = HEAD) -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + textwrap.dedent(body) + "\n")
        return path

    return write


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def run(*args: object) -> Result:
    return command("run", *args, "--case", CASE)


def start(*names: str, **interpreters: str) -> dict[str, Started]:
    """Look up and start `names`; all must start, and be right for one case."""
    with Pool() as pool:
        pool.start(lookup.look_up(plugins.installed(), names, interpreters, pool))
        assert not pool.failures
        judge = Judge()
        for _, case, outcome in pool.run({name: [parse(CASE)] for name in pool.started}):
            assert judge.judge(case, outcome).verdict == "pass"
        return pool.started


def failures(*names: str, **interpreters: str) -> dict[str, str]:
    """Look up and start `names`, and return why some did not start."""
    with Pool() as pool:
        pool.start(lookup.look_up(plugins.installed(), names, interpreters, pool))
        return pool.failures


def refusal(*names: str, **interpreters: str) -> str:
    """Return why `names` cannot be looked up."""
    with Pool() as pool, pytest.raises(UsageError) as caught:
        lookup.look_up(plugins.installed(), names, interpreters, pool)
    return str(caught.value)


def test_a_file_runs_without_being_installed_and_the_record_has_no_place_of_the_machine(
    file: Callable[..., Path], tmp_path: Path
) -> None:
    file()
    result = run(tmp_path / "mine.py", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    (about,) = record.read(tmp_path / "out" / record.FILE).header["implementations"]
    assert (about["name"], about["distribution"], about["version"]) == ("mine", "mine.py", "")
    assert str(tmp_path) not in (tmp_path / "out" / record.FILE).read_text()


def test_an_attribute_chooses_among_the_implementations_of_a_file(file: Callable[..., Path]) -> None:
    body = f"""
        {GOOD}
        other = Implementation(name="other", framework="numpy", build=right)

        class Kept:
            deep = Implementation(name="deep", framework="numpy", build=right)
    """
    file(body=body)
    assert set(start("mine.py:other", "mine.py:Kept.deep", "./mine.py", "mine.py:implementation")) == {
        "mine",
        "other",
        "deep",
    }


def test_a_file_imports_what_is_beside_it_and_hides_no_framework(file: Callable[..., Path]) -> None:
    """Even where it, or a file beside it, is called like one."""
    file(
        "numpy.py",
        "import numpy, beside, colorsys\nassert beside.VALUE == numpy.zeros(3).size\ncolorsys.rgb_to_hsv" + "\n" + GOOD,
    )
    file("colorsys.py", "raise ValueError('not the one of the standard library')", "")
    file("beside.py", "VALUE = 3", "")
    assert set(start("numpy.py")) == {"mine"}


def test_a_file_of_a_package_may_import_relatively_and_is_not_mistaken_for_an_installed_one(
    file: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file("installed/ours/__init__.py", "", "")
    file("installed/ours/inner/__init__.py", "", "")
    file("installed/ours/inner/mine.py", "raise ValueError('the installed one')", "")
    file("src/ours/__init__.py", "WHO = 'mine'", "")
    file("src/ours/inner/__init__.py", "", "")
    file("src/ours/inner/mine.py", "from .. import WHO\n" + GOOD.replace("'mine'", "WHO"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "installed"))
    assert set(start("src/ours/inner/mine.py")) == {"mine"}


def test_the_digest_covers_the_file_and_what_it_imports_from_beside_it(file: Callable[..., Path]) -> None:
    body = """
        import first

        def build(case):
            from package import later
            return right(case)

        implementation = Implementation(name="mine", framework="numpy", build=build)
    """
    file(body=body)
    file("first.py", "import second", "")
    file("second.py", "", "")
    file("package/__init__.py", "", "")
    file("package/later.py", "", "")
    file("unrelated.py", "", "")

    def sources() -> str:
        with Pool() as pool:
            pool.describe(lookup.look_up([], ["mine.py"], {}, pool))
            return pool.descriptions["mine"][1]

    before = sources()
    for name in ("second.py", "package/later.py", "mine.py"):
        with Path(name).open("a") as text:
            text.write("\n# changed\n")
        assert sources() != before, name
        before = sources()
    Path("unrelated.py").write_text("changed = True\n")
    assert sources() == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere.py", "the file nowhere.py does not exist; give the name of an implementation, or path/to/file.py:attribute"),
        ("folder.py", "the file folder.py is a directory; give the name"),
        ("mine", "implementation 'mine' is not installed. Did you mean mine.py?"),
        ("torch-half.py", "torch-half.py:implementation is called 'torch-half', and so is one that comes with same-conformance"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_wrong_usage(file: Callable[..., Path], given: str, message: str) -> None:
    file()
    file("torch-half.py", GOOD.replace("'mine'", "'torch-half'"))
    Path("folder.py").mkdir()
    assert message in refusal(given)


@pytest.mark.parametrize(
    ("given", "body", "message"),
    [
        ("mine.py:nothing", GOOD, "mine.py:nothing did not start: mine.py has no 'nothing'; give mine.py:implementation"),
        ("mine.py", "", 'mine.py did not start: mine.py has no \'implementation\'; write implementation = Implementation(name="mine", framework='),
        ("mine.py", "from same_conformance.messages import nothing", "mine.py, line 6: ImportError: cannot import name 'nothing'"),
        ("mine.py", "implementation = 3", "mine.py:implementation is int, but a file must name a same_conformance.Implementation"),
        ("mine.py:conv", "def conv(x, kernel): pass", 'mine.py:conv is a function, but an Implementation is needed, which says whose tensors it takes; write implementation = Implementation(name="mine", framework="torch", conv=conv)'),
        ("mine.py:Layer", "class Layer: pass", 'framework="torch", build=Layer)'),
        ("mine.py:right", GOOD, "mine.py:right is a function, but an Implementation is needed, which says whose tensors it takes; give mine.py:implementation"),
        ("mine.py", "x = 1\nraise ValueError('no')", "mine.py did not start: mine.py, line 7: ValueError: no"),
        ("mine.py", "import beside", "mine.py did not start: beside.py, line 2: ZeroDivisionError: division by zero"),
        ("mine.py", "x = (", "SyntaxError: '(' was never closed (mine.py, line 6)"),
        ("mine.py", "import os; os._exit(3)", "mine.py did not start: its worker ended with exit code 3 while starting"),
        ("mine.py", "raise SystemExit('bye')", "mine.py, line 6: SystemExit: bye"),
        ("mine.py", "implementation = Implementation(name='Mine', framework='numpy')", "the name 'Mine' is not allowed"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_load_says_where_and_what_to_write(
    file: Callable[..., Path], given: str, body: str, message: str
) -> None:
    file(body=body)
    file("beside.py", "\n1 / 0", "")
    ((name, why),) = failures(given).items()
    assert message in f"{name} did not start: {why}"
    assert "\n" not in why


@pytest.mark.parametrize(
    "command_line",
    [["run", "mine.py", "--case", CASE], ["show", CASE, "--with", "mine.py"], ["repro", CASE, "--with", "mine.py"]],
)
def test_every_command_says_why_a_file_does_not_load_and_what_it_printed(
    file: Callable[..., Path], command_line: list[str]
) -> None:
    file(body="print('no licence found', flush=True)\n1 / 0")
    result = command(*command_line)
    assert result.exit_code == 3
    assert "mine.py did not start: mine.py, line 7: ZeroDivisionError: division by zero" in result.output
    assert "no licence found" in result.output


def test_every_command_refuses_a_file_that_is_not_there_in_one_line(file: Callable[..., Path]) -> None:
    for line in (["run", "mine.py"], ["show", CASE, "--with", "mine.py"], ["repro", CASE, "--with", "mine.py"]):
        result = command(*line)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
        assert "the file mine.py does not exist" in result.stderr


def test_a_file_that_does_not_load_costs_others_nothing(file: Callable[..., Path]) -> None:
    file(body="1 / 0")
    with Pool() as pool:
        pool.start(lookup.look_up(plugins.installed(), ["mine.py", "spec"], {}, pool))
        assert (set(pool.failures), set(pool.started)) == ({"mine.py"}, {"spec"})


def test_a_missing_framework_of_a_file_is_exit_code_3_because_it_was_asked_for(
    file: Callable[..., Path], elsewhere: str
) -> None:
    file(body="implementation = Implementation(name='mine', framework='torch', conv=print)")
    result = run("mine.py", "spec", "--python", f"mine.py={elsewhere}")
    assert "mine did not start: torch is not installed" in result.output
    assert result.exit_code == 3


def test_two_files_with_one_name_are_refused_and_both_are_named(file: Callable[..., Path]) -> None:
    file()
    file("copy/mine.py")
    message = "two implementations are called 'mine': mine.py:implementation and copy/mine.py:implementation; leave one"
    assert message in refusal("mine.py", "copy/mine.py")


def test_a_file_with_the_name_of_an_installed_one_runs_unless_both_are_asked_for(
    file: Callable[..., Path], plugin: Install
) -> None:
    plugin("mine", "implementation = Implementation(name='mine', framework='numpy', build=lambda case: 1 / 0)")
    file()
    assert set(start("mine.py")) == {"mine"}
    message = "'mine': plugin_their_mine:implementation of the package their-mine and mine.py:implementation; leave one"
    assert message in refusal("mine.py", "mine")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return another Python that has NumPy and nothing else, not even this package."""
    venv.create(tmp_path / "venv", with_pip=False)
    site = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    for part in Path(np.__file__).parents[1].glob("numpy*"):
        (site / part.name).symlink_to(part)
    python = str(tmp_path / "venv/bin/python")
    check = [python, "-c", "import numpy, same_conformance"]
    assert b"No module named 'same_conformance'" in subprocess.run(check, capture_output=True, check=False).stderr
    return python


ELSEWHERE = """
    import os, sys
    assert "venv" in sys.prefix, "only there can it be imported"
    implementation = Implementation(name="mine", framework="numpy", build=right)
"""


@pytest.mark.parametrize("name", ["mine", "mine.py", "mine.py:implementation"])
def test_a_file_runs_in_another_interpreter_by_its_own_name_or_as_it_was_given(
    file: Callable[..., Path], elsewhere: str, name: str
) -> None:
    file(body=ELSEWHERE)
    assert set(start("mine.py", "spec", **{name: elsewhere})) == {"mine", "spec"}


def test_commands_take_another_interpreter_for_a_file(file: Callable[..., Path], elsewhere: str) -> None:
    file(body=ELSEWHERE)
    shown = command("show", CASE, "--with", "mine.py", "--python", f"mine={elsewhere}")
    assert "what mine reads is what SAME asks for" in shown.output
    script = command("repro", CASE, "--with", "mine.py", "--python", f"mine.py={elsewhere}")
    assert "the file mine.py, whose function it calls" in " ".join(script.output.split())


def test_a_file_that_fails_in_the_interpreter_given_to_its_name_says_why_there(
    file: Callable[..., Path], elsewhere: str
) -> None:
    file(body='import sys\nassert "venv" not in sys.prefix, "not there"\n' + GOOD)
    assert failures("mine.py", mine=elsewhere) == {"mine.py": "mine.py, line 7: AssertionError: not there"}


def test_an_interpreter_for_nobody_is_wrong_usage(file: Callable[..., Path], elsewhere: str) -> None:
    file()
    assert refusal("mine.py", other=elsewhere) == "--python names 'other', but this run has mine"
    said = f"implementation 'other' is not installed, neither here nor in {elsewhere}: {elsewhere} -m pip install the package"
    assert said in refusal("other", other=elsewhere)
    assert said in refusal(other=elsewhere)
    assert "there is no such interpreter" in refusal("mine.py", **{"mine.py": "/no/python"})


def test_the_worker_that_told_the_name_of_a_file_is_the_one_that_runs_it(file: Callable[..., Path]) -> None:
    file(body="from pathlib import Path\nPath('imported').open('a').write('once ')\n" + GOOD)
    with Pool() as pool:
        pool.start(lookup.look_up([], ["mine.py"], {}, pool))
        assert set(pool.started) == {"mine"}
    assert Path("imported").read_text() == "once "


def test_look_up_gives_everything_that_is_installed_if_nothing_is_named() -> None:
    with Pool() as pool:
        found = lookup.look_up(plugins.installed(), [], {}, pool)
        assert {e.name for e in found} >= {"spec", "tensorflow", "torch-half"}
    assert "'torch-hal' is not installed. Did you mean torch-half?" in refusal("torch-hal")


@pytest.mark.parametrize(("where", "given"), [(".", "mine.py:other"), (".", "ours/mine.py"), ("ours", "mine.py")])
def test_a_script_for_a_file_says_what_it_needs_and_runs_where_it_was_written(
    file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, where: str, given: str
) -> None:
    wrong = "other = Implementation(name='other', framework='numpy', build=lambda case: lambda x, *_: x + 1)"
    file(body=f"import beside\n{GOOD}\n{wrong}")
    file("beside.py", "", "")
    file("ours/__init__.py", "", "")
    file("ours/beside.py", "", "")
    file("ours/mine.py", f"from . import beside\n{GOOD}")
    monkeypatch.chdir(where)
    result = command("repro", CASE, "--with", given)
    assert result.exit_code == 0, result.output
    path = given.partition(":")[0]
    said = " ".join(result.output.split())
    assert f"Needs NumPy, same-conformance, and the file {path}, whose function it calls: run it where that is." in said
    Path("script.py").write_text(result.output)
    ran = subprocess.run(
        [sys.executable, "script.py"], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    last = "They differ in 5 of 5 elements." if ":other" in given else "They are equal."
    assert ran.stdout.splitlines()[-1:] == [last], ran.stderr


def test_a_script_for_an_installed_plug_in_says_how_to_get_it(plugin: Install) -> None:
    plugin("mine", GOOD.replace(")", ", homepage='https://example.org/mine')"))
    said = " ".join(command("repro", CASE, "--with", "mine").output.split())
    assert (
        "Needs NumPy, same-conformance, and the package their-mine, whose function it calls as "
        "plugin_their_mine:implementation: python -m pip install their-mine==1.0, or see https://example.org/mine."
    ) in said
    assert parse(CASE).id in said
