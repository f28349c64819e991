"""Say what is wrong with how an implementation is called or what it returns, by what its worker told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from same_conformance.case import POOLS
from same_conformance.doctor import layouts
from same_conformance.doctor.finding import Finding, broken
from same_conformance.runner.execution import IN_BUILD, OVERWROTE
from same_conformance.runner.replies import UNTRACEABLE

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.implementation import Description

SIGNATURES = {
    "conv": "conv(x, kernel, *, stride, dilation, padding, groups)",
    "depthwise_conv": "depthwise_conv(x, kernel, *, stride, dilation, padding)",
    "conv_transpose": "conv_transpose(x, kernel, *, stride, dilation, padding, output_size)",
    "max_pool": "max_pool(x, *, window, stride, dilation, padding)",
    "avg_pool": "avg_pool(x, *, window, stride, dilation, padding)",
}
_KEYWORDS = "stride|dilation|padding|groups|window|output_size|kernel"
_TENSORS = {
    "torch": "torch.Tensor",
    "tensorflow": "tf.Tensor",
    "jax": "jax.Array",
    "numpy": "numpy.ndarray",
    "keras": "tensor",
}
_CASTS = {"torch": "y.to(x.dtype)", "tensorflow": "tf.cast(y, x.dtype)", "keras": "keras.ops.cast(y, x.dtype)"}
_COPIES = {"torch": "x = x.clone()", "numpy": "x = x.copy()"}


_GPU = re.compile(
    r"compiled with CUDA|CUDA (driver|error|out of)|No CUDA GPUs|no NVIDIA driver|on the same device|backend '?(gpu|cuda|tpu)'?",
    re.IGNORECASE,
)
"""How frameworks say that there is no such device."""


def breach(op: str, message: str, framework: str, at: str = "", *, is_built: bool = False) -> Finding | None:
    """Return how an error, which came from the line `at`, shows that an op does not keep the contract; None if it does not.

    `is_built` says that it is what ``build`` returns for the op, and not a function of its own.
    """
    return _unfit_place(op, message, at) or _unkept(op, message, framework, at, is_built=is_built)


def _unkept(op: str, message: str, framework: str, at: str, *, is_built: bool) -> Finding | None:
    """Return which part of the contract an error says is not kept; None if it says nothing of that."""
    if match := re.search(rf"{op} returned (\w+), but an? (.+) is expected", message):
        return _other_type(op, match[1], match[2], framework)
    if re.search(
        rf"TypeError: .*(unexpected keyword argument '({_KEYWORDS})'|missing \d+ required|positional arguments?)",
        message,
    ):
        said = message.partition("TypeError: ")[2]
        return _mistaken(op, said, at, is_built=is_built)
    if "NotImplementedError" in message:
        return broken(
            f"{op} raises NotImplementedError for what it does not offer, which counts as an error: {message}",
            'raise Unsupported("why") instead (from same_conformance import Unsupported), or claim less: ranks, dtypes, paddings',
        )
    if "SystemExit" in message:
        return broken(f"{op} calls sys.exit(): {message}", "raise an error, or Unsupported for what it does not offer")
    return _overwritten(op, message, framework)


def _overwritten(op: str, message: str, framework: str) -> Finding | None:
    """Return what belongs to the caller and is written to: an operand, or an earlier result."""
    if match := re.search(rf"{op} changed its operand: (.+)", message):
        copy = f" (first {_COPIES[framework]})" if framework in _COPIES else ""
        return broken(
            f"{op} changes what it is given: its {match[1]}", f"work on a copy{copy}, and use no operation in place"
        )
    if OVERWROTE in message:
        return broken(
            f"{op} gives the same memory away with every call, so that each call overwrites what the call before gave",
            "return a new array, or a copy of the buffer that is kept",
        )
    return None


def _unfit_place(op: str, message: str, at: str) -> Finding | None:
    """Return that an op is run where its code cannot be: traced, or on a machine without the device that it asks for."""
    if UNTRACEABLE in message:
        return broken(
            f"{op}{_in(at)} needs the values of its operands, which it does not have while JAX traces it: {message.partition(' (')[0]}",
            "leave out compile_together in the Implementation; or write it so that jax.jit can trace it: shapes, stride and so on are "
            "plain numbers, but no if, float(), int() or np.asarray() of what x and kernel hold (jnp.where chooses)",
        )
    if _GPU.search(message):
        return broken(
            f"{op}{_in(at)} asks for a device that there is not: {message}",
            "everything is on the CPU here, as its operands are: leave out .cuda() and .to(device), or go to the device of x",
        )
    return None


def _mistaken(op: str, said: str, at: str, *, is_built: bool) -> Finding:
    """Return that an op, or ``build``, or what that returns, takes other arguments than it is given."""
    if not is_built:
        return broken(
            f"{op} does not take what it is given: {said}",
            f"write def {SIGNATURES[op]}: these keywords are all given, each call (what build returns takes the tensors alone)",
        )
    tensors = "x" if op in POOLS else "x and kernel"
    where = "build raises" if at.endswith(IN_BUILD) or not at else "a call raises"
    return broken(
        f"{op}: {where}{_in(at.removesuffix(IN_BUILD))}: {said}",
        f"build is given the case alone, and what it returns {tensors} alone; the rest is in case: case.channels, case.kernel, "
        "case.stride, case.dilation, case.padding, case.groups",
    )


def _in(at: str) -> str:
    """Return where an error was raised, to stand in a sentence; empty if nobody knows."""
    return f" ({at})" if at else ""


def _other_type(op: str, got: str, wanted: str, framework: str) -> Finding:
    step = f"return {wanted}"
    if got == "NoneType":
        return broken(f"{op} returns None, but a {wanted} is expected", "end the function with return and the result")
    if got in ("tuple", "list"):
        step = f"return the result alone, not a {got} that it is in"
    elif got == "ndarray":
        step = f'return the {wanted} as it is, without .numpy(); or write framework="numpy", if it works on arrays'
    elif framework == "numpy":
        step = f"return np.asarray(...) of it, or write the framework whose {got} it is"
    return broken(f"{op} returns {got}, but a {wanted} is expected", step)


def other_dtype(op: str, message: str, framework: str, n: int, of: int) -> Finding:
    """Return that an op returns another dtype than it is given."""
    cast = _CASTS.get(framework, "y.astype(x.dtype)")
    return broken(
        f"{op} returns another dtype in {n} of {of} cases: {message}", f"return the dtype that came in: {cast}"
    )


def always_raises(case: Case, message: str, claims: Description, at: str = "") -> Finding:
    """Return that an op raises on every case, in the line `at`, with what it was called on."""
    if at.endswith(IN_BUILD):
        place = at.removesuffix(IN_BUILD)
        return broken(
            f"{case.op}: build raises on every case ({place}): {message}",
            f"look at {place}; build(case) is given the case alone, such as size={case.size}, kernel={case.kernel}, "
            f"channels={case.channels}, tuples all of them",
        )
    if claims.builds and re.search("'NoneType' object is not callable|callable value, got None", message):
        return broken(
            f"{case.op} raises on every case: {message}",
            "build returned None? Let it end with return and what is called",
        )
    framework = claims.framework
    x, *kernels = case.operand_shapes
    shapes = [f"x {layouts.input_letters(framework, case.rank)} = {layouts.native(x, framework)}"]
    if kernels and case.op != "depthwise_conv":
        ours, theirs = (layouts.kernel_letters(case.op, f, case.rank) for f in ("jax", framework))
        shapes.append(f"kernel {theirs} = {tuple(kernels[0][ours.index(letter)] for letter in theirs)}")
    given = "window" if case.op in POOLS else "stride"
    return broken(
        f"{case.op} raises on every case{_in(at)}: {message}",
        f"for {case.id} it is called with {' and '.join(shapes)}, and {given}={case.kernel if case.op in POOLS else case.stride}; "
        + (f"look at {at}" if at else "call it so by hand to see where it raises"),
    )
