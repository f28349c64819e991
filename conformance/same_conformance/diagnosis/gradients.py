"""Recognise gradients that are those of another way to pad, or of some examples or windows only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from same_conformance import operands, padding, spec
from same_conformance import plan as plans
from same_conformance.case import POOLS
from same_conformance.diagnosis import candidates
from same_conformance.mutants.windows import scattered, started
from same_conformance.plan import Plan, real_elements

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case
    from same_conformance.diagnosis.pieces import Value


def explanations(op: str) -> Iterator[tuple[str, Callable[[Case], np.ndarray | None]]]:
    """Yield, with its words, what gives a gradient: that of another plan, or of other operands; the plainest first."""
    if op not in POOLS:
        yield "is that of the first example alone", lambda case: _of_examples(case, slice(0, 1))
        yield "is that of the last example alone", lambda case: _of_examples(case, slice(-1, None))
    if op != "conv_transpose":
        for words, drops in _WINDOWS.items():
            yield f"leaves out windows that {words}", _without(drops)
    for what in ("dilation", "stride"):
        yield f"is that of {what} 1", _of_one(what)
        yield f"is that of windows with {what} 1, padded for the {what} there is", _in_windows_of_one(what)
    transposed = op == "conv_transpose"
    for candidate in candidates.pads(transposed=transposed)[1:]:
        if not candidate.fewest:
            verb = "cropping" if transposed else "padding"
            yield f"is that of {verb} {candidate.text} before the first element", _padded(candidate.value)


def _of_examples(case: Case, which: slice) -> np.ndarray | None:
    if case.batch == 1 or case.compared != "kernel_gradient":
        return None
    x, kernel, cotangent = operands.make(case)
    return spec.execute(replace(case, batch=1), (x[which], kernel, cotangent[which]))


def _padded(before: Value) -> Callable[[Case], np.ndarray]:
    return lambda case: _of_windows(case, case.axes, [before(case, i) for i in range(case.rank)])


def _of_one(what: str) -> Callable[[Case], np.ndarray]:
    """Compute padding and windows with 1 for the stride or the dilation."""

    def gradient(case: Case) -> np.ndarray:
        axes = [axis._replace(**{what: 1}) for axis in case.axes]
        transposed = case.op == "conv_transpose"
        ends = [(a.size, a.output_size) if transposed else (a.output_size, a.size) for a in axes]
        totals = [(n - 1) * a.stride + a.effective_kernel - size for a, (n, size) in zip(axes, ends, strict=True)]
        return _of_windows(case, axes, [padding.split(max(total, 0), case.padding).before for total in totals])

    return gradient


def _in_windows_of_one(what: str) -> Callable[[Case], np.ndarray]:
    """Compute windows with 1 for the stride or the dilation, and padding with what it is."""

    def gradient(case: Case) -> np.ndarray:
        axes = [axis._replace(**{what: 1}) for axis in case.axes]
        return _of_windows(case, axes, [axis.before for axis in case.axes])

    return gradient


def _of_windows(case: Case, axes: Sequence[Axis], befores: Sequence[int]) -> np.ndarray:
    """Take the gradient of these windows, as many as SAME has."""
    if case.op == "conv_transpose":
        crops = [(before, axis.output_size) for before, axis in zip(befores, axes, strict=True)]
        return spec.execute(case, operands.make(case), scattered(axes, crops))
    maps = tuple(started(axis, before, axis.output_size) for axis, before in zip(axes, befores, strict=True))
    divisor = tuple(np.maximum(real_elements(m), 1) for m in maps) if case.op == "avg_pool" else ()
    return spec.execute(case, operands.make(case), Plan(maps, plans.same(case).out, divisor=divisor))


_WINDOWS: dict[str, Callable[[np.ndarray, Axis], np.ndarray]] = {
    "begin before the start": lambda start, _: start < 0,
    "reach beyond the end": lambda start, axis: start + axis.effective_kernel > axis.size,
    "touch the padding": lambda start, axis: (start < 0) | (start + axis.effective_kernel > axis.size),
}


def _without(drops: Callable[[np.ndarray, Axis], np.ndarray]) -> Callable[[Case], np.ndarray]:
    """Leave out windows that are dropped along some axis."""

    def gradient(case: Case) -> np.ndarray:
        *primals, cotangent = operands.make(case)
        kept: np.ndarray = np.ones((), dtype=bool)
        for axis in case.axes:
            start = np.arange(axis.output_size) * axis.stride - axis.before
            kept = kept[..., None] & ~drops(start, axis)
        return spec.execute(case, (*primals, cotangent * kept[None, ..., None]))

    return gradient
