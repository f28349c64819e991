"""Search conjunctions of tests that part wrong cases from right ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from same_conformance.diagnosis import vocabulary

if TYPE_CHECKING:
    from same_conformance.case import Case

_INSIDE = 300
"""Conjunctions of several tests, without a right case, that are joined by "or", those that cover most first."""
_KEPT = 2_000
"""Conjunctions that are made longer, those that cover fewest first."""
_FALSE_ALARM = 3
"""How many wrong cases a conjunction must cover for each right one to be joined by "or"."""
_BEAM = 30
"""Conjunctions that are made longer where no short one is exact."""

Names = tuple[str, ...]
"""The tests of a conjunction; it holds for a case if all of them hold on one and the same axis."""


class _Conjunction(NamedTuple):
    """Its tests, the bits for which it holds, and the cases in which it holds on some axis."""

    names: Names
    truth: int
    covered: int


class Table:
    """The truth of every test on every case and axis, as bits of integers: bit ``axis * n_cases + case``.

    The first `n_wrong` cases are the wrong ones.
    """

    def __init__(self, cases: Sequence[Case], n_wrong: int, tests: Sequence[str]) -> None:
        self._n = len(cases)
        self.wrong = (1 << n_wrong) - 1
        self._right = ((1 << self._n) - 1) & ~self.wrong
        self._rank = max(case.rank for case in cases)
        found = vocabulary.bits(cases, tests)
        rows = np.concatenate([found >> axis & 1 for axis in range(self._rank)])
        packed = np.packbits(rows, axis=0, bitorder="little")
        ranks = np.array([case.rank for case in cases])
        exists = np.concatenate([ranks > axis for axis in range(self._rank)])
        everywhere = int.from_bytes(np.packbits(exists, bitorder="little").tobytes(), "little")
        self._truths: dict[str, int] = {}
        self._alike: dict[int, list[str]] = {0: [], everywhere: []}
        for column, test in enumerate(tests):
            truth = int.from_bytes(packed[:, column].tobytes(), "little")
            if truth not in self._alike:
                self._alike[truth] = []
                self._truths[test] = truth  # what holds everywhere or says the same as another tells nothing more
            elif truth not in (0, everywhere):
                self._alike[truth].append(test)

    def alike(self, test: str) -> list[str]:
        """Return the tests that say the same of all cases seen."""
        return self._alike[self._truths[test]]

    def _cases(self, truth: int) -> int:
        """Return the cases that have an axis on which `truth` holds."""
        whole = (1 << self._n) - 1
        found = 0
        for axis in range(self._rank):
            found |= (truth >> (axis * self._n)) & whole
        return found

    def _extended(self, found: Sequence[_Conjunction], tests: Sequence[str]) -> Iterator[_Conjunction]:
        """Yield each of `found` with each test that comes after its last one."""
        place = {test: i for i, test in enumerate(tests)}
        for names, truth, _ in found:
            for test in tests[place[names[-1]] + 1 :] if names else tests:
                both = truth & self._truths[test]
                if both and both != truth:
                    yield _Conjunction((*names, test), both, self._cases(both))

    def exact(self, longest: int) -> list[Names]:
        """Return the shortest conjunctions that cover just the wrong cases; each of their tests covers them all."""
        whole = [_Conjunction((), -1, -1)]
        found = [c for c in self._extended(whole, list(self._truths)) if c.covered & self.wrong == self.wrong]
        tests = [names[0] for names, *_ in found]
        for length in range(1, longest + 1):
            exact = [c.names for c in found if c.covered == self.wrong]
            if exact or length == longest:
                return exact
            found = [c for c in self._extended(found, tests) if c.covered & self.wrong == self.wrong]
            found.sort(key=lambda c: c.covered.bit_count())
            found = found[:_KEPT]
        return []

    def either(self) -> list[tuple[Names, Names]]:
        """Return pairs of conjunctions of two tests at most that together cover just the wrong cases."""
        single = list(self._extended([_Conjunction((), -1, -1)], list(self._truths)))
        inside = [c for c in single if not c.covered & self._right]
        inside += [c for c in self._extended(single, list(self._truths)) if not c.covered & self._right]
        widest: dict[int, _Conjunction] = {}
        for found in inside:
            widest.setdefault(found.covered, found)
        ranked = sorted(widest.values(), key=lambda c: (-c.covered.bit_count(), len(c.names)))
        ranked = [c for c in ranked if len(c.names) == 1] + [c for c in ranked if len(c.names) > 1][:_INSIDE]
        return [(a.names, b.names) for a, b in combinations(ranked, 2) if a.covered | b.covered == self.wrong]

    def nearest(self) -> tuple[list[Names], int]:
        """Return the conjunctions of a few tests with the fewest exceptions, the best first, and the cases that this covers."""
        tests = list(self._truths)
        place = {test: i for i, test in enumerate(tests)}
        best = [_Conjunction((), 0, 0)]
        beam = [_Conjunction((), -1, -1)]
        for length in (1, 2, 3):
            found = sorted(
                self._extended(beam, tests), key=lambda c: (self._n_exceptions(c), sum(place[name] for name in c.names))
            )
            if found and (length == 1 or 4 * self._n_exceptions(found[0]) < 3 * self._n_exceptions(best[0])):
                best = found[:_RIVALS]  # another test must be worth its words
            beam = found if length == 1 else found[:_BEAM]
        return [c.names for c in best], best[0].covered

    def nearest_covering(self, longest: int) -> tuple[Names, int]:
        """Return the conjunction of `longest` tests at most that covers all wrong cases and fewest right ones, and its cases."""
        whole = _Conjunction((), -1, -1)
        tests = [c.names[0] for c in self._extended([whole], list(self._truths)) if not self.wrong & ~c.covered]
        place = {test: i for i, test in enumerate(self._truths)}
        best, beam = _Conjunction((), 0, 0), [whole]
        for _ in range(longest):
            found = [c for c in self._joined(beam, tests) if not self.wrong & ~c.covered]
            found.sort(key=lambda c: (self._n_exceptions(c), sum(place[name] for name in c.names)))
            if not found or (best.names and 4 * self._n_exceptions(found[0]) > 3 * self._n_exceptions(best)):
                break  # another test must be worth its words
            best, beam = found[0], found[:_BEAM]
        return best.names, best.covered

    def _joined(self, found: Sequence[_Conjunction], tests: Sequence[str]) -> Iterator[_Conjunction]:
        """Yield each of `found` with each other test, no two that say the same."""
        known = set()
        for names, truth, _ in found:
            for test in tests:
                both = truth & self._truths[test]
                if both and both != truth and both not in known:
                    known.add(both)
                    yield _Conjunction((*names, test), both, self._cases(both))

    def nearest_pair(self) -> tuple[tuple[Names, Names] | None, int]:
        """Return the two conjunctions that together have the fewest exceptions, and the cases that these cover."""
        single = list(self._extended([_Conjunction((), -1, -1)], list(self._truths)))
        found = [*single, *self._extended(sorted(single, key=self._n_exceptions)[:_BEAM], list(self._truths))]
        found.sort(
            key=lambda c: _FALSE_ALARM * (c.covered & self._right).bit_count() - (c.covered & self.wrong).bit_count()
        )
        widest: dict[int, _Conjunction] = {}
        for conjunction in found[:_KEPT]:
            widest.setdefault(conjunction.covered, conjunction)
        pairs = list(combinations(list(widest.values())[:_INSIDE], 2))
        if not pairs:
            return None, 0
        a, b = min(pairs, key=lambda pair: ((pair[0].covered | pair[1].covered) ^ self.wrong).bit_count())
        return (a.names, b.names), a.covered | b.covered

    def n_exceptions(self, covered: int) -> int:
        """Return how many cases are wrong or covered, but not both."""
        return (covered ^ self.wrong).bit_count()

    def _n_exceptions(self, found: _Conjunction) -> int:
        return (found.covered ^ self.wrong).bit_count()


_RIVALS = 8


def text(names: Collection[str]) -> str:
    """Write a conjunction as a predicate."""
    axis_tests = [name for name in names if vocabulary.is_of_axis(name)]
    parts = [name for name in names if not vocabulary.is_of_axis(name)]
    if axis_tests:
        parts.append(f"any({' and '.join(axis_tests)})")
    return " and ".join(parts)
