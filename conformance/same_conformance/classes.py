"""Name the classes of cases that matter: where wrong implementations are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from same_conformance.case import DTYPES, OPS, POOLS, RANKS, Case, default_channels
from same_conformance.padding import SAME_LOWER


@dataclass(frozen=True)
class CaseClass:
    """A set of cases with a name.

    Attributes:
        name: for tables.
        contains: tells whether a case belongs.
        exists: tells whether cases of this op and rank can belong at all.
        is_common: whether enough cases of any drawing must belong.
        needs: one of `same_conformance.case.COMPARED`, or ``calls``: what must be drawn for a case to belong.

    """

    name: str
    contains: Callable[[Case], bool]
    exists: Callable[[str, int], bool] = lambda op, rank: True  # noqa: ARG005  # most classes exist everywhere
    is_common: bool = False
    needs: str = ""


def _remainders(case: Case) -> list[int]:
    """Return, for every axis that strides, what the stride leaves of the longer of input and output."""
    long = case.output_size or case.size
    return [n % s for n, s in zip(long, case.stride, strict=True) if s > 1]


def _totals(case: Case) -> list[int]:
    return [a.before + a.after for a in case.axes]


def _of_rank(rank: int) -> CaseClass:
    return CaseClass(f"{rank}-D", lambda c: c.rank == rank, lambda _, r: r == rank)


def _of_dtype(dtype: str) -> CaseClass:
    return CaseClass(dtype, lambda c: c.dtype == dtype)


CLASSES = (
    *map(_of_rank, RANKS),
    CaseClass("size 1", lambda c: 1 in c.size, is_common=True),
    CaseClass("size ≥ 128", lambda c: max(c.size) >= 128),
    CaseClass("size > 256", lambda c: max(c.size) > 256),
    CaseClass("odd kernel", lambda c: any(k % 2 == 1 and k > 1 for k in c.kernel)),
    CaseClass("even kernel", lambda c: any(k % 2 == 0 for k in c.kernel), is_common=True),
    CaseClass("kernel > input", lambda c: any(a.kernel > a.size for a in c.axes)),
    CaseClass("effective kernel > input", lambda c: any(a.effective_kernel > a.size for a in c.axes), is_common=True),
    CaseClass("stride > 1", lambda c: max(c.stride) > 1),
    CaseClass("stride > kernel", lambda c: any(a.stride > a.kernel for a in c.axes), is_common=True),
    CaseClass("stride > effective kernel", lambda c: any(a.stride > a.effective_kernel for a in c.axes)),
    CaseClass("stride divides size", lambda c: 0 in _remainders(c)),
    CaseClass("remainder 1", lambda c: 1 in _remainders(c)),
    CaseClass("remainder > 1", lambda c: any(r > 1 for r in _remainders(c))),
    CaseClass("no padding", lambda c: max(_totals(c)) == 0),
    CaseClass("odd total padding", lambda c: any(t % 2 for t in _totals(c)), is_common=True),
    CaseClass("even total padding", lambda c: any(t > 0 and t % 2 == 0 for t in _totals(c))),
    CaseClass("total padding ≥ 4", lambda c: max(_totals(c)) >= 4),
    CaseClass("total padding ≥ 16", lambda c: max(_totals(c)) >= 16),
    CaseClass("dilation > 1", lambda c: any(a.dilation > 1 and a.kernel > 1 for a in c.axes)),
    CaseClass(
        "dilation with stride",
        lambda c: any(a.stride > 1 and a.dilation > 1 and a.kernel > 1 for a in c.axes),
        is_common=True,
    ),
    CaseClass("window of padding only", lambda c: c.has_padding_only_window, lambda op, _: op != "conv_transpose"),
    CaseClass("unequal axes", lambda c: len({a[:4] for a in c.axes}) > 1, lambda _, rank: rank > 1, is_common=True),
    CaseClass("SAME_LOWER", lambda c: c.padding == SAME_LOWER),
    CaseClass(
        "shorter output",
        lambda c: any(o < n * s for o, n, s in zip(c.output_size, c.size, c.stride, strict=False)),
        lambda op, _: op == "conv_transpose",
    ),
    CaseClass("batch > 1", lambda c: c.batch > 1, is_common=True),
    CaseClass("channels > 1", lambda c: c.channels[0] > default_channels(c.op)[0], is_common=True),
    CaseClass("groups > 1", lambda c: c.groups > 1, lambda op, _: op == "conv"),
    *map(_of_dtype, DTYPES),
    CaseClass("input gradient", lambda c: c.compared == "input_gradient", is_common=True, needs="input_gradient"),
    CaseClass(
        "kernel gradient",
        lambda c: c.compared == "kernel_gradient",
        lambda op, _: op not in POOLS,
        is_common=True,
        needs="kernel_gradient",
    ),
    CaseClass("called twice", lambda c: c.calls > 1, is_common=True, needs="calls"),
)


def common() -> tuple[CaseClass, ...]:
    """Return the classes that every drawing must have."""
    return tuple(k for k in CLASSES if k.is_common)


def classes_of(case: Case) -> list[str]:
    """Return the names of the classes that `case` belongs to."""
    return [k.name for k in CLASSES if k.contains(case)]


def count(cases: Iterable[Case]) -> dict[str, int]:
    """Return how many of `cases` belong to each class."""
    counts = dict.fromkeys((k.name for k in CLASSES), 0)
    for case in cases:
        for name in classes_of(case):
            counts[name] += 1
    return counts


def coverage(cases: Iterable[Case]) -> dict[str, dict[str, int]]:
    """Return how many of `cases` belong to each class, by op; ops that no case of the class can have are left out."""
    counts = {k.name: {op: 0 for op in OPS if any(k.exists(op, rank) for rank in RANKS)} for k in CLASSES}
    for case in cases:
        for name in classes_of(case):
            counts[name][case.op] += 1
    return counts
