"""State wrong ways to do SAME as rules: what each would read, for any case.

An implementation that is wrong on purpose names its rule here; a run checks that it fails exactly on the cases
whose plan differs from SAME's, and in the way the plan says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from same_conformance import operands, spec
from same_conformance import plan as plans
from same_conformance.case import POOLS, Axis, Case
from same_conformance.judge import different
from same_conformance.plan import PADDED, Plan, index_map, outer, real_elements

Prediction = Literal["pass", "shape", "value", "error"]


@dataclass(frozen=True)
class Rule:
    """A way to pad.

    Attributes:
        name: what implementations call it.
        sentence: what it does, for the report.
        ops: what it is a way to do.
        plan: from a case of one of `ops` to what the rule does with it; None where it has nothing to compute and so must raise.

    """

    name: str
    sentence: str
    ops: tuple[str, ...]
    plan: Callable[[Case], Plan | None]


def predict(rule: Rule, case: Case) -> tuple[Prediction, ...]:
    """Return the verdicts that an implementation which follows `rule` may get for `case`: one, except in one corner.

    ``pass`` where the rule's plan does the same as SAME's, ``shape`` where its result has another shape, ``error``
    where it has no output at all, else ``value``; ``pass`` too for an op that the rule says nothing of. A transposed convolution without output is the corner: torch
    returns an empty array from some of its kernels and raises in others.
    """
    if case.op not in rule.ops:
        return ("pass",)
    ours, theirs = plans.same(case), rule.plan(case)
    if theirs is None:
        return ("error",)
    if min(theirs.out) < 1:
        return ("shape", "error") if case.op == "conv_transpose" else ("error",)
    if ours.out != theirs.out:
        return ("shape",)
    if case.compared == "forward" and same_effect(case, ours, theirs):
        return ("pass",)
    return ("value",) if _shows(case, ours, theirs) else ("pass",)


def _shows(case: Case, ours: Plan, theirs: Plan) -> bool:
    """Tell whether plans of different effect give different numbers on the data of the case.

    They do but for rare coincidences, such as two products that cancel; a verdict is about the numbers.
    """
    data = operands.make(case)
    wrong = different(case, spec.execute(case, data, theirs), spec.execute(case, data, ours))
    if case.op in POOLS and case.compared == "forward":
        wrong &= ~ours.reads_padding_only()[None, ..., None]
    return bool(wrong.any())


def same_effect(case: Case, ours: Plan, theirs: Plan) -> bool:
    """Tell whether two plans of one shape give the same for every input.

    Windows that hold padding only are left out for pooling, as they are in verdicts.
    """
    if case.op == "max_pool":
        return _same_maximum(ours, theirs)
    if case.op == "avg_pool":
        return _same_average(case, ours, theirs)
    if _touches_nothing(ours) or _touches_nothing(theirs):  # one such axis makes every element 0
        return _touches_nothing(ours) and _touches_nothing(theirs)
    return all(np.array_equal(a, b) for a, b in zip(ours.maps, theirs.maps, strict=True))


def _same_maximum(ours: Plan, theirs: Plan) -> bool:
    specified = ~ours.reads_padding_only()
    if theirs.fill > -np.inf and (_reads_padding(theirs) & specified).any():
        return False
    for axis, (a, b) in enumerate(zip(ours.maps, theirs.maps, strict=True)):
        same = [set(x[x != PADDED]) == set(y[y != PADDED]) for x, y in zip(a, b, strict=True)]
        if not np.all(np.array(same)[_relevant(specified, axis)]):
            return False
    return True


def _same_average(case: Case, ours: Plan, theirs: Plan) -> bool:
    """Compare the weight with which each window reads each element: a share per axis, times a scale."""
    specified = ~ours.reads_padding_only()
    scales = []
    for axis, size in enumerate(case.size):
        shares = []
        relevant = _relevant(specified, axis)
        for plan in (ours, theirs):
            counts = np.stack([np.bincount(row[row != PADDED], minlength=size) for row in plan.maps[axis]])
            n_read = counts.sum(axis=1, keepdims=True)
            shares.append(counts / np.maximum(n_read, 1))
            scales.append(n_read[:, 0] / np.maximum(plan.divisor[axis], 1))
        if not np.allclose(shares[0][relevant], shares[1][relevant], rtol=0, atol=1e-12):
            return False
    return bool(np.allclose(outer(scales[::2])[specified], outer(scales[1::2])[specified], rtol=0, atol=1e-12))


def _relevant(specified: np.ndarray, axis: int) -> np.ndarray:
    """Return which output positions along `axis` have an element that is specified."""
    return np.asarray(specified.any(axis=tuple(i for i in range(specified.ndim) if i != axis)))


def _touches_nothing(plan: Plan) -> bool:
    return any((reads == PADDED).all() for reads in plan.maps)


def _reads_padding(plan: Plan) -> np.ndarray:
    touched = np.zeros((), dtype=bool)
    for reads in plan.maps:
        touched = touched[..., None] | (reads == PADDED).any(axis=1)
    return touched


AxisRule = Callable[[Axis], tuple[int, int]]
"""From one axis to (before, after): what the rule pads there, with no look at the others."""


def windows(size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int]) -> np.ndarray:
    """Return the index map of a framework without SAME that was told to pad `pads`: shape ``(out, kernel)``.

    ``out = (size + before + after - effective_kernel) // stride + 1``, possibly less than 1: then the map is empty.
    """
    out = (size + sum(pads) - (kernel - 1) * dilation - 1) // stride + 1
    return index_map(size=size, kernel=kernel, stride=stride, dilation=dilation, before=pads[0], out=max(out, 0))


def _plan(case: Case, maps: list[np.ndarray], *, fill: float = -np.inf, count_padding: bool = False) -> Plan:
    divisor: tuple[np.ndarray, ...] = ()
    if case.op == "avg_pool":
        divisor = tuple(np.full(m.shape[0], m.shape[1]) if count_padding else real_elements(m) for m in maps)
    return Plan(tuple(maps), tuple(m.shape[0] for m in maps), fill, divisor)


def _per_axis(pads: AxisRule) -> Callable[[Case], Plan]:
    return lambda case: _plan(case, [windows(a.size, a.kernel, a.stride, a.dilation, pads(a)) for a in case.axes])


def _half(axis: Axis) -> tuple[int, int]:
    pad = (axis.kernel - 1) // 2
    return pad, pad


def _half_dilated(axis: Axis) -> tuple[int, int]:
    pad = axis.dilation * (axis.kernel - 1) // 2
    return pad, pad


def _solve_equal(axis: Axis) -> tuple[int, int]:
    pad = -(-((axis.size - 1) * axis.stride + axis.effective_kernel - axis.size) // 2)
    return pad, pad


def _swapped_axes(case: Case) -> Plan:
    pads = [(a.before, a.after) for a in reversed(case.axes)]
    return _plan(
        case, [windows(a.size, a.kernel, a.stride, a.dilation, p) for a, p in zip(case.axes, pads, strict=True)]
    )


def _zero_fill(case: Case) -> Plan:
    return _plan(case, list(plans.same(case).maps), fill=0.0)


def _counted_padding(case: Case) -> Plan:
    return _plan(case, list(plans.same(case).maps), count_padding=True)


def _ceil_mode(case: Case) -> Plan | None:
    """``out = ceil((size - effective_kernel) / stride) + 1``, less the last window if it begins outside."""
    maps = []
    for a in case.axes:
        out = -(-(a.size - a.effective_kernel) // a.stride) + 1
        out -= (out - 1) * a.stride >= a.size
        if out < 1:
            return None
        maps.append(index_map(size=a.size, kernel=a.kernel, stride=a.stride, dilation=a.dilation, before=0, out=out))
    return _plan(case, maps)


def _transposed_half(case: Case) -> Plan:
    """Crop ``kernel // 2`` on both sides, add ``stride - 1`` elements at the end."""
    maps, outs = [], []
    for a in case.axes:
        before = a.kernel // 2
        out = max((a.size - 1) * a.stride + a.effective_kernel - 2 * before + a.stride - 1, 0)
        maps.append(
            index_map(size=out, kernel=a.kernel, stride=a.stride, dilation=a.dilation, before=before, out=a.size)
        )
        outs.append(out)
    return Plan(tuple(maps), tuple(outs))


