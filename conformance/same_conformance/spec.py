"""Execute a case in NumPy: the reference that decides what is expected.

Everything is computed in float64, where all partial sums of a case are exact integers, so the order of
summation cannot matter. Only average pooling rounds, once, when it divides.

Two routines move data between elements and windows, each the adjoint of the other: `_windows` reads, `_scattered`
adds up where it was read. With them every op and gradient is a line::

                    conv                     conv_transpose
    forward         windows(x) . kernel      scattered(x kernel)
    by the input    scattered(g kernel)      windows(g) . kernel
    by the kernel   windows(x)^T g           windows(g)^T x
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from same_conformance import plan as plans
from same_conformance.plan import PADDED, Plan

if TYPE_CHECKING:
    from same_conformance.case import Case


def execute(case: Case, operands: tuple[np.ndarray, ...], plan: Plan | None = None) -> np.ndarray:
    """Return what `case` must give for `operands`, or what `plan` would give instead of SAME.

    Shapes of the operands: `Case.operand_shapes`; a gradient has the cotangent as its last, whose spatial shape is the
    plan's. The result is float64. Windows that read padding only give 0 (convolution), the fill (max pooling) or NaN
    (average pooling: 0 / 0), and nothing to a gradient.
    """
    plan = plan or plans.same(case)
    if case.op == "max_pool":
        return _max_pool(case, operands, plan)
    if case.op == "avg_pool":
        return _avg_pool(case, operands, plan)
    if case.op == "conv_transpose":
        return _conv_transpose(case, operands, plan)
    if case.op == "conv":
        return _conv(case, operands, plan, case.groups)
    x, kernel, *cotangents = operands
    grouped = kernel.reshape(*kernel.shape[:-2], 1, -1)
    result = _conv(case, (x, grouped, *cotangents), plan, groups=x.shape[-1])
    return result.reshape(kernel.shape) if case.compared == "kernel_gradient" else result


def absolute_terms(case: Case, cotangent: np.ndarray) -> np.ndarray:
    """Return, per input element, the sum of |g / count| in average pooling's gradient, which its rounding is measured by."""
    return _spread_average(case, np.abs(cotangent), plans.same(case))


def _conv(case: Case, operands: tuple[np.ndarray, ...], plan: Plan, groups: int) -> np.ndarray:
    x, kernel, *cotangents = operands
    if case.compared == "forward":
        return _weighed(_windows(x, plan, fill=0.0), kernel, groups)
    (g,) = cotangents
    if case.compared == "input_gradient":
        return _scattered(_spread(g, kernel, groups), plan.maps, case.size)
    return _correlated(_windows(x, plan, fill=0.0), g, groups).reshape(kernel.shape)


def _conv_transpose(case: Case, operands: tuple[np.ndarray, ...], plan: Plan) -> np.ndarray:
    x, kernel, *cotangents = operands
    if case.compared == "forward":
        return _scattered(_spread(x, kernel, 1), plan.maps, plan.out)
    windows = _windows(cotangents[0], plan, fill=0.0)
    if case.compared == "input_gradient":
        return _weighed(windows, kernel, 1)
    return _correlated(windows, x, 1).reshape(kernel.shape)


def _max_pool(case: Case, operands: tuple[np.ndarray, ...], plan: Plan) -> np.ndarray:
    x, *cotangents = operands
    windows = _windows(x, plan, fill=plan.fill)
    if case.compared == "forward":
        return np.asarray(windows.max(axis=-2))
    return _scattered(_routed(windows, cotangents[0]), plan.maps, case.size)


def _avg_pool(case: Case, operands: tuple[np.ndarray, ...], plan: Plan) -> np.ndarray:
    x, *cotangents = operands
    if case.compared == "input_gradient":
        return _spread_average(case, cotangents[0], plan)
    sums = _windows(x, plan, fill=0.0).sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums / plans.outer(plan.divisor)[..., None])


def _windows(x: np.ndarray, plan: Plan, fill: float) -> np.ndarray:
    """Gather every window of `x`: ``(batch, *size, channels)`` to ``(batch, *out, taps, channels)``.

    One cell of `fill` is put at the end of each axis, where the index `PADDED`, which is -1, finds it.
    """
    rank = len(plan.maps)
    gathered = np.pad(x, [(0, 0), *[(0, 1)] * rank, (0, 0)], constant_values=fill)
    for axis, reads in enumerate(plan.maps):  # one axis after the other: memory is read in runs, several times faster
        gathered = np.take(gathered, reads, axis=1 + 2 * axis)
    outs, taps = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
    gathered = gathered.transpose(0, *outs, *taps, 2 * rank + 1)
    n_taps = int(np.prod([reads.shape[1] for reads in plan.maps]))
    return np.asarray(gathered.reshape(*gathered.shape[: 1 + rank], n_taps, x.shape[-1]))


