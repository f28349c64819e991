"""The page's own code says what the package's Python says: the rule, predicates, the code to copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsing import Open, needs_chromium
from layers import CASES, parameters_of
from same_conformance import corpus, mutants, packing, padding, plan
from same_conformance.explain import snippets
from same_conformance.predicate import compile_predicate
from same_conformance.report import pictures

pytestmark = needs_chromium


def test_the_rule_of_the_page_is_that_of_the_package(tab: Open, report: Path) -> None:
    page = tab().go(report)
    axes = [
        (op, mode, axis)
        for op in ("conv", "conv_transpose")
        for mode in padding.MODES
        for axis in packing.box(op, mode)
    ]
    asked = [[op, *axis[:4], mode, axis.output_size] for op, mode, axis in axes]
    got = page.evaluate(
        "(all) => all.map((one) => { const a = sameConformance.axisOf(...one); return [a.out, a.before, a.after]; })",
        asked,
    )
    assert got == [[axis.output_size, axis.before, axis.after] for _, _, axis in axes]
    cases = [entry.case for entry in corpus.read()]
    maps = page.evaluate(
        "(ids) => ids.map((id) => { const c = sameConformance.parseCase(id); return c.axes.map((a) => sameConformance.windowsOf(c.op, a)); })",
        [case.id for case in cases],
    )
    for case, theirs in zip(cases, maps, strict=True):
        ours = [[[None if i == plan.PADDED else i for i in row] for row in m.tolist()] for m in plan.same(case).maps]
        assert theirs == ours, case.id


def test_the_numbers_of_a_picture_are_spelled_out_as_the_map_of_its_rule(tab: Open, report: Path) -> None:
    """With dilations, and with taps that are read backwards."""
    asked, expected = [], []
    for rule, op in (("half", "conv"), ("unflipped-kernel", "conv_transpose")):
        for case in {entry.case.forward for entry in corpus.read() if entry.case.op == op}:
            theirs = mutants.RULES[rule].plan(case)  # type: ignore[misc]
            steps = pictures._steps(case, theirs) if theirs is not None and min(theirs.out) > 0 else None
            for axis, numbers, reads in zip(case.axes, steps or [], theirs.maps if theirs else [], strict=False):
                asked.append([axis.kernel, numbers])
                expected.append([[None if i == plan.PADDED else i for i in row] for row in reads.tolist()])
    assert {numbers[3] for _, numbers in asked} >= {-1, 1, 2}
    spell = "(all) => all.map(([k, numbers]) => sameConformance.spelled({ k }, numbers))"
    assert tab().go(report).evaluate(spell, asked) == expected


PREDICATES = (
    "op == 'conv' and any(s > k)",
    "any(k % 2 == 0 and n // s > 1) or rank == 3",
    "not (padding == 'same_lower') and all(before <= after)",
    "1 < rank <= 3 and dtype in ('float32', 'float16')",
    "any(axis == 1 and n - k < -1) or compared != 'forward'",
    "equal_pads and not equal_strides and outputs > 1",
    "any((n, k) == (5, 3)) or channels == (2,) or 2 * groups + calls > 3",
    "any(unclamped < 0) and op not in ('max_pool', 'avg_pool')",
)


@pytest.mark.parametrize("text", PREDICATES)
def test_a_predicate_means_the_same_in_the_page(tab: Open, report: Path, text: str) -> None:
    cases = [entry.case for entry in corpus.read()]
    got = (
        tab()
        .go(report)
        .evaluate(
            "([text, ids]) => { const holds = sameConformance.compilePredicate(text); return ids.map((id) => Boolean(holds(sameConformance.parseCase(id)))); }",
            [text, [case.id for case in cases]],
        )
    )
    assert got == [compile_predicate(text)(case) for case in cases]
    assert len(set(got)) == 2  # or nothing was compared


def test_the_code_to_copy_is_that_of_explain(tab: Open, report: Path) -> None:
    """And `test_snippets` runs that."""
    ours = {case.id: snippets.write(parameters_of(case)) for case in CASES}
    theirs = (
        tab()
        .go(report)
        .evaluate(
            """(ids) => Object.fromEntries(ids.map((id) => {
             const c = sameConformance.parseCase(id);
             return [id, sameConformance.recipes(c.op, c.axes, c.padding)];
           }))""",
            list(ours),
        )
    )
    assert theirs == ours
