"""The spec equals TensorFlow and JAX: exhaustively over a box of axes, every op, rank and mode that they offer.

SAME works axis by axis, so a case of two or three axes covers as many axis cases; the second and third walk the box in
another order. Every axis case is on the first axis once. Every other convolution has two groups, and every other
transposed one its shortest legal output.
"""

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest

from same_conformance import plugins
from same_conformance.case import OPS, RANKS, Case
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


def box(op: str, rank: int, mode: str) -> Iterator[Case]:
    """Give a case per axis case; dilations of one class together, so that a refused axis refuses no other."""
    undilated, dilated = ([axis for axis in BOX if (axis[3] > 1) == flag] for flag in (False, True))
    for part in (undilated, dilated):
        for i in range(len(part)):
            axes = [part[(i * step + shift) % len(part)] for step, shift in ((1, 0), (5, 7), (7, 3))[:rank]]
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
            )


def _shortest(size: tuple[int, ...], stride: tuple[int, ...]) -> tuple[int, ...]:
    """Return the smallest legal output size of a transposed convolution."""
    return tuple(transposed_output_sizes(n, s)[0] for n, s in zip(size, stride, strict=True))


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(jobs=2) as pool:
        pool.start(plugins.select(plugins.installed(), OFFERED))
        assert not pool.failures
        yield pool


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
                assert verdicts[name, mode, "pass"] >= len(BOX) // 3


@pytest.mark.parametrize("name", ["torch-explicit"])
def test_our_helper_passes_everything(name: str) -> None:
    """No failure and nothing left out: the corpus, the networks' layers and 600 drawn cases, in every dtype."""
    selection = select(Query(n_cases=600, seed=11))
    judge = Judge()
    with Pool(jobs=2) as pool:
        pool.start(plugins.select(plugins.installed(), [name]))
        outcomes = list(pool.run({name: list(selection.origins)}))
    assert len(outcomes) == len(selection.origins)
    bad = [(c.id, j) for _, c, o in outcomes if (j := judge.judge(c, o)).verdict not in ("pass", "unspecified")]
    assert not bad
