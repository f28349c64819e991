"""Back and Forward within the report: a choice is a step, what is typed is none, and both restore what was shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from browsing import Open, follow, needed, needs_chromium, visible

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")


def shows(page: Any, address: str, **controls: str) -> None:
    """See that the page is at an address of the explorer, and its controls and results are those of it."""
    sync_api.expect(page).to_have_url(re.compile(f"#{re.escape(address)}$"))
    for name in ("verdict", "op", "where"):
        sync_api.expect(visible(page).locator(f"[name={name}]")).to_have_value(controls.get(name, ""))


def test_choices_order_and_pages_are_steps_and_what_is_typed_is_none(tab: Open, report: Path) -> None:
    page = tab().go(report, "/explorer")
    count = page.locator(".count")
    everything = count.inner_text()
    visible(page).locator("select[name=verdict]").select_option("pass")
    page.get_by_label("where").press_sequentially("k odd", delay=200)
    sync_api.expect(page).to_have_url(re.compile("k%20odd$"))
    right_and_odd = count.inner_text()
    page.get_by_role("button", name="verdict").click()
    sync_api.expect(page.locator("th[aria-sort=ascending]")).to_have_text("verdict ↑")
    page.get_by_role("button", name="Next").click()
    last = count.inner_text()
    shows(
        page,
        "/explorer?verdict=pass&where=k%20odd&sort=verdict&page=2",
        verdict="pass",
        where="k odd",
    )
    page.go_back()
    shows(page, "/explorer?verdict=pass&where=k%20odd&sort=verdict", verdict="pass", where="k odd")
    sync_api.expect(page.locator(".pager")).to_contain_text("page 1 of")
    page.go_back()
    shows(page, "/explorer?verdict=pass&where=k%20odd", verdict="pass", where="k odd")
    assert count.inner_text() == right_and_odd
    assert page.locator("th[aria-sort=ascending]").inner_text() == "case ↑"
    page.go_back()
    shows(page, "/explorer")
    assert count.inner_text() == everything
    for _ in range(3):
        page.go_forward()
    shows(
        page,
        "/explorer?verdict=pass&where=k%20odd&sort=verdict&page=2",
        verdict="pass",
        where="k odd",
    )
    assert count.inner_text() == last


def test_back_from_a_case_leads_to_the_filters_that_it_was_opened_with(tab: Open, report: Path) -> None:
    page = tab().go(report, "/explorer")
    page.get_by_label("where").fill("k even")
    visible(page).locator("select[name=verdict]").select_option("wrong")
    sync_api.expect(page).to_have_url(re.compile("where"))
    follow(page.locator(".rows tbody a.case").first)
    sync_api.expect(page).to_have_title(re.compile("^conv"))
    follow(page.get_by_role("link", name="torch-explicit", exact=True))
    sync_api.expect(page.locator(".headline")).to_contain_text("torch-explicit")
    page.go_back()
    page.go_back()
    shows(page, "/explorer?verdict=wrong&where=k%20even", verdict="wrong", where="k even")


def test_what_was_typed_last_does_not_follow_to_another_page(tab: Open, report: Path) -> None:
    page = tab().go(report, "/explorer")
    page.evaluate("""() => {
      const where = document.querySelector("[name=where]");
      where.value = "k even";
      where.dispatchEvent(new Event("input", { bubbles: true }));
      document.querySelector("nav a[href='#/rule']").click();
    }""")
    page.wait_for_timeout(400)
    assert page.url.endswith("#/rule")
    assert page.locator("h1:visible").inner_text() == "How to read this"


def test_a_choice_in_the_calculator_is_a_step_and_a_typed_size_is_none(tab: Open, report: Path) -> None:
    page = tab().go(report, "/calculator?op=conv&n=225&k=3&s=2&d=1")
    asked = visible(page)
    asked.get_by_label("size").press_sequentially("6")
    asked.locator("select[name=with]").select_option("torch-half")
    asked.locator("select[name=op]").select_option("max_pool")
    assert page.url.endswith("#/calculator?op=max_pool&n=6225&k=3&s=2&d=1&with=torch-half")
    asked.get_by_role("button", name="Check").click()  # nothing new, and so no step
    page.go_back()
    sync_api.expect(page.locator("#answer .headline .answer")).to_contain_text("torch-half")
    sync_api.expect(asked.locator("select[name=op]")).to_have_value("conv")
    page.go_back()
    sync_api.expect(asked.locator("select[name=with]")).to_have_value("")
    assert page.url.endswith("#/calculator?op=conv&n=6225&k=3&s=2&d=1")
    page.go_back()
    assert page.url == "about:blank"
