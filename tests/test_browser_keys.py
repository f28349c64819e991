"""The report by keyboard: arrows in pictures and tables, Escape, and a focus that can be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browsing import Open, needed, needs_chromium, visible

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")


def focused(page: Any) -> str:
    """Return the text of what has the focus."""
    text: str = page.evaluate("document.activeElement.textContent")
    return text


def test_arrows_go_from_row_to_row_of_the_explorer_and_across(tab: Open, report: Path) -> None:
    page = tab().go(report, "/explorer?verdict=wrong")
    rows = page.locator(".rows tbody tr")
    rows.nth(0).locator("a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused(page) == rows.nth(2).locator("td").nth(0).inner_text()
    page.keyboard.press("ArrowRight")
    assert focused(page) == rows.nth(2).locator("td").nth(1).inner_text()
    page.keyboard.press("ArrowUp")
    assert focused(page) == rows.nth(1).locator("td").nth(1).inner_text()
    page.keyboard.press("ArrowRight")  # no cell after this one leads anywhere
    assert focused(page) == rows.nth(1).locator("td").nth(1).inner_text()
    page.keyboard.press("Enter")
    assert page.locator("h1:visible").inner_text() == "torch-half"


def test_arrows_go_through_a_heat_map_and_past_what_did_not_run(tab: Open, report: Path) -> None:
    page = tab().go(report, "/impl/torch-half")
    table = visible(page).locator(".heat-table").first
    cells = table.locator("tbody tr").first.locator("a")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    assert focused(page) == cells.nth(1).text_content()
    page.keyboard.press("ArrowLeft")
    assert focused(page) == cells.first.text_content()


def test_one_line_of_a_picture_is_in_the_order_of_tabs_and_arrows_go_on_from_it(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/conv.n5.k4?with=stranger")
    theirs = visible(page).locator("svg.strip").last
    assert theirs.locator(".tap[tabindex='0']").count() == 1
    theirs.locator(".tap[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.line") == "1"
    assert theirs.locator(".cell.on").count() == 4
    page.keyboard.press("Escape")
    assert theirs.locator(".cell.on").count() == 0


def test_escape_closes_what_was_unfolded_and_empties_a_filter(tab: Open, report: Path) -> None:
    page = tab().go(report, "/impl/torch-half")
    part = visible(page).locator("details.script").first
    part.locator("summary").click()
    part.locator("pre").focus()
    page.keyboard.press("Escape")
    assert part.get_attribute("open") is None
    assert focused(page) == "Script that reproduces it"
    page = tab().go(report, "/explorer?where=k+even")
    page.get_by_label("where").press("Escape")
    sync_api.expect(page.locator(".count")).not_to_contain_text(" of ")
    assert "where" not in page.url


def test_the_focus_can_be_seen_wherever_tab_goes(tab: Open, report: Path) -> None:
    """Every stop of the Tab key is outlined, or a line of a picture whose frame says so."""
    seen = """() => {
      const element = document.activeElement;
      if (element === document.body) return "end";
      if (element.matches(".tap")) return getComputedStyle(element.querySelector(".hit")).stroke !== "none";
      const style = getComputedStyle(element);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    }"""
    page = tab().go(report, "/case/conv.n5.k4?with=stranger")
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(seen)
        if found == "end":
            break
        stops.append(found)
    assert len(stops) > 15
    assert all(stops)
