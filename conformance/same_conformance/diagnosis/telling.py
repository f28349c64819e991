"""Choose the cases that tell rival explanations apart: those on which they disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.diagnosis import vocabulary

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.diagnosis.where import Predicate


def of_predicates(rivals: Sequence[Predicate], space: Sequence[Case], most: int) -> list[Case]:
    """Return at most `most` cases of `space` on which some of the predicates hold and others do not."""
    if len(rivals) < 2 or not space:
        return []
    tests = list(dict.fromkeys(test for rival in rivals for part in rival.parts for test in part))
    bits = vocabulary.bits(space, tests)
    said = np.stack([rival.holds(tests, bits) for rival in rivals], axis=1)
    return _chosen(space, [row.tobytes() for row in said], [_balance(row) for row in said], most)


def of_numbers(predict: Sequence[Callable[[Case], tuple[int, ...]]], space: Sequence[Case], most: int) -> list[Case]:
    """Return at most `most` cases of `space` for which some of `predict` give other numbers."""
    if len(predict) < 2:
        return []
    said = [tuple(one(case) for one in predict) for case in space]
    return _chosen(space, said, [1 - max(Counter(row).values()) / len(row) for row in said], most)


def _balance(row: np.ndarray) -> float:
    share = float(row.mean())
    return min(share, 1 - share)


def _chosen(space: Sequence[Case], said: Sequence[Hashable], balance: Sequence[float], most: int) -> list[Case]:
    """Return the first case of every way to disagree, those that split the rivals best first; then the second of every way."""
    turns: Counter[Hashable] = Counter()
    places = []
    for i, (row, split) in enumerate(zip(said, balance, strict=True)):
        if split > 0:
            places.append((turns[row], -split, i))
            turns[row] += 1
    return [space[i] for *_, i in sorted(places)[:most]]
