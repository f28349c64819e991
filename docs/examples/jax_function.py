"""A function in JAX: arrays are (batch, *size, channels), kernels (*kernel, in / groups, out)."""

from jax import lax

from same_conformance import Implementation


def pads_of(size, kernel, stride, dilation, padding):
    """Return what SAME pads before and after each axis."""
    pads = []
    for n, k, s, d in zip(size, kernel, stride, dilation):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        before = total // 2 if padding == "SAME" else total - total // 2
        pads.append((before, total - before))
    return pads


def conv(x, kernel, *, stride, dilation, padding, groups):
    axes = "HWD"[: len(stride)]
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=stride,
        padding=pads_of(x.shape[1:-1], kernel.shape[:-2], stride, dilation, padding),
        rhs_dilation=dilation,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        feature_group_count=groups,
    )


implementation = Implementation(
    name="example-jax",
    framework="jax",
    conv=conv,
    compile_together=50,  # trace that many cases into one program; leave it out for what cannot be traced
    summary="Pads by numbers, in lax.conv_general_dilated.",
)
