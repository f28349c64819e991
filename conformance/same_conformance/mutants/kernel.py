"""Read the kernel in the wrong order."""

from __future__ import annotations

from functools import partial

import numpy as np

from same_conformance import plan as plans
from same_conformance import spec
from same_conformance.case import Case
from same_conformance.mutants.windows import CONVOLUTIONS, MISTAKE, TRANSPOSED, of_maps
from same_conformance.plan import Plan
from same_conformance.rules import Execute, Rule


def _flipped(case: Case) -> Plan:
    return of_maps(case, [m[:, ::-1] for m in plans.same(case).maps])


def _flipped_last(case: Case) -> Plan:
    *others, last = plans.same(case).maps
    return of_maps(case, [*others, last[:, ::-1]])


def _unflipped(case: Case) -> Plan:
    ours = plans.same(case)
    return Plan(tuple(m[:, ::-1] for m in ours.maps), ours.out)


def _space_transposed(case: Case) -> Execute:
    """Exchange the first and the last spatial axis of the kernel where they are equally long."""
    exchanges = case.kernel[0] == case.kernel[-1]
    return lambda x, w: spec.execute(case, (x, w.swapaxes(0, case.rank - 1) if exchanges else w)).astype(case.dtype)


def _channels_transposed(case: Case) -> Execute:
    """Exchange the channel axes of the kernel where they are equally long."""
    return lambda x, w: spec.execute(case, (x, w.swapaxes(-1, -2) if w.shape[-1] == w.shape[-2] else w)).astype(
        case.dtype
    )


def _reshaped(case: Case) -> Execute:
    """Take the kernel's memory for channels first, as torch has it: with the number of the output channel first."""

    def taken(w: np.ndarray) -> np.ndarray:
        *size, first, second = w.shape
        if case.op == "conv":
            return np.moveaxis(w.reshape(second, first, *size), (0, 1), (-1, -2))
        planes = (second, first) if case.op == "conv_transpose" else (first, second)
        order = (-1, -2) if case.op == "conv_transpose" else (-2, -1)
        return np.moveaxis(w.reshape(*planes, *size), (0, 1), order)

    return lambda x, w: spec.execute(case, (x, taken(w))).astype(case.dtype)


def _unfolded(case: Case, *, channels_first: bool) -> Execute:
    """Multiply windows unfolded in one order, channels or taps first, with a kernel flattened in the other."""

    def taken(w: np.ndarray) -> np.ndarray:
        channels, outputs = w.shape[-2:]
        rows = (channels, -1) if channels_first else (-1, channels)
        return w.reshape(*rows, outputs).swapaxes(0, 1).reshape(w.shape)

    return lambda x, w: spec.execute(case, (x, taken(w))).astype(case.dtype)


RULES = (
    Rule(
        "flipped-kernel",
        "flips the kernel: convolution in the mathematical sense, where correlation is meant",
        CONVOLUTIONS,
        MISTAKE,
        _flipped,
    ),
    Rule("flipped-last-axis", "flips the last axis of the kernel", CONVOLUTIONS, MISTAKE, _flipped_last),
    Rule(
        "unflipped-kernel",
        "does not flip the kernel",
        TRANSPOSED,
        "https://github.com/google/flax/issues/2577",
        _unflipped,
    ),
    Rule(
        "kernel-reshaped",
        "takes the kernel's memory for channels first: reshapes it instead of moving its axes",
        (*CONVOLUTIONS, *TRANSPOSED),
        MISTAKE,
        build=_reshaped,
    ),
    Rule(
        "unfolded-channels-first",
        "unfolds windows channel by channel, and multiplies them with a kernel flattened tap by tap",
        ("conv",),
        MISTAKE,
        build=partial(_unfolded, channels_first=True),
    ),
    Rule(
        "unfolded-taps-first",
        "unfolds windows tap by tap, and multiplies them with a kernel flattened channel by channel",
        ("conv",),
        MISTAKE,
        build=partial(_unfolded, channels_first=False),
    ),
    Rule(
        "kernel-transposed",
        "exchanges height and width of a square kernel",
        (*CONVOLUTIONS, *TRANSPOSED),
        MISTAKE,
        build=_space_transposed,
    ),
    Rule(
        "kernel-channels-exchanged",
        "exchanges the kernel's channels in and out where they are equally many",
        ("conv", *TRANSPOSED),
        MISTAKE,
        build=_channels_transposed,
    ),
)
