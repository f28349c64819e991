"""Ask an implementation what it reads: of the cases at hand, then of those that tell rival explanations apart."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from same_conformance.diagnosis import amounts, further, probing, telling, wording

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from same_conformance.case import Case
    from same_conformance.diagnosis.amounts import Amounts
    from same_conformance.diagnosis.probing import Execute, Reading
    from same_conformance.diagnosis.where import Where
    from same_conformance.judge import Verdict
    from same_conformance.record import Result

ARRAYS: tuple[Verdict, ...] = ("shape", "dtype", "value", "nondeterministic")
"""Verdicts on arrays, which can be read."""

_N_WRONG_PROBED, _N_RIGHT_PROBED = 40, 28
"""Cases that are probed at most, since each takes as many calls as its kernel has taps, or its input elements."""
_LONGEST_S = 8.0
"""How long wrong cases are probed, and how long right ones."""


class Interview:
    """What was read from wrong cases of one mode, no two alike as long as there are others, and from right ones beside them.

    `is_known_pattern` tells, after `findings`, whether that is a pattern which no padding explains.
    """

    def __init__(
        self,
        wrong: Sequence[Result],
        right: Sequence[Result],
        execute: Execute,
        place: Where,
        hints: Collection[str],
        mode: str,
    ) -> None:
        self.mode = mode
        self._execute = execute
        self._place = place
        self._hints = hints
        self._lengths = _lengths(wrong, right)
        self._wrong = [r.case for r in wrong if r.judgement.verdict in ARRAYS]
        self._explained: Amounts | None = None
        self.is_known_pattern = False
        self._probed: list[tuple[Case, Reading]] = []
        for cases, most in ((self._wrong, _N_WRONG_PROBED), ([r.case for r in right], _N_RIGHT_PROBED)):
            forward = [case for case in cases if case.compared == "forward" and case.padding == mode]
            self._read(_unlike_first(forward), most)
            if not self._probed:
                break  # nothing wrong could be read: right ones tell nothing

    def _read(self, cases: Sequence[Case], most: int) -> int:
        """Probe up to `most` of the cases that give something to read; return how many did."""
        n_read, began = 0, time.monotonic()
        for case in cases:
            if n_read >= most or time.monotonic() - began > _LONGEST_S:
                break
            reading = probing.read(case, self._execute)
            if reading is not None:
                self._probed.append((case, reading))
                n_read += 1
        return n_read

    def findings(self) -> tuple[list[str], tuple[str, ...], frozenset[str]]:
        """Return what differs from SAME in words, tests that say where, and the formulas that were found."""
        if not self._probed:
            return [], (), frozenset()
        explained = self._explained = self._explain()
        first = self._probed[0][0]
        like = replace(first, compared="forward", calls=1, output_size=())
        space: list[Case] = []
        for _ in range(_MOST_ROUNDS if explained.wrong_lengths or explained.wrong_pads else 0):
            space = space or [c for c in further.space(like, self._wrong, seed=0) if _is_like(c, like)]
            known = {case for case, _ in self._probed}
            apart = [c for rivals in explained.predictions() for c in telling.of_numbers(rivals, space, _N_ASKED)]
            asked = [case for case in dict.fromkeys(apart) if case not in known]
            before = len(self._probed)
            if not asked or not self._read(asked, len(asked)):
                break
            self._lengths += [(case, r.out) for case, r in self._probed[before:] if len(r.out) == case.rank]
            explained = self._explained = self._explain()
        preferred = self._place.tests
        findings = wording.describe(self._probed, self._lengths, preferred, explained)
        self.is_known_pattern = wording.is_known_pattern(self._probed, preferred)
        return findings, explained.mechanisms, explained.formulas

    def tells(self, wrong: Sequence[Result], right: Sequence[Result]) -> bool:
        """Tell whether the lengths and pads that were found differ from SAME's in all cases that are wrong and in no other."""
        explained = self._explained
        return (
            explained is not None
            and explained.is_whole
            and all(explained.differ(r.case) for r in wrong)
            and not any(explained.differ(r.case) for r in right)
        )

    def foretell(self, case: Case) -> bool | None:
        """Tell whether the lengths and pads that were found differ from SAME's in `case`; None if they say nothing of it."""
        explained = self._explained
        if explained is None or not explained.is_whole or (case.compared, case.calls) != ("forward", 1):
            return None
        return explained.differ(case)

    def pads_as(self, other: Interview) -> bool:
        """Tell whether what is padded before the first element may come about as in the mode that `other` is about."""
        if self._explained is None or other._explained is None:
            return False
        texts = [
            {piece.text for e in explained.pads for piece in e.pieces}
            for explained in (self._explained, other._explained)
        ]
        return bool(texts[0] & texts[1]) or any(
            all(e.value(s.case, s.which) in s.befores for s in self._explained.plain) for e in other._explained.pads
        )

    def pads(self) -> list[str]:
        """Return in words what is padded in this mode, if that is wrong and a formula says it."""
        if self._explained is None:
            return []
        texts = wording.pads(self._explained, self._place.tests, only_known=True)
        return [
            text if text.startswith("takes") else f"in {self._probed[0][0].padding.upper()} {text}" for text in texts
        ]

    def _explain(self) -> Amounts:
        return amounts.explain(self._probed, self._lengths, self._place.tests, self._hints)


_MOST_ROUNDS = 6
_N_ASKED = 16
"""Cases that are probed in one round, and rounds, to tell apart what explains as much."""


def _is_like(case: Case, first: Case) -> bool:
    """Tell whether a case can be probed and compared with others that were."""
    alike = (case.compared, case.calls, case.padding, case.dtype) == ("forward", 1, first.padding, first.dtype)
    return alike and probing.n_probes(case) <= _CHEAP


_CHEAP = 60


def _unlike_first(cases: Sequence[Case]) -> list[Case]:
    """Return the cheapest case of every kind first, then the second cheapest of every kind, and so on."""
    kinds = Counter[tuple[object, ...]]()
    places = []
    for case in sorted(cases, key=lambda c: (probing.n_probes(c), c.canonical_key)):
        axes = tuple(sorted((a.kernel % 2, a.stride > 1, a.dilation > 1, a.stride > a.kernel) for a in case.axes))
        kind = (case.rank, axes, case.groups > 1, case.batch > 1, case.dtype)
        places.append((kinds[kind], probing.n_probes(case), case.canonical_key, case))
        kinds[kind] += 1
    return [case for *_, case in sorted(places, key=lambda place: place[:3])]


def _lengths(wrong: Sequence[Result], right: Sequence[Result]) -> list[tuple[Case, tuple[int, ...]]]:
    """Return how long the output was along each axis, of every forward result that has a length."""
    observed = [(r.case, r.judgement.observed_shape) for r in wrong if r.case.compared == "forward"]
    lengths = [(case, shape[1:-1]) for case, shape in observed if shape and len(shape) == case.rank + 2]
    return lengths + [(r.case, r.case.output_shape[1:-1]) for r in right if r.case.compared == "forward"]
