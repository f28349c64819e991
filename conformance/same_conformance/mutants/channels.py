"""Give channels, groups or examples the wrong place, or read them as space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from same_conformance import spec
from same_conformance.case import OPS, Case
from same_conformance.mutants.windows import FORWARD, MISTAKE, Parameters, misread
from same_conformance.rules import Execute, Rule

Rearrange = Callable[[Case, np.ndarray], np.ndarray]


def _before(rearrange: Rearrange) -> Callable[[Case], Execute]:
    """Do what SAME does to a rearranged input."""
    return lambda case: lambda x, *w: spec.execute(case, (rearrange(case, x), *w)).astype(case.dtype)


def _kernel_first(rearrange: Rearrange) -> Callable[[Case], Execute]:
    """Do what SAME does with a rearranged kernel."""
    return lambda case: lambda x, w: spec.execute(case, (x, rearrange(case, w))).astype(case.dtype)


def _after(rearrange: Rearrange) -> Callable[[Case], Execute]:
    """Rearrange what SAME gives."""
    return lambda case: lambda *data: rearrange(case, spec.execute(case, data)).astype(case.dtype)


def _first_group(case: Case, x: np.ndarray) -> np.ndarray:
    per_group = case.channels[0] // case.groups
    return np.concatenate([x[..., :per_group]] * case.groups, axis=-1)


def _exchanged(values: np.ndarray, rows: int) -> np.ndarray:
    """Read the channels, `rows` times some columns, column by column."""
    grid = values.reshape(*values.shape[:-1], rows, -1)
    return grid.swapaxes(-1, -2).reshape(values.shape)


def _batch_first_sizes(case: Case) -> list[Parameters]:
    """Take ``x.shape[i]`` of an NCHW tensor for the size of axis i."""
    shape = (case.batch, case.channels[0], *case.size)
    return [(shape[i], a.kernel, a.stride, a.dilation) for i, a in enumerate(case.axes)]


def _channels_first_sizes(case: Case) -> list[Parameters]:
    """Take ``x.shape[1 + i]`` of an NCHW tensor for the size of axis i."""
    shape = (case.channels[0], *case.size)
    return [(shape[i], a.kernel, a.stride, a.dilation) for i, a in enumerate(case.axes)]


def _reshaped(_: Case, x: np.ndarray) -> np.ndarray:
    """Take the memory of an NHWC tensor for that of an NCHW one."""
    batch, *size, channels = x.shape
    return np.moveaxis(x.reshape(batch, channels, *size), 1, -1)


def _cyclic(case: Case) -> Execute:
    """Take output ``o`` from channel ``o % channels``, where it is ``o // multiplier``."""
    c, m = case.channels
    grouped = Case(
        "conv", case.size, case.kernel, case.stride, case.dilation, padding=case.padding, batch=case.batch,
        channels=(c * m, c * m), groups=c * m, dtype=case.dtype,
    )  # fmt: skip

    def execute(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        kernel = w.reshape(*case.kernel, 1, c * m)
        return spec.execute(grouped, (np.concatenate([x] * m, axis=-1), kernel)).astype(case.dtype)

    return execute


def _outputs_dealt(case: Case) -> Execute:
    """Let output channel ``o`` read the input channels of group ``o % groups``, with its own kernel."""
    order = np.arange(case.channels[1]).reshape(-1, case.groups).T.reshape(-1)

    def execute(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        y = np.empty(case.output_shape, case.dtype)
        y[..., order] = spec.execute(case, (x, w[..., order])).astype(case.dtype)
        return y

    return execute


def _returned_reshaped(_: Case, y: np.ndarray) -> np.ndarray:
    """Return the memory of an NCHW result as that of an NHWC one."""
    return np.moveaxis(y, -1, 1).reshape(y.shape)


def _kernels_by_example(case: Case) -> Execute:
    """Fold the batch into the channels, and repeat each kernel for all examples where all kernels are due to each of them."""

    def execute(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        kernels = w.reshape(*case.kernel, -1)
        n = kernels.shape[-1]
        single = replace(case, batch=1)
        taken = [(example * n + np.arange(n)) // len(x) for example in range(len(x))]
        found = [spec.execute(single, (x[i : i + 1], kernels[..., of].reshape(w.shape))) for i, of in enumerate(taken)]
        return np.concatenate(found).astype(case.dtype)

    return execute


RULES = (
    Rule(
        "groups-ignored",
        "lets every group read the channels of the first",
        ("conv",),
        MISTAKE,
        build=_before(_first_group),
    ),
    Rule(
        "groups-interleaved",
        "deals the input's channels out to the groups one by one",
        ("conv",),
        MISTAKE,
        build=_before(lambda case, x: _exchanged(x, case.channels[0] // case.groups)),
    ),
    Rule(
        "groups-shuffled",
        "interleaves the groups in the output",
        ("conv",),
        MISTAKE,
        build=_after(lambda case, y: _exchanged(y, case.groups)),
    ),
    Rule(
        "groups-cyclic",
        "deals the output's channels out to the groups one by one",
        ("conv",),
        MISTAKE,
        build=_outputs_dealt,
    ),
    Rule(
        "multiplier-first",
        "orders depthwise output by multiplier, then channel",
        ("depthwise_conv",),
        MISTAKE,
        build=_after(lambda case, y: _exchanged(y, case.channels[0])),
    ),
    Rule(
        "first-example-repeated",
        "gives every example of the batch what the first one gets",
        OPS,
        MISTAKE,
        build=_after(lambda _, y: np.repeat(y[:1], len(y), axis=0)),
    ),
    Rule(
        "layout-reinterpreted",
        "reads channel-last memory as channel-first",
        OPS,
        MISTAKE,
        build=_before(_reshaped),
    ),
    Rule(
        "result-reinterpreted",
        "returns channel-first memory as channel-last",
        OPS,
        MISTAKE,
        build=_after(_returned_reshaped),
    ),
    Rule(
        "kernels-by-example",
        "folds the batch into the channels, but repeats each kernel for all examples before it comes to the next",
        ("depthwise_conv",),
        MISTAKE,
        build=_kernels_by_example,
    ),
    Rule(
        "batch-as-size",
        "takes batch and channels of a channel-first tensor for its first sizes",
        FORWARD,
        "https://github.com/onnx/onnx/blob/v1.19.1/onnx/reference/ops/op_conv.py",
        misread(_batch_first_sizes),
    ),
    Rule(
        "channels-as-size",
        "takes the sizes of a channel-first tensor from where a channel-last one has them: the channels for the first",
        FORWARD,
        "https://github.com/root-project/root/issues/21661",
        misread(_channels_first_sizes),
    ),
    Rule(
        "groups-reversed",
        "takes the kernel's groups in reverse order",
        ("conv",),
        MISTAKE,
        build=_kernel_first(lambda case, w: w.reshape(*w.shape[:-1], case.groups, -1)[..., ::-1, :].reshape(w.shape)),
    ),
    Rule(
        "first-multiplier-repeated",
        "gives all outputs of a channel its first kernel",
        ("depthwise_conv",),
        MISTAKE,
        build=_kernel_first(lambda _, w: np.repeat(w[..., :1], w.shape[-1], axis=-1)),
    ),
    Rule(
        "examples-reversed",
        "returns the examples of a batch in reverse order",
        OPS,
        MISTAKE,
        build=_after(lambda _, y: y[::-1]),
    ),
    Rule(
        "input-groups-reversed",
        "lets the groups read the input's groups in reverse order",
        ("conv",),
        MISTAKE,
        build=_before(lambda case, x: x.reshape(*x.shape[:-1], case.groups, -1)[..., ::-1, :].reshape(x.shape)),
    ),
    Rule(
        "output-channels-reversed",
        "returns the channels in reverse order",
        ("conv", "depthwise_conv", "conv_transpose"),
        MISTAKE,
        build=_after(lambda _, y: y[..., ::-1]),
    ),
    Rule(
        "multiplier-cyclic",
        "lets depthwise outputs read the channels in turn, with the kernels in their order",
        ("depthwise_conv",),
        MISTAKE,
        build=_cyclic,
    ),
)
