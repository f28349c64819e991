"""Hear what the witnesses say of each case of a run: those that ran, and for the others their recordings."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.record import Record, Result


def differs(result: Result) -> bool:
    """Tell whether a witness's outcome is an array that differs from the spec's."""
    return result.judgement.verdict in ("shape", "dtype", "value")


class Hearing:
    """What the witnesses called `names` say of the cases of `record`."""

    def __init__(self, record: Record, names: Collection[str]) -> None:
        self._ran: dict[Case, list[Result]] = {}
        self._recorded: dict[Case, list[Result]] = {}
        for result in record.results:
            if result.implementation in names:
                self._ran.setdefault(result.case, []).append(result)
        for result in record.recorded:
            live = (r.implementation for r in self._ran.get(result.case, ()))
            if result.implementation in names and result.implementation not in live:
                self._recorded.setdefault(result.case, []).append(result)
        self._contested = {
            r.case for r in (*record.results, *self.recorded) if r.implementation in names and differs(r)
        }
        self._who = {case: self._names(case) for case in self._ran.keys() | self._recorded.keys()}

    @property
    def recorded(self) -> list[Result]:
        """Return what recordings say where a witness did not run."""
        return [result for results in self._recorded.values() for result in results]

    def is_contested(self, case: Case) -> bool:
        """Tell whether a witness differs from the spec on `case`."""
        return case in self._contested

    def words(self, result: Result) -> str:
        """Return who gave an array, by running or on record, and for a contested case whom `result` equals.

        As in ``ran jax; recorded tensorflow; equals jax``.
        """
        who = self._who.get(result.case, "")
        if result.case not in self._contested:
            return who
        witnesses = (*self._ran.get(result.case, ()), *self._recorded.get(result.case, ()))
        equals = sorted(w.implementation for w in witnesses if _equal(result, w))
        return f"{who}; equals {' '.join(equals) or 'none'}"

    def _names(self, case: Case) -> str:
        parts = []
        for how, results in (("ran", self._ran.get(case, ())), ("recorded", self._recorded.get(case, ()))):
            names = sorted(r.implementation for r in results if r.judgement.observed_shape is not None)
            parts += [f"{how} {' '.join(names)}"] if names else []
        return "; ".join(parts)


def _equal(a: Result, b: Result) -> bool:
    both_pass = a.judgement.verdict == b.judgement.verdict == "pass"
    return both_pass or (a.judgement.digest == b.judgement.digest and bool(a.judgement.digest))
