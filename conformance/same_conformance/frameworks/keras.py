"""Adapt Keras 3 on whichever backend its environment chose: channel-last tensors, kernels as in TensorFlow."""

from __future__ import annotations

import importlib
from typing import Any, Sequence

import keras
import numpy as np

from same_conformance.case import Case
from same_conformance.frameworks import Call, raised_in

PACKAGES = ("keras", "torch", "tensorflow-cpu", "jax", "numpy")


def start() -> None:
    """Keep tracebacks whole, or an error of Keras looks like one of its caller; give the torch backend one thread."""
    keras.config.disable_traceback_filtering()
    if keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(1)


def tensors(case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """Convert the operands to the case's dtype; our layout is Keras's."""
    return tuple(keras.ops.convert_to_tensor(a, dtype=case.dtype) for a in operands)


def array(case: Case, result: Any) -> tuple[np.ndarray, str]:
    """Convert the result; bfloat16 becomes float32."""
    if not keras.ops.is_tensor(result):
        raise TypeError(f"{case.op} returned {type(result).__name__}, but a tensor of Keras's backend is expected")
    dtype = keras.backend.standardize_dtype(result.dtype)
    values = keras.ops.cast(result, "float32") if dtype == "bfloat16" else result
    return np.asarray(keras.ops.convert_to_numpy(values)), dtype


def _backend() -> Any:
    """Return the adapter of the backend; our layout is Keras's on all of them."""
    return importlib.import_module(f"same_conformance.frameworks.{keras.backend.backend()}")


def content(tensor: Any) -> bytes:
    """Return the elements of a tensor."""
    return bytes(_backend().content(tensor))


def overlap(one: Any, other: Any) -> bool:
    """Tell whether two tensors of the backend do."""
    return bool(_backend().overlap(one, other))


def refuses(error: Exception) -> bool:
    """Recognise an op that the backend has no kernel for."""
    return bool(raised_in(error, "keras") or _backend().refuses(error))


def execute(call: Call) -> Any:
    """Call the function on its tensors; the backend takes gradients, and records them only then."""
    if keras.backend.backend() != "torch":
        return _backend().execute(call)
    if call.cotangent is not None:
        return _backend().gradient(call, lambda result: result.shape)
    import torch

    with torch.no_grad():
        return call.function(*call.operands)


def execute_together(calls: Sequence[Call]) -> list[Any]:
    """Run one after the other."""
    return [(execute(call), execute(call)) for call in calls]
