"""Run JAX: the witness (many cases in one program), default compilation, and the transposed default."""

from __future__ import annotations

from typing import Any

from same_conformance import Case, Implementation, Unsupported
from same_conformance.implementation import callable_for
from same_conformance.padding import SAME

HOMEPAGE = "https://docs.jax.dev/en/latest/jax.lax.html"


def conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, groups: int) -> Any:
    """Call ``lax.conv_general_dilated``."""
    from jax import lax

    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=stride,
        padding=padding,
        rhs_dilation=dilation,
        dimension_numbers=_dimension_numbers(len(stride)),
        feature_group_count=groups,
    )


def depthwise_conv(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``lax.conv_general_dilated`` with one group per channel."""
    return conv(x, kernel, stride=stride, dilation=dilation, padding=padding, groups=x.shape[-1])


def conv_transpose(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, output_size: Any) -> Any:
    """Call ``lax.conv_transpose`` with ``transpose_kernel=True``, which makes it the adjoint of the convolution."""
    from jax import lax

    _check_transposed(x, stride, padding, output_size)
    return lax.conv_transpose(
        x,
        kernel,
        strides=stride,
        padding=padding,
        rhs_dilation=dilation,
        dimension_numbers=_dimension_numbers(len(stride)),
        transpose_kernel=True,
    )


def conv_transpose_default(x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, output_size: Any) -> Any:
    """Call ``lax.conv_transpose`` with its default flag, which does not flip the kernel.

    The kernel's last two axes are exchanged first, because the default reads them as (in, out).
    """
    import jax.numpy as jnp
    from jax import lax

    _check_transposed(x, stride, padding, output_size)
    return lax.conv_transpose(
        x,
        jnp.swapaxes(kernel, -1, -2),
        strides=stride,
        padding=padding,
        rhs_dilation=dilation,
        dimension_numbers=_dimension_numbers(len(stride)),
    )


def conv_transpose_lower_case(
    x: Any, kernel: Any, *, stride: Any, dilation: Any, padding: str, output_size: Any
) -> Any:
    """Call ``lax.conv_transpose`` with ``padding="same"``, which it takes at stride 1 and refuses above."""
    from jax import lax

    _check_transposed(x, stride, padding, output_size)
    if max(stride) > 1:
        raise Unsupported("lax.conv_transpose knows 'same' in lower case at stride 1 only")
    return lax.conv_transpose(
        x,
        kernel,
        strides=stride,
        padding=padding.lower(),
        rhs_dilation=dilation,
        dimension_numbers=_dimension_numbers(len(stride)),
        transpose_kernel=True,
    )


def max_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Call ``lax.reduce_window`` with the maximum, starting from -inf."""
    from jax import lax

    return _reduce(x, -float("inf"), lax.max, window, stride, dilation, padding)


def avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Divide sums by those of ones, the number of real elements: both of one ``lax.reduce_window``.

    Measured, two of them, each compiled by itself, take half as long again.
    """
    from jax import lax

    channel = x.ndim - 1
    with_ones = lax.concatenate([x, lax.full_like(x, 1)], channel)
    both = _reduce(with_ones, 0.0, lax.add, window, stride, dilation, padding)
    sums, counts = lax.split(both, (x.shape[channel],) * 2, axis=channel)
    return lax.div(sums, counts)


def _reduce(x: Any, start: float, combine: Any, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    import numpy as np
    from jax import lax

    return lax.reduce_window(
        x,
        np.array(start, x.dtype),
        combine,
        window_dimensions=(1, *window, 1),
        window_strides=(1, *stride, 1),
        padding=padding,
        window_dilation=(1, *dilation, 1),
    )


def _dimension_numbers(rank: int) -> tuple[str, str, str]:
    axes = "HWD"[:rank]
    return f"N{axes}C", f"{axes}IO", f"N{axes}C"


def _check_transposed(x: Any, stride: Any, padding: str, output_size: Any) -> None:
    if padding != "SAME":
        raise Unsupported("lax.conv_transpose knows SAME and VALID; other strings are not padded as transposed")
    size = x.shape[1:-1]
    if tuple(output_size) != tuple(n * s for n, s in zip(size, stride)):
        raise Unsupported("lax.conv_transpose has no output shape: it gives size * stride (jax issue 4592)")


_FUNCTIONS: dict[str, Any] = {
    "framework": "jax",
    "homepage": HOMEPAGE,
    "conv": conv,
    "depthwise_conv": depthwise_conv,
    "conv_transpose": conv_transpose,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
}

witness = Implementation(
    name="jax",
    summary="Witness: 'SAME' and 'SAME_LOWER' of jax.lax, many cases compiled into one program.",
    environment={"JAX_PLATFORMS": "cpu"},
    compile_together=100,
    **_FUNCTIONS,
)


def build_jitted(case: Case) -> Any:
    """Return the witness's function for `case`, of whatever size it is called with, compiled by itself with JAX's default options."""
    import jax

    return jax.jit(lambda x, *rest: callable_for(witness, case.resized(x.shape[1:-1]))(x, *rest))


default = Implementation(
    name="jax-default",
    framework="jax",
    summary="The same calls, each compiled by itself with JAX's default compiler options.",
    homepage=HOMEPAGE,
    environment={"JAX_PLATFORMS": "cpu"},
    build=build_jitted,
)

transpose_default = Implementation(
    name="jax-conv-transpose",
    framework="jax",
    summary="lax.conv_transpose with its default transpose_kernel=False: does not flip the kernel.",
    homepage="https://github.com/jax-ml/jax/issues/11252",
    conv_transpose=conv_transpose_default,
    environment={"JAX_PLATFORMS": "cpu"},
    compile_together=100,
    paddings=(SAME,),
    rule="unflipped-kernel",
)

transpose_lower_case = Implementation(
    name="jax-conv-transpose-lower-case",
    framework="jax",
    summary="lax.conv_transpose with 'same' in lower case: pads as a convolution does, not as a transposed one.",
    homepage=HOMEPAGE,
    conv_transpose=conv_transpose_lower_case,
    environment={"JAX_PLATFORMS": "cpu"},
    compile_together=100,
    paddings=(SAME,),
)
