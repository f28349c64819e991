"""Find the distinct causes of a run's unexpected failures, each with its diagnosis and its smallest case."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from same_conformance import strategies
from same_conformance.diagnosis import counterexample, further, memory, naming, telling, where
from same_conformance.diagnosis.counterexample import Minimum
from same_conformance.diagnosis.diagnose import diagnose
from same_conformance.diagnosis.where import Where
from same_conformance.errors import SameConformanceError, UsageError
from same_conformance.judge import FAILURES, Judge, Verdict
from same_conformance.messages import in_words
from same_conformance.outcome import Array
from same_conformance.predicate import compile_predicate
from same_conformance.record import Result

if TYPE_CHECKING:
    import numpy as np

    from same_conformance.case import Case
    from same_conformance.expectations import Expectations
    from same_conformance.runner.pool import Pool

_FATAL = ("crash", "timeout")
"""Each try would cost a process, so these are not probed and not shrunk."""


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
        share: the fraction of the axis cases of the op in the box that it makes fail, see `Share`; None if that
            cannot be said.

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
    share: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the cause as a record holds it."""
        return asdict(self)


@dataclass(frozen=True)
class Inquiry:
    """What is needed to look into failures: workers, a judge, what was expected, a seed, who is told and may interrupt.

    `longest_s` is how long smaller cases are tried for one cause.
    """

    pool: Pool
    judge: Judge
    expectations: Expectations
    seed: int
    report: Callable[[int, int], None]
    check: Callable[[], None]
    longest_s: float = counterexample.LONGEST_S

    def is_unexpected(self, name: str, case: Case, verdict: Verdict) -> bool:
        """Tell whether `verdict` is a failure that nobody expected."""
        try:
            return verdict in FAILURES and self.expectations.assess(name, case, verdict)[0] == "unexpected"
        except UsageError:  # predicates were tried on the cases of the run, not on those that a search makes up
            return False


def how_small(cause: Mapping[str, Any]) -> str:
    """Say of a cause, as a record holds it, how sure it is that no smaller case fails."""
    n = cause["n_smaller"]
    if cause["is_proved"]:
        return f"none of the {n} smaller cases fails" if n else "there is no smaller case"
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
        inquiry.report(done, len(failing))
        right = [r for r in group if r.judgement.verdict in ("pass", "unspecified")]
        at_once = 1 if any(r.judgement.verdict in _FATAL for r in wrong) else further.AT_ONCE
        causes += [
            _cause_or_none_found(part, right, inquiry, at_once, hints.setdefault(wrong[0].implementation, set()))
            for part in _parts(wrong, right)
        ]
    return causes


