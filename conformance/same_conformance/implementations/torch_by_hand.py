"""Run what people write for SAME in PyTorch. Most of it is wrong on purpose; each names the rule it follows.

The rules themselves, as index maps, are in `same_conformance.mutants`; a run checks that each of these fails
exactly where its rule differs from SAME.
"""

from __future__ import annotations

from typing import Any, Callable

from same_conformance import Implementation, Unsupported
from same_conformance.implementations.torch_explicit import pad_same, same_padding
from same_conformance.padding import SAME

_UMBRELLA = "https://github.com/pytorch/pytorch/issues/3867"


_REFUSALS = (
    "is not supported for strided convolutions",
    "should be at most half of kernel size",
    "should be smaller than or equal to half of kernel size",
    "smaller than kernel size",
    "output padding must be smaller",
)
"""What torch says where it does not offer the parameters, whatever the padding rule."""


def _functional(name: str, rank: int) -> Any:
    """Return ``torch.nn.functional``'s `name` for `rank`; where torch refuses the parameters it raises `Unsupported`."""
    import torch.nn.functional as F  # noqa: N812  # the name everyone knows it by

    function = getattr(F, f"{name}{rank}d")

    def refusing(*args: Any, **keywords: Any) -> Any:
        try:
            return function(*args, **keywords)
        except RuntimeError as error:
            if not any(words in str(error) for words in _REFUSALS):
                raise
            raise Unsupported(str(error)) from None

    return refusing


def _native_conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, groups: int) -> Any:
    """Call ``F.conv`` with ``padding="same"``, which torch has for stride 1."""
    function = _functional("conv", len(stride))
    return function(x, kernel, stride=stride, padding=padding.lower(), dilation=dilation, groups=groups)


def _native_depthwise(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
    return _native_conv(x, kernel, stride=stride, dilation=dilation, padding=padding, groups=x.shape[1])


Symmetric = Callable[[int, int], int]
"""From kernel and dilation to the elements padded on either side."""


def _symmetric(pad: Symmetric) -> dict[str, Any]:
    """Return conv, depthwise_conv and pooling that hand ``padding=pad(kernel, dilation)`` to torch."""

    def pads(kernel: Any, dilation: Any) -> list[int]:
        return [pad(k, d) for k, d in zip(kernel, dilation)]

    def conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, groups: int) -> Any:
        del padding
        function = _functional("conv", len(stride))
        return function(
            x, kernel, stride=stride, padding=pads(kernel.shape[2:], dilation), dilation=dilation, groups=groups
        )

    def depthwise_conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
        return conv(x, kernel, stride=stride, dilation=dilation, padding=padding, groups=x.shape[1])

    def max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
        del padding
        function = _functional("max_pool", len(window))
        return function(x, window, stride, padding=pads(window, dilation), dilation=dilation)

    def avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
        del padding
        _undilated(dilation)
        function = _functional("avg_pool", len(window))
        return function(x, window, stride, padding=pads(window, dilation), count_include_pad=False)

    return {"conv": conv, "depthwise_conv": depthwise_conv, "max_pool": max_pool, "avg_pool": avg_pool}


def _padded_by(pad: Callable[..., Any]) -> dict[str, Any]:
    """Return conv, depthwise_conv and max_pool on an input that ``pad(x, kernel, stride, dilation, value)`` padded."""

    def conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, groups: int) -> Any:
        del padding
        padded = pad(x, kernel.shape[2:], stride, dilation, 0.0)
        return _functional("conv", len(stride))(padded, kernel, stride=stride, dilation=dilation, groups=groups)

    def depthwise_conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
        return conv(x, kernel, stride=stride, dilation=dilation, padding=padding, groups=x.shape[1])

    def max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
        del padding
        padded = pad(x, window, stride, dilation, -float("inf"))
        return _functional("max_pool", len(window))(padded, window, stride, dilation=dilation)

    return {"conv": conv, "depthwise_conv": depthwise_conv, "max_pool": max_pool}


def _pad_solved_equal(x: Any, kernel: Any, stride: Any, dilation: Any, value: float) -> Any:
    """Solve ``(n + 2 p - effective_kernel) / stride + 1 = n`` for p, round up, and pad p on both sides."""
    import torch.nn.functional as F  # noqa: N812

    pads: list[int] = []
    for n, k, s, d in reversed(list(zip(x.shape[2:], kernel, stride, dilation))):
        effective_kernel = (k - 1) * d + 1
        p = ((n - 1) * s + effective_kernel - n + 1) // 2
        pads += (p, p)
    return F.pad(x, pads, value=value)


