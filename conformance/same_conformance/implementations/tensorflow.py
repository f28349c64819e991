"""Run TensorFlow: the witness (oneDNN on), its native kernels, and its depthwise convolution as users call it."""

from __future__ import annotations

from typing import Any

from same_conformance import Case, Implementation, Unsupported
from same_conformance.implementations import onednn
from same_conformance.padding import SAME

HOMEPAGE = "https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2"


def conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, groups: int) -> Any:
    """Call ``tf.nn.conv1d``, ``conv2d`` or ``conv3d``.

    TensorFlow's 3-D convolution has no groups on the CPU, so there each group is a convolution of its own.
    """
    import tensorflow as tf

    rank = len(stride)
    function = (tf.nn.conv1d, tf.nn.conv2d, tf.nn.conv3d)[rank - 1]
    keywords = _strides_and_dilations(stride, dilation)
    if groups > 1 and rank == 3:
        pairs = zip(tf.split(x, groups, axis=-1), tf.split(kernel, groups, axis=-1))
        return tf.concat([function(a, b, padding=padding, **keywords) for a, b in pairs], axis=-1)
    return function(x, kernel, padding=padding, **keywords)


def depthwise_conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
    """Call the grouped convolution that computes the same thing, exactly, for every stride and dilation.

    ``tf.nn.depthwise_conv2d`` does not where both exceed 1: see `tensorflow_depthwise`.
    """
    import tensorflow as tf

    *window, channels, multiplier = kernel.shape
    grouped = tf.reshape(kernel, (*window, 1, channels * multiplier))
    return conv(x, grouped, stride=stride, dilation=dilation, padding=padding, groups=channels)


def conv_transpose(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, output_size: Any) -> Any:
    """Call ``tf.nn.conv1d_transpose``, ``conv2d_transpose`` or ``conv3d_transpose``."""
    import tensorflow as tf

    rank = len(stride)
    function = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[rank - 1]
    shape = (x.shape[0], *output_size, kernel.shape[-2])
    return function(x, kernel, output_shape=shape, strides=list(stride), padding=padding, dilations=list(dilation))


def max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``tf.nn.max_pool1d``, ``max_pool2d`` or ``max_pool3d``."""
    import tensorflow as tf

    return _pool((tf.nn.max_pool1d, tf.nn.max_pool2d, tf.nn.max_pool3d), x, window, stride, dilation, padding)


def avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``tf.nn.avg_pool1d``, ``avg_pool2d`` or ``avg_pool3d``."""
    import tensorflow as tf

    return _pool((tf.nn.avg_pool1d, tf.nn.avg_pool2d, tf.nn.avg_pool3d), x, window, stride, dilation, padding)


def depthwise_conv2d(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``tf.nn.depthwise_conv2d``."""
    import tensorflow as tf

    if stride[0] != stride[1]:
        raise Unsupported("tf.nn.depthwise_conv2d: current implementation only supports equal length strides")
    return tf.nn.depthwise_conv2d(x, kernel, strides=[1, *stride, 1], padding=padding, dilations=list(dilation))


def _strides_and_dilations(stride: Any, dilation: Any) -> dict[str, Any]:
    """Return the keywords as each rank wants them: ``conv1d`` names the stride in the singular, ``conv3d`` counts batch and channels."""
    if len(stride) == 1:
        return {"stride": list(stride), "dilations": list(dilation)}
    if len(stride) == 2:
        return {"strides": list(stride), "dilations": list(dilation)}
    return {"strides": [1, *stride, 1], "dilations": [1, *dilation, 1]}


def _pool(functions: Any, x: Any, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    if any(d > 1 for d in dilation):
        raise Unsupported("tf.nn.max_pool and avg_pool have no dilation, and tf.nn.pool refuses SAME with one")
    return functions[len(window) - 1](x, ksize=list(window), strides=list(stride), padding=padding)


def declines(case: Case) -> str:
    """Return why a gradient is not to be asked of TensorFlow with oneDNN; empty if it may.

    TensorFlow computes both gradients of a convolution, whichever is wanted.
    """
    if case.compared == "forward":
        return ""
    return onednn.corrupts_memory(case) or (onednn.is_unstable(case) if case.compared == "kernel_gradient" else "")


_WITNESS: dict[str, Any] = {
    "framework": "tensorflow",
    "homepage": HOMEPAGE,
    "conv": conv,
    "depthwise_conv": depthwise_conv,
    "conv_transpose": conv_transpose,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "paddings": (SAME,),
}

witness = Implementation(
    name="tensorflow",
    summary="Witness: padding='SAME' of tf.nn, with oneDNN; depthwise as a grouped convolution.",
    environment={"TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
    declines=declines,
    **_WITNESS,
)

native = Implementation(
    name="tensorflow-native",
    summary="The same calls without oneDNN: TensorFlow's own kernels.",
    environment={"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
    **_WITNESS,
)

depthwise = Implementation(
    name="tensorflow-depthwise",
    framework="tensorflow",
    summary="tf.nn.depthwise_conv2d as users call it: wrong where stride and dilation both exceed 1.",
    homepage="https://github.com/tensorflow/tensorflow/issues/27667",
    depthwise_conv=depthwise_conv2d,
    environment=witness.environment,
    ranks=(2,),
    paddings=(SAME,),
    rule="space-to-batch",
)
