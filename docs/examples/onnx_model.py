"""ONNX models of one node, as ONNX Runtime executes them: auto_pad says SAME, and the runtime pads."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from same_conformance import Implementation


def run(op, x, kernel=None, **attributes):
    """Make a model of one node and run it; arrays are channel last here, and (batch, channels, *size) in ONNX."""
    arrays = {"x": np.moveaxis(x, -1, 1)}
    if kernel is not None:
        arrays["w"] = np.moveaxis(kernel, (-1, -2), (0, 1))
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, a.shape) for name, a in arrays.items()]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    node = helper.make_node(op, list(arrays), ["y"], **attributes)
    graph = helper.make_graph([node], "one node", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    (y,) = session.run(None, {name: np.ascontiguousarray(a) for name, a in arrays.items()})
    return np.moveaxis(y, 1, -1)


AUTO_PAD = {"SAME": "SAME_UPPER", "SAME_LOWER": "SAME_LOWER"}


def conv(x, kernel, *, stride, dilation, padding, groups):
    attributes = {"strides": stride, "dilations": dilation, "group": groups, "auto_pad": AUTO_PAD[padding]}
    return run("Conv", x, kernel, kernel_shape=kernel.shape[:-2], **attributes)


def max_pool(x, *, window, stride, dilation, padding):
    return run("MaxPool", x, kernel_shape=window, strides=stride, dilations=dilation, auto_pad=AUTO_PAD[padding])


implementation = Implementation(
    name="example-onnx",
    framework="numpy",
    conv=conv,
    max_pool=max_pool,
    dtypes=("float32",),
    version=onnxruntime.__version__,
    summary="ONNX Runtime, on the CPU.",
)
