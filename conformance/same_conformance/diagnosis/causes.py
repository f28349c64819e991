"""Find the distinct causes of a run's unexpected failures, each with its diagnosis and its smallest case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from same_conformance.diagnosis import counterexample, further, memory, naming
from same_conformance.diagnosis.diagnose import Diagnosis, diagnose
from same_conformance.diagnosis.inquiry import FATAL, Inquiry
from same_conformance.diagnosis.interview import ARRAYS
from same_conformance.diagnosis.pursuit import Pursuit
from same_conformance.diagnosis.where import Where
from same_conformance.errors import SameConformanceError, UsageError
from same_conformance.judge import FAILURES, Verdict
from same_conformance.messages import in_words
from same_conformance.predicate import compile_predicate
from same_conformance.record import Result

if TYPE_CHECKING:
    from same_conformance.case import Case


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with one implementation.

    Attributes:
        implementation, op: of whom, and of what.
        verdicts: how it fails.
        compared: of which results: ``forward``, or a gradient that is wrong although the forward result is right.
        calls: 2 if only a second call fails.
        sentence, rule, where, n_wrong, n_ran: see `Diagnosis`; `where` is a predicate, `text` all of it in words.
        case: the id of the smallest case that fails.
        n_smaller, is_proved: see `Minimum`.
        n_otherwise: how many of the smaller cases fail in another way.
        share: the fraction of the axis cases of the op in the box that it makes fail, see `Share`; None if that
            cannot be said.
        remembers: whether it fails only after certain calls, so that there is no smallest case but in the order of the run.

    """

    implementation: str
    op: str
    verdicts: tuple[Verdict, ...]
    compared: str
    calls: int
    sentence: str
    rule: str
    where: str
    text: str
    n_wrong: int
    n_ran: int
    case: str
    n_smaller: int
    is_proved: bool
    n_otherwise: int = 0
    share: float | None = None
    remembers: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the cause as a record holds it."""
        return asdict(self)


def how_small(cause: Mapping[str, Any]) -> str:
    """Say of a cause, as a record holds it, how sure it is that no smaller case fails."""
    n, n_otherwise = cause["n_smaller"], cause.get("n_otherwise", 0)
    if cause.get("remembers"):
        return f"the {n} smaller cases pass in the order they were called in; in another, one may fail"
    if cause["is_proved"] and n_otherwise:
        return f"none of the {n} smaller cases fails so, {n_otherwise} otherwise"
    if cause["is_proved"]:
        if n == 1:
            return "the one smaller case passes"
        return f"none of the {n} smaller cases fails" if n else "there is no smaller case"
    if n_otherwise:
        return f"{n} smaller cases do not fail so, not all were tried; {n_otherwise} fail otherwise"
    return f"{n} smaller cases pass, not all were tried" if n else "not shrunk"


def find(results: Iterable[Result], inquiry: Inquiry) -> list[Cause]:
    """Return the causes of all unexpected failures among `results`."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.implementation, result.case.op), []).append(result)
    failing = []
    for _, group in sorted(groups.items()):
        if any(inquiry.is_unexpected(r.implementation, r.case, r.judgement.verdict) for r in group):
            group.sort(key=lambda r: r.case.canonical_key)
            wrong = [r for r in group if inquiry.is_unexpected(r.implementation, r.case, r.judgement.verdict)]
            failing.append((group, wrong))
    causes = []
    hints: dict[str, set[str]] = {}
    for done, (group, wrong) in enumerate(failing):
        inquiry.report(done, len(failing), f"{wrong[0].implementation}, {wrong[0].case.op}")
        right = [r for r in group if r.judgement.verdict in ("pass", "unspecified")]
        apart = {r.judgement.verdict for r in wrong}
        at_once = 1 if any(r.judgement.verdict in FATAL for r in wrong) else further.AT_ONCE
        known = hints.setdefault(wrong[0].implementation, set())
        parts = list(_parts(wrong, right))
        of_gradients = _right_forward([r for r in wrong if all(r not in part for part in parts)], inquiry)
        parts += [of_gradients] if of_gradients else []
        causes += [
            _cause_or_none_found(part, right, inquiry, at_once, known, apart, of_gradients=part is of_gradients)
            for part in parts
        ]
    return causes


