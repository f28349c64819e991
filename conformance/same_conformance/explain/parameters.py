"""Read the parameters of a layer as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from same_conformance import packing
from same_conformance import padding as rule
from same_conformance.axis import Axis
from same_conformance.case import LARGEST_FIELD, OPS, RANKS, Case
from same_conformance.errors import UsageError

_NUMBERS = re.compile(r"[0-9]+(?:\s*[x,]\s*[0-9]+)*", re.IGNORECASE)
_EXAMPLE = "as in 225, 225x225 or 225,225"


@dataclass(frozen=True)
class Parameters:
    """The parameters of one layer, as in `Case`, without what does not concern SAME."""

    op: str
    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str
    axes: tuple[Axis, ...]

    @property
    def is_transposed(self) -> bool:
        """Tell whether the op is a transposed convolution, which crops where the others pad."""
        return self.op == "conv_transpose"

    @property
    def output_size(self) -> tuple[int, ...]:
        """Return the output size per axis."""
        return tuple(a.output_size for a in self.axes)

    def case(self) -> Case:
        """Return the smallest case with these parameters.

        Raises:
            CaseError: if it would be too large to be run.

        """
        return packing.case_of(self.op, self.axes, self.padding)


def read(
    *,
    size: Sequence[str],
    kernel: Sequence[str],
    stride: Sequence[str] = (),
    dilation: Sequence[str] = (),
    output_size: Sequence[str] = (),
    op: str = "conv",
    padding: str = rule.SAME,
) -> Parameters:
    """Return the parameters that these texts stand for; one number stands for all axes.

    Raises:
        UsageError: if they stand for none; says which, what was got and what is allowed.

    >>> read(size=["225x224"], kernel=["3"], stride=["2"]).output_size
    (113, 112)

    """
    if op not in OPS:
        raise UsageError(f"--op {op!r} is not known: use one of {', '.join(OPS)}")
    mode = padding.lower()
    if mode not in rule.MODES:
        raise UsageError(f"--padding {padding!r} is not known: use one of {', '.join(rule.MODES)}")
    given = {"size": size, "kernel": kernel, "stride": stride, "dilation": dilation, "output-size": output_size}
    numbers = {name: _numbers(name, texts) for name, texts in given.items()}
    for name in ("size", "kernel"):
        if not numbers[name]:
            raise UsageError(f"--{name} is missing: give a number, or one per axis, {_EXAMPLE}")
    if numbers["output-size"] and op != "conv_transpose":
        raise UsageError(f"--output-size belongs to --op conv_transpose alone, but the op is {op}")
    rank = max(map(len, numbers.values()))
    if rank not in RANKS:
        raise UsageError(f"{rank} axes are too many: give 1, 2 or 3 numbers, {_EXAMPLE}")
    n, k, s, d = (_spread(name, numbers[name] or (1,), rank) for name in ("size", "kernel", "stride", "dilation"))
    outs = _spread("output-size", numbers["output-size"], rank) if numbers["output-size"] else (None,) * rank
    axes = tuple(_axis(op, mode, *values) for values in zip(n, k, s, d, outs, strict=True))
    return Parameters(op, n, k, s, d, mode, axes)


def _numbers(name: str, texts: Sequence[str]) -> tuple[int, ...]:
    found: list[int] = []
    for text in texts:
        if not _NUMBERS.fullmatch(text.strip()):
            raise UsageError(f"--{name} {text[:40]!r} is no size: give integers from 1 to {LARGEST_FIELD}, {_EXAMPLE}")
        found += [int(part) for part in re.findall("[0-9]+", text[:400])]
    for number in found:
        if not 1 <= number <= LARGEST_FIELD:
            raise UsageError(f"--{name} {str(number)[:40]} is out of range: give integers from 1 to {LARGEST_FIELD}")
    return tuple(found)


def _spread(name: str, numbers: tuple[int, ...], rank: int) -> tuple[int, ...]:
    if len(numbers) not in (1, rank):
        raise UsageError(
            f"--{name} has {len(numbers)} numbers where another option has {rank}: give one, or one per axis, {_EXAMPLE}"
        )
    return numbers * rank if len(numbers) == 1 else numbers


def _axis(op: str, mode: str, n: int, k: int, s: int, d: int, out: int | None) -> Axis:
    if op != "conv_transpose":
        return Axis(n, k, s, d, rule.output_size(n, s), *rule.forward(n, k, s, d, mode))
    try:
        pads = rule.transposed(n, k, s, d, out, mode)
    except ValueError as error:
        raise UsageError(f"--output-size: {error}") from None
    return Axis(n, k, s, d, out or n * s, *pads)
