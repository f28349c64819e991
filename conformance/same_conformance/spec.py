"""Execute a case in NumPy: the reference that decides what is expected.

Everything is computed in float64, where all partial sums of a case are exact integers, so the order of
summation cannot matter. Only average pooling rounds, once, when it divides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from same_conformance import plan as plans
from same_conformance.plan import PADDED, Plan

if TYPE_CHECKING:
    from same_conformance.case import Case


def execute(case: Case, operands: tuple[np.ndarray, ...], plan: Plan | None = None) -> np.ndarray:
    """Return what `case` must give for `operands`, or what `plan` would give instead of SAME.

    Shapes of the operands: `Case.operand_shapes`. The result has shape ``(batch, *out, channels)``, float64.
    Windows that read padding only give 0 (convolution), the fill (max pooling) or NaN (average pooling: 0 / 0).
    """
    plan = plan or plans.same(case)
    if case.op == "max_pool":
        return np.asarray(_windows(operands[0], plan, fill=plan.fill).max(axis=-2))
    if case.op == "avg_pool":
        return _avg_pool(operands[0], plan)
    x, kernel = operands
    if case.op == "conv_transpose":
        return _conv_transpose(x, kernel, plan)
    if case.op == "depthwise_conv":
        windows = _windows(x, plan, fill=0.0)
        taps = kernel.reshape(-1, *kernel.shape[-2:])
        y = np.einsum("...tc,tcm->...cm", windows, taps)
        return np.asarray(y.reshape(*y.shape[:-2], -1))
    return _conv(x, kernel, plan, case.groups)


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


def _conv(x: np.ndarray, kernel: np.ndarray, plan: Plan, groups: int) -> np.ndarray:
    windows = _windows(x, plan, fill=0.0)
    *lead, n_taps, c_in = windows.shape
    c_out = kernel.shape[-1]
    per_group = (
        windows.reshape(-1, n_taps, groups, c_in // groups)
        .transpose(2, 0, 1, 3)
        .reshape(groups, -1, n_taps * c_in // groups)
    )
    taps = kernel.reshape(n_taps * c_in // groups, groups, c_out // groups).transpose(1, 0, 2)
    return np.asarray((per_group @ taps).transpose(1, 0, 2).reshape(*lead, c_out))


def _conv_transpose(x: np.ndarray, kernel: np.ndarray, plan: Plan) -> np.ndarray:
    """Scatter ``x[i] * kernel[j]`` to output element ``maps[i, j]``; what would fall outside is cropped."""
    batch, *size, c_in = x.shape
    rank = len(size)
    taps = kernel.reshape(-1, *kernel.shape[-2:])
    products = np.einsum("bic,toc->bito", x.reshape(batch, -1, c_in), taps)
    padded_out = [out + 1 for out in plan.out]
    flat: np.ndarray = np.zeros((), dtype=np.intp)
    for a, reads in enumerate(plan.maps):
        position = np.where(reads == PADDED, plan.out[a], reads)
        shape = [1] * (2 * rank)
        shape[a], shape[rank + a] = position.shape
        flat = flat * padded_out[a] + position.reshape(shape)
    flat = np.broadcast_to(flat, [r.shape[0] for r in plan.maps] + [r.shape[1] for r in plan.maps])
    y = np.zeros((int(np.prod(padded_out)), batch, kernel.shape[-2]))
    np.add.at(y, flat.reshape(-1), products.reshape(batch, flat.size, -1).transpose(1, 0, 2))
    y = y.transpose(1, 0, 2).reshape(batch, *padded_out, -1)
    return y[(slice(None), *(slice(0, out) for out in plan.out))]


def _avg_pool(x: np.ndarray, plan: Plan) -> np.ndarray:
    sums = _windows(x, plan, fill=0.0).sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums / plans.outer(plan.divisor)[..., None])
