"""Recognisers of diagnosis, each by itself: what a map, a divisor, a formula or a change of results is told by."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from same_conformance import operands, spec
from same_conformance import plan as plans
from same_conformance.axis import Axis
from same_conformance.case import Case, parse
from same_conformance.diagnosis import (
    divisors,
    patterns,
    pieces,
    probing,
    telling,
    transforms,
    where,
)
from same_conformance.judge import Judge
from same_conformance.mutants.windows import of_maps, positions, scattered, started
from same_conformance.outcome import Array, Outcome
from same_conformance.padding import split
from same_conformance.plan import PADDED, Plan, index_map

Wrong = Callable[[Case, tuple[np.ndarray, ...]], np.ndarray]


def same(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    return spec.execute(case, given)


def odd_one_counted(lies: np.ndarray, axis: Axis) -> np.ndarray:
    odd = axis.after - axis.before
    return (lies >= min(odd, 0)) & (lies < axis.size + max(odd, 0))


def ends_corrected(lies: np.ndarray, axis: Axis) -> np.ndarray:
    counted = np.ones(lies.shape, dtype=bool)
    counted[0] = lies[0] >= 0
    counted[-1] &= lies[-1] < axis.size
    return counted


def undilated_gradient(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    if case.compared != "input_gradient":
        return same(case, given)
    axes = [a._replace(dilation=1) for a in case.axes]
    totals = [max((a.size - 1) * a.stride + a.kernel - a.output_size, 0) for a in axes]
    crops = [(split(total, case.padding).before, a.output_size) for total, a in zip(totals, axes, strict=True)]
    return spec.execute(case, given, scattered(axes, crops))


def unspread_gradient(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    """Take ``x[t + o s]`` for ``x[t d + o s]``, in what was padded as it should be."""
    maps = tuple(
        index_map(size=a.size, kernel=a.kernel, stride=a.stride, dilation=1, before=a.before, out=a.output_size)
        for a in case.axes
    )
    return spec.execute(case, given, Plan(maps, plans.same(case).out))


def narrow(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    """Sum up in two parts, each rounded to bfloat16."""
    if case.compared != "forward":
        return same(case, given)
    x, kernel = given
    first = np.where(np.arange(kernel.shape[0]).reshape(-1, *[1] * (kernel.ndim - 1)) == 0, kernel, 0)
    parts = [bfloat16(same(case, (x, part))) for part in (first, kernel - first)]
    return bfloat16(parts[0] + parts[1])


def bfloat16(values: np.ndarray) -> np.ndarray:
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.rint(np.ldexp(mantissa, 8)), exponent - 8)


CHANGES: dict[str, tuple[tuple[str, ...], Wrong, str]] = {
    "a gradient without dilation": (
        ("conv_transpose.n3.k3.d2.input_gradient", "conv_transpose.n4-3.k2-3.s2-1.d3-2.c2-2.same_lower.input_gradient"),
        undilated_gradient,
        "is that of dilation 1",
    ),
    "a gradient that reads without dilation what is padded for it": (
        ("conv.n5.k3.d2.kernel_gradient", "conv.n6-4.k2-3.s2-1.d3-2.c2-2.kernel_gradient"),
        unspread_gradient,
        "is that of windows with dilation 1, padded for the dilation there is",
    ),
    "sums in a narrower dtype": (
        ("conv.n5.k3.c2-2", "conv.n6-4.k2-3.c3-1"),
        narrow,
        "has no more than the precision of bfloat16",
    ),
    "sums that are not cleared": (
        ("conv.n5.k3.b2", "conv.n6-4.k2-3.b3"),
        lambda case, given: np.cumsum(same(case, given), axis=0),
        "has those of all examples before it added, like a sum that is not cleared between them",
    ),
    "a maximum that starts at zero": (
        ("max_pool.n5.k3", "max_pool.n6-4.k2-2.s2-1"),
        lambda case, given: np.maximum(same(case, given), 0),
        "is never negative: what is below 0 becomes 0",
    ),
    "rows that are ordered otherwise": (
        ("conv.n5.k3.b2", "conv.n6-4.k2-3.b3.c2-2"),
        lambda case, given: np.moveaxis(same(case, given), 0, -2).reshape(case.output_shape),
        "has its own memory, examples after positions, taken for examples first: reshaped instead of transposed",
    ),
    "examples in the place of positions": (
        ("conv.n5.k3.b2", "conv.n6-4.k2-3.b3.c2-2"),
        lambda case, given: np.moveaxis(
            same(case, given).reshape(*case.output_shape[1:-1], case.batch, case.channels[1]), -2, 0
        ),
        "has its own memory, examples first, taken for examples after positions: reshaped instead of transposed",
    ),
    "a kernel on its side, and so a gradient that follows": (
        ("conv.n5-5.k3-3.input_gradient", "conv.n5-5.k3-3", "conv.n6-4.k2-2"),
        lambda case, given: same(case, (given[0], np.swapaxes(given[1], 0, 1), *given[2:])),
        "is that of the kernel with its spatial axes in reverse order",
    ),
    "something else": (
        ("conv.n5.k3", "conv.n6.k3"),
        lambda case, given: same(case, given) + np.arange(case.size[0])[:, None],
        "",
    ),
}


@pytest.mark.parametrize(("case_ids", "wrong", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_results_is_told(case_ids: tuple[str, ...], wrong: Wrong, words: str) -> None:
    pairs = []
    for case in map(parse, case_ids):
        given = operands.make(case)
        pairs.append(transforms.Pair(case, wrong(case, given), same(case, given)))
    assert transforms.describe(pairs) == words


DIVISORS: dict[str, Callable[[np.ndarray, Axis], np.ndarray]] = {
    divisors.REAL: lambda lies, a: (lies >= 0) & (lies < a.size),
    "the real elements that windows of the other mode would read, with before and after exchanged": lambda lies, a: (
        (lies + a.before - a.after >= 0) & (lies + a.before - a.after < a.size)
    ),
    "the real elements and as much padding after the end as there is before the start": lambda lies, a: (
        (lies >= -a.before) & (lies < a.size + a.before)
    ),
    "the real elements and the odd element of the padding, which is counted": odd_one_counted,
    "k less the padding before in the first window and the padding after in the last": ends_corrected,
    divisors.UNKNOWN: lambda lies, a: (lies >= 0) & (lies < a.size - 2),
}


@pytest.mark.parametrize("name", DIVISORS)
def test_a_divisor_is_told_by_what_it_counts(name: str) -> None:
    case = parse("avg_pool.n7.k6")
    (axis,) = case.axes
    reads = plans.same(case).maps[0]
    members = np.stack([np.isin(np.arange(axis.size), row) for row in reads])
    count = np.maximum(DIVISORS[name](positions(axis), axis).sum(axis=1), 1)
    found = divisors.recognise(case, members / count[:, None], members)
    assert name in found
    assert (divisors.REAL in found) == (name == divisors.REAL)


def test_windows_that_are_moved_to_the_start_are_told() -> None:
    """Like ``start = max(start, 0)`` before ``end = start + ke``."""
    for case_id in ("max_pool.n7.k4", "max_pool.n7.k4.d2"):
        axis = parse(case_id).axes[0]
        members = np.zeros((axis.output_size, axis.size), dtype=bool)
        for row, start in zip(members, positions(axis)[:, 0].clip(min=0), strict=True):
            row[start : start + axis.effective_kernel : axis.dilation] = True
        (said,) = patterns.of_pool(members, axis)
        assert said == "moves windows that begin before the input to its start, instead of shortening them"
        assert patterns.may_show(said, axis)
        assert not patterns.may_show(said, parse("max_pool.n7.k1").axes[0])


def test_windows_that_are_cut_before_they_are_dilated_are_told() -> None:
    """Like ``x[max(start, 0):end:d]``: where the start is cut off, the dilation is counted from there."""
    axis = parse("max_pool.n7.k4.d2").axes[0]
    first = positions(axis)[:, 0]
    members = np.zeros((axis.output_size, axis.size), dtype=bool)
    for row, start in zip(members, first, strict=True):
        row[max(start, 0) : start + axis.effective_kernel : axis.dilation] = True
    (said,) = patterns.of_pool(members, axis)
    assert said == "counts the dilation from the first element where a window begins before it"
    assert patterns.may_show(said, axis)
    assert not patterns.may_show(said, parse("max_pool.n7.k4").axes[0])


def test_windows_that_do_not_overlap_do_not_show_what_is_done_where_they_do() -> None:
    said = "overwrites where windows overlap, instead of adding"
    assert patterns.may_show(said, parse("conv_transpose.n3.k3.s2").axes[0])
    assert not patterns.may_show(said, parse("conv_transpose.n3.k2.s2").axes[0])


def test_outputs_that_read_the_groups_in_turn_are_told() -> None:
    case = parse("conv.n4.k2.c4-6.g2")

    def execute(case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
        one = replace(case, groups=1, channels=(case.channels[0] // case.groups, 1))
        results = []
        for x, kernel in sets:
            groups = np.split(x, case.groups, axis=-1)
            columns = [
                spec.execute(one, (groups[o % case.groups], kernel[..., o : o + 1])) for o in range(case.channels[1])
            ]
            results.append(Array(np.concatenate(columns, axis=-1), case.dtype))
        return results

    reading = probing.read(case, execute)
    assert reading is not None
    assert reading.notes == ["lets output channel o read the input channels of group o % groups"]


def test_windows_that_are_padded_otherwise_from_some_output_on_are_told() -> None:
    """A strip that knows how much its own first window needs, but not the others': the halo of later strips is another."""
    axis = parse("conv.n130.k3.s2").axes[0]
    lies = positions(axis)
    lies[64:] -= 1
    reads = np.where((lies >= 0) & (lies < axis.size), lies, PADDED)
    words = "moves all windows from output 64 on, as if these were padded by other amounts"
    assert patterns.of_forward(reads, axis) == ["moves the last window back into the input", words]
    axis = parse("conv.n150.k3.s2").axes[0]
    lies = positions(axis)
    lies[64:] -= 1
    assert words in patterns.of_forward(np.where((lies >= 0) & (lies < axis.size), lies, PADDED), axis)
    lies[70:] -= 1
    assert words not in patterns.of_forward(np.where((lies >= 0) & (lies < axis.size), lies, PADDED), axis)


