"""Find the earlier call that makes a right implementation wrong, and so what it keeps without asking."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from same_conformance.case import DTYPES, POOLS, Case
from same_conformance.errors import CaseError
from same_conformance.padding import MODES

Fails = Callable[[Case], bool]
"""Executes a case in the process at hand and tells whether it fails."""
LONGEST_S = 40.0
"""How long single cases are tried: each takes a process, and frameworks take seconds to start."""
Anew = Callable[[], None]
"""Sees to it that what is executed next is executed in a new process."""


def find(case: Case, fails: Fails, anew: Anew) -> Case | None:
    """Return one case after which `case`, which passes in a new process, fails; None if none of a few does.

    They differ from it in one thing each, so that the one that is found says what is mixed up.
    """
    candidates = [earlier for earlier in dict.fromkeys(_unlike(case)) if earlier != case]
    anew()
    for earlier in candidates:
        fails(earlier)
    if not fails(case):
        return None
    began = time.monotonic()
    for earlier in candidates:
        anew()
        fails(earlier)
        if fails(case):
            return earlier
        if time.monotonic() - began > LONGEST_S:
            break
    return None


def differing(case: Case, earlier: Case) -> str:
    """Say in which fields two cases differ.

    >>> from same_conformance.case import parse
    >>> differing(parse("conv.n5.k3.s2"), parse("conv.n6.k3.s2"))
    'size'
    >>> differing(parse("conv.n5-4.k3-3.s2-2"), parse("conv.n6-4.k3-3.s2-2"))
    'size of axis 0'
    """
    fields = (
        "op",
        "size",
        "kernel",
        "stride",
        "dilation",
        "padding",
        "batch",
        "channels",
        "groups",
        "dtype",
        "compared",
    )
    unlike = [name for name in fields if getattr(case, name) != getattr(earlier, name)]
    if unlike == ["size"]:
        axes = [i for i, (n, other) in enumerate(zip(case.size, earlier.size, strict=True)) if n != other]
        if len(axes) < case.rank:
            return f"size of axis {axes[0]}" if len(axes) == 1 else f"size of axes {' and '.join(map(str, axes))}"
    return " and ".join(unlike)


def _unlike(case: Case) -> Iterator[Case]:
    """Yield cases that differ from `case` in one thing, the likeliest to be forgotten first."""
    for change in _changes(case):
        try:
            yield replace(case, **change, output_size=(), calls=1)
        except CaseError:
            continue


def _changes(case: Case) -> Iterator[dict[str, Any]]:
    yield {"size": tuple(axis.other_size(case.padding) for axis in case.axes)}
    yield {"size": tuple(n + 1 for n in case.size)}
    yield {"size": tuple(max(n - 1, 1) for n in case.size)}
    if case.rank > 1:  # some of the sizes are asked about, not all
        for i, axis in enumerate(case.axes):
            for size in (axis.other_size(case.padding), axis.size + 1):
                yield {"size": (*case.size[:i], size, *case.size[i + 1 :])}
    for name in ("stride", "dilation", "kernel"):
        yield {name: tuple(v + 1 for v in getattr(case, name))}
        yield {name: tuple(max(v - 1, 1) for v in getattr(case, name))}
    yield from ({"padding": padding} for padding in MODES if padding != case.padding)
    yield {"batch": case.batch + 1}
    yield {"channels": tuple(c + 1 for c in case.channels)}
    yield from ({"dtype": dtype} for dtype in DTYPES[1:] if dtype != case.dtype)
    if case.op in POOLS:
        yield {"op": POOLS[1 - POOLS.index(case.op)]}
