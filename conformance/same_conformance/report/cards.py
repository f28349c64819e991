"""Gather the failures of each implementation into cards: one per distinct cause, with its smallest case and its script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from same_conformance import mutants
from same_conformance.diagnosis.causes import how_small
from same_conformance.errors import SameConformanceError
from same_conformance.judge import FAILURES
from same_conformance.outcome import Array, Error, NoGradient, Outcome
from same_conformance.report import words
from same_conformance.report.reasons import Reason, Reasons
from same_conformance.report.text import link_in
from same_conformance.repro import calls, script
from same_conformance.repro.target import Observation, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.record import Record


@dataclass(frozen=True)
class Card:
    """One thing that is wrong with one implementation.

    Attributes:
        implementation, standing: of whom, and how it stands to the expectations.
        ops, verdicts: of what, and how it fails.
        sentence: what it does instead of SAME.
        where: for which parameters; `predicate` the same for a program, if it is known.
        share: of the box of axis cases that `predicate` covers; None if it is not known.
        n_wrong, n_ran: cases of this run.
        case, smallest: the smallest case that shows it, and how sure it is that none is smaller.
        detail: the same at length, if `sentence` is only its title.
        report: what is said of where it is reported; empty if nothing is.
        script: that reproduces it; empty if it cannot be written without running the implementation.
        needs: what the script runs with.
        why: what the rows say of it.

    """

    implementation: str
    standing: str
    ops: tuple[str, ...]
    verdicts: tuple[str, ...]
    sentence: str
    where: str
    predicate: str
    share: float | None
    n_wrong: int
    n_ran: int
    case: str
    smallest: str
    detail: str
    report: str
    script: str
    needs: str
    why: str

    @property
    def known(self) -> dict[str, Any]:
        """Return what the page's own code needs of the card, to find its rows."""
        return {
            "implementation": self.implementation,
            "standing": self.standing,
            "ops": self.ops,
            "verdicts": self.verdicts,
            "why": self.why,
            "case": self.case,
            "script": bool(self.script),
            "report": self.report,
            "title": self.sentence,
        }

    @property
    def percent(self) -> str:
        """Return which part of the cases fails, in percent."""
        part = 100 * self.n_wrong / max(self.n_ran, 1)
        return "under 1" if part < 1 else f"{part:.0f}"

    @property
    def heading(self) -> str:
        """Return the sentence with a capital; what is written like code keeps its small letters."""
        first = self.sentence.split(" ", 1)[0]
        return self.sentence if set(first) & set("._(=") else self.sentence[:1].upper() + self.sentence[1:]


def cards(record: Record, assessment: Assessment) -> dict[str, list[Card]]:
    """Return the cards by implementation: the unexpected ones first, and of each standing what fails most."""
    about_of = {about["name"]: about for about in record.header["implementations"]}
    rows_of: dict[str, list[Assessed]] = {}
    for row in assessment.rows:
        rows_of.setdefault(row.result.implementation, []).append(row)
    reasons = Reasons(record)
    causes: dict[str, list[Mapping[str, Any]]] = {}
    for cause in record.footer.get("causes", []):
        causes.setdefault(cause["implementation"], []).append(cause)
    return {
        name: [
            *_most_first(_unexpected(about_of[name], rows, causes.get(name, []))),
            *_most_first(_grouped(about_of[name], rows, "stale", reasons)),
            *_most_first(_grouped(about_of[name], rows, "expected failure", reasons)),
        ]
        for name, rows in sorted(rows_of.items())
        if name in about_of
    }


def _most_first(found: Iterable[Card]) -> list[Card]:
    return sorted(found, key=lambda card: -card.n_wrong)


