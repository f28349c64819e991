"""The share of the box that a cause makes fail, against counting it by hand."""

from itertools import product

import pytest

from same_conformance import packing, rules
from same_conformance.case import Case, parse
from same_conformance.diagnosis import share
from same_conformance.diagnosis.share import Share
from same_conformance.judge import FAILURES
from same_conformance.mutants import RULES

BOX = list(product(range(1, 25), range(1, 9), range(1, 7), range(1, 5)))
"""Size, kernel, stride and dilation."""


def test_a_predicate_holds_on_what_can_be_counted() -> None:
    found = share.find([parse("conv.n4.k2.s2")], "any(s > 1 and k % 2 == 0 and before != after)")
    assert found is not None
    n = sum(s > 1 and k % 2 == 0 and max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) % 2 for n, k, s, d in BOX)
    assert (found.fraction, found.is_sampled) == (n / len(BOX), False)
    assert found.text == f"{100 * n / len(BOX):.0f} % of the box"


@pytest.mark.parametrize(
    ("predicate", "fraction"),
    [
        ("any(k % 2 == 0)", 0.5),
        ("any(s > k)", sum(s > k for _, k, s, _ in BOX) / len(BOX)),
        ("any(s > 4) or any(d == 1)", 1 / 3 + 2 / 3 / 4),
        ("padding == 'same' and any(k > 4)", 0.5),
        ("compared == 'forward' and any(k > 4)", 0.5),
        ("any(n > 99)", 0.0),
        ("any(axis == 1 and s > 1)", None),
        ("rank > 1 and any(s > 1)", None),
        ("dtype == 'float16'", None),
        ("any(k > 4) and groups > 1", None),
        ("not equal_strides", None),
        ("batch > 1", None),
        ("", None),
    ],
)
def test_what_one_axis_cannot_tell_has_no_share(predicate: str, fraction: float | None) -> None:
    found = share.find([parse("conv.n4.k2.s2")], predicate)
    assert (found and found.fraction) == pytest.approx(fraction)


def test_a_transposed_convolution_has_a_box_with_two_outputs() -> None:
    found = share.find([parse("conv_transpose.n4.k2.s2")], "any(s > 1)")
    assert found is not None
    assert found.fraction == pytest.approx(2 * 5 / (2 * 5 + 1))


@pytest.mark.parametrize(
    ("rule", "op"), [("half", "conv"), ("zero-fill", "max_pool"), ("transposed-half", "conv_transpose")]
)
def test_a_rule_is_sampled_and_near_to_the_whole(rule: str, op: str) -> None:
    found = share.find([Case(op, (4,), (2,))], "any(n > 99)", rule)
    assert found is not None
    assert found.is_sampled
    assert found.text.startswith("about ")
    axes = packing.box(op)[::3]  # another sample, more than twice as large
    n_wrong = sum(rules.predict(RULES[rule], packing.case_of(op, (a,), "same"))[0] in FAILURES for a in axes)
    assert found.fraction == pytest.approx(n_wrong / len(axes), abs=0.02)


def test_a_rule_that_needs_several_axes_has_no_share() -> None:
    assert share.find([parse("conv.n4-5.k2-3")], "rank > 1", "swapped-axes") is None


def test_a_cause_in_one_mode_or_one_gradient_is_measured_there() -> None:
    lower = share.find([parse("conv.n4.k2.same_lower")], "", "always-lower")
    assert lower is None  # it is right in SAME_LOWER, and there is no predicate
    upper = share.find([parse("conv.n4.k2.same_lower")], "any(k % 2 == 0)", "lower-ignored")
    assert upper is not None
    assert upper.text.endswith(" of the box in SAME_LOWER")
    gradient = share.find([parse("conv.n4.k2.input_gradient")], "compared == 'input_gradient' and any(k > 4)")
    assert gradient == Share(0.5)
    twice = share.find([parse("conv_transpose.n4.k2.calls2")], "any(k > 4)")
    assert twice == Share(0.5)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "none"), (1.0, "all"), (0.004, "less than 1 %"), (0.9999, "99 %"), (0.537, "54 %")],
)
def test_extremes_are_not_rounded_away(fraction: float, text: str) -> None:
    assert Share(fraction).text == f"{text} of the box"
