"""Offer Hypothesis strategies for cases, and draw many distinct ones.

`cases` is for anyone's ``@given``. It builds only valid cases, never filters, and shrinks towards the smallest case:
one axis, every field 1, float32, SAME.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import gcd
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample

from same_conformance import classes
from same_conformance.case import COMPARED, DTYPES, MOST_CALLS, OPS, POOLS, RANKS, Case, default_channels
from same_conformance.errors import CaseError, UsageError
from same_conformance.padding import MODES, transposed_output_sizes


class Bounds(NamedTuple):
    """The largest value of each field that a strategy draws."""

    size: int
    kernel: int
    stride: int
    dilation: int
    batch: int = 3
    channels: int = 4


BOUNDS = {1: Bounds(24, 8, 6, 4), 2: Bounds(12, 5, 4, 3), 3: Bounds(7, 4, 4, 3)}
"""Per rank: wide enough for every parity, residue and order of n, k, s and d, small enough to run fast."""


@st.composite
def cases(  # every field of a case can be bounded, all by keyword
    draw: st.DrawFn,
    *,
    ops: Sequence[str] = OPS,
    ranks: Sequence[int] = RANKS,
    max_size: int | None = None,
    max_kernel: int | None = None,
    max_stride: int | None = None,
    max_dilation: int | None = None,
    max_batch: int | None = None,
    max_channels: int | None = None,
    paddings: Sequence[str] = MODES,
    dtypes: Sequence[str] = DTYPES,
    compared: Sequence[str] = COMPARED,
    max_calls: int = MOST_CALLS,
) -> Case:
    """Generate valid cases.

    Bounds that are not given depend on the rank (`BOUNDS`). Batch and channels above 1 equal no size, so that a
    framework which takes one for the other is found out. A dtype that cannot hold a case exactly is not drawn for it.
    About a quarter compares gradients where forward cases are wanted too, and about a tenth is called twice.

    Raises:
        UsageError: if none of `ops` has anything of `compared`.

    Examples shrink towards ``conv.n1.k1`` or the smallest of the ops given.

    >>> from hypothesis import find, settings
    >>> def is_odd(case):
    ...     return case.axes[0].before != case.axes[0].after
    >>> find(cases(ops=["conv"]), is_odd, settings=settings(database=None)).id
    'conv.n1.k2'

    """
    op = draw(st.sampled_from(_ops_with(ops, compared)))
    rank = draw(st.sampled_from(list(ranks)))
    default = BOUNDS[rank]
    wanted = (max_size, max_kernel, max_stride, max_dilation, max_batch, max_channels)
    bounds = Bounds(*(d if w is None else w for d, w in zip(default, wanted, strict=True)))

    def per_axis(largest: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(1, largest)) for _ in range(rank))

    size, kernel = per_axis(bounds.size), per_axis(bounds.kernel)
    ones = (1,) * rank
    stride = per_axis(bounds.stride) if draw(st.booleans()) else ones
    dilation = per_axis(bounds.dilation) if draw(st.booleans()) else ones
    other_than_size = [v for v in range(1, bounds.batch + 1) if v == 1 or v not in size]
    batch = draw(st.sampled_from(other_than_size))
    channels, groups = _channels(draw, op, bounds.channels, size)
    output_size: tuple[int, ...] = ()
    if op == "conv_transpose" and draw(st.booleans()):
        legal = [transposed_output_sizes(n, s) for n, s in zip(size, stride, strict=True)]
        output_size = tuple(draw(st.sampled_from(lengths[::-1])) for lengths in legal)
    fields: dict[str, Any] = {
        "op": op,
        "size": size,
        "kernel": kernel,
        "stride": stride,
        "dilation": dilation,
        "padding": draw(st.sampled_from([paddings[0], *paddings])),  # twice as much of what everyone has
        "batch": batch,
        "channels": channels,
        "groups": groups,
        "output_size": output_size,
        "compared": draw(st.sampled_from(_weighted(compared_of(op, compared)))),
        "calls": draw(st.sampled_from([1] * 7 + [2])) if max_calls > 1 else 1,
    }
    for instead in ({}, {"calls": 1}, _smallest(op, rank)):  # one call for one output size; then, few terms
        fields.update(instead)
        exact = [case for case in (_case(fields, dtype) for dtype in dtypes) if case]
        if exact:
            break
    return draw(st.sampled_from([exact[0], exact[0], *exact]))


def _smallest(op: str, rank: int) -> dict[str, Any]:
    """Return fields with which every dtype is exact."""
    ones = (1,) * rank
    return {"size": ones, "kernel": ones, "batch": 1, "channels": default_channels(op), "groups": 1, "output_size": ()}


def _case(fields: dict[str, Any], dtype: str) -> Case | None:
    """Return the case with these fields, if it exists in `dtype`."""
    try:
        return Case(**fields, dtype=dtype)
    except CaseError:
        return None


def compared_of(op: str, compared: Sequence[str]) -> list[str]:
    """Return what of `compared` there is for `op`: only ops with a kernel have a gradient by it."""
    return [what for what in compared if op not in POOLS or what != "kernel_gradient"]


def _ops_with(ops: Sequence[str], compared: Sequence[str]) -> list[str]:
    found = [op for op in ops if compared_of(op, compared)]
    if not found:
        raise UsageError(
            f"{', '.join(ops)} has nothing to compare of {', '.join(compared)}: only ops with a kernel have a gradient by it"
        )
    return found


def _weighted(compared: Sequence[str]) -> list[str]:
    """Return `compared` as often as each is to be drawn, so that about a quarter of what Hypothesis generates are gradients.

    It prefers what comes first; and only some ops have a gradient by the kernel, which is drawn more often there.
    """
    weights = {"forward": 5, "input_gradient": 1, "kernel_gradient": 2}
    if "kernel_gradient" not in compared:
        weights["input_gradient"] = 3
    return [what for what in compared for _ in range(weights[what])]


def _channels(draw: st.DrawFn, op: str, largest: int, size: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """Return channels and groups; the input's channels equal no size unless they are the smallest allowed."""
    smallest = default_channels(op)
    allowed = [c for c in range(smallest[0], max(largest, smallest[0]) + 1) if c == smallest[0] or c not in size]
    c_in = draw(st.sampled_from(allowed))
    if op in POOLS:
        return (c_in,), 1
    c_out = draw(st.sampled_from([c for c in range(1, largest + 1) if c == 1 or c not in size]))
    if op != "conv":
        return (c_in, c_out), 1
    common = gcd(c_in, c_out)
    groups = draw(st.sampled_from([g for g in range(1, common + 1) if common % g == 0]))
    return (c_in, c_out), groups


