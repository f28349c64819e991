"""Execute further cases of one implementation, to see where else it fails in the way that is looked into."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from same_conformance import strategies
from same_conformance.diagnosis import counterexample, further, naming, telling, where
from same_conformance.diagnosis.counterexample import Minimum
from same_conformance.diagnosis.inquiry import FATAL, Inquiry
from same_conformance.judge import FAILURES, Verdict
from same_conformance.outcome import Array
from same_conformance.predicate import compile_predicate
from same_conformance.record import Result

if TYPE_CHECKING:
    import numpy as np

    from same_conformance.case import Case
    from same_conformance.diagnosis.diagnose import Diagnosis
    from same_conformance.diagnosis.where import Predicate
    from same_conformance.outcome import Outcome

_MOST_ROUNDS, _N_ASKED = 6, 100
"""How often, and by how many cases, predicates are told apart that fit all cases seen so far."""
_MOST_ROUNDS_OF_CONDITIONS = 4
"""How often conditions are told apart under which a known rule is followed."""
_MOST_AGAIN = 200
"""Failing cases of the run that are executed again."""
_LARGEST = 20_000
"""Elements of a result that is kept."""


@dataclass
class Pursuit:
    """What is known of one way in which one implementation fails.

    Attributes:
        name: of the implementation.
        verdicts: how it fails.
        of_gradients: whether only gradients are meant of cases that are right forward, since others have another cause.
        found: results of cases that the run did not have, but those that fail in another way, or as was expected.
        arrays: what was given in failing cases, those of the run executed again.
        changing: those of them whose second call gave something else.

    """

    name: str
    verdicts: tuple[Verdict, ...]
    inquiry: Inquiry
    of_gradients: bool = False
    found: list[Result] = field(default_factory=list)
    arrays: dict[Case, np.ndarray] = field(default_factory=dict)
    changing: set[Case] = field(default_factory=set)
    _n_doubling: int = 0
    _n_changing_first: int = 0
    _failed: dict[Case, Verdict] = field(default_factory=dict)

    def minimum(self, case: Case) -> Minimum:
        """Return the smallest case that fails, from `case` on."""
        if self._is_fatal:
            return Minimum(case, 0, is_proved=False)
        seed = strategies.hash_seed(self.inquiry.seed, self.name, case.op, *self.verdicts)
        return counterexample.minimize(case, self.fails, seed=seed, longest_s=self.inquiry.longest_s)

    def fails(self, cases: Sequence[Case]) -> list[bool | None]:
        """Tell which cases fail unexpectedly in this way; None where the process came to an end."""
        self.inquiry.check()
        meant = [case for case in cases if not self.of_gradients or case.compared != "forward"]
        said: dict[Case, bool | None] = dict.fromkeys(cases, False) | dict.fromkeys(meant)
        for _, case, outcome in self.inquiry.pool.run({self.name: meant}):
            verdict = self._judged(case, outcome).judgement.verdict
            said[case] = None if verdict in FATAL else self._is_meant(case, verdict)
            if self.inquiry.is_unexpected(self.name, case, verdict):
                self._failed[case] = verdict
        own = self._own([case for case, failed in said.items() if failed])
        return [said[case] and case in own if said[case] else said[case] for case in cases]

    def how_failed(self, case: Case) -> Verdict | None:
        """Return how a case failed that was tried to find the smallest; None if it did not."""
        return self._failed.get(case)

    def n_otherwise(self, smallest: Case) -> int:
        """Return how many of the cases tried fail in another way, and are smaller."""
        others = (case for case, verdict in self._failed.items() if verdict not in self.verdicts)
        return sum(case.canonical_key < smallest.canonical_key for case in others)

    def look_further(self, smallest: Case, wrong: Sequence[Result], seeing: Sequence[Result], at_once: int) -> None:
        """Execute cases around failing ones, and such as tell apart the predicates that fit `wrong` and `seeing`.

        `at_once` are handed over together: one, if each may cost a process.
        """
        if self._is_fatal:
            return
        seed = strategies.hash_seed(self.inquiry.seed, self.name, smallest.op)
        failing = [r.case for r in wrong]
        further.execute(further.cases(smallest, failing, seed=seed), self._run, at_once=at_once)
        if smallest not in failing:
            self._run([smallest])
        self._run([case for case in failing if math.prod(case.expected_shape) <= _LARGEST][:_MOST_AGAIN], is_new=False)
        space = further.space(smallest, failing, seed=seed)
        for _ in range(_MOST_ROUNDS):
            cases_wrong, cases_right = ([r.case for r in part] for part in self._parted(wrong, seeing))
            rivals = where.rivals(cases_wrong, cases_right)
            if not self._tell_apart(rivals, space, {*cases_wrong, *cases_right}, at_once):
                break
        for _ in range(_MOST_ROUNDS_OF_CONDITIONS):
            all_wrong, all_right = self._parted(wrong, seeing)
            found = naming.rival_conditions(all_wrong, all_right, self.arrays)
            if found is None:
                break
            failing_there = [case for case in space if found.fails(case)]
            known = {r.case for r in (*all_wrong, *all_right)}
            if not self._tell_apart(found.conditions, failing_there, known, at_once):
                break

    def refutes(self, diagnosis: Diagnosis, smallest: Case, wrong: Sequence[Result], at_once: int) -> bool:
        """Execute cases of which the predicate and the formulas of `diagnosis` say otherwise; tell whether the predicate was wrong."""
        if self._is_fatal or not diagnosis.where.predicate:
            return False
        holds = compile_predicate(diagnosis.where.predicate)
        seed = strategies.hash_seed(self.inquiry.seed, self.name, smallest.op)
        space = further.space(smallest, [r.case for r in wrong], seed=seed)
        known = {r.case for r in (*wrong, *self.found)}
        doubtful = [c for c in space if diagnosis.foretell(c) not in (None, holds(c)) and c not in known][:_N_ASKED]
        n_found = len(self.found)
        further.execute(doubtful, self._run, at_once=at_once)
        return any((r.judgement.verdict in FAILURES) != holds(r.case) for r in self.found[n_found:])

    def _parted(self, wrong: Sequence[Result], right: Sequence[Result]) -> tuple[list[Result], list[Result]]:
        """Return all wrong results, and all right ones: those of the run and what was found since."""
        fails = [r.judgement.verdict in FAILURES for r in self.found]
        return (
            [*wrong, *(r for r, failed in zip(self.found, fails, strict=True) if failed)],
            [*right, *(r for r, failed in zip(self.found, fails, strict=True) if not failed)],
        )

    def _tell_apart(
        self, rivals: Sequence[Predicate], space: Sequence[Case], known: Collection[Case], at_once: int
    ) -> bool:
        """Execute cases of `space` that are not `known` and on which predicates disagree; tell whether there were any."""
        apart = [case for case in telling.of_predicates(rivals, space, _N_ASKED) if case not in known]
        if apart:
            further.execute(apart, self._run, at_once=at_once)
        return bool(apart)

    def _run(self, cases: Sequence[Case], *, is_new: bool = True) -> bool:
        """Execute cases and keep what they say; tell whether all went on living."""
        self.inquiry.check()
        lives = True
        own = self._own(cases)
        for _, case, outcome in self.inquiry.pool.run({self.name: [case for case in cases if case in own]}):
            result = self._judged(case, outcome)
            verdict = result.judgement.verdict
            fails = self._is_meant(case, verdict)
            if fails and isinstance(outcome, Array) and outcome.values.size <= _LARGEST:
                self.arrays[case] = outcome.values
                if outcome.n_unequal:
                    self.changing.add(case)
                    if case.calls == 1:  # later calls add to what more than one gave
                        self._n_changing_first += 1
                        self._n_doubling += outcome.n_doubled == outcome.n_unequal
            if is_new and (fails or verdict in ("pass", "unspecified")):
                self.found.append(result)
            lives = lives and verdict not in FATAL
        return lives

    @property
    def is_doubling(self) -> bool:
        """Tell whether all first calls whose repetition gave something else then gave twice as much."""
        return 0 < self._n_changing_first == self._n_doubling

    @property
    def _is_fatal(self) -> bool:
        return any(verdict in FATAL for verdict in self.verdicts)

    def _judged(self, case: Case, outcome: Outcome) -> Result:
        return Result(self.name, case, self.inquiry.judge.judge(case, outcome))

    def _is_meant(self, case: Case, verdict: Verdict) -> bool:
        return verdict in self.verdicts and self.inquiry.is_unexpected(self.name, case, verdict)

    def _own(self, cases: Sequence[Case]) -> set[Case]:
        """Return those of `cases` that have no other cause."""
        if not self.of_gradients:
            return set(cases)
        return self.inquiry.right_forward(self.name, [case for case in cases if case.compared != "forward"])
