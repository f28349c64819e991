"""Define the contract that authors of implementations meet. Knows no framework."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Mapping

from same_conformance import api as versions
from same_conformance import claims
from same_conformance.case import COMPARED, DTYPES, OPS, POOLS, RANKS, Case
from same_conformance.errors import PluginError, Unsupported
from same_conformance.messages import one_line
from same_conformance.padding import MODES, SAME

Function = Callable[..., Any]

FRAMEWORKS = ("numpy", "torch", "tensorflow", "jax", "keras")
"""Whose tensors an implementation can work with; each has a module of its name in `same_conformance.frameworks`."""

_OTHER_FUNCTIONS = ("build", "gradient", "declines")


@dataclass(frozen=True)
class Implementation:
    """Describe an implementation of SAME: who it is, and one plain function per op that it offers.

    Every function receives and returns the framework's own tensors in the framework's own layout
    (``docs/plugins.md`` has the table); ``padding`` is ``"SAME"`` or ``"SAME_LOWER"``, every other
    keyword is a tuple with one entry per axis, except ``groups``::

        conv(x, kernel, *, stride, dilation, padding, groups)
        depthwise_conv(x, kernel, *, stride, dilation, padding)
        conv_transpose(x, kernel, *, stride, dilation, padding, output_size)
        max_pool(x, *, window, stride, dilation, padding)
        avg_pool(x, *, window, stride, dilation, padding)

    The transposed kernel is that of the forward convolution whose adjoint it is. A function says that it does
    not offer something by raising `Unsupported`.

    Attributes:
        name: the same as that of the entry point: lower case, digits, ``_ . -``.
        framework: one of `FRAMEWORKS`, whose tensors the functions work with.
        summary: one sentence for the report: what it does, and where it differs from SAME if it is known to.
        build: instead of functions: called with the `Case`, returns the callable for it (a module, say), which is
            called with the operands alone; in some cases first with those of another size, which is then that of the
            `Case` that it was built for.
        gradient: for NumPy only; every other framework takes gradients itself. Called with the `Case`, returns what is
            called with the operands and the cotangent and gives the gradient that ``case.compared`` names.
        homepage: where its users find it.
        version: of the implementation; by default that of the distribution which registers it.
        environment: variables that must be set before the framework is imported.
        ranks, dtypes, paddings: what it claims; the rest is `unsupported` without a call.
        ops: the same, for what `build` builds; by default all ops, or those that there are functions for.
        declines: called with a `Case`, returns why it is not offered, or an empty text: what a claim cannot say.
        rule: of the wrong implementations that come with this package: the name of the rule in
            `same_conformance.mutants` that it follows instead of SAME.
        api: the version of this contract that the plug-in is written for, `same_conformance.api.API_VERSION` by now.
        compile_together: how many cases may be traced into one compiled program; above 1 for JAX only.

    Raises:
        PluginError: if the description is not valid.

    """

    name: str
    framework: str
    summary: str = ""
    conv: Function | None = None
    depthwise_conv: Function | None = None
    conv_transpose: Function | None = None
    max_pool: Function | None = None
    avg_pool: Function | None = None
    build: Callable[[Case], Function] | None = None
    gradient: Callable[[Case], Function] | None = None
    homepage: str = ""
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    ranks: tuple[int, ...] = RANKS
    dtypes: tuple[str, ...] = DTYPES
    paddings: tuple[str, ...] = MODES
    ops: tuple[str, ...] = ()
    declines: Callable[[Case], str] | None = None
    rule: str = ""
    compile_together: int = 1
    api: int = 1

    def __new__(cls, *_: Any, **keywords: Any) -> Implementation:  # noqa: PYI034  # typing.Self is of Python 3.11
        """Say what to do about keywords of a newer version, before `__init__` raises a `TypeError`."""
        versions.check(cls.__name__, keywords, cls.__dataclass_fields__)
        return object.__new__(cls)

    def __post_init__(self) -> None:
        claims.check(self, ("summary", "homepage", "version", "rule"), ("ranks", "dtypes", "paddings"))
        if self.framework not in FRAMEWORKS:
            raise PluginError(
                f"{self.name}: framework {self.framework!r} is not known: use one of {', '.join(FRAMEWORKS)}"
            )
        offered = OPS if self.build is not None else tuple(op for op in OPS if getattr(self, op) is not None)
        if not offered:
            raise PluginError(f"{self.name}: offers no op: give a function for one of {', '.join(OPS)}, or build")
        if self.ops == ():
            object.__setattr__(self, "ops", offered)  # frozen for everybody else
        claims.check_claim(self.name, "ops", self.ops)
        for op in self.ops:
            if op not in offered:
                raise PluginError(f"{self.name}: ops has {op!r}, for which there is no function")
        if not isinstance(self.compile_together, int) or self.compile_together < 1:
            raise PluginError(f"{self.name}: compile_together must be 1 or more, got {self.compile_together!r}")
        self._check_functions()

    def _check_functions(self) -> None:
        if self.gradient is not None and self.framework != "numpy":
            raise PluginError(
                f"{self.name}: gradient is for numpy; the gradients of {self.framework} are taken by itself"
            )
        for op in (*OPS, *_OTHER_FUNCTIONS):
            function = getattr(self, op)
            if function is not None and not callable(function):
                raise PluginError(f"{self.name}: {op} must be a function, got {type(function).__name__}")

    def describe(self) -> dict[str, Any]:
        """Return what the host may know without importing anything: a description that JSON can carry."""
        description = {k: v for k, v in self.__dict__.items() if k not in (*OPS, *_OTHER_FUNCTIONS, "api")}
        for word in ("summary", "homepage", "version"):
            description[word] = one_line(description[word])
        description["builds"] = self.build is not None
        description["environment"] = dict(self.environment)
        return description


@dataclass(frozen=True)
class Description:
    """What the host knows of an implementation that lives in a worker: `Implementation` or `Program`, less how it is called."""

    name: str
    framework: str
    summary: str
    ops: tuple[str, ...]
    homepage: str = ""
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    ranks: tuple[int, ...] = RANKS
    dtypes: tuple[str, ...] = DTYPES
    paddings: tuple[str, ...] = MODES
    compared: tuple[str, ...] = COMPARED
    rule: str = ""
    compile_together: int = 1
    builds: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Description:
        """Rebuild a description from what `Implementation.describe` gave."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """Return the description as JSON can carry it."""
        return asdict(self)


def callable_for(implementation: Implementation, case: Case) -> Function:
    """Return the callable that executes `case`, forward, on its operands.

    Raises:
        Unsupported: if the implementation does not offer the op or does not claim the case.

    """
    *_, function = callables_for(implementation, case.forward)
    return function


def callables_for(implementation: Implementation, case: Case) -> tuple[Function, ...]:
    """Return what is called in turn on the operands of `case`: first on those of `Case.earlier`.

    What was built is one callable, built for the case that comes first.

    Raises:
        Unsupported: if the implementation does not offer the op or does not claim the case.

    """
    why = claims.obstacle(implementation, case)
    if not why and implementation.declines is not None:
        why = implementation.declines(case)
    if why:
        raise Unsupported(why)
    cases = (*case.earlier, case.forward)
    if implementation.build is not None:
        return (implementation.build(cases[0]),) * len(cases)
    function = getattr(implementation, case.op)
    return tuple(functools.partial(function, **keywords_for(each)) for each in cases)


def keywords_for(case: Case) -> dict[str, Any]:
    """Return the keyword arguments that an op's function gets for `case`."""
    keywords: dict[str, Any] = {
        "stride": case.stride,
        "dilation": case.dilation,
        "padding": "SAME" if case.padding == SAME else "SAME_LOWER",
    }
    if case.op == "conv":
        keywords["groups"] = case.groups
    if case.op == "conv_transpose":
        keywords["output_size"] = case.output_size
    if case.op in POOLS:
        keywords["window"] = case.kernel
    return keywords
