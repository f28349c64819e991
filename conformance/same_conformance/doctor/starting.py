"""Say why an implementation did not start, and what to do about it."""

from __future__ import annotations

import difflib
import re
from importlib import metadata
from typing import TYPE_CHECKING

from same_conformance.doctor.finding import Finding, broken
from same_conformance.implementation import FRAMEWORKS
from same_conformance.messages import one_line
from same_conformance.plugins import GROUP
from same_conformance.runner import loading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_INSTALL_AGAIN = "and install the package again (pip install -e .): entry points are written when it is installed"
_ALIASES = {"pytorch": "torch", "tf": "tensorflow", "np": "numpy", "flax": "jax", "jnp": "jax"}


def failure(value: str, why: str, printed: str, file: Path | None = None) -> list[Finding]:
    """Return why the implementation at `value` (``module:attribute``) did not start, and what its worker printed last."""
    said = [one_line(line) for line in printed.splitlines() if line.strip()]
    last = f" (it printed: {last_words(said)})" if said and not re.search(_NO_WORKER, why) else ""
    return [broken(f"it does not start: {why}{last}", _step(value, why, file))]


def last_words(printed: Sequence[str]) -> str:
    """Return the last line that a worker printed, or, of what is printed when it crashes, the line that is not of ours.

    >>> last_words(['File "/x/same_conformance/run.py", line 1 in f', 'File "/x/mine.py", line 3 in g', "Extension modules: m"])
    'File "/x/mine.py", line 3 in g'
    """
    frames = [line for line in printed if re.search(r'File "[^"]+", line \d+ in ', line)]
    own = [line for line in frames if not re.search(r"[/…]same_conformance/|/site-packages/|/lib/python", line)]
    return (own or frames or printed)[0 if own or frames else -1]


_NO_WORKER = r"^\S+ has no \w+: |does not behave like a Python"
"""What is said of an interpreter that ran nothing of ours, so that what it printed tells nothing of the implementation."""
_STEPS = (
    (
        r"\.py has no '",
        (
            "the part after the colon is an attribute of the file: give {module}:ATTRIBUTE, or write {attribute} = "
            "Implementation(name=..., framework=..., conv=...) in it"
        ),
    ),
    (_NO_WORKER, "give an interpreter that is fit: --python NAME=PATH/bin/python, a Python 3.9 or newer with NumPy"),
    (
        "AttributeError: module '{module}' has no attribute",
        f"the entry point is {{value!r}}: write what the Implementation is called there in place of {{attribute!r}}, {_INSTALL_AGAIN}",
    ),
    (
        "use one name",
        f"give the Implementation and the entry point the same name; after a change of the latter {_INSTALL_AGAIN[4:]}",
    ),
    (
        "must name a|an Implementation is needed",
        "let {attribute} be an Implementation: {attribute} = Implementation(name=..., framework=..., conv=...) in {module}",
    ),
    ("is not installed", "install it there, or run it where it is: --python NAME=INTERPRETER"),
    (
        "SystemExit|ended with exit code",
        (
            "importing {module} ends the process: take sys.exit() and os._exit() out of what runs at import, or put it under "
            "if __name__ == '__main__'"
        ),
    ),
    (
        "did not start within",
        (
            "importing {module} takes too long, or waits for something: see {python}; or give it "
            "more time: --start-timeout"
        ),
    ),
    (
        "was killed by",
        "importing {module} crashes the process: {python} shows where",
    ),
    (
        "attempted relative import",
        "write the import without the dot: modules beside the file are imported by their names, as in from layers import Conv",
    ),
    (r"line \d+[:)]", "correct that line of {module}, then check again"),
    (
        r"\b\w*(Error|Exception|Interrupt|Warning)\b",
        "importing {module} raises: {python} shows where",
    ),
    ("", "correct it as the message says; docs/plugins.md has the form of an Implementation"),
)
"""For words of a message, the first that fits, what to do."""


def other_framework(claimed: str, file: Path | None) -> str:
    """Return the framework to write, as a question, where a file imports another one than it claims, and only that."""
    imported = loading.frameworks_of(file) if file else set()
    if len(imported) != 1 or claimed in imported:
        return ""
    (name,) = imported
    return f'its file imports {name}: framework="{name}"? Else '


def _step(value: str, why: str, file: Path | None) -> str:
    module, _, attribute = value.rpartition(":") if ":" in value else (value, "", "")
    if match := re.search(r"No module named '([^']+)'", why):
        return _missing_module(match[1], module)
    if match := re.search(r"framework '([^']*)' is not known", why):
        return _framework(match[1])
    template = next(step for words, step in _STEPS if re.search(words.replace("{module}", re.escape(module)), why))
    other = other_framework(match[1], file) if (match := re.match(r"(\w+) is not installed", why)) else ""
    return other + template.format(value=value, module=module, attribute=attribute, python=_python(module))


def _python(module: str) -> str:
    """Return the command that shows what happens when a module, or a file, is imported."""
    return (
        f"python -X faulthandler {module}" if module.endswith(".py") else f"python -X faulthandler -c 'import {module}'"
    )


def _framework(got: str) -> str:
    close = [_ALIASES[got.lower()]] if got.lower() in _ALIASES else difflib.get_close_matches(got, FRAMEWORKS, 1)
    return f'write framework="{close[0]}"' if close else f"write one of {', '.join(FRAMEWORKS)}: whose tensors it takes"


def _missing_module(missing: str, module: str) -> str:
    if module == missing or module.startswith(f"{missing}."):
        return f'the entry point names the module {module!r}: correct it in [project.entry-points."{GROUP}"] of pyproject.toml, {_INSTALL_AGAIN}'
    return f"{module} imports {missing}: install it in this environment, or run it in another one: --python NAME=INTERPRETER"


def almost_registered(name: str) -> list[str]:
    """Return a line for each entry point called `name` in a group that is almost ours: its author meant us."""
    lines = []
    for distribution in _distributions():
        for entry_point in distribution.entry_points:
            if entry_point.name == name and entry_point.group != GROUP:
                close = difflib.get_close_matches(entry_point.group, [GROUP], n=1, cutoff=0.7)
                if close or entry_point.group.startswith("same_conformance"):
                    lines.append(
                        f"{distribution.metadata['Name']} registers {name!r} in the group {entry_point.group!r}, but the group is {GROUP!r}: "
                        f"correct it, {_INSTALL_AGAIN}"
                    )
    return lines


def _distributions() -> Iterable[metadata.Distribution]:
    """Yield the distributions whose entry points can be read."""
    for distribution in metadata.distributions():
        try:
            distribution.entry_points  # noqa: B018  # a property, which reads the file
        except Exception:  # noqa: BLE001, S112  # a stranger's files may be broken in any way
            continue
        yield distribution