def _pad_swapped_axes(x: Any, kernel: Any, stride: Any, dilation: Any, value: float) -> Any:
    """Compute SAME's pads, then hand them to ``F.pad`` first axis first, as ``padding=`` takes them."""
    import torch.nn.functional as F  # noqa: N812

    pads: list[int] = []
    for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation):
        pads += same_padding(n, k, s, d)
    return F.pad(x, pads, value=value)


def _zero_max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Pad with zeros, which beat every negative element."""
    padded = pad_same(x, window, stride, dilation, padding)
    return _functional("max_pool", len(window))(padded, window, stride, dilation=dilation)


def _counted_avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Divide by the window, padding included."""
    _undilated(dilation)
    padded = pad_same(x, window, stride, dilation, padding)
    return _functional("avg_pool", len(window))(padded, window, stride)


def _ceil_max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Pad nothing and let ``ceil_mode`` add the last, incomplete window."""
    del padding
    return _functional("max_pool", len(window))(x, window, stride, dilation=dilation, ceil_mode=True)


def _ceil_avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    del padding
    _undilated(dilation)
    return _functional("avg_pool", len(window))(x, window, stride, ceil_mode=True)


def _half_conv_transpose(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, output_size: Any) -> Any:
    """Hand ``padding=k // 2, output_padding=s - 1`` to torch, whatever was asked for."""
    del padding, output_size
    function = _functional("conv_transpose", len(stride))
    pads = [k // 2 for k in kernel.shape[2:]]
    return function(x, kernel, stride=stride, padding=pads, output_padding=[s - 1 for s in stride], dilation=dilation)


def _undilated(dilation: Any) -> None:
    if max(dilation) > 1:
        raise Unsupported("torch's average pooling has no dilation")


native = Implementation(
    name="torch-native",
    framework="torch",
    summary="torch's own padding='same': stride 1 and convolution only.",
    homepage="https://github.com/pytorch/pytorch/issues/67551",
    conv=_native_conv,
    depthwise_conv=_native_depthwise,
    paddings=(SAME,),
)
half = Implementation(
    name="torch-half",
    framework="torch",
    summary="The halves rule padding=(k-1)//2 on both sides; forgets dilation.",
    homepage=_UMBRELLA,
    paddings=(SAME,),
    rule="half",
    **_symmetric(lambda k, d: (k - 1) // 2),  # noqa: ARG005  # forgetting the dilation is the point
)
half_dilated = Implementation(
    name="torch-half-dilated",
    framework="torch",
    summary="The halves rule with dilation: padding=d*(k-1)//2 on both sides.",
    homepage=_UMBRELLA,
    paddings=(SAME,),
    rule="half-dilated",
    **_symmetric(lambda k, d: d * (k - 1) // 2),
)
solve_equal = Implementation(
    name="torch-solve-equal",
    framework="torch",
    summary="Solve W_out = W_in for the padding, round up, F.pad the same amount on both sides.",
    paddings=(SAME,),
    rule="solve-equal",
    **_padded_by(_pad_solved_equal),
)
swapped_axes = Implementation(
    name="torch-swapped-axes",
    framework="torch",
    summary="SAME's pads in the wrong order: F.pad wants the last axis first, padding= the first.",
    paddings=(SAME,),
    rule="swapped-axes",
    **_padded_by(_pad_swapped_axes),
)
zero_max_pool = Implementation(
    name="torch-zero-max-pool",
    framework="torch",
    summary="Max pooling over zero padding: wrong wherever a padded window holds negative elements only.",
    max_pool=_zero_max_pool,
    rule="zero-fill",
)
counted_avg_pool = Implementation(
    name="torch-counted-avg-pool",
    framework="torch",
    summary="Average pooling that counts the padding in its divisor.",
    avg_pool=_counted_avg_pool,
    rule="counted-padding",
)
ceil_mode = Implementation(
    name="torch-ceil-mode",
    framework="torch",
    summary="Pooling with ceil_mode=True and no padding.",
    max_pool=_ceil_max_pool,
    avg_pool=_ceil_avg_pool,
    paddings=(SAME,),
    rule="ceil-mode",
)
conv_transpose_half = Implementation(
    name="torch-conv-transpose-half",
    framework="torch",
    summary="ConvTranspose with padding=k//2, output_padding=s-1.",
    conv_transpose=_half_conv_transpose,
    paddings=(SAME,),
    rule="transposed-half",
)
