"""Functions in NumPy: arrays are (batch, *size, channels), kernels (*kernel, in / groups, out)."""

import itertools

import numpy as np

from same_conformance import Implementation, Unsupported


def windows(x, kernel, stride, dilation, value):
    """Return the padded input, and for each tap the elements that it meets in all windows."""
    pads, out = [(0, 0)], []
    for n, k, s, d in zip(x.shape[1:-1], kernel, stride, dilation):
        out.append(-(-n // s))
        total = max((out[-1] - 1) * s + (k - 1) * d + 1 - n, 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(x, [*pads, (0, 0)], constant_values=value)
    for tap in itertools.product(*map(range, kernel)):
        met = (slice(t * d, t * d + (n - 1) * s + 1, s) for t, d, s, n in zip(tap, dilation, stride, out))
        yield tap, padded[(slice(None), *met)]


def conv(x, kernel, *, stride, dilation, padding, groups):
    if groups > 1:
        raise Unsupported("groups")
    taps = windows(x, kernel.shape[:-2], stride, dilation, 0)
    return sum(met @ kernel[tap] for tap, met in taps)


def max_pool(x, *, window, stride, dilation, padding):
    return np.maximum.reduce([met for _, met in windows(x, window, stride, dilation, -np.inf)])


implementation = Implementation(
    name="example-numpy",
    framework="numpy",
    conv=conv,
    max_pool=max_pool,
    paddings=("same",),
    summary="Gathers what each tap meets.",
)
