"""Make further cases for a diagnosis: those around failing ones, and drawn ones, so that it rests on more than the run met.

A run has few cases of each kind, so that chance may part its wrong cases from its right ones. Whoever knows what fails
can ask the telling question: the same case with one field changed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product, zip_longest
from typing import Any

from same_conformance import packing
from same_conformance.case import COMPARED, DTYPES, POOLS, RANKS, Case
from same_conformance.errors import CaseError
from same_conformance.padding import MODES, transposed_output_sizes

_N_AROUND, _N_DRAWN = 500, 400
"""How many cases are made at most, around failing ones and drawn."""
_ONE_OF_ANY_RANK = 4
"""Of this many drawn cases one has any number of axes, even where no such case failed."""
_N_VARIED = 8
"""Failing cases around which others are made."""
AT_ONCE = 50
LONGEST_S = 20.0
"""How long further cases are executed for one cause: all of them take a second or two, but some frameworks compile each."""
_MOST_ELEMENTS = 20_000
"""Larger cases are not varied: small ones tell as much and take less time."""

_VALUES = {
    "size": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17),
    "kernel": (1, 2, 3, 4, 5, 6),
    "stride": (1, 2, 3, 4),
    "dilation": (1, 2, 3, 4),
}
_DRAWN = {1: (13, 6, 5, 4), 2: (8, 4, 4, 3), 3: (6, 3, 3, 3)}
"""Largest size, kernel, stride and dilation that are drawn, per rank."""


def cases(smallest: Case, wrong: Sequence[Case], *, seed: int) -> list[Case]:
    """Return further cases of the op of `smallest`, those around it and around other failing ones first."""
    chosen = [smallest, *_unlike(case for case in wrong if _n_elements(case) <= _MOST_ELEMENTS)][:_N_VARIED]
    turns = zip_longest(*(around(case) for case in dict.fromkeys(chosen)))
    near = islice(dict.fromkeys(case for turn in turns for case in turn if case), _N_AROUND)
    known = {smallest, *wrong}
    found = dict.fromkeys((*near, *_drawn(smallest, seed, _ranks(known))))
    return [case for case in found if case not in known and not is_blind(case)]


def space(smallest: Case, wrong: Sequence[Case], *, seed: int) -> list[Case]:
    """Return cases from which those are chosen that tell explanations apart: around failing ones, of one axis, and drawn."""
    chosen = [smallest, *_unlike(case for case in wrong if _n_elements(case) <= _MOST_ELEMENTS)][:_N_VARIED]
    near = (other for case in dict.fromkeys(chosen) for other in around(case))
    ranks = _ranks({smallest, *wrong})
    drawn = _drawn(smallest, seed + 1, ranks, _N_SPACE)
    found = dict.fromkeys((*_lines(smallest, seed, ranks[0]), *islice(near, _N_SPACE), *drawn))
    return [case for case in found if not is_blind(case) and _n_elements(case) <= _MOST_ELEMENTS]


_N_SPACE = 1_000


def _ranks(failing: Collection[Case]) -> tuple[int, ...]:
    """Return the numbers of axes that are worth drawing, the least first: all, or if no case of one axis fails, those that do."""
    found = {case.rank for case in failing}
    return RANKS if 1 in found else tuple(sorted(found))


def _lines(smallest: Case, seed: int, rank: int) -> Iterator[Case]:
    """Yield cases of `rank` axes, one of which is more than trivial, that are compared and called like `smallest`, in its mode."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    lines = list(product(_SIZES, range(1, 8), range(1, 6), range(1, 5)))
    for n, k, s, d in chance.sample(lines, _N_SPACE):
        which = chance.randrange(rank) if rank > 1 else 0
        axes = {
            name: tuple(value if axis == which else 1 for axis in range(rank))
            for name, value in (("size", n), ("kernel", k), ("stride", s), ("dilation", d))
        }
        yield from _changed(smallest, {**axes, "batch": 1, "channels": (), "groups": 1})


_SIZES = (*range(1, 26), 31, 32, 33, 63, 64, 65, 99, 100, 101, 127, 128, 129, 224, 255, 256, 257)


