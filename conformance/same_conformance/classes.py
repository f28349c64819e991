"""Name the classes of cases that matter: where wrong implementations are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from same_conformance.case import POOLS, Case, default_channels


@dataclass(frozen=True)
class CaseClass:
    """A set of cases with a name.

    Attributes:
        name: for tables.
        contains: tells whether a case belongs.
        exists: tells whether cases of this op and rank can belong at all.
        needs: one of `same_conformance.case.COMPARED`, or ``calls``: what must be drawn for a case to belong.

    """

    name: str
    contains: Callable[[Case], bool]
    exists: Callable[[str, int], bool] = lambda op, rank: True  # noqa: ARG005  # most classes exist everywhere
    needs: str = ""


CLASSES = (
    CaseClass("even kernel", lambda c: any(k % 2 == 0 for k in c.kernel)),
    CaseClass("stride > kernel", lambda c: any(a.stride > a.kernel for a in c.axes)),
    CaseClass("effective kernel > input", lambda c: any(a.effective_kernel > a.size for a in c.axes)),
    CaseClass("size 1", lambda c: 1 in c.size),
    CaseClass("odd total padding", lambda c: any((a.before + a.after) % 2 for a in c.axes)),
    CaseClass("dilation with stride", lambda c: any(a.stride > 1 and a.dilation > 1 and a.kernel > 1 for a in c.axes)),
    CaseClass(
        "unequal axes",
        lambda c: len({a[:4] for a in c.axes}) > 1,
        lambda op, rank: rank > 1,  # noqa: ARG005
    ),
    CaseClass("batch > 1", lambda c: c.batch > 1),
    CaseClass("channels > 1", lambda c: c.channels[0] > default_channels(c.op)[0]),
    CaseClass("input gradient", lambda c: c.compared == "input_gradient", needs="input_gradient"),
    CaseClass(
        "kernel gradient",
        lambda c: c.compared == "kernel_gradient",
        lambda op, rank: op not in POOLS,  # noqa: ARG005
        needs="kernel_gradient",
    ),
    CaseClass("called twice", lambda c: c.calls > 1, needs="calls"),
)


def count(cases: Iterable[Case]) -> dict[str, int]:
    """Return how many of `cases` belong to each class."""
    counts = dict.fromkeys((k.name for k in CLASSES), 0)
    for case in cases:
        for case_class in CLASSES:
            counts[case_class.name] += case_class.contains(case)
    return counts
