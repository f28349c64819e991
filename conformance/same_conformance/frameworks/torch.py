"""Adapt PyTorch: NCHW inputs, OIHW kernels; a depthwise kernel is that of a convolution with groups = channels."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import torch

from same_conformance.case import Case
from same_conformance.frameworks import Call, layout, raised_in
from same_conformance.messages import text_of

PACKAGES = ("torch", "numpy")


def start() -> None:
    """Give PyTorch one thread."""
    torch.set_num_threads(1)


def tensors(case: Case, operands: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
    """Convert ``(batch, *size, channels)`` to ``(batch, channels, *size)`` and kernels to ``(out, in / groups, *kernel)``."""
    x, *kernels = operands
    arrays = [layout.channel_first(x)]
    for kernel in kernels:
        grouped = layout.grouped_depthwise(case, kernel) if case.op == "depthwise_conv" else kernel
        arrays.append(layout.kernel_first(grouped))
    return tuple(torch.from_numpy(a).to(getattr(torch, case.dtype)) for a in arrays)


def array(case: Case, result: Any) -> tuple[np.ndarray, str]:
    """Convert ``(batch, channels, *out)`` to ``(batch, *out, channels)``."""
    if not isinstance(result, torch.Tensor):
        raise TypeError(f"{case.op} returned {type(result).__name__}, but a torch.Tensor is expected")
    dtype = str(result.dtype).removeprefix("torch.")
    values = result.detach().cpu().resolve_conj().resolve_neg()  # NumPy knows no lazy conjugation or negation
    return layout.channel_last((values.float() if dtype == "bfloat16" else values).numpy()), dtype


def refuses(error: Exception) -> bool:
    """Recognise an op that PyTorch has no kernel for, such as half-precision ``avg_pool3d``, by PyTorch's words."""
    words = text_of(error)
    return "not implemented for '" in words or "Could not run 'aten::" in words or raised_in(error, "torch")


def execute(call: Call) -> Any:
    """Call the callable on its tensors, without recording gradients."""
    _, function, operands = call
    with torch.no_grad():
        return function(*operands)


def execute_together(calls: Sequence[Call]) -> list[Any]:
    """Run one after the other: PyTorch runs eagerly."""
    return [execute(call) for call in calls]
