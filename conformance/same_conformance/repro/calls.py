"""Write the call of an implementation as its users would: every line of it ends in ``result``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from same_conformance.case import POOLS, Case
from same_conformance.implementation import keywords_for
from same_conformance.padding import SAME
from same_conformance.repro import code, programs, torch_calls
from same_conformance.repro.target import Target

Body = Callable[[Case], list[str]]
"""From a case to the lines that compute ``result`` from the tensors ``x`` and ``kernel``."""


@dataclass(frozen=True)
class Calls:
    """How one implementation is called.

    Attributes:
        body: see `Body`.
        imports: what it needs beside the framework.
        before: what is done once, before any call, however many follow.

    """

    body: Body
    imports: tuple[str, ...] = ()
    before: Body = lambda _: []


def of(target: Target) -> Calls:
    """Return how `target` is called: written out if it came with us, else by its entry point or file."""
    return BUILT_IN.get(target.name, _stranger(target)) if target.is_builtin else _stranger(target)


def _import(target: Target) -> list[str]:
    """Return the lines that make a stranger's ``implementation``; modules beside a file come last, as in our workers."""
    path, _, attribute = target.value.rpartition(":")
    first, dot, rest = attribute.partition(".")
    module, lines = path, []
    if target.is_file:
        root, names = Path(path).parent, [Path(path).stem]
        while (root.resolve() / "__init__.py").exists():
            names.insert(0, root.resolve().name)
            root = root / ".." if root.name in ("", "..") else root.parent
        if len(names) == 1:
            made = f"run_path({path!r})[{first!r}]{dot}{rest}"
            return [
                "import sys",
                "from runpy import run_path",
                "",
                f"sys.path.append({str(root)!r})",
                f"implementation = {made}",
            ]
        module, lines = ".".join(names), ["import sys", "", f"sys.path.insert(0, {str(root)!r})"]
    if dot:
        return [*lines, f"from {module} import {first}", f"implementation = {first}.{rest}"]
    return [*lines, f"from {module} import {first}" + ("" if attribute == "implementation" else " as implementation")]


def _folder(target: Target) -> list[str]:
    """Return the lines that find a program beside the file that describes it."""
    path, _, _ = target.value.rpartition(":")
    if target.is_file:
        folder = f"Path({str(Path(path).parent)!r}).absolute()"
        return ["from pathlib import Path", "", f"command = implementation.command_in({folder})"]
    return [
        "from pathlib import Path",
        f"import {path}",
        "",
        f"command = implementation.command_in(Path({path}.__file__).parent)",
    ]


def _stranger(target: Target) -> Calls:
    """Call a stranger's own function; what a module is built for is a `Case`, which is ours."""
    if target.is_program:
        return Calls(programs.call, (*_import(target), *_folder(target)), programs.before)

    def before(case: Case) -> list[str]:
        lines = []
        if target.builds or (target.framework == "numpy" and case.compared != "forward"):
            lines = ["from same_conformance.case import parse", "", f'case = parse("{case.id}")']
        if target.builds:
            built = case.first if case.calls > 1 else case.forward
            lines.append(f'built = implementation.build(parse("{built.id}"))')
        return lines

    def body(case: Case) -> list[str]:
        operands = _operands(case)
        if target.builds:
            return [f"result = built({', '.join(operands)})"]
        keywords = {name: _text(value) for name, value in keywords_for(case).items()}
        return ["result = " + code.call(f"implementation.{case.op}", *operands, **keywords)]

    return Calls(body, tuple(_import(target)), before)


def _operands(case: Case) -> tuple[str, ...]:
    return ("x",) if case.op in POOLS else ("x", "kernel")


