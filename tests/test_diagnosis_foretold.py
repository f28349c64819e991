"""A predicate that fits what was tried by chance is held against what the named rule predicts."""

from itertools import product

from same_conformance import mutants, rules
from same_conformance.case import Case
from same_conformance.diagnosis import foretold, where
from same_conformance.judge import FAILURES
from same_conformance.predicate import compile_predicate

LAST_TAPS = mutants.RULES["kernel-gradient-last-taps"]
RIGHT = "any(unclamped <= -d)"


def tried(largest: int) -> tuple[list[Case], list[Case]]:
    """Return wrong and right cases of few parameters."""
    cases = [
        Case("conv", (n,), (k,), (s,), (d,), compared="kernel_gradient")
        for n, k, s, d in product(range(1, largest + 1), (1, 2), range(1, 4), (1, 2))
    ]
    wrong = [case for case in cases if rules.predict(LAST_TAPS, case)[0] in FAILURES]
    return wrong, [case for case in cases if case not in wrong]


def test_what_fits_by_chance_gives_way_to_what_the_rule_predicts() -> None:
    wrong, right = tried(4)
    by_chance = "any(unclamped <= -d and n <= 4)"
    holds = compile_predicate(by_chance)
    assert all(map(holds, wrong))
    assert not any(map(holds, right))
    found = foretold.checked(where.Where(by_chance, n_tried=len(wrong + right)), LAST_TAPS, wrong, right)
    assert found == where.Where(RIGHT, n_tried=len(wrong + right))
    assert found.text.startswith(f"wrong exactly where {RIGHT}, in all ")


def test_what_the_rule_predicts_as_well_stays() -> None:
    wrong, right = tried(4)
    place = where.Where(RIGHT, n_tried=5)
    assert foretold.checked(place, LAST_TAPS, wrong, right) is place


def test_what_no_predicate_says_of_all_is_told_with_its_exceptions() -> None:
    place = where.Where("any(k == 2)", 1, 2, 90, n_predicted=30)
    assert place.in_words(is_rule_known=True) == (
        "wrong wherever that differs from SAME, mostly where any(k == 2) "
        "(1 more wrong and 2 right there, of 90 cases tried and 30 that the rule predicts)"
    )
