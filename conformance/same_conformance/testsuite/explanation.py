"""Explain a failed test: what the implementation does instead of SAME, the smallest case, a picture, a script."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from same_conformance.case import Case, parse
from same_conformance.diagnosis import causes
from same_conformance.diagnosis.causes import Cause, how_small
from same_conformance.diagnosis.inquiry import Inquiry
from same_conformance.doctor import symptoms
from same_conformance.errors import UsageError
from same_conformance.expectations import review
from same_conformance.outcome import Array, Crash, Outcome, Timeout
from same_conformance.picture import Picture, drawing, windows
from same_conformance.picture.symbols import DRAWN
from same_conformance.picture.terminal import WIDTH
from same_conformance.repro import script
from same_conformance.repro.target import Observation, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from same_conformance.record import Result
    from same_conformance.runner.pool import Pool
    from same_conformance.testsuite.finding import Failed
    from same_conformance.testsuite.partition import Group
    from same_conformance.testsuite.trial import Trial

_FATAL = ("crash", "timeout")
"""Each such case costs a process; the rest of the op is then not executed to learn more."""
_SHRINKING_S = 5.0
"""How long smaller cases are tried for one cause: somebody waits for the test."""
_LISTED = 3
"""Cases of the test itself that are named."""


@dataclass(frozen=True)
class _Shown:
    """A cause with what there is to say of it.

    Attributes:
        cause: what was found.
        words: the diagnosis, and what comes out for the smallest case.
        again: how to see that again, with a command, and with a script.

    """

    cause: Cause
    words: str
    again: str

    def in_short(self, whole_in: str) -> str:
        """Return what a test needs that fails for the same cause as the test `whole_in`, where all of it stands."""
        smallest = f"The smallest case is {self.cause.case} ({how_small(self.cause.to_json())})."
        return f"{smallest}\n{self.again.partition(chr(10))[0]}\nThe whole diagnosis is with {whole_in}."


class Explainer:
    """Explains the failures of one trial; what is wrong with one op it finds out once.

    `scripts` is where scripts that show a failure are written, `root` what their paths are shown relative to.
    """

    def __init__(self, trial: Trial, scripts: Path, root: Path) -> None:
        self._trial = trial
        self._scripts = scripts
        self._root = root
        self._found: dict[object, list[_Shown]] = {}
        self._told: dict[_Shown, str] = {}

    def explain(self, group: Group, failed: Failed, test: str) -> str:
        """Return the text of a failed test, which is called `test`; its first line says it all in short.

        What is wrong is said at length once, in the first test that shows it, and referred to in the others.
        """
        causes = self._causes_of(group, failed.unexpected) if failed.unexpected else []
        paragraphs = [self._summary(group, failed, causes)]
        for shown in causes:
            whole_in = self._told.setdefault(shown, test)
            paragraphs += [shown.words, shown.again] if whole_in == test else [shown.in_short(whole_in)]
        if failed.unexpected:
            paragraphs.append(self._advice(group.op))
            counts = Counter(r.judgement.verdict for r in failed.unexpected)
            how = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
            paragraphs.append(_listed(f"Of this test fail ({how}):", failed.unexpected, failed))
            if not causes or any(self._told[shown] == test for shown in causes):  # one picture for each cause
                paragraphs.append(self._picture(failed.unexpected, causes))
        if failed.stale:
            passed = [(self._trial.name, result.case) for result in failed.stale]
            entries = review.stale(passed, self._trial.expected)
            paragraphs.append("\n  ".join(["These pass, though an expectation says that they fail:", *entries]))
            paragraphs.append(
                "The list of known failures must be true: take out what passes, or let `same-conformance run` do it with "
                "--update-expectations."
            )
        return "\n\n".join(filter(None, paragraphs))

    def _summary(self, group: Group, failed: Failed, causes: Sequence[_Shown]) -> str:
        name, n = self._trial.name, len(self._trial.cases_of(group))
        parts = []
        if failed.unexpected:
            what = "; ".join(dict.fromkeys(shown.cause.sentence for shown in causes))
            many = f"{len(failed.unexpected)} of {n} cases are" if n > 1 else "its one case is"
            parts.append(f"{many} not SAME: {name} {what}")
        if failed.stale:
            parts.append(f"{len(failed.stale)} of {n} cases pass, but are expected to fail")
        return "; ".join(parts)

    def _advice(self, op: str) -> str:
        """Return where to look if it is the plug-in that is broken; empty if that is not so."""
        trial = self._trial
        framework = trial.start().started[trial.name].description.framework
        return symptoms.advice(trial.known(op), framework, trial.called)

    def _picture(self, unexpected: Sequence[Result], causes: Sequence[_Shown]) -> str:
        """Return the picture of the smallest case of a test that gave an array; empty if none did."""
        trial, pool = self._trial, self._trial.start()
        for result in unexpected:
            case, verdict = result.case, result.judgement.verdict
            if verdict in windows.WITHOUT_ARRAY:
                continue
            outcome = pool.run_case(trial.name, case)
            rule = causes[0].cause.rule if causes else ""
            read = windows.find(case, verdict, rule, partial(pool.probe, trial.name))
            observed = outcome.values if isinstance(outcome, Array) else None
            picture = Picture(trial.name, case, trial.judge.expected(case), observed, read)
            drawn = [f"  {line.plain}".rstrip() for line in drawing.draw(picture, WIDTH - 2, DRAWN)]
            return "\n".join([f"{case.id}:", *drawn])
        return ""

    def _causes_of(self, group: Group, unexpected: Sequence[Result]) -> list[_Shown]:
        """Return what is wrong with the op of `group` that fails as `unexpected` do; all of it if nothing does."""
        verdicts = {r.judgement.verdict for r in unexpected}
        found = self._find(group, is_fatal=not verdicts.isdisjoint(_FATAL))
        return [shown for shown in found if not verdicts.isdisjoint(shown.cause.verdicts)] or found

    def _find(self, group: Group, *, is_fatal: bool) -> list[_Shown]:
        trial = self._trial
        is_fixed = bool(group.cases)
        key = group if is_fatal else (group.op, is_fixed or group.name)
        if key not in self._found:
            cases = [] if is_fatal else trial.fixed_cases(group.op)
            results = trial.results([*cases, *trial.cases_of(group)])
            pool = trial.start()
            inquiry = Inquiry(
                pool, trial.judge, trial.expected, trial.suite.seed, lambda *_: None, lambda: None, _SHRINKING_S
            )
            self._found[key] = [self._describe(cause, pool) for cause in causes.find(results, inquiry)]
        return self._found[key]

    def _describe(self, cause: Cause, pool: Pool) -> _Shown:
        """Run the smallest case of a cause once more, unless that costs a process again, and say all there is to say."""
        trial, case = self._trial, parse(cause.case)
        outcome: Outcome
        if set(cause.verdicts).isdisjoint(_FATAL):
            outcome = pool.run_case(trial.name, case)
            judgement = trial.judge.judge(case, outcome)
        else:
            judgement = trial.results([case])[0].judgement
            outcome = Crash(judgement.message) if judgement.verdict == "crash" else Timeout(judgement.message)
        said = f": {judgement.message}" if judgement.message else ""
        words = f"{trial.name} {cause.text}."
        lines = [
            *textwrap.wrap(words, WIDTH, break_long_words=False, break_on_hyphens=False),
            f"The smallest case is {case.id} ({how_small(cause.to_json())}).",
            f"It gives {judgement.verdict}{said}",
        ]
        observation = Observation(Target.of(pool.started[trial.name]), case, outcome, judgement)
        return _Shown(cause, "\n".join(lines), self._again(case, observation))

    def _again(self, case: Case, observation: Observation) -> str:
        """Write the script, and return how to see the failure again."""
        command = f"See it again: same-conformance show {case.id} {self._trial.options}"
        try:
            text = script.write(observation)
        except UsageError:  # it has no result of its own that a script could show
            return command
        path = self._scripts / f"{self._trial.name}.{case.id}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        shown = path.relative_to(self._root) if path.is_relative_to(self._root) else path
        return f"{command}\nor with a script to send on: python {shown}"


def _listed(what: str, results: Sequence[Result], failed: Failed) -> str:
    """Name the first of `results`, each with what came of it."""
    lines = []
    for result in results[:_LISTED]:
        said = failed.why.get(result.case) or f"{result.judgement.verdict}: {result.judgement.message}"
        lines.append(f"  {result.case.id}  {said}")
    more = len(results) - _LISTED
    return "\n".join([what, *lines, *([f"  and {more} more"] if more > 0 else [])])
