"""Say which examples, channels and kernels are taken for one another, from what each tap was seen to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from same_conformance.case import Case

Sources = dict[int, set[int]]
"""What each is taken from."""


def describe(case: Case, element: np.ndarray, taps: list[tuple[int, ...]]) -> list[str]:
    """Return what is mixed up; empty if nothing is.

    `element` is the number of the input element that each tap reads, negative where it reads none:
    ``(tap, batch, *out, channels)``; a tap is its place in the kernel, channels last.
    """
    examples: Sources = {}
    kernels: Sources = {}
    inputs: Sources = {}
    read_by: dict[tuple[int, int], set[int]] = {}
    for number, tap in enumerate(taps):
        batch, channel = np.nonzero((element[number] >= 0).any(axis=tuple(range(1, case.rank + 1))))
        to_channel, from_channel = served(case, *tap[case.rank :])
        for b, c in zip(batch.tolist(), channel.tolist()):
            here = element[number][b, ..., c]
            of_input = np.unravel_index(here[here >= 0], case.operand_shapes[0])
            examples.setdefault(b, set()).update(of_input[0].tolist())
            kernels.setdefault(c, set()).add(to_channel)
            if c == to_channel or len(set(of_input[-1].tolist())) == 1:
                inputs.setdefault(from_channel, set()).update(of_input[-1].tolist())
                read_by.setdefault((to_channel, from_channel), set()).update(of_input[-1].tolist())
    found = [
        _mixed(examples, "example", "gives every example the result of", "gives each example the result of another"),
        _mixed(
            kernels,
            "output channel",
            "gives all output channels the kernel of",
            "exchanges output channels",
            _blocks(case),
        ),
        _of_other_groups(case, read_by)
        or _mixed(inputs, "input channel", "reads for all input channels", "exchanges input channels", case.groups),
    ]
    return [text for text in found if text]


def _of_other_groups(case: Case, read_by: Mapping[tuple[int, int], set[int]]) -> str:
    """Recognise outputs that read the inputs of another group in turn; `read_by` is by output and the input asked for."""
    if case.groups == 1:
        return ""
    per_group = case.channels[0] // case.groups
    in_turn = {(to, of): {to % case.groups * per_group + of % per_group} for to, of in read_by}
    is_wrong = any({of} != found for (_, of), found in read_by.items())
    return (
        "lets output channel o read the input channels of group o % groups" if is_wrong and read_by == in_turn else ""
    )


def served(case: Case, first: int, second: int) -> tuple[int, int]:
    """Return which output channel one entry of the kernel serves, and which input channel it reads."""
    if case.op == "depthwise_conv":
        return first * case.channels[1] + second, first
    if case.op == "conv_transpose":
        return first, second
    c_in, c_out = case.channels
    group = second // (c_out // case.groups)
    return second, group * (c_in // case.groups) + first


def _blocks(case: Case) -> int:
    return case.channels[0] if case.op == "depthwise_conv" else case.groups


def _mixed(sources: Mapping[int, set[int]], what: str, all_of: str, exchanged: str, n_blocks: int = 1) -> str:
    """Put it into words if some have another source than themselves."""
    if all(of == {i} for i, of in sources.items()):
        return ""
    n = max(sources) + 1
    if any(len(of) > 1 for of in sources.values()):
        most = max(map(len, sources.values()))
        return f"mixes {most} {what}s into one"
    order = [next(iter(sources.get(i, {i}))) for i in range(n)]
    if len(set(order)) == 1 and n > 1:
        place = "the first" if order[0] == 0 else "the last" if order[0] == n - 1 else f"number {order[0]}"
        return f"{all_of} {place}"
    if n_blocks > 1 and n % n_blocks == 0:
        grid = np.arange(n).reshape(n_blocks, -1)
        for words, moved in (
            (f"takes the {n_blocks} groups in reverse order", grid[::-1]),
            (f"interleaves the {n_blocks} groups", grid.T),
            (f"interleaves the {n_blocks} groups", np.arange(n).reshape(-1, n_blocks).T),
            ("takes those of each group in reverse order", grid[:, ::-1]),
            ("gives all groups those of the first", np.repeat(grid[:1], n_blocks, axis=0)),
            ("gives all of a group its first", np.repeat(grid[:, :1], grid.shape[1], axis=1)),
            ("goes round by one", np.roll(np.arange(n), 1)),
        ):
            if order == moved.ravel().tolist():
                return f"{exchanged}: {words}"
    if order == list(reversed(range(n))):
        return f"{exchanged}: takes them in reverse order"
    pairs = ", ".join(f"{i} is {what} {of}" for i, of in enumerate(order) if i != of)
    return f"{exchanged}: {what} {pairs}"
