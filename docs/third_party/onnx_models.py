"""ONNX: a model of one node with ``auto_pad``, for inputs of any size, run by three engines."""

import numpy as np
from installed import version

from same_conformance import Implementation, Unsupported

NODES = {
    "conv": "Conv",
    "depthwise_conv": "Conv",
    "conv_transpose": "ConvTranspose",
    "max_pool": "MaxPool",
    "avg_pool": "AveragePool",
}
OPSET = 22


def kernel_shape(case):
    """Return the shape of the kernel in ONNX's layout; pooling has none."""
    match case.op:
        case "conv":
            return (case.channels[1], case.channels[0] // case.groups, *case.kernel)
        case "depthwise_conv":
            return (case.channels[0] * case.channels[1], 1, *case.kernel)
        case "conv_transpose":
            return (*case.channels, *case.kernel)
    return ()


def model_of(case):
    """Return a model that computes `case`; its sizes are left open, unless a length is asked for."""
    from onnx import TensorProto, helper

    size = (None,) * case.rank
    attributes = {
        "auto_pad": "SAME_UPPER" if case.padding == "same" else "SAME_LOWER",
        "strides": case.stride,
        "dilations": case.dilation,
        "kernel_shape": case.kernel,
    }
    if case.op == "conv":
        attributes["group"] = case.groups
    if case.op == "depthwise_conv":
        attributes["group"] = case.channels[0]
    if case.op == "conv_transpose" and case.output_size != tuple(n * s for n, s in zip(case.size, case.stride)):
        attributes["output_shape"] = case.output_size
        size = case.size
    n_operands = 1 if case.op.endswith("pool") else 2
    dtype = getattr(TensorProto, {"float32": "FLOAT", "float64": "DOUBLE", "float16": "FLOAT16"}[case.dtype])
    shapes = {"x": (None, case.channels[0], *size), "w": kernel_shape(case)}
    graph = helper.make_graph(
        [helper.make_node(NODES[case.op], ["x", "w"][:n_operands], ["y"], **attributes)],
        case.op,
        [helper.make_tensor_value_info(name, dtype, shapes[name]) for name in ["x", "w"][:n_operands]],
        [helper.make_tensor_value_info("y", dtype, (None,) * (case.rank + 2))],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)


def with_layouts(case, run):
    """Return `run`, which takes and gives ONNX's layout, for the channel-last arrays of NumPy."""

    def convert(x, *kernels):
        feeds = {"x": np.ascontiguousarray(np.moveaxis(x, -1, 1))}
        for kernel in kernels:
            # a depthwise one is (*kernel, channels, multiplier), which is (*kernel, 1, channels * multiplier)
            grouped = kernel.reshape(*case.kernel, 1, -1) if case.op == "depthwise_conv" else kernel
            feeds["w"] = np.ascontiguousarray(np.moveaxis(grouped, (-1, -2), (0, 1)))
        return np.moveaxis(run(feeds), 1, -1)

    return convert


def build_runtime(case):
    """Return a session of ONNX Runtime for `case`."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as states

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        model = model_of(case).SerializeToString()
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except states.NotImplemented as error:
        raise Unsupported(str(error)) from None

    def run(feeds):
        try:
            (y,) = session.run(None, feeds)
        except (states.Fail, states.InvalidArgument) as error:
            if "Dilation not supported for AutoPadType" in str(error):
                raise Unsupported("Conv refuses auto_pad with dilation") from None
            raise
        return y

    return with_layouts(case, run)


def build_reference(case):
    """Return ONNX's reference evaluator for `case`."""
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(model_of(case))
    return with_layouts(case, lambda feeds: evaluator.run(None, feeds)[0])


def build_openvino(case):
    """Return the model for `case`, compiled by OpenVINO."""
    import openvino

    core = openvino.Core()
    model = core.read_model(model_of(case).SerializeToString())
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"})
    return with_layouts(case, lambda feeds: compiled(feeds)[0])


runtime = Implementation(
    name="onnxruntime",
    version=version("onnxruntime"),
    framework="numpy",
    summary="ONNX Runtime on the CPU: one node with auto_pad.",
    homepage="https://onnxruntime.ai",
    build=build_runtime,
    dtypes=("float32", "float64", "float16"),
)

reference = Implementation(
    name="onnx-reference",
    version=version("onnx"),
    framework="numpy",
    summary="onnx.reference.ReferenceEvaluator: one node with auto_pad.",
    homepage="https://onnx.ai/onnx/api/reference.html",
    build=build_reference,
    dtypes=("float32", "float64", "float16"),
)

openvino = Implementation(
    name="openvino",
    version=version("openvino"),
    framework="numpy",
    summary="OpenVINO on the CPU: one node with auto_pad, read from ONNX.",
    homepage="https://docs.openvino.ai",
    build=build_openvino,
    dtypes=("float32", "float16"),
)
