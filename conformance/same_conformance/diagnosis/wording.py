"""Put readings into a sentence: what is done instead of SAME, with the formula behind it and one example in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from same_conformance import plan as plans
from same_conformance.case import POOLS
from same_conformance.diagnosis import amounts, candidates, divisors, overrun, patterns, pieces, totals, where
from same_conformance.diagnosis import seen as sightings
from same_conformance.diagnosis.reading import of_same
from same_conformance.padding import SAME_LOWER
from same_conformance.plan import PADDED

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case
    from same_conformance.diagnosis.amounts import Amounts, Lengths
    from same_conformance.diagnosis.probing import Reading
    from same_conformance.diagnosis.reading import AxisReading
    from same_conformance.diagnosis.seen import Seen

BORDERS = {
    "edge": "repeats the edge element beyond {}",
    "reflect": "mirrors the input at {}, without the edge element",
    "symmetric": "mirrors the input at {}, with the edge element",
    "wrap": "continues with the other end of the input beyond {}",
}


def describe(
    readings: Sequence[tuple[Case, Reading]],
    lengths: Lengths = (),
    preferred: Collection[str] = (),
    explained: Amounts | None = None,
) -> list[str]:
    """Return what differs from SAME, the most telling first; empty if all that was read is as SAME asks.

    `readings` are of one op, of wrong cases and of right ones; there may be more `lengths` than readings.
    Tests that are `preferred` make a condition before others. `explained` is what is known of lengths and pads.
    """
    lengths = lengths or [(case, reading.out) for case, reading in readings]
    transposed = readings[0][0].op == "conv_transpose"
    explained = explained or amounts.explain(readings, lengths, preferred)
    structure, is_known = _structure(readings, preferred)
    length = _length(explained, transposed=transposed)
    if is_known:  # then numbers that fit some axis by chance say nothing
        return [*structure, *length, *_values(readings, preferred)]
    steps = _steps(sightings.of_readings(readings), preferred, transposed=transposed)
    return [
        *(text for text in structure if not steps or _IRREGULAR not in text),  # of short axes, steps explain that, too
        *steps,
        *length,
        *pads(explained, preferred),
        *_values(readings, preferred),
    ]


def is_known_pattern(readings: Sequence[tuple[Case, Reading]], preferred: Collection[str]) -> bool:
    """Tell whether what was read is a pattern that is no padding; then numbers that fit some axis by chance say nothing."""
    return _structure(readings, preferred)[1]


def _structure(readings: Sequence[tuple[Case, Reading]], preferred: Collection[str]) -> tuple[list[str], bool]:
    """Say which axes, channels or examples are taken for one another, and whether a pattern was recognised that is no window."""
    running = [(case, 0) for case, reading in readings if reading.runs_on]
    if running:
        others = [(case, 0) for case, reading in readings if not reading.runs_on and _may_run_on(case)]
        condition = pieces.part(running, others, ())
        return [overrun.SENTENCE + (f", but only where {condition}" if condition else "")], True
    odd = _windows_changed(readings, preferred)
    if odd:
        return [odd], True
    found: list[str] = []
    is_known = False
    for case, reading in readings:
        if reading.order:
            axes = ", ".join(f"output axis {a} from input axis {b}" for a, b in enumerate(reading.order) if a != b)
            found.append(f"exchanges axes (reads {axes})")
        elif not reading.separable:
            found.append("lets one axis depend on another")
        for index in reading.irregular:
            known = _patterns(case, reading, index)
            is_known = is_known or bool(known)
            found.append(known[0] if known else _irregular(case, reading, index))
        found += reading.notes
    unknown = [text for text in found if _IRREGULAR in text]
    found = [text for text in found if text not in unknown[bool(not is_known) :]]  # one tells as much as many
    return list(dict.fromkeys(found))[:3], is_known


def _may_run_on(case: Case) -> bool:
    """Tell whether there is something in memory beyond a border that is read."""
    return (case.batch > 1 or case.rank > 1) and any(a.before + a.after > 0 for a in case.axes)


def _windows_changed(readings: Sequence[tuple[Case, Reading]], preferred: Collection[str]) -> str:
    """Return the one pattern of all axes that no padding explains, if there is one: it says more than an odd border.

    Pooling does not tell what stands beyond the border from what its windows leave out.
    """
    found = {
        (case, index): _patterns(case, reading, index)
        for case, reading in readings
        for index, fits in enumerate(reading.axes)
        if index in reading.irregular
        or (fits and case.op in POOLS and not any(_is_plain(r, case.axes[index]) for r in fits))
    }
    counts = Counter(text for texts in found.values() for text in texts)
    if not counts:
        return ""
    (pattern, n), *_ = counts.most_common(1)
    if 5 * n <= 4 * len(found):
        return ""
    there = [place for place, texts in found.items() if pattern in texts]
    others = [
        (s.case, s.which)
        for s in sightings.of_readings(readings)
        if (s.case, s.which) not in found
        and s.is_as_asked
        and (_pads_any(s) or s.any.out > 1)
        and patterns.may_show(pattern, s.axis)
    ]
    condition = pieces.part(there, others, preferred)
    return pattern + (f" where {condition}" if condition else "")


def _is_plain(reading: AxisReading, axis: Axis) -> bool:
    """Tell whether it has SAME's steps and border."""
    asked = ("fill", axis.kernel, axis.stride, axis.dilation)
    return (reading.border, reading.kernel, reading.stride, reading.dilation) == asked