def _drawn(smallest: Case, seed: int, ranks: Sequence[int], most: int = _N_DRAWN) -> Iterator[Case]:
    """Yield cases that are compared and called like `smallest`, most of them of one of `ranks`; the same seed draws the same."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    n = 0
    while n < most:
        rank = chance.choice(RANKS if n % _ONE_OF_ANY_RANK == 0 else ranks)
        largest = _DRAWN[rank]
        size, kernel, stride, dilation = (tuple(chance.randint(1, most) for _ in range(rank)) for most in largest)
        plain = (1,) * rank
        channels = (chance.choice((2, 3)),) if smallest.op in POOLS else chance.choice(((1, 1), (1, 2), (2, 1), (2, 2)))
        change = {
            "size": size, "kernel": kernel, "stride": chance.choice((stride, plain)), "dilation": chance.choice((dilation, plain)),
            "padding": chance.choice((*MODES, smallest.padding)), "batch": chance.choice((1, 1, 2)), "channels": channels,
            "groups": chance.choice((1, channels[0])) if smallest.op == "conv" and channels == (2, 2) else 1,
        }  # fmt: skip
        n += 1
        yield from _changed(smallest, change)


def around(case: Case) -> Iterator[Case]:
    """Yield cases that differ from `case` in one thing: a number of one axis, an axis, channels, a word."""
    yield from _of_one_axis(case)
    for change in _changes(case):
        try:
            yield replace(case, **change)
        except CaseError:
            continue
    for name, values in _VALUES.items():
        for axis in range(case.rank):
            here = getattr(case, name)
            n = here[axis]
            near = (n - 1, n + 1, n // 2, n + n // 2, 2 * n) if name == "size" else ()  # about a threshold
            for value in dict.fromkeys((*near, *values)):
                if 0 < value != n:
                    yield from _changed(case, {name: (*here[:axis], value, *here[axis + 1 :])})


def _changed(case: Case, change: Mapping[str, Any]) -> Iterator[Case]:
    try:
        yield replace(case, **change, output_size=())
    except CaseError:
        return


def _of_one_axis(case: Case) -> Iterator[Case]:
    """Yield `case` with its axes alone, turned round, and beside another of one element."""
    fields = ("size", "kernel", "stride", "dilation")
    if case.rank > 1:
        for axis in range(case.rank):
            yield from _changed(case, {name: getattr(case, name)[axis : axis + 1] for name in fields})
        yield from _changed(case, {name: getattr(case, name)[::-1] for name in fields})
        yield from _changed(case, {name: (*getattr(case, name)[1:], getattr(case, name)[0]) for name in fields})
    if case.rank < max(RANKS):
        yield from _changed(case, {name: (1, *getattr(case, name)) for name in fields})
        yield from _changed(case, {name: (*getattr(case, name), 1) for name in fields})
        yield from _changed(case, {name: (*getattr(case, name), getattr(case, name)[-1]) for name in fields})


def _changes(case: Case) -> Iterator[dict[str, Any]]:
    """Yield changes of everything but the axes."""
    yield from ({"padding": padding} for padding in MODES if padding != case.padding)
    yield from ({"batch": batch} for batch in (1, 2, 3) if batch != case.batch)
    yield from ({"dtype": dtype} for dtype in DTYPES if dtype != case.dtype)
    yield from ({"compared": compared} for compared in COMPARED if compared != case.compared)
    yield {"calls": 3 - case.calls, "output_size": ()}
    if case.op in POOLS:
        yield from ({"channels": (c,)} for c in (1, 2, 3) if (c,) != case.channels)
        return
    for channels in ((1, 1), (2, 2), (1, 2), (2, 1), (2, 4), (4, 2), (3, 3)):
        yield {"channels": channels, "groups": 1}
    if case.op == "conv":
        for channels, groups in (((2, 2), 2), ((2, 4), 2), ((4, 2), 2), ((4, 4), 2), ((3, 3), 3)):
            yield {"channels": channels, "groups": groups}
    if case.op == "conv_transpose" and case.calls == 1:
        for axis, (n, s) in enumerate(zip(case.size, case.stride, strict=True)):
            for out in transposed_output_sizes(n, s):
                yield {"output_size": (*case.output_size[:axis], out, *case.output_size[axis + 1 :])}


def is_blind(case: Case) -> bool:
    """Tell whether some axis has no window that reads an element: then the whole result is the same, whatever is wrong."""
    return any(packing.class_of(case.op, axis).is_blind for axis in case.axes)


def execute(found: Sequence[Case], run: Callable[[Sequence[Case]], bool], *, at_once: int = AT_ONCE) -> None:
    """Run as many of the cases as there is time for, until `run` says that it is enough."""
    began = time.monotonic()
    for begin in range(0, len(found), at_once):
        if not run(found[begin : begin + at_once]) or time.monotonic() - began > LONGEST_S:
            return


def _n_elements(case: Case) -> int:
    n = 1
    for axis in case.axes:
        n *= max(axis.size, axis.output_size) * axis.kernel
    return n * case.batch * case.channels[0]


def _unlike(wrong: Iterator[Case]) -> list[Case]:
    """Return the first case of every kind, then the second of every kind, and so on."""
    turns: dict[object, int] = {}
    places: list[tuple[int, int, Case]] = []
    for case in wrong:
        kind = (
            case.rank,
            case.compared,
            case.padding,
            case.dtype,
            case.groups > 1,
            case.batch > 1,
            max(case.stride) > 1,
        )
        turns[kind] = turns.get(kind, 0) + 1
        places.append((turns[kind], len(places), case))
    return [case for *_, case in sorted(places, key=lambda place: place[:2])]