def _scattered(products: np.ndarray, maps: tuple[np.ndarray, ...], size: tuple[int, ...]) -> np.ndarray:
    """Add up ``(batch, *out, taps, channels)`` where the windows read: ``(batch, *size, channels)``.

    One cell at the end of each axis takes what belongs to `PADDED`, and is cut off.
    """
    batch, channels, rank = products.shape[0], products.shape[-1], len(maps)
    padded_size = [n + 1 for n in size]
    flat: np.ndarray = np.zeros((), dtype=np.intp)
    for a, reads in enumerate(maps):
        position = np.where(reads == PADDED, size[a], reads)
        shape = [1] * (2 * rank)
        shape[a], shape[rank + a] = position.shape
        flat = flat * padded_size[a] + position.reshape(shape)
    y = np.zeros((int(np.prod(padded_size)), batch, channels))
    np.add.at(y, flat.reshape(-1), products.reshape(batch, flat.size, channels).transpose(1, 0, 2))
    y = y.transpose(1, 0, 2).reshape(batch, *padded_size, channels)
    return y[(slice(None), *(slice(0, n) for n in size))]


def _weighed(windows: np.ndarray, kernel: np.ndarray, groups: int) -> np.ndarray:
    """Weigh and sum windows: ``(..., taps, in)`` with ``(*kernel, in / groups, out)`` to ``(..., out)``."""
    *lead, n_taps, c_in = windows.shape
    c_out = kernel.shape[-1]
    per_group = _by_group(windows, groups).reshape(groups, -1, n_taps * c_in // groups)
    taps = kernel.reshape(n_taps * c_in // groups, groups, c_out // groups).transpose(1, 0, 2)
    return np.asarray((per_group @ taps).transpose(1, 0, 2).reshape(*lead, c_out))


def _spread(y: np.ndarray, kernel: np.ndarray, groups: int) -> np.ndarray:
    """Give every tap its share of `y`: ``(..., out)`` with ``(*kernel, in / groups, out)`` to ``(..., taps, in)``."""
    *lead, c_out = y.shape
    c_in = kernel.shape[-2] * groups
    taps = kernel.reshape(-1, groups, c_out // groups).transpose(1, 2, 0)
    products = y.reshape(-1, groups, c_out // groups).transpose(1, 0, 2) @ taps
    by_position = products.reshape(groups, products.shape[1], -1, c_in // groups).transpose(1, 2, 0, 3)
    return np.asarray(by_position.reshape(*lead, -1, c_in))


def _correlated(windows: np.ndarray, y: np.ndarray, groups: int) -> np.ndarray:
    """Sum ``windows x y`` over all positions: ``(..., taps, in)`` with ``(..., out)`` to ``(taps * in / groups, groups, out / groups)``."""
    n_taps, c_in, c_out = windows.shape[-2], windows.shape[-1], y.shape[-1]
    per_group = _by_group(windows, groups).reshape(groups, -1, n_taps * c_in // groups)
    sums = per_group.transpose(0, 2, 1) @ y.reshape(-1, groups, c_out // groups).transpose(1, 0, 2)
    return np.asarray(sums.transpose(1, 0, 2))


def _by_group(windows: np.ndarray, groups: int) -> np.ndarray:
    """Return ``(..., taps, in)`` as ``(groups, positions, taps, in / groups)``."""
    *_, n_taps, c_in = windows.shape
    return windows.reshape(-1, n_taps, groups, c_in // groups).transpose(2, 0, 1, 3)


def _routed(windows: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """Give the whole cotangent of a window to its maximum: ``(batch, *out, taps, channels)``."""
    products = np.zeros_like(windows)
    chosen = windows.argmax(axis=-2)[..., None, :]
    np.put_along_axis(products, chosen, cotangent[..., None, :], axis=-2)
    return products


def _spread_average(case: Case, cotangent: np.ndarray, plan: Plan) -> np.ndarray:
    """Spread ``g / divisor`` over each window.

    The sums are those of integers, over the least common multiple of the divisors, so that only the last division
    rounds; beyond 2**53, where windows of 20 taps and more on several axes can get, every term does.
    """
    n_taps = int(np.prod([reads.shape[1] for reads in plan.maps]))
    multiples = [math.lcm(*map(int, divisor[divisor > 0])) for divisor in plan.divisor]
    common = math.prod(multiples)
    if common * n_taps * np.abs(cotangent).max(initial=0) > 1 << 53:
        multiples, common = [1] * len(multiples), 1
    shares = [
        np.divide(multiple, divisor, out=np.zeros(divisor.shape), where=divisor > 0)
        for multiple, divisor in zip(multiples, plan.divisor)
    ]
    terms = cotangent * plans.outer(shares)[..., None]
    products = np.repeat(terms[..., None, :], n_taps, axis=-2)
    return _scattered(products, plan.maps, case.size) / common
