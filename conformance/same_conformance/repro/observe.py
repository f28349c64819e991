"""Run one case on one implementation, to see what a script is to show."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from same_conformance import plugins
from same_conformance.errors import StartError
from same_conformance.interruption import in_background
from same_conformance.judge import Judge
from same_conformance.repro.target import Observation, Target
from same_conformance.runner.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from same_conformance.case import Case


MOST_CALLS = 20
"""How often a case is run that fails by chance: one of many runs shows it."""


def observe(
    case: Case, name: str, warn: Callable[[str], None] = lambda _: None, *, earlier: Sequence[Case] = ()
) -> Observation:
    """Run `case` on the implementation called `name`, in a worker, after the cases `earlier` in the same one.

    A case that passes is run again, up to `MOST_CALLS` times, in case it fails by chance.

    Raises:
        UsageError: if no such implementation is installed.
        StartError: if it does not start.

    """
    judge = Judge()
    with _started([name], warn) as pool:
        for before in earlier:
            pool.run_case(name, before)
        for _ in range(MOST_CALLS):
            outcome = pool.run_case(name, case)
            judgement = judge.judge(case, outcome)
            if judgement.verdict != "pass":
                break
        return Observation(Target.of(pool.started[name]), case, outcome, judgement, tuple(earlier))


@contextlib.contextmanager
def _started(names: Sequence[str], warn: Callable[[str], None]) -> Iterator[Pool]:
    """Give a pool in which these implementations are started."""
    entry_points = plugins.select(plugins.installed(warn), names)
    with Pool() as pool:
        startable, clashes = plugins.part(entry_points)
        pool.failures.update(clashes)
        with in_background(pool, lambda: pool.start(startable)):
            pass
        for failed, why in pool.failures.items():
            raise StartError(f"{failed} did not start: {why}")
        yield pool


def observe_all(wanted: Sequence[tuple[str, Case]], warn: Callable[[str], None] = lambda _: None) -> list[Observation]:
    """Run cases, each on an implementation, and return what came of them in their order; raises as `observe`."""
    work: dict[str, list[Case]] = {}
    for name, case in wanted:
        work.setdefault(name, []).append(case)
    with _started(list(work), warn) as pool:
        outcomes = {(name, case): outcome for name, case, outcome in pool.run(work)}
        judge = Judge()
        return [
            Observation(
                Target.of(pool.started[name]), case, outcomes[name, case], judge.judge(case, outcomes[name, case])
            )
            for name, case in wanted
        ]
