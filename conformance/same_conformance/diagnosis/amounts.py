"""Explain the lengths and pads that were seen, and choose the cases that tell rival explanations apart."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from same_conformance.diagnosis import candidates, pieces, seen, vocabulary
from same_conformance.diagnosis.pieces import Explanation, Item

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.diagnosis.probing import Reading
    from same_conformance.diagnosis.seen import Seen

Lengths = Sequence["tuple[Case, tuple[int, ...]]"]
"""How long the output of cases is along each axis."""

_MOST_RIVALS = 60
"""Explanations that all fit, among which further cases are to decide."""


@dataclass(frozen=True)
class Amounts:
    """What explains lengths and pads.

    Attributes:
        lengths, pads: the explanations that fit, the plainest first; empty if there is nothing to explain, or nothing does.
        wrong_lengths: where the length is not SAME's.
        wrong_pads: where what is padded before the first element is not SAME's, though steps and taps are.
        plain: all that has the steps and taps that were asked for.

    """

    lengths: tuple[Explanation, ...]
    pads: tuple[Explanation, ...]
    wrong_lengths: tuple[Item, ...]
    wrong_pads: tuple[Seen, ...]
    plain: tuple[Seen, ...]

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Return tests of one axis that say where the lengths or pads explained differ from SAME's."""
        texts = []
        for name, found in (("out", self.lengths), ("before", self.pads)):
            for piece in found[0].pieces if found else ():
                if piece.expression and piece.expression != name:
                    differs = f"{name} != {piece.expression}"
                    texts += [differs] if piece.condition.startswith("not ") else _with(differs, piece.condition)
        return tuple(texts)

    @property
    def formulas(self) -> frozenset[str]:
        """Return what explains them, in words."""
        return frozenset(piece.text for found in (self.lengths, self.pads) if found for piece in found[0].pieces)

    @property
    def is_whole(self) -> bool:
        """Tell whether there is something to explain, and it is explained."""
        found = ((self.wrong_lengths, self.lengths), (self.wrong_pads, self.pads))
        return any(wrong for wrong, _ in found) and all(explained or not wrong for wrong, explained in found)

    def differ(self, case: Case) -> bool:
        """Tell whether what explains them says something else than SAME of some axis of `case`."""
        return any(
            (bool(self.lengths) and self.lengths[0].value(case, i) != axis.output_size)
            or (bool(self.pads) and self.pads[0].value(case, i) != axis.before)
            for i, axis in enumerate(case.axes)
        )

    def predictions(self) -> list[list[Callable[[Case], tuple[int, ...]]]]:
        """Return what each explanation predicts for the axes of a case: those of lengths, then those of pads."""
        return [[_of_case(e) for e in self.lengths], [_of_case(e) for e in self.pads]]


def _with(differs: str, condition: str) -> list[str]:
    """Return a test with what a condition asks of the axis; what it asks of the case, `where` adds where it is needed."""
    of_axis = [test for test in condition.split(" and ") if test and vocabulary.is_of_axis(test)]
    return [" and ".join((differs, *of_axis)), differs] if of_axis else [differs]


def _of_case(explanation: Explanation) -> Callable[[Case], tuple[int, ...]]:
    return lambda case: tuple(explanation.value(case, i) for i in range(case.rank))


@cache
def differences(*, transposed: bool) -> tuple[str, ...]:
    """Return the tests of one axis that say that a known formula gives another number than SAME asks for."""
    known = (("before", candidates.pads), ("out", candidates.lengths))
    found = (
        f"{name} != {candidate.expression}"
        for name, of in known
        for candidate in of(transposed=transposed)
        if candidate.expression not in ("", name) and not candidate.fewest
    )
    return tuple(dict.fromkeys(found))


def explain(
    readings: Sequence[tuple[Case, Reading]], lengths: Lengths, preferred: Collection[str], hints: Collection[str] = ()
) -> Amounts:
    """Explain what was seen; tests that are `preferred` make a condition before others, formulas that are `hints` come first."""
    op = lengths[0][0].op if lengths else readings[0][0].op
    transposed = op == "conv_transpose"
    items = [Item(case, i, frozenset({out})) for case, outs in lengths for i, out in enumerate(outs)]
    wrong_lengths = [item for item in items if item.case.axes[item.axis].output_size not in item.numbers]
    of_lengths = (
        pieces.explanations(candidates.lengths(transposed=transposed), items, preferred, most=_MOST_RIVALS)
        if wrong_lengths
        else []
    )
    plain = [s for s in seen.of_readings(readings) if s.is_plain]
    wrong_pads = [s for s in plain if s.axis.before not in s.befores]
    of_pads: list[Explanation] = []
    if wrong_pads:
        same, *others = candidates.pads(transposed=transposed)
        others.sort(key=lambda candidate: candidate.text not in hints)
        needed = [candidates.needed_by(of_lengths[0].value)] if of_lengths and not transposed else []
        seen_pads = [Item(s.case, s.which, frozenset(s.befores)) for s in plain]
        plainest = next(i for i, candidate in enumerate(others) if candidate.expression == "0") + 1
        others[plainest:plainest] = needed
        conditions = [piece.condition for piece in of_lengths[0].pieces if piece.condition] if of_lengths else []
        of_pads = pieces.explanations([same, *others], seen_pads, preferred, most=_MOST_RIVALS, also=conditions)
    return Amounts(tuple(of_lengths), tuple(of_pads), tuple(wrong_lengths), tuple(wrong_pads), tuple(plain))