def _right_forward(left: Sequence[Result], inquiry: Inquiry) -> list[Result]:
    """Return the failures of gradients, among those that other causes may explain, whose forward result is right: they do not."""
    gradients = [r for r in left if r.case.compared != "forward" and r.judgement.verdict == "value"]
    if not gradients:
        return []
    right = inquiry.right_forward(gradients[0].implementation, [r.case for r in gradients])
    return [r for r in gradients if r.case in right]


def _cause_or_none_found(
    wrong: Sequence[Result],
    right: Sequence[Result],
    inquiry: Inquiry,
    at_once: int,
    hints: set[str],
    apart: Collection[Verdict],
    *,
    of_gradients: bool,
) -> Cause:
    """Look into failures; what goes wrong with that is our fault, and must cost nobody the run."""
    try:
        return _cause(wrong, right, inquiry, at_once, hints, apart, of_gradients=of_gradients)
    except Exception as error:
        if isinstance(error, (SameConformanceError, OSError)) and not isinstance(error, UsageError):
            raise  # of a worker or by an interruption, and no fault of the diagnosis
        sentence = f"is wrong; to say how, same-conformance failed, which is a fault of its own: {in_words(error)}"
        return _undiagnosed(wrong, right, sentence)


def _undiagnosed(wrong: Sequence[Result], right: Sequence[Result], sentence: str) -> Cause:
    first = wrong[0]
    n_ran = len(wrong) + len(right)
    text = f"{sentence}; {len(wrong)} of {n_ran} cases wrong"
    verdicts = tuple(dict.fromkeys(r.judgement.verdict for r in wrong))
    compared, calls = first.case.compared, first.case.calls
    return Cause(
        first.implementation, first.case.op, verdicts, compared, calls, sentence, "", "", text, len(wrong), n_ran,
        first.case.id, 0, is_proved=False,
    )  # fmt: skip


def _parts(wrong: Sequence[Result], right: Sequence[Result]) -> Iterator[list[Result]]:
    """Part failures of one op that have distinct causes.

    A known rule explains all of its failures, however they show, under a condition as well. Otherwise wrong results,
    errors, crashes and timeouts are causes of their own. A gradient is one where no forward result fails, and a second call where no first one does;
    where some do, only gradients of cases that are right forward are, see `_right_forward`.
    """
    alive = [r for r in wrong if r.judgement.verdict not in FATAL]
    has_both = {r.judgement.verdict == "error" for r in alive} == {True, False}
    if naming.name_rule(alive, right) or (has_both and naming.may_be_one(alive)):
        yield list(wrong)
        return
    for verdicts in (ARRAYS, ("error",), ("crash",), ("timeout",)):
        alike = [r for r in wrong if r.judgement.verdict in verdicts]
        forward = [r for r in alike if r.case.compared == "forward"]
        once = [r for r in forward if r.case.calls == 1]
        plain = once or forward
        if plain:
            yield plain if once else forward
        elif alike:
            yield alike


