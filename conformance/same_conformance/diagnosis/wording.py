"""Put readings into a sentence: what is done instead of SAME, with the formula behind it and one example in numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from same_conformance import plan as plans
from same_conformance.case import POOLS
from same_conformance.diagnosis import candidates, divisors, patterns, pieces
from same_conformance.diagnosis.reading import AxisReading, of_same

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case
    from same_conformance.diagnosis.probing import Reading

BORDERS = {
    "edge": "repeats the edge element beyond {}",
    "reflect": "mirrors the input at {}, without the edge element",
    "symmetric": "mirrors the input at {}, with the edge element",
    "wrap": "continues with the other end of the input beyond {}",
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


Lengths = Sequence["tuple[Case, tuple[int, ...]]"]
"""How long the output of cases is along each axis."""


def describe(
    readings: Sequence[tuple[Case, Reading]], lengths: Lengths = (), preferred: Collection[str] = ()
) -> list[str]:
    """Return what differs from SAME, the most telling first; empty if all that was read is as SAME asks.

    `readings` are of one op, of wrong cases and of right ones; there may be more `lengths` than readings.
    Tests that are `preferred` make a condition before others.
    """
    lengths = lengths or [(case, reading.out) for case, reading in readings]
    transposed = readings[0][0].op == "conv_transpose"
    seen = _agree(
        [Seen(case, index, found) for case, reading in readings for index, found in enumerate(reading.axes) if found]
    )
    structure, is_known = _structure(readings)
    if is_known:  # then numbers that fit some axis by chance say nothing
        return [*structure, *_length(lengths, preferred, transposed=transposed), *_values(readings, preferred)]
    return [
        *structure,
        *_steps(seen, preferred, transposed=transposed),
        *_length(lengths, preferred, transposed=transposed),
        *_pads(seen, preferred, transposed=transposed),
        *_values(readings, preferred),
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


def _structure(readings: Sequence[tuple[Case, Reading]]) -> tuple[list[str], bool]:
    """Say which axes, channels or examples are taken for one another, and whether a pattern was recognised that is no window."""
    found: list[str] = []
    is_known = False
    for case, reading in readings:
        if reading.order:
            axes = ", ".join(f"output axis {a} from input axis {b}" for a, b in enumerate(reading.order) if a != b)
            found.append(f"exchanges axes (reads {axes})")
        elif not reading.separable:
            found.append("lets one axis depend on another")
        for index in reading.irregular:
            known = _pattern(case, reading, index)
            is_known = is_known or bool(known)
            found.append(known or _irregular(case, reading, index))
        found += reading.notes
    unknown = [text for text in found if "no regular pattern" in text]
    found = [text for text in found if text not in unknown[bool(not is_known) :]]  # one tells as much as many
    return list(dict.fromkeys(found))[:3], is_known


def _pattern(case: Case, reading: Reading, index: int) -> str:
    """Return what is recognised in the map of an axis that no numbers explain."""
    if not reading.maps:
        return ""
    recognise = patterns.of_transposed if case.op == "conv_transpose" else patterns.of_forward
    return recognise(reading.maps[index], case.axes[index])


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


def _steps(seen: Sequence[Seen], preferred: Collection[str], *, transposed: bool) -> list[str]:
    """Say what is wrong with stride, dilation, number and order of taps, and border."""
    texts = [text for what in ("stride", "dilation", "kernel") if (text := _step(seen, what, preferred))]
    manifold = [s for s in seen if s.axis.kernel > 1]
    flipped = [s for s in manifold if s.any.flipped]
    if flipped:
        what = "does not flip the kernel" if transposed else "reads the kernel from its last tap to its first"
        texts.append(what + _where(flipped, [s for s in manifold if not s.any.flipped], preferred))
    for border in dict.fromkeys(s.any.border for s in seen if s.any.border != "fill"):
        there = [s for s in seen if s.any.border == border]
        texts.append(
            _border(border) + _where(there, [s for s in seen if s.any.border == "fill" and _pads_any(s)], preferred)
        )
    return texts


def _border(border: str) -> str:
    """Say what stands beyond the edge; where the sides differ, on which."""
    before, _, after = border.partition("/")
    if not after:
        return BORDERS[before].format("the border")
    texts = [
        BORDERS[kind].format(f"the {side}") for kind, side in ((before, "start"), (after, "end")) if kind != "fill"
    ]
    return " and ".join(texts)


def _pads_any(seen: Seen) -> bool:
    return seen.axis.before + seen.axis.after > 0


def _where(yes: Sequence[Seen], no: Sequence[Seen], preferred: Collection[str]) -> str:
    """Say under which condition something was seen, if it was not seen everywhere."""
    condition = pieces.part([(s.case, s.which) for s in yes], [(s.case, s.which) for s in no], preferred)
    return f" where {condition}" if condition else ""


def _step(seen: Sequence[Seen], what: str, preferred: Collection[str]) -> str:
    """Say what is wrong with the stride, the dilation or the number of taps, where it shows: one window has no stride, one tap no dilation."""
    telling = [s for s in seen if what == "kernel" or (s.any.out if what == "stride" else s.axis.kernel) > 1]
    wrong = [s for s in telling if getattr(s.any, what) != getattr(s.axis, what)]
    if not wrong:
        return ""
    first = wrong[0]
    verb, noun = ("reads a window of", "elements") if what == "kernel" else (f"uses {what}", "")
    other = _other_axis([(s, {getattr(s.any, what)}) for s in telling], lambda a: getattr(a, what))
    if other:
        return f"uses the {what} of {other} ({first.case.id})"
    condition = _where(wrong, [s for s in telling if s not in wrong and getattr(s.axis, what) > 1], preferred)
    got, asked = getattr(first.any, what), getattr(first.axis, what)
    example = f"{_parameters(first.axis)} of {first.case.id}"
    if what == "kernel" and all(s.any.kernel == min(s.axis.kernel, s.axis.size) for s in wrong):
        return f"cuts the window down to the input, min(k, n) elements{condition} ({example})"
    if what != "kernel" and all(getattr(s.any, what) == 1 for s in wrong):
        return f"ignores the {what}{condition} ({example})"
    return f"{verb} {got} {noun} where {asked} is asked for{condition} ({example})".replace("  ", " ")


def _length(lengths: Lengths, preferred: Collection[str], *, transposed: bool) -> list[str]:
    items = [pieces.Item(case, i, frozenset({out})) for case, outs in lengths for i, out in enumerate(outs)]
    wrong = [item for item in items if item.case.axes[item.axis].output_size not in item.numbers]
    if not wrong:
        return []
    asked = "the output size" if transposed else "ceil(n / s)"
    axis = wrong[0].case.axes[wrong[0].axis]
    (out,) = wrong[0].numbers
    example = f"({_parameters(axis)}: {out}, SAME asks for {axis.output_size})"
    found = pieces.fit(candidates.lengths(transposed=transposed), items, preferred)
    texts = [f"returns length {piece.text} instead of {asked}" + _under(piece) for piece in found]
    return [f"{'; '.join(texts)} {example}"] if texts else [f"returns another length than {asked} {example}"]


def _under(piece: pieces.Piece) -> str:
    return f" where {piece.condition}" if piece.condition else ""


def _pads(seen: Sequence[Seen], preferred: Collection[str], *, transposed: bool) -> list[str]:
    """Say what is padded before the first element; what comes after follows from the length."""
    plain = [
        s
        for s in seen
        if (s.any.stride, s.any.dilation, s.any.kernel) == (s.axis.stride, s.axis.dilation, s.axis.kernel)
    ]
    wrong = [s for s in plain if s.axis.before not in s.befores]
    if not wrong:
        return []
    verb = "crops" if transposed else "pads"
    case, axis = wrong[0].case, wrong[0].axis
    reading = min(wrong[0].readings, key=lambda r: abs(r.before - axis.before))
    ours = of_same(axis, transposed=transposed)
    example = (
        f"({_parameters(axis)}: {verb} {reading.before} before and {reading.after} after, "
        f"SAME {ours.before} and {ours.after})"
    )
    items = [pieces.Item(s.case, s.which, frozenset(s.befores)) for s in plain]
    found = pieces.fit(candidates.pads(transposed=transposed), items, preferred)
    if all(s.axis.after in s.befores and s.any.out == s.axis.output_size for s in wrong):
        condition = _under(found[0]) if len(found) == 1 else _odd_where(plain, wrong, preferred)
        return [f"{verb} the odd element on the wrong side{condition} {example}"]
    texts = [f"{verb} {piece.text} before the first element" + _under(piece) for piece in found]
    if texts and case.rank > 1:
        example = f"{example[:-1]}, in {case.id})"
    return [f"{'; '.join(texts)} {example}"] if texts else [f"{verb} other amounts before the first element {example}"]


def _odd_where(plain: Sequence[Seen], wrong: Sequence[Seen], preferred: Collection[str]) -> str:
    """Say under which condition the odd element is on the wrong side, among the axes that have one."""
    return _where(wrong, [s for s in plain if s not in wrong and s.axis.before != s.axis.after], preferred)


def _other_axis(seen: Sequence[tuple[Seen, set[int]]], asked: Callable[[Axis], int]) -> str:
    """Say of which axis all numbers seen may be those that SAME asks for, if it is one and the same; else nothing."""
    of_many = [(s.case, s.which, numbers) for s, numbers in seen if s.case.rank > 1]
    if not of_many:
        return ""
    for words, other in candidates.OTHER_AXES.items():
        if all(asked(case.axes[other(i, case.rank)]) in numbers for case, i, numbers in of_many):
            return words
    return ""


def _values(readings: Sequence[tuple[Case, Reading]], preferred: Collection[str]) -> list[str]:
    """Say what is wrong with the fill and the divisor."""
    texts = []
    op = readings[0][0].op
    fills = {value for _, reading in readings for value in reading.fill} - ({0.0} if op not in POOLS else set())
    if fills:
        shown = ", ".join(f"{value:g}" for value in sorted(fills)[:3])
        right = "nothing but real elements count" if op in POOLS else "zero is asked for"
        texts.append(f"fills the padding with {shown}, where {right}")
    return texts + _divisors(readings, preferred)


def _divisors(readings: Sequence[tuple[Case, Reading]], preferred: Collection[str]) -> list[str]:
    """Say what average pooling divides by, and under which condition."""
    texts = []
    for divisor in dict.fromkeys(r.divisor for _, r in readings):
        if divisor in ("", divisors.REAL):
            continue
        there = [(case, 0) for case, reading in readings if reading.divisor == divisor]
        others = [(c, 0) for c, r in readings if r.divisor == divisors.REAL and any(a.before + a.after for a in c.axes)]
        condition = pieces.part(there, others, preferred)
        where = f" where {condition}" if condition else ""
        if divisor == "window":
            texts.append(
                f"divides by the whole window and so counts the padding{where}, where only real elements count"
            )
        elif divisor == divisors.UNKNOWN:
            texts.append(f"divides by something else than the number of real elements, or weighs them unequally{where}")
        else:
            texts.append(f"divides by {divisor}{where}, where only real elements count")
    named = [text for text in texts if "something else" not in text]
    return (named or texts)[:2]


def _parameters(axis: Axis) -> str:
    return f"n {axis.size}, k {axis.kernel}, s {axis.stride}, d {axis.dilation}"
