"""Tell who conforms to the requirement sets that a run was asked for: whoever passes every case of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from same_conformance.judge import VERDICTS

if TYPE_CHECKING:
    from same_conformance.record import Record


@dataclass(frozen=True)
class Claim:
    """How one implementation stands to one requirement set.

    Attributes:
        implementation, requirement: their names.
        date, digest: of the set.
        n_cases: of the set.
        counts: how many of its cases got which verdict; ``not run`` where there is none.
        first: id of the smallest case that did not pass; empty if all did.

    """

    implementation: str
    requirement: str
    date: str
    digest: str
    n_cases: int
    counts: Mapping[str, int]
    first: str = ""

    @property
    def is_conforming(self) -> bool:
        """Tell whether every case passed; what is unsupported did not, whether or not it was expected."""
        return self.counts.get("pass", 0) == self.n_cases > 0

    @property
    def verdict(self) -> str:
        """Return the claim in words: ``conforming to same-2d-2026``, or not."""
        return f"{'' if self.is_conforming else 'not '}conforming to {self.requirement}"

    @property
    def told(self) -> str:
        """Return the counts in words, with the smallest case that did not pass."""
        others = ", ".join(f"{self.counts[v]} {v}" for v in (*VERDICTS, NOT_RUN) if self.counts.get(v) and v != "pass")
        passed = f"{self.counts.get('pass', 0)} of {self.n_cases} pass"
        return f"{passed}; {others}; the smallest is {self.first}" if others else passed


NOT_RUN = "not run"


def claims(record: Record) -> list[Claim]:
    """Return a claim per requirement set and implementation that started, in that order."""
    requirements = record.header.get("requirements", [])
    wanted = {case for requirement in requirements for case in requirement["cases"]}
    verdicts = {(r.implementation, r.case.id): r.judgement.verdict for r in record.results if r.case.id in wanted}
    return [
        _claim(name, requirement, {case: verdicts.get((name, case), NOT_RUN) for case in requirement["cases"]})
        for requirement in requirements
        for name in record.names
    ]


def _claim(name: str, of: Mapping[str, Any], verdicts: Mapping[str, str]) -> Claim:
    first = next((case for case, verdict in verdicts.items() if verdict != "pass"), "")
    return Claim(name, of["name"], of["date"], of["digest"], len(verdicts), Counter(verdicts.values()), first)


def broken(record: Record) -> list[Claim]:
    """Return the claims that fail the run: of implementations that were asked for by name and do not conform."""
    named = record.header.get("named", [])
    return [claim for claim in claims(record) if claim.implementation in named and not claim.is_conforming]
