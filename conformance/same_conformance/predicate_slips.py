"""Rewrite a predicate that is wrong in a usual way into the one that was probably meant.

Those who write their first one call the fields of an axis by their long names, leave ``any(...)`` out, compare with a
tuple, or forget quotes: ``kernel > 2``, ``stride == (2, 2)``, ``kernel[0] == 3``, ``max(dilation) > 1``, ``op == conv``.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping

_LONG_NAMES: Mapping[str, Iterable[str]] = {
    "n": ("size", "sizes", "input_size", "length"),
    "k": ("kernel", "kernels", "kernel_size", "ksize", "window", "pool_size"),
    "s": ("stride", "strides"),
    "d": ("dilation", "dilations", "dilation_rate"),
    "ke": ("effective_kernel",),
    "out": ("output", "output_size", "outputs_size"),
    "rank": ("ranks", "ndim", "dims", "dimensions"),
    "padding": ("mode", "paddings"),
    "inputs": ("in_channels", "channels_in"),
    "outputs": ("out_channels", "channels_out"),
}
_MEANT = {long: short for short, longs in _LONG_NAMES.items() for long in longs}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_RISING = (ast.Gt, ast.GtE)


def rewritten(tree: ast.Expression, axis_names: Iterable[str], case_names: Iterable[str], words: Iterable[str]) -> str:
    """Return what was probably meant by `tree`; what it says already if nothing is recognised.

    `words` are the texts that fields of a case may have, such as ``conv``.

    >>> names = ("k", "n", "s"), ("op", "rank"), ("conv",)
    >>> [rewritten(ast.parse(text, mode="eval"), *names) for text in ("kernel > 2", "op == conv and stride == (2, 2)")]
    ['any(k > 2)', "op == 'conv' and all(s == 2)"]
    """
    meant = _Meant(frozenset(axis_names), frozenset(case_names), frozenset(words)).visit(tree)
    return ast.unparse(ast.fix_missing_locations(meant))


class _Meant(ast.NodeTransformer):
    """Put names that there are in place of others, and comparisons of axes into any(...) and all(...)."""

    def __init__(self, axis_names: frozenset[str], case_names: frozenset[str], words: frozenset[str]) -> None:
        self._axis_names = axis_names
        self._words = words
        self._names = {name: name for name in (*axis_names, *case_names)} | {
            long: short for long, short in _MEANT.items() if short in axis_names | case_names
        }
        self._is_inside = False

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # the names that ast looks for; case.kernel
        return self.visit_Name(ast.Name(node.attr, ast.Load()))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self._words:
            return ast.Constant(node.id)
        close = difflib.get_close_matches(node.id.lower(), self._names, n=1)
        return ast.Name(self._names[close[0]] if close else node.id, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        close = difflib.get_close_matches(node.value.lower(), self._words, n=1) if isinstance(node.value, str) else []
        return ast.Constant(close[0]) if close else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ("any", "all") or self._is_inside or len(node.args) != 1:
            return node
        if isinstance(node.args[0], ast.Compare) and (each := self._each_axis(node.args[0])):
            return each
        self._is_inside = True
        test: ast.expr = self.visit(node.args[0])
        self._is_inside = False
        return _quantified(name, test)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if not self._is_inside and (each := self._each_axis(node) or self._extreme(node) or self._one_axis(node)):
            return each
        self.generic_visit(node)
        names = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
        return node if self._is_inside or names.isdisjoint(self._axis_names) else _quantified("any", node)

    def _axis_name(self, node: ast.AST) -> str:
        """Return the axis name that `node` is, or is meant to be; empty if it is none."""
        found = self.visit(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
        return found.id if isinstance(found, ast.Name) and found.id in self._axis_names else ""

    def _each_axis(self, node: ast.Compare) -> ast.AST | None:
        """Return what a comparison with a tuple says of each axis."""
        name, (op, *others), right = self._axis_name(node.left), node.ops, node.comparators[0]
        if (
            not name
            or others
            or not isinstance(op, (ast.Eq, ast.NotEq))
            or not isinstance(right, (ast.Tuple, ast.List))
        ):
            return None
        if len({ast.unparse(value) for value in right.elts}) == 1:
            return _quantified("all" if isinstance(op, ast.Eq) else "any", _compare(name, op, right.elts[0]))
        each: list[ast.expr] = [_at(axis, _compare(name, ast.Eq(), value)) for axis, value in enumerate(right.elts)]
        if not each:
            return None
        every: ast.expr = ast.BoolOp(ast.And(), each)
        return every if isinstance(op, ast.Eq) else ast.UnaryOp(ast.Not(), every)

    def _extreme(self, node: ast.Compare) -> ast.AST | None:
        """Return what a comparison of the largest or the smallest of all axes says."""
        call, (op, *others) = node.left, node.ops
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and len(call.args) == 1) or others:
            return None
        name = self._axis_name(call.args[0])
        if not name or call.func.id not in ("max", "min") or not isinstance(op, _ORDER):
            return None
        is_any = isinstance(op, _RISING) == (call.func.id == "max")
        return _quantified("any" if is_any else "all", _compare(name, op, self.visit(node.comparators[0])))

    def _one_axis(self, node: ast.Compare) -> ast.AST | None:
        """Return what a comparison of a field with an index says."""
        left, (op, *others) = node.left, node.ops
        if not isinstance(left, ast.Subscript) or others:
            return None
        axis = left.slice.value if isinstance(left.slice, ast.Constant) else None
        name = self._axis_name(left.value)
        if not name or not isinstance(axis, int):
            return None
        return _at(axis, _compare(name, op, self.visit(node.comparators[0])))


def _compare(name: str, op: ast.cmpop, value: ast.expr) -> ast.Compare:
    return ast.Compare(ast.Name(name, ast.Load()), [op], [value])


def _quantified(word: str, test: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(word, ast.Load()), [test], [])


def _at(axis: int, test: ast.expr) -> ast.Call:
    return _quantified("any", ast.BoolOp(ast.And(), [_compare("axis", ast.Eq(), ast.Constant(axis)), test]))
