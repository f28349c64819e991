"""Say which window reads what: per axis, per output element and tap, the input element, or None for padding.

For a transposed convolution the list of an output element has, tap by tap, the input element that reaches it through
this tap, or None if none does. So one form serves both: an output element is the sum over the taps that are not None.
Several axes combine as a product; where an implementation lets them depend on one another, there are no windows to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from same_conformance import plan as plans
from same_conformance import rules
from same_conformance.case import POOLS
from same_conformance.diagnosis import probing, reading
from same_conformance.mutants import RULES
from same_conformance.plan import PADDED

if TYPE_CHECKING:
    import numpy as np

    from same_conformance.case import Case
    from same_conformance.diagnosis.probing import Execute, Reading
    from same_conformance.judge import Verdict
    from same_conformance.plan import Plan

WITHOUT_ARRAY = ("crash", "timeout", "error", "unsupported")
"""Verdicts of outcomes that show nothing; to probe them may cost a process."""

Taps = tuple[int | None, ...]
Windows = tuple[tuple[Taps, ...], ...]
"""``windows[axis][output element][tap]``."""


def of_same(case: Case) -> Windows:
    """Return the windows that SAME asks for.

    >>> from same_conformance.case import parse
    >>> of_same(parse("conv.n4.k3.s2"))
    (((0, 1, 2), (2, 3, None)),)
    >>> of_same(parse("conv_transpose.n2.k3.s2"))
    (((0, None, None), (None, 0, None), (1, None, 0), (None, 1, None)),)
    """
    found = of_plan(case, plans.same(case))
    assert found is not None, "SAME reaches every output element once per tap"
    return found


def of_plan(case: Case, plan: Plan) -> Windows | None:
    """Return the windows of `plan`; None if several elements reach an output element through one tap."""
    if case.op != "conv_transpose":
        return tuple(_taps(reads) for reads in plan.maps)
    axes = []
    for reads, out in zip(plan.maps, plan.out, strict=True):
        reached: list[list[int | None]] = [[None] * reads.shape[1] for _ in range(out)]
        for i, positions in enumerate(reads.tolist()):
            for tap, position in enumerate(positions):
                if 0 <= position < out:
                    if reached[position][tap] is not None:
                        return None
                    reached[position][tap] = i
        axes.append(tuple(map(tuple, reached)))
    return tuple(axes)


def of_rule(case: Case, rule: str, verdict: Verdict) -> Windows | None:
    """Return what the wrong rule of this name reads; None if it says nothing of it, or something else than was observed."""
    wrong = RULES[rule]
    if wrong.plan is None or case.op not in wrong.ops or verdict not in rules.predict(wrong, case):
        return None
    plan = wrong.plan(case)
    return None if plan is None or min(plan.out) < 1 else of_plan(case, plan)


def find(case: Case, verdict: Verdict, rule: str, execute: Execute, most: int = probing.MOST_PROBES) -> Windows | None:
    """Return what an implementation reads: as its `rule` says, if one is known, else as at most `most` probes show."""
    found = of_rule(case, rule, verdict) if rule else None
    if found or verdict in WITHOUT_ARRAY or probing.n_probes(case) > most:
        return found
    return probed(case, execute)


def probed(case: Case, execute: Execute) -> Windows | None:
    """Return what an implementation is seen to read, by probing it, or None if it cannot be seen.

    Only forward results can be probed. A gradient has the windows of its forward result, if it is these that are wrong;
    if they are right, its own are not known.
    """
    if case.calls > 1:
        return None  # a probe is a first call
    seen = probing.read(case.forward, execute)
    found = of_reading(case, seen) if seen else None
    return None if case.compared != "forward" and found == of_same(case) else found


def of_reading(case: Case, seen: Reading) -> Windows | None:
    """Return the windows of a reading; None if one axis depends on another, or what one reads is no plain element.

    Pooling does not tell its taps apart, so the one of several explanations that is nearest to SAME orders them.
    """
    if seen.maps:
        return None if any((reads == reading.OTHER).any() for reads in seen.maps) else tuple(map(_taps, seen.maps))
    if seen.separable and case.op in POOLS and not seen.axes:  # no window was seen to read anything
        return tuple(((None,) * k,) * out for k, out in zip(case.kernel, seen.out, strict=True))
    if not seen.separable or len(seen.axes) < case.rank or not all(seen.axes):
        return None
    if any(found[0].kernel != axis.kernel for found, axis in zip(seen.axes, case.axes, strict=True)):
        return None  # a window of another size has no place for its taps
    return tuple(
        _taps(reading.reads_of_pool(reading.nearest(found, axis), axis))
        for axis, found in zip(case.axes, seen.axes, strict=True)
    )


def _taps(reads: np.ndarray) -> tuple[Taps, ...]:
    rows: Sequence[Sequence[int]] = reads.tolist()
    return tuple(tuple(None if element == PADDED else element for element in row) for row in rows)
