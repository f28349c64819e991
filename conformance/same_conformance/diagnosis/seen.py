"""Hold what was read along single axes, each in the plainest way that explains all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from same_conformance.diagnosis.reading import AxisReading

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case
    from same_conformance.diagnosis.probing import Reading


class Seen(NamedTuple):
    """What was read along one axis of one case: readings that differ in `before` alone, because it cannot be told."""

    case: Case
    which: int
    readings: tuple[AxisReading, ...]

    @property
    def axis(self) -> Axis:
        """Return the axis that was read."""
        return self.case.axes[self.which]

    @property
    def any(self) -> AxisReading:
        """Return one of the readings, for all that they have in common."""
        return self.readings[0]

    @property
    def befores(self) -> set[int]:
        """Return what may have been padded (transposed: cropped) before the first element."""
        return {reading.before for reading in self.readings}

    @property
    def is_plain(self) -> bool:
        """Tell whether it has the steps and taps that were asked for."""
        asked = (self.axis.stride, self.axis.dilation, self.axis.kernel)
        return (self.any.stride, self.any.dilation, self.any.kernel) == asked

    @property
    def is_as_asked(self) -> bool:
        """Tell whether what was read may be what SAME asks for."""
        return any(_kind(r, self.axis) == Kind() and r.before == self.axis.before for r in self.readings)


def of_readings(readings: Sequence[tuple[Case, Reading]]) -> list[Seen]:
    """Return what was seen along every axis of `readings` that can be told, all in as few ways to read as possible."""
    return _agree([Seen(case, i, found) for case, reading in readings for i, found in enumerate(reading.axes) if found])


class Kind(NamedTuple):
    """In what ways something else is read than SAME asks for; no two readings of a kind differ but in numbers.

    Attributes:
        border: what stands there.
        is_flipped: whether the taps are.
        changed: which of stride, dilation and number of taps are not those asked for.

    """

    border: str = "fill"
    is_flipped: bool = False
    changed: tuple[str, ...] = ()

    @property
    def plainness(self) -> tuple[bool, bool, int, bool, Kind]:
        """Return what sorts kinds, the plainest first."""
        return self.border != "fill", "/" in self.border, len(self.changed), self.is_flipped, self


def _agree(seen: Sequence[Seen]) -> list[Seen]:
    """Choose among readings that cannot be told apart: one kind for all if there is one, else what SAME asks for, else the most frequent."""
    possible = [{_kind(reading, s.axis) for reading in s.readings} for s in seen]
    kinds = sorted({kind for of in possible for kind in of}, key=lambda kind: kind.plainness)
    common = next((kind for kind in kinds if all(kind in of for of in possible)), None)
    left = [of for s, of in zip(seen, possible, strict=True) if not s.is_as_asked]
    order: list[Kind] = [common] if common else []
    while left and not common:
        counts = Counter(kind for of in left for kind in of)
        order.append(min(counts, key=lambda kind: (-counts[kind], kind.plainness)))
        left = [of for of in left if order[-1] not in of]
    chosen = []
    for s, of in zip(seen, possible, strict=True):
        asked = [] if common or not s.is_as_asked else [Kind()]
        kind = next(kind for kind in (*asked, *order) if kind in of)
        chosen.append(s._replace(readings=tuple(r for r in s.readings if _kind(r, s.axis) == kind)))
    return chosen


def _kind(reading: AxisReading, axis: Axis) -> Kind:
    changed = tuple(name for name in ("stride", "dilation", "kernel") if getattr(reading, name) != getattr(axis, name))
    return Kind(reading.border, reading.flipped, changed)
