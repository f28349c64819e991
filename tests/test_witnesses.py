"""The spec equals TensorFlow and JAX: exhaustively over a box of axes, every op, rank and mode that they offer.

SAME works axis by axis, so a case of two or three axes covers as many axis cases: for each rank, every axis case is on one
of the axes once. Every other convolution has two groups, and every other transposed one its shortest legal output.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from same_conformance import corpus, plugins
from same_conformance.case import COMPARED, OPS, POOLS, RANKS, Case
from same_conformance.expectations import Expectations
from same_conformance.judge import Judge
from same_conformance.padding import MODES, transposed_output_sizes
from same_conformance.runner.pool import Pool
from same_conformance.selection import Query, select

BOX = tuple(itertools.product(range(1, 7), range(1, 5), range(1, 4), range(1, 4)))  # size, kernel, stride, dilation
CHANNELS = {"depthwise_conv": (2, 2), "conv_transpose": (2, 3), "max_pool": (2,), "avg_pool": (2,)}
OFFERED = {
    "tensorflow": {"same": {*OPS}, "same_lower": set()},
    "jax": {"same": {*OPS}, "same_lower": {*OPS} - {"conv_transpose"}},
}
"""What each witness offers; the test fails if one of these turns out to be unsupported altogether."""
SUBJECTS = ["tensorflow", "tensorflow-native", "keras-torch"]
"""Those whose gradients are wrong somewhere, as is listed."""
HELPER = "torch-explicit"
STEP = 19
"""How far apart in the box the axes of one case are, so that they are seldom alike; coprime to the lengths of the box's parts."""

GRADIENT_BOX = tuple(itertools.product(range(1, 5), range(1, 6), range(1, 4), range(1, 3)))
"""Smaller, because compiling gradients takes longer; its kernels are longer than its inputs, too, which some get wrong."""


def box(
    op: str,
    rank: int,
    mode: str,
    compared: str = "forward",
    axis_cases: tuple[tuple[int, ...], ...] = BOX,
    *,
    n_turns: int = 1,
) -> Iterator[Case]:
    """Give cases that have every axis case on `n_turns` of their axes; dilations of one class together.

    A refused axis then refuses no other.
    """
    undilated, dilated = ([axis for axis in axis_cases if (axis[3] > 1) == flag] for flag in (False, True))
    for part in (undilated, dilated):
        walk = [part[i * STEP % len(part)] for turn in range(n_turns) for i in range(turn, len(part) + turn)]
        for i, axes in enumerate(zip(*(walk[axis::rank] for axis in range(rank)), strict=True)):
            size, kernel, stride, dilation = zip(*axes, strict=True)
            odd = i % 2 == 1
            yield Case(
                op,
                size,
                kernel,
                stride,
                dilation,
                mode,
                channels=(2, 4) if op == "conv" else CHANNELS[op],
                groups=2 if op == "conv" and odd else 1,
                output_size=_shortest(size, stride) if op == "conv_transpose" and odd else (),
                compared=compared,
            )


def gradients_of(op: str) -> tuple[str, ...]:
    """Return the gradients that an op has."""
    return ("input_gradient",) if op in POOLS else ("input_gradient", "kernel_gradient")


def _shortest(size: tuple[int, ...], stride: tuple[int, ...]) -> tuple[int, ...]:
    """Return the smallest legal output size of a transposed convolution."""
    return tuple(transposed_output_sizes(n, s)[0] for n, s in zip(size, stride, strict=True))


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(jobs=2) as pool:
        pool.start(plugins.select(plugins.installed(), dict.fromkeys([*OFFERED, *SUBJECTS, HELPER])))
        assert not pool.failures
        yield pool


