"""Diagnosis of wrong implementations that are no mutants: each kind is recognised by what it does, not by its name."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest

from same_conformance import operands, spec
from same_conformance import plan as plans
from same_conformance.case import Case, parse
from same_conformance.diagnosis import (
    further,
    naming,
    probing,
    wording,
)
from same_conformance.diagnosis.diagnose import Diagnosis, diagnose
from same_conformance.judge import Judge
from same_conformance.mutants.windows import of_maps, scattered, started, windows
from same_conformance.outcome import Array, Outcome
from same_conformance.padding import MODES
from same_conformance.plan import PADDED, Plan
from same_conformance.predicate import compile_predicate
from same_conformance.record import Result

Wrong = Callable[[Case, tuple[np.ndarray, ...]], np.ndarray]


def diagnosed(case_id: str, wrong: Wrong) -> Diagnosis:
    """Diagnose `wrong` by the cases that a diagnosis makes around one that fails."""
    judge = Judge()

    def execute(case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
        return [Array(wrong(case, given), case.dtype) for given in sets]

    cases = [case for case in further.cases(parse(case_id), [], seed=1) if case.dtype == "float32" and case.calls == 1][
        ::2
    ]
    results, arrays = [], {}
    for case in sorted([parse(case_id), *cases], key=lambda c: c.canonical_key):
        (outcome,) = execute(case, [operands.make(case)])
        assert isinstance(outcome, Array)
        arrays[case] = outcome.values
        results.append(Result("it", case, judge.judge(case, outcome)))
    return diagnose(results, execute, arrays)


def parted(cases: Sequence[Case], wrong: Wrong) -> tuple[list[Result], list[Result]]:
    """Return the results that `wrong` gets wrong, and the others."""
    judge = Judge()
    outcomes = [Array(wrong(case, operands.make(case)), case.dtype) for case in cases]
    results = [Result("it", case, judge.judge(case, o)) for case, o in zip(cases, outcomes, strict=True)]
    failed = [r.judgement.verdict != "pass" for r in results]
    return (
        [r for r, is_wrong in zip(results, failed, strict=True) if is_wrong],
        [r for r, is_wrong in zip(results, failed, strict=True) if not is_wrong],
    )


def planned(plan: Callable[[Case], Plan]) -> Wrong:
    return lambda case, given: spec.execute(case, given, plan(case))


def swapped_where(holds: Callable[[Case, int], bool]) -> Wrong:
    def plan(case: Case) -> Plan:
        pads = [(a.after, a.before) if holds(case, i) else (a.before, a.after) for i, a in enumerate(case.axes)]
        return of_maps(case, [windows(*a[:4], p) for a, p in zip(case.axes, pads, strict=True)])

    return planned(plan)


def two_rules(case: Case) -> Plan:
    """Swap at stride 1, and pad half of the kernel above."""
    pads = [a.after if a.stride == 1 else (a.kernel - 1) // 2 * a.dilation for a in case.axes]
    return of_maps(case, [started(a, p, a.output_size) for a, p in zip(case.axes, pads, strict=True)])


def tiled(case: Case) -> Plan:
    """Work in tiles of four where the stride is 1."""
    maps = []
    for a, reads in zip(case.axes, plans.same(case).maps, strict=True):
        other = (reads // 4 != np.arange(len(reads))[:, None] // 4) & (a.stride == 1)
        maps.append(np.where(other, PADDED, reads))
    return of_maps(case, maps)


def wrapped_after(case: Case) -> Plan:
    maps = []
    for a in case.axes:
        position = np.arange(a.output_size)[:, None] * a.stride + np.arange(a.kernel) * a.dilation - a.before
        maps.append(np.where(position < 0, PADDED, position % a.size))
    return of_maps(case, maps)


def cut_windows(case: Case) -> Plan:
    maps = []
    for a, reads in zip(case.axes, plans.same(case).maps, strict=True):
        maps.append(np.where(np.arange(a.kernel) >= max(a.kernel - 1, 1), PADDED, reads) if a.stride > 1 else reads)
    return of_maps(case, maps)


def overwritten(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    if case.compared != "forward":
        return same(case, given)
    x, w = given
    y = np.zeros(case.output_shape)
    maps = plans.same(case).maps
    for position in np.ndindex(*case.size):
        for tap in np.ndindex(*case.kernel):
            reached = tuple(int(m[i, j]) for m, i, j in zip(maps, position, tap, strict=True))
            if min(reached) >= 0:
                y[(slice(None), *reached)] = x[(slice(None), *position)] @ w[tap].T
    return y


def same(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    return spec.execute(case, given)


def gradient_scaled(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    return same(case, given) / (case.batch if case.compared == "kernel_gradient" else 1)


def shuffled(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    y = same(case, given)
    return np.roll(y, 1, axis=-1) if case.compared == "forward" else y


def largest_magnitude(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
    return -same(case, (-given[0],)) if case.compared == "forward" else same(case, given)


def counted(case: Case) -> Plan:
    return of_maps(case, list(plans.same(case).maps), count_padding=max(case.stride) > 1)


def zeros_unless_native(case: Case) -> Plan:
    """Leave the padding to the framework where that can do it, and pad with zeros elsewhere."""
    is_native = all(a.before == a.after and a.before <= a.kernel // 2 for a in case.axes)
    return of_maps(case, list(plans.same(case).maps), fill=-np.inf if is_native else 0.0)


def cropped_late(case: Case) -> Plan:
    return scattered(case.axes, [(a.before + (a.stride > 1), a.output_size) for a in case.axes])


KINDS: dict[str, tuple[str, Wrong, tuple[str, ...]]] = {
    "two rules in one op": (
        "conv.n5.k4.s2",
        planned(two_rules),
        ("pads d * ((k - 1) // 2) before the first element where s > 1", "pads what SAME pads after"),
    ),
    "one axis of one rank": (
        "depthwise_conv.n3-4.k2-2",
        swapped_where(lambda case, i: case.rank == 2 and i == 0 and case.dilation[0] == 1),
        ("on the wrong side in 2-D, but only where any(d == 1 and axis == 0)",),
    ),
    "a tile without its neighbours": ("conv.n9.k3", planned(tiled), ("works in tiles of 4 elements",)),
    "one border alone": (
        "conv.n5.k3",
        planned(wrapped_after),
        ("continues with the other end of the input beyond the end",),
    ),
    "a window cut short": (
        "conv.n5.k3.s2",
        planned(cut_windows),
        ("reads a window of max(k - 1, 1) elements where s > 1",),
    ),
    "no sum where windows overlap": (
        "conv_transpose.n3.k3.s2",
        overwritten,
        ("overwrites where windows overlap, instead of adding",),
    ),
    "an average gradient": (
        "conv.n3.k2.b2.kernel_gradient",
        gradient_scaled,
        ("is right forward, but the gradient with respect to the kernel is divided by the number of examples",),
    ),
    "channels in another order": ("conv.n3.k2.c1-3", shuffled, ("exchanges output channels",)),
    "another choice from each window": ("max_pool.n4.k2", largest_magnitude, ("is the least element of each window",)),
    "a divisor under a condition": (
        "avg_pool.n5.k3.s2",
        planned(counted),
        ("counts the padding in average pooling's divisor, but only where any(s > 1)",),
    ),
    "a fill that two conditions part": (
        "max_pool.n1.k2",
        planned(zeros_unless_native),
        ("fills max pooling's padding with 0, but not everywhere",),
    ),
    "one more cropped": (
        "conv_transpose.n3.k3.s2",
        planned(cropped_late),
        ("crops (total + 2) // 2 before the first element where s > 1",),
    ),
}


@pytest.mark.parametrize(("case_id", "wrong", "words"), KINDS.values(), ids=KINDS)
def test_a_kind_is_told_by_what_it_does(
    monkeypatch: pytest.MonkeyPatch, case_id: str, wrong: Wrong, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(naming, "name_rule", lambda *_: "")
    found = diagnosed(case_id, wrong)
    for part in words:
        assert part in found.sentence, found.text


def test_where_a_known_rule_is_followed_in_part_either_of_two_conditions_may_say() -> None:
    found = diagnosed("max_pool.n1.k2", planned(zeros_unless_native))
    assert found.where.is_exact
    holds = compile_predicate(found.where.predicate)
    for padding, n, k, s, d in product(MODES, range(1, 10), range(1, 6), range(1, 4), range(1, 4)):
        case = Case("max_pool", (n,), (k,), (s,), (d,), padding=padding)
        if not further.is_blind(case):
            (axis,) = case.axes
            assert holds(case) == (axis.before != axis.after or axis.before > k // 2), case.id


KERNELS_2_AND_4 = [Case("conv", (n,), (k,), (s,)) for n, k, s in product(range(4, 9), (2, 4), (1, 2, 3))]


def test_conditions_of_a_known_rule_are_rivals_where_the_cases_do_not_part_them() -> None:
    rivals = naming.rival_conditions(*parted(KERNELS_2_AND_4, swapped_where(lambda case, _: case.kernel[0] > 3)))
    assert rivals is not None
    assert rivals.rule == "always-lower"  # which is the same in this mode
    assert {"any(k > 2)", "any(k > 3)"} <= {condition.text for condition in rivals.conditions}
    assert rivals.fails(Case("conv", (5,), (2,), (1,)))
    assert not rivals.fails(Case("conv", (5,), (3,), (1,)))


def test_a_rule_that_is_followed_everywhere_has_no_rival_conditions() -> None:
    assert naming.rival_conditions(*parted(KERNELS_2_AND_4, swapped_where(lambda *_: True))) is None


def test_a_known_rule_under_a_condition_is_named_with_it() -> None:
    found = diagnosed("conv.n3-3.k2-2.b2", swapped_where(lambda case, _: case.rank > 1 and case.batch > 1))
    assert found.sentence == "puts the odd element on the wrong side for more than one example, but only where rank > 1"
    assert found.where.predicate == "rank > 1 and batch > 1 and any(before != after)"


def test_rules_that_explain_a_part_each_are_named_together() -> None:
    def wrong(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
        if case.rank == 1:
            return swapped_where(lambda _, __: True)(case, given)
        y = same(case, given)
        return np.repeat(y[:1], len(y), axis=0) if case.compared == "forward" else y

    found = diagnosed("conv.n3.k2", wrong)
    assert "in 1-D" in found.sentence
    assert "what the first one gets" in found.sentence


def test_further_cases_are_new_and_the_same_each_time_and_differ_in_one_thing_first() -> None:
    case = parse("conv.n5-4.k3-2.s2-1")
    found = further.cases(case, [], seed=3)
    assert found == further.cases(case, [], seed=3) != further.cases(case, [], seed=4)
    assert case not in found
    assert not any(further.is_blind(c) for c in found)
    near = set(further.around(case))
    assert {parse("conv.n5-4.k3-2.s2-1.same_lower"), parse("conv.n5.k3.s2"), parse("conv.n5-4.k4-2.s2-1")} <= near


def test_most_cases_that_are_drawn_have_a_number_of_axes_that_fails() -> None:
    of_three = parse("max_pool.n3-2-2.k2-1-1")
    drawn = [case.rank for case in further.cases(of_three, [], seed=3)]
    assert drawn.count(3) > 0.6 * len(drawn)
    assert {1, 2} <= set(drawn)
    lines = [case for case in further.space(of_three, [], seed=3) if case.size.count(1) > 1 and max(case.size) > 30]
    assert {case.rank for case in lines} == {3}
    assert {case.size.index(max(case.size)) for case in lines} == {0, 1, 2}
    of_all = [case.rank for case in further.cases(parse("max_pool.n3.k2"), [of_three], seed=3)]
    assert of_all.count(1) > 0.25 * len(of_all)


def test_a_rule_that_is_right_in_bfloat16_explains_nobody_who_is_wrong_in_it() -> None:
    """NumPy has no bfloat16, but what a plan reads is known."""
    dtypes = ("float16", "float32", "float64")
    cases = [Case("conv", (n,), (k,), dtype=dtype) for n in range(3, 7) for k in (2, 3, 4) for dtype in dtypes]
    wrong, right = parted(cases, swapped_where(lambda case, _: case.dtype == "float16"))
    assert naming.name_rule(wrong, right) == "swapped-in-half"
    judgement = wrong[0].judgement
    wrong += [Result("it", Case("conv", (n,), (2,), dtype="bfloat16"), judgement) for n in range(3, 7)]
    assert not naming.name_rule(wrong, right)
    named = naming.name_under_condition(wrong, right)
    assert named is not None
    assert named.condition == "dtype in ('float16', 'bfloat16')"


def test_who_reads_on_in_memory_is_told_so() -> None:
    def runs_on(case: Case, given: tuple[np.ndarray, ...]) -> np.ndarray:
        x, kernel = given
        flat = np.concatenate([np.zeros(case.kernel[0]), x.ravel(), np.zeros(case.kernel[0])])
        rows = np.stack([flat[j + case.kernel[0] - case.axes[0].before :][: x.size] for j in range(case.kernel[0])])
        return np.einsum("kn,k->n", rows, kernel[:, 0, 0]).reshape(x.shape)

    case = parse("conv.n4.k3.b2")
    reading = probing.read(case, lambda c, sets: [Array(runs_on(c, given), c.dtype) for given in sets])
    assert reading is not None
    assert reading.runs_on
    same = probing.read(case, lambda c, sets: [Array(spec.execute(c, given), c.dtype) for given in sets])
    assert same is not None
    assert not same.runs_on


def test_the_example_of_what_is_padded_is_what_the_words_say() -> None:
    """One window that reads the last element alone may have been padded by 1 before, or begin at 1: the words decide."""
    wrong = swapped_where(lambda case, i: case.dilation[i] > 1)
    cases = [Case("max_pool", (n,), (k,), (s,), (2,)) for n in (2, 3, 4, 5) for k in (2, 3, 4) for s in (1, 2)]

    def execute(case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
        return [Array(wrong(case, given), case.dtype) for given in sets]

    smallest = parse("max_pool.n2.k2.s2.d2")
    readings = [(case, reading) for case in (smallest, *cases) if (reading := probing.read(case, execute))]
    (text,) = wording.describe(readings)
    assert text == (
        "pads the odd element on the wrong side (n 2, k 2, s 2, d 2: pads 1 before and 0 after, SAME 0 and 1)"
    )