def _patterns(case: Case, reading: Reading, index: int) -> list[str]:
    """Return what may be recognised in an axis that no numbers explain, the plainest first."""
    if reading.members:
        return patterns.of_pool(reading.members[index], case.axes[index])
    if not reading.maps:
        return []
    recognise = patterns.of_transposed if case.op == "conv_transpose" else patterns.of_forward
    return recognise(reading.maps[index], case.axes[index])


def _irregular(case: Case, reading: Reading, index: int) -> str:
    """Show the first place where a pattern that no numbers explain leaves SAME."""
    text = f"reads axis {index} of {case.id} {_IRREGULAR}"
    if not reading.maps or case.op == "conv_transpose":
        return text
    for o, (seen, ours) in enumerate(zip(reading.maps[index].tolist(), plans.same(case).maps[index].tolist())):
        if seen != ours:
            return f"{text} (output {o} reads {_elements(seen)}, SAME {_elements(ours)})"
    return text


_IRREGULAR = "in no regular pattern"


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
    telling = [s for s in seen if _tells(s, what)]
    wrong = [s for s in telling if getattr(s.any, what) != getattr(s.axis, what)]
    if not wrong:
        return ""
    first = wrong[0]
    verb, noun = ("reads a window of", "elements") if what == "kernel" else (f"uses {what}", "")
    numbers = [(s, {getattr(reading, what) for reading in s.readings} | _unread_taps(s, what)) for s in telling]
    other = _other_axis(numbers, lambda a: getattr(a, what))
    if other:
        return f"uses the {what} of {other} ({first.case.id})"
    got, asked = getattr(first.any, what), getattr(first.axis, what)
    example = f"{_parameters(first.axis)} of {first.case.id}"
    items = [pieces.Item(s.case, s.which, frozenset(of)) for s, of in numbers]
    for piece in pieces.fit(candidates.steps(what), items, preferred)[:1]:
        if not piece.text.isdecimal():
            how = f"{verb} {piece.text} {noun}" if what == "kernel" else f"uses {piece.text} for the {what}"
            return f"{how}{_under(piece)} ({example}: {got})"
    condition = _where(wrong, [s for s in telling if s not in wrong and getattr(s.axis, what) > 1], preferred)
    if what == "kernel" and all(min(s.axis.kernel, s.axis.size) in of for s, of in numbers if s in wrong):
        return f"cuts the window down to the input, min(k, n) elements{condition} ({example})"
    if what != "kernel" and all(1 in of for s, of in numbers if s in wrong):
        return f"ignores the {what}{condition} ({example})"
    return f"{verb} {got} {noun} where {asked} is asked for{condition} ({example})".replace("  ", " ")


