"""Assertions in the author's own process: what they find, what they say, whom they ask, and what they leave alone."""

import functools
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given, settings

from same_conformance import Case, Unsupported, corpus, spec
from same_conformance.case import OPS, parse
from same_conformance.errors import UsageError
from same_conformance.strategies import cases
from same_conformance.testing import (
    assert_same_avg_pool,
    assert_same_conv,
    assert_same_conv_transpose,
    assert_same_depthwise_conv,
    assert_same_max_pool,
    check,
)
from same_conformance.testing.recognition import framework_of

ASSERT: dict[str, Callable[..., None]] = {
    "conv": assert_same_conv,
    "depthwise_conv": assert_same_depthwise_conv,
    "conv_transpose": assert_same_conv_transpose,
    "max_pool": assert_same_max_pool,
    "avg_pool": assert_same_avg_pool,
}


def right(op: str) -> Callable[..., np.ndarray]:
    """Return a function with the contract's signature that does what the spec does."""

    def function(x: np.ndarray, kernel: np.ndarray | None = None, **keywords: Any) -> np.ndarray:
        window = keywords.pop("window", None)
        size = x.shape[1:-1]
        groups = keywords.get("groups", 1)
        if kernel is None:
            channels: tuple[int, ...] = (x.shape[-1],)
        elif op == "depthwise_conv":
            channels = (x.shape[-1], kernel.shape[-1])
        else:
            channels = (x.shape[-1], kernel.shape[-2 if op == "conv_transpose" else -1])
        case = Case(
            op,
            size,
            window or kernel.shape[:-2],  # type: ignore[union-attr]
            **{**keywords, "padding": keywords["padding"].lower(), "groups": groups},
            batch=x.shape[0],
            channels=channels,
            dtype=x.dtype.name,
        )
        return spec.execute(case, (x,) if kernel is None else (x, kernel)).astype(x.dtype)

    return function


