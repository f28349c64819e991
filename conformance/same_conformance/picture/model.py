"""Define the picture of a case as data, as the record of a run holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from same_conformance.exactness import SIGNIFICANT_BITS

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.picture.windows import Windows

Number = int | float | str
"""A number in JSON; what JSON has no number for is one of the texts ``nan``, ``inf`` and ``-inf``."""

_LARGEST_EXACT = 2.0 ** SIGNIFICANT_BITS["float64"]
"""Beyond this not every integer is a float64, which is what a reader in JavaScript has."""


@dataclass(frozen=True)
class Picture:
    """What one implementation did with one case, beside what SAME asks for.

    Attributes:
        implementation: its name.
        case: whatever is compared.
        expected: what the spec gives, shape `Case.expected_shape`.
        observed: what the implementation gave, of whatever shape; None if that was no array.
        windows: what the implementation reads, see `same_conformance.picture.windows`; None if that is not known.

    """

    implementation: str
    case: Case
    expected: np.ndarray
    observed: np.ndarray | None = None
    windows: Windows | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the picture as a record holds it: arrays as their shape and the flat list of their values, in C order."""
        return {
            "implementation": self.implementation,
            "case": self.case.id,
            "expected": _array(self.expected),
            "observed": None if self.observed is None else _array(self.observed),
            "windows": None if self.windows is None else [[list(taps) for taps in axis] for axis in self.windows],
        }


def number(value: float) -> Number:
    """Return `value` as JSON can hold it: an integer where it is one.

    >>> [number(v) for v in (2.0, -0.0, 0.5, float("-inf"))]
    [2, 0, 0.5, '-inf']
    """
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_EXACT else value


def _array(values: np.ndarray) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        flat = np.real(values).astype(np.float64).ravel()
    return {"shape": list(values.shape), "values": [number(value) for value in flat.tolist()]}
