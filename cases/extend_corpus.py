"""Extend ``corpus.jsonl`` until enough of its cases hunt every mutant, with as few more cases as can be.

Run it after a change of the mutants, or after adding a line by hand: ``hunts`` may be left out. It flags mutants on
cases that are there already, then adds cases from a drawn pool, the one that serves most needs first, then such as find
mutants out that are wrong in one branch alone (`same_conformance.mutants.branches`), and writes the file in canonical
order and form. The same file and the same mutants give the same result.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from same_conformance import corpus, mutants, rules, selection, strategies
from same_conformance.case import OPS, Case, parse
from same_conformance.corpus import HUNTED, HUNTED_PER_OP, Entry
from same_conformance.mutants.branches import BRANCHES, Branch
from same_conformance.mutants.implementations import DTYPES

FILE = Path(__file__).with_name(corpus.CORPUS)
SOURCE = "cases/extend_corpus.py"
FLAGS_AT_FIRST = 3
"""Flags of a case that is needed for none: those of its mutants that fewest others kill."""


def kills(case: Case, names: Iterable[str] = mutants.RULES) -> list[str]:
    """Return which mutants of `names` a case kills."""
    return [name for name in names if is_killed(name, case)]


@cache
def is_killed(name: str, case: Case) -> bool:
    """Tell whether a case kills a mutant."""
    return rules.kills(case, mutants.RULES[name])


POOL: tuple[dict[str, Any], ...] = (
    {"n": 3000},
    {"n": 1000, "ranks": [1], "max_size": 8, "max_kernel": 3, "max_dilation": 8},
    {"n": 1000, "ranks": [3], "max_size": 6, "max_kernel": 2, "dtypes": DTYPES[1:]},
)
"""What is drawn: a bit of all, windows of padding only, and 3-D in other dtypes."""
PER_BRANCH = 1200
"""Cases that are drawn for each branch; what rare mutants need, many cases must be looked at to find."""
LARGE = (*range(125, 131), *range(255, 263), *range(507, 516))
"""Sizes around those that some small integer does not hold; drawing would hardly meet them."""
LONG = (33, 36, 40)
"""Kernels that want pads of sixteen and more, which drawing never does."""
CROWDED = (((130,), (129,)), ((150,), (140,)), ((13, 12), (12, 12)), ((14, 14), (13, 13)), ((7, 6, 6), (6, 6, 6)))
"""Sizes and windows in which average pooling has more than 127 elements to count, which drawing never does."""


def pool() -> Iterator[Case]:
    """Return the cases to choose from: with one large size and small other fields, in what drawing misses, and drawn ones."""
    for op, size, kernel, stride in itertools.product(OPS, LARGE, (2, 3, 6), (1, 2, 3, 4)):
        yield Case(op, (size,), (kernel,), (stride,))
    for op, size, kernel, stride in itertools.product(OPS, (19, 50), LONG, (1, 2, 3)):
        yield Case(op, (size,), (kernel,), (stride,))
    for (size, kernel), stride in itertools.product(CROWDED, (1, 2)):
        yield Case("avg_pool", size, kernel, (stride,) * len(size))
    for size, kernel, stride in itertools.product((5, 7, 10), (3, 5, 6), (2, 3, 4)):  # results of two sizes are as long
        yield Case("avg_pool", (size,), (kernel,), (stride,), calls=2)
        yield Case("avg_pool", (size, size + 1), (kernel, 2), (stride, stride), calls=2)
    for seed, bounds in enumerate(POOL):
        yield from strategies.draw_distinct(seed=seed, **{"dtypes": DTYPES, **bounds}).cases


class Corpus:
    """A corpus that grows: which mutants each case kills, and which of them it is flagged to hunt."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = {entry.case: entry for entry in entries}
        self._killed = {entry.case: kills(entry.case) for entry in entries}
        self._flags: dict[Case, set[str]] = {entry.case: set() for entry in entries}
        self._hunters: Counter[tuple[str, str]] = Counter()
        self._rarity = Counter(name for names in self._killed.values() for name in names)
        for entry in entries:
            for name in set(entry.hunts) & set(self._killed[entry.case]):
                self._flag(entry.case, name)

    def _flag(self, case: Case, name: str) -> None:
        self._flags[case].add(name)
        self._hunters[name, case.op] += 1

    def _needs(self, name: str, op: str) -> int:
        """Return how many more cases of `op` must hunt `name`."""
        return max(HUNTED_PER_OP - self._hunters[name, op], 0)

    def _needs_any(self, name: str) -> int:
        """Return how many more cases, of whatever op, must hunt `name`."""
        return max(HUNTED - sum(self._hunters[name, op] for op in mutants.RULES[name].ops), 0)

    def needed(self) -> list[str]:
        """Return the mutants that need more hunters."""
        return [
            n for n, rule in mutants.RULES.items() if self._needs_any(n) or any(self._needs(n, o) for o in rule.ops)
        ]

    def _rarest(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: (self._rarity[name], name))

    def flag_what_is_there(self) -> None:
        """Let cases hunt what they kill, as far as it is needed: those with the fewest flags first."""
        for name in self._rarest(mutants.RULES):
            killers = [case for case, names in self._killed.items() if name in names]
            for needs in (self._needs, lambda name, _: self._needs_any(name)):
                for case in sorted(killers, key=lambda c: (len(self._flags[c]), c.canonical_key)):
                    if name not in self._flags[case] and needs(name, case.op):
                        self._flag(case, name)

    def add_from(self, cases: Iterable[Case]) -> None:
        """Add the case that serves most needs, the smallest of such, again and again."""
        needed = self.needed()
        candidates = (
            {c: found for c in cases if c not in self._killed and (found := kills(c, needed))} if needed else {}
        )
        while candidates:
            best = min(candidates, key=lambda c: (-self._worth(c, candidates[c]), c.canonical_key))
            useful = [n for n in candidates.pop(best) if self._needs(n, best.op) or self._needs_any(n)]
            if not useful:
                return
            rarest = mutants.RULES[self._rarest(useful)[0]]
            self._entries[best] = Entry(best, f"finds what {rarest.sentence}", SOURCE)
            self._flags[best] = set()
            for name in useful:
                self._flag(best, name)

    def _worth(self, case: Case, names: list[str]) -> int:
        return sum((self._needs_any(n) > 0) + 2 * (self._needs(n, case.op) > 0) for n in names)

    def flag_the_rest(self) -> None:
        """Let every case hunt something."""
        for case, names in self._killed.items():
            if not self._flags[case]:
                self._flags[case].update(self._rarest(names)[:FLAGS_AT_FIRST])

    def entries(self) -> list[Entry]:
        """Return the entries with their flags."""
        return [replace(entry, hunts=tuple(sorted(self._flags[case]))) for case, entry in self._entries.items()]


