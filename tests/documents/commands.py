"""Read the command lines that a page shows, and check them: options against the real parser, the rest as far as can be."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from packaging.requirements import InvalidRequirement, Requirement

from same_conformance import cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from documents.page import Block

PROGRAM = "same-conformance"
PIP = {"-e": 1, "--editable": 1, "-r": 1, "--requirement": 1, "-c": 1, "--constraint": 1, "-U": 0, "--upgrade": 0}
"""Options of ``pip install`` that a page may use, and how many values each takes."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One simple command of a page: no pipe and no list.

    Attributes:
        args: program and arguments.
        variables: environment variables that are set for it.
        into: the file that its output goes to, empty if it is shown.
        shown: what the page says that it prints, empty if the page says nothing.

    """

    line: int
    args: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()
    into: str = ""
    shown: str = ""

    @property
    def program(self) -> str:
        """Return what is run, whatever way it is started, in whatever virtual environment."""
        if self._is_module:
            return {"same_conformance": PROGRAM}.get(self.args[2], self.args[2])
        return self._first

    @property
    def rest(self) -> tuple[str, ...]:
        """Return the arguments of the program."""
        return self.args[3:] if self._is_module else self.args[1:]

    @property
    def _first(self) -> str:
        directory, _, name = self.args[0].rpartition("/")
        return name if directory.endswith("bin") else self.args[0]

    @property
    def _is_module(self) -> bool:
        return self._first == "python" and self.args[1:2] == ("-m",) and len(self.args) > 2


class PageError(Exception):
    """Something on a page is not so."""


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a console block; a line that begins with ``$`` is one, and what follows is its output.

    Raises:
        PageError: if a line cannot be read.

    """
    lines = block.text.splitlines()
    if not lines or not lines[0].startswith("$ "):
        raise PageError("a console block begins with a command, after '$ '")
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        last = start
        while lines[last].endswith("\\") and last + 1 < end:
            last += 1
        text = "\n".join(lines[start : last + 1])[2:].replace("\\\n", " ")
        *first, final = simple(text, block.line + start)
        yield from first
        yield Command(final.line, final.args, final.variables, final.into, "\n".join(lines[last + 1 : end]).strip("\n"))


def simple(text: str, line: int) -> list[Command]:
    """Return the simple commands of a command line, which ``&&`` may join.

    Raises:
        PageError: if it has anything else that only a shell understands.

    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for token in lexer:
        if token == "&&":  # noqa: S105  # no password
            found.append([])
        else:
            found[-1].append(token)
    return [_simple(tokens, text, line) for tokens in found]


def _simple(tokens: list[str], text: str, line: int) -> Command:
    into = ""
    if len(tokens) > 2 and tokens[-2] == ">":
        *tokens, _, into = tokens
    variables = []
    while tokens and (assigned := _ASSIGNMENT.fullmatch(tokens[0])):
        variables.append((assigned[1], assigned[2]))
        tokens = tokens[1:]
    if not tokens or any(set(token) <= set("();<>|&") for token in tokens):
        raise PageError(f"this command line is not understood: {text!r}")
    return Command(line, tuple(tokens), tuple(variables), into)


def parameters(args: Sequence[str]) -> dict[str, Any]:
    """Return what the real parser makes of the arguments of ``same-conformance``, by parameter.

    Raises:
        PageError: if it refuses them.

    """
    try:
        if not args or args[0].startswith("-"):
            return cli.main.make_context(PROGRAM, list(args)).params
        if args[0] not in cli.main.commands:
            raise PageError(f"{PROGRAM} has no command {args[0]!r}")
        return cli.main.commands[args[0]].make_context(f"{PROGRAM} {args[0]}", list(args[1:])).params
    except click.exceptions.Exit:
        return {}  # where it would only print help or its version
    except click.UsageError as error:
        raise PageError(f"{PROGRAM} {' '.join(args)}: {error.format_message()}") from None


def check_pip(args: Sequence[str], root: Path) -> None:
    """Check ``pip`` as far as can be without the network: requirements can be read, extras and files exist.

    Raises:
        PageError: if something is not so.

    """
    if args[0] != "install":
        raise PageError(f"pip {args[0]}: only install is checked")
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    rest = list(args[1:])
    while rest:
        arg = rest.pop(0)
        if arg in {"-r", "--requirement", "-c", "--constraint"} and not (root / rest[0]).exists():
            raise PageError(f"pip {arg} {rest[0]}: there is no such file")
        if arg in PIP and arg not in {"-e", "--editable"}:
            del rest[: PIP[arg]]
        elif arg.startswith("-") and arg not in PIP:
            raise PageError(f"pip has no option {arg!r} that is known here")
        elif arg not in PIP:
            _check_requirement(arg, extras)


def _check_requirement(text: str, extras: dict[str, list[str]]) -> None:
    if text.startswith("."):
        text = f"{PROGRAM}{text.lstrip('./')}"
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise PageError(f"pip install {text!r}: {error}") from None
    if requirement.name == PROGRAM and (unknown := requirement.extras - extras.keys()):
        raise PageError(f"pip install {text!r}: there is no extra {', '.join(unknown)}")


def check_nox(args: Sequence[str], noxfile: Path) -> None:
    """Check that ``nox -s SESSION`` names sessions of `noxfile`, and what goes to ``same-conformance run`` after ``--``.

    Raises:
        PageError: if it does not.

    """
    ours = list(args)
    passed = ours[ours.index("--") + 1 :] if "--" in ours else []
    ours = ours[: len(ours) - len(passed) - 1] if "--" in ours else ours
    if ours == ["-l"]:
        return
    if len(ours) < 2 or ours[0] not in {"-s", "--session", "--sessions"}:
        raise PageError(f"nox {' '.join(ours)}: only -s and -l are understood")
    if unknown := set(ours[1:]) - sessions(noxfile):
        raise PageError(f"nox has no session {', '.join(sorted(unknown))}")
    if passed and ours[1] in {"conformance", "mutants"}:
        parameters([{"conformance": "run"}.get(ours[1], ours[1]), *passed])


def sessions(noxfile: Path) -> set[str]:
    """Return the names of the sessions of a noxfile, without importing it."""
    found = set()
    for node in ast.parse(noxfile.read_text(encoding="utf-8")).body:
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(node, ast.FunctionDef) and "session" in ast.unparse(decorator):
                named = [k.value for k in getattr(decorator, "keywords", ()) if k.arg == "name"]
                found.add(ast.literal_eval(named[0]) if named else node.name)
    return found
