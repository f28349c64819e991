"""Select the cases of a run: from the corpus, from real networks, packed, drawn, or given by name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Literal

from same_conformance import corpus, packing, strategies
from same_conformance.case import COMPARED, OPS, RANKS, Case
from same_conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Origin = Literal["corpus", "network", "small", "packed", "drawn", "given", "required"]
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
        cases: given by the user; then no profile runs.
        required: those of requirement sets.
        is_without_profile: whether only `required` and `cases` run.
        also: run beside those of the profile, because expectations name them.

    """

    profile: Profile = "standard"
    n_cases: int | None = None
    seed: int = 0
    ops: Sequence[str] = ()
    ranks: Sequence[int] = ()
    compared: Sequence[str] = ()
    cases: Sequence[Case] = ()
    required: Sequence[Case] = ()
    is_without_profile: bool = False
    also: Sequence[Case] = ()

    @property
    def narrowed(self) -> list[str]:
        """Return the options that leave out a part of the profile."""
        fewer = self.n_cases is not None and self.n_cases < PROFILES[self.profile]
        given = {
            "--case": self.cases,
            "--cases": fewer,
            "--op": self.ops,
            "--rank": self.ranks,
            "--compared": self.compared,
            "--require": self.is_without_profile,
        }
        return [option for option, value in given.items() if value]

    def matching(self, cases: Iterable[Case]) -> list[Case]:
        """Return those of `cases` that are of the ops and ranks and compare what is wanted."""
        return [
            case
            for case in cases
            if case.op in (self.ops or OPS)
            and case.rank in (self.ranks or RANKS)
            and case.compared in (self.compared or COMPARED)
        ]


def select(query: Query, report: Callable[[int, int], None] = lambda _n, _of: None) -> Selection:
    """Return the cases that `query` asks for; `report` is told how many are drawn, of how many.

    Raises:
        UsageError: if there are none, or a class of cases was drawn too rarely.

    """
    ops, ranks, compared = tuple(query.ops) or OPS, tuple(query.ranks) or RANKS, tuple(query.compared) or COMPARED
    if query.cases or query.is_without_profile:
        given: dict[Case, Origin] = {**dict.fromkeys(query.required, "required"), **dict.fromkeys(query.cases, "given")}
        return Selection(_matching(given, ops, ranks, compared))
    n = PROFILES[query.profile] if query.n_cases is None else query.n_cases
    selection = Selection(n_wanted=n)
    drawn: Sequence[Case] = ()
    if n:
        drawn = strategies.draw_distinct(
            n, seed=query.seed, ops=ops, ranks=ranks, compared=compared, report=lambda so_far: report(so_far, n)
        ).cases
        selection.n_drawn = len(drawn)
    origins: dict[Case, Origin] = {}
    for case, origin in _fixed(query, ops, compared):
        origins.setdefault(case, origin)
    others: list[tuple[Sequence[Case], Origin]] = [
        (drawn, "drawn"),
        (query.required, "required"),
        (query.also, "given"),
    ]
    for cases, origin in others:
        for case in cases:
            origins.setdefault(case, origin)
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


def _fixed(query: Query, ops: Sequence[str], compared: Sequence[str]) -> Iterator[tuple[Case, Origin]]:
    """Yield the cases that every run of a profile has, each with where it comes from."""
    for entry in corpus.read():
        yield entry.case, "corpus"
    for layer in corpus.read_networks():
        yield layer.case, "network"
    for case in small():
        yield case, "small"
    if query.profile == "deep" and "forward" in compared:
        for op in ops:
            for case in packing.sweeps(op, seed=query.seed):
                yield case, "packed"


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
