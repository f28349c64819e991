"""Define whom a script is about: an implementation that ran, with everything its result depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from same_conformance import program

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.judge import Judgement
    from same_conformance.outcome import Outcome
    from same_conformance.runner.pool import Started


@dataclass(frozen=True)
class Target:
    """An implementation, as a script and a report name it.

    Attributes:
        name, framework, homepage: of the implementation.
        value: of its entry point, ``module:attribute``; of a file that was given, ``path/to/file.py:attribute``.
        distribution: the package that registers it, or the name of the file.
        is_builtin: whether that package is ours, so that its call can be written out.
        ops: that it offers.
        environment: variables that are set before the framework is imported.
        versions: of the packages it ran with.
        python, platform: where it ran.
        package_version: of the distribution; empty of a file.
        is_file: whether it was given by its file.
        builds: whether it builds what is called, for the case.

    """

    name: str
    framework: str
    homepage: str
    value: str
    distribution: str
    is_builtin: bool
    ops: tuple[str, ...]
    environment: Mapping[str, str]
    versions: Mapping[str, str]
    python: str
    platform: str
    package_version: str = ""
    is_file: bool = False
    builds: bool = False

    @classmethod
    def of(cls, started: Started) -> Target:
        """Return what a script needs to know of an implementation that has started."""
        about, entry_point = started.description, started.entry_point
        return cls(
            about.name,
            about.framework,
            about.homepage,
            entry_point.value,
            entry_point.distribution,
            entry_point.is_builtin,
            about.ops,
            about.environment,
            started.versions,
            started.python,
            started.platform,
            entry_point.version,
            entry_point.file is not None,
            about.builds,
        )

    @property
    def is_program(self) -> bool:
        """Tell whether it is no function in Python but a program that is sent its operands."""
        return self.framework == program.FRAMEWORK

    @property
    def package(self) -> str:
        """Return what its tensors belong to: the framework, or the backend of Keras that the environment chose."""
        return self.environment.get("KERAS_BACKEND", "tensorflow") if self.framework == "keras" else self.framework


@dataclass(frozen=True)
class Observation:
    """What an implementation did with one case, beside what SAME asks for.

    Attributes:
        earlier: cases that it executed before in the same process, because the result may depend on them.

    """

    target: Target
    case: Case
    outcome: Outcome
    judgement: Judgement
    earlier: tuple[Case, ...] = ()
