"""Adapt TensorFlow: NHWC inputs, HWIO kernels, depthwise kernels (*kernel, channels, multiplier)."""

from __future__ import annotations

import contextlib
from typing import Any, Sequence

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from same_conformance.case import Case
from same_conformance.frameworks import Call, IndependentError, check_shape
from same_conformance.messages import text_of

PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy")

_REFUSALS = (
    "only supports dilated rates of 1",
    "not yet support dilation rates larger than 1",
    "is not in the list of allowed values",
    "Gradients for grouped convolutions are not supported on CPU",
)


def start() -> None:
    """Give TensorFlow one thread."""
    with contextlib.suppress(RuntimeError):  # an implementation has made a tensor already; the environment says one too
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def tensors(case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """Convert the operands to the case's dtype; our layout is TensorFlow's."""
    dtype = tf.as_dtype(case.dtype).as_numpy_dtype
    return tuple(tf.constant(a.astype(dtype)) for a in operands)  # a cast by TensorFlow would be a kernel per shape


def array(case: Case, result: Any) -> tuple[np.ndarray, str]:
    """Convert the result; bfloat16 becomes float32."""
    _check_type(case, result)
    dtype = result.dtype.name
    return (tf.cast(result, tf.float32) if dtype == "bfloat16" else result).numpy(), dtype


def _check_type(case: Case, result: Any) -> None:
    if not tf.is_tensor(result):
        raise TypeError(f"{case.op} returned {type(result).__name__}, but a tf.Tensor is expected")


def content(tensor: Any) -> bytes:
    """Return the elements of a tensor."""
    return np.asarray(tensor).tobytes()


def overlap(one: Any, other: Any) -> bool:
    """Tell that none do: nobody can write to tensors of TensorFlow."""
    del one, other
    return False


def refuses(error: Exception) -> bool:
    """Recognise a missing kernel or gradient, and dilation rates that the CPU kernels do not have."""
    words = text_of(error)
    if isinstance(error, LookupError) and "gradient registry has no entry for" in words:
        return True
    missing = isinstance(error, (tf.errors.NotFoundError, tf.errors.UnimplementedError))
    return missing or (isinstance(error, tf.errors.InvalidArgumentError) and any(w in words for w in _REFUSALS))


_since_clearing = 0
_CLEAR_EVERY = 1000
"""Eager TensorFlow keeps a kernel for every op, dtype and attributes it has seen: 30 KB a case. Cleared ten times as often,
a case takes two thirds longer, because many kernels are made again."""


def execute(call: Call) -> Any:
    """Call the function on its tensors, eagerly."""
    global _since_clearing  # noqa: PLW0603  # TensorFlow's cache is a global of the process too
    _since_clearing += 1
    if _since_clearing >= _CLEAR_EVERY:
        with contextlib.suppress(AttributeError):  # not public; Keras calls it to clear its session
            context.context().clear_kernel_cache()
        _since_clearing = 0
    return call.function(*call.operands) if call.cotangent is None else gradient(call)


def gradient(call: Call) -> Any:
    """Take a gradient with a tape."""
    operand = call.operands[call.by]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(operand)
        result = call.function(*call.operands)
    _check_type(call.case, result)
    check_shape(call, result.shape, result.dtype.name)
    found = tape.gradient(result, operand, output_gradients=tf.cast(call.cotangent, result.dtype))
    if found is None:
        raise IndependentError(call)
    return found


def execute_together(calls: Sequence[Call]) -> list[Any]:
    """Run one after the other: TensorFlow runs eagerly."""
    return [(execute(call), execute(call)) for call in calls]