def half(x: np.ndarray, kernel: np.ndarray, **keywords: Any) -> np.ndarray:
    """Pads (k - 1) // 2 on both sides: one position too few for even kernels, none at the end for even sizes at stride 2."""
    pads = [(k - 1) // 2 for k in kernel.shape[:-2]]
    padded = np.pad(x, [(0, 0), *((p, p) for p in pads), (0, 0)])
    if keywords["groups"] > 1 or max(keywords["dilation"]) > 1:
        raise Unsupported("groups and dilation")
    out = [(n - k) // s + 1 for n, k, s in zip(padded.shape[1:-1], kernel.shape, keywords["stride"], strict=False)]
    result = np.zeros((x.shape[0], *out, kernel.shape[-1]), x.dtype)
    for place in np.ndindex(*out):
        begin = [o * s for o, s in zip(place, keywords["stride"], strict=True)]
        window = padded[(slice(None), *(slice(b, b + k) for b, k in zip(begin, kernel.shape, strict=False)))]
        result[(slice(None), *place)] = np.tensordot(window, kernel, axes=kernel.ndim - 1)
    return result


@pytest.mark.parametrize("op", OPS)
def test_a_right_function_passes_on_all_small_cases_and_the_corpus(op: str) -> None:
    ASSERT[op](right(op), framework="numpy", ranks=[1, 2])


@pytest.mark.parametrize("op", OPS)
@settings(max_examples=10, deadline=None, database=None)
@given(data=hypothesis.strategies.data())
def test_a_right_function_passes_on_whatever_hypothesis_generates(
    op: str, data: hypothesis.strategies.DataObject
) -> None:
    ASSERT[op](right(op), data.draw(cases(ops=[op], compared=["forward"], dtypes=["float32"])), framework="numpy")


def test_a_wrong_function_fails_with_what_it_does_and_what_same_asks() -> None:
    with pytest.raises(AssertionError) as failed:
        assert_same_conv(half, parse("conv.n4.k3.s2"))
    lines = str(failed.value).splitlines()
    assert lines[0] == (
        "half is not SAME on conv.n4.k3.s2: it pads the odd element on the wrong side "
        "(n 4, k 3, s 2, d 1: pads 1 before and 0 after, SAME 0 and 1)"
    )
    assert lines[1:4] == [
        "  value: 2 of 2 elements differ, by 12414 at most",
        "  shape [1, 2, 1], SAME asks for [1, 2, 1] (channel last)",
        "  SAME pads 0+1",
    ]
    assert any(line.startswith("  half: pads 1 before and 0 after ≠ SAME") for line in lines)


def test_another_shape_is_told_with_both() -> None:
    with pytest.raises(AssertionError, match=r"shape: shape \[1, 1, 1\], SAME asks for \[1, 2, 1\]"):
        assert_same_conv(half, parse("conv.n2.k2"))


def test_an_error_is_told_and_its_cause_is_the_function_s_own() -> None:
    error = ValueError("nothing is left")
    with pytest.raises(AssertionError, match="error: ValueError: nothing is left") as failed:
        assert_same_conv(_named("broken", error), size=1, kernel=4, framework="numpy")
    assert failed.value.__cause__ is error


def test_without_a_case_the_smallest_failing_one_is_shown_with_where_it_fails() -> None:
    with pytest.raises(AssertionError) as failed:
        assert_same_conv(half, ranks=[1])
    text = str(failed.value)
    assert text.startswith("half is not SAME: it ")
    assert "The smallest of them is conv.n1.k2." in text
    assert "cases; wrong " in text


def test_fields_make_a_case_and_a_number_stands_for_every_axis() -> None:
    fields = {"size": (6, 5), "kernel": 3, "stride": 2, "padding": "SAME_LOWER", "channels": (2, 4), "groups": 2}
    assert check.given("conv", None, fields) == parse("conv.n6-5.k3-3.s2-2.c2-4.g2.same_lower")
    assert check.given("max_pool", None, {"size": 6, "kernel": 3, "channels": 4}) == parse("max_pool.n6.k3.c4")
    assert check.given("conv", None, {}) is None


@pytest.mark.parametrize(
    ("case", "fields", "said"),
    [
        (None, {"size": 4}, "kernel is missing: give size and kernel"),
        (None, {"size": 4, "kernel": 3, "strides": 2}, "these are no fields of a case: .*'strides'"),
        (None, {"size": 4, "kernel": 0}, "kernel must hold integers from 1"),
        (parse("conv.n4.k3"), {"size": 4}, "give a case or its fields, not both: got conv.n4.k3 and size"),
        (parse("max_pool.n4.k3"), {}, "max_pool.n4.k3 is a case of max_pool, .*: use assert_same_max_pool"),
        ("conv.n4.k3", {}, "case must be a same_conformance.Case, got str; write size= and kernel="),
    ],
)
def test_what_is_no_case_is_refused_with_the_next_step(case: Any, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        assert_same_conv(half, case, **fields)


def test_what_is_not_offered_is_no_pass() -> None:
    with pytest.raises(Unsupported, match=r"half does not offer conv\.n4\.k3\.d2: groups and dilation"):
        assert_same_conv(half, parse("conv.n4.k3.d2"))
    with pytest.raises(Unsupported, match=r"nothing offers none of \d+ cases of conv: later"):
        assert_same_conv(_named("nothing", Unsupported("later")), framework="numpy")


def _named(name: str, error: BaseException) -> Callable[..., Any]:
    def function(*_: Any, **__: Any) -> None:
        raise error

    function.__qualname__ = name
    return function


def test_hypothesis_rejects_what_is_not_offered_and_shrinks_to_the_smallest_failing_case() -> None:
    seen: list[Case] = []

    @settings(database=None, deadline=None, max_examples=60, derandomize=True)
    @given(cases(ops=["conv"], ranks=[1], dtypes=["float32"], compared=["forward"], max_calls=1))
    def fails(case: Case) -> None:
        seen.append(case)
        assert_same_conv(half, case)

    with pytest.raises(AssertionError, match=r"half is not SAME on conv\.n1\.k2: it returns length"):
        fails()
    assert any(max(case.dilation) > 1 for case in seen)


def test_hypothesis_is_told_if_nothing_is_offered() -> None:
    @settings(database=None, deadline=None, max_examples=10)
    @given(cases(ops=["conv"], max_calls=1))
    def declines(case: Case) -> None:
        assert_same_conv(_named("nothing", Unsupported("later")), case, framework="numpy")

    with pytest.raises(hypothesis.errors.FailedHealthCheck, match="0 inputs were generated successfully"):
        declines()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), pytest.skip.Exception("not here")])
def test_what_is_no_error_of_the_function_passes_through(error: BaseException) -> None:
    with pytest.raises(type(error)):
        assert_same_conv(_named("function", error), size=4, kernel=3, framework="numpy")


def test_work_in_place_and_chance_are_found() -> None:
    def in_place(x: np.ndarray, **_: Any) -> np.ndarray:
        x += 1
        return x

    with pytest.raises(AssertionError, match="max_pool changed its operand: input"):
        assert_same_max_pool(in_place, size=3, kernel=1, framework="numpy")
    calls = iter(range(9))
    with pytest.raises(AssertionError, match="were others when the same call was made again"):
        assert_same_max_pool(lambda x, **_: x + 1 - (next(calls) == 0), size=3, kernel=1, framework="numpy")