def test_positions_that_wrap_round_are_told_from_windows_that_are_moved() -> None:
    axis = parse("conv.n5.k4.same_lower").axes[0]
    lies = positions(axis)
    index = np.where(lies < 0, lies + axis.size + axis.after, lies)
    assert patterns.of_forward(np.where(index < axis.size, index, PADDED), axis) == [
        "lets positions before the start wrap round to the end, behind which it pads"
    ]
    moved = np.clip(lies[:, :1], 0, axis.size - 4) + np.arange(4)
    assert patterns.of_forward(moved, axis) == ["moves windows that reach beyond the input back into it"]


def test_two_formulas_need_a_condition_that_parts_all_axes() -> None:
    cases = [parse(f"conv.n{n}.k{k}.s{s}") for n in (5, 6, 7, 8) for k in (2, 3, 4) for s in (2, 3)]
    items = [pieces.Item(c, 0, frozenset({c.kernel[0] if c.stride == (2,) else c.size[0]})) for c in cases]
    candidates = [
        pieces.Candidate("SAME", lambda case, i: case.axes[i].before),
        pieces.Candidate("k", lambda case, i: case.kernel[i]),
        pieces.Candidate("n", lambda case, i: case.size[i]),
    ]
    found = pieces.fit(candidates, items)
    assert {piece.text for piece in found} == {"k", "n"}
    assert len(found) == 2
    broken = [*items[1:], items[0]._replace(numbers=frozenset({99}))]
    assert pieces.fit(candidates, broken) == []


