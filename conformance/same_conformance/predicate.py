"""Read predicates over the fields of a case, such as ``op == 'conv' and any(s > k)``.

A predicate is a Python expression of comparisons, ``and``, ``or``, ``not``, ``in``, integer arithmetic with ``min``, ``max``
and ``abs``, and the names

- ``op rank padding dtype batch channels groups compared calls`` of the case, ``inputs`` and ``outputs``, the first and the last of its
  channels, and ``equal_sizes equal_kernels equal_strides equal_dilations equal_pads``, whether all axes have the same;
- inside ``any(...)`` and ``all(...)``, which range over the axes: ``axis``, which is 0 for the first, ``n k s d`` (size, kernel, stride, dilation), ``ke``
  (effective kernel), ``out``, ``before``, ``after``, ``total`` (padding) and ``unclamped`` (the total without the
  maximum, which is negative where the stride leaves elements out).

Nothing else is allowed, so a predicate from a file can do no harm.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from same_conformance import predicate_slips
from same_conformance.case import COMPARED, DTYPES, OPS, Case
from same_conformance.errors import UsageError
from same_conformance.padding import MODES

CASE_NAMES = (
    "op", "rank", "padding", "dtype", "batch", "channels", "groups", "compared", "calls", "inputs", "outputs", "equal_sizes", "equal_kernels",
    "equal_strides", "equal_dilations", "equal_pads",
)  # fmt: skip
_TEXTS = {"op": OPS, "padding": MODES, "dtype": DTYPES, "compared": COMPARED}
"""What the fields that are texts may be: nothing equals another text, so a comparison with one is a slip."""
AXIS_NAMES = ("axis", "n", "k", "s", "d", "ke", "out", "before", "after", "total", "unclamped")

LONGEST = 500
LARGEST_NUMBER = 1_000_000

_ARITHMETIC = {"min": 2, "max": 2, "abs": 1}
"""Functions of integers, with how many they take."""

_SAMPLES = (Case("conv", (5, 4), (3, 2)), Case("avg_pool", (1,), (1,)), Case("conv_transpose", (2, 2, 2), (1, 1, 1)))
"""What a predicate is tried on when it is read, so that nonsense is found before a run and not after it."""

_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod,
    ast.Name, ast.Load, ast.Constant, ast.Tuple, ast.Call,
)  # fmt: skip


@cache
def compile_predicate(text: str) -> Callable[[Case], bool]:
    """Return the function that `text` stands for.

    Raises:
        UsageError: if `text` is not a predicate; says what is wrong with it, and what was meant, if that can be told.

    >>> from same_conformance.case import parse
    >>> wrong = compile_predicate("op == 'conv' and any(s > k)")
    >>> wrong(parse("conv.n5.k1.s2")), wrong(parse("conv.n5.k2.s2"))
    (True, False)

    """
    if len(text) > LONGEST:
        raise UsageError(f"predicate {text[:40]!r}...: {len(text)} characters are too many; {LONGEST} are allowed")
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise UsageError(f"predicate {text!r}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise UsageError(f"predicate {text!r} cannot be read") from None
    try:
        try:
            _check(tree, inside_axes=False)
        except _Slip as slip:
            raise UsageError(f"predicate {text!r}: {slip.what}{_meant(text) or slip.allowed}") from None
        code = compile(ast.fix_missing_locations(_OverAxes().visit(tree)), "<predicate>", "eval")
    except RecursionError:
        raise UsageError(f"predicate {text!r} cannot be read: it is nested too deeply") from None

    def predicate(case: Case) -> bool:
        try:
            return bool(eval(code, _names(case)))  # noqa: S307  # checked above
        except (TypeError, ValueError, ArithmeticError, MemoryError) as error:  # MemoryError: a text times a number
            raise UsageError(f"predicate {text!r} on {case.id}: {error or type(error).__name__}") from None

    for sample in _SAMPLES:
        predicate(sample)
    return predicate


def compile_predicates(texts: Sequence[str]) -> Callable[[Case], tuple[bool, ...]]:
    """Return the function that tells of each of `texts` whether it holds: one call, where single ones take ten times as long."""
    for text in texts:
        compile_predicate(text)  # says what is wrong with it
    tree = ast.parse(f"({', '.join(f'bool({text})' for text in texts)},)", mode="eval")
    code = compile(ast.fix_missing_locations(_OverAxes().visit(tree)), "<predicates>", "eval")

    def predicates(case: Case) -> tuple[bool, ...]:
        found: tuple[bool, ...] = eval(code, _names(case))  # noqa: S307  # checked above
        return found

    return predicates


class _Slip(Exception):  # noqa: N818  # it says what it is
    """What is no predicate: `what` is wrong, and what is `allowed` there, if that is worth saying."""

    def __init__(self, what: str, allowed: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.allowed = allowed


def _meant(text: str) -> str:
    """Return a question that names the predicate which was probably meant by `text`, which is none; empty if nobody can tell."""
    words = [word for texts in _TEXTS.values() for word in texts]
    meant = predicate_slips.rewritten(ast.parse(text, mode="eval"), AXIS_NAMES, CASE_NAMES, words)
    try:
        _check(ast.parse(meant, mode="eval"), inside_axes=False)
    except _Slip:
        return ""
    return f". Did you mean {meant}?"


@lru_cache(maxsize=8)  # many predicates look at one case, one after the other
def _names(case: Case) -> dict[str, Any]:
    """Return all that a predicate can name."""
    axes = [axis_values(case, i) for i in range(case.rank)]
    return {
        "__builtins__": {},
        "any": any,
        "all": all,
        "min": min,
        "max": max,
        "abs": abs,
        "bool": bool,
        "_of": lambda test: [test(*values) for values in axes],
        **_case_values(case),
    }


def _case_values(case: Case) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: getattr(case, name) for name in CASE_NAMES if not name.startswith(("inputs", "outputs", "equal_"))
    }
    values |= {"inputs": case.channels[0], "outputs": case.channels[-1]}
    values |= {
        f"equal_{what}s": len(set(getattr(case, what))) == 1 for what in ("size", "kernel", "stride", "dilation")
    }
    values["equal_pads"] = len({(axis.before, axis.after) for axis in case.axes}) == 1
    return values


def axis_values(case: Case, index: int) -> tuple[int, ...]:
    """Return what `AXIS_NAMES` stand for on one axis of `case`."""
    axis = case.axes[index]
    n, out = axis.size, axis.output_size
    windows, span = (n, out) if case.op == "conv_transpose" else (out, n)
    unclamped = (windows - 1) * axis.stride + axis.effective_kernel - span
    total = axis.before + axis.after
    return (
        index,
        n,
        axis.kernel,
        axis.stride,
        axis.dilation,
        axis.effective_kernel,
        out,
        axis.before,
        axis.after,
        total,
        unclamped,
    )


def _check(node: ast.AST, *, inside_axes: bool) -> None:
    if not isinstance(node, _ALLOWED):
        raise _Slip(
            f"{type(node).__name__} is not allowed",
            "; use comparisons, and, or, not, any(), all(), min(), max(), abs()",
        )
    if isinstance(node, ast.BinOp) and any(
        isinstance(side, (ast.Constant, ast.Tuple)) and not _is_small(side) for side in (node.left, node.right)
    ):
        raise _Slip(f"arithmetic is for integers below {LARGEST_NUMBER}")
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else "this"
        if name in _ARITHMETIC and not node.keywords and len(node.args) == _ARITHMETIC[name]:
            for argument in node.args:
                _check(argument, inside_axes=inside_axes)
            return
        if name not in ("any", "all") or len(node.args) != 1 or node.keywords or inside_axes:
            raise _Slip("only any(TEST) and all(TEST) over the axes can be called, and not inside each other")
        _check(node.args[0], inside_axes=True)
        return
    if isinstance(node, ast.Compare):
        _check_comparison(node)
    if isinstance(node, ast.Name):
        _check_name(node.id, inside_axes=inside_axes)
    for child in ast.iter_child_nodes(node):
        _check(child, inside_axes=inside_axes)


def _check_name(name: str, *, inside_axes: bool) -> None:
    if name in CASE_NAMES or (inside_axes and name in AXIS_NAMES):
        return
    if name in AXIS_NAMES:
        raise _Slip(f"{name} is not known; it is a name of one axis: put it inside any(...) or all(...)")
    of_axes = f"inside any(...) and all(...) also {', '.join(AXIS_NAMES)}"
    raise _Slip(f"{name} is not known", f"; use {', '.join(CASE_NAMES)}; {of_axes}")


def _check_comparison(node: ast.Compare) -> None:
    """Refuse comparisons that have the same answer for every case."""
    sides = [node.left, *node.comparators]
    for op, *pair in zip(node.ops, sides, sides[1:], strict=False):
        for side, other in (pair, pair[::-1]):
            name = side.id if isinstance(side, ast.Name) else ""
            if name in AXIS_NAMES and isinstance(other, ast.Tuple) and isinstance(op, (ast.Eq, ast.NotEq)):
                raise _Slip(f"{name} is one number, that of one axis after the other")
            for value in other.elts if isinstance(other, ast.Tuple) else [other]:
                if isinstance(value, ast.Constant) and value.value not in _TEXTS.get(name, [value.value]):
                    raise _Slip(f"{name} is never {value.value!r}; it is one of {', '.join(_TEXTS[name])}")


def _is_small(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and abs(node.value) < LARGEST_NUMBER


class _OverAxes(ast.NodeTransformer):
    """Turn ``any(TEST)`` into ``any(_of(lambda n, k, ...: TEST))``."""

    def visit_Call(self, node: ast.Call) -> ast.AST:  # the name that ast looks for
        if isinstance(node.func, ast.Name) and node.func.id not in ("any", "all"):
            self.generic_visit(node)
            return node
        names = [ast.arg(name) for name in AXIS_NAMES]
        arguments = ast.arguments(posonlyargs=[], args=names, kwonlyargs=[], kw_defaults=[], defaults=[])
        test = ast.Lambda(args=arguments, body=node.args[0])
        node.args = [ast.Call(func=ast.Name("_of", ast.Load()), args=[test], keywords=[])]
        return node
