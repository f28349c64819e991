"""Recognise axes in another order: of a result, by its shape, and of operands that were misread, by the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from same_conformance import operands, spec
from same_conformance.case import POOLS

if TYPE_CHECKING:
    from same_conformance.case import Case

_SPACE = ("", "W", "HW", "DHW")
"""Letters of the spatial axes, by rank."""
_LAST, _FIRST = "channels last", "channels first"


UNFLIPPED = "does not turn the kernel round, as the adjoint of a convolution does"
"""What is said of a transposed convolution that is another operation, though its operands are read as they should be."""
_FLIP = "turn the kernel round along its spatial axes before you convolve the input with gaps"
_FLIPS = {
    "jax": "lax.conv_transpose(..., transpose_kernel=True) does it, and is not the default; before lax.conv_general_dilated: "
    "jnp.flip(kernel, range(len(stride)))"
}
"""How the kernel of a transposed convolution is turned round."""


def convention(framework: str) -> str:
    """Return where a framework's tensors have their channels, in words."""
    return _FIRST if framework == "torch" else _LAST


def input_letters(framework: str, rank: int) -> str:
    """Return the order of the axes of an input, and of a result.

    >>> input_letters("torch", 2), input_letters("jax", 1)
    ('NCHW', 'NWC')
    """
    return f"NC{_SPACE[rank]}" if framework == "torch" else f"N{_SPACE[rank]}C"


def kernel_letters(op: str, framework: str, rank: int) -> str:
    """Return the order of the axes of a kernel of `conv` or `conv_transpose`.

    >>> kernel_letters("conv", "torch", 2), kernel_letters("conv_transpose", "jax", 2)
    ('OIHW', 'HWOI')
    """
    if framework == "torch":
        return ("IO" if op == "conv_transpose" else "OI") + _SPACE[rank]
    return _SPACE[rank] + ("OI" if op == "conv_transpose" else "IO")


def native(shape: tuple[int, ...], framework: str) -> tuple[int, ...]:
    """Return a shape that is channel last as the framework has it."""
    return (shape[0], shape[-1], *shape[1:-1]) if framework == "torch" and len(shape) > 1 else shape


def of_result(case: Case, observed: tuple[int, ...], framework: str) -> str:
    """Say how a result of shape `observed` lies, if that explains why it is not what `case` asks for; else nothing.

    `observed` is channel last, if it were of the framework's layout.
    """
    returned, wanted = native(observed, framework), native(case.output_shape, framework)
    other = case.output_shape if framework == "torch" else native(case.output_shape, "torch")
    here = convention(framework)
    if returned == other != wanted:
        there = _LAST if here == _FIRST else _FIRST
        return f"returned {returned}: that is {there}; framework {framework} expects {here}, {wanted}"
    if returned != wanted and sorted(returned) == sorted(wanted):
        return f"returned {returned}: the axes of {wanted} in another order; framework {framework} expects {here}"
    lacking = [n for n in wanted if n not in returned]
    if (
        len(returned) == len(wanted) - 1
        and len(lacking) == 1
        and [n for n in wanted if n in returned] == list(returned)
    ):
        return f"returned {returned}: an axis of {wanted} is missing"
    return ""


@dataclass(frozen=True)
class _Misreading:
    """Operands taken for what they are not.

    Attributes:
        x: the order that the axes of the input were taken in, as letters; the result has it too.
        kernel: the order that those of the kernel were taken in; empty if there is none.
        is_turned: whether the kernel was turned round, as mathematics defines convolution.

    """

    x: str
    kernel: str
    is_turned: bool


def of_operands(case: Case, observed: np.ndarray, framework: str) -> tuple[str, str]:
    """Say how the operands of `case`, which is a `doctor.cases.cube`, were misread to give `observed`, and what to do.

    Both are empty if that does not explain it.
    """
    x_letters = input_letters(framework, case.rank)
    k_letters = kernel_letters(case.op, framework, case.rank) if case.op in ("conv", "conv_transpose") else ""
    for misreading in _misreadings(case, x_letters, k_letters, framework):
        if np.array_equal(_result(case, misreading, x_letters, k_letters), observed):
            return _in_words(misreading, x_letters, k_letters, framework, case.op)
    if case.op == "depthwise_conv":
        return _depthwise(case, observed, framework)
    return "", ""


