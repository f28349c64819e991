"""Run mutants over the cases of a profile, and see which cases find each of them out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from same_conformance import classes, mutants, rules
from same_conformance.errors import StartError, UsageError
from same_conformance.judge import FAILURES, Judge
from same_conformance.mutants import implementations
from same_conformance.runner.pool import Pool
from same_conformance.selection import Query, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from same_conformance.case import Case
    from same_conformance.judge import Verdict

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is, and of how much."""

_EXPECTED_BYTES = 1 << 28
"""Expected results kept: those of all networks' layers, which every mutant is judged against in turn."""


@dataclass
class Survey:
    """What the cases found out.

    Attributes:
        cases: in canonical order.
        kills: the cases that kill each mutant, in canonical order.
        deviations: where a mutant did not get the verdict that was predicted, in words.

    """

    cases: Sequence[Case]
    kills: dict[str, list[Case]] = field(default_factory=dict)
    deviations: list[str] = field(default_factory=list)

    @property
    def survivors(self) -> list[str]:
        """Return the mutants that no case killed."""
        return [name for name, cases in self.kills.items() if not cases]

    def matrix(self) -> dict[str, dict[str, int]]:
        """Return how many cases of each class killed each mutant."""
        return {name: classes.count(cases) for name, cases in self.kills.items()}


def choose(names: Iterable[str]) -> list[str]:
    """Return `names`, or all mutants if there are none.

    Raises:
        UsageError: if a name is none of a mutant; says which comes close.

    """
    import difflib

    for name in names:
        if name not in mutants.RULES:
            close = difflib.get_close_matches(name, mutants.RULES, n=1)
            hint = f"did you mean {close[0]}?" if close else "docs/mutants.md lists them all"
            raise UsageError(f"--name {name}: there is no such mutant; {hint}")
    return list(dict.fromkeys(names)) or list(mutants.RULES)


def cases_of(query: Query) -> list[Case]:
    """Return the cases of `query` in the dtypes that mutants, being NumPy, have."""
    return [case for case in select(query).origins if case.dtype in implementations.DTYPES]


def predict(
    names: Sequence[str], cases: Sequence[Case], report: Report, stopped: threading.Event
) -> dict[tuple[str, Case], tuple[Verdict, ...]]:
    """Return the verdicts that each mutant may get for each case of its ops, as far as it comes before `stopped`."""
    predicted: dict[tuple[str, Case], tuple[Verdict, ...]] = {}
    for done, case in enumerate(cases):
        if stopped.is_set():
            break
        report("predicting", done, len(cases))
        for name in names:
            if case.op in mutants.RULES[name].ops:
                predicted[name, case] = rules.predict(mutants.RULES[name], case)
    return predicted


def execute(names: Sequence[str], cases: Sequence[Case], report: Report) -> dict[tuple[str, Case], Verdict]:
    """Return the verdict that each mutant gets for each case of its ops, all of them in one worker.

    Raises:
        StartError: if the worker does not start.

    """
    work = {name: [case for case in cases if case.op in mutants.RULES[name].ops] for name in names}
    total = sum(map(len, work.values()))
    judge = Judge(_EXPECTED_BYTES)
    verdicts: dict[tuple[str, Case], Verdict] = {}
    with Pool() as pool:
        pool.start(implementations.entry_point(name) for name in names)
        for name, why in pool.failures.items():
            raise StartError(f"mutant {name} did not start: {why}")
        for name, case, outcome in pool.run(work):
            verdicts[name, case] = judge.judge(case, outcome).verdict
            report("executing", len(verdicts), total)
    return verdicts


def survey(
    names: Sequence[str], cases: Sequence[Case], report: Report = lambda *_: None, *, executed: bool = True
) -> Survey:
    """Execute mutants, unless their predictions will do, and collect what kills them."""
    found = Survey(cases, {name: [] for name in names})
    stopped = threading.Event()
    with ThreadPoolExecutor(1) as thread:  # predictions need this process, executions the worker's
        predicting = thread.submit(predict, names, cases, report, stopped)
        try:
            verdicts = execute(names, cases, report) if executed else {}
            predicted = predicting.result()
        finally:
            stopped.set()
    for (name, case), expected in predicted.items():
        verdict = verdicts.get((name, case), expected[0])
        if verdict in FAILURES:
            found.kills[name].append(case)
        if verdict not in expected:
            found.deviations.append(f"{name}  {case.id}  {verdict}, predicted was {' or '.join(expected)}")
    return found