def test_every_small_axis_is_in_every_place_once_and_the_corpus_is_there() -> None:
    for rank in (1, 2, 3):
        ours = check._ours("conv", [rank])
        corpus_cases = {e.case for e in corpus.read() if e.case.op == "conv" and e.case.rank == rank}
        assert corpus_cases <= set(ours)
        small = list(check._small("conv", rank))
        for place in range(rank):
            axes = {(c.size[place], c.kernel[place], c.stride[place], c.dilation[place]) for c in small}
            assert len(axes) == len(small) == 54


def uses_numpy(x: Any) -> Any:
    return np.pad(x, 1)


def uses_numpy_through_another(x: Any) -> Any:
    return uses_numpy(x)


def uses_nothing(x: Any) -> Any:
    return x


def imports_it(x: Any) -> Any:
    import torch

    return torch.relu(x)


class OfTorch:
    """Looks like a module of torch."""

    __module__ = "torch.nn.modules.conv"

    def __call__(self, x: Any) -> Any:  # noqa: D102  # forwards nothing
        return x


class OfJax:
    """Looks like something of JAX."""

    __module__ = "jax.numpy"


def with_globals(function: types.FunctionType, **names: Any) -> Callable[..., Any]:
    """Return `function` as if it stood in another module."""
    return types.FunctionType(function.__code__, names, function.__name__)


@pytest.mark.parametrize(
    ("function", "framework"),
    [
        (uses_numpy, "numpy"),
        (uses_numpy_through_another, "numpy"),
        (functools.partial(uses_numpy), "numpy"),
        (imports_it, "torch"),
        (OfTorch(), "torch"),
        (OfTorch().__call__, "torch"),
    ],
)
def test_whose_tensors_a_function_takes_is_seen_from_what_it_uses(function: Callable[..., Any], framework: str) -> None:
    assert framework_of(function) == framework


def test_what_was_said_counts_and_what_cannot_be_told_is_asked_for() -> None:
    assert framework_of(imports_it, "jax") == "jax"
    with pytest.raises(UsageError, match="framework 'pytorch' is not known: use one of numpy, torch"):
        framework_of(imports_it, "pytorch")
    both = with_globals(uses_nothing, torch=OfTorch(), jax=OfJax())
    with pytest.raises(UsageError, match=r"uses_nothing uses jax and torch, .*: say framework=\"jax\""):
        framework_of(both)
    with pytest.raises(UsageError, match="nobody can tell whose tensors uses_nothing takes: say framework="):
        framework_of(with_globals(uses_nothing))


LEFT_ALONE = """
import sys, threading
from same_conformance.testing import assert_same_conv, assert_same_max_pool
FRAMEWORKS = {"torch", "tensorflow", "jax", "keras"}
assert not FRAMEWORKS & set(sys.modules), "at import"
import numpy as np
def peak(x, *, window, stride, dilation, padding): return np.asarray(x)
assert_same_max_pool(peak, size=3, kernel=1)
assert not FRAMEWORKS & set(sys.modules), "at a call with numpy"
import torch
import torch.nn.functional as F
torch.set_num_threads(3)
def conv(x, kernel, *, stride, dilation, padding, groups):
    return F.conv1d(F.pad(x, (1, 1)), kernel)
assert_same_conv(conv, size=5, kernel=3)
assert torch.get_num_threads() == 3, "its threads"
print(sorted(m for m in sys.modules if m.startswith("same_conformance.frameworks.")), FRAMEWORKS & set(sys.modules))
"""


def test_only_the_adapter_of_the_function_s_framework_is_imported_and_its_settings_stay() -> None:
    result = subprocess.run([sys.executable, "-c", LEFT_ALONE], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    adapters = [f"same_conformance.frameworks.{name}" for name in ("layout", "numpy", "torch")]
    assert result.stdout == f"{adapters} {{'torch'}}\n"


JAX = """
import jax, jax.numpy as jnp
from same_conformance import Unsupported
from same_conformance.testing import assert_same_max_pool
def peak(x, *, window, stride, dilation, padding): return jnp.asarray(x)
assert_same_max_pool(peak, size=3, kernel=1)
try:
    assert_same_max_pool(peak, size=3, kernel=1, dtype="float64")
except Unsupported as error:
    print(error)
assert not jax.config.jax_enable_x64
jax.config.update("jax_enable_x64", True)
assert_same_max_pool(peak, size=3, kernel=1, dtype="float64")
"""


def test_a_dtype_that_the_caller_s_framework_does_not_make_is_not_offered() -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(JAX)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "jax makes float32 of float64 here; set jax_enable_x64" in result.stdout
