"""Load an implementation inside a worker: from a module that a package registers, or from a file that is given.

Needs the standard library only, and Python 3.9 or later.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, Optional, Sequence, Tuple, Union

from same_conformance._version import __version__
from same_conformance.api import UPGRADE
from same_conformance.case import OPS
from same_conformance.errors import PluginError
from same_conformance.implementation import FRAMEWORKS, Implementation
from same_conformance.messages import in_words
from same_conformance.program import Program

_PACKAGE = __name__.partition(".")[0]
_NOT_WORKED_ON = (Path(sysconfig.get_path("stdlib")), Path(__file__).parents[1])
"""Python's own modules, and ours, which have a digest of their own. Asked for once, because that takes sysconfig 0.3 ms."""
_modules: dict[Path, ModuleType] = {}
"""What was made of the files that were given."""


def load(value: str, file: Optional[Path] = None) -> Union[Implementation, Program]:
    """Return what `value` names: ``module:attribute``, or, with `file`, the attribute of that file.

    Raises:
        PluginError: if it cannot be imported, or is neither `Implementation` nor `Program`; says what to do.

    """
    module_name, _, attribute = value.partition(":")
    try:
        found: Any = _module_of(file) if file else importlib.import_module(module_name)
    except PluginError:
        raise
    except BaseException as error:
        if _is_about_us(error):
            raise PluginError(f"{_where(error, file)}{_lacking(error)}") from None
        if isinstance(error, ModuleNotFoundError) and error.name in FRAMEWORKS:
            raise PluginError(
                f"{_where(error, file)}{in_words(error)}; install it, or give an interpreter that has it: "
                "--python NAME=INTERPRETER"
            ) from None
        if file:
            raise PluginError(f"{_where(error, file)}{in_words(error)}") from None
        raise
    module = found
    for part in attribute.split(".") if attribute else ():
        if file and not hasattr(found, part):
            raise PluginError(f"{file.name} has no {attribute!r}; {_advice(module, file)}")
        found = getattr(found, part)
    if not isinstance(found, (Implementation, Program)):
        raise PluginError(_refusal(found, value, module, file))
    return found


def _is_about_us(error: BaseException) -> bool:
    """Tell whether `error` says that this package lacks something."""
    if isinstance(error, ImportError):
        return str(error.name).partition(".")[0] == _PACKAGE
    return isinstance(error, AttributeError) and str(error).startswith(f"module '{_PACKAGE}")


def _lacking(error: BaseException) -> str:
    """Say what to do about something that this version lacks; the path in the words of the error tells nothing."""
    what = in_words(error).partition(" (")[0]
    return f"{what}; this is same-conformance {__version__}: check the spelling, or get a newer one: {UPGRADE}"


def _module_of(file: Path) -> ModuleType:
    """Import a file. Modules beside it are importable, but come last, so that ``torch.py`` hides no framework.

    A file of a package is imported as part of it, so that it may import relatively.
    """
    if file not in _modules:
        root, names = file.parent, [file.stem]
        while (root / "__init__.py").exists():
            names.insert(0, root.name)
            root = root.parent
        if len(names) > 1:
            sys.path.insert(0, str(root))  # or an installed version of the package would be imported instead
            _modules[file] = importlib.import_module(".".join(names))
        else:
            sys.path.append(str(root))
            _modules[file] = _executed(file)
    return _modules[file]


def _executed(file: Path) -> ModuleType:
    name = f"given_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{file.name} is not a file that Python imports")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up here
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _where(error: BaseException, file: Optional[Path]) -> str:
    """Return in which line of which file beside `file` an error began, as far as anybody can tell."""
    if file is None or isinstance(error, SyntaxError):  # the message of the latter says it
        return ""
    lines = [
        f"{Path(frame.f_code.co_filename).name}, line {line}: "
        for frame, line in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).parent == file.parent
    ]
    return lines[-1] if lines else f"{file.name}: "