def _cause_or_none_found(
    wrong: Sequence[Result], right: Sequence[Result], inquiry: Inquiry, at_once: int, hints: set[str]
) -> Cause:
    """Look into failures; what goes wrong with that is our fault, and must cost nobody the run."""
    try:
        return _cause(wrong, right, inquiry, at_once, hints)
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

    A known rule explains all of its failures, however they show. Otherwise wrong results, errors, crashes and timeouts
    are causes of their own. A gradient is one where no forward result fails, and a second call where no first one does.
    """
    if naming.name_rule([r for r in wrong if r.judgement.verdict not in _FATAL], right):
        yield list(wrong)
        return
    for verdicts in (("shape", "dtype", "value", "nondeterministic"), ("error",), ("crash",), ("timeout",)):
        alike = [r for r in wrong if r.judgement.verdict in verdicts]
        forward = [r for r in alike if r.case.compared == "forward"]
        once = [r for r in forward if r.case.calls == 1]
        plain = once or forward
        if plain:
            yield plain if once else forward
        elif alike:
            yield alike


def _cause(wrong: Sequence[Result], right: Sequence[Result], inquiry: Inquiry, at_once: int, hints: set[str]) -> Cause:
    """Look into the failures `wrong`, `at_once` further cases at a time: one, if each may cost a process.

    `hints` are the formulas that were found in other ops of the same implementation; those of this one are added.
    """
    name, op = wrong[0].implementation, wrong[0].case.op
    compared = "forward" if any(r.case.compared == "forward" for r in wrong) else wrong[0].case.compared
    calls = min(r.case.calls for r in wrong)
    comparable = [r for r in right if r.case.calls == 1 or calls > 1]
    seeing = [r for r in comparable if not further.is_blind(r.case)]
    verdicts = tuple(dict.fromkeys(r.judgement.verdict for r in wrong))
    minimum = _minimize(wrong, verdicts, inquiry)
    if compared != "forward" and minimum.case.compared == "forward":  # no case of the run showed that it is wrong too
        compared = "forward"
    remembers = _passes_at_first(name, minimum.case, verdicts, inquiry)
    more, arrays, n_changing = (
        ([], {}, 0) if remembers else _look_further(minimum.case, wrong, seeing, verdicts, inquiry, at_once)
    )
    results = sorted([*wrong, *seeing, *more], key=lambda r: r.case.canonical_key)
    diagnosis = diagnose(results, lambda case, sets: inquiry.pool.probe(name, case, sets), arrays, hints)
    hints |= diagnosis.formulas
    if diagnosis.where.predicate and not remembers:
        holds = compile_predicate(diagnosis.where.predicate)
        minimum = counterexample.predicted(minimum, holds, _failing(name, verdicts, inquiry))
    if remembers:
        sentence = _remembered(name, minimum.case, inquiry)
        diagnosis = replace(diagnosis, sentence=sentence, rule="", where=Where(""), share=None)
    elif 2 * n_changing > len(arrays):  # then whatever was read is chance
        sentence = f"is right forward, but in the gradients {_CHANGES}" if compared != "forward" else _CHANGES
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
        minimum.is_proved,
        diagnosis.share.fraction if diagnosis.share else None,
    )


def _look_further(
    smallest: Case,
    wrong: Sequence[Result],
    seeing: Sequence[Result],
    verdicts: Sequence[Verdict],
    inquiry: Inquiry,
    at_once: int,
) -> tuple[list[Result], dict[Case, np.ndarray], int]:
    """Execute cases that the run did not have; leave out those that fail in another way, or as was expected.

    Returns their results, what was given in all failing ones, those of the run executed again, and in how many of these
    the second call gave something else.
    """
    name = wrong[0].implementation
    found: list[Result] = []
    arrays: dict[Case, np.ndarray] = {}
    changing: set[Case] = set()
    if any(verdict in _FATAL for verdict in verdicts):
        return found, arrays, 0

    def run(cases: Sequence[Case], *, is_new: bool = True) -> bool:
        inquiry.check()
        goes_on = True
        for _, case, outcome in inquiry.pool.run({name: list(cases)}):
            result = Result(name, case, inquiry.judge.judge(case, outcome))
            verdict = result.judgement.verdict
            fails = verdict in verdicts and inquiry.is_unexpected(name, case, verdict)
            if fails and isinstance(outcome, Array) and outcome.values.size <= _LARGEST:
                arrays[case] = outcome.values
                if outcome.n_unequal:
                    changing.add(case)
            if is_new and (fails or verdict in ("pass", "unspecified")):
                found.append(result)
            goes_on = goes_on and verdict not in _FATAL
        return goes_on

    seed = strategies.hash_seed(inquiry.seed, name, smallest.op)
    failing = [r.case for r in wrong]
    further.execute(further.cases(smallest, failing, seed=seed), run, at_once=at_once)
    space: list[Case] = []
    for _ in range(_MOST_ROUNDS):
        cases = [[r.case for r in (*wrong, *found) if r.judgement.verdict in FAILURES]]
        cases += [[r.case for r in (*seeing, *found) if r.judgement.verdict not in FAILURES]]
        rivals = where.rivals(*cases)
        space = space or further.space(smallest, failing, seed=seed)
        known = {case for of in cases for case in of}
        apart = [c for c in telling.of_predicates(rivals, space, _N_ASKED) if c not in known]
        if not apart:
            break
        further.execute(apart, run, at_once=at_once)
    if all(r.case != smallest for r in wrong):
        run([smallest])
    run([r.case for r in wrong if math.prod(r.case.expected_shape) <= _LARGEST][:_MOST_AGAIN], is_new=False)
    return found, arrays, len(changing)


_MOST_ROUNDS, _N_ASKED = 6, 100
"""How often, and by how many cases, predicates are told apart that fit all cases seen so far."""
_MOST_AGAIN = 200
"""Failing cases of the run that are executed again."""
_LARGEST = 20_000
"""Elements of a result that is kept."""

_CHANGES = "gives another result when it is called again, and none that SAME asks for"
_REMEMBERS = "depends on earlier calls: its smallest failing case passes in a process that has executed nothing before"


def _passes_at_first(name: str, case: Case, verdicts: Sequence[Verdict], inquiry: Inquiry) -> bool:
    """Tell whether a case that fails among others passes alone; one that is chance, or costs a process, is not tried."""
    if "nondeterministic" in verdicts or any(verdict in _FATAL for verdict in verdicts):
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


def _minimize(wrong: Sequence[Result], verdicts: Sequence[Verdict], inquiry: Inquiry) -> Minimum:
    name, first = wrong[0].implementation, wrong[0]
    if any(verdict in _FATAL for verdict in verdicts):
        return Minimum(first.case, 0, is_proved=False)

    seed = strategies.hash_seed(inquiry.seed, name, first.case.op, *verdicts)
    fails = _failing(name, verdicts, inquiry)
    return counterexample.minimize(first.case, fails, seed=seed, longest_s=inquiry.longest_s)


def _failing(name: str, verdicts: Sequence[Verdict], inquiry: Inquiry) -> counterexample.Fails:
    """Return what executes cases and tells which of them fail unexpectedly with one of `verdicts`."""

    def fails(cases: Sequence[Case]) -> list[bool | None]:
        inquiry.check()
        found: dict[Case, bool | None] = {}
        for _, case, outcome in inquiry.pool.run({name: list(cases)}):
            verdict = inquiry.judge.judge(case, outcome).verdict
            wanted = verdict in verdicts and inquiry.is_unexpected(name, case, verdict)
            found[case] = None if verdict in _FATAL else wanted
        return [found.get(case) for case in cases]

    return fails
