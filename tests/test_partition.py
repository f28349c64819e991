"""The groups that are one test each: every case is in exactly one, and what its name says is true of its cases."""

import re

from hypothesis import given, settings

from same_conformance import classes
from same_conformance.case import OPS, Case
from same_conformance.selection import Query, select
from same_conformance.strategies import cases
from same_conformance.testsuite import partition
from same_conformance.testsuite.suite import Suite


def test_every_case_of_the_quick_profile_is_in_exactly_one_group() -> None:
    grouped = [case for group in Suite("mine").groups() for case in group.cases]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == set(select(Query(profile="quick")).origins)


@settings(max_examples=300, deadline=None, database=None)
@given(cases())
def test_every_case_that_can_be_drawn_has_a_group(case: Case) -> None:
    assert partition.name_of(case) in dict(partition.PARTITION)


def test_what_the_name_of_a_group_says_is_true_of_its_cases_and_what_the_names_before_say_is_not() -> None:
    by_name = {k.name: k for k in classes.CLASSES}
    words = [word for word, _ in partition.PARTITION]
    for group in Suite("mine").groups():
        place = words.index(group.name)
        for case in group.cases:
            assert case.op == group.op
            assert [by_name[name].contains(case) for _, name in partition.PARTITION[: place + 1]] == [False] * place + [
                True
            ]


def test_ids_are_words_that_k_takes_and_no_two_are_the_same() -> None:
    ids = [group.id for group in Suite("mine").groups()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z_]+-[a-z0-9_]+", text) for text in ids)


def test_groups_are_in_the_order_of_ops_and_none_is_empty() -> None:
    groups = list(Suite("mine").groups())
    assert list(dict.fromkeys(group.op for group in groups)) == list(OPS)
    assert all(group.cases for group in groups)


def test_drawn_and_packed_cases_are_groups_that_are_filled_when_they_run() -> None:
    suite = Suite("mine", profile="deep", n_cases=40, seed=3, ops=("conv",), ranks=(1,))
    assert [g.id for g in suite.groups() if not g.cases] == ["conv-packed", "conv-drawn"]
    quick = Suite("mine", n_cases=40, seed=3, ops=("conv",), ranks=(1,))
    (drawn,) = quick.made().values()
    chosen = select(Query(profile="quick", n_cases=40, seed=3, ops=("conv",), ranks=(1,))).origins
    assert set(drawn) == {case for case, origin in chosen.items() if origin == "drawn"}
    fixed = {case for group in quick.groups() for case in group.cases}
    assert fixed.isdisjoint(drawn)
    assert fixed | set(drawn) == set(chosen)
