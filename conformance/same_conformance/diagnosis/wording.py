"""Put readings into a sentence: what is done instead of SAME, with the formula behind it and one example in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from same_conformance import plan as plans
from same_conformance.case import POOLS
from same_conformance.diagnosis import formulas
from same_conformance.diagnosis.reading import AxisReading, of_same

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case
    from same_conformance.diagnosis.formulas import Formula
    from same_conformance.diagnosis.probing import Reading

_BORDERS = {
    "edge": "repeats the edge element beyond the border",
    "reflect": "mirrors the input at the border, without the edge element",
    "symmetric": "mirrors the input at the border, with the edge element",
    "wrap": "continues with the other end of the input beyond the border",
}


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


def describe(readings: Sequence[tuple[Case, Reading]]) -> list[str]:
    """Return what differs from SAME, the most telling first; empty if all that was read is as SAME asks.

    `readings` are of one op, of wrong cases and of right ones.
    """
    transposed = readings[0][0].op == "conv_transpose"
    seen = _agree(
        [Seen(case, index, found) for case, reading in readings for index, found in enumerate(reading.axes) if found]
    )
    return [
        *_structure(readings),
        *_steps(seen, transposed=transposed),
        *_length(readings, transposed=transposed),
        *_pads(seen, transposed=transposed),
        *_values(readings),
    ]


def _agree(seen: Sequence[Seen]) -> list[Seen]:
    """Choose among readings that cannot be told apart: the plainest kind that explains all axes, if one does."""
    kinds = list(dict.fromkeys(_kind(reading) for s in seen for reading in s.readings))
    kinds.sort(key=lambda kind: (kind[1] != "fill", kind[0]))
    common = [kind for kind in kinds if all(any(_kind(r) == kind for r in s.readings) for s in seen)]
    chosen = []
    for s in seen:
        kind = common[0] if common else min(map(_kind, s.readings), key=kinds.index)
        chosen.append(s._replace(readings=tuple(r for r in s.readings if _kind(r) == kind)))
    return chosen


def _kind(reading: AxisReading) -> tuple[bool, str]:
    return reading.flipped, reading.border


def _structure(readings: Sequence[tuple[Case, Reading]]) -> list[str]:
    """Say which axes, channels or examples are taken for one another."""
    found = []
    for case, reading in readings:
        if reading.order:
            axes = ", ".join(f"output axis {a} from input axis {b}" for a, b in enumerate(reading.order) if a != b)
            found.append(f"exchanges axes (reads {axes})")
        elif not reading.separable:
            found.append("lets one axis depend on another")
        elif reading.irregular:
            found.append(_irregular(case, reading, reading.irregular[0]))
        found += reading.notes
    return list(dict.fromkeys(found))[:3]


def _irregular(case: Case, reading: Reading, index: int) -> str:
    """Show the first place where a pattern that no numbers explain leaves SAME."""
    text = f"reads axis {index} of {case.id} in no regular pattern"
    if not reading.maps or case.op == "conv_transpose":
        return text
    for o, (seen, ours) in enumerate(zip(reading.maps[index].tolist(), plans.same(case).maps[index].tolist())):
        if seen != ours:
            return f"{text} (output {o} reads {_elements(seen)}, SAME {_elements(ours)})"
    return text


def _elements(window: Sequence[int]) -> str:
    """Write what a window reads, padding left out."""
    real = [str(i) for i in window if i >= 0]
    shown = " ".join(real[:_SHOWN_ELEMENTS]) + (" …" if len(real) > _SHOWN_ELEMENTS else "")
    return shown or "padding only"


_SHOWN_ELEMENTS = 6


def _steps(seen: Sequence[Seen], *, transposed: bool) -> list[str]:
    """Say what is wrong with stride, dilation, order of taps and border."""
    texts = [text for what in ("stride", "dilation") if (text := _step(seen, what))]
    if any(s.any.flipped for s in seen if s.axis.kernel > 1):
        texts.append("does not flip the kernel" if transposed else "reads the kernel from its last tap to its first")
    texts += dict.fromkeys(_BORDERS[s.any.border] for s in seen if s.any.border != "fill")
    return texts


def _step(seen: Sequence[Seen], what: str) -> str:
    """Say what is wrong with the stride or the dilation, where it shows: one window has none, and neither has one tap."""
    telling = [s for s in seen if (s.any.out if what == "stride" else s.axis.kernel) > 1]
    wrong = [s for s in telling if getattr(s.any, what) != getattr(s.axis, what)]
    if not wrong:
        return ""
    first = wrong[0]
    other = _other_axis([(s, {getattr(s.any, what)}) for s in telling], lambda a: getattr(a, what))
    if other:
        return f"uses the {what} of {other} ({first.case.id})"
    got, asked = getattr(first.any, what), getattr(first.axis, what)
    ignored = all(getattr(s.any, what) == 1 for s in wrong)
    verb = f"ignores the {what}" if ignored else f"uses {what} {got} where {asked} is asked for"
    return f"{verb} ({_parameters(first.axis)} of {first.case.id})"


def _length(readings: Sequence[tuple[Case, Reading]], *, transposed: bool) -> list[str]:
    seen = [(case, axis, out) for case, reading in readings for axis, out in zip(case.axes, reading.out, strict=True)]
    wrong = [(case, axis, out) for case, axis, out in seen if out != axis.output_size]
    if not wrong:
        return []
    lengths = formulas.TRANSPOSED_LENGTHS if transposed else formulas.FORWARD_LENGTHS
    formula = formulas.fit(lengths, ((axis, {out}) for _, axis, out in seen))
    _, axis, out = wrong[0]
    asked = "the output size" if transposed else "ceil(n / s)"
    example = f"{_parameters(axis)}: {out}, SAME asks for {axis.output_size}"
    if formula is None:
        return [f"returns another length than {asked} ({example})"]
    return [f"returns length {formula.text} instead of {asked} ({example})"]


def _pads(seen: Sequence[Seen], *, transposed: bool) -> list[str]:
    """Say what is padded before the first element; what comes after follows from the length."""
    plain = [s for s in seen if (s.any.stride, s.any.dilation) == (s.axis.stride, s.axis.dilation)]
    wrong = [s for s in plain if s.axis.before not in s.befores]
    if not wrong:
        return []
    verb = "crops" if transposed else "pads"
    case, axis = wrong[0].case, wrong[0].axis
    reading = min(wrong[0].readings, key=lambda r: abs(r.before - axis.before))
    ours = of_same(axis, transposed=transposed)
    example = (
        f"{_parameters(axis)}: {verb} {reading.before} before and {reading.after} after, "
        f"SAME {ours.before} and {ours.after}"
    )
    if all(s.axis.after in s.befores and s.any.out == s.axis.output_size for s in wrong):
        return [f"{verb} the odd element on the wrong side ({example})"]
    formula = formulas.fit(formulas.PADS, ((s.axis, s.befores) for s in plain))
    if formula is not None:
        return [f"{verb} {_formula(formula, transposed=transposed)} before the first element ({example})"]
    other = _other_axis([(s, s.befores) for s in plain], lambda a: a.before)
    if other:
        return [f"{verb} what belongs to {other} ({case.id}, {example})"]
    return [f"{verb} other amounts before the first element ({example})"]


_OTHER_AXES: dict[str, Callable[[int, int], int]] = {
    "the axis at the other end": lambda axis, rank: rank - 1 - axis,
    "the first axis": lambda _axis, _rank: 0,
    "the last axis": lambda _axis, rank: rank - 1,
    "the next axis": lambda axis, rank: (axis + 1) % rank,
    "the axis before": lambda axis, rank: (axis - 1) % rank,
}


def _other_axis(seen: Sequence[tuple[Seen, set[int]]], asked: Callable[[Axis], int]) -> str:
    """Say of which axis all numbers seen may be those that SAME asks for, if it is one and the same; else nothing."""
    of_many = [(s.case, s.which, numbers) for s, numbers in seen if s.case.rank > 1]
    if not of_many:
        return ""
    for words, other in _OTHER_AXES.items():
        if all(asked(case.axes[other(i, case.rank)]) in numbers for case, i, numbers in of_many):
            return words
    return ""


def _formula(formula: Formula, *, transposed: bool) -> str:
    if formula.text == "0":
        return "nothing"
    if transposed and formula.text in ("after", "before"):
        return f"what SAME crops {formula.text}"
    return {"after": "what SAME pads after"}.get(formula.text, formula.text)


def _values(readings: Sequence[tuple[Case, Reading]]) -> list[str]:
    """Say what is wrong with the fill and the divisor."""
    texts = []
    op = readings[0][0].op
    fills = {value for _, reading in readings for value in reading.fill} - ({0.0} if op not in POOLS else set())
    if fills:
        shown = ", ".join(f"{value:g}" for value in sorted(fills)[:3])
        right = "nothing but real elements count" if op in POOLS else "zero is asked for"
        texts.append(f"fills the padding with {shown}, where {right}")
    divisors = {reading.divisor for _, reading in readings} - {"", "real"}
    if "window" in divisors:
        texts.append("divides by the whole window and so counts the padding, where only real elements count")
    elif divisors:
        texts.append("divides by something else than the number of real elements, or weighs them unequally")
    return texts


def _parameters(axis: Axis) -> str:
    return f"n {axis.size}, k {axis.kernel}, s {axis.stride}, d {axis.dilation}"
