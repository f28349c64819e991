"""Say which axis cases of the box each implementation covered, from the record of a run alone.

An axis case is covered if the outcome of some forward case that has it was an array, right or wrong. What an
implementation refused, or never came back from, covers nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from same_conformance import packing
from same_conformance.case import OPS

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.record import Record, Result

Stratum = tuple[str, str]
"""An op and a padding mode."""

_AxisKey = tuple[int, ...]
"""Size, kernel, stride, dilation and output size of an axis."""

_SHOWN_REASONS = 3


def box_in_words() -> str:
    """Return how far the box reaches.

    >>> box_in_words()
    'n <= 24, k <= 8, s <= 6, d <= 4'
    """
    corner = packing.LARGEST
    return f"n <= {corner.size}, k <= {corner.kernel}, s <= {corner.stride}, d <= {corner.dilation}"


@dataclass(frozen=True)
class Covered:
    """What one implementation covered of the box.

    Attributes:
        n_wanted: axis cases in the box, by op and mode.
        n_covered: how many of them gave an array.
        reasons: what was said of the others, with how many axis cases it was said of, the most frequent first.

    """

    implementation: str
    n_wanted: dict[Stratum, int]
    n_covered: dict[Stratum, int]
    reasons: dict[str, int]

    def cell(self, op: str) -> str:
        """Return the numbers of `op`, a mode after the other: ``all`` or how many.

        >>> counts = {("conv", "same"): 4608, ("conv", "same_lower"): 4608}
        >>> Covered("mine", counts, {("conv", "same"): 4608, ("conv", "same_lower"): 0}, {}).cell("conv")
        'all, none'
        """
        return ", ".join(
            _amount(self.n_covered[stratum], n) for stratum, n in self.n_wanted.items() if stratum[0] == op
        )

    @property
    def why(self) -> str:
        """Return the most frequent reasons in one line; empty if everything is covered."""
        shown = list(self.reasons.items())[:_SHOWN_REASONS]
        left = sum(self.reasons.values()) - sum(n for _, n in shown)
        texts = [f"{n:,}: {reason}" for reason, n in shown]
        return "; ".join(texts + ([f"{left:,} for other reasons"] if left else []))


@dataclass
class _Tally:
    """What is known so far of one implementation, op and mode: the axis cases by their number in the box."""

    seen: bytearray
    refused: dict[int, str] = field(default_factory=dict)

    def add(self, numbers: Iterable[int], reason: str) -> None:
        for number in numbers:
            if not reason:
                self.seen[number] = 1
            elif not self.seen[number]:  # the least text, because results come in no particular order
                self.refused[number] = min(reason, self.refused.get(number, reason))


def packed_cases(record: Record) -> list[Case]:
    """Return the cases of the run that are packed and lie in the box."""
    return [case for case in record.of_origin("packed") if all(map(packing.is_in_box, case.axes))]


def covered(record: Record) -> list[Covered]:
    """Return what each implementation covered of the packed cases of a run, by name; nothing if it has none."""
    number_of: dict[Stratum, dict[_AxisKey, int]] = {}
    for case in packed_cases(record):
        numbers = number_of.setdefault((case.op, case.padding), {})
        for axis in case.axes:
            numbers.setdefault(axis[:5], len(numbers))
    if not number_of:
        return []
    strata = sorted(number_of, key=lambda stratum: (OPS.index(stratum[0]), stratum[1]))
    names = [about["name"] for about in record.header["implementations"]]
    tallies = {(name, s): _Tally(bytearray(len(number_of[s]))) for name in names for s in strata}
    for result in record.results:
        stratum = (result.case.op, result.case.padding)
        if result.case.compared == "forward" and stratum in number_of:
            numbers = number_of[stratum]
            mine = (numbers[axis[:5]] for axis in result.case.axes if axis[:5] in numbers)
            tallies[result.implementation, stratum].add(mine, _reason(result))
    return [_summed(name, {s: tallies[name, s] for s in strata}) for name in names]


def sentence(record: Record) -> str:
    """Say how many executions cover the box once; empty if the run has no packed cases."""
    n_executions: Counter[Stratum] = Counter()
    axes: dict[Stratum, set[_AxisKey]] = {}
    for case in packed_cases(record):
        stratum = (case.op, case.padding)
        axes.setdefault(stratum, set()).update(axis[:5] for axis in case.axes)
        n_executions[stratum] += case.rank == 2 and len(set(zip(case.stride, case.dilation, strict=True))) == 1
    amounts = Counter((len(axes[s]), n_executions[s]) for s in axes)
    texts = [f"{n_axes:,} axis cases in {n:,} executions" for (n_axes, n), _ in amounts.most_common()]
    return "the box per op and mode: " + ", ".join(texts) if texts else ""


def _reason(result: Result) -> str:
    """Return why a result covers nothing; empty if it is an array."""
    j = result.judgement
    if j.observed_shape is not None:
        return ""
    return j.message if j.verdict == "unsupported" else f"{j.verdict}: {j.message}"


def _summed(name: str, tallies: dict[Stratum, _Tally]) -> Covered:
    reasons: Counter[str] = Counter()
    for tally in tallies.values():
        reasons.update(why for number, why in tally.refused.items() if not tally.seen[number])
    ordered = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    return Covered(
        name, {s: len(t.seen) for s, t in tallies.items()}, {s: sum(t.seen) for s, t in tallies.items()}, ordered
    )


def _amount(n: int, of: int) -> str:
    return "all" if n == of else f"{n:,}" if n else "none"
