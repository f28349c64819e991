"""Flax: the layers and pooling of ``flax.linen``, on JAX."""

from installed import version

from same_conformance import Implementation, Unsupported


def build(case):
    """Return what Flax offers for `case`, with the two flags that SAME needs and that are not the default."""
    return _build(case, transpose_kernel=True, count_include_pad=False)


def build_default(case):
    """Return the same with Flax's default flags."""
    return _build(case, transpose_kernel=False, count_include_pad=True)


def _build(case, *, transpose_kernel, count_include_pad):
    from flax import linen

    if case.op in ("max_pool", "avg_pool"):
        if max(case.dilation) > 1:
            raise Unsupported("Flax's pooling has no dilation")
        window = {"window_shape": case.kernel, "strides": case.stride, "padding": case.padding.upper()}
        if case.op == "max_pool":
            return lambda x: linen.max_pool(x, **window)

        def avg_pool(x):
            y = linen.avg_pool(x, count_include_pad=count_include_pad, **window)
            # It divides by float64 where x64 is on, as here; who works in float32 leaves that off.
            return y.astype(x.dtype) if x.dtype == "float32" else y

        return avg_pool
    common = {
        "kernel_size": case.kernel,
        "strides": case.stride,
        "kernel_dilation": case.dilation,
        "padding": case.padding.upper(),
        "use_bias": False,
    }
    if case.op == "conv_transpose":
        if case.padding != "same":
            raise Unsupported("ConvTranspose documents SAME and VALID only")
        if case.output_size != tuple(n * s for n, s in zip(case.size, case.stride)):
            raise Unsupported("ConvTranspose has no output size: it gives size * stride")
        layer = linen.ConvTranspose(case.channels[1], transpose_kernel=transpose_kernel, **common)
        if not transpose_kernel:  # its kernel is then (*kernel, in, out)
            return lambda x, kernel: layer.apply({"params": {"kernel": kernel.swapaxes(-1, -2)}}, x)
    elif case.op == "depthwise_conv":
        channels, multiplier = case.channels
        layer = linen.Conv(channels * multiplier, feature_group_count=channels, **common)
    else:
        layer = linen.Conv(case.channels[1], feature_group_count=case.groups, **common)
    return lambda x, kernel: layer.apply({"params": {"kernel": kernel}}, x)


implementation = Implementation(
    name="flax",
    version=version("flax"),
    framework="jax",
    summary="flax.linen with transpose_kernel=True and count_include_pad=False, which SAME needs.",
    homepage="https://flax-linen.readthedocs.io/en/latest/api_reference/flax.linen/layers.html",
    build=build,
    environment={"JAX_PLATFORMS": "cpu"},
    compile_together=100,
)

defaults = Implementation(
    name="flax-default",
    version=version("flax"),
    framework="jax",
    summary="flax.linen with its default flags: pooling counts the padding, transposed kernels are not flipped.",
    homepage="https://flax-linen.readthedocs.io/en/latest/api_reference/flax.linen/layers.html",
    build=build_default,
    environment={"JAX_PLATFORMS": "cpu"},
    compile_together=100,
)
