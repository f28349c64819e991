"""Execute cases on a function in this process, as a worker would."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from same_conformance import frameworks, operands
from same_conformance.errors import Unsupported, UsageError
from same_conformance.implementation import Implementation
from same_conformance.outcome import Outcome
from same_conformance.outcome import Unsupported as NotOffered
from same_conformance.runner import execution
from same_conformance.runner.replies import outcome_of

if TYPE_CHECKING:
    import numpy as np

    from same_conformance.case import Case
    from same_conformance.frameworks import Adapter


class Local:
    """A function at work in the caller's process.

    Attributes:
        raised: what it raised last, with its traceback.

    """

    def __init__(self, op: str, function: Callable[..., Any], framework: str) -> None:
        """Import the adapter of `framework`, and nothing of another.

        Raises:
            UsageError: if the framework is not installed.

        """
        self.raised: BaseException | None = None
        self._function = function
        functions: dict[str, Any] = {op: self._call}
        self._implementation = Implementation(name="function", framework=framework, **functions)
        try:
            frameworks.check_installed(framework, os.environ)
        except frameworks.NotInstalledError as error:
            raise UsageError(str(error)) from None
        # `load` would start it, and so change settings that belong to the caller
        self._adapter = cast("Adapter", importlib.import_module(f"same_conformance.frameworks.{framework}"))

    def _call(self, *tensors: Any, **keywords: Any) -> Any:
        self.raised = None
        try:
            return self._function(*tensors, **keywords)
        except BaseException as error:
            self.raised = error
            raise

    def execute(self, case: Case) -> Outcome:
        """Return what the function does with `case`; lets pass what is no `Exception`, such as Ctrl-C and ``pytest.skip``."""
        self.raised = None
        if why := self._obstacle(case):
            return NotOffered(why)
        outcome = outcome_of(*execution.execute(self._implementation, self._adapter, case, lambda: None))
        self._let_pass()
        return outcome

    def probe(self, case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
        """Return what it does with `case` on each of `sets` of operands."""
        calls = [execution.prepare(self._implementation, self._adapter, case, given) for given in sets]
        outcomes = [outcome_of(*reply) for reply in execution.probe(self._adapter, calls)]
        self._let_pass()
        return outcomes

    def _let_pass(self) -> None:
        if self.raised is not None and not isinstance(self.raised, Exception):
            raise self.raised

    def _obstacle(self, case: Case) -> str:
        """Say why the framework, as the caller has set it up, cannot hold the operands; empty if it can."""
        try:
            x, *_ = self._adapter.tensors(case, operands.make(case))
            _, dtype = self._adapter.array(case.forward, x)
        except Unsupported as error:
            return str(error)
        if dtype == case.dtype:
            return ""
        hint = "; set jax_enable_x64" if case.dtype == "float64" else ""
        return f"{self._implementation.framework} makes {dtype} of {case.dtype} here{hint}"