def _advice(module: ModuleType, file: Path) -> str:
    """Return what else of a file can be given."""
    there = [name for name, value in vars(module).items() if isinstance(value, (Implementation, Program))]
    if there:
        return "give " + " or ".join(f"{file.name}:{name}" for name in there)
    return f'write implementation = Implementation(name="{_name(file)}", framework="torch", conv=…) in it'


def _refusal(found: Any, value: str, module: ModuleType, file: Optional[Path]) -> str:
    """Say that something is no `Implementation`, and what to write instead."""
    if not callable(found):
        where = "a file" if file else "the entry point"
        return f"{value} is {type(found).__name__}, but {where} must name a {_PACKAGE}.Implementation"
    kind = "a class" if isinstance(found, type) else "a function"
    needed = f"{value} is {kind}, but an Implementation is needed, which says whose tensors it takes"
    if file and any(isinstance(one, (Implementation, Program)) for one in vars(module).values()):
        return f"{needed}; {_advice(module, file)}"
    function = getattr(found, "__name__", "function")
    op = "build" if isinstance(found, type) else function if function in OPS else "conv"
    name = _name(file) if file else "mine"
    return f'{needed}; write implementation = Implementation(name="{name}", framework="torch", {op}={function}) and name that'


def _name(file: Path) -> str:
    """Return a name for what is in a file."""
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in file.stem.lower()).strip("-")
    return name if name[:1].isalpha() else "mine"


def command_of(program: Program, value: str, file: Optional[Path] = None) -> Tuple[str, ...]:
    """Return the command of a program that `load` gave, with what is beside its declaration in it found."""
    declared = file or Path(sys.modules[value.partition(":")[0]].__file__ or "")
    return program.command_in(declared.parent)


def digest(value: str, file: Optional[Path] = None, command: Sequence[str] = ()) -> str:
    """Return a digest of the sources that may change between two runs of one version; call it after `load`.

    They are the file with what it imports from beside it, or all of the package that the module belongs to; whatever
    else was imported from outside the folders that packages are installed to, because somebody works on it; and the
    files that a program's `command` names.
    """
    if file:
        name = _modules[file].__name__
        files = _imported_beside(file)
    else:
        name = value.partition(":")[0]
        files = set()
    top = sys.modules[name.partition(".")[0]]
    own = getattr(top, "__file__", None)
    roots = [Path(p) for p in getattr(top, "__path__", [])]
    files |= {f for root in roots for f in root.rglob("*.py")} | ({Path(own)} if own else set())
    files |= {Path(f) for m in list(sys.modules.values()) if (f := getattr(m, "__file__", None)) and _is_worked_on(f)}
    files |= {Path(part) for part in command if os.path.isabs(part) and os.path.isfile(part)}  # noqa: PTH113, PTH117  # of any text
    found = hashlib.sha256()
    for path in sorted(files):
        with contextlib.suppress(OSError):  # an editor's lock is a link to nowhere
            found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _imported_beside(file: Path) -> set[Path]:
    """Return `file` and the files beside it that it imports, at its top or later, or that those import."""
    found: set[Path] = set()
    to_do: list[Path] = [file]
    while to_do:
        path = to_do.pop()
        if path in found:
            continue
        found.add(path)
        for name in _imports(path):
            module, package = file.parent / f"{name}.py", file.parent / name
            to_do += [module] if module.is_file() else sorted(package.rglob("*.py"))
    return found


def frameworks_of(file: Path) -> set[str]:
    """Return the frameworks that a file imports itself, without NumPy, which goes with each."""
    return _imports(file) & (set(FRAMEWORKS) - {"numpy"})


def _imports(path: Path) -> set[str]:
    """Return the top-level names that a file imports; none if it cannot be read."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in names}


def _is_worked_on(file: str) -> bool:
    path = Path(file)
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    return path.suffix == ".py" and not installed and not any(place in path.parents for place in _NOT_WORKED_ON)
