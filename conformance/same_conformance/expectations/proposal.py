"""Propose entries for what fails unexpectedly: as few as say just that, and as readable as they can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from same_conformance.diagnosis import where
from same_conformance.expectations.entry import CLASSES, Expectation
from same_conformance.mutants import RULES

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.record import Result

NOT_REPORTED = "not reported"
_ENOUGH = 3
"""Failing cases that a selector must cover to be found by trial: one that fits fewer fits them by chance."""

_Kind = tuple[Expectation | None, str, str]
"""The entry that failures inherit reason and link from, their op, and their verdict."""


def propose(
    failing: Sequence[Result],
    executed: Sequence[Result],
    causes: Sequence[Mapping[str, Any]],
    heirs: Mapping[Case, Expectation],
    *,
    may_generalise: bool,
) -> list[Expectation]:
    """Return entries that cover `failing`, all of one implementation, and nothing else that it `executed`.

    A cause that follows a known rule becomes one entry for its op. Otherwise failures of one op and verdict become one
    entry: for the whole op, for the diagnosed predicate, for a class or another predicate, where one covers just them; else
    it lists their ids, as it always does unless it `may_generalise`. `heirs` has the former entry of some failures, whose
    reason and link go on.
    """
    kinds: dict[_Kind, list[Result]] = {}
    for result in failing:
        kinds.setdefault((heirs.get(result.case), result.case.op, result.judgement.verdict), []).append(result)
    proposed = []
    if may_generalise:
        for op in sorted({op for heir, op, _ in kinds if heir is None}):
            entry = _by_rule(op, [r for r in failing if r.case.op == op], executed, causes)
            if entry is not None:
                proposed.append(entry)
                kinds = {kind: results for kind, results in kinds.items() if kind[1] != op}
    for (heir, op, verdict), results in sorted(kinds.items(), key=lambda item: (item[0][1:], str(item[0][0]))):
        plain = _plain(heir, op, verdict, results, causes)
        candidates = _selected(plain, op, results, executed, causes) if may_generalise else iter(())
        fitting = (entry for entry in candidates if _fits(entry, verdict, results, executed))
        proposed.append(next(fitting, plain))
    return proposed


def _by_rule(
    op: str, failing: Sequence[Result], executed: Sequence[Result], causes: Sequence[Mapping[str, Any]]
) -> Expectation | None:
    """Return the entry of a known rule that explains every failure of `op` and nothing else."""
    for cause in causes:
        if cause["op"] == op and cause["rule"] in RULES:
            name = failing[0].implementation
            entry = Expectation(name, cause["sentence"], NOT_REPORTED, op=op, rule=cause["rule"])
            wrong = {r.case for r in failing}
            said = {r.case: entry.predicts(r.case) for r in executed if r.case.op == op}
            if all(said[case] for case in wrong) and all(
                r.judgement.verdict in said[r.case] for r in executed if said.get(r.case)
            ):
                return entry
    return None


def _plain(
    heir: Expectation | None, op: str, verdict: str, results: Sequence[Result], causes: Sequence[Mapping[str, Any]]
) -> Expectation:
    """Return the entry that lists the cases, with the best reason there is."""
    name = results[0].implementation
    cases = tuple(r.case.id for r in sorted(results, key=lambda r: r.case.canonical_key))
    if heir is not None:
        return replace(heir, when="", op="", case_class="", cases=cases, verdict=verdict, rule="", place="")
    alike = (cause for cause in causes if cause["op"] == op and verdict in cause["verdicts"])
    cause = next(alike, None)
    reason = cause["sentence"] if cause else results[0].judgement.message or f"ends in {verdict}"
    may_pass = "chance: one call gives another result than the next" if verdict == "nondeterministic" else ""
    return Expectation(name, reason, NOT_REPORTED, cases=cases, verdict=verdict, may_pass=may_pass)


def _selected(
    plain: Expectation,
    op: str,
    results: Sequence[Result],
    executed: Sequence[Result],
    causes: Sequence[Mapping[str, Any]],
) -> Iterator[Expectation]:
    """Yield entries for cases by what they have in common, the plainest first."""
    short = replace(plain, op=op, cases=())
    if len(results) >= _ENOUGH:
        yield short
    for cause in causes:
        if cause["op"] == op and plain.verdict in cause["verdicts"] and cause["where"]:
            yield replace(short, when=cause["where"])
    if len(results) >= _ENOUGH:
        for name in CLASSES:
            yield replace(short, case_class=name)
        wrong = {r.case for r in results}
        rest = [r.case for r in executed if r.case.op == op and r.case not in wrong]
        found = where.find([r.case for r in results], rest).predicate
        if found:
            yield replace(short, when=found)


def _fits(entry: Expectation, verdict: str, failing: Sequence[Result], executed: Sequence[Result]) -> bool:
    return all(entry.covers(r.case) for r in failing) and all(
        r.judgement.verdict == verdict for r in executed if entry.covers(r.case)
    )
