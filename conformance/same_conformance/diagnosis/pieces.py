"""Recognise numbers that follow one rule under a condition and another elsewhere, axis by axis.

Whoever is wrong in two ways, or in one way for some parameters only, follows no single formula. So conditions are tried,
and for each of them the formulas: first one formula where the condition holds and SAME elsewhere, then two formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from same_conformance.diagnosis import where

if TYPE_CHECKING:
    from same_conformance.case import Case

_FEWEST = 3
"""Wrong axes that a formula under a condition must explain: any would explain one or two."""


class Item(NamedTuple):
    """One axis of one case, with the numbers that were seen to be possible there."""

    case: Case
    axis: int
    numbers: frozenset[int]


@dataclass(frozen=True)
class Candidate:
    """A number that an implementation may use for an axis of a case; `text` says which.

    Attributes:
        fewest: how many wrong axes, no two alike, it must explain to be believed.

    """

    text: str
    value: Callable[[Case, int], int]
    fewest: int = 0


@dataclass(frozen=True)
class Piece:
    """What is used where `condition` holds: a predicate of one axis and its case, empty for everywhere."""

    text: str
    condition: str = ""


def fit(candidates: Sequence[Candidate], items: Sequence[Item], preferred: Collection[str] = ()) -> list[Piece]:
    """Return what explains all `items`; the first candidate is what SAME asks for. Empty if nothing short does.

    One piece says that SAME is followed elsewhere; two pieces have opposite conditions. Tests that are `preferred` are
    tried first.
    """
    masks = [_mask([c.value(case, axis) in numbers for case, axis, numbers in items]) for c in candidates]
    same, *others = masks
    everything = (1 << len(items)) - 1
    n_unlike = len({case.axes[axis][:4] for i, (case, axis, _) in enumerate(items) if not same >> i & 1})
    believed = [(c.text, mask) for c, mask in zip(candidates[1:], others, strict=True) if c.fewest <= n_unlike]
    texts, others = [text for text, _ in believed], [mask for _, mask in believed]
    for text, fits in zip(texts, others, strict=True):
        if fits == everything:
            return [Piece(text)]
    wrong = everything & ~same
    if wrong.bit_count() < _FEWEST:
        return []
    conditions = _conditions(items, everything, preferred)
    for names, holds in _covering(conditions, wrong):
        found = _first(texts, others, holds)
        if found:
            return [Piece(found, " and ".join(names))]
    for name, holds in conditions.items():
        if min((holds & wrong).bit_count(), (~holds & wrong).bit_count()) < _FEWEST:
            continue
        here, elsewhere = _first(texts, others, holds), _first(texts, others, everything & ~holds)
        if here and elsewhere:
            return [Piece(here, name), Piece(elsewhere, f"not {name}" if name.isidentifier() else f"not ({name})")]
    return []


def part(yes: Sequence[tuple[Case, int]], no: Sequence[tuple[Case, int]], preferred: Collection[str] = ()) -> str:
    """Return the shortest condition that holds on the axes `yes` and on none of `no`; empty if there is none, or nothing to part."""
    if not yes or not no:
        return ""
    items = [Item(case, axis, frozenset()) for case, axis in (*yes, *no)]
    wanted = (1 << len(yes)) - 1
    conditions = _conditions(items, (1 << len(items)) - 1, preferred)
    return next((" and ".join(names) for names, holds in _covering(conditions, wanted) if holds == wanted), "")


def _first(texts: Sequence[str], masks: Sequence[int], holds: int) -> str:
    return next((text for text, fits in zip(texts, masks, strict=True) if not holds & ~fits), "")


def _conditions(items: Sequence[Item], everything: int, preferred: Collection[str]) -> dict[str, int]:
    """Return where each test holds that parts the items, no two of them alike."""
    found: dict[str, int] = {}
    known = {0, everything}
    for index, test in where.ordered(preferred):
        holds = _mask([bool(where.truths(case)[index] >> axis & 1) for case, axis, _ in items])
        if holds not in known:
            known.add(holds)
            found[test] = holds
    return found


def _covering(conditions: dict[str, int], wrong: int) -> list[tuple[tuple[str, ...], int]]:
    """Return the conditions that hold on all wrong axes: single tests, then pairs, the narrowest pairs first."""
    covering = [((name,), holds) for name, holds in conditions.items() if not wrong & ~holds]
    pairs = [((*a, *b), x & y) for (a, x), (b, y) in combinations(covering, 2)]
    return [*covering, *sorted(pairs, key=lambda pair: pair[1].bit_count())]


def _mask(truths: Sequence[bool]) -> int:
    return sum(1 << i for i, true in enumerate(truths) if true)
