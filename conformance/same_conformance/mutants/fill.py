"""Fill the padding with something else than 0, or than the lowest value where a maximum is taken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from same_conformance import plan as plans
from same_conformance import spec
from same_conformance.case import Case
from same_conformance.mutants.windows import CONVOLUTIONS, FORWARD, MISTAKE, PlanOf, of_maps, positions
from same_conformance.plan import PADDED, Plan
from same_conformance.rules import Execute, Rule


def _filled(read: Callable[[np.ndarray, int], np.ndarray]) -> PlanOf:
    """Read at ``read(position, size)`` where a position may lie outside the input."""
    return lambda case: of_maps(case, [read(positions(a), a.size) for a in case.axes])


def _edge(position: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(np.clip(position, 0, size - 1))


def _reflect(position: np.ndarray, size: int) -> np.ndarray:
    """Mirror at the centre of the edge elements: 2 1 0 1 2; a single element repeats."""
    period = max(2 * (size - 1), 1)
    folded = position % period
    return np.minimum(folded, period - folded) if size > 1 else np.zeros_like(position)


def _wrap(position: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(position % size)


def _filled_with(fill: float) -> PlanOf:
    def plan(case: Case) -> Plan:
        return of_maps(case, plans.same(case).maps, fill=fill)

    return plan


def _filled_from_first_example(case: Case) -> Execute:
    def execute(x: np.ndarray) -> np.ndarray:
        plan = of_maps(case, plans.same(case).maps, fill=float(x[0].min()))
        return spec.execute(case, (x.astype(np.float64),), plan).astype(case.dtype)

    return execute


def _odd_filled_with_zero(case: Case) -> Execute:
    """Pad zeros by what one side needs more than the other, and what both need with the lowest value."""

    def execute(x: np.ndarray) -> np.ndarray:
        odd = [(max(a.before - a.after, 0), max(a.after - a.before, 0)) for a in case.axes]
        padded = np.pad(x, [(0, 0), *odd, (0, 0)])
        maps = [
            np.where((lies >= 0) & (lies < size), lies, PADDED)
            for lies, size in zip(
                (positions(a) + before for a, (before, _) in zip(case.axes, odd, strict=True)),
                padded.shape[1:-1],
                strict=True,
            )
        ]
        return spec.execute(case, (padded.astype(np.float64),), of_maps(case, maps)).astype(case.dtype)

    return execute


RULES = (
    Rule(
        "zero-fill",
        "fills max pooling's padding with 0",
        ("max_pool",),
        "https://github.com/zylo117/Yet-Another-EfficientDet-Pytorch/pull/352",
        _filled_with(0.0),
    ),
    Rule(
        "int8-lowest-fill",
        "fills max pooling's padding with -128, the lowest value of int8",
        ("max_pool",),
        MISTAKE,
        _filled_with(-128.0),
    ),
    Rule(
        "edge-fill",
        "repeats the edge",
        (*CONVOLUTIONS, "max_pool"),
        "https://github.com/keras-team/keras/blob/master/keras/src/backend/torch/nn.py",
        _filled(_edge),
    ),
    Rule(
        "reflect-fill",
        "mirrors the input at its edge",
        FORWARD,
        "https://github.com/speechbrain/speechbrain/blob/develop/speechbrain/nnet/CNN.py",
        _filled(_reflect),
    ),
    Rule("wrap-fill", "continues the input from its other end", FORWARD, MISTAKE, _filled(_wrap)),
    Rule(
        "wrap-before",
        "continues the input from its other end before its start, as negative indices do in Python",
        CONVOLUTIONS,
        MISTAKE,
        _filled(
            lambda position, size: np.where(
                position < -size, PADDED, np.where(position < size, position % size, PADDED)
            )
        ),
    ),
    Rule(
        "minus-ten-thousand-fill",
        "fills max pooling's padding with -10000",
        ("max_pool",),
        MISTAKE,
        _filled_with(-10_000.0),
    ),
    Rule(
        "float16-lowest-fill",
        "fills max pooling's padding with -65504, the lowest value of float16, in every dtype",
        ("max_pool",),
        MISTAKE,
        _filled_with(-65_504.0),
    ),
    Rule(
        "first-example-fill",
        "fills max pooling's padding with the least value of the first example",
        ("max_pool",),
        MISTAKE,
        build=_filled_from_first_example,
    ),
    Rule(
        "odd-zero-fill",
        "fills the odd element of max pooling's padding with 0, and only what both sides have with the lowest value",
        ("max_pool",),
        MISTAKE,
        build=_odd_filled_with_zero,
    ),
)
