"""Write how arrays become a framework's tensors, how a gradient is taken, and how the result comes back."""

from __future__ import annotations

from same_conformance.case import Case
from same_conformance.repro import code, data, programs
from same_conformance.repro.target import Target

IMPORTS = {
    "numpy": [],
    "tensorflow": ["import tensorflow as tf"],
    "jax": ["import jax", "import jax.numpy as jnp"],
    "torch": ["import torch"],
    "keras": ["import keras"],
}
_TENSORS = {
    "numpy": '{array}.astype("{dtype}")',
    "tensorflow": "tf.cast({array}, tf.{dtype})",
    "jax": "jnp.asarray({array}, jnp.{dtype})",
    "torch": "torch.tensor({array}, dtype=torch.{dtype})",
    "keras": 'keras.ops.convert_to_tensor({array}, dtype="{dtype}")',
}
_ARRAYS = {
    "numpy": "{tensor}.astype(np.float64)",
    "tensorflow": "tf.cast({tensor}, tf.float64).numpy()",
    "jax": "np.asarray({tensor}).astype(np.float64)",
    "torch": "{tensor}.detach().double().numpy()",
    "keras": 'np.asarray(keras.ops.convert_to_numpy(keras.ops.cast({tensor}, "float64")))',
}
_DTYPES = {
    "numpy": "{tensor}.dtype.name",
    "tensorflow": "{tensor}.dtype.name",
    "jax": "{tensor}.dtype.name",
    "torch": 'str({tensor}.dtype).removeprefix("torch.")',
    "keras": "keras.backend.standardize_dtype({tensor}.dtype)",
}
_SPACE_LAST = "np.moveaxis({array}, 1, -1)"
_SPACE_FIRST = "np.moveaxis({array}, -1, 1)"
_KERNEL_FIRST = "np.moveaxis({array}, (-1, -2), (0, 1))"
_KERNEL_LAST = "np.moveaxis({array}, (0, 1), (-1, -2))"


def imports(target: Target) -> list[str]:
    """Return the imports of the framework and, for Keras, of the backend that takes its gradients."""
    if target.is_program:
        return programs.IMPORTS
    return [*IMPORTS[target.framework], *(IMPORTS[target.package] if target.framework == "keras" else [])]


def settings(target: Target, case: Case) -> list[str]:
    """Return what is set after the import."""
    if target.package == "jax" and case.dtype == "float64":
        return ['jax.config.update("jax_enable_x64", True)']
    return []


def conversions(target: Target, case: Case, request: str = "asked") -> list[str]:
    """Return the lines that make the tensors ``x``, ``kernel`` and ``cotangent`` of the arrays; for a program, a `request`."""
    if target.is_program:
        return programs.request(target.name, case, request)
    lines = []
    for name in data.names(case):
        array = f"{name}_array"
        if name == "kernel" and case.op == "depthwise_conv" and target.framework in ("jax", "torch"):
            array += f".reshape({(*case.kernel, 1, case.channels[0] * case.channels[1])})"
        if target.framework == "torch":
            array = (_KERNEL_FIRST if name == "kernel" else _SPACE_FIRST).format(array=array)
        lines.append(f"{name} = " + _TENSORS[target.framework].format(array=array, dtype=case.dtype))
    return lines


def gradient(target: Target, case: Case, body: list[str], *, checked: bool) -> list[str]:
    """Return `body`, which ends in ``result``, with the gradient of its product with the cotangent: ``found``.

    With `checked`, the script looks at the shape of the result first, because that is what is wrong.
    """
    by = "kernel" if case.compared == "kernel_gradient" else "x"
    check = []
    if checked:
        check = [
            "if tuple(result.shape) != tuple(cotangent.shape):",
            '    print("the forward result has shape", tuple(result.shape), "and not", tuple(cotangent.shape))',
            '    print("They differ in shape.")',
            "    raise SystemExit",
        ]
    if target.package == "tensorflow":
        tape = ["with tf.GradientTape() as tape:", *code.indented([f"tape.watch({by})", *body])]
        return [*tape, *check, f"found = tape.gradient(result, {by}, output_gradients=cotangent)"]
    if target.package == "jax":
        function = [f"def forward({by}):", *code.indented([*body, "return result"])]
        return [
            *function,
            "",
            f"result, pull_back = jax.vjp(forward, {by})",
            *check,
            "(found,) = pull_back(cotangent)",
        ]
    if target.package == "numpy":
        operands = ", ".join(data.names(case))
        return [*body, *check, f"found = implementation.gradient(case)({operands})"]
    return [
        f"{by}.requires_grad_()",
        *body,
        *check,
        f"(found,) = torch.autograd.grad(result, {by}, cotangent)",
    ]


def results(target: Target, case: Case) -> list[str]:
    """Return the lines that make the array ``given`` of the tensor, in the layout of ``expected``, and name its dtype."""
    if target.is_program:
        return programs.RESULTS
    tensor = "result" if case.compared == "forward" else "found"
    array = _ARRAYS[target.framework].format(tensor=tensor)
    is_kernel = case.compared == "kernel_gradient"
    if target.framework == "torch":
        array = (_KERNEL_LAST if is_kernel else _SPACE_LAST).format(array=array)
    if is_kernel and case.op == "depthwise_conv" and target.framework in ("jax", "torch"):
        array += ".reshape(kernel_array.shape)"
    return [f"given = {array}", "dtype = " + _DTYPES[target.framework].format(tensor=tensor)]