@dataclass(frozen=True)
class Drawn:
    """Distinct cases, with how many there are of each class.

    Attributes:
        cases: in canonical order.
        counts: cases per class.
        n_wanted: how many were asked for; more than there are cases if the space is smaller.

    """

    cases: tuple[Case, ...]
    counts: dict[str, int]
    n_wanted: int


def draw_distinct(
    n: int,
    *,
    seed: int,
    ops: Sequence[str] = OPS,
    ranks: Sequence[int] = RANKS,
    compared: Sequence[str] = COMPARED,
    max_calls: int = MOST_CALLS,
    report: Callable[[int], None] = lambda _: None,
    **bounds: Any,
) -> Drawn:
    """Draw `n` distinct cases with Hypothesis, spread evenly over ops and ranks.

    Each common class of `same_conformance.classes.CLASSES` that exists for the ops and ranks has `n_per_class` cases at least: where
    fewer were drawn, others are drawn in exchange. If the space holds fewer than `n` cases, all that could be found
    are returned. The same arguments and the same Hypothesis give the same cases. `report` is called with the number
    of cases so far, after each; what it raises ends the drawing.

    Raises:
        UsageError: if a class has too few cases all the same, or none of `ops` has anything of `compared`; a class is
            not looked for with other `bounds`, which may leave no case of it.

    """
    strata = [(op, rank) for rank in ranks for op in _ops_with(ops, compared)]
    found: dict[Case, None] = {}
    strategies = {
        (op, rank): cases(ops=[op], ranks=[rank], compared=compared, max_calls=max_calls, **bounds)
        for op, rank in strata
    }
    n_round = 0
    while len(found) < n and strategies:
        missing, n_left = n - len(found), len(strategies)
        for i, stratum in enumerate(list(strategies)):
            quota = min((missing + i) // n_left, n - len(found))
            if not _collect(strategies[stratum], quota, hash_seed(seed, n_round, *stratum), found, report):
                del strategies[stratum]  # Hypothesis finds nothing new here: the space is used up
        n_round += 1
    drawn = sorted(found, key=lambda case: case.canonical_key)[:n]
    if len(drawn) == n:  # else everything there is was taken
        excluded = {*COMPARED} - {*compared} | ({"calls"} if max_calls == 1 else set())
        common = [k for k in classes.common() if k.needs not in excluded]
        wanted = [k for k in common if any(k.exists(*stratum) for stratum in strata)]
        everything = cases(ops=_ops_with(ops, compared), ranks=ranks, compared=compared, max_calls=max_calls, **bounds)
        drawn = _exchanged(drawn, wanted, everything, seed, report)
        if not bounds:
            _check_classes(drawn, wanted)
    return Drawn(tuple(drawn), classes.count(drawn), n)


def n_per_class(n: int) -> int:
    """Return how many of `n` drawn cases are of each class at least: 1 in 50, and 1 from as many cases as classes."""
    return max(n // 50, int(n >= len(classes.common())))


def _exchanged(
    drawn: list[Case],
    wanted: Sequence[classes.CaseClass],
    strategy: st.SearchStrategy[Case],
    seed: int,
    report: Callable[[int], None],
) -> list[Case]:
    """Exchange cases until each class has its minimum, as far as Hypothesis finds such cases; canonical order."""
    n, minimum = len(drawn), n_per_class(len(drawn))
    found = dict.fromkeys(drawn)
    for case_class in wanted:
        n_missing = minimum - sum(map(case_class.contains, found))
        if n_missing > 0:
            part = hash_seed(seed, "exchange", case_class.name)
            _collect(strategy, n_missing, part, found, lambda _: report(n), case_class.contains)
        while len(found) > n:
            del found[_spare(found, wanted, minimum)]
    return sorted(found, key=lambda case: case.canonical_key)


def _spare(drawn: Collection[Case], wanted: Sequence[classes.CaseClass], minimum: int) -> Case:
    """Return a case that no class needs: of an op and rank with many cases, the one that belongs to the fewest classes."""
    needed = [k for k in wanted if sum(map(k.contains, drawn)) <= minimum]
    per_stratum = Counter((case.op, case.rank) for case in drawn)
    spare = [case for case in drawn if not any(k.contains(case) for k in needed)]
    return min(
        spare,
        key=lambda case: (-per_stratum[case.op, case.rank], sum(k.contains(case) for k in wanted), case.canonical_key),
    )


_STALE_ROUNDS = 3
"""Rounds of Hypothesis without a new case after which a space counts as used up."""


def _collect(
    strategy: st.SearchStrategy[Case],
    quota: int,
    seed: int,
    found: dict[Case, None],
    report: Callable[[int], None],
    is_wanted: Callable[[Case], bool] | None = None,
) -> bool:
    """Add up to `quota` cases of `strategy` that are wanted to `found`; return whether all of them could be had."""
    target = len(found) + quota
    stale = n_round = 0
    while len(found) < target and stale < _STALE_ROUNDS:
        before = len(found)

        @hypothesis_seed(seed + n_round)
        @settings(_DRAWING, max_examples=max(target - before, 100 if is_wanted else 20))
        @given(strategy)
        def collect(case: Case) -> None:
            if len(found) < target and (is_wanted is None or is_wanted(case)):
                found.setdefault(case)
            report(len(found))

        collect()
        n_round += 1
        stale = stale + 1 if len(found) == before else 0
    return len(found) >= target


_DRAWING = settings(
    database=None,
    deadline=None,
    derandomize=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def hash_seed(*parts: object) -> int:
    """Return one integer for a seed and the place it is used at, the same in every process."""
    import zlib

    return zlib.crc32(repr(parts).encode()) << 8


def _check_classes(drawn: Sequence[Case], wanted: Sequence[classes.CaseClass]) -> None:
    n, minimum = len(drawn), n_per_class(len(drawn))
    counts = classes.count(drawn)
    for case_class in wanted:
        if counts[case_class.name] < minimum:
            raise UsageError(
                f"only {counts[case_class.name]} of {n} drawn cases are of the class '{case_class.name}', "
                f"but {minimum} are needed and no more were found; use another --seed or a larger --cases"
            )


def shrink(case: Case, fails: Callable[[Case], bool | None], *, seed: int, n_examples: int = 200) -> Case:
    """Return the smallest case that Hypothesis finds for which `fails` holds, or `case` itself.

    It looks among cases of the same op with no more axes and no field above the largest of `case`; padding, dtype and
    what is compared are kept or simpler. `fails` returns None to end the search, and may contradict itself.
    """
    import random

    smallest = case
    ended = False

    def remember(candidate: Case) -> bool:
        nonlocal smallest, ended
        failed = None if ended else fails(candidate)
        ended = failed is None
        if failed:
            smallest = min(smallest, candidate, key=lambda c: c.canonical_key)
        return bool(failed)

    plainer = [
        replace(case, compared=w, calls=n)
        for w in dict.fromkeys((COMPARED[0], case.compared))
        for n in range(1, case.calls + 1)
    ]
    model = next((c for c in plainer if c != case and remember(c)), case)  # it is too rare a thing to be drawn
    bounds: dict[str, Any] = {
        "ops": [case.op],
        "max_size": min(max(case.size), _SHRUNK_SIZE),
        "max_kernel": min(max(case.kernel), _SHRUNK_KERNEL),
        "max_stride": max(case.stride),
        "max_dilation": max(case.dilation),
        "max_batch": min(case.batch, _SHRUNK_KERNEL),
        "max_channels": min(max(case.channels), _SHRUNK_KERNEL),
        "paddings": MODES[: MODES.index(case.padding) + 1],
        "dtypes": tuple(dict.fromkeys((DTYPES[0], case.dtype))),
        "compared": [model.compared],
        "max_calls": 1,
    }
    shrinking = settings(
        database=None,
        deadline=None,
        max_examples=n_examples // case.rank,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    for rank in range(1, case.rank + 1):  # Hypothesis rarely finds its way from three axes to one
        smaller = cases(ranks=[rank], **bounds)
        if model.calls > 1:
            smaller = smaller.map(_called_twice)
        with contextlib.suppress(NoSuchExample, Flaky):
            find(smaller, remember, settings=shrinking, random=random.Random(seed))  # noqa: S311  # no secret
            break
    return smallest


def _called_twice(case: Case) -> Case:
    """Return `case` with two calls, if there is such a case."""
    try:
        return replace(case, calls=2, output_size=())
    except CaseError:
        return case


_SHRUNK_SIZE, _SHRUNK_KERNEL = 64, 8
"""Beyond these a smaller case is looked for among cases of up to this size: it is quick, and rarely misses."""
