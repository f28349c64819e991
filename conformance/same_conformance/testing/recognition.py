"""Recognise whose tensors a function takes, by the names that it uses."""

from __future__ import annotations

import contextlib
import dis
import functools
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any

from same_conformance.errors import UsageError
from same_conformance.implementation import FRAMEWORKS


def framework_of(function: Callable[..., Any], said: str = "") -> str:
    """Return what was `said`, or the one framework that `function` shows.

    That is, in this order: of the class of an object, such as a module of torch; of the function itself; of the global
    names that its code uses; of all globals of its module. NumPy counts only where nothing else is found, because tests
    of every framework use it.

    Raises:
        UsageError: if there is none, or more than one.

    """
    if said:
        if said not in FRAMEWORKS:
            raise UsageError(f"framework {said!r} is not known: use one of {', '.join(FRAMEWORKS)}")
        return said
    for clues in _clues(function):
        found = {clue.partition(".")[0] for clue in clues} & set(FRAMEWORKS)
        found = found - {"numpy"} or found
        if len(found) == 1:
            return found.pop()
        if found:
            raise UsageError(
                f"{name_of(function)} uses {' and '.join(sorted(found))}, so nobody can tell whose tensors it takes: "
                f'say framework="{min(found)}"'
            )
    raise UsageError(
        f"nobody can tell whose tensors {name_of(function)} takes: say framework=, one of {', '.join(FRAMEWORKS)}"
    )


def name_of(function: Callable[..., Any]) -> str:
    """Return what a function is called."""
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _clues(function: Any) -> Iterator[set[str]]:
    """Yield sets of names of modules, the most telling first."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__wrapped__", function)
    yield {base.__module__ for base in type(getattr(function, "__self__", function)).__mro__}
    yield {str(getattr(function, "__module__", ""))}
    if not hasattr(function, "__code__"):
        function = type(function).__call__
    yield _used(function, set())
    yield {_module_of(value) for value in list(getattr(function, "__globals__", {}).values())}


def _used(function: Any, seen: set[Any]) -> set[str]:
    """Return the modules that a function uses, itself or through functions beside it."""
    code, names = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if not isinstance(code, CodeType) or code in seen:
        return set()
    seen.add(code)
    codes = list(_with_inner(code))
    found = {i.argval for each in codes for i in dis.get_instructions(each) if i.opname == "IMPORT_NAME"}
    for value in [*(names.get(name) for each in codes for name in each.co_names), *_enclosed(function)]:
        found.add(_module_of(value))
        if getattr(value, "__globals__", None) is names:
            found |= _used(value, seen)
    return found


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    """Yield code, and that of the functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def _enclosed(function: Any) -> Iterator[Any]:
    """Yield what a function has from the function around it."""
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # the cell is still empty
            yield cell.cell_contents


def _module_of(value: Any) -> str:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return name if isinstance(name, str) else ""
