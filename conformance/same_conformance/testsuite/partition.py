"""Part cases into the groups that are one test each: by op, and by the class that tells most about a case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from same_conformance import classes
from same_conformance.case import OPS, Case

PARTITION = (
    ("called_twice", "called twice"),
    ("kernel_gradient", "kernel gradient"),
    ("input_gradient", "input gradient"),
    ("bfloat16", "bfloat16"),
    ("float16", "float16"),
    ("float64", "float64"),
    ("same_lower", "SAME_LOWER"),
    ("padding_only_window", "window of padding only"),
    ("shorter_output", "shorter output"),
    ("groups", "groups > 1"),
    ("dilation_and_stride", "dilation with stride"),
    ("dilation", "dilation > 1"),
    ("stride_over_kernel", "stride > kernel"),
    ("stride_divides_size", "stride divides size"),
    ("remainder_1", "remainder 1"),
    ("remainder_above_1", "remainder > 1"),
    ("kernel_over_input", "effective kernel > input"),
    ("even_kernel", "even kernel"),
    ("odd_kernel", "odd kernel"),
    ("no_padding", "no padding"),
)
"""The words of test ids with the classes of cases they stand for, the rarest and most telling first.

A case belongs to the first class that contains it, so an id says what the others before it do not have: what is
compared, dtype and mode come first, because an implementation offers them or not; then what is wrong most often.
Every case belongs to one: either a stride exceeds 1, or a kernel does, or nothing is padded.
"""

EXPECTATIONS = "expectations"
"""The name of the group that has no op and no cases of its own: whether each expectation matches a case."""

_CLASS = {k.name: k for k in classes.CLASSES}


@dataclass(frozen=True)
class Group:
    """The cases of one test.

    Attributes:
        op: of all of them; empty for `EXPECTATIONS`.
        name: a word of `PARTITION`, ``drawn``, ``packed``, or `EXPECTATIONS`.
        cases: in canonical order; empty if they are made when the test runs.

    """

    op: str
    name: str
    cases: tuple[Case, ...]

    @property
    def id(self) -> str:
        """Return what stands in the brackets of the test's name, such as ``conv-even_kernel``."""
        return f"{self.op}-{self.name}" if self.op else self.name


def name_of(case: Case) -> str:
    """Return the word for the class that tells most about `case`.

    >>> from same_conformance.case import parse
    >>> [name_of(parse(text)) for text in ("conv.n5.k2", "conv.n5.k2.s2", "conv.n5.k2.s2.d2")]
    ['even_kernel', 'remainder_1', 'dilation_and_stride']
    """
    return next(word for word, name in PARTITION if _CLASS[name].contains(case))


def part(cases: Iterable[Case]) -> list[Group]:
    """Return `cases`, which are in canonical order, in groups; these are in the order of ops, then of `PARTITION`."""
    found: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        found.setdefault((case.op, name_of(case)), []).append(case)
    words = [word for word, _ in PARTITION]
    return [Group(op, word, tuple(found[op, word])) for op in OPS for word in words if (op, word) in found]
