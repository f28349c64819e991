"""Find the smallest case that fails: Hypothesis shrinks, single fields are lowered, then every smaller case is tried in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from same_conformance import strategies
from same_conformance.case import COMPARED, DTYPES, MOST_CALLS, POOLS, RANKS, Case
from same_conformance.diagnosis import further
from same_conformance.errors import CaseError
from same_conformance.padding import MODES

Fails = Callable[[Sequence[Case]], Sequence["bool | None"]]
"""Tells of each case whether it fails in the way that is looked for; None ends the search."""

_AT_ONCE = 400
LONGEST_S = 30.0
"""How long smaller cases are tried for one cause. Where it is not enough, the result says so."""


@dataclass(frozen=True)
class Minimum:
    """The smallest case found.

    Attributes:
        case: it fails.
        n_smaller: how many smaller cases were tried; none of them fails.
        is_proved: whether these are all there are.

    """

    case: Case
    n_smaller: int
    is_proved: bool


def minimize(case: Case, fails: Fails, *, seed: int, longest_s: float = LONGEST_S) -> Minimum:
    """Return the smallest case of the op of `case` that fails, as far as it can be found in `longest_s` seconds."""
    smallest = _lowered(strategies.shrink(case, lambda candidate: fails([candidate])[0], seed=seed), fails)
    began = time.monotonic()
    n_smaller = 0
    cases = smaller(smallest)
    while chunk := list(islice(cases, _AT_ONCE)):
        for candidate, failed in zip(chunk, fails(chunk), strict=True):
            if failed is None:
                return Minimum(smallest, n_smaller, is_proved=False)
            if failed:
                return Minimum(candidate, n_smaller, is_proved=True)
            n_smaller += 1
        if time.monotonic() - began > longest_s:
            return Minimum(smallest, n_smaller, is_proved=False)
    return Minimum(smallest, n_smaller, is_proved=True)


def _lowered(case: Case, fails: Fails) -> Case:
    """Go to smaller cases that fail, with one thing changed, or else two, while there are any: shrinking may end in a valley."""
    while True:
        lower = _first_failing(_nearer(case, [case]), fails) or _first_failing(
            _nearer(case, further.around(case)), fails
        )
        if lower is None:
            return case
        case = lower


_LONGEST_LOWERED_S = 5.0
"""How long cases of one kind are tried for one that is smaller."""


def predicted(minimum: Minimum, holds: Callable[[Case], bool], fails: Fails) -> Minimum:
    """Return a smaller minimum that a predicate of the failing cases foretells, if there is one among cases of one axis."""
    if minimum.is_proved:
        return minimum
    foretold = list(islice((line for line in _lines(minimum.case) if holds(line)), _MOST_FORETOLD))
    lower = _first_failing(foretold, fails)
    return minimum if lower is None else Minimum(lower, minimum.n_smaller, is_proved=False)


_MOST_FORETOLD = 40


def _lines(case: Case) -> Iterator[Case]:
    """Yield the cases of one axis, in both modes, that are otherwise like `case` and come before it, the smallest first."""
    for level in range(min(_total(case), _HIGHEST_LEVEL) + 1):
        found = []
        for *numbers, mode in _shares(level, (level, level, level, level, len(MODES) - 1)):
            n, k, s, d = ((v + 1,) for v in numbers)
            try:
                line = replace(
                    case, size=n, kernel=k, stride=s, dilation=d, padding=MODES[mode], output_size=(), batch=1, groups=1,
                    channels=(),
                )  # fmt: skip
            except CaseError:
                continue
            if line.canonical_key < case.canonical_key:
                found.append(line)
        yield from sorted(found, key=lambda c: c.canonical_key)


_HIGHEST_LEVEL = 24
"""The sum of the fields of a case above which not all of one axis are looked at: there are 20,000 below."""


def _nearer(case: Case, starts: Iterable[Case]) -> list[Case]:
    """Return the cases around `starts` that come before `case`, the smallest first."""
    near = {c for start in starts for c in further.around(start) if c.canonical_key < case.canonical_key}
    return sorted(near, key=lambda c: c.canonical_key)


def _first_failing(cases: Iterable[Case], fails: Fails) -> Case | None:
    began, left = time.monotonic(), iter(cases)
    while (chunk := list(islice(left, _AT_ONCE))) and time.monotonic() - began < _LONGEST_LOWERED_S:
        for candidate, failed in zip(chunk, fails(chunk), strict=True):
            if failed:
                return candidate
            if failed is None:
                return None
    return None


def smaller(case: Case) -> Iterator[Case]:
    """Yield every case of the same op that comes before `case`, in canonical order.

    >>> from same_conformance.case import parse
    >>> [c.id for c in smaller(parse("max_pool.n1.k2"))][:3]
    ['max_pool.n1.k1', 'max_pool.n1-1.k1-1', 'max_pool.n1-1-1.k1-1-1']
    """
    total = _total(case)
    for level in range(total + 1):
        for rank in RANKS:
            cases = sorted(_level(case.op, rank, level), key=lambda c: c.canonical_key)
            for candidate in cases:
                if candidate.canonical_key >= case.canonical_key:
                    break
                yield candidate


def _total(case: Case) -> int:
    total = case.canonical_key[0]
    assert isinstance(total, int)
    return total


def _level(op: str, rank: int, level: int) -> Iterator[Case]:
    """Yield the cases of one op and rank whose fields exceed the smallest by `level` in all."""
    n_channels = 1 if op in POOLS else 2
    least = 1 if op in POOLS else 0  # the channels of pooling begin at 2
    limits = [level] * (4 * rank + 1 + n_channels)  # size, kernel, stride and dilation, batch, channels
    limits.append(level if op == "conv" else 0)  # groups
    limits += [level if op == "conv_transpose" else 0] * rank  # what the output lacks of its full size
    limits += [len(MODES) - 1, len(DTYPES) - 1, len(COMPARED) - 1, MOST_CALLS - 1]
    for extra in _shares(level - least, tuple(limits)) if level >= least else ():
        built = _case(op, rank, n_channels, extra)
        if built is not None:
            yield built


def _shares(total: int, limits: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every way to hand out `total` to places that take so much at most."""
    if not limits:
        if total == 0:
            yield ()
        return
    for first in range(min(total, limits[0]) + 1):
        for rest in _shares(total - first, limits[1:]):
            yield (first, *rest)


def _case(op: str, rank: int, n_channels: int, extra: tuple[int, ...]) -> Case | None:
    numbers = iter(extra)

    def take(n: int) -> tuple[int, ...]:
        return tuple(next(numbers) for _ in range(n))

    size, kernel, stride, dilation = (tuple(v + 1 for v in take(rank)) for _ in range(4))
    (batch,) = take(1)
    channels = take(n_channels)
    (groups,) = take(1)
    lacks = take(rank)
    padding, dtype, compared, calls = take(4)
    output_size: tuple[int, ...] = ()
    if op == "conv_transpose":
        output_size = tuple(n * s - lack for n, s, lack in zip(size, stride, lacks, strict=True))
    try:
        return Case(
            op,
            size,
            kernel,
            stride,
            dilation,
            padding=MODES[padding],
            batch=batch + 1,
            channels=tuple(c + (2 if op in POOLS else 1) for c in channels),
            groups=groups + 1,
            output_size=output_size,
            dtype=DTYPES[dtype],
            compared=COMPARED[compared],
            calls=calls + 1,
        )
    except CaseError:
        return None
