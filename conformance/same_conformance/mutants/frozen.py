"""Compute the padding once, for a size that is not the one at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from same_conformance import spec
from same_conformance.case import Case
from same_conformance.mutants.windows import FORWARD, MISTAKE, misread_axis, of_maps, windows
from same_conformance.rules import Execute, Rule


def _padded(case: Case, pads: Sequence[tuple[int, int]], data: tuple[np.ndarray, ...]) -> np.ndarray:
    """Execute `case` with these pads.

    Raises:
        ValueError: if they leave no window.

    """
    plan = of_maps(case, [windows(*a[:4], p) for a, p in zip(case.axes, pads, strict=True)])
    if min(plan.out) < 1:
        raise ValueError("these pads leave no window")
    return spec.execute(case, tuple(a.astype(np.float64) for a in data), plan).astype(case.dtype)


def _frozen(case: Case) -> Execute:
    pads: list[tuple[int, int]] = []

    def execute(*data: np.ndarray) -> np.ndarray:
        now = replace(case, size=data[0].shape[1:-1])
        if not pads:
            pads.extend((a.before, a.after) for a in now.axes)
        return _padded(now, pads, data)

    return execute


def _kept_by(which: int) -> Callable[[Case], Execute]:
    """Keep the pads of all axes by the size of one, as who caches them by the width alone does."""

    def build(case: Case) -> Execute:
        kept: dict[int, list[tuple[int, int]]] = {}

        def execute(*data: np.ndarray) -> np.ndarray:
            now = replace(case, size=data[0].shape[1:-1])
            pads = kept.setdefault(now.size[which], [(a.before, a.after) for a in now.axes])
            return _padded(now, pads, data)

        return execute

    return build


def _frozen_in(rank: int) -> Callable[[Case], Execute]:
    """Freeze in one rank only, as who implements just that one does."""

    def build(case: Case) -> Execute:
        return (
            _frozen(case) if case.rank == rank else lambda *data: spec.execute(case.resized(data[0].shape[1:-1]), data)
        )

    return build


RULES = (
    Rule(
        "size-of-training",
        "pads as an input of size 224 needs, whatever the size is",
        FORWARD,
        "https://github.com/lukemelas/EfficientNet-PyTorch/issues/177",
        misread_axis(lambda a: (224, a.kernel, a.stride, a.dilation)),
    ),
    Rule(
        "frozen-at-first-use",
        "pads as the first input that it saw needed",
        FORWARD,
        "https://github.com/rwightman/gen-efficientnet-pytorch/issues/47",
        build=_frozen,
        is_stateful=True,
    ),
    *(
        Rule(
            f"kept-by-{place}-size",
            f"keeps the pads of all axes by the size of the {place} alone",
            FORWARD,
            MISTAKE,
            build=_kept_by(which),
            is_stateful=True,
        )
        for place, which in (("first", 0), ("last", -1))
    ),
    *(
        Rule(
            f"frozen-in-{rank}d",
            f"pads as the first input that it saw needed, in {words} dimensions",
            FORWARD,
            MISTAKE,
            build=_frozen_in(rank),
            is_stateful=True,
        )
        for rank, words in ((2, "two"), (3, "three"))
    ),
)
