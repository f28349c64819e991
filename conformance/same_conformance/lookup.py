"""Look up whom a command names: an installed implementation, or one in a file, in this interpreter or another."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from same_conformance import plugins
from same_conformance.errors import StartError, UsageError
from same_conformance.interruption import in_background
from same_conformance.messages import one_line
from same_conformance.plugins import EntryPoint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from same_conformance.runner.pool import Pool, Started

_FILE = re.compile(r"(?P<path>.*\.py)(?::(?P<attribute>[^/:]*))?", re.DOTALL)
_ATTRIBUTE = "implementation"
"""What a file is asked for if nothing else is said."""


def look_up(
    installed: Iterable[EntryPoint], names: Sequence[str], interpreters: Mapping[str, str], pool: Pool
) -> list[EntryPoint]:
    """Return whom `names` and `interpreters` mean, ready for `Pool.start`; without `names`, all that are installed too.

    A name is that of an installed implementation, or ``path/to/file.py:attribute``, or ``path/to/file.py``, whose
    attribute is then ``implementation``. `interpreters` gives some of them another Python, by what stands in `names` or by
    the implementation's own name; it is asked for what is installed there. Who cannot be told from another, and a file
    that a worker cannot load, are left out and put into ``pool.failures``.

    Raises:
        UsageError: if a name is unknown, a file is missing, or two have one name.

    """
    there = list(installed)
    known = {e.name for e in there}
    for name, interpreter in interpreters.items():
        if Path(interpreter).is_dir():
            raise UsageError(
                f"--python {name}={interpreter}: it is a directory; did you mean {Path(interpreter, 'bin', 'python')}?"
            )
        if not Path(interpreter).exists() and not shutil.which(interpreter):
            raise UsageError(
                f"--python {name}={interpreter}: there is no such interpreter; give the path of a python executable"
            )
    wanted = list(dict.fromkeys([*names, *interpreters]))
    files = {name: file for name in wanted if name not in known and (file := _file(name))}
    pythons = {files[name].value: python for name, python in interpreters.items() if name in files}
    strange = {name: python for name, python in interpreters.items() if name not in known and name not in files}
    distinct = {file.value: file for file in files.values()}
    given = [_identified(file, pythons.get(value), strange, pool) for value, file in distinct.items()]
    found = [file for file in given if file]
    if len(found) == len(given):  # else a file that did not load may be who is meant
        strange = {name: python for name, python in strange.items() if name not in {file.name for file in found}}
        for name, python in strange.items():
            elsewhere = [e for e in _installed_in(name, python, pool) if e.name == name]
            if not elsewhere:
                raise UsageError(_nobody(name, python, names, [file.name for file in found]))
            there += elsewhere
        known |= strange.keys()
    there = [replace(e, interpreter=interpreters.get(e.name, e.interpreter)) for e in there]
    by_name = [name for name in wanted if name not in files and (name in names or name in known)]
    selected = plugins.select(there, by_name) if names else there
    plugins.select(there, by_name)  # without names, those of `interpreters` must be known all the same
    startable, clashes = plugins.part(selected)
    pool.failures.update(clashes)
    _check_names(found, startable, known={e.name for e in there if e.is_builtin})
    return [*startable, *found]


def start(
    names: Sequence[str],
    pool: Pool,
    say: Callable[[str], None] = lambda _: None,
    interpreters: Mapping[str, str] | None = None,
) -> list[Started]:
    """Look up and start all of `names`, and return them in their order; `say` is told what a worker printed that failed.

    Without `names`, those of `interpreters` are meant.

    Raises:
        UsageError: as `look_up`.
        StartError: if one of them does not start.

    """
    interpreters = interpreters or {}
    names = names or list(interpreters)
    startable = look_up(plugins.installed(say), names, interpreters, pool)
    if not pool.failures:
        with in_background(pool, lambda: pool.start(startable)):
            pass
    for name, why in pool.failures.items():
        for line in pool.output_of(name).splitlines():
            say(f"  {one_line(line)}")
        raise StartError(f"{name} did not start: {why}")
    by_value = {e.value: e.name for e in startable if e.file}
    own_names = [by_value.get(file.value, name) if (file := _file(name)) else name for name in names]
    return [pool.started[name] for name in own_names]


def _file(text: str) -> EntryPoint | None:
    """Return the file that `text` names, before anybody knows what the implementation in it is called.

    Raises:
        UsageError: if `text` looks like a file and there is none.

    """
    match = _FILE.fullmatch(text)
    if not match:
        return None
    path, attribute = Path(match["path"]), match["attribute"] or _ATTRIBUTE
    if not path.is_file():
        what = "is a directory" if path.is_dir() else "does not exist"
        raise UsageError(f"the file {path} {what}; give the name of an implementation, or path/to/file.py:attribute")
    name = path.name + (f":{attribute}" if match["attribute"] else "")
    return EntryPoint(name, f"{path}:{attribute}", path.name, "", file=Path(os.path.abspath(path)))  # noqa: PTH100  # resolve() would leave the folder of a link


def _identified(file: EntryPoint, interpreter: str | None, strange: Mapping[str, str], pool: Pool) -> EntryPoint | None:
    """Return `file` under the name of the implementation in it, which only a worker can tell.

    Without an interpreter of its own, it is looked for in those that were given to names which nobody has.
    """
    if interpreter:
        strange, file = {}, replace(file, interpreter=interpreter)
    failure: StartError | None = None
    for name, python in strange.items():
        try:
            found = pool.identify(replace(file, interpreter=python))
        except StartError as error:
            failure = failure or error
        else:
            if found.name == name:
                return found
    try:
        found = pool.identify(file)
        if failure is None or found.name not in strange:
            return found
    except StartError as error:
        failure = failure or error
    pool.fail(file, failure)
    return None


def _nobody(name: str, python: str, names: Sequence[str], files: Sequence[str]) -> str:
    """Say that nobody is called `name`, neither among what was given nor among what is installed."""
    if name not in names and names:
        run = [*(other for other in names if not _FILE.fullmatch(other)), *files]
        return f"--python names {name!r}, but this run has {', '.join(run)}"
    return (
        f"implementation {name!r} is not installed, neither here nor in {python}: {python} -m pip install the package that "
        "registers it"
    )


def _installed_in(name: str, interpreter: str, pool: Pool) -> list[EntryPoint]:
    try:
        return pool.entry_points_of(interpreter, plugins.GROUP)
    except StartError as error:
        raise UsageError(f"--python {name}={interpreter}: {error}") from None


def _check_names(files: Sequence[EntryPoint], others: Iterable[EntryPoint], known: Collection[str]) -> None:
    """Tell whether every file's implementation has a name of its own.

    Raises:
        UsageError: if not; names both.

    """
    by_name = {e.name: e for e in others}
    for file in files:
        other = by_name.setdefault(file.name, file)
        if file.name in known:
            raise UsageError(
                f"{file.value} is called {file.name!r}, and so is one that comes with {plugins.OURS}: give it another name"
            )
        if other is not file:
            place = other.value if other.file else f"{other.value} of the package {other.distribution}"
            raise UsageError(
                f"two implementations are called {file.name!r}: {place} and {file.value}; leave one out, or give it "
                "another name"
            )
