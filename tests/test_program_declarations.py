"""How a program is declared and found, what its digest covers, and the script that starts it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from same_conformance import lookup
from same_conformance.errors import PluginError
from same_conformance.program import Program
from same_conformance.runner.pool import Pool
from talking import HELLO, RIGHT, TALK, Write, act, command, judge, why_not

Install = Callable[..., Path]


def test_the_digest_covers_the_program(write_program: Write, tmp_path: Path) -> None:
    def sources() -> str:
        with Pool() as pool:
            pool.describe(lookup.look_up([], ["mine.py"], {}, pool))
            return pool.descriptions["mine"][1]

    write_program(act("pass"))
    before = sources()
    with (tmp_path / "talk.py").open("a") as text:
        text.write("# changed\n")
    assert sources() != before


def test_a_program_may_be_registered_by_a_package_and_lies_beside_its_module(
    plugin: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = "import sys; from same_conformance import Program\nimplementation = Program(name='theirs', command=(sys.executable, 'talk.py'), ops=('conv',))"
    module = plugin("theirs", body)
    (module.parent / "talk.py").write_text(TALK + RIGHT + HELLO + act("pass"))
    monkeypatch.chdir(tmp_path)
    assert {j.verdict for j in judge(["theirs"]).values()} == {"pass"}
    script = command("repro", "conv.n5.k3.kernel_gradient", "--with", "theirs")
    assert "theirs does not offer conv.n5.k3.kernel_gradient" in script.stderr
    script = command("repro", "conv.n5.k3", "--with", "theirs")
    needs = "the package their-theirs, which describes the program that it starts as plugin_their_theirs:implementation"
    assert needs in " ".join(script.output.split())
    assert last_line(script.output, tmp_path) == "They are equal."


@pytest.mark.parametrize(
    ("case", "last"),
    [
        ("conv.n5.k3.s2.bfloat16.calls2", "They are equal."),
        ("conv.n5.k3.kernel_gradient", "They are equal."),
        ("conv.n4.k2", "They differ: there is no array."),
    ],
)
def test_a_script_starts_the_program_and_says_what_the_verdict_says(
    write_program: Write, tmp_path: Path, case: str, last: str
) -> None:
    claims = "ops=('conv',), compared=('forward', 'kernel_gradient')"
    write_program(act("send({'type': 'error', 'case': case, 'message': 'no'}); continue"), claims)
    result = command("repro", case, "--with", "mine.py")
    assert "the file mine.py, which describes the program that it starts" in " ".join(result.output.split())
    assert last_line(result.output, tmp_path) == last
    if "kernel_gradient" in case:
        issue = command("repro", case, "--with", "mine.py", "--issue")
        assert "- talk 7" in issue.output
        assert "Python " not in issue.output.partition("## Versions")[2]


def last_line(script: str, folder: Path) -> str:
    """Run a script and return the last line that it prints."""
    (folder / "script.py").write_text(script)
    ran = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()[-1]


def test_a_program_that_is_not_installed_is_said_so(write_program: Write, tmp_path: Path) -> None:
    write_program(act("pass"))
    (tmp_path / "mine.py").write_text(
        "from same_conformance import Program\nimplementation = Program('mine', ('no-such-language', 'x'), ('conv',))"
    )
    assert why_not() == "no-such-language is not installed, or is not executable: install it, or put it on the PATH"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"command": "node worker.js"}, """mine: command must be a tuple such as ("node", "worker.js"), got 'node worker.js'"""),
        ({"command": ()}, """mine: command must be a tuple such as ("node", "worker.js"), got ()"""),
        ({"command": ("node", 3)}, "mine: command must hold texts, got ('node', 3)"),
        ({"ops": "conv"}, "mine: ops must be a tuple, got 'conv'; write ops=('conv',), with the comma"),
        ({"ops": ()}, "mine: ops is empty: use some of conv, depthwise_conv, conv_transpose, max_pool, avg_pool"),
        ({"compared": ("backward",)}, "mine: compared has 'backward': use some of forward, input_gradient, kernel_gradient"),
        ({"name": "Mine"}, "the name 'Mine' is not allowed: use a-z, 0-9, _ . - and begin with a letter"),
        ({"version": 2}, "mine: version must be a text, got 2"),
        ({"api": 2}, "Program asks for api=2, but this is"),
        ({"framework": "torch"}, "Program got framework=…, which"),
    ],
)  # fmt: skip
def test_a_description_that_is_not_valid_says_what_is_allowed(changes: dict[str, object], message: str) -> None:
    with pytest.raises(PluginError) as caught:
        Program(**{"name": "mine", "command": ("node", "worker.js"), "ops": ("conv",), **changes})  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_command_names_what_is_beside_its_declaration_and_else_what_a_shell_finds(tmp_path: Path) -> None:
    for name in ("node", "worker.js", "worker"):
        (tmp_path / name).touch()
    found = Program("mine", ("node", "worker.js", "--fast"), ("conv",)).command_in(tmp_path)
    assert found == ("node", str(tmp_path / "worker.js"), "--fast")
    assert Program("mine", ("./worker",), ("conv",)).command_in(tmp_path) == (str(tmp_path / "worker"),)