def _tells(seen: Seen, what: str) -> bool:
    """Tell whether one window at least holds two elements whose distance is the dilation, or two windows have a stride."""
    if what == "stride":
        return seen.any.out > 1
    if what == "kernel":
        return True
    read = plans.same(seen.case).maps[seen.which] != PADDED
    return getattr(seen.any, what) != getattr(seen.axis, what) or bool((read.sum(axis=1) > 1).any())


_CONVOLUTIONS = ("conv", "depthwise_conv")


def _unread_taps(seen: Seen, what: str) -> set[int]:
    """Return how many taps there may be as well, because the last ones read nothing but padding anyway."""
    if what != "kernel" or seen.case.op not in _CONVOLUTIONS or not seen.is_plain:
        return set()
    read = np.flatnonzero((plans.same(seen.case).maps[seen.which] != PADDED).any(axis=0))
    return set(range(int(read[-1]) + 1, seen.axis.kernel)) if read.size else set()


def _length(explained: Amounts, *, transposed: bool) -> list[str]:
    """Say how long the output is; if what is padded is what that length needs, with that."""
    if not explained.wrong_lengths:
        return []
    case, index, (out,) = explained.wrong_lengths[0]
    asked = "the output size" if transposed else "ceil(n / s)"
    axis = case.axes[index]
    example = f"({_parameters(axis)}: {out}, SAME asks for {axis.output_size})"
    if not explained.lengths:
        return [f"returns another length than {asked} {example}"]
    texts = [f"returns length {piece.text} instead of {asked}" + _under(piece) for piece in explained.lengths[0].pieces]
    follows = ", and pads what that length needs" if _is_needed(explained) else ""
    return [f"{'; '.join(texts)}{follows} {example}"]


def _is_needed(explained: Amounts) -> bool:
    return bool(explained.pads) and explained.pads[0].pieces[0].text == candidates.NEEDED


def _under(piece: pieces.Piece) -> str:
    return f" where {piece.condition}" if piece.condition else ""


def pads(explained: Amounts, preferred: Collection[str], *, only_known: bool = False) -> list[str]:
    """Say what is padded before the first element; what comes after follows from the length. With `only_known`, not if no formula is."""
    wrong = explained.wrong_pads
    if not wrong or _is_needed(explained):
        return []
    transposed = wrong[0].case.op == "conv_transpose"
    verb = "crops" if transposed else "pads"
    case, axis = wrong[0].case, wrong[0].axis
    found = explained.pads[0].pieces if explained.pads else ()
    is_swapped = all(s.axis.after in s.befores and s.any.out == s.axis.output_size for s in wrong)
    told = axis.after if is_swapped else explained.pads[0].value(case, wrong[0].which) if found else axis.before
    reading = min(wrong[0].readings, key=lambda r: (r.before != told, abs(r.before - axis.before)))
    ours = of_same(axis, transposed=transposed)
    example = (
        f"({_parameters(axis)}: {verb} {reading.before} before and {reading.after} after, "
        f"SAME {ours.before} and {ours.after})"
    )
    if is_swapped:
        condition = _under(found[0]) if len(found) == 1 else _odd_where(explained.plain, wrong, preferred)
        swaps = (
            "takes SAME_LOWER for SAME: it pads the odd element after"
            if all(s.case.padding == SAME_LOWER for s in wrong)
            else f"{verb} the odd element on the wrong side"
        )
        return [f"{swaps}{condition} {example}"]
    if found and case.rank > 1:
        example = f"{example[:-1]}, in {case.id})"
    if found:
        return [f"{'; '.join(f'{verb} {p.text} before the first element{_under(p)}' for p in found)} {example}"]
    elsewhere = {(item.case, item.axis) for item in explained.wrong_lengths}
    if only_known or all((s.case, s.which) in elsewhere for s in wrong):
        return []  # with another length, other pads are no news
    return [f"{verb} other amounts before the first element {example}"]


def _odd_where(plain: Sequence[Seen], wrong: Sequence[Seen], preferred: Collection[str]) -> str:
    """Say under which condition the odd element is on the wrong side, among the axes that have one."""
    return _where(wrong, [s for s in plain if s not in wrong and s.axis.before != s.axis.after], preferred)


