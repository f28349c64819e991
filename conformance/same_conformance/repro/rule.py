"""Write what SAME asks for: as a literal where it is small, else as a few lines of NumPy that state the rule."""

from __future__ import annotations

import numpy as np

from same_conformance import operands, spec
from same_conformance.case import POOLS, Case
from same_conformance.exactness import SIGNIFICANT_BITS
from same_conformance.judge import AVERAGE_POOLING_EPS, AVERAGE_POOLING_ULP
from same_conformance.padding import SAME
from same_conformance.repro import code
from same_conformance.repro.data import SMALL

_PADS = """\
pads = []  # per axis: before, after
for n, k, s, d, out in zip(size, window, stride, dilation, out_size):
    total = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
    pads.append({split})"""
_SPLITS = {
    True: "(total // 2, total - total // 2)",
    False: "(total - total // 2, total // 2)",
}
_MEETS = '''
def met_by(tap):
    """Return which elements of the padded array a tap meets, in all windows."""
    axes = zip(tap, dilation, stride, out_size)
    return (slice(None), *(slice(t * d, t * d + (out - 1) * s + 1, s) for t, d, s, out in axes))
'''


def lines(case: Case, expected: np.ndarray) -> list[str]:
    """Return what makes ``expected``, and ``specified`` if some of its elements are not."""
    if expected.size <= SMALL:
        return code.array("expected", expected)
    transposed = case.op == "conv_transpose"
    size, out = tuple(a.size for a in case.axes), tuple(a.output_size for a in case.axes)
    parameters = [
        f"size, out_size = {out}, {size}  # of the forward convolution whose adjoint this is"
        if transposed
        else f"size, out_size = {size}, {out}  # out = ceil(size / stride)",
        f"window, stride, dilation = {case.kernel}, {case.stride}, {case.dilation}",
        _PADS.format(split=_SPLITS[case.padding == SAME]),
        "around = [(0, 0), *pads, (0, 0)]",
        "inside = (slice(None), *(slice(before, before + n) for (before, _), n in zip(pads, size)))",
        _MEETS,
    ]
    body = _pool(case) if case.op in POOLS else _conv(case)
    return [*parameters, *body]


def tolerance(case: Case) -> str:
    """Return the keywords of ``np.allclose``; everything but average pooling is exact."""
    eps = 2.0 ** (1 - SIGNIFICANT_BITS[case.dtype])
    if case.op != "avg_pool":
        return "rtol=0, atol=0"
    if case.compared == "forward":
        return f"rtol={(AVERAGE_POOLING_ULP + 0.5) * eps:.3g}, atol=0"
    *_, cotangent = operands.make(case)
    return f"rtol=0, atol={AVERAGE_POOLING_EPS * eps * float(spec.absolute_terms(case, cotangent).max()):.3g}"


def _over_taps(start: str, *body: str) -> list[str]:
    return [start, "for tap in np.ndindex(*window):", *code.indented(list(body))]


def _conv(case: Case) -> list[str]:
    """Write a convolution or one of its gradients; groups are an axis of their own beside the channels."""
    transposed = case.op == "conv_transpose"
    groups = case.channels[0] if case.op == "depthwise_conv" else case.groups
    x, kernel, y = "x_array", "kernel_array", "cotangent_array"
    if transposed:
        x, y = y, x  # what is large, and what has an element per window
    written = []
    shares, weighed, correlated = "@ kernel[tap].T", "met @ kernel[tap]", "met.reshape(-1, met.shape[-1]).T @ flat"
    if groups > 1:
        per_group = -1 if case.op == "conv" else 1
        written = [
            f"groups = {groups}",
            f"kernel = {kernel}.reshape(*window, {per_group}, groups, {_outs(case, groups)})",
        ]
    else:
        written = [f"kernel = {kernel}"]
    if groups > 1:
        return [*written, *_grouped(case, x, y)]
    if case.compared == "kernel_gradient":
        return [
            *written,
            f"padded = np.pad({x}, around)",
            f"flat = {y}.reshape(-1, {y}.shape[-1])",
            *_over_taps(
                "expected = np.zeros(kernel.shape)", "met = padded[met_by(tap)]", f"expected[tap] = {correlated}"
            ),
        ]
    if (case.compared == "forward") != transposed:
        return [
            *written,
            f"padded = np.pad({x}, around)",
            *_over_taps("expected = 0", "met = padded[met_by(tap)]", f"expected = expected + {weighed}"),
        ]
    return [
        *written,
        f"padded = np.zeros(({case.batch}, *(before + n + after for (before, after), n in zip(pads, size)), kernel.shape[-2]))",
        *_over_taps("", f"padded[met_by(tap)] += {y} {shares}")[1:],
        "expected = padded[inside]",
    ]


def _outs(case: Case, groups: int) -> int:
    return case.channels[1] if case.op == "depthwise_conv" else case.channels[1] // groups


def _grouped(case: Case, x: str, y: str) -> list[str]:
    pad = f"padded = np.pad({x}, around)"
    split = "met = padded[met_by(tap)]", "met = met.reshape(*met.shape[:-1], groups, -1)"
    by_group = f"per_group = {y}.reshape(*{y}.shape[:-1], groups, -1)"
    if case.compared == "forward":
        terms = 'np.einsum("...gi,igo->...go", met, kernel[tap])'
        taps = _over_taps("expected = 0", *split, f"expected = expected + {terms}")
        return [pad, *taps, f"expected = expected.reshape({case.output_shape})"]
    if case.compared == "kernel_gradient":
        flat = "met = met.reshape(-1, groups, met.shape[-1])"
        terms = 'np.einsum("pgi,pgo->igo", met, per_group.reshape(-1, groups, per_group.shape[-1]))'
        taps = _over_taps("expected = np.zeros(kernel.shape)", *split, flat, f"expected[tap] = {terms}")
        return [pad, by_group, *taps, f"expected = expected.reshape({case.expected_shape})"]
    terms = 'np.einsum("...go,igo->...gi", per_group, kernel[tap])'
    taps = [
        f"padded = np.zeros(np.pad({x}, around).shape)",
        by_group,
        *_over_taps("", f"share = {terms}", "padded[met_by(tap)] += share.reshape(*share.shape[:-2], -1)")[1:],
    ]
    return [*taps, "expected = padded[inside]"]


def _pool(case: Case) -> list[str]:
    if case.op == "max_pool":
        written = [
            "padded = np.pad(x_array, around, constant_values=-np.inf)",
            *_over_taps("expected = -np.inf", "expected = np.maximum(expected, padded[met_by(tap)])"),
        ]
        if case.compared == "forward":
            return written
        share = "cotangent_array * (padded[met_by(tap)] == expected)"
        spread = _over_taps("gradient = np.zeros(padded.shape)", f"gradient[met_by(tap)] += {share}")
        return [*written, *spread, "expected = gradient[inside]"]
    count = [
        "real = np.pad(np.ones(x_array.shape), around)",
        *_over_taps("count = 0  # of the real elements in each window", "count = count + real[met_by(tap)]"),
    ]
    if case.compared == "forward":
        sums = _over_taps("sums = 0", "sums = sums + padded[met_by(tap)]")
        with_nan = (
            "np.where(count > 0, sums / np.maximum(count, 1), np.nan)"
            if case.has_padding_only_window
            else "sums / count"
        )
        return ["padded = np.pad(x_array, around)", *sums, *count, f"expected = {with_nan}"]
    spread = _over_taps(
        "gradient = np.zeros(real.shape)", "gradient[met_by(tap)] += cotangent_array / np.maximum(count, 1)"
    )
    return [*count, *spread, "expected = gradient[inside]"]