def _text(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _many(values: tuple[int, ...]) -> str:
    """Return the values of all axes, or the one that there is."""
    return repr(values[0]) if len(values) == 1 else repr(values)


def _unless_ones(**keywords: tuple[int, ...]) -> dict[str, str]:
    return {name: _many(values) for name, values in keywords.items() if set(values) != {1}}


def _tensorflow(case: Case) -> list[str]:
    rank, padding = case.rank, '"SAME"'
    if case.op in POOLS:
        call = code.call(
            f"tf.nn.{case.op}{rank}d", "x", ksize=_many(case.kernel), strides=_many(case.stride), padding=padding
        )
        return [f"result = {call}"]
    if case.op == "conv_transpose":
        shape = repr((case.batch, *case.output_size, case.channels[1]))
        keywords = {"output_shape": shape, "strides": _many(case.stride), "padding": padding}
        call = code.call(
            f"tf.nn.conv{rank}d_transpose", "x", "kernel", **keywords, **_unless_ones(dilations=case.dilation)
        )
        return [f"result = {call}"]
    if case.op == "conv":
        return _tensorflow_conv(case, "kernel", case.groups)
    channels, multiplier = case.channels
    grouped = f"grouped = tf.reshape(kernel, {(*case.kernel, 1, channels * multiplier)})"
    return [grouped, *_tensorflow_conv(case, "grouped", channels)]


def _tensorflow_conv(case: Case, kernel: str, groups: int) -> list[str]:
    function = f"tf.nn.conv{case.rank}d"
    keywords = {"stride" if case.rank == 1 else "strides": _many(case.stride), "padding": '"SAME"'}
    if case.rank == 3:
        keywords = {"strides": repr((1, *case.stride, 1)), "padding": '"SAME"'}
        dilation = _unless_ones(dilations=(1, *case.dilation, 1))
    else:
        dilation = _unless_ones(dilations=case.dilation)
    if case.rank < 3 or groups == 1:
        return ["result = " + code.call(function, "x", kernel, **keywords, **dilation)]
    one = code.call(function, "a", "b", **keywords, **dilation)
    return [
        f"pairs = zip(tf.split(x, {groups}, axis=-1), tf.split({kernel}, {groups}, axis=-1))",
        f"result = tf.concat([{one} for a, b in pairs], axis=-1)",
    ]


def _tensorflow_depthwise(case: Case) -> list[str]:
    keywords = {"strides": repr((1, *case.stride, 1)), "padding": '"SAME"', **_unless_ones(dilations=case.dilation)}
    return ["result = " + code.call("tf.nn.depthwise_conv2d", "x", "kernel", **keywords)]


def _jax_lower_case(case: Case) -> list[str]:
    return [line.replace('padding="SAME"', 'padding="same"') for line in _jax(case)]


def _jax(case: Case, *, transpose_kernel: bool = True) -> list[str]:
    padding = '"SAME"' if case.padding == SAME else '"SAME_LOWER"'
    axes = "HWD"[: case.rank]
    numbers = f'("N{axes}C", "{axes}IO", "N{axes}C")'
    if case.op in POOLS:
        return _jax_pool(case, padding)
    dilation = {"rhs_dilation": repr(case.dilation)} if max(case.dilation) > 1 else {}
    if case.op == "conv_transpose":
        keywords = {"strides": repr(case.stride), "padding": padding, **dilation, "dimension_numbers": numbers}
        kernel = "kernel" if transpose_kernel else "jnp.swapaxes(kernel, -1, -2)"
        flag = {"transpose_kernel": "True"} if transpose_kernel else {}
        return ["result = " + code.call("lax.conv_transpose", "x", kernel, **keywords, **flag)]
    groups = case.groups if case.op == "conv" else case.channels[0]
    keywords = {"window_strides": repr(case.stride), "padding": padding, **dilation, "dimension_numbers": numbers}
    group = {"feature_group_count": str(groups)} if groups > 1 else {}
    return ["result = " + code.call("lax.conv_general_dilated", "x", "kernel", **keywords, **group)]


def _jax_pool(case: Case, padding: str) -> list[str]:
    keywords = {"window_dimensions": repr((1, *case.kernel, 1)), "window_strides": repr((1, *case.stride, 1))}
    keywords["padding"] = padding
    if max(case.dilation) > 1:
        keywords["window_dilation"] = repr((1, *case.dilation, 1))
    if case.op == "max_pool":
        start = "np.array(-np.inf, x.dtype)"
        return ["result = " + code.call("lax.reduce_window", "x", start, "lax.max", **keywords)]
    add = ("np.array(0, x.dtype)", "lax.add")
    return [
        "sums = " + code.call("lax.reduce_window", "x", *add, **keywords),
        "counts = " + code.call("lax.reduce_window", "jnp.ones_like(x)", *add, **keywords),
        "result = sums / counts",
    ]


def _jitted_before(case: Case) -> list[str]:
    operands = ", ".join(_operands(case))
    return ["@jax.jit", f"def {case.op}({operands}):", *code.indented([*_jax(case), "return result"])]


def _keras(case: Case) -> list[str]:
    name = {"avg_pool": "average_pool"}.get(case.op, case.op)
    window = {"pool_size": _many(case.kernel)} if case.op in POOLS else {}
    keywords = {
        **window,
        "strides": _many(case.stride),
        "padding": '"same"',
        **_unless_ones(dilation_rate=case.dilation),
    }
    return ["result = " + code.call(f"keras.ops.{name}", *_operands(case), **keywords)]


_LAX = ("from jax import lax",)

BUILT_IN: dict[str, Calls] = {
    "tensorflow": Calls(_tensorflow),
    "tensorflow-native": Calls(_tensorflow),
    "tensorflow-depthwise": Calls(_tensorflow_depthwise),
    "jax": Calls(_jax, _LAX),
    "jax-default": Calls(lambda case: [f"result = {case.op}({', '.join(_operands(case))})"], _LAX, _jitted_before),
    "jax-conv-transpose": Calls(lambda case: _jax(case, transpose_kernel=False), _LAX),
    "jax-conv-transpose-lower-case": Calls(_jax_lower_case, _LAX),
    "keras-torch": Calls(_keras),
    **{name: Calls(body, ("import torch.nn.functional as F",)) for name, body in torch_calls.BODIES.items()},
}
"""How the implementations that come with this package are called; a test runs each of them, op by op."""
