"""Define what one implementation did with one case: a closed union."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Array:
    """It returned an array, channel last; bfloat16 values are held as float32.

    Attributes:
        n_unequal: elements that were others when the same call was made again.
        n_doubled: those of them that were twice as much.

    """

    values: np.ndarray
    dtype: str
    n_unequal: int = 0
    n_doubled: int = 0


@dataclass(frozen=True)
class Omitted:
    """It returned an array of another shape than expected, too large to be looked at."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class NoGradient:
    """Its forward result has another shape than expected, so that there is no gradient to compare."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Error:
    """It raised.

    Attributes:
        message: what.
        at: the innermost line of the implementation's own that it came through, in words; empty if nobody can tell.

    """

    message: str
    at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Unsupported:
    """It said that it does not offer this."""

    message: str


@dataclass(frozen=True)
class Timeout:
    """It did not come back in time, and its process was killed."""

    message: str


@dataclass(frozen=True)
class Crash:
    """Its process ended while it ran the case."""

    message: str


Outcome = Array | Omitted | NoGradient | Error | Unsupported | Timeout | Crash
