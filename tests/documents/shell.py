"""Execute the commands of a page, or only check them: ours in this process, other programs as far as can be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from documents import commands, installed
from documents.commands import PROGRAM, Command, PageError
from same_conformance import cli

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

LONG = {"run": ("cases", "cases_from"), "mutants": ("names",)}
"""Our commands that are only checked, and the parameters with which they are short enough to be executed."""
RUNS = ("old", "new", "runs", "previous")
"""Parameters of our commands that are runs, which the reader has made before."""
UNCHECKED = ("build", "git", "mkdir", "venv")
"""Programs that a page may name, and that are neither executed nor looked at."""
LONGEST_S = 240
"""Of one program."""


class Shell:
    """Who executes the commands of one page, in the current directory.

    Args:
        room: the directory of the page.
        root: of the project.
        patch: to change the directory.
        furnish: puts a finished run into a directory.

    """

    def __init__(self, room: Path, root: Path, patch: pytest.MonkeyPatch, furnish: Callable[[Path], object]) -> None:
        self._room, self._root, self._patch, self._furnish = room, root, patch, furnish
        self._exit_code = 0
        self._programs = {
            PROGRAM: self._ours,
            "cd": self._cd,
            "echo": self._echo,
            "nox": self._nox,
            "pip": self._pip,
            "pytest": self._pytest,
            "python": self._python,
        }

    def do(self, command: Command, *, is_run: bool) -> str:
        """Check a command and, if it `is_run`, execute it and return what it prints.

        Raises:
            PageError: if it cannot be right, or ends as nobody expects.

        """
        if command.program in UNCHECKED:
            return ""
        if command.program not in self._programs:
            raise PageError(f"{command.program} is no program that tests/documents/shell.py can check")
        output = self._programs[command.program](command, is_run)
        if is_run and command.into:
            Path(command.into).write_text(output, encoding="utf-8")
            return ""
        return output

    def _ours(self, command: Command, is_run: bool) -> str:
        parameters = commands.parameters(command.rest)
        if not is_run:
            return ""
        for path in _runs(parameters):
            if not path.exists():
                self._furnish(path.parent if path.suffix == ".jsonl" else path)
        for arg in command.rest:
            self._bring(Path(arg.partition(":")[0]))
        if {installed.MINE, installed.FILE} & {arg.partition(":")[0] for arg in command.rest}:
            installed.install_mine(self._room)
        result = CliRunner(env=dict(command.variables)).invoke(cli.main, list(command.rest), prog_name=PROGRAM)
        self._exit_code = result.exit_code
        if result.exit_code not in (0, 1) or not isinstance(result.exception, SystemExit | None):
            raise PageError(
                f"{' '.join(command.args)} ended with {result.exit_code}:\n{result.output}{result.exception!r}"
            )
        return result.stdout if command.into else result.output

    def _bring(self, path: Path) -> None:
        """Let a file of the project, such as an example, be where a reader in a checkout has it, with what is beside it."""
        if path.suffix and not path.is_absolute() and not path.exists() and (self._root / path).is_file():
            path.parent.parent.mkdir(parents=True, exist_ok=True)
            path.parent.symlink_to(self._root / path.parent)

    def _pip(self, command: Command, is_run: bool) -> str:
        commands.check_pip(command.rest, self._root)
        return ""

    def _nox(self, command: Command, is_run: bool) -> str:
        own = Path("noxfile.py")
        commands.check_nox(command.rest, own if own.exists() else self._root / "noxfile.py")
        return ""

    def _pytest(self, command: Command, is_run: bool) -> str:
        return self._started("-m", "pytest", "-p", "no:cacheprovider", *command.rest) if is_run else ""

    def _python(self, command: Command, is_run: bool) -> str:
        if not command.rest:
            raise PageError("python without a file")
        if Path(command.rest[0]).exists():
            return self._started(*command.rest) if is_run else ""
        if not (self._root / command.rest[0]).exists():
            raise PageError(f"there is no file {command.rest[0]}")
        return ""

    def _cd(self, command: Command, is_run: bool) -> str:
        if not Path(command.rest[0]).is_dir():
            raise PageError(f"there is no directory {command.rest[0]}")
        self._patch.chdir(command.rest[0])
        return ""

    def _echo(self, command: Command, is_run: bool) -> str:
        return " ".join(command.rest).replace("$?", str(self._exit_code)) + "\n"

    def _started(self, *args: str) -> str:
        """Execute Python, and return what it prints."""
        result = subprocess.run([sys.executable, *args], capture_output=True, text=True, timeout=LONGEST_S, check=False)
        self._exit_code = result.returncode
        if result.returncode not in (0, 1) or "Traceback" in result.stderr:
            raise PageError(f"{' '.join(args)} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result.stdout


def is_long(command: Command) -> bool:
    """Tell whether a command of ours takes minutes as it is given.

    Raises:
        PageError: if the parser refuses it.

    """
    if command.program != PROGRAM or not command.rest or command.rest[0] not in LONG:
        return False
    given = commands.parameters(command.rest)
    return not any(given.get(name) for name in LONG[command.rest[0]])


def _runs(parameters: dict[str, Any]) -> list[Path]:
    values = [parameters.get(name) or () for name in RUNS]
    return [path for value in values for path in (value if isinstance(value, tuple) else (value,))]
