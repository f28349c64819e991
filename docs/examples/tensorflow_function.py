"""Functions in TensorFlow: tensors are (batch, *size, channels), kernels (*kernel, in / groups, out)."""

import tensorflow as tf

from same_conformance import Implementation, Unsupported


def pads_of(size, kernel, stride, dilation):
    """Return what SAME pads before and after each axis, with nothing for batch and channels."""
    pads = []
    for n, k, s, d in zip(size, kernel, stride, dilation):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads.append([total // 2, total - total // 2])
    return [[0, 0], *pads, [0, 0]]


def conv(x, kernel, *, stride, dilation, padding, groups):
    padded = tf.pad(x, pads_of(x.shape[1:-1], kernel.shape[:-2], stride, dilation))
    return tf.nn.conv2d(padded, kernel, stride, "VALID", dilations=dilation)  # the groups follow from the shapes


def max_pool(x, *, window, stride, dilation, padding):
    if max(dilation) > 1:
        raise Unsupported("dilation")
    padded = tf.pad(x, pads_of(x.shape[1:-1], window, stride, dilation), constant_values=x.dtype.min)
    return tf.nn.max_pool2d(padded, window, stride, "VALID")


implementation = Implementation(
    name="example-tensorflow",
    framework="tensorflow",
    conv=conv,
    max_pool=max_pool,
    ranks=(2,),
    paddings=("same",),
    summary="Pads by hand, then calls tf.nn with VALID.",
)
