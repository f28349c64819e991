"""Recognise numbers that follow one rule under a condition and another elsewhere, axis by axis.

Whoever is wrong in two ways, or in one way for some parameters only, follows no single formula. So conditions are tried,
and for each of them the formulas: first one formula where the condition holds and SAME elsewhere, then two formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import TYPE_CHECKING, NamedTuple

from same_conformance.diagnosis import vocabulary

if TYPE_CHECKING:
    from same_conformance.case import Case

_FEWEST = 3
"""Wrong axes that a formula under a condition must explain: any would explain one or two."""
_MOST_EVERYWHERE = 10
"""Formulas without a condition that are taken: the rest of the rivals are such as hold under one."""
_FORMULAS_EACH = 2
"""Formulas that are taken for one condition: those after the first few say the same in odder words."""

Value = Callable[["Case", int], int]
"""From an axis of a case to a number."""


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
        expression: the same in the language of predicates; empty if that cannot say it.

    """

    text: str
    value: Value
    fewest: int = 0
    expression: str = ""


@dataclass(frozen=True)
class Piece:
    """What is used where `condition` holds: a predicate of one axis and its case, empty for everywhere.

    `expression` is what `text` says, in the language of predicates; empty if that cannot say it.
    """

    text: str
    condition: str = ""
    expression: str = field(default="", compare=False)


@dataclass(frozen=True)
class Explanation:
    """Pieces that together give a number for every axis."""

    pieces: tuple[Piece, ...]
    value: Value = field(compare=False)


def fit(candidates: Sequence[Candidate], items: Sequence[Item], preferred: Collection[str] = ()) -> list[Piece]:
    """Return what explains all `items`; the first candidate is what SAME asks for. Empty if nothing short does.

    One piece says that SAME is followed elsewhere; two pieces have opposite conditions. Tests that are `preferred` are
    tried first.
    """
    found = explanations(candidates, items, preferred, most=1)
    return list(found[0].pieces) if found else []


def explanations(
    candidates: Sequence[Candidate],
    items: Sequence[Item],
    preferred: Collection[str] = (),
    *,
    most: int,
    also: Collection[str] = (),
) -> list[Explanation]:
    """Return up to `most` explanations of all `items`, the plainest first; see `fit`.

    Conditions that are in `also`, each of them tests joined by "and", are tried before others: they explain something else.
    """
    return list(islice(_explanations(candidates, items, preferred, also), most))


def _explanations(
    candidates: Sequence[Candidate], items: Sequence[Item], preferred: Collection[str], also: Collection[str]
) -> Iterator[Explanation]:
    masks = [_mask([c.value(case, axis) in numbers for case, axis, numbers in items]) for c in candidates]
    same, *others = masks
    everything = (1 << len(items)) - 1
    n_unlike = len({case.axes[axis][:4] for i, (case, axis, _) in enumerate(items) if not same >> i & 1})
    believed = [(c, mask) for c, mask in zip(candidates[1:], others, strict=True) if c.fewest <= n_unlike]
    everywhere = [c for c, fits in believed if fits == everything]
    yield from (Explanation((Piece(c.text, expression=c.expression),), c.value) for c in everywhere[:_MOST_EVERYWHERE])
    wrong = everything & ~same
    if wrong.bit_count() < _FEWEST:
        return
    conditions = _Conditions(items, preferred)
    under = [*_under_known(items, also, believed, candidates[0].value, wrong)]
    under += _under_conditions(conditions, believed, candidates[0].value, wrong)
    yield from under
    if not under and not everywhere:
        yield from _opposite(conditions, believed, wrong, everything)


Believed = Sequence[tuple[Candidate, int]]
"""Candidates, each with the items that it explains, as bits."""


def _under_known(
    items: Sequence[Item], known: Collection[str], believed: Believed, same: Value, wrong: int
) -> Iterator[Explanation]:
    """Yield one formula where a condition holds that explains something else, and SAME elsewhere."""
    for condition in known:
        names = tuple(name for name in condition.split(" and ") if name in vocabulary.TESTS)
        holds = _mask([vocabulary.holds(names, item.case, item.axis) for item in items])
        if not names or wrong & ~holds:
            continue
        for candidate, fits in believed:
            if not holds & ~fits:
                piece = Piece(candidate.text, " and ".join(names), candidate.expression)
                yield Explanation((piece,), _either(names, candidate.value, same))
                break


