"""Collect the pictures of a run: of the smallest failing cases of each kind, and of the smallest case of each cause."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.case import OPS, Case, parse
from same_conformance.diagnosis import probing
from same_conformance.judge import FAILURES
from same_conformance.outcome import Array
from same_conformance.picture import windows
from same_conformance.picture.model import Picture
from same_conformance.picture.windows import WITHOUT_ARRAY

if TYPE_CHECKING:
    from same_conformance.diagnosis.causes import Cause
    from same_conformance.diagnosis.inquiry import Inquiry
    from same_conformance.judge import Judgement, Verdict
    from same_conformance.outcome import Outcome
    from same_conformance.record import Result

MOST = 3
"""Pictures of one implementation, op and verdict, besides those of the causes."""

LARGEST = 256
"""Elements of the largest array of such a case; what a larger one shows, a smaller one does."""

LARGEST_OF_CAUSE = 4096
"""The same for the smallest case of a cause, which may have to be large to fail."""

_MOST_PROBES = 100
"""Calls that the windows of one case may take: as many as JAX compiles into one program."""

_Key = tuple[str, Case]
"""Of a picture: implementation and case."""
_Kind = tuple[str, str, "Verdict"]
"""Implementation, op and verdict."""
_Held = tuple[tuple[object, ...], Case, np.ndarray | None]
"""A case after its canonical key, with what came of it."""


class Gallery:
    """Keep the arrays of the smallest failing cases while they come, so that memory does not grow with the cases."""

    def __init__(self) -> None:
        self._held: dict[_Kind, list[_Held]] = {}

    def see(self, name: str, case: Case, outcome: Outcome, judgement: Judgement) -> None:
        """Keep what `outcome` holds if the case fails and is among the smallest that do; they come in any order."""
        if judgement.verdict not in FAILURES or not _is_small(case, judgement):
            return
        held = self._held.setdefault((name, case.op, judgement.verdict), [])
        if len(held) < MOST or case.canonical_key < held[-1][0]:
            insort(held, (case.canonical_key, case, _content(outcome, judgement.verdict)), key=lambda item: item[0])
            del held[MOST:]

    def hang(self, results: Iterable[Result], causes: Sequence[Cause], inquiry: Inquiry) -> list[Picture]:
        """Return the pictures of a run, chosen and ordered by its results and causes alone.

        What this gallery has not seen is executed again: it was in the record of the run that this one continues, or it
        came up in a search.
        """
        of_cause = {(cause.implementation, parse(cause.case)): cause for cause in causes}
        verdicts = _choose(results, of_cause)
        arrays = {(name, case): values for (name, *_), held in self._held.items() for _, case, values in held}
        arrays |= _execute([key for key in verdicts if key not in arrays], verdicts, inquiry)
        rule_of = {(cause.implementation, cause.op): cause.rule for cause in causes}
        pictures = []
        for name, case in sorted(verdicts, key=_order):
            inquiry.check()
            rule = inquiry.pool.started[name].description.rule or rule_of.get((name, case.op), "")
            most = probing.MOST_PROBES if (name, case) in of_cause else _MOST_PROBES
            found = windows.find(case, verdicts[name, case], rule, partial(inquiry.pool.probe, name), most)
            pictures.append(Picture(name, case, inquiry.judge.expected(case), arrays.get((name, case)), found))
        return pictures


def _choose(results: Iterable[Result], of_cause: Mapping[_Key, Cause]) -> dict[_Key, Verdict]:
    """Return what is pictured, each with its verdict; the first of its cause for what a search found."""
    kinds: dict[_Kind, list[Case]] = {}
    chosen = {key: cause.verdicts[0] for key, cause in of_cause.items() if _largest(key[1]) <= LARGEST_OF_CAUSE}
    for result in results:
        key, verdict = (result.implementation, result.case), result.judgement.verdict
        if key in chosen:
            chosen[key] = verdict
        if verdict in FAILURES and _is_small(result.case, result.judgement):
            kinds.setdefault((result.implementation, result.case.op, verdict), []).append(result.case)
    for (name, _, verdict), cases in kinds.items():
        chosen |= {(name, case): verdict for case in nsmallest(MOST, cases, key=lambda c: c.canonical_key)}
    return chosen


def _execute(missing: Iterable[_Key], verdicts: dict[_Key, Verdict], inquiry: Inquiry) -> dict[_Key, np.ndarray | None]:
    """Execute again what may give an array, and correct its verdict, which a search does not tell."""
    work: dict[str, list[Case]] = {}
    for name, case in missing:
        if verdicts[name, case] not in WITHOUT_ARRAY:
            work.setdefault(name, []).append(case)
    found = {}
    for name, case, outcome in inquiry.pool.run(work):
        inquiry.check()
        verdicts[name, case] = inquiry.judge.judge(case, outcome).verdict
        found[name, case] = _content(outcome, verdicts[name, case])
    return found


def _content(outcome: Outcome, verdict: Verdict) -> np.ndarray | None:
    """Return a copy of the array that is looked at, because the outcome's may be part of a larger buffer."""
    if not isinstance(outcome, Array) or verdict in WITHOUT_ARRAY or outcome.values.size > LARGEST_OF_CAUSE:
        return None
    return outcome.values.copy()


def _is_small(case: Case, judgement: Judgement) -> bool:
    return max(_largest(case), math.prod(judgement.observed_shape or ())) <= LARGEST


def _largest(case: Case) -> int:
    """Return the elements of the largest array of `case`."""
    return max(map(math.prod, (*case.operand_shapes, case.output_shape)))


def _order(key: _Key) -> tuple[object, ...]:
    name, case = key
    return name, OPS.index(case.op), case.canonical_key
