"""Say how a verdict stands to what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Literal

from same_conformance import mutants
from same_conformance.expectations.entry import Expectation, failures

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.judge import Verdict

Standing = Literal["as expected", "expected failure", "unexpected", "stale"]

RIGHT = ("pass", "unspecified")
"""Unspecified is right wherever anything says what is right."""


class Expectations:
    """Everything that is expected to fail in one run.

    `rule_of` names the rule of every implementation that is wrong on purpose; entries that expired before `today`, the
    day of the run, do not count.
    """

    def __init__(self, entries: Iterable[Expectation], rule_of: dict[str, str], today: date | None = None) -> None:
        self._entries: dict[str, list[Expectation]] = {}
        self._expired: dict[str, list[Expectation]] = {}
        for entry in entries:
            kind = self._expired if entry.is_expired(today) else self._entries
            kind.setdefault(entry.implementation, []).append(entry)
        self._rule_of = {name: rule for name, rule in rule_of.items() if rule}

    def assess(self, implementation: str, case: Case, verdict: Verdict) -> tuple[Standing, str]:
        """Return how a verdict stands to what was expected, and why: a reason, with its link if it has one."""
        if verdict == "unsupported":
            return "as expected", ""
        expected, why, may_pass = self._expected(implementation, case)
        if not expected or (may_pass and verdict in RIGHT):
            return (
                ("as expected", "") if verdict in RIGHT else ("unexpected", self._expiry(implementation, case, verdict))
            )
        if verdict in RIGHT:
            return "stale", f"passed, but expected to fail ({' or '.join(expected)}): {why}"
        if verdict not in expected:
            return "unexpected", f"{verdict}, but expected to fail otherwise ({' or '.join(expected)}): {why}"
        return "expected failure", why

    def deciding(self, implementation: str, case: Case) -> Expectation | None:
        """Return the entry that says what is expected of `case`: the first that predicts a failure of it.

        It is None where none does, and where the implementation's own rule comes first.
        """
        rule = self._rule_of.get(implementation)
        if rule and failures(rule, case):
            return None
        return next((entry for entry in self._entries.get(implementation, ()) if entry.predicts(case)), None)

    def _expected(self, implementation: str, case: Case) -> tuple[tuple[str, ...], str, bool]:
        """Return the failures that are expected, why, and whether it may pass all the same.

        The implementation's own rule comes first, then the first entry that covers the case.
        """
        rule = self._rule_of.get(implementation)
        if rule and (expected := failures(rule, case)):
            return expected, f"the rule {rule}: {mutants.RULES[rule].sentence}", False
        entry = self.deciding(implementation, case)
        if entry is None:
            return (), "", False
        return entry.predicts(case), f"{entry.reason} ({entry.link})", bool(entry.may_pass)

    def _expiry(self, implementation: str, case: Case, verdict: Verdict) -> str:
        """Say that `verdict` was expected once; nothing if it was not."""
        for entry in self._expired.get(implementation, ()):
            if verdict in entry.predicts(case):
                return f"was expected until {entry.expires}, when {entry.place or 'its entry'} expired: {entry.reason} ({entry.link})"
        return ""
