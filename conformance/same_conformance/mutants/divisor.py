"""Divide by something else than the number of real elements in average pooling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from same_conformance import padding, spec
from same_conformance import plan as plans
from same_conformance.case import POOLS, Axis, Case
from same_conformance.mutants.windows import MISTAKE, PlanOf, of_maps, positions, windows
from same_conformance.plan import PADDED, Plan, index_map, real_elements
from same_conformance.rules import Execute, Rule


def _divided_by(count: Callable[[Axis, np.ndarray], np.ndarray]) -> PlanOf:
    """Divide the sums of SAME by ``count(axis, reads)`` per output element, at least 1."""

    def plan(case: Case) -> Plan:
        ours = plans.same(case)
        divisor = (np.maximum(count(a, m), 1) for a, m in zip(case.axes, ours.maps, strict=True))
        return Plan(ours.maps, ours.out, divisor=tuple(divisor))

    return plan


def _less_padding(axis: Axis, reads: np.ndarray) -> np.ndarray:
    """Take all of the padding off the window wherever the window touches any of it."""
    touches = (reads == PADDED).any(axis=1)
    return np.where(touches, axis.kernel - axis.before - axis.after, axis.kernel)


def _summing(case: Case) -> Plan:
    """Return SAME's plan with a divisor of 1."""
    return Plan(plans.same(case).maps, case.output_shape[1:-1], divisor=tuple(map(np.ones, case.output_shape[1:-1])))


def _zeros_uncounted(case: Case) -> Execute:
    def execute(x: np.ndarray) -> np.ndarray:
        sums, counts = (spec.execute(case, (a.astype(np.float64),), _summing(case)) for a in (x, x != 0))
        return np.asarray(sums / np.maximum(counts, 1)).astype(case.dtype)

    return execute


def _counted_in_a_byte(case: Case) -> Execute:
    def execute(x: np.ndarray) -> np.ndarray:
        sums, counts = (spec.execute(case, (a.astype(np.float64),), _summing(case)) for a in (x, np.ones_like(x)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums / counts.astype(np.int64).astype(np.int8)).astype(case.dtype)

    return execute


def _kept_for_output(case: Case) -> Execute:
    """Keep the divisor until the output has another size, as who compares no more than shapes does."""
    kept = np.zeros(())

    def execute(x: np.ndarray) -> np.ndarray:
        nonlocal kept
        now = case.resized(x.shape[1:-1])
        sums, counts = (spec.execute(now, (a.astype(np.float64),), _summing(now)) for a in (x, np.ones_like(x[:1])))
        kept = counts if kept.shape != counts.shape else kept
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums / kept).astype(case.dtype)

    return execute


def _undilated(axis: Axis, _: np.ndarray) -> np.ndarray:
    """Count what an undilated window with the same padding before would hit."""
    return real_elements(
        index_map(
            size=axis.size,
            kernel=axis.kernel,
            stride=axis.stride,
            dilation=1,
            before=axis.before,
            out=axis.output_size,
        )
    )


def _edge_replicated(case: Case) -> Plan | None:
    """Where all pads are symmetric leave them to torch, else repeat the edge and divide by the whole window.

    Source: Keras 3.15, ``src/backend/torch/nn.py``, ``average_pool``. What is left to torch's ``avg_pool3d`` is
    refused if the input is smaller than the window.
    """
    if all(a.before == a.after for a in case.axes):
        return None if case.rank == 3 and any(a.size < a.kernel for a in case.axes) else plans.same(case)
    return of_maps(case, [np.clip(positions(a), 0, a.size - 1) for a in case.axes])


def whole_axis(case: Case) -> Plan:
    """Take a window that begins before the input and is longer than it for all of the input.

    Source: TensorFlow 2.21, ``core/kernels/avgpooling_op.cc``, ``AvgPoolingGradOp``: the length of such a window is
    cut at the start of the input, and then overwritten where it is cut at the end.
    """
    maps = []
    for a, reads in zip(case.axes, plans.same(case).maps, strict=True):
        begins_before = np.arange(a.output_size)[:, None] * a.stride < a.before
        everything = np.where(np.arange(a.kernel) < a.size, np.arange(a.kernel), PADDED)
        maps.append(np.where(begins_before & (a.kernel > a.size), everything, reads))
    return of_maps(case, maps)