def _misreadings(case: Case, x: str, kernel: str, framework: str) -> Iterator[_Misreading]:
    """Yield what can be misread, one thing alone before two together."""
    other = input_letters("jax" if framework == "torch" else "torch", case.rank)
    inputs = [x, other] if case.op not in POOLS else ["".join(order) for order in permutations(x)]
    kernels = ["".join(order) for order in permutations(kernel)] if kernel else [""]
    kernels.sort(key=lambda letters: letters != kernel)
    turns = (False, True) if case.op not in POOLS else (False,)
    found = [_Misreading(i, k, t) for i in inputs for k in kernels for t in turns]
    found.sort(key=lambda m: (m.x != x) + (m.kernel != kernel) + m.is_turned)
    yield from found[1:]


def _arranged(array: np.ndarray, there: str, wanted: str) -> np.ndarray:
    """Move the axes of an array, which are called by the letters `there`, into the order `wanted`."""
    return array.transpose([there.index(letter) for letter in wanted])


def _result(case: Case, misreading: _Misreading, x_letters: str, k_letters: str) -> np.ndarray:
    """Return what would come of it, as if it were of the right layout: channel last."""
    x, *kernels = operands.make(case)
    ours, our_kernel = input_letters("jax", case.rank), kernel_letters(case.op, "jax", case.rank)
    x = _arranged(_arranged(x, ours, x_letters), misreading.x, ours)
    if kernels and k_letters:
        kernels = [_arranged(_arranged(kernels[0], our_kernel, k_letters), misreading.kernel, our_kernel)]
    if kernels and misreading.is_turned:
        kernels = [np.flip(kernels[0], axis=tuple(range(case.rank)))]
    result = spec.execute(case, (x, *kernels))
    return _arranged(_arranged(result, ours, misreading.x), x_letters, ours)


def _in_words(misreading: _Misreading, x: str, kernel: str, framework: str, op: str) -> tuple[str, str]:
    said, steps = [], []
    if misreading.x != x:
        said.append(f"reads the input as {misreading.x}, but framework {framework} hands it over as {x}")
        steps.append(f"tell what you call that the input is {x} ({convention(framework)})")
    if misreading.kernel != kernel:
        said.append(f"reads the kernel as {misreading.kernel}, but framework {framework} hands it over as {kernel}")
        steps.append(
            f"transpose the kernel from {kernel} to {misreading.kernel} before the call, or tell what you call that it is {kernel}"
        )
    if misreading.is_turned and op == "conv_transpose":
        said.append(UNFLIPPED)
        steps.append(_FLIPS.get(framework, _FLIP))
    elif misreading.is_turned:
        said.append("turns the kernel round, as mathematics defines convolution; every framework correlates")
        steps.append("do not flip the kernel")
    return "; ".join(said), "; ".join(steps)


def _depthwise(case: Case, observed: np.ndarray, framework: str) -> tuple[str, str]:
    """Recognise the two ways to mix up the channels of a depthwise convolution with their multiplier."""
    channels, multiplier = case.channels
    x, kernel = operands.make(case)
    right = spec.execute(case, (x, kernel))
    parted = right.reshape(*right.shape[:-1], channels, multiplier)
    by_multiplier = np.swapaxes(parted, -1, -2).reshape(right.shape)
    if np.array_equal(by_multiplier, observed):
        return (
            "returns the outputs of all channels for the first multiplier, then for the second",
            "order the output channels by input channel first: channel * multiplier + number",
        )
    if np.array_equal(spec.execute(case, (x, np.swapaxes(kernel, -1, -2))), observed):
        return (
            "reads the kernel's channels as multipliers, and its multipliers as channels",
            f"look up the depthwise kernel of framework {framework} in the table of docs/plugins.md",
        )
    return "", ""
