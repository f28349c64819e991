"""Write a plug-in package that works at once, from the templates beside this file.

A template is the file itself, for a package called ``my-same`` on ``my-framework``; these words are replaced.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
from importlib import resources
from pathlib import Path

from same_conformance import plugins
from same_conformance.errors import UsageError
from same_conformance.implementation import FRAMEWORKS
from same_conformance.scaffold import origin

OFFERED = ("torch", "jax", "tensorflow", "numpy")
"""The frameworks there are templates for."""

_NAME = re.compile(r"(?=.{1,64}$)[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*")
_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".github/workflows/same.yml": "workflow.yml",
    "src/my_same/__init__.py": "package.py",
    "src/my_same/conformance.py": "conformance.py",
    "src/my_same/layers.py": "layers/my-framework.py",
    "tests/test_same.py": "test_same.py",
}
"""Where each file goes, and its template; `.template` keeps linters and tests from taking these for ours."""
_OPTIONS = {"jax": "compile_together=50,  # in one program; one by one takes ten times as long"}


def files(name: str, framework: str) -> dict[str, str]:
    """Return the files of a package called `name`, by their paths in it."""
    words = {
        "my-same": name,
        "my_same": module_of(name),
        "my-framework": framework,
        "my-origin": origin.requirement(),
    }
    options = _OPTIONS.get(framework)
    found = {}
    for path, template in _FILES.items():
        text = (resources.files(__name__) / "templates" / f"{_filled(template, words)}.template").read_text("utf-8")
        text = text.replace("    my_options\n", f"    {options}\n" if options else "")
        found[_filled(path, words)] = _filled(text, words)
    return found


def _filled(text: str, words: dict[str, str]) -> str:
    """Replace all words at once, so that a name may be one of them."""
    return re.sub("|".join(words), lambda match: words[match[0]], text)


def module_of(name: str) -> str:
    """Return what the package called `name` is imported as."""
    return re.sub(r"[-.]", "_", name)


def check(name: str) -> None:
    """See that a package and an implementation can be called `name`.

    Raises:
        UsageError: if not; says why, and what can be.

    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"the name {name[:80]!r} is not allowed: use a-z and 0-9, begin with a letter, and put one of - _ . between "
            "words, as in my-same; 64 characters at most"
        )
    if name in {e.name for e in plugins.installed()}:
        raise UsageError(f"an implementation called {name!r} is installed already: choose another name")
    module = module_of(name)
    if keyword.iskeyword(module):
        raise UsageError(f"{module!r} is a word of Python and cannot be imported: choose another name")
    if module in FRAMEWORKS or importlib.util.find_spec(module) is not None:
        raise UsageError(f"there is a module called {module!r} already, which yours would hide: choose another name")


def write(name: str, framework: str, out: Path) -> list[Path]:
    """Write the package into `out`, which must not exist or be empty, and return the paths of its files.

    Raises:
        UsageError: if the name is not allowed, or the directory cannot be written to.

    """
    check(name)
    written = []
    try:
        if out.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise UsageError(f"{out} exists already, and nothing is overwritten: choose another name, or give --out")
        for place, text in files(name, framework).items():
            path = out / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise UsageError(f"{out} cannot be written to: {error.strerror}; give another place with --out") from None
    return written
