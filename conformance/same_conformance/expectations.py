"""Know which failures are expected: of the wrong rules that come with us, and of what a file lists.

An expectation is two-way. A failure that it does not cover is unexpected; and it is stale when a case that it covers
ran and passed, because then the bug is gone and the list lies.
"""

from __future__ import annotations

import difflib
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from same_conformance import findings, mutants, rules
from same_conformance.errors import UsageError
from same_conformance.judge import FAILURES
from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.findings import Finding
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
        rule: the name of a rule in `same_conformance.mutants` that it follows there; then `verdict` is what the
            rule predicts case by case.
        may_pass: on what it depends whether it fails there at all, such as the processor; empty if it always does. Only
            then is a pass not stale.
        finding: the name of the `same_conformance.findings.Finding` that the reason and the link are from, if any.

    """

    implementation: str
    when: str
    verdict: str
    reason: str
    link: str
    rule: str = ""
    may_pass: str = ""
    finding: str = ""

    def predicts(self, case: Case) -> tuple[str, ...]:
        """Return the failures that are expected for `case`, any of which may occur; empty if it must pass."""
        if not compile_predicate(self.when)(case):
            return ()
        return _failures(self.rule, case) if self.rule else (self.verdict,)


_REQUIRED = {"implementation", "when", "reason", "link"}
_KEYS = _REQUIRED | {"verdict", "rule", "may_pass", "finding"}


def read(path: Path) -> list[Expectation]:
    """Read a TOML file of ``[[expectation]]`` tables.

    Raises:
        UsageError: if the file cannot be read or an entry is not valid; names the entry.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"expectations {path}: {getattr(error, 'strerror', None) or error}") from None
    return parse(text, str(path))


def parse(text: str, source: str) -> list[Expectation]:
    """Read expectations from TOML; `source` is what errors call it.

    Raises:
        UsageError: if an entry is not valid.

    """
    return parse_all(text, source)[0]


def parse_all(text: str, source: str) -> tuple[list[Expectation], dict[str, Finding]]:
    """Read expectations and the findings that they name; raises as `parse`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"expectations {source}: {error}") from None
    except RecursionError:
        raise UsageError(f"expectations {source}: nested too deeply; write [[expectation]] tables") from None
    unknown = document.keys() - {"expectation", "finding"}
    if unknown:
        raise UsageError(f"expectations {source}: {min(unknown)!r} is not known; write [[expectation]] tables")
    tables = document.get("expectation", [])
    if not isinstance(tables, list) or not all(isinstance(values, dict) for values in tables):
        raise UsageError(
            f"expectations {source}: 'expectation' must be tables, each begun with [[expectation]] in double brackets"
        )
    found = findings.read_tables(document, source)
    entries = []
    for number, values in enumerate(tables, 1):
        where = f"{source}, entry {number}"
        entries.append(_entry(_with_finding(values, found, where), where))
    return entries, found


def _with_finding(values: dict[str, Any], found: dict[str, Finding], source: str) -> dict[str, Any]:
    """Return an entry with the reason and the link of the finding that it names."""
    if "finding" not in values:
        return values
    name = values["finding"]
    if not isinstance(name, str) or name not in found:
        raise UsageError(
            f"expectations {source}: finding {name!r} is not known; use one of {', '.join(found) or 'none'}"
        )
    if values.keys() & {"reason", "link"}:
        raise UsageError(f"expectations {source}: give a finding or a reason and a link, not both")
    return {**values, "reason": found[name].reason, "link": found[name].link}


def _entry(values: dict[str, Any], source: str) -> Expectation:
    missing, unknown = _REQUIRED - values.keys(), values.keys() - _KEYS
    if missing or unknown:
        what = f"{min(missing)} is missing" if missing else f"{min(unknown)} is not known"
        raise UsageError(f"expectations {source}: {what}; the keys are {', '.join(sorted(_KEYS))}")
    if not all(isinstance(v, str) and v for v in values.values()):
        raise UsageError(f"expectations {source}: every value must be a text, and none empty")
    entry = Expectation(**{"verdict": "", **values})
    if entry.rule and entry.rule not in mutants.RULES:
        raise UsageError(
            f"expectations {source}: rule {entry.rule!r} is not known; use one of {', '.join(mutants.RULES)}"
        )
    if not entry.rule and entry.verdict not in FAILURES:
        raise UsageError(
            f"expectations {source}: verdict {entry.verdict!r} is no failure; use one of {', '.join(FAILURES)}"
        )
    compile_predicate(entry.when)
    return entry


def check(entries: Iterable[Expectation], names: Iterable[str], cases: Collection[Case]) -> None:
    """Try every expectation for one of `names` on all `cases`, so that what is wrong with it is found before a run.

    Raises:
        UsageError: if a predicate fails on a case; names the implementation, the predicate and the case.

    """
    names = set(names)
    for entry in entries:
        if entry.implementation in names:
            holds = compile_predicate(entry.when)
            try:
                for case in cases:
                    holds(case)
            except UsageError as error:
                raise UsageError(f"expectation for {entry.implementation}: {error}") from None


def strangers(entries: Iterable[Expectation], known: Collection[str]) -> list[str]:
    """Return a line for each implementation that `entries` speak of and nobody knows: a slip of the pen, often."""
    lines = []
    for name, n in Counter(entry.implementation for entry in entries if entry.implementation not in known).items():
        close = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        lines.append(f"{n} expectations for {name!r} concern nobody: it is neither installed nor in the run.{hint}")
    return lines


class Expectations:
    """Everything that is expected to fail in one run.

    `rule_of` names the rule of every implementation that is wrong on purpose.
    """

    def __init__(self, entries: Iterable[Expectation], rule_of: dict[str, str]) -> None:
        self._entries: dict[str, list[Expectation]] = {}
        for entry in entries:
            self._entries.setdefault(entry.implementation, []).append(entry)
        self._rule_of = {name: rule for name, rule in rule_of.items() if rule}

    def assess(self, implementation: str, case: Case, verdict: Verdict) -> tuple[Standing, str]:
        """Return how a verdict stands to what was expected, and why: a reason, with its link if it has one."""
        if verdict == "unsupported":
            return "as expected", ""
        expected, why, may_pass = self._expected(implementation, case)
        if not expected or (may_pass and verdict in ("pass", "unspecified")):
            return ("as expected", "") if verdict in ("pass", "unspecified") else ("unexpected", "")
        if verdict in ("pass", "unspecified"):  # unspecified: right wherever anything says what is right
            return "stale", f"passed, but expected to fail ({' or '.join(expected)}): {why}"
        if verdict not in expected:
            return "unexpected", f"{verdict}, but expected to fail otherwise ({' or '.join(expected)}): {why}"
        return "expected failure", why

    def _expected(self, implementation: str, case: Case) -> tuple[tuple[str, ...], str, bool]:
        """Return the failures that are expected, why, and whether it may pass all the same.

        The implementation's own rule comes first, then the first entry that covers the case.
        """
        rule = self._rule_of.get(implementation)
        if rule and (expected := _failures(rule, case)):
            return expected, f"the rule {rule}: {mutants.RULES[rule].sentence}", False
        for entry in self._entries.get(implementation, ()):
            if expected := entry.predicts(case):
                return expected, f"{entry.reason} ({entry.link})", bool(entry.may_pass)
        return (), "", False


def _failures(rule: str, case: Case) -> tuple[str, ...]:
    """Return the failures that a rule predicts; empty where it does what SAME does."""
    return tuple(verdict for verdict in rules.predict(mutants.RULES[rule], case) if verdict in FAILURES)
