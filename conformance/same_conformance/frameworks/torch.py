"""Adapt PyTorch: NCHW inputs, OIHW kernels; a depthwise kernel is that of a convolution with groups = channels."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np
import torch

from same_conformance.case import Case
from same_conformance.frameworks import Call, IndependentError, check_shape, layout, raised_in
from same_conformance.messages import text_of

PACKAGES = ("torch", "numpy")


def start() -> None:
    """Give PyTorch one thread."""
    torch.set_num_threads(1)


def tensors(case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """Convert ``(batch, *size, channels)`` to ``(batch, channels, *size)`` and the kernel to ``(out, in / groups, *kernel)``."""
    n_kernels = len(case.operand_shapes) - 1
    arrays = []
    for place, operand in enumerate(operands):
        if 1 <= place <= n_kernels:
            grouped = layout.grouped_depthwise(case, operand) if case.op == "depthwise_conv" else operand
            arrays.append(layout.kernel_first(grouped))
        else:
            arrays.append(layout.channel_first(operand))
    return tuple(torch.from_numpy(a).to(getattr(torch, case.dtype)) for a in arrays)


def array(case: Case, result: Any) -> tuple[np.ndarray, str]:
    """Convert ``(batch, channels, *out)`` to ``(batch, *out, channels)``, and a kernel's gradient to the form of our kernels."""
    _check_type(case, result)
    dtype = dtype_name(result)
    values = result.detach().cpu().resolve_conj().resolve_neg()  # NumPy knows no lazy conjugation or negation
    numbers = (values.float() if dtype == "bfloat16" else values).numpy()
    if case.compared != "kernel_gradient":
        return layout.channel_last(numbers), dtype
    kernel = layout.kernel_last(numbers)
    return (layout.ungrouped_depthwise(case, kernel) if case.op == "depthwise_conv" else kernel), dtype


def _check_type(case: Case, result: Any) -> None:
    if not isinstance(result, torch.Tensor):
        raise TypeError(f"{case.op} returned {type(result).__name__}, but a torch.Tensor is expected")


def dtype_name(tensor: Any) -> str:
    """Return the name of a tensor's dtype, such as ``float32``."""
    return str(tensor.dtype).replace("torch.", "")


def content(tensor: Any) -> bytes:
    """Return the elements of a tensor."""
    return bytes(tensor.detach().flatten().view(torch.uint8).numpy())


def overlap(one: Any, other: Any) -> bool:
    """Tell whether two tensors have one storage."""
    if not (isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor)):
        return False
    return bool(one.numel() and one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr())


def refuses(error: Exception) -> bool:
    """Recognise an op that PyTorch has no kernel or no gradient for, such as half-precision ``avg_pool3d``, by its words."""
    words = text_of(error)
    if "derivative for" in words and "is not implemented" in words:
        return True
    return "not implemented for '" in words or "Could not run 'aten::" in words or raised_in(error, "torch")


def execute(call: Call) -> Any:
    """Call the function on its tensors, without recording gradients unless one is wanted."""
    if call.cotangent is not None:
        return gradient(call, _channel_last_shape)
    with torch.no_grad():
        return call.function(*call.operands)


def gradient(call: Call, shape_of: Callable[[Any], Sequence[int]]) -> Any:
    """Take a gradient with autograd; `shape_of` gives the channel-last shape of the forward result."""
    operand = call.operands[call.by].detach().requires_grad_()
    with torch.enable_grad():
        result = call.function(*call.with_operand(operand))
    _check_type(call.case, result)
    check_shape(call, shape_of(result), dtype_name(result))
    if not result.requires_grad:
        raise IndependentError(call)
    (found,) = torch.autograd.grad(result, operand, call.cotangent.to(result.dtype), allow_unused=True)
    if found is None:
        raise IndependentError(call)
    return found


def _channel_last_shape(tensor: Any) -> Sequence[int]:
    batch, *rest = tensor.shape or (1,)
    return (batch, *rest[1:], *rest[:1])


def execute_together(calls: Sequence[Call]) -> list[Any]:
    """Run one after the other: PyTorch runs eagerly."""
    return [(execute(call), execute(call)) for call in calls]
