"""One module per framework: how the operands of a case become its tensors, and how its results come back.

Imported in workers only. Each module has the functions of `Adapter`; importing the module imports the framework.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Protocol, Sequence, Tuple

if TYPE_CHECKING:
    import numpy as np

    from same_conformance.case import Case


@dataclass(frozen=True)
class Call:
    """What is called, and on what.

    Attributes:
        case: what is compared, and in what shape.
        function: the implementation's; called with `operands` alone.
        operands: the framework's tensors of the input and, if the op has one, the kernel.
        cotangent: of a gradient case: the tensor that the result is multiplied with before its gradient is taken.
        gradient: of a gradient case, where the framework has none: called with the operands and the cotangent.
        earlier: what is called before, on tensors of other sizes; nobody looks at what that gives.

    """

    case: Case
    function: Callable[..., Any]
    operands: Tuple[Any, ...]
    cotangent: Any = None
    gradient: Optional[Callable[..., Any]] = None
    earlier: Tuple[Call, ...] = ()

    @property
    def by(self) -> int:
        """Return the place of the operand that a gradient is by."""
        return int(self.case.compared == "kernel_gradient")

    def with_operand(self, operand: Any) -> Tuple[Any, ...]:
        """Return the operands with `operand` in place of the one that the gradient is by."""
        return (*self.operands[: self.by], operand, *self.operands[self.by + 1 :])


class ForwardShapeError(Exception):
    """The forward result of a gradient case has another shape than its cotangent, so there is no gradient to take.

    Attributes:
        shape: of the result, channel last.
        dtype: its name.

    """

    def __init__(self, shape: Tuple[int, ...], dtype: str) -> None:
        super().__init__(f"shape {shape}")
        self.shape = shape
        self.dtype = dtype


class IndependentError(Exception):
    """The framework says that the result does not depend on the operand that its gradient is wanted by."""

    def __init__(self, call: Call) -> None:
        operand = ("input", "kernel")[call.by]
        super().__init__(
            f"there is no gradient: {call.case.op} returned something that does not depend on its {operand}"
        )


def check_shape(call: Call, shape: Sequence[int], dtype: str) -> None:
    """Tell whether the cotangent fits a forward result of `shape`, channel last.

    Raises:
        ForwardShapeError: if not.

    """
    if tuple(shape) != call.case.output_shape:
        raise ForwardShapeError(tuple(shape), dtype)


class Adapter(Protocol):
    """What a module in this package offers."""

    PACKAGES: tuple[str, ...]
    """Distributions whose versions the record names."""

    def start(self) -> None:
        """Import the framework and give it one thread."""

    def tensors(self, case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        """Convert channel-last float64 operands, cotangent included, to tensors of the case's dtype in the framework's layout."""

    def array(self, case: Case, result: Any) -> tuple[np.ndarray, str]:
        """Convert what is compared to an array in our layout and the name of its dtype; bfloat16 comes as float32.

        Raises:
            TypeError: if the result is not a tensor of the framework.

        """

    def content(self, tensor: Any) -> bytes:
        """Return the elements of a tensor as they are in memory, to see whether somebody changed them."""

    def overlap(self, one: Any, other: Any) -> bool:
        """Tell whether two results are in one piece of memory that can be written to, so that one can overwrite the other."""

    def refuses(self, error: Exception) -> bool:
        """Tell whether `error` is how the framework says that it does not offer a dtype, parameter or gradient on this machine."""

    def execute(self, call: Call) -> Any:
        """Call the function on its tensors and return what is compared: its result, or the gradient of it.

        Raises:
            ForwardShapeError: if a gradient cannot be taken for the shape of the forward result.
            IndependentError: if the framework finds no way from the result to the operand.

        """

    def execute_together(self, calls: Sequence[Call]) -> list[Any]:
        """Compile all calls into one program and run it twice.

        Returns:
            for each call the pair of what both runs gave; in its place, the exception of its tracing.

        """


def raised_in(error: Exception, package: str) -> bool:
    """Tell whether `error` says "not implemented" and was raised by the code of `package`, not by that of its caller."""
    if not isinstance(error, NotImplementedError) or error.__traceback__ is None:
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == package


class NotInstalledError(Exception):
    """A framework, or what a program needs, is not installed in this environment."""


def check_installed(name: str, environment: Mapping[str, str]) -> None:
    """Look for framework `name`, and for Keras's backend as `environment` chooses it; imports neither.

    Raises:
        NotInstalledError: if one is not installed; says how to get it.

    """
    backend = environment.get("KERAS_BACKEND", "tensorflow") if name == "keras" else name
    for needed in (name, backend):
        if importlib.util.find_spec(needed) is None:
            raise NotInstalledError(f"{needed} is not installed; try: python -m pip install {needed}")


def check_executable(command: str) -> None:
    """Look for what a program is started by.

    Raises:
        NotInstalledError: if it is not there.

    """
    if shutil.which(command) is None:
        raise NotInstalledError(f"{command} is not installed, or is not executable: install it, or put it on the PATH")


def load(name: str) -> Adapter:
    """Import and start the adapter of framework `name`.

    Raises:
        NotInstalledError: if the framework is not installed; says how to get it.

    """
    check_installed(name, os.environ)
    adapter: Adapter = importlib.import_module(f"same_conformance.frameworks.{name}")
    adapter.start()
    return adapter