_OPS = ("avg_pool",)


def _window_cut(case: Case) -> Plan:
    maps = []
    for a in case.axes:
        k = min(a.kernel, a.size)
        maps.append(
            windows(a.size, k, a.stride, a.dilation, padding.forward(a.size, k, a.stride, a.dilation, case.padding))
        )
    return of_maps(case, maps)


def _whole_input(case: Case) -> Plan | None:
    """Return the plan that reads the whole input in one window, where the kernel covers it."""
    if any(a.kernel < a.size for a in case.axes):
        return None
    return of_maps(case, [np.arange(a.size)[None, :] for a in case.axes])


def _global(case: Case) -> Plan:
    return _whole_input(case) or plans.same(case)


def _global_everywhere(case: Case) -> Plan:
    whole = _whole_input(case)
    if whole is None:
        return plans.same(case)
    return of_maps(case, [np.repeat(m, a.output_size, axis=0) for a, m in zip(case.axes, whole.maps, strict=True)])


RULES = (
    Rule(
        "counted-padding",
        "counts the padding in average pooling's divisor",
        _OPS,
        "https://github.com/google/flax/issues/2401",
        _divided_by(lambda a, m: np.full(len(m), a.kernel)),
    ),
    Rule(
        "counted-before",
        "counts the padding before the input in the divisor, and not that after it",
        _OPS,
        "https://github.com/microsoft/onnxruntime/issues/24681",
        _divided_by(lambda a, _: (positions(a) < a.size).sum(axis=1)),
    ),
    Rule(
        "counted-after",
        "counts the padding after the input in the divisor, and not that before it",
        _OPS,
        MISTAKE,
        _divided_by(lambda a, _: (positions(a) >= 0).sum(axis=1)),
    ),
    Rule(
        "counted-unshifted",
        "counts for the divisor what the windows would read if nothing were padded before the input",
        _OPS,
        MISTAKE,
        _divided_by(lambda a, _: (positions(a) + a.before < a.size).sum(axis=1)),
    ),
    Rule(
        "counted-in-a-byte",
        "counts the real elements in a signed byte, which holds no more than 127",
        _OPS,
        MISTAKE,
        build=_counted_in_a_byte,
    ),
    Rule(
        "divisor-kept",
        "keeps the divisor until the result has another size, though the same size may come of another input",
        _OPS,
        MISTAKE,
        build=_kept_for_output,
        is_stateful=True,
    ),
    Rule(
        "divisor-clipped",
        "divides by the window, or by the input where that is smaller",
        _OPS,
        MISTAKE,
        _divided_by(lambda a, m: np.full(len(m), min(a.kernel, a.size))),
    ),
    Rule(
        "divisor-less-padding",
        "takes all of the padding off the divisor of a window that touches any of it",
        _OPS,
        MISTAKE,
        _divided_by(_less_padding),
    ),
    Rule(
        "divisor-undilated",
        "counts the real elements of an undilated window",
        _OPS,
        MISTAKE,
        _divided_by(_undilated),
    ),
    Rule(
        "divisor-of-first-window",
        "divides every window by the real elements of the first",
        _OPS,
        MISTAKE,
        _divided_by(lambda _, m: np.full(len(m), real_elements(m)[0])),
    ),
    Rule(
        "edge-replicated",
        "repeats the edge where pads are not symmetric",
        _OPS,
        "https://github.com/keras-team/keras/pull/23233",
        _edge_replicated,
    ),
    Rule(
        "whole-axis",
        "takes a window that is cut on both sides for one that is not cut at its start",
        _OPS,
        "https://github.com/tensorflow/tensorflow/issues/48773",
        whole_axis,
    ),
    Rule("zeros-uncounted", "does not count elements that are 0", _OPS, MISTAKE, build=_zeros_uncounted),
    Rule(
        "global-where-covered",
        "pools the whole input into one element where the kernel covers it on all axes",
        POOLS,
        MISTAKE,
        _global,
    ),
    Rule(
        "global-everywhere-where-covered",
        "pools the whole input for every output element where the kernel covers it on all axes",
        POOLS,
        MISTAKE,
        _global_everywhere,
    ),
    Rule(
        "window-cut",
        "cuts a window that is longer than the input down to it",
        POOLS,
        MISTAKE,
        _window_cut,
    ),
)
