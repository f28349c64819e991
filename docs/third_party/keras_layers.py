"""Keras: the layers of ``keras.layers``, one implementation per backend."""

from installed import version

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

    parameters |= {"kernel_size": case.kernel, "dilation_rate": case.dilation, "use_bias": False}
    if case.op == "depthwise_conv":
        if case.rank == 3:
            raise Unsupported("Keras has no DepthwiseConv3D")
        layer = getattr(keras.layers, "DepthwiseConv" + dimensions)(
            depth_multiplier=case.channels[1], depthwise_initializer="zeros", **parameters
        )
    else:
        if max(case.stride) > 1 and max(case.dilation) > 1:
            raise Unsupported("Keras' Conv and ConvTranspose refuse strides > 1 together with dilation_rate > 1")
        parameters |= {"filters": case.channels[1], "kernel_initializer": "zeros"}
        if case.op == "conv":
            layer = getattr(keras.layers, "Conv" + dimensions)(groups=case.groups, **parameters)
        elif case.output_size == tuple(n * s for n, s in zip(case.size, case.stride)):
            layer = getattr(keras.layers, f"Conv{dimensions}Transpose")(**parameters)
        else:
            raise Unsupported("the layers take output_padding, not a length; their default is size * stride")
    layer.build((None, *[None] * case.rank, case.channels[0]))
    shape = layer.trainable_variables[0].shape

    def run(x, kernel):
        # a depthwise kernel of JAX's is (*kernel, 1, channels * multiplier), Keras' is (*kernel, channels, multiplier)
        y, _ = layer.stateless_call([keras.ops.reshape(kernel, shape)], [], x)
        return y

    return run


def declines(case):
    """Return why oneDNN must not be asked for a gradient, as torch and TensorFlow do; empty if it may."""
    if case.compared == "forward" or case.op in ("max_pool", "avg_pool"):
        return ""
    if case.rank == 2 and max(case.kernel) == 1 and max(case.stride) > 1:
        return "oneDNN writes past its memory for the kernel gradient of a strided 1x1 convolution (oneDNN issue 6035)"
    if case.compared == "kernel_gradient" and case.dtype == "bfloat16":
        return "with AVX-512, oneDNN's bfloat16 kernel gradient differs from run to run where an output has length 1"
    return ""


def declines_on_tensorflow(case):
    """Return what TensorFlow does not offer, besides."""
    if case.op == "depthwise_conv" and len(set(case.stride)) > 1:
        return "TensorFlow's depthwise convolution has one stride for both axes"
    return declines(case)


HOMEPAGE = "https://keras.io/api/layers/"

on_torch = Implementation(
    name="keras-layers-torch",
    version=version("keras"),
    framework="keras",
    summary="Layers of Keras 3 on its torch backend, padding='same'.",
    homepage=HOMEPAGE,
    build=build,
    declines=declines,
    paddings=("same",),
    environment={"KERAS_BACKEND": "torch"},
)

on_tensorflow = Implementation(
    name="keras-layers-tensorflow",
    version=version("keras"),
    framework="keras",
    summary="Layers of Keras 3 on its TensorFlow backend, padding='same'.",
    homepage=HOMEPAGE,
    build=build,
    declines=declines_on_tensorflow,
    paddings=("same",),
    # TensorFlow's default of oneDNN depends on the processor
    environment={"KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"},
)

on_jax = Implementation(  # its tensors are JAX's, and many of its calls can be compiled into one program
    name="keras-layers-jax",
    version=version("keras"),
    framework="jax",
    summary="Layers of Keras 3 on its JAX backend, padding='same'.",
    homepage=HOMEPAGE,
    build=build,
    paddings=("same",),
    environment={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
    compile_together=100,
)
