"""Put an explanation together for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from same_conformance.diagnosis import reading as readings
from same_conformance.errors import CaseError
from same_conformance.explain import arithmetic, snippets
from same_conformance.picture import axis as drawing
from same_conformance.picture.axis import QUIET, WRONG, Layout

if TYPE_CHECKING:
    from same_conformance.axis import Axis
    from same_conformance.diagnosis.reading import AxisReading
    from same_conformance.explain.parameters import Parameters
    from same_conformance.picture.symbols import Symbols

_HEADING = "bold"


def write(parameters: Parameters, width: int, symbols: Symbols) -> list[Text]:
    """Return the explanation: a summary, the arithmetic and the windows of each axis, then code to copy."""
    lines = [Text(_summary(parameters), style=_HEADING)]
    for a, numbers in groupby(range(len(parameters.axes)), lambda i: parameters.axes[i]):
        lines += [Text(), *_axis(parameters, a, list(numbers), width, symbols)]
    return [*lines, *_code(parameters)]


def _summary(parameters: Parameters) -> str:
    verb = "crops" if parameters.is_transposed else "pads"
    befores, afters = (", ".join(str(getattr(a, side)) for a in parameters.axes) for side in ("before", "after"))
    return (
        f"{parameters.op}, {parameters.padding.upper()}: size {_by(parameters.size)} gives {_by(parameters.output_size)}; "
        f"{verb} {befores} before and {afters} after"
    )


def _by(numbers: Iterable[int]) -> str:
    return "x".join(map(str, numbers))


def _axis(parameters: Parameters, axis: Axis, numbers: list[int], width: int, symbols: Symbols) -> list[Text]:
    transposed = parameters.is_transposed
    lines = [Text(f"  {line}") for line in arithmetic.lines(axis, parameters.padding, transposed=transposed)]
    if len(parameters.axes) > 1:
        one = f"axis {numbers[0]}" if len(numbers) == 1 else f"axes {', '.join(map(str, numbers))}"
        lines.insert(0, Text(one, style=_HEADING))
    half = arithmetic.half(axis, transposed=transposed)
    same = _layout(
        parameters.padding.upper(), axis, readings.of_same(axis, transposed=transposed), transposed=transposed
    )
    others = (
        []
        if half.reading is None or half.is_right
        else [_layout(half.formula, axis, half.reading, transposed=transposed)]
    )
    what = "k / 2" if transposed else "(k - 1) / 2"
    lines.append(Text(f"{what} on both sides ({half.formula}) {half.verdict}", style="" if half.is_right else WRONG))
    return lines + drawing.draw_layouts(axis, same, others, transposed=transposed, width=width, symbols=symbols)


def _layout(name: str, axis: Axis, reading: AxisReading, *, transposed: bool = False) -> Layout:
    return Layout(name, reading, axis.size if transposed else reading.out, axis.kernel)


def _code(parameters: Parameters) -> list[Text]:
    lines = []
    for framework, code in snippets.write(parameters).items():
        lines += [Text(), Text(framework, style=_HEADING), *map(Text, code)]
    try:
        case = parameters.case()
    except CaseError:  # one that is only drawn may be larger than what can be run
        return lines
    lines += [
        Text(),
        Text(f"to see what an implementation does: same-conformance show {case.id} --with NAME", style=QUIET),
    ]
    return lines
