"""From index maps to the numbers that people think in."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from same_conformance.case import Axis, Case
from same_conformance.diagnosis import reading
from same_conformance.plan import PADDED


def axis(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> Axis:
    return Case("conv", (size,), (kernel,), (stride,), (dilation,)).axes[0]


def irregular(axis: Axis, seventh: int) -> np.ndarray:
    """Return what is read where every seventh window reads the element `seventh` alone, or the fill."""
    o, j = np.arange(axis.output_size)[:, None], np.arange(axis.kernel)[None, :]
    position = o * axis.stride + j * axis.dilation - axis.before
    reads = np.where((position >= 0) & (position < axis.size), position, PADDED)
    reads[3::7] = seventh
    return reads if seventh == PADDED else np.where(reads == PADDED, seventh, reads)


@pytest.mark.parametrize(("size", "kernel", "stride", "dilation"), [(600, 3, 1, 256), (65, 3, 1, 36), (128, 51, 2, 1)])
@pytest.mark.parametrize("seventh", [PADDED, 2])
def test_a_map_that_nothing_gives_is_given_up_after_few_tries(
    size: int, kernel: int, stride: int, dilation: int, seventh: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying every stride up to a dilation of 256, with every border and every amount before it, took over an hour."""
    asked, tries = axis(size, kernel, stride, dilation), 0
    extended = reading._extended

    def counting(position: np.ndarray, size: int, border: str) -> np.ndarray:
        nonlocal tries
        tries += 1
        return extended(position, size, border)

    monkeypatch.setattr(reading, "_extended", counting)
    assert reading.fit_forward(irregular(asked, seventh), asked) == ()
    assert tries < 200_000
    shorter = asked._replace(size=60, output_size=60 // stride)
    reads, tries = irregular(shorter, seventh), 0
    members = np.zeros((shorter.output_size, 61), dtype=bool)
    members[np.arange(shorter.output_size)[:, None], reads] = True
    assert reading.fit_pool(members[:, :-1], shorter) == ()
    assert tries < 200_000


@pytest.mark.parametrize("border", ["fill", "edge", "reflect", "wrap", "fill/edge"])
@pytest.mark.parametrize("asked", [axis(9, 3), axis(9, 4, 2), axis(11, 3, 1, 2)])
def test_whatever_is_padded_before_and_beyond_is_read_back(asked: Axis, border: str) -> None:
    o, j = np.arange(asked.output_size)[:, None], np.arange(asked.kernel)[None, :]
    for before in range(asked.effective_kernel):
        position = o * asked.stride + j * asked.dilation - before
        reads = reading._extended(position, asked.size, border)
        found = reading.fit_forward(reads, asked)
        assert any(np.array_equal(reading._extended(position, asked.size, r.border), reads) and r.before == before
                   for r in found), (before, found)  # fmt: skip


@pytest.mark.parametrize(("stride", "dilation"), list(product((1, 2, 3, 5), (1, 2, 3))))
def test_other_strides_and_dilations_are_read_back(stride: int, dilation: int) -> None:
    asked = axis(23, 3, 2, 2)
    o, j = np.arange(asked.output_size)[:, None], np.arange(asked.kernel)[None, :]
    position = o * stride + j * dilation - 1
    reads = np.where((position >= 0) & (position < asked.size), position, PADDED)
    found = {(r.stride, r.dilation, r.before) for r in reading.fit_forward(reads, asked)}
    assert found == {(stride, dilation, 1)}
    members = np.zeros((asked.output_size, asked.size), bool)
    members[np.nonzero(reads >= 0)[0], reads[reads >= 0]] = True
    assert (stride, dilation, 1) in {(r.stride, r.dilation, r.before) for r in reading.fit_pool(members, asked)}


def test_of_large_numbers_those_are_tried_that_the_parameters_give() -> None:
    asked = axis(600, 3, 40, 1)
    o, j = np.arange(asked.output_size)[:, None], np.arange(3)[None, :]
    position = o * 3 + j * 40
    found = reading.fit_forward(np.where(position < 600, position, PADDED), asked)
    assert {(r.stride, r.dilation, r.before) for r in found} == {(3, 40, 0)}
