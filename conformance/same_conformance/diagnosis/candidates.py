"""List what an implementation may compute from the parameters of an axis, or of another axis in its place.

The first candidate of each list is what SAME asks for; then come the formulas that have names of their own in
`same_conformance.diagnosis.formulas`; then every half of every total that can be made of the parts of the rule by
getting one or two of them wrong; then SAME with a parameter of another axis.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from same_conformance import padding as rule
from same_conformance.diagnosis import formulas, totals
from same_conformance.diagnosis.pieces import Candidate, Value
from same_conformance.diagnosis.totals import OTHER_AXES
from same_conformance.errors import SameConformanceError
from same_conformance.predicate import compile_predicate

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case

_HALVES: dict[str, Callable[[int], int]] = {
    "{} // 2": lambda t: t // 2,
    "({} + 1) // 2": lambda t: (t + 1) // 2,
    "{}": lambda t: t,
    "({} - 1) // 2": lambda t: (t - 1) // 2,
}
_CROPPED: dict[str, Callable[[Axis], int]] = {
    "-(s // 2)": lambda a: -(a.stride // 2),
    "-((s - 1) // 2)": lambda a: -((a.stride - 1) // 2),
    "-(s - 1)": lambda a: 1 - a.stride,
    "-((s - ke) // 2)": lambda a: -((a.stride - a.effective_kernel) // 2),
    "-(s - ke)": lambda a: a.effective_kernel - a.stride,
    "1": lambda _: 1,
    "-1": lambda _: -1,
}
"""Where the first window begins inside."""
FEWEST_MADE = 8
"""Wrong axes that a formula made of parts must explain: there are hundreds of them, so that some fit a few by chance."""


@cache
def pads(*, transposed: bool) -> tuple[Candidate, ...]:
    """Return what may be padded before the first element, or cropped."""
    named = [
        Candidate(
            _text(f, transposed=transposed),
            _of_axis(f.value, transposed=transposed),
            expression=_expression(_turned(f.expression or f.text, transposed=transposed)),
        )
        for f in formulas.PADS
    ]
    made = [
        Candidate(
            _turned(t, transposed=transposed),
            _of_axis(v, transposed=transposed),
            FEWEST_MADE,
            _expression(_turned(t, transposed=transposed)),
        )
        for t, v in (*_CROPPED.items(), *_halves())
    ]
    shifted = [
        Candidate(f"what SAME {'crops' if transposed else 'pads'} {side} {words}", _shifted(side, by))
        for side, (words, by) in product(("before", "after"), (("+ 1", 1), ("- 1", -1)))
    ]
    of_input = (
        [Candidate("what the forward convolution pads for the length of the input", _of_input)] if transposed else []
    )
    return (*named, *of_input, *_of_other_axes(transposed=transposed), *shifted, *made)


@cache
def lengths(*, transposed: bool) -> tuple[Candidate, ...]:
    """Return how long the output may be."""
    found = formulas.TRANSPOSED_LENGTHS if transposed else formulas.FORWARD_LENGTHS
    more = () if transposed else _MORE_LENGTHS
    named = [
        Candidate(f.text, _of_axis(f.value, transposed=False), expression=_expression(f.expression or f.text))
        for f in (*found, *more)
    ]
    others = [Candidate(f"that of {words}", _length_of(of)) for words, of in OTHER_AXES.items()]
    return (*named, *others, *(() if transposed else _lengths_of_totals()))


@cache
def steps(what: str) -> tuple[Candidate, ...]:
    """Return what may be taken for the stride, the dilation or the number of taps (``kernel``)."""
    other = {"stride": _STRIDES, "dilation": _DILATIONS, "kernel": _TAPS}[what]
    named = [Candidate(text, _of_axis(value, transposed=False)) for text, value in other.items()]
    return (Candidate(what, _parameter(what)), *named)


def _parameter(what: str) -> Value:
    return lambda case, i: getattr(case.axes[i], what)


_STRIDES: dict[str, Callable[[Axis], int]] = {
    "1": lambda _: 1,
    "2": lambda _: 2,
    "min(s, k)": lambda a: min(a.stride, a.kernel),
    "min(s, ke)": lambda a: min(a.stride, a.effective_kernel),
    "min(s, n)": lambda a: min(a.stride, a.size),
    "min(s, 2)": lambda a: min(a.stride, 2),
    "max(s, 2)": lambda a: max(a.stride, 2),
    "min(s, 3)": lambda a: min(a.stride, 3),
    "ceil(out / n)": lambda a: -(-a.output_size // a.size),
    "out // n": lambda a: a.output_size // a.size,
    "k": lambda a: a.kernel,
    "ke": lambda a: a.effective_kernel,
    "d": lambda a: a.dilation,
    "s d": lambda a: a.stride * a.dilation,
    "s - 1": lambda a: a.stride - 1,
    "s + 1": lambda a: a.stride + 1,
    "n // out": lambda a: a.size // a.output_size,
    "ceil(n / out)": lambda a: -(-a.size // a.output_size),
}
_DILATIONS: dict[str, Callable[[Axis], int]] = {
    "1": lambda _: 1,
    "2": lambda _: 2,
    "min(d, 2)": lambda a: min(a.dilation, 2),
    "min(d, 3)": lambda a: min(a.dilation, 3),
    "s": lambda a: a.stride,
    "s d": lambda a: a.stride * a.dilation,
    "d - 1": lambda a: a.dilation - 1,
    "d + 1": lambda a: a.dilation + 1,
    "min(d, n)": lambda a: min(a.dilation, a.size),
    "min(d, k)": lambda a: min(a.dilation, a.kernel),
    "k": lambda a: a.kernel,
}
_TAPS: dict[str, Callable[[Axis], int]] = {
    "k - 1": lambda a: a.kernel - 1,
    "k + 1": lambda a: a.kernel + 1,
    "min(k, n)": lambda a: min(a.kernel, a.size),
    "k - k % 2": lambda a: a.kernel - a.kernel % 2,
    "k | 1": lambda a: a.kernel | 1,
    "max(k - 1, 1)": lambda a: max(a.kernel - 1, 1),
    "max(k, 2)": lambda a: max(a.kernel, 2),
    "min(k, 2)": lambda a: min(a.kernel, 2),
    "min(k, 3)": lambda a: min(a.kernel, 3),
    "min(k, s)": lambda a: min(a.kernel, a.stride),
    "max(k, s)": lambda a: max(a.kernel, a.stride),
    "ke": lambda a: a.effective_kernel,
    "s": lambda a: a.stride,
}


def needed_by(length: Value) -> Candidate:
    """Return what SAME pads if the output has another length: what its own windows need."""

    def before(case: Case, i: int) -> int:
        axis = case.axes[i]
        total = (length(case, i) - 1) * axis.stride + axis.effective_kernel - axis.size
        return rule.split(max(total, 0), case.padding).before

    return Candidate(NEEDED, before)


NEEDED = "what that length needs"


def _length_of(other: Callable[[int, int], int]) -> Callable[[Case, int], int]:
    return lambda case, i: case.axes[other(i, case.rank)].output_size


def _before_of(other: Callable[[int, int], int]) -> Callable[[Case, int], int]:
    return lambda case, i: case.axes[other(i, case.rank)].before


_CEIL_MODE = tuple(
    formulas.Formula(f"ceil((n + 2 ({pad.text}) - ke) / s) + 1, as with ceil_mode,", formulas.ceil_mode(pad.value))
    for pad in formulas.PADS
    if pad.text in ("0", "total // 2", "(k - 1) // 2", "k // 2", "(ke - 1) // 2", "ke // 2")
)
_MORE_LENGTHS = (
    *_CEIL_MODE,
    formulas.Formula("max(n // s, 1)", lambda a: max(a.size // a.stride, 1)),
    formulas.Formula("round(n / s)", lambda a: round(a.size / a.stride)),
    formulas.Formula("max(round(n / s), 1)", lambda a: max(round(a.size / a.stride), 1)),
    formulas.Formula(
        "n / s, rounded half up", lambda a: (2 * a.size + a.stride) // (2 * a.stride), "(2 * n + s) // (2 * s)"
    ),
    formulas.Formula(
        "max(n / s, rounded half up, 1)",
        lambda a: max((2 * a.size + a.stride) // (2 * a.stride), 1),
        "max((2 * n + s) // (2 * s), 1)",
    ),
    formulas.Formula("(n + s - 2) // s", lambda a: (a.size + a.stride - 2) // a.stride),
    formulas.Formula("max((n + s - 2) // s, 1)", lambda a: max((a.size + a.stride - 2) // a.stride, 1)),
    formulas.Formula("(n - 1) // s + 2", lambda a: (a.size - 1) // a.stride + 2),
    formulas.Formula("ceil(n / s) + 1", lambda a: a.output_size + 1),
    formulas.Formula("ceil(n / s) - 1", lambda a: a.output_size - 1),
    formulas.Formula("ceil(n / k)", lambda a: -(-a.size // a.kernel), "(n + k - 1) // k"),
    formulas.Formula("n // k", lambda a: a.size // a.kernel),
    formulas.Formula("ceil(n / (s d))", lambda a: -(-a.size // (a.stride * a.dilation)), "(n + s * d - 1) // (s * d)"),
    formulas.Formula(
        "ceil((n - ke + 1) / s)",
        lambda a: -(-(a.size - a.effective_kernel + 1) // a.stride),
        "(n - ke + s) // s",
    ),
    formulas.Formula("n - ke + 1", lambda a: a.size - a.effective_kernel + 1),
)


def _text(formula: formulas.Formula, *, transposed: bool) -> str:
    verb = "crops" if transposed else "pads"
    plain = {"0": "nothing", "after": f"what SAME {verb} after", "total": f"all that SAME {verb}"}
    return plain.get(formula.text) or _turned(formula.text, transposed=transposed)


def _turned(text: str, *, transposed: bool) -> str:
    """Write a formula of the forward op whose adjoint a transposed one is with the sizes that this has."""
    if not transposed:
        return text
    return re.sub(r"\b(n|out)\b", lambda found: {"n": "out", "out": "n"}[found[0]], text)


def _expression(text: str) -> str:
    """Write a formula in the language of predicates; empty if that has no words for it.

    >>> _expression("(out - 1) s + 2 (k // 2)"), _expression("the output size asked for")
    ('(out - 1) * s + 2 * (k // 2)', '')
    """
    text = re.sub(r"(?<=[\w)]) (?=[\w(])", " * ", text.replace("undilated", formulas.UNDILATED))
    try:
        compile_predicate(f"any(before != {text})")
    except SameConformanceError:
        return ""
    return text


def _of_axis(value: Callable[[Axis], int], *, transposed: bool) -> Callable[[Case, int], int]:
    if not transposed:
        return lambda case, i: value(case.axes[i])

    def of_forward(case: Case, i: int) -> int:
        axis = case.axes[i]
        return value(axis._replace(size=axis.output_size, output_size=axis.size))

    return of_forward


def _shifted(side: str, by: int) -> Callable[[Case, int], int]:
    return lambda case, i: getattr(case.axes[i], side) + by


def _halves() -> Iterator[tuple[str, Callable[[Axis], int]]]:
    for (half, halve), (total, value) in product(_HALVES.items(), totals.made()):
        yield half.format(total), _composed(halve, value)


def _composed(outer: Callable[[int], int], inner: Callable[[Axis], int]) -> Callable[[Axis], int]:
    return lambda axis: outer(inner(axis))


def _of_other_axes(*, transposed: bool) -> Iterator[Candidate]:
    """Yield the pads of another axis, and those that SAME asks for with something else in the place of a parameter."""
    verb = "crops" if transposed else "pads"
    for words, of in OTHER_AXES.items():
        yield Candidate(f"what belongs to {words}", _before_of(of))
    for total in totals.exchanged(transposed=transposed):
        yield Candidate(f"what SAME {verb} {total.words}", _split(total.value, least=0))
        yield Candidate(f"what SAME {verb} {total.words} and without the maximum", _split(total.value))
        yield Candidate(f"what SAME {verb} after, {total.words},", _split(total.value, least=0, after=True))


def _split(total: Value, least: int | None = None, *, after: bool = False) -> Value:
    """Return the part of a total, which is `least` at least, that comes before, or `after`."""

    def part(case: Case, i: int) -> int:
        whole = total(case, i) if least is None else max(total(case, i), least)
        return rule.split(whole, case.padding)[int(after)]

    return part


def _of_input(case: Case, i: int) -> int:
    """Return what the forward op pads before the input of a transposed one, which should be about its output."""
    size, kernel, stride, dilation = case.axes[i][:4]
    return rule.forward(size, kernel, stride, dilation, case.padding).before


def _lengths_of_totals() -> Iterator[Candidate]:
    """Yield how many windows there are if the padding was computed in another way."""
    for total in totals.exchanged(transposed=False):
        for least, more in ((0, ""), (None, " and without the maximum")):
            text = f"(n + total - ke) // s + 1, total computed {total.words}{more},"
            yield Candidate(text, _windows_left(total.value, least))
    for formula, value in totals.made():
        text = f"(n + {formula} - ke) // s + 1"
        yield Candidate(text, _windows_left(_of_axis(value, transposed=False)), FEWEST_MADE, _expression(text))
    for words, of in OTHER_AXES.items():
        yield Candidate(f"(n + total - ke) // s + 1, s that of {words},", _windows_of_stride(of))


def _windows_of_stride(other: Callable[[int, int], int]) -> Value:
    """Return how many windows there are where padding is right and the windows stride as on another axis."""

    def length(case: Case, i: int) -> int:
        axis = case.axes[i]
        padded = axis.size + axis.before + axis.after
        return max((padded - axis.effective_kernel) // case.axes[other(i, case.rank)].stride + 1, 0)

    return length


def _windows_left(total: Value, least: int | None = None) -> Value:
    def length(case: Case, i: int) -> int:
        axis = case.axes[i]
        whole = total(case, i) if least is None else max(total(case, i), least)
        return max((axis.size + whole - axis.effective_kernel) // axis.stride + 1, 0)

    return length
