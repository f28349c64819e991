"""Draw the conclusions of a run from its record: what was expected, what is contested, and the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from same_conformance import conforming, mutants, witnesses
from same_conformance.errors import RecordError
from same_conformance.expectations import Expectation, Expectations, Standing, review
from same_conformance.judge import FAILURES
from same_conformance.witnesses.hearing import Hearing, differs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from same_conformance.expectations.review import Remark
    from same_conformance.record import Record, Result

WITNESSES = tuple(witnesses.NAMES)

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
        witnesses: who gave an array, by running or on record, and for a contested case whom this outcome equals:
            ``ran jax; recorded tensorflow; equals jax``.

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
        recorded: what the recordings of absent witnesses say of contested cases.
        unmatched: the user's entries that match nothing in a whole profile; they fail the run.
        uncompared: by implementation, in a whole profile, why none of its results could be compared; it fails the run.
        stale: a line for each entry of which cases pass, that says how many.
        expired, expiring: the entries that count no more, and those that soon will not.

    """

    rows: list[Assessed] = field(default_factory=list)
    not_started: dict[str, str] = field(default_factory=dict)
    recorded: list[Assessed] = field(default_factory=list)
    unmatched: list[Remark] = field(default_factory=list)
    uncompared: dict[str, str] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
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
        return [r for r in self.rows if r.contested and r.result.implementation in WITNESSES and differs(r.result)]

    @property
    def contested_on_record(self) -> list[Assessed]:
        """Return the same of absent witnesses, from their recordings."""
        return [row for row in self.recorded if differs(row.result)]


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
    hearing = Hearing(record, WITNESSES)
    assessment = Assessment(not_started=dict(record.header["not_started"]))
    cases = sorted({result.case for result in record.results}, key=lambda case: case.canonical_key)
    position = {case: i for i, case in enumerate(cases)}
    for result in sorted(record.results, key=lambda r: (position[r.case], r.implementation)):
        standing, why = expectations.assess(result.implementation, result.case, result.judgement.verdict)
        contested = hearing.is_contested(result.case)
        assessment.rows.append(Assessed(result, standing, why, contested, hearing.words(result)))
    for result in hearing.recorded:
        if result.case in position and hearing.is_contested(result.case):
            standing, why = expectations.assess(result.implementation, result.case, result.judgement.verdict)
            assessment.recorded.append(Assessed(result, standing, why, True, hearing.words(result)))  # noqa: FBT003
    today, executed = day_of(record.header), review.by_implementation(record.results)
    is_whole = record.header.get("narrowed") == [] and record.is_finished and not record.damage
    assessment.unmatched = review.unmatched(entries, executed, today) if is_whole else []
    assessment.uncompared = _uncompared(record) if is_whole else {}
    passed = [(row.result.implementation, row.result.case) for row in assessment.standing("stale")]
    assessment.stale = review.stale(passed, expectations)
    assessment.expired = review.expired(entries, executed, today)
    assessment.expiring = review.expiring(entries, executed, today)
    return assessment


def _uncompared(record: Record) -> dict[str, str]:
    """Say who refuses everything: nobody would see, if such a run were green, that nothing is tested any more."""
    results: dict[str, list[Result]] = {name: [] for name in record.names}
    for result in record.results:
        results[result.implementation].append(result)
    found = {}
    for name, mine in results.items():
        verdicts = {result.judgement.verdict for result in mine}
        if mine and not verdicts & {"pass", *FAILURES}:
            said = Counter(result.judgement.message for result in mine if result.judgement.verdict == "unsupported")
            why = f"; most often: {said.most_common(1)[0][0]}" if said else ""
            found[name] = f"none of {len(mine):,} cases could be compared, {said.total():,} were refused{why}"
    return found


def exit_code(record: Record, assessment: Assessment, *, asked_for: frozenset[str]) -> int:
    """Return the exit code of a run.

    0: all as expected; 1: unexpected verdicts (a witness that contests a case without being listed is one), expectations
    that are stale or match nothing, an implementation that was named and does not conform to what is required, or one that
    refuses every case of a whole profile; 3: an implementation did not start, unless only its framework is not installed and
    nobody asked for it by name (`asked_for`).
    """
    not_installed = set(record.header["not_installed"])
    if any(name in asked_for or name not in not_installed for name in assessment.not_started):
        return 3
    if assessment.unmatched or assessment.uncompared or conforming.broken(record):
        return 1
    if any(row.standing in ("unexpected", "stale") for row in assessment.rows):
        return 1
    return 0
