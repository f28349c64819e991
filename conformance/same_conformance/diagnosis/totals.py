"""List what an implementation may take for the total padding of an axis.

Whoever gets the total wrong splits it all the same and fills the windows with it, so that a wrong total shows twice: in
what is padded before the first element, and in the length of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import TYPE_CHECKING

from same_conformance import padding as rule

if TYPE_CHECKING:
    from same_conformance.case import Axis, Case
    from same_conformance.diagnosis.pieces import Value

OTHER_AXES: dict[str, Callable[[int, int], int]] = {
    "the axis at the other end": lambda axis, rank: rank - 1 - axis,
    "the first axis": lambda _axis, _rank: 0,
    "the last axis": lambda _axis, rank: rank - 1,
    "the next axis": lambda axis, rank: (axis + 1) % rank,
    "the axis before": lambda axis, rank: (axis - 1) % rank,
}

_KERNELS: dict[str, Callable[[Axis], int]] = {
    "ke": lambda a: a.effective_kernel,
    "k": lambda a: a.kernel,
    "k d": lambda a: a.kernel * a.dilation,
    "k + d - 1": lambda a: a.kernel + a.dilation - 1,
    "min(k, n)": lambda a: min(a.kernel, a.size),
}
_COVERED: dict[str, Callable[[Axis], int]] = {
    "(out - 1) s + {} - n": lambda a: (a.output_size - 1) * a.stride - a.size,
    "(n // s - 1) s + {} - n": lambda a: (a.size // a.stride - 1) * a.stride - a.size,
    "(n // s) s + {} - n": lambda a: a.size // a.stride * a.stride - a.size,
    "(n - 1) s + {} - n": lambda a: (a.size - 1) * a.stride - a.size,
    "{} - s": lambda a: -a.stride,
    "{} - 1": lambda _: -1,
    "{} - n % s": lambda a: -(a.size % a.stride),
    "{} - s + n % s": lambda a: a.size % a.stride - a.stride,
    "{} - s + 1": lambda a: 1 - a.stride,
}
_CLAMPS: dict[str, Callable[[int], int]] = {"max({}, 0)": lambda t: max(t, 0), "({})": lambda t: t}


@cache
def made() -> tuple[tuple[str, Callable[[Axis], int]], ...]:
    """Return the totals that can be made of the parts of the rule by getting one or two of them wrong, as formulas."""
    return tuple(_made())


def _made() -> Iterator[tuple[str, Callable[[Axis], int]]]:
    for (clamp, clamped), (covers, covered), (kernel, of_kernel) in product(
        _CLAMPS.items(), _COVERED.items(), _KERNELS.items()
    ):
        yield clamp.format(covers.format(kernel)), _composed(clamped, covered, of_kernel)
    for kernel, of_kernel in _KERNELS.items():
        yield f"(max({kernel} - s, 0) + out s - n)", _clamped_in_part(of_kernel)


def _composed(
    clamp: Callable[[int], int], covered: Callable[[Axis], int], kernel: Callable[[Axis], int]
) -> Callable[[Axis], int]:
    return lambda axis: clamp(covered(axis) + kernel(axis))


def _clamped_in_part(kernel: Callable[[Axis], int]) -> Callable[[Axis], int]:
    """Return a total whose maximum leaves out what the last window lacks: the two may be of opposite signs."""
    return lambda a: max(kernel(a) - a.stride, 0) + a.output_size * a.stride - a.size


@dataclass(frozen=True)
class Exchanged:
    """SAME's total with something else in the place of a parameter: `words` says what, `value` is without the maximum."""

    words: str
    value: Value


@cache
def exchanged(*, transposed: bool) -> tuple[Exchanged, ...]:
    """Return SAME's totals with one parameter of another axis, with two parameters for each other, or with a wrong size."""
    return (
        *_of_other_axes(transposed=transposed),
        *_of_each_other(transposed=transposed),
        *(() if transposed else (*_of_other_dimensions(), *_by_remainder())),
    )


def _of_other_axes(*, transposed: bool) -> Iterator[Exchanged]:
    for (which, name), (words, of) in product(enumerate(_names(transposed=transposed)), OTHER_AXES.items()):
        yield Exchanged(f"with the {name} of {words}", _from_other_axis(which, of, transposed=transposed))


def _of_each_other(*, transposed: bool) -> Iterator[Exchanged]:
    names = _names(transposed=transposed)
    for a, b in combinations(range(1, len(names)), 2):
        yield Exchanged(f"with {names[a]} and {names[b]} exchanged", _from_each_other(a, b, transposed=transposed))


def _of_other_dimensions() -> Iterator[Exchanged]:
    """Yield what follows from sizes that are read from the wrong end of the shape, or begin one too early."""
    for words, dimensions in _DIMENSIONS.items():
        yield Exchanged(f"with sizes that are {words}", _from_dimensions(dimensions))


def _by_remainder() -> Iterator[Exchanged]:
    """Yield the rule as TensorFlow's documentation has it, by whether the stride divides the size, asked of another axis."""
    for words, of in OTHER_AXES.items():
        yield Exchanged(f"by whether the stride divides the size of {words}", _from_remainder(of))


_DIMENSIONS: dict[str, Callable[[Case], tuple[int, ...]]] = {
    "read one place too early (batch first)": lambda case: (case.batch, *case.size),
    "read one place too early (channels first)": lambda case: (case.channels[0], *case.size),
    "read two places too early (batch and channels first)": lambda case: (case.batch, case.channels[0], *case.size),
    "read one place too late (channels last)": lambda case: (*case.size[1:], case.channels[0]),
}


def _names(*, transposed: bool) -> tuple[str, ...]:
    return ("output size" if transposed else "size", "kernel", "stride", "dilation")


def _forward(axis: Axis, *, transposed: bool) -> tuple[int, int, int, int]:
    return (axis.output_size if transposed else axis.size, axis.kernel, axis.stride, axis.dilation)


def _total(parameters: tuple[int, ...], n_windows: int | None = None) -> int:
    n, k, s, d = parameters
    n_windows = -(-n // s) if n_windows is None else n_windows
    return (n_windows - 1) * s + rule.effective_kernel(k, d) - n


def _replaced(values: tuple[int, ...], which: int, value: int) -> tuple[int, ...]:
    return (*values[:which], value, *values[which + 1 :])


def _from_other_axis(which: int, other: Callable[[int, int], int], *, transposed: bool) -> Value:
    def total(case: Case, i: int) -> int:
        mine, theirs = (_forward(case.axes[j], transposed=transposed) for j in (i, other(i, case.rank)))
        return _total(_replaced(mine, which, theirs[which]), case.axes[i].size if transposed else None)

    return total


def _from_each_other(a: int, b: int, *, transposed: bool) -> Value:
    def total(case: Case, i: int) -> int:
        mine = _forward(case.axes[i], transposed=transposed)
        swapped = _replaced(_replaced(mine, a, mine[b]), b, mine[a])
        return _total(swapped, case.axes[i].size if transposed else None)

    return total


def _from_dimensions(dimensions: Callable[[Case], tuple[int, ...]]) -> Value:
    return lambda case, i: _total(_replaced(_forward(case.axes[i], transposed=False), 0, dimensions(case)[i]))


def _from_remainder(other: Callable[[int, int], int]) -> Value:
    def total(case: Case, i: int) -> int:
        mine, theirs = case.axes[i], case.axes[other(i, case.rank)]
        return mine.effective_kernel - (mine.size % mine.stride if theirs.size % theirs.stride else mine.stride)

    return total
