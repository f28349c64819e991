"""Say what a witness did with a case, in words where it did as the spec does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from same_conformance import operands, spec
from same_conformance.errors import RecordError
from same_conformance.exactness import SIGNIFICANT_BITS
from same_conformance.judge import Judge, Judgement, ulp_distance
from same_conformance.outcome import Array, Unsupported

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.outcome import Outcome

_UNSUPPORTED = "unsupported: "


@dataclass(frozen=True)
class Equal:
    """Its array equals the spec's, element for element, once that is rounded to the dtype."""


@dataclass(frozen=True)
class Within:
    """Its array differs by rounding, where the op may round.

    Attributes:
        n: the largest difference, rounded up, in `unit`.
        unit: ``ULP``; of a gradient ``eps``, that of the dtype times the sum of absolute terms.

    """

    n: int
    unit: str


Saying = Equal | Within | Unsupported | Array
"""What a witness said of a case. The array itself is kept where it is not the spec's; anything worse is not recorded."""


def listen(case: Case, outcome: Outcome, judge: Judge) -> Saying:
    """Return what an outcome of a witness says.

    Raises:
        RecordError: if it is neither an array, the same each time, nor unsupported: that wants to be looked at first.

    """
    match outcome:
        case Unsupported():
            return outcome
        case Array(values, dtype, 0) if values.shape == case.expected_shape and dtype == case.dtype:
            expected = judge.expected(case)
            if np.array_equal(values, expected, equal_nan=True):
                return Equal()
            return _rounding(case, values, expected) if judge.judge(case, outcome).verdict == "pass" else outcome
        case Array(_, _, 0):
            return outcome
        case _:
            found = judge.judge(case, outcome)
            raise RecordError(f"{case.id}: {found.verdict} ({found.message}) is nothing to record")


def _rounding(case: Case, values: np.ndarray, expected: np.ndarray) -> Equal | Within:
    if case.compared == "forward":
        n = int(ulp_distance(values, expected, case.dtype).max())
        return Within(n, "ULP") if n else Equal()
    *_, cotangent = operands.make(case)
    unit = 2.0 ** (1 - SIGNIFICANT_BITS[case.dtype]) * spec.absolute_terms(case, cotangent)
    wrong = values != expected
    return Within(math.ceil(float((np.abs(values - expected)[wrong] / unit[wrong]).max())), "eps")


def judgement(case: Case, saying: Saying, judge: Judge) -> Judgement:
    """Return how what a witness said is judged, as it would be if the witness ran."""
    match saying:
        case Equal() | Within():
            if case.has_padding_only_window:
                return judge.judge(case, Array(judge.expected(case), case.dtype))
            return Judgement("pass", case.expected_shape, 0, 0.0)
        case Unsupported() | Array():
            return judge.judge(case, saying)
        case _:
            assert_never(saying)


def to_json(case: Case, saying: Saying) -> Any:
    """Return a saying as its line holds it: in words, or as an array with its shape and its elements in C order."""
    match saying:
        case Equal():
            return "equal"
        case Within(n, unit):
            return f"within {n} {unit}"
        case Unsupported(message):
            return _UNSUPPORTED + message
        case Array(values, dtype):
            elements = [_number(v) for v in values.reshape(-1).tolist()]
            of_dtype = {} if dtype == case.dtype else {"dtype": dtype}
            return {"shape": list(values.shape), "values": elements, **of_dtype}
        case _:
            assert_never(saying)


def _number(value: float) -> int | float | str:
    """Return a number as JSON can have it: whole ones without a point, and those that are none as text."""
    if not math.isfinite(value):
        return repr(value)
    return int(value) if value == int(value) else value


def from_json(case: Case, said: Any) -> Saying:
    """Rebuild a saying from what `to_json` gave.

    Raises:
        KeyError, TypeError, ValueError: if it is not of that form.

    """
    match said:
        case "equal":
            return Equal()
        case str() if said.startswith(_UNSUPPORTED):
            return Unsupported(said.removeprefix(_UNSUPPORTED))
        case str():
            word, n, unit = said.split(" ")
            if word != "within" or unit not in ("ULP", "eps"):
                raise ValueError(f"{said!r} says nothing")
            return Within(int(n), unit)
        case _:
            values = np.array([float(v) for v in said["values"]]).reshape(said["shape"])
            return Array(values, said.get("dtype", case.dtype))
