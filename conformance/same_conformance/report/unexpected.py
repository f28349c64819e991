"""Group what was not expected by implementation and op, each with its cause and its smallest case, the worst first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from same_conformance.diagnosis.causes import how_small
from same_conformance.judge import VERDICTS

if TYPE_CHECKING:
    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.record import Record


@dataclass(frozen=True)
class Group:
    """The unexpected verdicts of one implementation and op.

    Attributes:
        rows: in canonical order of their cases.
        causes: as the record holds them.

    """

    implementation: str
    op: str
    rows: tuple[Assessed, ...]
    causes: tuple[dict[str, Any], ...]

    @property
    def counts(self) -> str:
        """Return how many there are of each verdict, in words."""
        counted = Counter(row.result.judgement.verdict for row in self.rows)
        return ", ".join(f"{counted[verdict]} {verdict}" for verdict in VERDICTS if counted[verdict])

    @property
    def text(self) -> str:
        """Say it all in one line: counts, why, and the smallest case."""
        return f"{self.counts}. {' '.join(f'{why}; smallest case {case} ({how})' for why, case, how in self.told)}"

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Return for each cause the sentence, the smallest case and how sure that is; without one, what was said."""
        if self.causes:
            return [(cause["text"], cause["case"], how_small(cause)) for cause in self.causes]
        first = self.rows[0]
        said = "; ".join(t for t in (first.result.judgement.message, first.why) if t)
        return [(said or first.result.judgement.verdict, first.result.case.id, "not shrunk")]


def groups(record: Record, assessment: Assessment) -> list[Group]:
    """Return the groups, those with the worst verdict first, then those with most cases."""
    parts: dict[tuple[str, str], list[Assessed]] = {}
    for row in assessment.standing("unexpected"):
        parts.setdefault((row.result.implementation, row.result.case.op), []).append(row)
    causes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cause in record.footer.get("causes", []):
        causes.setdefault((cause["implementation"], cause["op"]), []).append(cause)
    found = [Group(name, op, tuple(rows), tuple(causes.get((name, op), ()))) for (name, op), rows in parts.items()]
    return sorted(found, key=lambda g: (_worst(g), -len(g.rows), g.implementation, g.op))


def _worst(group: Group) -> int:
    return min(VERDICTS.index(row.result.judgement.verdict) for row in group.rows)