def _unflipped(case: Case) -> Plan:
    ours = plans.same(case)
    return Plan(tuple(m[:, ::-1] for m in ours.maps), ours.out)


def _space_to_batch(case: Case) -> Plan | None:
    """Pad as for stride 1, cut into `dilation` interleaved blocks, stride inside the blocks, interleave again.

    Source: TensorFlow 2.21, ``python/ops/nn_ops.py``, ``with_space_to_batch``; it applies where a dilation exceeds 1.
    """
    if max(case.dilation) == 1:
        return plans.same(case)
    maps = []
    for a in case.axes:
        total = a.effective_kernel - 1
        length = -(-(a.size + total) // a.dilation) * a.dilation
        per_block = (length // a.dilation - a.kernel) // a.stride + 1
        out = a.dilation * per_block - (length - a.size - total)
        o = np.arange(max(out, 0))[:, None]
        reads = o % a.dilation + a.dilation * (a.stride * (o // a.dilation) + np.arange(a.kernel)) - total // 2
        reads[(reads < 0) | (reads >= a.size)] = PADDED
        maps.append(reads)
    return _plan(case, maps)


def _edge_replicated(case: Case) -> Plan | None:
    """Where all pads are symmetric leave them to torch, else repeat the edge and divide by the whole window.

    Source: Keras 3.15, ``src/backend/torch/nn.py``, ``average_pool``. What is left to torch's ``avg_pool3d`` is
    refused if the input is smaller than the window.
    """
    if all(a.before == a.after for a in case.axes):
        return None if case.rank == 3 and any(a.size < a.kernel for a in case.axes) else plans.same(case)
    maps = []
    for a in case.axes:
        reads = np.arange(a.output_size)[:, None] * a.stride + np.arange(a.kernel) - a.before
        maps.append(np.clip(reads, 0, a.size - 1))
    return _plan(case, maps)


def _unclamped(case: Case) -> Plan:
    """Let the total padding be negative, and split it rounding towards zero, as C++ divides."""
    maps = []
    for a in case.axes:
        size, out = (a.output_size, a.size) if case.op == "conv_transpose" else (a.size, a.output_size)
        total = (out - 1) * a.stride + a.effective_kernel - size
        before = a.before if total >= 0 else -(-total // 2)
        maps.append(index_map(size=size, kernel=a.kernel, stride=a.stride, dilation=a.dilation, before=before, out=out))
    return Plan(tuple(maps), case.output_size) if case.op == "conv_transpose" else _plan(case, maps)


def _whole_axis(case: Case) -> Plan:
    """Take a window that begins before the input and is longer than it for all of the input.

    Source: TensorFlow 2.21, ``core/kernels/avgpooling_op.cc``, ``AvgPoolingGradOp``: the length of such a window is
    cut at the start of the input, and then overwritten where it is cut at the end.
    """
    maps = []
    for a, reads in zip(case.axes, plans.same(case).maps, strict=True):
        begins_before = np.arange(a.output_size)[:, None] * a.stride < a.before
        everything = np.where(np.arange(a.kernel) < a.size, np.arange(a.kernel), PADDED)
        maps.append(np.where(begins_before & (a.kernel > a.size), everything, reads))
    return _plan(case, maps)


_CONVOLUTIONS = ("conv", "depthwise_conv")
_FORWARD = (*_CONVOLUTIONS, *POOLS)

RULES = {
    rule.name: rule
    for rule in (
        Rule("half", "pads (kernel - 1) // 2 on both sides, whatever stride and dilation", _FORWARD, _per_axis(_half)),
        Rule(
            "half-dilated",
            "pads dilation * (kernel - 1) // 2 on both sides, whatever the stride",
            _FORWARD,
            _per_axis(_half_dilated),
        ),
        Rule(
            "solve-equal",
            "pads both sides with what would make output and input equally long, rounded up",
            _FORWARD,
            _per_axis(_solve_equal),
        ),
        Rule("swapped-axes", "gives the pads of the first axis to the last", _FORWARD, _swapped_axes),
        Rule("zero-fill", "fills max pooling's padding with 0", ("max_pool",), _zero_fill),
        Rule("counted-padding", "counts the padding in average pooling's divisor", ("avg_pool",), _counted_padding),
        Rule("ceil-mode", "pads nothing before and rounds the number of windows up", _FORWARD, _ceil_mode),
        Rule("edge-replicated", "repeats the edge where pads are not symmetric", ("avg_pool",), _edge_replicated),
        Rule(
            "unclamped",
            "lets the total padding be negative where the stride exceeds the kernel",
            (*_FORWARD, "conv_transpose"),
            _unclamped,
        ),
        Rule(
            "whole-axis",
            "takes a window that is cut on both sides for one that is not cut at its start",
            ("avg_pool",),
            _whole_axis,
        ),
        Rule("space-to-batch", "strides inside the blocks that dilation made", _CONVOLUTIONS, _space_to_batch),
        Rule(
            "transposed-half",
            "crops kernel // 2 on both sides and adds stride - 1 at the end",
            ("conv_transpose",),
            _transposed_half,
        ),
        Rule("unflipped-kernel", "does not flip the kernel", ("conv_transpose",), _unflipped),
    )
}
"""Every rule by its name."""
