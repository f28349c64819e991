"""Adapt NumPy: arrays are channel last, as in the spec; half precision has no bfloat16."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from same_conformance.case import Case
from same_conformance.errors import Unsupported
from same_conformance.frameworks import Call, check_shape

PACKAGES = ("numpy",)


def start() -> None:
    """Do nothing: NumPy is already imported."""


def tensors(case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """Convert the operands to the case's dtype."""
    if case.dtype == "bfloat16":
        raise Unsupported("NumPy has no bfloat16")
    return tuple(a.astype(case.dtype) for a in operands)


def array(case: Case, result: Any) -> tuple[np.ndarray, str]:
    """Return the result as it is."""
    if not isinstance(result, np.ndarray):
        raise TypeError(f"{case.op} returned {type(result).__name__}, but a numpy.ndarray is expected")
    return result, result.dtype.name


def content(tensor: Any) -> bytes:
    """Return the elements of an array."""
    return np.asarray(tensor).tobytes()


def overlap(one: Any, other: Any) -> bool:
    """Tell whether two arrays have elements in common."""
    return isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.may_share_memory(one, other)


def refuses(error: Exception) -> bool:
    """Tell that NumPy never refuses: its arrays hold every dtype that reaches it."""
    del error
    return False


def execute(call: Call) -> Any:
    """Call the function on its arrays, and then, for a gradient, the gradient that the implementation brings."""
    if call.cotangent is None:
        return call.function(*call.operands)
    if call.gradient is None:
        raise Unsupported("NumPy takes no gradients, and this implementation brings none")
    result, dtype = array(call.case, call.function(*call.operands))
    check_shape(call, result.shape, dtype)
    return call.gradient(*call.operands, call.cotangent)


def execute_together(calls: Sequence[Call]) -> list[Any]:
    """Run one after the other: nothing is compiled."""
    return [(execute(call), execute(call)) for call in calls]
