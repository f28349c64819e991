"""Draw the conclusions of a run from its record: what was expected, what is contested, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from same_conformance import mutants
from same_conformance.errors import RecordError
from same_conformance.expectations import Expectation, Expectations, Standing, review

if TYPE_CHECKING:
    from collections.abc import Mapping

    from same_conformance.case import Case
    from same_conformance.expectations.review import Remark
    from same_conformance.record import Record, Result

WITNESSES = ("tensorflow", "jax")

_FOREIGN = (
    "the record has expectations that this version does not know: {}; it was written by same-conformance {}, "
    "which can make its report; diff works with any version"
)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A result with its standing, and what the witnesses say of its case.

    Attributes:
        result: from the record.
        standing: against the expectations.
        why: the reason and link of the expectation.
        contested: whether a witness differs from the spec on this case.
        witnesses: of a contested case, who ran and whom this outcome equals: ``ran jax tensorflow, equals jax``.

    """

    result: Result
    standing: Standing
    why: str
    contested: bool = False
    witnesses: str = ""


@dataclass
class Assessment:
    """Every result assessed, in the order of the tables: canonical order of cases, then implementation.

    Attributes:
        unmatched: the user's entries that match nothing in a whole profile; they fail the run.
        expired, expiring: the entries that count no more, and those that soon will not.

    """

    rows: list[Assessed] = field(default_factory=list)
    not_started: dict[str, str] = field(default_factory=dict)
    unmatched: list[Remark] = field(default_factory=list)
    expired: list[Remark] = field(default_factory=list)
    expiring: list[Remark] = field(default_factory=list)

    def standing(self, standing: Standing) -> list[Assessed]:
        """Return the rows of one standing."""
        return [row for row in self.rows if row.standing == standing]

    @property
    def remarks(self) -> list[Remark]:
        """Return what is to be said of entries as a whole, the worst first."""
        return [*self.unmatched, *self.expired, *self.expiring]

    @property
    def contested(self) -> list[Assessed]:
        """Return the witnesses' own rows on contested cases."""
        return [r for r in self.rows if r.contested and _differs(r.result)]


def expectations_of(record: Record) -> Expectations:
    """Return the expectations that a run was given, from its record.

    Raises:
        RecordError: if another version wrote expectations that this one does not understand.

    """
    return _expectations(record, entries_of(record))


def entries_of(record: Record) -> list[Expectation]:
    """Return the entries that a run was given, those of the package first; raises as `expectations_of`."""
    try:
        return [Expectation.from_json(entry) for entry in record.header["expectations"]]
    except (TypeError, ValueError) as error:
        raise RecordError(_FOREIGN.format(f"({error})", record.header["same_conformance"])) from None


def _expectations(record: Record, entries: list[Expectation]) -> Expectations:
    rule_of = {about["name"]: about["rule"] for about in record.header["implementations"]}
    unknown = {rule for rule in (*rule_of.values(), *(e.rule for e in entries)) if rule and rule not in mutants.RULES}
    if unknown:
        raise RecordError(_FOREIGN.format(f"the rule {min(unknown)!r}", record.header["same_conformance"]))
    return Expectations(entries, rule_of, day_of(record.header))


def day_of(header: Mapping[str, Any]) -> date | None:
    """Return the day on which a run began, in UTC, by which its expectations expire; None if its record does not say."""
    try:
        return date.fromisoformat(str(header.get("began", ""))[:10])
    except ValueError:
        return None


def assess(record: Record) -> Assessment:
    """Assess every result of a run."""
    entries = entries_of(record)
    expectations = _expectations(record, entries)
    contesting: dict[Case, list[Result]] = {}
    for result in record.results:
        if result.implementation in WITNESSES:
            contesting.setdefault(result.case, []).append(result)
    contesting = {case: results for case, results in contesting.items() if any(map(_differs, results))}
    assessment = Assessment(not_started=dict(record.header["not_started"]))
    cases = sorted({result.case for result in record.results}, key=lambda case: case.canonical_key)
    position = {case: i for i, case in enumerate(cases)}
    for result in sorted(record.results, key=lambda r: (position[r.case], r.implementation)):
        standing, why = expectations.assess(result.implementation, result.case, result.judgement.verdict)
        witnesses = contesting.get(result.case)
        if witnesses is None:
            assessment.rows.append(Assessed(result, standing, why))
        else:
            assessment.rows.append(Assessed(result, standing, why, True, _compare(result, witnesses)))  # noqa: FBT003
    today, executed = day_of(record.header), review.by_implementation(record.results)
    is_whole = record.header.get("narrowed") == [] and record.is_finished and not record.damage
    assessment.unmatched = review.unmatched(entries, executed, today) if is_whole else []
    assessment.expired = review.expired(entries, executed, today)
    assessment.expiring = review.expiring(entries, executed, today)
    return assessment


def _differs(result: Result) -> bool:
    """Tell whether a witness's outcome is an array that differs from the spec's."""
    return result.implementation in WITNESSES and result.judgement.verdict in ("shape", "dtype", "value")


def _compare(result: Result, witnesses: list[Result]) -> str:
    ran = sorted(w.implementation for w in witnesses if w.judgement.observed_shape is not None)
    equals = sorted(w.implementation for w in witnesses if _equal(result, w))
    return f"ran {' '.join(ran)}; equals {' '.join(equals) or 'none'}"


def _equal(a: Result, b: Result) -> bool:
    both_pass = a.judgement.verdict == b.judgement.verdict == "pass"
    return both_pass or (a.judgement.digest == b.judgement.digest and bool(a.judgement.digest))


def exit_code(record: Record, assessment: Assessment, *, asked_for: frozenset[str]) -> int:
    """Return the exit code of a run.

    0: all as expected; 1: unexpected verdicts, or expectations that are stale or match nothing (a witness that contests a
    case without being listed is one of the former); 3: an implementation did not start, unless only its framework is not installed and
    nobody asked for it by name (`asked_for`).
    """
    not_installed = set(record.header["not_installed"])
    if any(name in asked_for or name not in not_installed for name in assessment.not_started):
        return 3
    if assessment.unmatched or any(row.standing in ("unexpected", "stale") for row in assessment.rows):
        return 1
    return 0
