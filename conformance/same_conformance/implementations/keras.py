"""Run Keras 3 on its torch backend: a third party's SAME in PyTorch."""

from __future__ import annotations

from typing import Any

from same_conformance import Case, Implementation, Unsupported
from same_conformance.implementations import onednn
from same_conformance.padding import SAME


def conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, groups: int) -> Any:
    """Call ``keras.ops.conv``; the groups follow from the shapes."""
    import keras

    del groups
    return keras.ops.conv(x, kernel, strides=stride, padding=padding.lower(), dilation_rate=dilation)


def depthwise_conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``keras.ops.depthwise_conv``."""
    import keras

    if len(stride) == 3:
        raise Unsupported("keras.ops.depthwise_conv has 1 and 2 spatial dimensions")
    return keras.ops.depthwise_conv(x, kernel, strides=stride, padding=padding.lower(), dilation_rate=dilation)


def conv_transpose(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, output_size: Any) -> Any:
    """Call ``keras.ops.conv_transpose``, whose default output is size * stride."""
    import keras

    if tuple(output_size) != tuple(n * s for n, s in zip(x.shape[1:-1], stride)):
        raise Unsupported("keras.ops.conv_transpose takes output_padding, not a length; its default is size * stride")
    return keras.ops.conv_transpose(x, kernel, strides=stride, padding=padding.lower(), dilation_rate=dilation)


def max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``keras.ops.max_pool``."""
    import keras

    _check_pool(dilation)
    return keras.ops.max_pool(x, pool_size=window, strides=stride, padding=padding.lower())


def avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``keras.ops.average_pool``."""
    import keras

    _check_pool(dilation)
    return keras.ops.average_pool(x, pool_size=window, strides=stride, padding=padding.lower())


def _check_pool(dilation: Any) -> None:
    if max(dilation) > 1:
        raise Unsupported("keras.ops pooling has no dilation")


def declines(case: Case) -> str:
    """Return why a gradient is not to be asked of torch with channels last, which is how Keras calls it; empty if it may."""
    return onednn.corrupts_memory(case) if case.compared == "kernel_gradient" else ""


torch_backend = Implementation(
    name="keras-torch",
    framework="keras",
    summary="Keras 3 on its torch backend, padding='same'.",
    homepage="https://keras.io/api/ops/nn/",
    conv=conv,
    depthwise_conv=depthwise_conv,
    conv_transpose=conv_transpose,
    max_pool=max_pool,
    avg_pool=avg_pool,
    environment={"KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "2"},
    paddings=(SAME,),
    declines=declines,
)
