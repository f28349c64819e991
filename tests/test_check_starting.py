"""Why a plug-in does not start, told by `check` with the next step."""

import venv
from pathlib import Path

import pytest

from checking import BROKEN, Install, check, problems
from same_conformance.plugins import GROUP


@pytest.mark.parametrize(
    ("body", "problem", "step"),
    [
        (
            "import no_such_package",
            "it does not start: ModuleNotFoundError: No module named 'no_such_package'",
            (
                "plugin_their_fake imports no_such_package: install it in this environment, or run it in another one: "
                "--python NAME=INTERPRETER"
            ),
        ),
        (
            "print('half-way')\n1 / 0",
            "it does not start: ZeroDivisionError: division by zero (it printed: half-way)",
            "importing plugin_their_fake raises: python -X faulthandler -c 'import plugin_their_fake' shows where",
        ),
        (
            "implementation = Implementation(name='other', framework='numpy', build=right)",
            "it does not start: the entry point is called 'fake' and its Implementation 'other': use one name",
            "give the Implementation and the entry point the same name",
        ),
        (
            "implementation = Implementation(name='fake', framework='pytorch', build=right)",
            "fake: framework 'pytorch' is not known: use one of numpy, torch, tensorflow, jax, keras",
            'write framework="torch"',
        ),
        (
            "implementation = Implementation(name='fake', framework='numpi', build=right)",
            "framework 'numpi' is not known",
            'write framework="numpy"',
        ),
        (
            "mine = Implementation(name='fake', framework='numpy', build=right)",
            "has no attribute 'implementation'",
            (
                "the entry point is 'plugin_their_fake:implementation': write what the Implementation is called there in place of "
                "'implementation', and install the package again"
            ),
        ),
        (
            "def implementation(case): return right(case)",
            "plugin_their_fake:implementation is",
            (
                "let implementation be an Implementation: implementation = Implementation(name=..., framework=..., conv=...) in "
                "plugin_their_fake"
            ),
        ),
        (
            "implementation = Implementation(name='fake', framework='numpy', build=right, ranks=(2))",
            "fake: ranks must be a tuple, got 2; write ranks=(2,), with the comma",
            "correct it as the message says; docs/plugins.md has the form of an Implementation",
        ),
        (
            "import sys\nsys.exit(4)",
            "it does not start: SystemExit: 4",
            "importing plugin_their_fake ends the process: take sys.exit() and os._exit() out of what runs at import",
        ),
        (
            "import os\nos._exit(4)",
            "it does not start: its worker ended with exit code 4 while starting",
            "importing plugin_their_fake ends the process: take sys.exit() and os._exit() out of what runs at import",
        ),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
            "it does not start: its worker was killed by SIGSEGV while starting",
            "importing plugin_their_fake crashes the process: python -X faulthandler -c 'import plugin_their_fake' shows where",
        ),
    ],
)
def test_why_a_plug_in_does_not_start_is_said_with_the_next_step(
    plugin: Install, body: str, problem: str, step: str
) -> None:
    plugin("fake", body)
    output, code = check()
    assert code == 3
    assert BROKEN in output
    ((found, next_step),) = problems(output)
    assert problem in found
    assert next_step.startswith(step)
    assert "1 problem of the plug-in. Then again: same-conformance check fake" in output


def test_a_slip_in_the_module_of_the_entry_point_is_not_laid_on_a_missing_package(plugin: Install) -> None:
    plugin("fake", "", value="plugin_their_fakes:implementation")
    output, code = check()
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem == "it does not start: ModuleNotFoundError: No module named 'plugin_their_fakes'"
    assert step == (
        f"the entry point names the module 'plugin_their_fakes': correct it in [project.entry-points.\"{GROUP}\"] of "
        "pyproject.toml, and install the package again (pip install -e .): entry points are written when it is installed"
    )


def test_a_slip_in_the_group_of_the_entry_point_is_found(plugin: Install) -> None:
    path = plugin("fake", "")
    (file,) = path.parent.glob("*/entry_points.txt")
    file.write_text("[same-conformance.implementation]\nfake = plugin_their_fake:implementation\n")
    output, code = check()
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem == "it is not registered"
    assert step.startswith(
        f"their-fake registers 'fake' in the group 'same-conformance.implementation', but the group is '{GROUP}': correct it, "
        "and install the package again"
    )


def test_a_name_that_nobody_has_is_wrong_usage(plugin: Install) -> None:
    output, code = check("fake")
    assert code == 2
    assert "implementation 'fake' is not installed" in output


def test_an_import_that_hangs_is_given_up(plugin: Install) -> None:
    plugin("fake", "import time\ntime.sleep(60)")
    output, code = check("fake", "--start-timeout", 1.5)
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem == "it does not start: did not start within 1.5 s (--start-timeout)"
    assert step.startswith(
        "importing plugin_their_fake takes too long, or waits for something: see python -X faulthandler -c"
    )


MINE = "from same_conformance import Implementation\nimplementation = Implementation(name='mine', framework='numpy', conv=print)\n"


@pytest.mark.parametrize("program", ["/bin/ls", "/bin/true"])
def test_a_program_that_is_no_python_is_not_laid_on_the_file(tmp_path: Path, program: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    output, code = check(path, "--python", f"mine={program}")
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem.startswith(
        f"it does not start: {program} does not behave like a Python 3.9 or newer: its worker ended"
    )
    assert "it printed" not in problem
    assert step.startswith("give an interpreter that is fit: --python NAME=PATH/bin/python")


def test_an_interpreter_without_numpy_is_told_how_to_get_it(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    output, code = check(path, "--python", f"mine={python}")
    assert code == 3
    ((problem, _),) = problems(output)
    assert problem == f"it does not start: {python} has no numpy: {python} -m pip install numpy"


def test_a_directory_in_place_of_an_interpreter_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    output, code = check(path, "--python", f"mine={tmp_path}")
    assert code == 2
    assert f"it is a directory; did you mean {tmp_path}/bin/python?" in output


@pytest.mark.parametrize(
    ("given", "body", "step"),
    [
        ("", "implementation = {}", "let implementation be an Implementation: implementation = Implementation(name="),
        (":mine", "ours = 1", "the part after the colon is an attribute of the file: give {}:ATTRIBUTE, or write mine = Implementation("),
        ("", "import math\nmath.nothing", "correct that line of {}, then check again"),
    ],
)  # fmt: skip
def test_of_a_file_the_step_speaks_of_its_attribute_and_of_no_entry_point(
    tmp_path: Path, given: str, body: str, step: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(body)
    ((_, found),) = problems(check(f"{path}{given}")[0])
    assert found.startswith(step.replace("{}", str(path)))
    assert "entry point" not in found
