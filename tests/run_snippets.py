"""Run code that the page and `explain` give to copy, and compare it with the spec: ``python run_snippets.py FRAMEWORK``.

Reads pairs of a case's id and code from standard input, as JSON, and prints for each id what came out: ``right``,
``refused`` if there is no code but comments, or what is wrong. One process for each framework, since imports are slow.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from same_conformance import operands
from same_conformance.case import Case, parse
from same_conformance.judge import Judge
from same_conformance.outcome import Array

Names = dict[str, Any]
"""What the code finds and leaves behind."""


def channels_first(case: Case, data: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """Return the operands as PyTorch and ONNX have them."""
    arrays = [np.moveaxis(data[0], -1, 1)]
    if len(data) > 1:
        kernel = data[1].reshape(*case.kernel, 1, -1) if case.op == "depthwise_conv" else data[1]
        arrays.append(np.moveaxis(kernel, (-1, -2), (0, 1)))
    return [np.ascontiguousarray(array, dtype="float32") for array in arrays]


def torch(case: Case, code: str, data: tuple[np.ndarray, ...]) -> Any:
    import torch

    names: Names = dict(zip(("x", "kernel"), map(torch.from_numpy, channels_first(case, data)), strict=False))
    exec(code, names)  # noqa: S102  # this is what a reader copies
    return np.moveaxis(names["y"].numpy(), 1, -1)


def tensorflow(case: Case, code: str, data: tuple[np.ndarray, ...]) -> Any:
    import tensorflow as tf

    del case
    names: Names = {k: tf.constant(v, tf.float32) for k, v in zip(("x", "kernel"), data, strict=False)}
    exec(code, names)  # noqa: S102
    return names["y"].numpy()


def jax(case: Case, code: str, data: tuple[np.ndarray, ...]) -> Any:
    import jax.numpy as jnp

    kernel = [k.reshape(*case.kernel, 1, -1) if case.op == "depthwise_conv" else k for k in data[1:]]
    arrays = [jnp.asarray(a, "float32") for a in (data[0], *kernel)]
    names: Names = dict(zip(("x", "kernel"), arrays, strict=False))
    exec(code, names)  # noqa: S102
    return np.asarray(names["y"])


def keras(case: Case, code: str, data: tuple[np.ndarray, ...]) -> Any:
    names: Names = {"filters": case.channels[-1]}
    exec(code, names)  # noqa: S102
    layer = names["layer"]
    if case.op == "depthwise_conv":
        (layer.layers[-1] if hasattr(layer, "layers") else layer).depth_multiplier = case.channels[1]
    layer.build(data[0].shape)
    if len(data) > 1:
        kernel = data[1]
        layer.set_weights([kernel, np.zeros(layer.get_weights()[1].shape)])
    return np.asarray(layer(data[0].astype("float32")))


def onnx(case: Case, code: str, data: tuple[np.ndarray, ...]) -> Any:
    import onnxruntime
    from onnx import TensorProto, helper

    arrays = dict(zip(("x", "kernel"), channels_first(case, data), strict=False))
    names: Names = {"channels": case.channels[0]}
    exec(code, names)  # noqa: S102
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, a.shape) for name, a in arrays.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([names["node"]], "layer", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.moveaxis(session.run(["y"], arrays)[0], 1, -1)


RUNNERS: dict[str, Callable[[Case, str, tuple[np.ndarray, ...]], Any]] = {
    "PyTorch": torch,
    "TensorFlow": tensorflow,
    "Keras": keras,
    "JAX": jax,
    "ONNX": onnx,
}


def said(case: Case, code: str, run: Callable[[Case, str, tuple[np.ndarray, ...]], Any]) -> str:
    """Return what came of it."""
    if all(line.startswith("#") for line in code.splitlines()):
        return "refused"
    data = operands.make(case)
    try:
        values = np.asarray(run(case, code, data))
    except Exception as error:  # noqa: BLE001  # whatever it is, the reader who copies it meets it
        return f"{type(error).__name__}: {error}"[:600]
    judgement = Judge().judge(case, Array(values.astype(np.float64), case.dtype))
    return "right" if judgement.verdict == "pass" else f"{judgement.verdict}: {judgement.message}"


def main() -> None:
    run = RUNNERS[sys.argv[1]]
    print(json.dumps([[text, said(parse(text), code, run)] for text, code in json.load(sys.stdin)]))  # noqa: T201


if __name__ == "__main__":
    main()
