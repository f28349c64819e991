"""Keras: the layers of ``keras.layers``, one implementation per backend."""

from same_conformance import Implementation, Unsupported


def build(case):
    """Return the layer for `case`; the kernel that it is called with takes the place of its own."""
    import keras

    parameters = {"strides": case.stride, "padding": "same", "dtype": case.dtype}
    dimensions = f"{case.rank}D"
    if case.op in ("max_pool", "avg_pool"):
        if max(case.dilation) > 1:
            raise Unsupported("Keras' pooling layers have no dilation")
        kind = "MaxPooling" if case.op == "max_pool" else "AveragePooling"
        return getattr(keras.layers, kind + dimensions)(case.kernel, **parameters)

    if case.op != "depthwise_conv" and max(case.stride) > 1 and max(case.dilation) > 1:
        raise Unsupported("Keras' Conv and ConvTranspose refuse strides > 1 together with dilation_rate > 1")
    parameters |= {"kernel_size": case.kernel, "dilation_rate": case.dilation, "use_bias": False}
    if case.op == "conv":
        layer = getattr(keras.layers, "Conv" + dimensions)(case.channels[1], groups=case.groups, **parameters)
    elif case.op == "depthwise_conv":
        if case.rank == 3:
            raise Unsupported("Keras has no DepthwiseConv3D")
        layer = getattr(keras.layers, "DepthwiseConv" + dimensions)(depth_multiplier=case.channels[1], **parameters)
    else:
        if case.output_size != tuple(n * s for n, s in zip(case.size, case.stride)):
            raise Unsupported("the layers take output_padding, not a length; their default is size * stride")
        layer = getattr(keras.layers, f"Conv{dimensions}Transpose")(case.channels[1], **parameters)
    layer.build((None, *[None] * case.rank, case.channels[0]))

    def run(x, kernel):
        y, _ = layer.stateless_call([kernel], [], x)
        return y

    return run


def declines_on_torch(case):
    """Return why a gradient must not be asked of torch with channels last, as Keras calls it; empty if it may."""
    if case.compared == "kernel_gradient" and case.rank == 2 and max(case.kernel) == 1 and max(case.stride) > 1:
        return "oneDNN writes past its memory for the kernel gradient of a strided 1x1 convolution (oneDNN issue 6035)"
    return ""


def _on(backend, declines=None, **environment):
    return Implementation(
        name=f"keras-layers-{backend}",
        framework="keras",
        summary=f"Layers of Keras 3 on its {backend} backend, padding='same'.",
        homepage="https://keras.io/api/layers/",
        build=build,
        paddings=("same",),
        declines=declines,
        environment={"KERAS_BACKEND": backend, **environment},
    )


on_torch = _on("torch", declines_on_torch)
on_jax = _on("jax", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")  # without x64, float64 becomes float32
on_tensorflow = _on("tensorflow", TF_CPP_MIN_LOG_LEVEL="2")