def _under_conditions(conditions: _Conditions, believed: Believed, same: Value, wrong: int) -> Iterator[Explanation]:
    """Yield one formula where a condition holds and SAME elsewhere: conditions of one test, or else of two."""
    for of_length in conditions.covering(wrong):
        fitting = []
        for rank, names, holds in of_length:
            explaining = ((i, c) for i, (c, fits) in enumerate(believed) if not holds & ~fits)
            fitting += [(rank + place, names, c) for place, c in islice(explaining, _FORMULAS_EACH)]
        for _, names, candidate in sorted(fitting, key=lambda one: one[0]):
            for varied in conditions.varied(names):
                piece = Piece(candidate.text, " and ".join(varied), candidate.expression)
                yield Explanation((piece,), _either(varied, candidate.value, same))
        if fitting:
            return


def _opposite(conditions: _Conditions, believed: Believed, wrong: int, everything: int) -> Iterator[Explanation]:
    """Yield one formula where a test holds and another elsewhere."""
    for name, holds in conditions.masks.items():
        if min((holds & wrong).bit_count(), (~holds & wrong).bit_count()) < _FEWEST:
            continue
        here = next((c for c, fits in believed if not holds & ~fits), None)
        elsewhere = next((c for c, fits in believed if not everything & ~holds & ~fits), None)
        if here and elsewhere:
            opposite = f"not {name}" if name.isidentifier() else f"not ({name})"
            pieces = (
                Piece(here.text, name, here.expression),
                Piece(elsewhere.text, opposite, elsewhere.expression),
            )
            yield Explanation(pieces, _either((name,), here.value, elsewhere.value))


def _either(names: Sequence[str], here: Value, elsewhere: Value) -> Value:
    def value(case: Case, axis: int) -> int:
        return (here if vocabulary.holds(names, case, axis) else elsewhere)(case, axis)

    return value


def part(yes: Sequence[tuple[Case, int]], no: Sequence[tuple[Case, int]], preferred: Collection[str] = ()) -> str:
    """Return the shortest condition that holds on the axes `yes` and on none of `no`; empty if there is none, or nothing to part."""
    if not yes or not no:
        return ""
    items = [Item(case, axis, frozenset()) for case, axis in (*yes, *no)]
    wanted = (1 << len(yes)) - 1
    found = (
        names
        for level in _Conditions(items, preferred).covering(wanted)
        for _, names, holds in level
        if holds == wanted
    )
    return " and ".join(next(found, ()))


class _Conditions:
    """Where each test holds that parts the items; no two of `masks` are alike."""

    def __init__(self, items: Sequence[Item], preferred: Collection[str]) -> None:
        tests = vocabulary.ordered(preferred)
        bits = vocabulary.bits([item.case for item in items], tests)
        self.masks: dict[str, int] = {}
        self._alike: dict[int, list[str]] = {0: [], (1 << len(items)) - 1: []}
        for column, test in enumerate(tests):
            holds = _mask(
                [bool(row >> item.axis & 1) for row, item in zip(bits[:, column].tolist(), items, strict=True)]
            )
            if holds not in self._alike:
                self._alike[holds] = []
                self.masks[test] = holds
            self._alike[holds].append(test)

    def covering(self, wrong: int) -> Iterator[list[tuple[int, tuple[str, ...], int]]]:
        """Yield the conditions that hold on all wrong axes: single tests, then pairs, each with its rank, the plainest first."""
        covering: list[tuple[int, tuple[str, ...], int]] = [
            (i, (name,), holds) for i, (name, holds) in enumerate(self.masks.items()) if not wrong & ~holds
        ]
        yield covering
        pairs = [(i + j, (*a, *b), x & y) for (i, a, x), (j, b, y) in combinations(covering, 2) if x & y not in (x, y)]
        yield sorted(pairs, key=lambda pair: pair[0])

    def varied(self, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield a condition, then with one of its tests replaced by one that says the same of all items."""
        yield names
        for i, name in enumerate(names):
            yield from (
                (*names[:i], other, *names[i + 1 :]) for other in self._alike[self.masks[name]] if other != name
            )


def _mask(truths: Sequence[bool]) -> int:
    return sum(1 << i for i, true in enumerate(truths) if true)