def _cause(
    wrong: Sequence[Result],
    right: Sequence[Result],
    inquiry: Inquiry,
    at_once: int,
    hints: set[str],
    apart: Collection[Verdict] = (),
    *,
    of_gradients: bool = False,
) -> Cause:
    """Look into the failures `wrong`, `at_once` further cases at a time: one, if each may cost a process.

    `hints` are the formulas that were found in other ops of the same implementation; those of this one are added. `apart` are
    all ways in which the op fails in the run: errors that only show in further cases, and are none of them, belong to what gives
    wrong results, as where a result that is too short for one size is none for a smaller one.
    `of_gradients` says that only gradients of cases that are right forward are meant, since others have another cause.
    """
    name, op = wrong[0].implementation, wrong[0].case.op
    compared = "forward" if any(r.case.compared == "forward" for r in wrong) else wrong[0].case.compared
    calls = min(r.case.calls for r in wrong)
    comparable = [r for r in right if r.case.calls == 1 or calls > 1]
    seeing = [r for r in comparable if not further.is_blind(r.case)]
    verdicts = tuple(dict.fromkeys(r.judgement.verdict for r in wrong))
    errors = () if "error" in apart or not set(verdicts).isdisjoint(FATAL) else ("error",)
    arrays = () if set(verdicts).isdisjoint(ARRAYS) else ARRAYS  # one cause, however it shows in further cases
    pursuit = Pursuit(name, tuple(dict.fromkeys((*verdicts, *arrays, *errors))), inquiry, of_gradients=of_gradients)
    minimum = pursuit.minimum(wrong[0].case)
    if how := pursuit.how_failed(minimum.case):
        verdicts = tuple(dict.fromkeys((how, *verdicts)))
    if compared != "forward" and minimum.case.compared == "forward":  # no case of the run showed that it is wrong too
        compared = "forward"
    remembers = _passes_at_first(name, minimum.case, verdicts, inquiry)
    if not remembers:
        pursuit.look_further(minimum.case, wrong, seeing, at_once)

    def diagnosed() -> Diagnosis:
        results = sorted([*wrong, *seeing, *pursuit.found], key=lambda r: r.case.canonical_key)
        return diagnose(results, lambda case, sets: inquiry.pool.probe(name, case, sets), pursuit.arrays, hints)

    diagnosis = diagnosed()
    if not remembers and pursuit.refutes(diagnosis, minimum.case, wrong, at_once):
        diagnosis = diagnosed()
    hints |= diagnosis.formulas
    if diagnosis.where.predicate and not remembers:
        holds = compile_predicate(diagnosis.where.predicate)
        minimum = counterexample.predicted(minimum, holds, pursuit.fails)
    if remembers:
        sentence = _remembered(name, minimum.case, inquiry)
        diagnosis = replace(diagnosis, sentence=sentence, rule="", where=Where(""), share=None)
    elif 2 * len(pursuit.changing) > len(pursuit.arrays):  # then whatever was read is chance
        changes = _ADDS if pursuit.is_doubling else _CHANGES
        sentence = f"is right forward, but in the gradients {changes}" if compared != "forward" else changes
        diagnosis = replace(diagnosis, sentence=sentence, rule="", where=Where(""), share=None)
    diagnosis = replace(diagnosis, n_wrong=len(wrong), n_ran=len(wrong) + len(comparable))
    return Cause(
        name,
        op,
        verdicts,
        compared,
        calls,
        diagnosis.sentence,
        diagnosis.rule,
        diagnosis.where.predicate,
        diagnosis.text,
        diagnosis.n_wrong,
        diagnosis.n_ran,
        minimum.case.id,
        minimum.n_smaller,
        minimum.is_proved and not remembers,
        pursuit.n_otherwise(minimum.case),
        diagnosis.share.fraction if diagnosis.share else None,
        remembers,
    )


_CHANGES = "gives another result each time it is called with the same operands"
_ADDS = "adds what it gives to what the call before gave: the first call is right, the next gives twice as much"
_REMEMBERS = "depends on earlier calls: its smallest failing case passes in a process that has executed nothing before"


def _passes_at_first(name: str, case: Case, verdicts: Sequence[Verdict], inquiry: Inquiry) -> bool:
    """Tell whether a case that fails among others passes alone; one that is chance, or costs a process, is not tried."""
    if "nondeterministic" in verdicts or any(verdict in FATAL for verdict in verdicts):
        return False
    return inquiry.judge.judge(case, inquiry.pool.run_first(name, case)).verdict == "pass"


def _remembered(name: str, case: Case, inquiry: Inquiry) -> str:
    """Say after which earlier call a case fails that passes in a new process."""

    def fails(executed: Case) -> bool:
        inquiry.check()
        return inquiry.judge.judge(executed, inquiry.pool.run_case(name, executed)).verdict in FAILURES

    earlier = memory.find(case, fails, lambda: inquiry.pool.renew(name))
    if earlier is None:
        return _REMEMBERS
    what = memory.differing(case, earlier)
    return f"{_REMEMBERS}, and fails after {earlier.id}, so what it keeps is kept for another {what} too"
