"""Assert in a test of your own that a function is SAME: in this process, with a case of yours or with ours.

    from hypothesis import given
    from same_conformance.strategies import cases
    from same_conformance.testing import assert_same_conv

    @given(cases(ops=["conv"], ranks=[2], compared=["forward"]))
    def test_conv(case):
        assert_same_conv(my_conv, case)

    def test_stem():
        assert_same_conv(my_conv, size=(224, 224), kernel=7, stride=2)

    def test_everything():
        assert_same_conv(my_conv)

A function takes and returns what that of an `Implementation` does (``docs/plugins.md``). Whose tensors it takes is
recognised, or said with ``framework="torch"``. Nothing of a framework is imported before a call, and then only the adapter
of that one; its settings, such as its number of threads, are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from same_conformance.case import RANKS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from same_conformance.case import Case

__all__ = [
    "assert_same_avg_pool",
    "assert_same_conv",
    "assert_same_conv_transpose",
    "assert_same_depthwise_conv",
    "assert_same_max_pool",
]


def assert_same_conv(
    function: Callable[..., Any],
    case: Case | None = None,
    *,
    framework: str = "",
    ranks: Sequence[int] = RANKS,
    **fields: Any,
) -> None:
    """Assert that ``function(x, kernel, *, stride, dilation, padding, groups)`` is SAME.

    Args:
        function: what is tested.
        case: on this case alone, such as `same_conformance.strategies.cases` generates.
        framework: whose tensors it takes: ``torch``, ``tensorflow``, ``jax``, ``keras`` or ``numpy``.
        ranks: if neither a case nor fields are given: only with this many axes.
        fields: instead of a case, the fields of one, as of `same_conformance.Case`: `size` and `kernel` at least; a
            number stands for every axis.

    With neither it is tested on all small cases and on those of the corpus, and the smallest that fails is shown.

    Raises:
        AssertionError: if it is not SAME; says how.
        Unsupported: if it does not offer the case, or none of ours; within Hypothesis's ``@given`` the example is
            rejected instead.
        UsageError: if nobody can tell whose tensors it takes, or the fields are no case.

    """
    _assert_same("conv", function, case, framework, ranks, fields)


def assert_same_depthwise_conv(
    function: Callable[..., Any],
    case: Case | None = None,
    *,
    framework: str = "",
    ranks: Sequence[int] = RANKS,
    **fields: Any,
) -> None:
    """Assert that ``function(x, kernel, *, stride, dilation, padding)`` is SAME; see `assert_same_conv`."""
    _assert_same("depthwise_conv", function, case, framework, ranks, fields)


def assert_same_conv_transpose(
    function: Callable[..., Any],
    case: Case | None = None,
    *,
    framework: str = "",
    ranks: Sequence[int] = RANKS,
    **fields: Any,
) -> None:
    """Assert that ``function(x, kernel, *, stride, dilation, padding, output_size)`` is SAME; see `assert_same_conv`."""
    _assert_same("conv_transpose", function, case, framework, ranks, fields)


def assert_same_max_pool(
    function: Callable[..., Any],
    case: Case | None = None,
    *,
    framework: str = "",
    ranks: Sequence[int] = RANKS,
    **fields: Any,
) -> None:
    """Assert that ``function(x, *, window, stride, dilation, padding)`` is SAME; see `assert_same_conv`."""
    _assert_same("max_pool", function, case, framework, ranks, fields)


def assert_same_avg_pool(
    function: Callable[..., Any],
    case: Case | None = None,
    *,
    framework: str = "",
    ranks: Sequence[int] = RANKS,
    **fields: Any,
) -> None:
    """Assert that ``function(x, *, window, stride, dilation, padding)`` is SAME; see `assert_same_conv`."""
    _assert_same("avg_pool", function, case, framework, ranks, fields)


def _assert_same(
    op: str,
    function: Callable[..., Any],
    case: Case | None,
    framework: str,
    ranks: Sequence[int],
    fields: dict[str, Any],
) -> None:
    __tracebackhide__ = True  # pytest shows the line of the test, not these
    from same_conformance.testing import check

    check.check(op, function, check.given(op, case, fields), framework, tuple(ranks))
