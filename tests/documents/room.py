"""Execute a page in a room of its own: an empty directory in which its files are written and its commands run, in order."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from documents import commands, installed, shown
from documents.commands import PROGRAM, Command, PageError
from documents.shell import LONGEST_S, Shell, is_long
from same_conformance.plugins import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from documents.page import Block, Page

SNIPPETS = Path(__file__).with_name("snippets.py")


class Room:
    """Where a page is executed.

    Args:
        page: what is executed.
        path: an empty directory.
        root: of the project.
        patch: to change directory and environment.
        furnish: puts a finished run into a directory.

    """

    def __init__(
        self, page: Page, path: Path, root: Path, patch: pytest.MonkeyPatch, furnish: Callable[[Path], object]
    ) -> None:
        self._page, self._path, self._root = page, path, root
        self._shell = Shell(path, root, patch, furnish)
        patch.chdir(path)
        patch.syspath_prepend(str(path))  # where entry points are looked for, here and in the workers
        patch.setenv("PYTHONPATH", os.pathsep.join([str(path), *filter(None, [os.environ.get("PYTHONPATH")])]))
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # a run in a workflow would speak to it
            patch.delenv(name, raising=False)

    def problems(self) -> list[str]:
        """Execute the page, and return what is not so, each with its place."""
        found = [problem for block in self._page.blocks for problem in self._do(block)]
        return [f"{self._page.name}:{line}: {what}" for line, what in [*found, *self._snippets()]]

    def _do(self, block: Block) -> Iterator[tuple[int, str]]:
        """Do what a block says, but for Python, of which all blocks are executed at the end."""
        if block.mark not in ("", "run") and not block.what:
            yield block.line, f"the mark '{block.mark}' says nothing after the colon"
        if block.file:
            file = self._path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        try:
            if block.mark == "excerpt of":
                self._compare_excerpt(block)
            elif block.language == "console":
                yield from self._console(block)
            else:
                self._parse(block)
        except (PageError, SyntaxError, ValueError, configparser.Error, yaml.YAMLError) as error:
            yield block.line, str(error)

    def _compare_excerpt(self, block: Block) -> None:
        file = self._root / block.what
        if not file.is_file():
            raise PageError(f"there is no file {block.what} to be an excerpt of")
        if _unindented(block.text).strip() not in _unindented(file.read_text(encoding="utf-8")):
            raise PageError(f"the block does not stand in {block.what}")

    def _parse(self, block: Block) -> None:
        match block.language:
            case "python":
                if ">>> " not in block.text:
                    compile(block.text, block.where, "exec")
            case "toml":
                self._register(tomllib.loads(block.text))
            case "json":
                _parse_json(block.text)
            case "ini":
                configparser.ConfigParser().read_string(block.text)
            case "yaml":
                for line in _steps(yaml.safe_load(block.text)):
                    self._check_step(line)
            case "" if self._page.is_generated:
                pass
            case other:
                raise PageError(
                    f"nothing executes a block in {other or 'no language'}; tests/documents/page.py says what can be done"
                )

    def _register(self, project: dict[str, Any]) -> None:
        """Make the entry points of a ``pyproject.toml`` known, as if the package in this room were installed."""
        points = project.get("project", {}).get("entry-points", {}).get(GROUP, {})
        if points:
            installed.install(self._path, points)

    def _check_step(self, text: str) -> None:
        """Check a command of a workflow, which is not executed; what is not ours may be anything that a shell takes."""
        if text.split(maxsplit=1)[0] in (PROGRAM, "nox", "pip", "python"):
            for command in commands.simple(text, 0):
                self._shell.do(command, is_run=False)

    def _console(self, block: Block) -> Iterator[tuple[int, str]]:
        for command in commands.commands(block):
            try:
                is_run = block.mark == "run" or not (block.mark or self._page.is_generated or is_long(command))
                if command.shown and not is_run and block.mark != "not run":
                    yield command.line, "takes long and is not executed, so nobody knows whether it prints this"
                printed = self._shell.do(command, is_run=is_run)
            except PageError as error:
                yield command.line, str(error)
            else:
                yield from _compare(command, printed) if is_run else ()

    def _snippets(self) -> list[tuple[int, str]]:
        """Execute the Python of the page, all in one process, because a framework may be imported in it."""
        blocks = [b for b in self._page.blocks if b.language == "python" and b.mark not in ("not run", "excerpt of")]
        if not blocks:
            return []
        result = subprocess.run(
            [sys.executable, SNIPPETS],
            input=json.dumps([[b.line, b.text, b.file] for b in blocks]),
            capture_output=True, text=True, timeout=LONGEST_S, check=False, cwd=self._path,
        )  # fmt: skip
        if result.returncode:
            return [(blocks[0].line, f"the process ended with {result.returncode}:\n{result.stderr}")]
        return [(line, what) for line, what in json.loads(result.stdout.splitlines()[-1])]


def _parse_json(text: str) -> None:
    """Parse one value, or one in each line."""
    try:
        json.loads(text)
    except ValueError:
        lines = text.splitlines()
        if len(lines) < 2:
            raise
        for line in lines:
            json.loads(line)


def _unindented(text: str) -> str:
    return "".join(f"{line.strip()}\n" for line in text.splitlines())


def _compare(command: Command, printed: str) -> Iterator[tuple[int, str]]:
    if command.shown and (difference := shown.differs(command.shown, printed)):
        yield command.line, f"{' '.join(command.args)} prints something else:\n{difference}"


def _steps(value: Any) -> Iterator[str]:
    """Yield the lines of all ``run`` of a workflow."""
    match value:
        case {"run": str(text), **rest}:
            yield from filter(str.strip, text.splitlines())
            yield from _steps(rest)
        case dict():
            for part in value.values():
                yield from _steps(part)
        case list():
            for part in value:
                yield from _steps(part)
