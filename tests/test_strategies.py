"""Strategies: valid cases within bounds that shrink; drawing: distinct, spread, repeatable, and honest about its end."""

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from same_conformance import classes, strategies
from same_conformance.case import OPS, RANKS, Case, parse
from same_conformance.errors import UsageError
from same_conformance.strategies import cases, draw_distinct


@given(st.data())
def test_bounds_are_kept(data: st.DataObject) -> None:
    case = data.draw(
        cases(ops=["conv"], ranks=[2], max_size=3, max_kernel=2, max_stride=2, max_dilation=1, max_batch=1)
    )
    assert (case.op, case.rank, case.dilation, case.batch) == ("conv", 2, (1, 1), 1)
    assert max(case.size) <= 3
    assert max(case.kernel + case.stride) <= 2


@given(cases())
def test_batch_and_channels_above_one_equal_no_size(case: Case) -> None:
    assert case.batch == 1 or case.batch not in case.size
    smallest = 2 if case.op.endswith("pool") else 1
    assert case.channels[0] == smallest or case.channels[0] not in case.size


@pytest.mark.parametrize("op", OPS)
def test_cases_shrink_to_the_smallest_of_their_op(op: str) -> None:
    smallest = find(cases(ops=[op]), lambda _: True, settings=settings(database=None))
    assert smallest.id == f"{op}.n1.k1"


def test_drawing_gives_distinct_cases_spread_over_ops_ranks_and_classes() -> None:
    drawn = draw_distinct(300, seed=1)
    assert len(set(drawn.cases)) == 300
    for op in OPS:
        for rank in RANKS:
            assert 18 <= sum(c.op == op and c.rank == rank for c in drawn.cases) <= 22
    assert drawn.counts == classes.count(drawn.cases)
    assert min(drawn.counts[k.name] for k in classes.CLASSES if k.is_common) >= 6


def test_a_seed_draws_the_same_cases_again_and_another_seed_others() -> None:
    first, again, other = (draw_distinct(60, seed=seed).cases for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_more_cases_than_exist_gives_all_of_them() -> None:
    drawn = draw_distinct(500, seed=0, ops=["max_pool"], ranks=[1], paddings=["same"], dtypes=["float32"], compared=["forward"],
                          max_calls=1, max_size=1, max_kernel=2, max_stride=2, max_dilation=2, max_batch=1, max_channels=2)  # fmt: skip
    assert {c.id for c in drawn.cases} == {
        f"max_pool.n1.k{k}" + (".s2" if s == 2 else "") + (".d2" if d == 2 else "")
        for k in (1, 2) for s in (1, 2) for d in (1, 2)
    }  # fmt: skip


def test_about_a_quarter_compares_gradients_and_about_a_tenth_is_called_twice() -> None:
    drawn = draw_distinct(400, seed=2)
    gradients = [c for c in drawn.cases if c.compared != "forward"]
    assert 70 <= len(gradients) <= 130
    assert 15 <= sum(c.calls > 1 for c in drawn.cases) <= 65
    assert {c.op for c in gradients} == {*OPS}


def test_only_what_is_wanted_is_drawn_and_its_classes_are_not_missed() -> None:
    forward = draw_distinct(60, seed=0, compared=["forward"], max_calls=1).cases
    assert {(c.compared, c.calls) for c in forward} == {("forward", 1)}
    by_kernel = draw_distinct(60, seed=0, compared=["kernel_gradient"]).cases
    assert {c.compared for c in by_kernel} == {"kernel_gradient"}
    assert {c.op for c in by_kernel} == {"conv", "depthwise_conv", "conv_transpose"}


def test_what_no_op_has_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="max_pool has nothing to compare of kernel_gradient"):
        draw_distinct(10, seed=0, ops=["max_pool"], compared=["kernel_gradient"])


def test_a_gradient_that_is_called_twice_shrinks_to_a_forward_case_called_once() -> None:
    def is_gradient(case: Case) -> bool:
        return case.compared != "forward"

    case = parse("conv.n5-7.k3-2.s2-2.b2.kernel_gradient.calls2")
    assert strategies.shrink(case, is_gradient, seed=1).id == "conv.n1.k1.kernel_gradient"
    assert strategies.shrink(case, lambda c: c.calls == 2, seed=1).id == "conv.n1.k1.calls2"
    both = strategies.shrink(case, lambda c: c.calls == 2 and is_gradient(c), seed=1)
    assert both.id == "conv.n1.k1.kernel_gradient.calls2"


def test_a_class_that_is_drawn_too_rarely_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    never = classes.CaseClass("never", lambda _: False, is_common=True)
    monkeypatch.setattr(classes, "CLASSES", (*classes.CLASSES, never))
    with pytest.raises(UsageError, match="only 0 of 100 drawn cases are of the class 'never', but 2 are needed"):
        draw_distinct(100, seed=0)


@pytest.mark.parametrize("n", [12, 15, 30, 60])
@pytest.mark.parametrize(("ops", "ranks"), [(OPS, RANKS), (["avg_pool"], [1])])
def test_every_class_that_exists_is_drawn_from_as_few_cases_as_there_are_classes(
    n: int, ops: list[str], ranks: list[int]
) -> None:
    drawn, again = (draw_distinct(n, seed=4, ops=ops, ranks=ranks) for _ in range(2))
    assert drawn == again
    assert len(set(drawn.cases)) == n
    missing = {k.name for k in classes.common() if not drawn.counts[k.name]}
    assert missing == ({"unequal axes", "kernel gradient"} if ranks == [1] else set())
    assert drawn.counts == classes.count(drawn.cases)


def test_a_minimum_that_chance_does_not_give_is_drawn_in_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    rare = classes.CaseClass("rare", lambda c: c.size[0] == 2 and c.batch > 1 and c.op == "conv", is_common=True)
    usual = draw_distinct(200, seed=0)
    assert sum(map(rare.contains, usual.cases)) < 4
    monkeypatch.setattr(classes, "CLASSES", (*classes.CLASSES, rare))
    drawn = draw_distinct(200, seed=0)
    assert drawn.counts["rare"] >= 4
    assert min(drawn.counts[k.name] for k in classes.common()) >= 4
    for op in OPS:
        for rank in RANKS:
            assert 11 <= sum(c.op == op and c.rank == rank for c in drawn.cases) <= 16


def test_bounds_may_leave_no_case_of_a_class() -> None:
    drawn = draw_distinct(100, seed=0, ops=["conv"], ranks=[1], max_stride=1, max_batch=1)
    assert (drawn.counts["stride > kernel"], drawn.counts["batch > 1"]) == (0, 0)


def test_shrinking_finds_the_smallest_case_below_the_one_given() -> None:
    def fails(case: Case) -> bool:
        return case.op == "conv" and any(a.stride > 1 and a.before != a.after for a in case.axes)

    assert strategies.shrink(parse("conv.n5-7-3.k4-3-2.s2-2-1.b2.c4-4"), fails, seed=1).id == "conv.n1.k2.s2"


def test_shrinking_without_a_smaller_failure_keeps_the_case() -> None:
    case = parse("conv.n5.k3.s2")
    assert strategies.shrink(case, lambda c: c == case and False, seed=1) == case
