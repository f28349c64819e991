"""One module per framework: how the operands of a case become its tensors, and how its results come back.

Imported in workers only. Each module has the functions of `Adapter`; importing the module imports the framework.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import traceback
from typing import TYPE_CHECKING, Any, Callable, Mapping, Protocol, Sequence, Tuple

if TYPE_CHECKING:
    import numpy as np

    from same_conformance.case import Case

Call = Tuple["Case", Callable[..., Any], Tuple[Any, ...]]
"""A case, the callable that executes it, and its tensors."""


class Adapter(Protocol):
    """What a module in this package offers."""

    PACKAGES: tuple[str, ...]
    """Distributions whose versions the record names."""

    def start(self) -> None:
        """Import the framework and give it one thread."""

    def tensors(self, case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        """Convert channel-last float64 operands to tensors of the case's dtype in the framework's layout."""

    def array(self, case: Case, result: Any) -> tuple[np.ndarray, str]:
        """Convert a result to a channel-last array and the name of its dtype; bfloat16 comes as float32.

        Raises:
            TypeError: if the result is not a tensor of the framework.

        """

    def refuses(self, error: Exception) -> bool:
        """Tell whether `error` is how the framework says that it does not offer a dtype or parameter on this machine."""

    def execute(self, call: Call) -> Any:
        """Call the callable on its tensors, without recording gradients."""

    def execute_together(self, calls: Sequence[Call]) -> list[Any]:
        """Compile all calls into one program and run it; in place of a result, the exception of its tracing."""


def raised_in(error: Exception, package: str) -> bool:
    """Tell whether `error` says "not implemented" and was raised by the code of `package`, not by that of its caller."""
    if not isinstance(error, NotImplementedError) or error.__traceback__ is None:
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == package


class NotInstalledError(Exception):
    """A framework is not installed in this environment."""


def check_installed(name: str, environment: Mapping[str, str]) -> None:
    """Look for framework `name`, and for Keras's backend as `environment` chooses it; imports neither.

    Raises:
        NotInstalledError: if one is not installed; says how to get it.

    """
    backend = environment.get("KERAS_BACKEND", "tensorflow") if name == "keras" else name
    for needed in (name, backend):
        if importlib.util.find_spec(needed) is None:
            extra = needed if needed in ("torch", "tensorflow", "jax") else "frameworks"
            raise NotInstalledError(
                f"{needed} is not installed; try: python -m pip install 'same-conformance[{extra}]'"
            )


def load(name: str) -> Adapter:
    """Import and start the adapter of framework `name`.

    Raises:
        NotInstalledError: if the framework is not installed; says how to get it.

    """
    check_installed(name, os.environ)
    adapter: Adapter = importlib.import_module(f"same_conformance.frameworks.{name}")
    adapter.start()
    return adapter
