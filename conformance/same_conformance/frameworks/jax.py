"""Adapt JAX: NHWC inputs, HWIO kernels; a depthwise kernel is (*kernel, 1, channels * multiplier)."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from same_conformance.case import Case
from same_conformance.frameworks import Call, check_shape, layout, raised_in

PACKAGES = ("jax", "jaxlib", "numpy")

FAST_COMPILATION = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""Nearly all of a case's time is compilation; the values are exact, so what these switch off cannot change a verdict.

Measured per case over all ops and ranks, float32, 100 cases in one program: 4.5 ms with all three, 6 without the last,
44 with JAX's defaults.
"""

_options: dict[str, Any] = {}
"""Those of `FAST_COMPILATION` that this version of XLA knows."""


def start() -> None:
    """Allow float64, keep tracebacks whole, and find out which compiler options there are."""
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003  # JAX takes it so
    jax.config.update("jax_traceback_filtering", "off")  # or an error of JAX looks like one of its caller
    for name, value in FAST_COMPILATION.items():
        with contextlib.suppress(jax.errors.JaxRuntimeError):  # an option that this XLA does not know
            jax.jit(jnp.negative, compiler_options={name: value}).lower(jnp.zeros(())).compile()
            _options[name] = value


def tensors(case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """Convert the operands to the case's dtype."""
    arrays = list(operands)
    if case.op == "depthwise_conv":
        arrays[1] = layout.grouped_depthwise(case, arrays[1])
    dtype = jnp.dtype(case.dtype)
    return tuple(jax.device_put([a.astype(dtype) for a in arrays]))  # jnp.asarray compiles once per shape


def array(case: Case, result: Any) -> tuple[np.ndarray, str]:
    """Convert the result; bfloat16 becomes float32, and the gradient of a depthwise kernel has the form of our kernels."""
    _check_type(case, result)
    values = np.asarray(result)
    dtype = values.dtype.name
    if case.op == "depthwise_conv" and case.compared == "kernel_gradient":
        values = layout.ungrouped_depthwise(case, values)
    return (values.astype(np.float32) if dtype == "bfloat16" else values), dtype


def _check_type(case: Case, result: Any) -> None:
    if not isinstance(result, jax.Array):
        raise TypeError(f"{case.op} returned {type(result).__name__}, but a jax.Array is expected")


def content(tensor: Any) -> bytes:
    """Return the elements of an array."""
    return np.asarray(tensor).tobytes()


def overlap(one: Any, other: Any) -> bool:
    """Tell that none do: nobody can write to arrays of JAX."""
    del one, other
    return False


_since_clearing = 0
_CLEAR_EVERY = 50
"""Eager JAX keeps every compiled program: 1.4 MB a case. Cleared this often, its memory stays flat."""


def refuses(error: Exception) -> bool:
    """Recognise what XLA has not implemented."""
    return raised_in(error, "jax")


def execute(call: Call) -> Any:
    """Call the function on its arrays, eagerly."""
    global _since_clearing  # noqa: PLW0603  # JAX's cache is a global of the process too
    result = call.function(*call.operands) if call.cotangent is None else gradient(call)
    _since_clearing += 1
    if _since_clearing >= _CLEAR_EVERY:
        jax.block_until_ready(result)
        jax.clear_caches()
        _since_clearing = 0
    return result


def gradient(call: Call) -> Any:
    """Take a gradient with the vector-Jacobian product; also while tracing."""
    result, pull_back = jax.vjp(lambda operand: call.function(*call.with_operand(operand)), call.operands[call.by])
    _check_type(call.case, result)
    check_shape(call, result.shape, result.dtype.name)
    (found,) = pull_back(call.cotangent.astype(result.dtype))
    return found


def execute_together(calls: Sequence[Call]) -> list[Any]:
    """Trace all calls into one program, compile it fast, run it twice; an exception while tracing takes its call's place."""
    failures: dict[int, Exception] = {}

    def program(arguments: list[Any]) -> list[Any]:
        results = []
        for i, (call, (operands, cotangent, before)) in enumerate(zip(calls, arguments)):
            for earlier, others in zip(call.earlier, before):
                with contextlib.suppress(Exception):  # nobody looks at what it gives
                    earlier.function(*others)
            try:
                traced = replace(call, operands=operands, cotangent=cotangent)
                results.append(call.function(*operands) if cotangent is None else gradient(traced))
            except Exception as error:  # noqa: BLE001  # whatever it is, it is this case's outcome
                failures[i] = error
                results.append(None)
        return results

    compiled = jax.jit(program, compiler_options=_options)
    arguments = [(c.operands, c.cotangent, [earlier.operands for earlier in c.earlier]) for c in calls]
    runs = [jax.block_until_ready(compiled(arguments)) for _ in range(2)]
    jax.clear_caches()
    return [failures.get(i, pair) for i, pair in enumerate(zip(*runs))]