def extend(entries: list[Entry], cases: Iterable[Case]) -> tuple[list[Entry], list[str]]:
    """Return the entries with flags and some of `cases` added, and the mutants that still need hunters."""
    grown = Corpus(entries)
    grown.flag_what_is_there()
    grown.add_from(cases)
    grown.flag_the_rest()
    return grown.entries(), grown.needed()


Found = set[tuple[str, str]]
"""Mutants that are found out, each with the op in which it is."""


def found_by(cases: Iterable[Case]) -> dict[Case, Found]:
    """Return what each case finds out."""
    return {case: {(name, case.op) for name in kills(case)} for case in cases}


def missing(entries: Iterable[Entry], drawn: Mapping[str, dict[Case, Found]]) -> dict[str, Found]:
    """Return what of each branch cases that were drawn find out, and none does that the quick profile has."""
    hunts = {entry.case: entry.hunts for entry in entries}
    others = {c: () for c, of in selection.select(selection.Query("quick")).origins.items() if of != "corpus"}
    cases = others | hunts
    lacking: dict[str, Found] = {}
    for branch in BRANCHES:
        here = [case for case in cases if branch.has(case)]
        lacking[branch.name] = set()
        for name, op in set().union(*drawn[branch.name].values()):
            likeliest = sorted((case for case in here if case.op == op), key=lambda c: name not in cases[c])
            if not any(is_killed(name, case) for case in likeliest):
                lacking[branch.name].add((name, op))
    return lacking


def _fewest(candidates: Mapping[Case, Found], lacking: Found) -> Iterator[tuple[Case, Found]]:
    """Yield cases that together find out all that is lacking, each with what none before it does: the best one first."""
    left = set(lacking)
    while left:
        best = min(candidates, key=lambda case: (-len(candidates[case] & left), case.canonical_key))
        yield best, candidates[best] & left
        left -= candidates[best]


def cover_branches(entries: list[Entry], drawn: Mapping[str, dict[Case, Found]]) -> list[Entry]:
    """Return the entries with those of `drawn` added, by branch, that together find out what is missing there."""
    extended = {entry.case: entry for entry in entries}
    for name, lacking in missing(entries, drawn).items():
        for case, found in _fewest(drawn[name], lacking):
            hunted = tuple(sorted(rule for rule, _ in found))
            reason = f"{name}: finds what {mutants.RULES[hunted[0]].sentence}"
            extended.setdefault(case, Entry(case, reason, SOURCE, hunted))
    return list(extended.values())


def draw_branches(n: int, seed: int) -> dict[str, dict[Case, Found]]:
    """Return `n` cases of each branch with what they find out."""

    def drawn(branch: Branch) -> dict[Case, Found]:
        return found_by(branch.draw(n, seed))

    return {branch.name: drawn(branch) for branch in BRANCHES}


def read() -> list[Entry]:
    """Read the file, which need not be canonical yet."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [Entry(parse(row["case"]), row["reason"], row["source"], tuple(row.get("hunts", ()))) for row in rows]


def main() -> int:
    """Extend the file and say what was added."""
    entries = read()
    extended, left = extend(entries, pool())
    FILE.write_text(
        corpus.write(extended), encoding="utf-8"
    )  # the quick profile, by which branches are covered, reads it
    extended = cover_branches(extended, draw_branches(PER_BRANCH, seed=len(POOL)))
    FILE.write_text(corpus.write(extended), encoding="utf-8")
    print(f"{len(extended)} cases, {len(extended) - len(entries)} added; {len(mutants.RULES)} mutants", file=sys.stderr)
    if left:
        print(f"no case of the pool kills these often enough: {', '.join(left)}", file=sys.stderr)
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