def test_a_formula_made_of_parts_is_not_believed_for_a_few_axes() -> None:
    items = [pieces.Item(parse(i), 0, frozenset({7})) for i in ("conv.n5.k3", "conv.n6.k3", "conv.n7.k3")]
    same_pads = pieces.Candidate("SAME", lambda case, i: case.axes[i].before)
    assert pieces.fit([same_pads, pieces.Candidate("7", lambda _, __: 7)], items) == [pieces.Piece("7")]
    assert pieces.fit([same_pads, pieces.Candidate("7", lambda _, __: 7, fewest=4)], items) == []


@pytest.mark.parametrize(
    ("reads", "words"),
    [
        ([[0, 1, 2], [1, 2, 3], [2, 3, -1]], ""),
        ([[-1, -1, -1], [0, 1, 2], [1, 2, 3], [-1, -1, -1]], "leaves out every window that touches the padding"),
        ([[-1, 0, 1], [0, 1, 2], [1, 2, 3], [-1, -1, -1]], "leaves out the last window"),
        ([[-1, -1, 1], [-1, 1, 2], [1, 2, 3], [2, 3, -1]], "never reads the first element"),
        ([[-1, 0, -1], [0, 1, -1], [1, 2, -1], [2, 3, -1]], "leaves out tap 2 of 3"),
        ([[-1, 0, 1], [0, 1, -1], [-1, 2, 3], [2, 3, -1]], "works in tiles of 2 elements, each without its neighbours"),
        ([[-1, 0, 1], [0, 1, 2], [1, 2, 3], [1, 2, 3]], "moves the last window back into the input"),
    ],
)
def test_a_map_is_recognised_by_what_it_leaves_out(reads: list[list[int]], words: str) -> None:
    found = patterns.of_forward(np.array(reads), parse("conv.n4.k3").axes[0])
    assert found[:1] == ([words] if words else [])


