"""Packed cases: the box is covered, axis case by axis case, by small cases that hide nothing."""

import math
from collections import Counter

import pytest

from same_conformance import packing, selection
from same_conformance.case import OPS, Axis, Case
from same_conformance.padding import MODES, output_size, transposed_output_sizes


def parameters(cases: list[Case]) -> set[tuple[int, ...]]:
    """Return size, kernel, stride, dilation and output size of every axis."""
    return {axis[:5] for case in cases for axis in case.axes}


def whole_box(op: str, corner: tuple[int, int, int, int] = (24, 8, 6, 4)) -> set[tuple[int, ...]]:
    found = set()
    sizes, kernels, strides, dilations = (range(1, n + 1) for n in corner)
    for n in sizes:
        for s in strides:
            legal = transposed_output_sizes(n, s)
            outs = {legal[0], legal[-1]} if op == "conv_transpose" else {output_size(n, s)}
            found |= {(n, k, s, d, out) for k in kernels for d in dilations for out in outs}
    return found


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("padding", MODES)
def test_the_first_sweep_holds_exactly_the_box(op: str, padding: str) -> None:
    cases = packing.homogeneous(op, padding)
    assert len(whole_box(op)) == (8448 if op == "conv_transpose" else 4608)
    assert parameters(cases) == whole_box(op)
    assert {(case.op, case.padding, case.rank, case.dtype) for case in cases} == {(op, padding, 2, "float32")}
    assert len(cases) < 0.505 * len(whole_box(op)), "an axis case is packed once, but for the last of a class"
    in_3d = packing.homogeneous(op, padding, rank=3)
    assert parameters(in_3d) == whole_box(op, (8, 4, 6, 4))


@pytest.mark.parametrize("op", OPS)
def test_a_pack_of_the_first_sweep_holds_axes_of_one_class_that_differ(op: str) -> None:
    for rank in (2, 3):
        cases = packing.homogeneous(op, "same", rank=rank)
        for case in cases:
            assert len({packing.class_of(op, axis) for axis in case.axes}) == 1, case.id
        n_repeating = sum(len(set(case.axes)) < case.rank for case in cases)
        assert n_repeating <= 31, "only where a class has fewer axis cases than a pack has axes"


@pytest.mark.parametrize("op", OPS)
def test_the_mixed_sweep_holds_all_axes_that_see_and_mixes_classes(op: str) -> None:
    cases = packing.mixed(op, "same")
    blind = {axis[:5] for axis in packing.box(op) if packing.class_of(op, axis).is_blind}
    assert 0 < len(blind) < 0.05 * len(whole_box(op))
    assert parameters(cases) == whole_box(op) - blind
    alike = Counter(len(set(case.stride)) == 1 or len(set(case.dilation)) == 1 for case in cases)
    assert alike[True] <= 1


@pytest.mark.parametrize("op", OPS)
def test_no_packed_case_is_large_and_the_stretched_ones_have_the_sizes_of_networks(op: str) -> None:
    cases = list(packing.sweeps(op))
    assert len(set(cases)) == len(cases) == (15_464 if op == "conv_transpose" else 8_496), "docs/cases.md adds them up"
    for case in cases:
        positions = case.size if op == "conv_transpose" else case.output_shape[1:-1]
        assert math.prod(positions) * math.prod(case.kernel) <= packing.LARGEST_PACK, case.id
        assert math.prod(case.output_shape) <= 2 * packing.LARGEST_PACK, case.id
    assert {224, 112, 299, 65, 33, 10007} <= {n for case in cases for n in case.size}


def test_what_no_window_reads_is_kept_apart_because_it_hides_the_other_axes() -> None:
    """n=1, k=2, d=2 reads nothing: the whole convolution is 0, whatever the other axis does."""
    blind = Axis(1, 2, 1, 2, 1, 1, 1)
    assert packing.class_of("conv", blind).is_blind
    assert not packing.class_of("conv", Axis(2, 2, 1, 2, 2, 1, 1)).is_blind
    for case in packing.homogeneous("conv", "same"):
        assert len({packing.class_of("conv", axis).is_blind for axis in case.axes}) == 1


def test_the_seed_decides_which_axes_meet_and_the_same_seed_the_same() -> None:
    first = packing.homogeneous("conv", "same", seed=1)
    assert first == packing.homogeneous("conv", "same", seed=1)
    assert first != packing.homogeneous("conv", "same", seed=2)
    assert set(packing.mixed("conv", "same", seed=1)) != set(packing.mixed("conv", "same", seed=2))


def test_each_axis_is_unpacked_alone_beside_trivial_axes_where_a_rank_asks_for_them() -> None:
    case = Case("conv_transpose", (5, 7), (3, 2), (2, 3), (1, 2), padding="same_lower", output_size=(9, 21))
    assert [c.id for c in packing.unpacked(case)] == [
        "conv_transpose.n5.k3.s2.o9.same_lower",
        "conv_transpose.n7.k2.s3.d2.same_lower",
    ]
    assert packing.unpacked(case, 2)[0].id == "conv_transpose.n5-1.k3-1.s2-1.o9-1.same_lower"
    pool = Case("max_pool", (5, 5), (3, 3), (2, 2))
    assert [c.id for c in packing.unpacked(pool, 2)] == ["max_pool.n5-1.k3-1.s2-2"]


def test_lines_hold_the_box_in_one_dimension() -> None:
    cases = list(packing.lines("max_pool"))
    assert len(cases) == len(set(cases)) == 2 * 4608
    assert {case.rank for case in cases} == {1}
    assert parameters([case for case in cases if case.padding == "same"]) == whole_box("max_pool")


def test_the_deep_profile_of_one_dimension_covers_the_box() -> None:
    query = selection.Query("deep", n_cases=0, ops=("max_pool",), ranks=(1,))
    chosen = selection.select(query).origins
    assert {
        case for case in packing.lines("max_pool") if chosen.get(case) not in ("packed", "corpus", "small")
    } == set()
    wide = selection.select(selection.Query("deep", n_cases=0, ops=("max_pool",)))
    assert not {case for case, origin in wide.origins.items() if origin == "packed" and case.rank == 1}
    assert set(selection.with_lines(wide, selection.Query("deep", ops=("max_pool",))).origins) >= set(chosen)