def _unexpected(
    about: Mapping[str, Any], rows: Sequence[Assessed], causes: Iterable[Mapping[str, Any]]
) -> Iterable[Card]:
    """Yield a card per diagnosed cause, and one per op whose failures nobody diagnosed."""
    diagnosed = set()
    by_case = {row.result.case.id: row for row in rows}
    for cause in causes:
        diagnosed |= {(cause["op"], verdict) for verdict in cause["verdicts"]}
        rule = mutants.RULES.get(cause["rule"])
        yield Card(
            about["name"],
            "unexpected",
            (cause["op"],),
            tuple(cause["verdicts"]),
            cause["sentence"],
            cause["where"] and words.of_predicate(cause["where"]),
            cause["where"],
            cause.get("share"),
            cause["n_wrong"],
            cause["n_ran"],
            cause["case"],
            how_small(cause),
            "",
            rule.seen if rule and link_in(rule.seen) else "",
            *_script(about, by_case.get(cause["case"])),
            "",
        )
    left = [
        r
        for r in rows
        if r.standing == "unexpected" and (r.result.case.op, r.result.judgement.verdict) not in diagnosed
    ]
    for op in dict.fromkeys(row.result.case.op for row in left):
        group = [row for row in left if row.result.case.op == op]
        yield _card(
            about,
            rows,
            group,
            "unexpected",
            Reason(f"not diagnosed; of the smallest case it says: {group[0].result.judgement.message or 'nothing'}"),
        )


def _grouped(about: Mapping[str, Any], rows: Sequence[Assessed], standing: str, reasons: Reasons) -> Iterable[Card]:
    """Yield a card per reason among the rows of one standing."""
    groups: dict[str, list[Assessed]] = {}
    for row in rows:
        if row.standing == standing:
            groups.setdefault(row.why, []).append(row)
    for why, group in groups.items():
        yield _card(about, rows, group, standing, reasons.of(why))


def _card(
    about: Mapping[str, Any],
    rows: Sequence[Assessed],
    group: Sequence[Assessed],
    standing: str,
    reason: Reason,
) -> Card:
    ops = tuple(dict.fromkeys(row.result.case.op for row in group))
    mine = {row.result.case for row in group}
    right = [
        row.result.case
        for row in rows
        if row.result.case.op in ops
        and row.result.case not in mine
        and row.result.judgement.verdict in ("pass", "unspecified")
    ]
    failed = sum(row.result.case.op in ops and row.result.judgement.verdict in FAILURES for row in rows)
    first = most_telling(group)
    where = words.worst([row.result.case for row in group], right)
    return Card(
        about["name"],
        standing,
        ops,
        tuple(dict.fromkeys(row.result.judgement.verdict for row in group)),
        reason.title,
        where if where.startswith("wrong for") else "",
        "",
        None,
        len(group),
        len(right) + max(failed, len(group)),
        first.result.case.id,
        smallest_of(group),
        reason.sentence,
        reason.report,
        *_script(about, first),
        group[0].why,
    )


def most_telling(group: Sequence[Assessed]) -> Assessed:
    """Return the smallest case that shows most: a wrong array rather than an error, forward rather than a gradient."""

    def rank(row: Assessed) -> tuple[bool, bool]:
        case, judgement = row.result.case, row.result.judgement
        return judgement.observed_shape is None, (case.compared, case.calls) != ("forward", 1)

    return min(group, key=rank)


def smallest_of(group: Sequence[Assessed]) -> str:
    """Say among which cases that which `most_telling` returns is the smallest."""
    return "the smallest in this run" + (" that gives a forward result" if most_telling(group) is not group[0] else "")


def _script(about: Mapping[str, Any], row: Assessed | None) -> tuple[str, str]:
    """Return the script that reproduces `row`, and what it needs; empty for strangers, whose entry point the record does not hold."""
    if row is None or not about["builtin"] or about["name"] not in calls.BUILT_IN:
        return "", ""
    target = Target(
        about["name"],
        about["framework"],
        about["homepage"],
        "",
        about["distribution"],
        about["builtin"],
        tuple(about["ops"]),
        about["environment"],
        about["versions"],
        about["python"],
        about["platform"],
    )
    case, judgement = row.result.case, row.result.judgement
    try:
        return script.write(Observation(target, case, _outcome(row), judgement)), script.needed(target)
    except SameConformanceError:
        return "", ""


def _outcome(row: Assessed) -> Outcome:
    """Return the outcome that a script needs to know of: of which kind it was, not its values."""
    case, judgement = row.result.case, row.result.judgement
    if judgement.observed_shape is None:
        return Error(judgement.message)
    if case.compared != "forward" and judgement.verdict == "shape":
        return NoGradient(judgement.observed_shape, case.dtype)
    return Array(np.zeros(0), case.dtype)
