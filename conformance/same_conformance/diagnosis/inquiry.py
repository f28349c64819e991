"""Hold what is needed to look into failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from same_conformance.diagnosis import counterexample
from same_conformance.errors import UsageError
from same_conformance.judge import FAILURES, Judge, Verdict

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.expectations import Expectations
    from same_conformance.runner.pool import Pool

FATAL = ("crash", "timeout")
"""Each try would cost a process, so these are not probed and not shrunk."""


@dataclass(frozen=True)
class Inquiry:
    """What is needed to look into failures: workers, a judge, what was expected, a seed, who is told and may interrupt.

    `report` is called with how many failures have been looked into, of how many, and whose comes next. `longest_s` is
    how long smaller cases are tried for one cause.
    """

    pool: Pool
    judge: Judge
    expectations: Expectations
    seed: int
    report: Callable[[int, int, str], None]
    check: Callable[[], None]
    longest_s: float = counterexample.LONGEST_S

    def is_unexpected(self, name: str, case: Case, verdict: Verdict) -> bool:
        """Tell whether `verdict` is a failure that nobody expected."""
        try:
            return verdict in FAILURES and self.expectations.assess(name, case, verdict)[0] == "unexpected"
        except UsageError:  # predicates were tried on the cases of the run, not on those that a search makes up
            return False

    def right_forward(self, name: str, gradients: Sequence[Case]) -> set[Case]:
        """Return those of `gradients` whose forward result is right."""
        if not gradients:
            return set()
        ran = self.pool.run({name: list(dict.fromkeys(case.forward for case in gradients))})
        right = {case for _, case, outcome in ran if self.judge.judge(case, outcome).verdict in ("pass", "unspecified")}
        return {case for case in gradients if case.forward in right}