def _other_axis(seen: Sequence[tuple[Seen, set[int]]], asked: Callable[[Axis], int]) -> str:
    """Say of which axis all numbers seen may be those that SAME asks for, if it is one and the same; else nothing."""
    of_many = [(s.case, s.which, numbers) for s, numbers in seen if s.case.rank > 1]
    if not of_many:
        return ""
    wrong = [(case, i, numbers) for case, i, numbers in of_many if asked(case.axes[i]) not in numbers]
    for words, other in totals.OTHER_AXES.items():
        agree = [asked(case.axes[other(i, case.rank)]) in numbers for case, i, numbers in of_many]
        is_told = all(asked(case.axes[other(i, case.rank)]) in numbers for case, i, numbers in wrong)
        if is_told and 10 * sum(agree) >= 9 * len(agree):  # where others read the same, what SAME asks for was taken
            return words
    return ""


def _values(readings: Sequence[tuple[Case, Reading]], preferred: Collection[str]) -> list[str]:
    """Say what is wrong with the fill and the divisor."""
    texts = []
    op = readings[0][0].op
    asked = set() if op in POOLS else {0.0}
    fills = {value for _, reading in readings for value in reading.fill} - asked
    if fills:
        shown = ", ".join(f"{value:g}" for value in sorted(fills)[:3])
        right = "nothing but real elements count" if op in POOLS else "zero is asked for"
        there = [case for case, reading in readings if reading.fill - asked]
        others = [case for case, reading in readings if not reading.fill - asked and _is_padded(case)]
        texts.append(f"fills the padding with {shown}{_in_cases(there, others, preferred)}, where {right}")
    return texts + _divisors(readings, preferred)


def _is_padded(case: Case) -> bool:
    return any(a.before + a.after for a in case.axes)


def _in_cases(yes: Sequence[Case], no: Sequence[Case], preferred: Collection[str]) -> str:
    """Say under which condition something was seen in a case as a whole, or how often, if it was not seen everywhere."""
    if not no:
        return ""
    condition = where.condition(yes, no, _LONGEST_CONDITION, preferred) if len(yes) >= _FEWEST else None
    if condition is None:
        return f" in {len(yes)} of {len(yes) + len(no)} cases that were read"
    return f" where {condition}" if condition else ""


_LONGEST_CONDITION = 2
_FEWEST = 4
"""Cases that a condition must hold for: it would hold for fewer by chance."""


def _divisors(readings: Sequence[tuple[Case, Reading]], preferred: Collection[str]) -> list[str]:
    """Say what average pooling divides by, in as few ways as explain all, and under which condition."""
    left = [(case, reading.divisors) for case, reading in readings if reading.divisors]
    wrong = [(case, of) for case, of in left if divisors.REAL not in of]
    texts: list[str] = []
    known = [divisors.UNKNOWN, *divisors.NAMES]
    while wrong and len(texts) < _MOST_DIVISORS:
        counts = Counter(name for _, of in wrong for name in of)
        divisor = min(counts, key=lambda name: (name == divisors.UNKNOWN, -counts[name], known.index(name)))
        there = [case for case, of in wrong if divisor in of]
        wrong = [(case, of) for case, of in wrong if divisor not in of]
        if divisor == divisors.UNKNOWN and texts:
            break
        # What divides in a third way has a sentence of its own, or none, and is no exception to this one.
        others = [case for case, of in left if divisor not in of and divisors.REAL in of and _is_padded(case)]
        condition = _in_cases(there, others, preferred)
        texts.append(_divided(divisor) + condition + _INSTEAD)
    return texts


_MOST_DIVISORS = 2
_INSTEAD = ", where only real elements count"


def _divided(divisor: str) -> str:
    if divisor == "window":
        return "divides by the whole window and so counts the padding"
    if divisor == divisors.UNKNOWN:
        return "divides by something else than the number of real elements, or weighs them unequally"
    return f"divides by {divisor}"


def _parameters(axis: Axis) -> str:
    return f"n {axis.size}, k {axis.kernel}, s {axis.stride}, d {axis.dilation}"
