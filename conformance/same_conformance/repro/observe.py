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
    from collections.abc import Callable

    from same_conformance.case import Case


def observe(case: Case, name: str, warn: Callable[[str], None] = lambda _: None) -> Observation:
    """Run `case` on the implementation called `name`, in a worker.

    Raises:
        UsageError: if no such implementation is installed.
        StartError: if it does not start.

    """
    entry_points = plugins.select(plugins.installed(warn), [name])
    with Pool() as pool:
        startable, clashes = plugins.part(entry_points)
        pool.failures.update(clashes)
        with in_background(pool, lambda: pool.start(startable)):
            pass
        for failed, why in pool.failures.items():
            raise StartError(f"{failed} did not start: {why}")
        outcome = pool.run_case(name, case)
        return Observation(Target.of(pool.started[name]), case, outcome, Judge().judge(case, outcome))
