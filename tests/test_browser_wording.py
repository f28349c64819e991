"""What the report says to those who see no signs, run no code, or do not know its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsing import Open, follow, needed, needs_chromium, visible
from same_conformance.judge import VERDICTS
from same_conformance.report.symbols import COUNTED

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")


def test_one_column_says_that_it_is_sorted_and_which_way_and_its_mark_is_no_part_of_its_name(
    tab: Open, report: Path
) -> None:
    page = tab().go(report, "/explorer")
    heads = page.locator(".rows thead th")
    sorts = "(heads) => heads.map((head) => head.getAttribute('aria-sort'))"
    assert heads.evaluate_all(sorts) == ["ascending"] + ["none"] * 6
    assert heads.all_inner_texts() == [
        "case ↑", "implementation ↕", "verdict ↕", "its shape ↕", "different ↕", "at most by ↕", "what was said ↕",
    ]  # fmt: skip
    for times_pressed, told in ((1, "ascending"), (2, "descending"), (3, "ascending")):
        button = page.get_by_role("button", name="different", exact=True)
        button.press("Enter")
        sync_api.expect(heads.nth(4)).to_have_attribute("aria-sort", told)
        assert heads.evaluate_all(sorts).count("none") == 6, times_pressed
        assert page.evaluate("document.activeElement.dataset.sort") == "n"
        numbers = [int(text or 0) for text in page.locator(".rows tbody td:nth-child(5)").all_inner_texts()]
        assert numbers == sorted(numbers, reverse=told == "descending")
    assert heads.nth(4).inner_text() == "different ↑"


def test_without_javascript_nothing_is_promised_that_needs_it(tab: Open, report: Path) -> None:
    page = tab(java_script_enabled=False).look(report)
    assert page.locator("noscript p").inner_text() == (
        "Without JavaScript the whole report is on this one page, but for the calculator, the explorer and the pictures of "
        "single cases; all results are in results.csv beside this file, which may be packed as results.csv.gz."
    )
    for link in ("Calculator", "Explorer", "All its results", "all of them"):
        assert page.get_by_text(link, exact=True).count() > 0
        assert not any(found.is_visible() for found in page.get_by_text(link, exact=True).all()), link
    assert page.locator("form, button").count() == 0
    part = page.locator("#\\/impl\\/stranger")
    assert part.locator(".command").first.inner_text() == "same-conformance repro conv.n1.k2 --with stranger"
    assert part.get_by_text("wrong shape").first.is_visible()
    page.locator("#\\/networks summary", has_text="1 of 3").first.click()
    assert page.locator("#\\/networks details[open]").inner_text().split("\n")[-1] == "torch-explicit"


@pytest.mark.parametrize(("route", "wanted"), [
    ("/impl/stranger", "same-conformance repro conv.n1.k2 --with stranger"),
    ("/case/conv.n5.k4?with=stranger", "same-conformance repro conv.n5.k4 --with stranger"),
    ("/case/avg_pool.n7-9.k2-3.s2-2", "same-conformance run --case avg_pool.n7-9.k2-3.s2-2"),
    ("/environment", "same-conformance run"),
])  # fmt: skip
def test_a_line_to_copy_is_copied_whole_and_says_so(tab: Open, report: Path, route: str, wanted: str) -> None:
    page = tab(permissions=["clipboard-read", "clipboard-write"]).go(report, route)
    frame = visible(page).locator(".command .copy-frame").first
    assert frame.locator("code").inner_text() == wanted
    button = frame.get_by_role("button", name="Copy")
    button.click()
    sync_api.expect(frame.locator(".copier")).to_have_text("Copied")
    sync_api.expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == wanted
    sync_api.expect(frame.locator(".copier")).to_have_text("Copy")


def test_where_nothing_may_be_copied_the_line_is_selected(tab: Open, report: Path) -> None:
    page = tab().go(report, "/impl/stranger")
    page.evaluate("""() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
      document.execCommand = () => false;
    }""")
    frame = visible(page).locator(".command .copy-frame").first
    frame.get_by_role("button").click()
    sync_api.expect(frame.locator(".copier")).to_have_text("Press Ctrl+C")
    sync_api.expect(page.get_by_role("status")).to_have_text("Selected; press Ctrl+C to copy")
    assert page.evaluate("getSelection().toString()") == frame.locator("code").inner_text()


def test_the_glossary_has_every_word_that_a_reader_meets(tab: Open, report: Path) -> None:
    opened = tab()
    page = opened.go(report, "/rule")
    words = " ".join(visible(page).locator(".facts.wide dt").all_inner_texts())
    assert not [verdict for verdict in VERDICTS if verdict not in words]
    glossary = visible(page).locator(".facts.wide").inner_text()
    assert not [counted for counted in COUNTED.values() if counted not in glossary]
    standings = opened.go(report, "/explorer").locator("select[name=standing] option").all_inner_texts()[1:]
    assert len(standings) == 4
    assert not [one for one in standings if one.lower() not in glossary.lower()]
    for word in ("witness", "contested", "profile", "corpus", "drawn", "small", "case id"):
        assert word in words
    page = opened.go(report)
    follow(page.get_by_role("link", name="What the words mean"))
    assert page.locator("h1:visible").inner_text() == "How to read this"
