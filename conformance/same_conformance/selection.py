"""Select the cases of a run: from the corpus, from real networks, packed, drawn, or given by name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Literal

from same_conformance import corpus, packing, strategies
from same_conformance.case import COMPARED, OPS, RANKS, Case
from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Origin = Literal["corpus", "network", "small", "packed", "drawn", "given"]
Profile = Literal["quick", "standard", "deep"]
PROFILES: dict[Profile, int] = {"quick": 0, "standard": 1_000, "deep": 5_000}
"""How many cases each profile draws; all of them run the corpus, the networks' layers and `small` as well, deep the packed cases too."""

SMALL = {"size": 3, "kernel": 3, "stride": 3, "dilation": 2}
"""Bounds of what is run completely, in one dimension, because an error that shows nowhere else often shows there."""


@dataclass
class Selection:
    """The cases of a run.

    Attributes:
        origins: every case, in canonical order, with where it comes from first.
        n_wanted: how many drawn cases were asked for.
        n_drawn: how many there are.

    """

    origins: dict[Case, Origin] = field(default_factory=dict)
    n_wanted: int = 0
    n_drawn: int = 0


@dataclass(frozen=True)
class Query:
    """What the user asked for.

    Attributes:
        profile: which cases by default.
        n_cases: how many to draw instead of the profile's number.
        seed: of the drawing.
        ops, ranks, compared: only these; empty means all.
        cases: given by the user; then nothing else runs.

    """

    profile: Profile = "standard"
    n_cases: int | None = None
    seed: int = 0
    ops: Sequence[str] = ()
    ranks: Sequence[int] = ()
    compared: Sequence[str] = ()
    cases: Sequence[Case] = ()


def select(query: Query, report: Callable[[int, int], None] = lambda _n, _of: None) -> Selection:
    """Return the cases that `query` asks for; `report` is told how many are drawn, of how many.

    Raises:
        UsageError: if there are none, or a class of cases was drawn too rarely.

    """
    ops, ranks, compared = tuple(query.ops) or OPS, tuple(query.ranks) or RANKS, tuple(query.compared) or COMPARED
    origins: dict[Case, Origin] = {}
    if query.cases:
        origins.update(dict.fromkeys(query.cases, "given"))
        return Selection(_matching(origins, ops, ranks, compared))
    origins.update({entry.case: "corpus" for entry in corpus.read()})
    for layer in corpus.read_networks():
        origins.setdefault(layer.case, "network")
    for case in small():
        origins.setdefault(case, "small")
    if query.profile == "deep" and "forward" in compared:
        for op in ops:
            for case in packing.sweeps(op, seed=query.seed):
                origins.setdefault(case, "packed")
    n = PROFILES[query.profile] if query.n_cases is None else query.n_cases
    selection = Selection(n_wanted=n)
    if n:
        drawn = strategies.draw_distinct(
            n, seed=query.seed, ops=ops, ranks=ranks, compared=compared, report=lambda so_far: report(so_far, n)
        )
        selection.n_drawn = len(drawn.cases)
        for case in drawn.cases:
            origins.setdefault(case, "drawn")
    selection.origins = _matching(origins, ops, ranks, compared)
    return with_lines(selection, query) if ranks == (1,) else selection


def with_lines(selection: Selection, query: Query) -> Selection:
    """Return a selection of the deep profile with every axis case in 1-D as well, which nothing packed covers there.

    Anything else is returned as it is.
    """
    ops, ranks, compared = tuple(query.ops) or OPS, tuple(query.ranks) or RANKS, tuple(query.compared) or COMPARED
    if query.profile != "deep" or query.cases or "forward" not in compared or 1 not in ranks:
        return selection
    origins = dict(selection.origins)
    for op in ops:
        for case in packing.lines(op):
            origins.setdefault(case, "packed")
    return replace(selection, origins=_matching(origins, ops, ranks, compared))


def small() -> Iterator[Case]:
    """Yield every case of one axis within `SMALL`, its other fields at their default."""
    ranges = (range(1, most + 1) for most in SMALL.values())
    for op, (n, k, s, d) in product(OPS, product(*ranges)):
        yield Case(op, (n,), (k,), (s,), (d,))


def _matching(
    origins: dict[Case, Origin], ops: Sequence[str], ranks: Sequence[int], compared: Sequence[str]
) -> dict[Case, Origin]:
    matching = [case for case in origins if case.op in ops and case.rank in ranks and case.compared in compared]
    if not matching:
        raise UsageError(
            f"no case is left with op {', '.join(ops)} and rank {', '.join(map(str, ranks))} that compares "
            f"{', '.join(compared)}: widen --op, --rank or --compared"
        )
    return {case: origins[case] for case in sorted(matching, key=lambda c: c.canonical_key)}
