"""Hold what the tests of one pytest process share: a trial per suite, started by the first test that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from same_conformance.errors import SameConformanceError
from same_conformance.testsuite.explanation import Explainer
from same_conformance.testsuite.finding import often
from same_conformance.testsuite.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.testsuite.finding import Failed, Finding
    from same_conformance.testsuite.partition import Group
    from same_conformance.testsuite.suite import Suite


class Session:
    """The trials of one process; use as a context manager, leaving it ends every worker.

    Paths are relative to `root`; `scripts` is where scripts that show a failure are written.
    """

    def __init__(self, root: Path, scripts: Path) -> None:
        self._root = root
        self._scripts = scripts
        self._trials: dict[Suite, Trial] = {}
        self._explainers: dict[Suite, Explainer] = {}
        self._broken: dict[Suite, SameConformanceError] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for trial in self._trials.values():
            trial.close()

    def test(self, suite: Suite, group: Group, name: str, properties: list[tuple[str, Any]]) -> Test:
        """Return the test of a group, which pytest calls `name`, its implementation started; `properties` are told what it found.

        Raises:
            SameConformanceError: if the implementation cannot be started; it is tried once, and said in full once.

        """
        if suite in self._broken:
            before = self._broken[suite]
            raise type(before)(f"{str(before).splitlines()[0]} (as said before)")
        if suite not in self._trials:
            trial = Trial(suite, self._root)
            try:
                trial.start()
            except SameConformanceError as error:
                self._broken[suite] = error
                raise
            self._trials[suite] = trial
            self._explainers[suite] = Explainer(trial, self._scripts, self._root)
        return Test(self._trials[suite], self._explainers[suite], group, name, properties)


class Test:
    """The test of one group of cases."""

    __test__ = False  # pytest collects whatever is called so

    def __init__(
        self, trial: Trial, explainer: Explainer, group: Group, name: str, properties: list[tuple[str, Any]]
    ) -> None:
        self._trial = trial
        self._explainer = explainer
        self._group = group
        self._name = name
        self._properties = properties

    def run(self) -> Finding:
        """Execute the cases and judge them; reports and JUnit get the numbers as properties."""
        finding, tally = self._trial.examine(self._group)
        self._properties += [
            ("implementation", self._trial.name),
            ("cases", tally.n_cases),
            ("passed", tally.n_passed),
            ("failed", tally.n_unexpected),
            ("passed though expected to fail", tally.n_stale),
            ("failed as expected", tally.n_expected),
            ("not offered", tally.n_declined),
        ]
        if tally.n_unmatched:
            self._properties.append(("expectations without a case", tally.n_unmatched))
        if tally.declined:
            self._properties.append(("why not offered", often(tally.declined.elements())))
        return finding

    def explain(self, failed: Failed) -> str:
        """Return the text of a failure."""
        return self._explainer.explain(self._group, failed, self._name)
