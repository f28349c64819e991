"""Hold one known failure of one implementation: for which cases, how it fails there, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from same_conformance import classes, mutants, rules
from same_conformance.judge import FAILURES
from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from same_conformance.case import Case

CLASSES = {one.name: one for one in classes.CLASSES}
"""The classes of cases that an entry may name."""


@dataclass(frozen=True)
class Expectation:
    """A known failure of one implementation, for the cases that fit all of `when`, `op`, `case_class` and `cases`.

    Attributes:
        implementation: its name.
        reason: why, in a sentence.
        link: the public report of it, or ``not reported``.
        when: a predicate over case fields, or empty for every case; so are the next three.
        op: the op of the case.
        case_class: the name of a class of `same_conformance.classes`; ``class`` in a file.
        cases: ids; ``case`` or ``cases`` in a file.
        verdict: how it fails there; another failure is a different bug.
        rule: the name of a rule in `same_conformance.mutants` that it follows there; then `verdict` is what the
            rule predicts case by case.
        may_pass: on what it depends whether it fails there at all, such as the processor; empty if it always does. Only
            then is a pass not stale.
        finding: the name of the `same_conformance.findings.Finding` that the reason and the link are from, if any.
        expires: the last day on which it counts; None if it always does.
        place: where it stands, in words: file, entry and line; empty if it came with this package.

    """

    implementation: str
    reason: str
    link: str
    when: str = ""
    op: str = ""
    case_class: str = ""
    cases: tuple[str, ...] = ()
    verdict: str = ""
    rule: str = ""
    may_pass: str = ""
    finding: str = ""
    expires: date | None = None
    place: str = ""

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(self.cases)

    def covers(self, case: Case) -> bool:
        """Tell whether it speaks of `case`."""
        return (
            (not self.op or case.op == self.op)
            and (not self.cases or case.id in self._ids)
            and (not self.case_class or CLASSES[self.case_class].contains(case))
            and (not self.when or compile_predicate(self.when)(case))
        )

    def predicts(self, case: Case) -> tuple[str, ...]:
        """Return the failures that are expected for `case`, any of which may occur; empty if it must pass."""
        if not self.covers(case):
            return ()
        return failures(self.rule, case) if self.rule else (self.verdict,)

    def is_expired(self, today: date | None) -> bool:
        """Tell whether it counts no more on the day `today`; where that is not known, every entry counts."""
        return self.expires is not None and today is not None and today > self.expires

    @property
    def selector(self) -> str:
        """Return the cases that it speaks of as a file says it, in one line.

        >>> Expectation("mine", "", "", op="conv", case_class="even kernel").selector
        'op = "conv", class = "even kernel"'
        """
        parts = [
            f'{key} = "{value}"'
            for key, value in (("op", self.op), ("class", self.case_class), ("when", self.when))
            if value
        ]
        if len(self.cases) > 1:
            parts.append(f'cases = ["{self.cases[0]}", …], {len(self.cases)} of them')
        elif self.cases:
            parts.append(f'case = "{self.cases[0]}"')
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a record holds it: what is empty is left out."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["cases"] = list(self.cases)
        values["expires"] = self.expires.isoformat() if self.expires else ""
        return {key: value for key, value in values.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the entry from what `to_json` gave.

        Raises:
            TypeError, ValueError: if it is not what this version understands.

        """
        known = dict(values)
        if known.get("case_class", "") not in ("", *CLASSES):
            raise ValueError(f"the class {known['case_class']!r}")
        known["cases"] = tuple(known.get("cases", ()))
        known["expires"] = date.fromisoformat(known["expires"]) if known.get("expires") else None
        return cls(**known)


def failures(rule: str, case: Case) -> tuple[str, ...]:
    """Return the failures that a rule predicts; empty where it does what SAME does."""
    return tuple(verdict for verdict in rules.predict(mutants.RULES[rule], case) if verdict in FAILURES)