@pytest.mark.parametrize("axis_cases", [BOX, GRADIENT_BOX])
@pytest.mark.parametrize("rank", RANKS)
def test_every_axis_case_is_on_one_axis_once_or_on_each(rank: int, axis_cases: tuple[tuple[int, ...], ...]) -> None:
    once, on_each = (
        [list(zip(c.size, c.kernel, c.stride, c.dilation, strict=True)) for c in cases]
        for cases in (
            box("conv", rank, "same", axis_cases=axis_cases),
            box("conv", rank, "same", axis_cases=axis_cases, n_turns=rank),
        )
    )
    assert sorted(itertools.chain(*once)) == sorted(axis_cases)
    assert [sorted(on_one) for on_one in zip(*on_each, strict=True)] == [sorted(axis_cases)] * rank


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("rank", RANKS)
def test_the_spec_equals_the_witnesses_over_the_box(pool: Pool, op: str, rank: int) -> None:
    judge = Judge()
    work = {name: [c for mode in MODES if op in OFFERED[name][mode] for c in box(op, rank, mode)] for name in OFFERED}
    verdicts = Counter()
    wrong = []
    for name, case, outcome in pool.run(work):
        judgement = judge.judge(case, outcome)
        verdicts[name, case.padding, judgement.verdict] += 1
        if judgement.verdict not in ("pass", "unsupported", "unspecified"):
            wrong.append((name, case.id, judgement.verdict, judgement.message))
    assert not wrong
    for name, modes in OFFERED.items():
        for mode, ops in modes.items():
            if op in ops:
                assert verdicts[name, mode, "pass"] >= len(BOX) // rank // 3


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("rank", RANKS)
def test_the_spec_s_gradients_equal_the_witnesses_over_the_box(pool: Pool, op: str, rank: int) -> None:
    """Each witness has a gradient for a third of the box at least; JAX has none for dilated max pooling."""
    judge = Judge()
    work = {
        name: [
            case
            for mode in MODES
            if op in OFFERED[name][mode]
            for compared in gradients_of(op)
            for case in box(op, rank, mode, compared, GRADIENT_BOX)
        ]
        for name in OFFERED
    }
    verdicts = Counter()
    wrong = []
    for name, case, outcome in pool.run(work):
        judgement = judge.judge(case, outcome)
        verdicts[name, case.padding, case.compared, judgement.verdict] += 1
        if judgement.verdict not in ("pass", "unsupported", "unspecified"):
            wrong.append((name, case.id, judgement.verdict, judgement.message))
    assert not wrong
    for name, modes in OFFERED.items():
        for mode, ops in modes.items():
            for compared in gradients_of(op) if op in ops else ():
                assert verdicts[name, mode, compared, "pass"] >= len(GRADIENT_BOX) // rank // 3


def test_transposed_convolution_of_every_legal_output_size(pool: Pool) -> None:
    """Against TensorFlow, for every n, k and s up to 4 and d up to 2; JAX has the default output size only."""
    judge = Judge()
    cases = [
        Case("conv_transpose", (n,), (k,), (s,), (d,), channels=(2, 3), output_size=(out,), compared=compared)
        for n, k, s, d in itertools.product(range(1, 5), range(1, 5), range(1, 5), range(1, 3))
        for out in transposed_output_sizes(n, s)
        for compared in COMPARED
    ]
    by_default = [c for c in cases if c.output_size[0] == c.size[0] * c.stride[0]]
    verdicts = Counter()
    for name, case, outcome in pool.run({"tensorflow": cases, "jax": by_default}):
        judgement = judge.judge(case, outcome)
        assert judgement.verdict == "pass", (name, case.id, judgement.message)
        verdicts[name] += 1
    assert verdicts == {"tensorflow": 960, "jax": 384}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_listed_says_exactly_where_the_frameworks_gradients_are_wrong(pool: Pool, dtype: str) -> None:
    """Over the box no failure is unlisted and no listed one passes: tensorflow#48773, the unclamped 3-D kernels, ..."""
    cases = [
        replace(case, dtype=dtype, channels=(1, 2) if op == "conv_transpose" else case.channels)
        for op in OPS
        for rank in RANKS
        for compared in gradients_of(op)
        for case in box(op, rank, "same", compared, GRADIENT_BOX, n_turns=rank)
        if max(case.dilation) == 1 or rank < 3
    ]
    known = Expectations(corpus.read_expectations(), {})
    judge = Judge()
    standings = Counter()
    for name, case, outcome in pool.run(dict.fromkeys(SUBJECTS, cases)):
        judgement = judge.judge(case, outcome)
        standing, why = known.assess(name, case, judgement.verdict)
        standings[name, standing] += 1
        assert standing in ("as expected", "expected failure"), (name, case.id, judgement, why)
    assert standings["tensorflow-native", "expected failure"] > 10
    assert standings["keras-torch", "expected failure"] > 10
    assert (standings["tensorflow", "expected failure"] > 0) == (dtype == "float64")


def test_our_helper_passes_everything(pool: Pool) -> None:
    """No failure and nothing left out: the corpus, the networks' layers and 600 drawn cases, in every dtype."""
    selection = select(Query(n_cases=600, seed=11))
    judge = Judge()
    outcomes = list(pool.run({HELPER: list(selection.origins)}))
    assert len(outcomes) == len(selection.origins)
    bad = [(c.id, j) for _, c, o in outcomes if (j := judge.judge(c, o)).verdict not in ("pass", "unspecified")]
    assert not bad
