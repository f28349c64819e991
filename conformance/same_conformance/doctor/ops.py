"""Draw conclusions from what an implementation did with the cases of one op."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from same_conformance.diagnosis.diagnose import diagnose
from same_conformance.doctor import calls, cases, layouts, signs, starting
from same_conformance.doctor.finding import Finding, broken, note, ok, wrong
from same_conformance.messages import one_line
from same_conformance.outcome import Array, Error
from same_conformance.record import Result

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.case import Case
    from same_conformance.diagnosis.probing import Execute
    from same_conformance.implementation import Description
    from same_conformance.judge import Judgement
    from same_conformance.outcome import Outcome

RIGHT = ("pass", "unspecified")
_SHOWN = 100
"""Characters of a refusal; frameworks write long ones."""
_FEW = 5
"""Failing cases that are too few to be sure of a rule, of which there are many; `run` has more."""
_REFUSING = re.compile(r"not (yet )?(supported|implemented)|unsupported|only supports?", re.IGNORECASE)
"""What an error says that may be meant as a refusal."""


@dataclass(frozen=True)
class Seen:
    """What came of one case."""

    case: Case
    outcome: Outcome
    judgement: Judgement

    @property
    def verdict(self) -> str:
        """Return the verdict."""
        return self.judgement.verdict


@dataclass(frozen=True)
class Subject:
    """Who is looked over.

    Attributes:
        called: the name that was given, which may be a file, with the interpreters that were.
        claims: what it says of itself.
        execute: probes it.
        output: gives what its worker printed.
        file: that it was given by, if it was.

    """

    called: str
    claims: Description
    execute: Execute
    output: Callable[[], str]
    file: Path | None = None


def conclude(op: str, seen: Sequence[Seen], subject: Subject) -> list[Finding]:
    """Return what the cases of one op show.

    A cause that explains the others is told alone: who returns another layout has no right shape anywhere. Of an op that
    refuses everything, `refusals` tells.
    """
    ran = [one for one in seen if one.verdict != "unsupported"]
    if not ran:
        return []
    framework = subject.claims.framework
    ended = _ended(op, ran, subject)
    failing = [one for one in ran if one.verdict not in RIGHT]
    blunder = (
        signs.unrepeatable(op, ran, framework)
        or _layout(op, ran, framework)
        or signs.ignored_kernel(op, failing, subject)
    )
    if blunder:
        return [*ended, blunder]
    breaches, errors = _parted(op, failing, subject.claims)
    if errors and len(errors) == len(ran):
        raised = calls.always_raises(errors[0].case, errors[0].judgement.message, subject.claims, _at(errors[0]))
        return [*ended, replace(raised, step=starting.other_framework(framework, subject.file) + raised.step)]
    found = [*ended, *breaches]
    dtypes = [one for one in failing if one.verdict == "dtype"]
    if dtypes:
        found.append(calls.other_dtype(op, dtypes[0].judgement.message, framework, len(dtypes), len(ran)))
    rest = [one for one in failing if one.verdict in ("shape", "value")] + errors
    extent = signs.extent(failing, ran, subject.claims)
    if axes := signs.other_axes(op, failing, ran, subject.claims):
        found.append(axes)
        rest = [] if any(extent) else [one for one in rest if not signs.has_other_axes(one)]
    if rest:
        found.append(_not_conforming(op, rest, ran, subject, extent))
    return found or [_in_order(op, seen, ran)]


def _in_order(op: str, seen: Sequence[Seen], ran: Sequence[Seen]) -> Finding:
    refused = [one for one in seen if one.verdict == "unsupported"]
    text = f"{op}: right in all {len(ran)} cases"
    if refused:
        text += f"; refuses {len(refused)} ({refused[0].case.id}: {one_line(refused[0].judgement.message, _SHOWN)})"
    return ok(text)


def _ended(op: str, ran: Sequence[Seen], subject: Subject) -> list[Finding]:
    """Return which cases took the process with them."""
    found = []
    crashed = [one for one in ran if one.verdict == "crash" and "not executed" not in one.judgement.message]
    if crashed:
        printed = [line.strip() for line in subject.output().splitlines() if line.strip()]
        last = f"; it printed last: {starting.last_words(printed)[:120]}" if printed else ""
        found.append(
            broken(
                f"{op} ends its process on {crashed[0].case.id}: {crashed[0].judgement.message}{last}",
                f"call it in a Python of your own with python -X faulthandler; what was printed before is above, all of it "
                f"in the report of same-conformance run {subject.called} --case {crashed[0].case.id}",
            )
        )
    hanging = [one for one in ran if one.verdict == "timeout" and "not executed" not in one.judgement.message]
    if hanging:
        found.append(
            broken(
                f"{op} does not come back on {hanging[0].case.id}: {hanging[0].judgement.message}",
                "look for a loop without end, a lock, or a question to somebody; if it is only slow, give it --timeout",
            )
        )
    return found


def _layout(op: str, ran: Sequence[Seen], framework: str) -> Finding | None:
    """Return that the results lie otherwise than the framework's do, or that operands were misread."""
    for one in ran:
        is_plain = one.case == cases.plain(op, one.case.rank) and one.case.compared == "forward"
        if is_plain and one.verdict == "shape" and one.judgement.observed_shape:
            said = layouts.of_result(one.case, one.judgement.observed_shape, framework)
            if said:
                return broken(f"{op} {said}", _move(op, one.case, framework))
        is_cube = one.case == cases.cube(op, one.case.rank)
        if is_cube and one.verdict == "value" and isinstance(one.outcome, Array):
            said, step = layouts.of_operands(one.case, one.outcome.values, framework)
            if said == layouts.UNFLIPPED:
                return wrong(f"{op} {said}", step)
            if said:
                return broken(f"{op} {said}", f"{step}; the table of docs/plugins.md has every layout")
    return None


