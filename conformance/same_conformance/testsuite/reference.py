"""Find the place that a worker imports a live implementation from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from same_conformance.implementation import Implementation

_FUNCTIONS = ("conv", "depthwise_conv", "conv_transpose", "max_pool", "avg_pool", "build")


def reference_to(implementation: Implementation, caller: Mapping[str, Any]) -> str:
    """Return ``path/to/file.py:attribute`` of a module that holds `implementation` at its top level.

    Looked through are the modules of its functions, every other one, and last that of the `caller`, given by its globals,
    which may be half executed and may have imported it from another.

    Raises:
        UsageError: if there is none.

    """
    for found in _namespaces(implementation, caller):
        file = found.get("__file__")
        if isinstance(file, str) and file.endswith(".py"):
            for name, value in list(found.items()):
                if value is implementation:
                    return f"{file}:{name}"
    raise UsageError(
        f"no module holds the Implementation {implementation.name!r} at its top level, where a worker process could "
        "import it: assign it to a name there, or give the name of an installed one or 'path/to/file.py:attribute'"
    )


def _namespaces(implementation: Implementation, caller: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    of_functions = [getattr(getattr(implementation, word), "__module__", None) for word in _FUNCTIONS]
    names = dict.fromkeys([*filter(None, of_functions), *sys.modules])
    names.pop(str(caller.get("__name__")), None)
    for name in names:
        module = sys.modules.get(name)
        if isinstance(module, ModuleType):  # others put there anything they like
            yield vars(module)
    yield caller
