"""Know which failures are expected: of the wrong rules that come with us, and of what a file lists.

An expectation is two-way. A failure that it does not cover is unexpected; and it is stale when a case that it covers
ran and passed, because then the bug is gone and the list lies.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from same_conformance import rules
from same_conformance.errors import UsageError
from same_conformance.judge import FAILURES
from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.judge import Verdict

Standing = Literal["as expected", "expected failure", "unexpected", "stale"]


@dataclass(frozen=True)
class Expectation:
    """A known failure of one implementation.

    Attributes:
        implementation: its name.
        when: the predicate over case fields that says where it fails.
        verdict: how it fails there; another failure is a different bug.
        reason: why, in a sentence.
        link: the public report of it, or ``not reported``.
        rule: the name of a rule in `same_conformance.rules` that it follows there; then `verdict` is what the
            rule predicts case by case.
    """

    implementation: str
    when: str
    verdict: str
    reason: str
    link: str
    rule: str = ""

    def predicts(self, case: Case) -> str | None:
        """Return the failure that is expected for `case`, or None."""
        if not compile_predicate(self.when)(case):
            return None
        if not self.rule:
            return self.verdict
        predicted = rules.predict(rules.RULES[self.rule], case)
        return None if predicted == "pass" else predicted


_REQUIRED = {"implementation", "when", "reason", "link"}
_KEYS = _REQUIRED | {"verdict", "rule"}


def read(path: Path) -> list[Expectation]:
    """Read a TOML file of ``[[expectation]]`` tables.

    Raises:
        UsageError: if the file cannot be read or an entry is not valid; names the entry.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"expectations {path}: {getattr(error, 'strerror', None) or error}") from None
    return parse(text, str(path))


def parse(text: str, source: str) -> list[Expectation]:
    """Read expectations from TOML; `source` is what errors call it.

    Raises:
        UsageError: if an entry is not valid.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"expectations {source}: {error}") from None
    unknown = document.keys() - {"expectation"}
    if unknown:
        raise UsageError(f"expectations {source}: {sorted(unknown)[0]!r} is not known; write [[expectation]] tables")
    return [_entry(values, f"{source}, entry {i}") for i, values in enumerate(document.get("expectation", []), 1)]


def _entry(values: dict[str, Any], source: str) -> Expectation:
    missing, unknown = _REQUIRED - values.keys(), values.keys() - _KEYS
    if missing or unknown:
        what = f"{sorted(missing)[0]} is missing" if missing else f"{sorted(unknown)[0]} is not known"
        raise UsageError(f"expectations {source}: {what}; the keys are {', '.join(sorted(_KEYS))}")
    if not all(isinstance(v, str) and v for v in values.values()):
        raise UsageError(f"expectations {source}: every value must be a text, and none empty")
    entry = Expectation(**{"verdict": "", **values})
    if entry.rule and entry.rule not in rules.RULES:
        raise UsageError(f"expectations {source}: rule {entry.rule!r} is not known; use one of {', '.join(rules.RULES)}")
    if not entry.rule and entry.verdict not in FAILURES:
        raise UsageError(f"expectations {source}: verdict {entry.verdict!r} is no failure; use one of {', '.join(FAILURES)}")
    compile_predicate(entry.when)
    return entry


class Expectations:
    """Everything that is expected to fail in one run.

    `rule_of` names the rule of every implementation that is wrong on purpose.
    """

    def __init__(self, entries: Iterable[Expectation], rule_of: dict[str, str]) -> None:
        self._entries: dict[str, list[Expectation]] = {}
        for entry in entries:
            self._entries.setdefault(entry.implementation, []).append(entry)
        self._rule_of = {name: rules.RULES[rule] for name, rule in rule_of.items() if rule}

    def assess(self, implementation: str, case: Case, verdict: Verdict) -> tuple[Standing, str]:
        """Return how a verdict stands to what was expected, and why: a reason, with its link if it has one."""
        expected: str | None = None
        why = ""
        if implementation in self._rule_of:
            rule = self._rule_of[implementation]
            predicted = rules.predict(rule, case)
            if predicted != "pass":
                expected, why = predicted, f"the rule {rule.name}: {rule.sentence}"
        for entry in self._entries.get(implementation, ()):
            if expected is None and (failure := entry.predicts(case)) is not None:
                expected, why = failure, f"{entry.reason} ({entry.link})"
        if verdict in ("unsupported", "unspecified"):
            return "as expected", ""
        if expected is None:
            return ("as expected", "") if verdict == "pass" else ("unexpected", "")
        if verdict == "pass":
            return "stale", f"passed, but expected to fail ({expected}): {why}"
        if verdict != expected:
            return "unexpected", f"{verdict}, but expected to fail otherwise ({expected}): {why}"
        return "expected failure", why
