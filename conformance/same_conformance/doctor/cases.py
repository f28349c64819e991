"""Choose the cases that tell most about an implementation: about two dozen for each op."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from same_conformance.case import COMPARED, POOLS, RANKS, Case

if TYPE_CHECKING:
    from same_conformance.implementation import Description

_MAIN_RANKS = (2, 1, 3)
"""The rank that most is tried in: the first of these that is claimed."""


def plain(op: str, rank: int) -> Case:
    """Return a case without stride or dilation in which no two axes of the operands and the result have one length."""
    return _case(op, (7, 5, 6)[:rank], (3, 2, 1)[:rank], batch=2, channels=(3, 4))


def cube(op: str, rank: int) -> Case:
    """Return a case in which every axis has length 3, so that every order of the axes can be read without an error."""
    return _case(op, (3,) * rank, (3,) * rank, batch=3, channels=(3, 3))


def _case(
    op: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...] = (),
    dilation: tuple[int, ...] = (),
    *,
    batch: int = 1,
    channels: tuple[int, int] = (2, 3),
) -> Case:
    return Case(op, size, kernel, stride, dilation, batch=batch, channels=channels[-1:] if op in POOLS else channels)


def chosen(op: str, claims: Description) -> list[Case]:
    """Return the cases of `op` that are among what is claimed, the plainest first.

    In every rank that is claimed there are, for every mode, a total padding that is odd, which tells the modes apart, and a
    stride above the kernel whose total would be negative, were it not clamped.
    """
    ranks = sorted(claims.ranks, key=_MAIN_RANKS.index)
    cases = list(_of_main_rank(op, ranks[0])) + [case for rank in ranks[1:] for case in _of_other_rank(op, rank)]
    dtype = "float32" if "float32" in claims.dtypes else claims.dtypes[0]
    found = []
    for case in cases:
        here = case if case.padding in claims.paddings else replace(case, padding=claims.paddings[0])
        found.append(here if here.dtype in claims.dtypes else replace(here, dtype=dtype))
    return list(dict.fromkeys(found))


def _of_main_rank(op: str, rank: int) -> Iterator[Case]:
    def of(
        size: tuple[int, int, int],
        kernel: tuple[int, int, int],
        stride: tuple[int, int, int] = (1, 1, 1),
        dilation: tuple[int, int, int] = (1, 1, 1),
    ) -> Case:
        return _case(op, size[:rank], kernel[:rank], stride[:rank], dilation[:rank])

    first = plain(op, rank)
    even = of((8, 6, 4), (3, 3, 3), (2, 2, 2))
    yield from (first, cube(op, rank))
    yield of((5, 6, 4), (4, 2, 2))
    yield even
    yield of((9, 7, 6), (1, 2, 1), (3, 4, 2))
    yield of((7, 6, 5), (3, 3, 2), dilation=(2, 2, 2))
    yield of((8, 6, 5), (2, 4, 2), dilation=(3, 2, 3))
    yield of((2, 3, 2), (5, 4, 3))
    yield replace(of((8, 6, 4), (3, 4, 3), (2, 1, 2)), padding="same_lower")
    yield replace(even, calls=2)
    if op == "conv":
        yield replace(even, channels=(4, 6), groups=2)
    if op == "conv_transpose":
        yield replace(even, output_size=tuple(2 * n - 1 for n in even.size))
    yield from (replace(first, dtype=dtype) for dtype in ("float64", "float16", "bfloat16"))
    yield from (replace(even, compared=compared) for compared in COMPARED[1 : 2 if op in POOLS else 3])


def _of_other_rank(op: str, rank: int) -> Iterator[Case]:
    odd = _case(op, (6, 4, 5)[:rank], (3, 2, 3)[:rank], (2,) * rank)
    yield plain(op, rank)
    yield odd
    yield replace(odd, padding="same_lower")
    yield _case(op, (6, 8, 4)[:rank], (1, 2, 1)[:rank], (3, 5, 3)[:rank])


def unclaimed(op: str, claims: Description) -> list[Case]:
    """Return plain cases of what is not claimed: ranks, then paddings, in the claimed dtype."""
    rank = min(claims.ranks, key=_MAIN_RANKS.index)
    dtype = claims.dtypes[0]
    cases = [plain(op, other) for other in RANKS if other not in claims.ranks]
    cases = [replace(case, padding=claims.paddings[0]) for case in cases]
    lacking = [mode for mode in ("same", "same_lower") if mode not in claims.paddings]
    return [replace(case, dtype=dtype) for case in (*cases, *(replace(plain(op, rank), padding=m) for m in lacking))]


def smallest(cases: Iterable[Case]) -> Case:
    """Return the first in canonical order."""
    return min(cases, key=lambda case: case.canonical_key)
