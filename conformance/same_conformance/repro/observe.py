"""Run one case on one implementation, to see what a script is to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance import lookup
from same_conformance.judge import Judge
from same_conformance.repro.target import Observation, Target
from same_conformance.runner.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from same_conformance.case import Case


def observe(
    case: Case,
    name: str,
    say: Callable[[str], None] = lambda _: None,
    interpreters: Mapping[str, str] | None = None,
) -> Observation:
    """Run `case` on the implementation called `name`, or in the file that it names, in a worker.

    Raises:
        UsageError: if no such implementation is installed.
        StartError: if it does not start.

    """
    (observation,) = observe_all([(name, case)], say, interpreters)
    return observation


def observe_all(
    wanted: Sequence[tuple[str, Case]],
    say: Callable[[str], None] = lambda _: None,
    interpreters: Mapping[str, str] | None = None,
) -> list[Observation]:
    """Run cases, each on an implementation, and return what came of them in their order; raises as `observe`."""
    cases: dict[str, list[Case]] = {}
    for name, case in wanted:
        cases.setdefault(name, []).append(case)
    with Pool() as pool:
        started = dict(zip(cases, lookup.start(list(cases), pool, say, interpreters), strict=True))
        work = {started[name].entry_point.name: of_one for name, of_one in cases.items()}
        outcomes = {(name, case): outcome for name, case, outcome in pool.run(work)}
    judge = Judge()
    observations = []
    for name, case in wanted:
        outcome = outcomes[started[name].entry_point.name, case]
        observations.append(Observation(Target.of(started[name]), case, outcome, judge.judge(case, outcome)))
    return observations
