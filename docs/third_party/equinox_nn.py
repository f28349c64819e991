"""Equinox: ``Conv`` and ``ConvTranspose`` of ``equinox.nn``, on JAX. Its layers are channel first and know no batch."""

from installed import version

from same_conformance import Implementation


def conv(x, kernel, *, stride, dilation, padding, groups):
    """Run ``equinox.nn.Conv``."""
    import equinox as eqx

    weight = _channel_first(kernel)
    layer = _layer(
        eqx.nn.Conv,
        weight,
        in_channels=x.shape[-1],
        out_channels=weight.shape[0],
        stride=stride,
        dilation=dilation,
        padding=padding,
        groups=groups,
    )
    return _batched(layer, x)


def depthwise_conv(x, kernel, *, stride, dilation, padding):
    """Run ``equinox.nn.Conv`` with one group per channel."""
    return conv(x, kernel, stride=stride, dilation=dilation, padding=padding, groups=x.shape[-1])


def conv_transpose(x, kernel, *, stride, dilation, padding, output_size):
    """Run ``equinox.nn.ConvTranspose`` with the weights that its documentation gives for the exact transpose."""
    import equinox as eqx
    import jax.numpy as jnp

    shortened = tuple(n * s - length for n, s, length in zip(x.shape[1:-1], stride, output_size))
    forward = _channel_first(kernel)
    weight = jnp.flip(forward, axis=tuple(range(2, forward.ndim))).swapaxes(0, 1)
    layer = _layer(
        eqx.nn.ConvTranspose,
        weight,
        in_channels=weight.shape[1],
        out_channels=weight.shape[0],
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=shortened,  # with SAME it takes elements away
    )
    return _batched(layer, x)


def _channel_first(kernel):
    """Turn ``(*kernel, in, out)`` into ``(out, in, *kernel)``."""
    import jax.numpy as jnp

    return jnp.moveaxis(kernel, (-1, -2), (0, 1))


def _layer(kind, weight, **parameters):
    """Return a layer with this weight; ``filter_eval_shape`` spares us the random one."""
    import equinox as eqx
    import jax

    size = weight.shape[2:]
    layer = eqx.filter_eval_shape(
        kind, len(size), kernel_size=size, use_bias=False, key=jax.random.key(0), **parameters
    )
    return eqx.tree_at(lambda layer: layer.weight, layer, weight)


def _batched(layer, x):
    import jax
    import jax.numpy as jnp

    return jnp.moveaxis(jax.vmap(layer)(jnp.moveaxis(x, -1, 1)), 1, -1)


implementation = Implementation(
    name="equinox",
    version=version("equinox"),
    framework="jax",
    summary="Conv and ConvTranspose of equinox.nn; its pooling takes numbers only, not 'SAME'.",
    homepage="https://docs.kidger.site/equinox/api/nn/conv/",
    conv=conv,
    depthwise_conv=depthwise_conv,
    conv_transpose=conv_transpose,
    environment={"JAX_PLATFORMS": "cpu"},
    compile_together=100,
)
