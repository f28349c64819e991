"""Recognise what average pooling divides by, from the weights with which its windows read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.mutants.windows import positions
from same_conformance.plan import outer

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case

REAL, UNKNOWN = "real", "other"


def _within(lies: np.ndarray, start: int, end: int) -> np.ndarray:
    return np.asarray(((lies >= start) & (lies < end)).sum(axis=1))


def _real(axis: Axis) -> np.ndarray:
    return _within(positions(axis), 0, axis.size)


def _span(axis: Axis) -> np.ndarray:
    """Return how long the part of a window's span is that lies in the input."""
    start = np.arange(axis.output_size) * axis.stride - axis.before
    return np.minimum(start + axis.effective_kernel, axis.size) - np.maximum(start, 0)


def _undilated(axis: Axis) -> np.ndarray:
    return _real(axis._replace(dilation=1))


def _every(number: int, axis: Axis) -> np.ndarray:
    return np.full(axis.output_size, number)


def _corrected_at_the_ends(axis: Axis) -> np.ndarray:
    found = _every(axis.kernel, axis)
    found[0] -= axis.before
    found[-1] -= axis.after
    return found


DIVISORS: dict[str, Callable[[Axis], np.ndarray]] = {
    REAL: _real,
    "window": lambda a: _every(a.kernel, a),
    "min(k, n)": lambda a: _every(min(a.kernel, a.size), a),
    "what does not lie before the start, and so counts the padding after the end": lambda a: (positions(a) >= 0).sum(
        axis=1
    ),
    "what does not lie after the end, and so counts the padding before the start": lambda a: (
        positions(a) < a.size
    ).sum(axis=1),
    "the real elements that windows of the other mode would read, with before and after exchanged": lambda a: _within(
        positions(a) + a.before - a.after, 0, a.size
    ),
    "the real elements and the odd element of the padding, which is counted": lambda a: _within(
        positions(a), min(a.after - a.before, 0), a.size + max(a.after - a.before, 0)
    ),
    "the real elements and as much padding after the end as there is before the start": lambda a: _within(
        positions(a), -a.before, a.size + a.before
    ),
    "what the windows would read if nothing were padded before the input": lambda a: (
        positions(a) + a.before < a.size
    ).sum(axis=1),
    "the real elements of an undilated window": _undilated,
    "the length of the dilated window within the input": _span,
    "the length of the dilated window within the input, divided by d and rounded up": lambda a: (
        -(-_span(a) // a.dilation)
    ),
    "the length of the dilated window within the input, divided by d and rounded down": lambda a: (
        _span(a) // a.dilation
    ),
    "the dilated window, ke": lambda a: _every(a.effective_kernel, a),
    "k - 1": lambda a: _every(a.kernel - 1, a),
    "k less the padding before in the first window and the padding after in the last": _corrected_at_the_ends,
    "k less all padding": lambda a: _every(a.kernel - a.before - a.after, a),
    "n": lambda a: _every(a.size, a),
    "s": lambda a: _every(a.stride, a),
}
"""What each window divides by along one axis, at least 1; the divisor is the product over the axes."""


def _one(axis: Axis) -> np.ndarray:
    return _every(1, axis)


_BY_AXIS: dict[str, Callable[[int, int], Callable[[Axis], np.ndarray]]] = {
    "the real elements along the first axis times the whole window along the others": lambda i, _: (
        DIVISORS["window"] if i else _real
    ),
    "the whole window along the first axis times the real elements along the others": lambda i, _: (
        _real if i else DIVISORS["window"]
    ),
    "the real elements along the last axis times the whole window along the others": lambda i, rank: (
        DIVISORS["window"] if i < rank - 1 else _real
    ),
    "the whole window along the last axis times the real elements along the others": lambda i, rank: (
        _real if i < rank - 1 else DIVISORS["window"]
    ),
    "the real elements along the first axis alone": lambda i, _: _one if i else _real,
    "the real elements along the last axis alone": lambda i, rank: _one if i < rank - 1 else _real,
    "the real elements along all axes but the first": lambda i, _: _real if i else _one,
}
"""What it is along each axis, by its number and the rank."""
_OF_FIRST = "the real elements that there were for the size that it saw first"
NAMES = (*DIVISORS, *_BY_AXIS, _OF_FIRST)


def recognise(case: Case, weights: np.ndarray, members: np.ndarray) -> tuple[str, ...]:
    """Return the names in `DIVISORS` of what each window may divide by, or `UNKNOWN`; several where they cannot be told apart.

    `weights` are those of each element in each window, ``(*out, elements)``; `members` tells which are read.
    """
    real = np.nan_to_num(weights)
    used = members.any(axis=-1)
    eps = 2.0**-6 if case.dtype == "bfloat16" else 2.0**-9 if case.dtype == "float16" else 1e-6
    by = 1 / real.max(axis=-1, where=members, initial=1e-300)
    lowest = real.min(axis=-1, where=members, initial=np.inf)
    if not np.allclose(lowest[used] * by[used], 1, rtol=eps):
        return (UNKNOWN,)
    found = [REAL] if np.allclose(by[used], members.sum(axis=-1)[used], rtol=eps) else []
    if by.shape != tuple(a.output_size for a in case.axes):
        whole = np.allclose(by[used], float(np.prod(case.kernel)), rtol=eps)
        return tuple(found) or (("window",) if whole else (UNKNOWN,))
    for name, along in DIVISORS.items():
        counts = [along(a) for a in case.axes]
        at_least_one = (outer(np.maximum(count, 1) for count in counts), np.maximum(outer(counts), 1))
        if any(np.allclose(by[used], divisor[used], rtol=eps) for divisor in at_least_one):
            found.append(name)
    for name, along_axis in _BY_AXIS.items():
        divisor = outer(np.maximum(along_axis(i, case.rank)(a), 1) for i, a in enumerate(case.axes))
        if case.rank > 1 and np.allclose(by[used], divisor[used], rtol=eps):
            found.append(name)
    if case.calls > 1 and case.first.expected_shape == case.expected_shape:
        divisor = outer(np.maximum(_real(a), 1) for a in case.first.axes)
        if np.allclose(by[used], divisor[used], rtol=eps):
            found.append(_OF_FIRST)
    return tuple(dict.fromkeys(found)) or (UNKNOWN,)