def _move(op: str, case: Case, framework: str) -> str:
    here = layouts.input_letters(framework, case.rank)
    return f"let {op} take and return {here}; the table of docs/plugins.md has every layout"


def _at(one: Seen) -> str:
    """Return the line that an error came through; empty if nobody knows."""
    return one.outcome.at if isinstance(one.outcome, Error) else ""


def _parted(op: str, failing: Sequence[Seen], claims: Description) -> tuple[list[Finding], list[Seen]]:
    """Return each way in which errors break the contract, once, and the errors that do not.

    No gradient is to be had of what is no tensor, so where forward results break the contract, that is not said as well.
    """
    breaches: dict[str, Finding] = {}
    errors = []
    for one in failing:
        if one.verdict == "error":
            breach = calls.breach(op, one.judgement.message, claims.framework, _at(one), is_built=claims.builds)
            if breach:
                breaches.setdefault(breach.step, breach)
            else:
                errors.append(one)
    if breaches:
        errors = [one for one in errors if one.case.compared == "forward"]
    return list(breaches.values()), errors


def _not_conforming(
    op: str, wrong_ones: Sequence[Seen], ran: Sequence[Seen], subject: Subject, extent: tuple[str, str]
) -> Finding:
    """Say what the implementation does instead of SAME, on which case it shows, and the `extent` of it, with what to claim."""
    counts = Counter(one.verdict for one in wrong_ones)
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    first = min(wrong_ones, key=lambda one: one.case.canonical_key)
    comparable = [*(one for one in ran if one.verdict in RIGHT), *wrong_ones]
    results = [
        Result(subject.claims.name, one.case, one.judgement)
        for one in sorted(comparable, key=lambda one: one.case.canonical_key)
    ]
    sentence = diagnose(results, subject.execute).sentence
    if "loses precision" in sentence and counts.keys() != {"value"}:
        sentence = first.judgement.message
    if len(wrong_ones) < _FEW and counts.keys() <= {"value", "shape"}:
        sentence = f"as if it {sentence}"
    where, claim = extent
    told = f"; it {where}" if where else ""
    if claim:
        claim = f"if that is not offered, {claim}; " if "value" in counts else f"{claim}; "
    if counts.keys() == {"error"} and all(_REFUSING.search(one.judgement.message) for one in wrong_ones):
        return wrong(
            f"{op} raises in {len(wrong_ones)} of {len(ran)} cases: {first.judgement.message}{told}",
            f'{claim}if it does not offer this, raise Unsupported("why"): the cases then count neither for it nor against it',
        )
    return wrong(
        f"{op} is wrong in {len(wrong_ones)} of {len(ran)} cases ({verdicts}): {sentence}{told}",
        f"{claim}same-conformance show {first.case.id} --with {subject.called} draws it; same-conformance run {subject.called} --op {op} finds for which "
        "parameters it is wrong, and the smallest case",
    )


def refusals(seen: Sequence[Seen], claims: Description) -> list[Finding]:
    """Return which ops refuse every case.

    Where all five are offered, as they always are with ``build``, that is no problem as long as one is not refused.
    """
    ran = {one.case.op for one in seen if one.verdict != "unsupported"}
    why = {one.case.op: one.judgement.message for one in reversed(seen) if one.case.op not in ran}
    if not why:
        return []
    names = ", ".join(op for op in claims.ops if op in why)
    text = f"{names}: offered, but every case is refused ({one_line(next(reversed(why.values())), _SHOWN)})"
    if ran and len(claims.ops) == len(calls.SIGNATURES):
        return [
            note(
                text,
                "if these are functions, leave them out of the Implementation; build may refuse what it does not build",
            )
        ]
    return [broken(text, "leave it out of the Implementation, or claim what it does: ranks, dtypes, paddings")]


def habits(seen: Sequence[Seen]) -> list[Finding]:
    """Return whether an implementation leaves its operands alone, is deterministic, and keeps no state."""
    messages = [one.judgement.message for one in seen]
    arrays = [one for one in seen if isinstance(one.outcome, Array)]
    if not arrays:
        return []
    good = []
    if not any("changed its operand" in message for message in messages):
        good.append("leaves its operands as they are")
    if not any(signs.is_unequal(one) for one in seen):
        good.append("gives the same when it is called again")
    verdicts = {one.case: one.verdict for one in seen}
    twice = [case for case in verdicts if case.calls > 1 and verdicts[case] != "unsupported"]
    if twice and all(verdicts[case] in RIGHT for case in twice):
        good.append("does not depend on the size that it saw first")
    return [ok("; ".join(good))] if good else []


def overclaims(seen: Sequence[Seen], claims: Description) -> list[Finding]:
    """Return which ranks and dtypes are claimed, by default perhaps, and refused by every op."""
    found = []
    for key, claimed in (("ranks", claims.ranks), ("dtypes", claims.dtypes), ("paddings", claims.paddings)):
        offered = {getattr(one.case, key[:-1]) for one in seen if one.verdict != "unsupported"}
        tried = {
            getattr(one.case, key[:-1]): one.judgement.message
            for one in seen
            if one.judgement.message != "NumPy has no bfloat16"
        }
        refused = [value for value in claimed if value in tried and value not in offered]
        if refused and offered:
            left = tuple(value for value in claimed if value in offered)
            what = "rank " if key == "ranks" else ""
            found.append(
                note(
                    f"refuses every case of {what}{', '.join(map(str, refused))}, which it claims: {one_line(tried[refused[0]], _SHOWN)}",
                    f"write {key}={left!r} in the Implementation: then it is not called for the rest",
                )
            )
    return found
