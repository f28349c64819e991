"""Haiku: the modules and pooling of ``haiku``, on JAX."""

from installed import version

from same_conformance import Implementation, Unsupported


def build(case):
    """Return what Haiku offers for `case`."""
    import haiku as hk
    import jax.numpy as jnp

    if case.op in ("max_pool", "avg_pool"):
        if max(case.dilation) > 1:
            raise Unsupported("Haiku's pooling has no dilation")
        pool = hk.max_pool if case.op == "max_pool" else hk.avg_pool
        return lambda x: pool(x, (1, *case.kernel, 1), (1, *case.stride, 1), "SAME")

    def forward(x):
        layer = _conv_transpose(case) if case.op == "conv_transpose" else _conv(case)
        return layer(x)

    network = hk.without_apply_rng(hk.transform(forward))

    def run(x, kernel):
        if case.op == "conv_transpose":  # Haiku does not flip it
            kernel = jnp.flip(kernel, axis=tuple(range(case.rank)))
        return network.apply({"layer": {"w": kernel}}, x)

    return run


def _conv(case):
    import haiku as hk

    parameters = {
        "kernel_shape": case.kernel,
        "stride": case.stride,
        "rate": case.dilation,
        "padding": "SAME",
        "with_bias": False,
        "name": "layer",
    }
    if case.op == "conv":
        return hk.ConvND(case.rank, case.channels[1], feature_group_count=case.groups, **parameters)
    kind = (hk.DepthwiseConv1D, hk.DepthwiseConv2D, hk.DepthwiseConv3D)[case.rank - 1]
    return kind(case.channels[1], **parameters)


def _conv_transpose(case):
    import haiku as hk

    if max(case.dilation) > 1:
        raise Unsupported("ConvNDTranspose has no dilation")
    is_default = case.output_size == tuple(n * s for n, s in zip(case.size, case.stride))
    return hk.ConvNDTranspose(
        case.rank,
        case.channels[1],
        kernel_shape=case.kernel,
        stride=case.stride,
        output_shape=None if is_default else case.output_size,
        padding="SAME",
        with_bias=False,
        name="layer",
    )


implementation = Implementation(
    name="haiku",
    version=version("dm-haiku"),
    framework="jax",
    summary="Modules and pooling of Haiku; the kernel of a transposed convolution is flipped first, as it needs.",
    homepage="https://dm-haiku.readthedocs.io/en/latest/api.html#convolutional-modules",
    build=build,
    paddings=("same",),
    environment={"JAX_PLATFORMS": "cpu"},
    compile_together=100,
)
