"""Say what `same_conformance.pytest_plugin.conformance_tests` was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.expectations import Expectation
    from same_conformance.implementation import Implementation
    from same_conformance.selection import Query
    from same_conformance.testsuite.partition import Group


@dataclass(frozen=True)
class Suite:
    """An implementation and the cases it is to be tested on.

    Nothing heavy is imported to make one: a worker makes one too, where it imports a module of tests.

    Attributes:
        implementation: the name of an installed one, or ``path/to/file.py:attribute``.
        profile: as of ``same-conformance run``.
        n_cases: how many to draw instead of the profile's number.
        seed: of the drawing.
        ops, ranks: only these; empty means all.
        expectations: the path of a file of known failures; empty for those that ``pyproject.toml`` names.
        python: another interpreter to run it in, or nothing.

    """

    implementation: str
    profile: str = "quick"
    n_cases: int | None = None
    seed: int = 0
    ops: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    expectations: str = ""
    python: str = ""

    def query(self) -> Query:
        """Return which cases are wanted.

        Raises:
            UsageError: if there are none such; says what is allowed.

        """
        from same_conformance.case import OPS, RANKS
        from same_conformance.selection import PROFILES, Query

        for what, got, allowed in (("ops", self.ops, OPS), ("ranks", self.ranks, RANKS)):
            for value in got:
                if value not in allowed:
                    raise UsageError(f"{what} has {value!r}: use some of {', '.join(map(str, allowed))}")
        for what, number, least in (("cases", self.n_cases, 1), ("seed", self.seed, 0)):
            if number is not None and number < least:
                raise UsageError(f"{what} must be {least} or more, got {number}")
        for profile in PROFILES:
            if profile == self.profile:
                return Query(profile, self.n_cases, self.seed, self.ops, self.ranks)
        raise UsageError(f"profile {self.profile!r} is not known: use one of {', '.join(PROFILES)}")

    def groups(self) -> Iterator[Group]:
        """Yield the groups of cases that are one test each; those that must be drawn first have no cases yet.

        The last is about the expectations themselves, if there are any of the whole profile.

        Raises:
            UsageError: as `query`.

        """
        from dataclasses import replace

        from same_conformance.case import OPS
        from same_conformance.selection import PROFILES, select
        from same_conformance.testsuite import partition

        query = self.query()
        yield from partition.part(select(replace(query, profile="quick", n_cases=0)).origins)
        n_drawn = PROFILES[query.profile] if query.n_cases is None else query.n_cases
        for origin, wanted in (("packed", query.profile == "deep"), ("drawn", n_drawn > 0)):
            if wanted:
                yield from (partition.Group(op, origin, ()) for op in self.ops or OPS)
        if (
            self.expectation_files(Path.cwd()) and not self.ops and not self.ranks
        ):  # else an entry may be about what is left out
            yield partition.Group("", partition.EXPECTATIONS, ())

    def expectation_files(self, root: Path) -> tuple[Path, ...]:
        """Return the author's lists of known failures: the one that is given, relative to `root`, or else its project's."""
        from same_conformance import config

        return (root / self.expectations,) if self.expectations else config.read(root).expectations

    def known_failures(self, root: Path) -> list[Expectation]:
        """Read those lists.

        Raises:
            UsageError: if one is not there, or is not right.

        """
        from same_conformance import config, expectations

        named_in = "" if self.expectations else config.read(root).name
        return [entry for path in self.expectation_files(root) for entry in expectations.read(path, named_in)]

    def made(self) -> dict[tuple[str, str], tuple[Case, ...]]:
        """Draw and pack the cases of the groups that have none yet, by op and name."""
        from same_conformance.selection import select

        found: dict[tuple[str, str], list[Case]] = {}
        for case, origin in select(self.query()).origins.items():
            if origin in ("packed", "drawn"):
                found.setdefault((case.op, origin), []).append(case)
        return {key: tuple(cases) for key, cases in found.items()}


def suite_of(implementation: str | Implementation, caller: Mapping[str, Any], **wanted: Any) -> Suite:
    """Return the suite of an implementation, which may be a live object; `caller` are the globals of the test module.

    Raises:
        UsageError: if nobody can tell where to import it from.

    """
    if isinstance(implementation, str):
        return Suite(implementation, **wanted)
    from same_conformance.implementation import Implementation
    from same_conformance.testsuite.reference import reference_to

    if isinstance(implementation, Implementation):
        return Suite(reference_to(implementation, caller), **wanted)
    raise UsageError(
        f"got {type(implementation).__name__}, but an Implementation is needed, the name of an installed one, or "
        "'path/to/file.py:attribute'"
    )