def test_same_itself_has_no_pattern() -> None:
    axis = parse("conv.n4.k3").axes[0]
    ours = index_map(size=4, kernel=3, stride=1, dilation=1, before=1, out=4)
    assert patterns.of_forward(ours, axis) == []


def test_a_change_must_explain_every_result() -> None:
    cases = [parse(i) for i in ("conv.n3.k2.b2", "conv.n4.k2.b3", "conv.n4.k3")]
    pairs = [transforms.Pair(c, same(c, operands.make(c)) * c.batch, same(c, operands.make(c))) for c in cases]
    assert transforms.describe(pairs) == "is multiplied by the number of examples"
    assert transforms.describe([*pairs, pairs[0]._replace(given=pairs[0].asked)]) == ""
    assert transforms.describe(pairs[:1]) == "", "one result says little"


def test_a_bias_is_told_by_what_it_adds_to_each_channel() -> None:
    judge = Judge()
    cases = [parse(i) for i in ("conv.n5.k3.c2-3", "conv.n4-3.k2-2.s2-1", "conv.n1.k1")]
    added = [np.arange(1.0, c.channels[-1] + 1) / 3 for c in cases]
    pairs = [transforms.Pair(c, judge.expected(c) + b, judge.expected(c)) for c, b in zip(cases, added, strict=True)]
    assert "bias" in transforms.describe(pairs)
    moved = [p._replace(given=p.given + np.indices(p.given.shape)[1]) for p in pairs]
    assert "bias" not in transforms.describe(moved)


def test_a_gradient_of_other_windows_or_examples_is_told() -> None:
    case = parse("conv.n5.k3.s2.d2.b2.input_gradient")

    def undilated(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
        return spec.execute(case, given, of_maps(case, [started(a, 0, a.output_size) for a in case.axes]))

    cases = [case, parse("conv.n7.k4.d2.input_gradient"), parse("conv.n6-4.k3-2.d2-1.input_gradient")]
    expected = Judge().expected
    pairs = [transforms.Pair(c, undilated(c, operands.make(c)), expected(c)) for c in cases]
    assert transforms.describe(pairs) == "is that of padding nothing before the first element"
    cases = [parse(i) for i in ("conv.n5.k3.b2.kernel_gradient", "conv.n4-3.k2-2.b3.kernel_gradient")]
    first = [(operands.make(c)[0][:1], operands.make(c)[1], operands.make(c)[2][:1]) for c in cases]
    alone = [spec.execute(c, data) for c, data in zip(cases, first, strict=True)]
    pairs = [transforms.Pair(c, a, expected(c)) for c, a in zip(cases, alone, strict=True)]
    assert transforms.describe(pairs) == "is that of the first example alone"


def test_rivals_are_told_apart_by_the_cases_on_which_they_disagree() -> None:
    """Two thresholds that no case seen parts: the case between them is asked for, and decides."""
    wrong = [parse(f"conv.n{n}.k3.s2") for n in (18, 20, 24)]
    right = [parse(f"conv.n{n}.k3.s2") for n in (2, 6, 14)]
    rivals = where.rivals(wrong, right)
    assert len({rival.text for rival in rivals}) > 1
    space = [parse(f"conv.n{n}.k3.s2") for n in (4, 15, 16, 17, 30)]
    chosen = telling.of_predicates(rivals, space, 10)
    assert {case.size[0] for case in chosen} & {15, 16, 17}
    assert not {case.size[0] for case in chosen} & {4, 30}
    assert telling.of_predicates(rivals[:1], space, 10) == []
