"""Run one case on one implementation, to see what a script is to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance import plugins
from same_conformance.errors import StartError
from same_conformance.interruption import in_background
from same_conformance.judge import Judge
from same_conformance.repro.target import Observation, Target
from same_conformance.runner.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from same_conformance.case import Case


def observe(case: Case, name: str, warn: Callable[[str], None] = lambda _: None) -> Observation:
    """Run `case` on the implementation called `name`, in a worker.

    Raises:
        UsageError: if no such implementation is installed.
        StartError: if it does not start.

    """
    (observation,) = observe_all([(name, case)], warn)
    return observation


def observe_all(wanted: Sequence[tuple[str, Case]], warn: Callable[[str], None] = lambda _: None) -> list[Observation]:
    """Run cases, each on an implementation, and return what came of them in their order; raises as `observe`."""
    entry_points = plugins.select(plugins.installed(warn), [name for name, _ in wanted])
    work: dict[str, list[Case]] = {}
    for name, case in wanted:
        work.setdefault(name, []).append(case)
    with Pool() as pool:
        startable, clashes = plugins.part(entry_points)
        pool.failures.update(clashes)
        with in_background(pool, lambda: pool.start(startable)):
            pass
        for failed, why in pool.failures.items():
            raise StartError(f"{failed} did not start: {why}")
        outcomes = {(name, case): outcome for name, case, outcome in pool.run(work)}
        judge = Judge()
        return [
            Observation(
                Target.of(pool.started[name]), case, outcomes[name, case], judge.judge(case, outcomes[name, case])
            )
            for name, case in wanted
        ]
