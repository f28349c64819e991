"""The page of one case: by which ids it is found, what it says of who, and that it can be used with a finger."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsing import PHONE, Open, follow, needs_chromium, visible
from records import about, by_rule, header, small_record, write
from same_conformance import corpus
from same_conformance.case import parse
from same_conformance.judge import Judgement
from same_conformance.record import Record, Result

pytestmark = needs_chromium


@pytest.mark.parametrize(
    "asked",
    [
        "conv.n225-225.k3-3.s2-2.d1-1",
        "conv.k3-3.n225-225.s2-2",
        "conv.n225-225.k3-3.s2-2.b1.c1-1.g1.float32.forward.calls1",
    ],
)
def test_an_equivalent_id_leads_to_the_case_by_its_own_id(tab: Open, report: Path, asked: str) -> None:
    page = tab().go(report, f"/case/{asked}?with=torch-half")
    assert page.url.endswith("#/case/conv.n225-225.k3-3.s2-2?with=torch-half")
    assert page.locator("h1:visible").inner_text() == "conv.n225-225.k3-3.s2-2"
    assert "Not in this run" not in visible(page).inner_text()


def test_the_id_of_a_case_of_the_corpus_stays_as_it_is(tab: Open, report: Path) -> None:
    ids = [entry.case.id for entry in corpus.read()][::10]
    page = tab().go(report)
    changed = page.evaluate(
        """async (ids) => {
          const changed = [];
          for (const id of ids) {
            location.hash = "#/case/" + id;
            await new Promise((done) => addEventListener("hashchange", done, { once: true }));
            if (location.hash !== "#/case/" + id) changed.push(id);
          }
          return changed;
        }""",
        ids,
    )
    assert changed == []
    assert page.locator("h1:visible").inner_text() == ids[-1]


def test_whoever_is_not_of_the_run_is_said_to_be_unknown(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/conv.n5.k4?with=nobody")
    assert "This run knows no implementation nobody." in visible(page).inner_text()


def test_an_element_that_is_read_twice_is_told(tab: Open, tmp_path: Path) -> None:
    case = parse("avg_pool.n2.k3.s2")
    values = {"shape": [1, 1, 2], "values": [1, 2]}
    picture = {
        "implementation": "mine",
        "case": case.id,
        "expected": values,
        "observed": values,
        "windows": [[[0, 1, 1]]],
    }
    failed = Result("mine", case, Judgement("value", (1, 1, 2), 2, 3.5))
    run = Record(header([case], about("mine")), [failed], {"pictures": [picture]}, [case])
    page = tab().go(write(run, tmp_path / "index.html"), f"/case/{case.id}")
    told = page.locator(".headline").inner_text()
    assert "counts element 1 twice" in told
    assert told.startswith("mine: ≠ wrong values")


def test_the_example_of_a_case_is_one_of_the_run(tab: Open, report: Path) -> None:
    page = tab().go(report)
    shown = page.get_by_label("case id, or any words").get_attribute("placeholder")
    assert shown in {result.case.id for result in small_record().results}


def test_whatever_can_be_tapped_is_large_enough_for_a_finger(tab: Open, report: Path) -> None:
    opened = tab(viewport=PHONE)
    small = """() => [...document.querySelectorAll("nav a, .brand a, .crumb a, button, summary, select, input, td a, th a, .tap .hit")]
      .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24)
      .map((one) => one.outerHTML.slice(0, 100))"""
    routes = ("/", "/impl/torch-half", "/case/conv.n5.k4?with=stranger", "/explorer?verdict=wrong", "/networks")
    found = {route: opened.go(report, route).evaluate(small) for route in routes}
    assert {route: those for route, those in found.items() if those} == {}


def test_a_picture_that_is_cut_shows_an_edge(tab: Open, report: Path) -> None:
    page = tab(viewport=PHONE).go(report, "/case/conv.n224-224.k3-3.s2-2?with=torch-half")
    holder = visible(page).locator(".scroll").first
    assert holder.evaluate("(e) => e.scrollWidth > e.clientWidth")
    assert "local" in holder.evaluate("(e) => getComputedStyle(e).backgroundAttachment")


def test_a_failure_leads_to_the_script_that_shows_it(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/conv.n224-224.k3-3.s2-2?with=torch-half")
    follow(page.locator(".headline").get_by_role("link", name="a script to copy"))
    card = page.locator(":focus").locator("xpath=ancestor::article")
    assert "conv" in str(card.get_attribute("data-ops")).split()
    assert card.get_by_text("Script that reproduces it").count() == 1


def test_all_axes_together_tell_what_is_read_wrongly_from_what_is_not_read(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/conv.n224-224.k3-3.s2-2?with=torch-half")
    theirs = visible(page).locator("svg.units").last
    # The window begins one too early on both axes: SAME's last row and column are missed, and no tap reads what it should.
    assert (theirs.locator(".missed").count(), theirs.locator(".other").count()) == (5, 9)
    assert theirs.locator("text.tiny", has_text="\u2013").count() == 5
    stroke = "(e) => getComputedStyle(e).stroke"
    line = visible(page).locator("svg.strip").last.locator("rect.other").first
    assert {one.evaluate(stroke) for one in theirs.locator(".other").all()} == {line.evaluate(stroke)}
    assert "not read, though SAME does" in visible(page).locator(".legend").last.inner_text()
    assert visible(page).locator(".legend").first.inner_text().startswith("read, as SAME asks")


def test_a_window_of_a_pooling_is_a_set_in_both_pictures(tab: Open, tmp_path: Path) -> None:
    case = parse("max_pool.n4-4.k3-3.s2-2")
    run = Record(
        header([case], about("torch-half", rule="half")),
        [Result("torch-half", case, by_rule("half", case))],
        {},
        [case],
    )
    page = tab().go(write(run, tmp_path / "index.html"), f"/case/{case.id}?with=torch-half")
    line = visible(page).locator("svg.strip").nth(1).locator("g.tap").first
    # It reads padding, 0 and 1 where SAME reads 0, 1 and 2.
    assert (line.locator(".other").count(), line.locator(".missed").count()) == (1, 1)
    whole = visible(page).locator("svg.units").last
    assert (whole.locator(".other").count(), whole.locator(".missed").count()) == (5, 5)
    first, second = (legend.inner_text() for legend in visible(page).locator(".legend").all())
    assert first == second
    assert "read, though SAME does not" in first


def test_the_gradient_by_a_kernel_is_shown_channel_by_channel(tab: Open, tmp_path: Path) -> None:
    case = parse("conv.n2.k2.c2-1.kernel_gradient")
    values = {"shape": [2, 2, 1], "values": [11, 12, 21, 22]}  # kernel element, input channel, output channel
    picture = {
        "implementation": "mine",
        "case": case.id,
        "expected": values,
        "observed": values | {"values": [11, 12, 21, 9]},
        "windows": None,
    }
    failed = Result("mine", case, Judgement("value", (2, 2, 1), 1, 13.0))
    run = Record(header([case], about("mine")), [failed], {"pictures": [picture]}, [case])
    page = tab().go(write(run, tmp_path / "index.html"), f"/case/{case.id}")
    expected, observed = visible(page).locator("table.plane").all()
    assert page.get_by_label("input channel").input_value() == "1"  # the first that differs
    assert (expected.locator("td").all_inner_texts(), observed.locator("td").all_inner_texts()) == (
        ["12", "22"],
        ["12", "≠9"],
    )
    page.get_by_label("input channel").select_option("0")
    assert visible(page).locator("table.plane").first.locator("td").all_inner_texts() == ["11", "21"]
    assert "Observed: kernel gradient of shape 2\u00d72\u00d71, from mine" in visible(page).inner_text()
