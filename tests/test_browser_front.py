"""The front and the cards in a real browser: their counts are those of the record, and what leads from them leads back."""

from __future__ import annotations

import re
from pathlib import Path

from browsing import PHONE, Open, follow, needed, needs_chromium, visible
from records import small_record, write
from same_conformance.assessment import assess
from same_conformance.case import OPS
from same_conformance.judge import FAILURES
from same_conformance.report import cards
from same_conformance.report.symbols import COUNTED

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")


def test_the_counts_of_the_front_are_those_of_the_record(tab: Open, report: Path) -> None:
    record = small_record()
    page = tab().go(report)
    row = page.locator(".matrix tr", has=page.get_by_role("link", name="torch-half", exact=True))
    for op in ("conv", "max_pool"):
        ran = [r.judgement.verdict for r in record.results if (r.implementation, r.case.op) == ("torch-half", op)]
        counted = {COUNTED[verdict]: ran.count(verdict) for verdict in set(ran)}
        said = row.locator(f"td[data-op={op}] .counts").inner_text().replace("\u00a0", " ")
        assert {
            what: int(n.replace(",", "")) for n, what in (part.split(maxsplit=1) for part in said.split(" · "))
        } == counted
    right = sum(r.implementation == "torch-explicit" and r.case.op == "conv" for r in record.results)
    row = page.locator(".matrix tr", has=page.get_by_role("link", name="torch-explicit", exact=True))
    assert f"right on all {right}" in row.locator("td[data-op=conv]").inner_text()


def test_a_stranger_s_card_says_how_to_reproduce_it(tab: Open, report: Path) -> None:
    page = tab(permissions=["clipboard-read", "clipboard-write"]).go(report, "/impl/stranger")
    card = visible(page).locator(".card", has_text="Pads 1 on both sides").first
    assert "need same-conformance and theirs 1.0 installed together" in visible(page).inner_text()
    assert visible(page).inner_text().count("python -m pip install theirs") == 1  # not once a card
    assert card.locator(".command code").all_inner_texts() == [
        "same-conformance repro conv.n5.k4 --with stranger",
        "same-conformance run stranger --case conv.n5.k4",
        "same-conformance repro conv.n5.k4 --with stranger --issue",
    ]
    card.get_by_role("button", name="Copy").first.click()
    assert page.evaluate("navigator.clipboard.readText()") == "same-conformance repro conv.n5.k4 --with stranger"


def test_a_case_has_what_absent_witnesses_said_of_it(tab: Open, tmp_path: Path) -> None:
    said = {"conv.n5.k4": {"verdict": "pass"}, "conv.n6.k3": {"verdict": "unsupported", "message": "no"}}
    witness = {"versions": {"jax": "0.10.2"}, "python": "3.11", "platform": "Linux", "instructions": []}
    record = small_record()
    record.header["recorded"] = {"jax": {**witness, "environment": {}, "said": said}}
    made = write(record, tmp_path / "index.html")
    page = tab().go(made, "/case/conv.n5.k4?with=stranger")
    assert "On record, not run here: JAX 0.10.2 ✓ right." in visible(page).inner_text()
    other = next(case.id for case in record.cases if case.id not in said)
    page = tab().go(made, f"/case/{other}")
    assert "On record" not in visible(page).inner_text()


def test_a_cell_of_the_front_leads_to_the_card_of_its_op(tab: Open, report: Path) -> None:
    page = tab(viewport={"width": 1280, "height": 500}).go(report)
    cell = page.locator(".matrix tr", has=page.get_by_role("link", name="torch-half", exact=True)).locator(
        "td[data-op=max_pool]"
    )
    follow(cell.get_by_role("link"))
    assert page.url.endswith("#/impl/torch-half?op=max_pool")
    focused = page.locator(":focus")
    assert "max_pool" in str(focused.locator("xpath=..").get_attribute("data-ops")).split()
    assert 0 <= focused.bounding_box()["y"] < 200


def test_cards_are_ordered_by_how_many_cases_they_make_fail() -> None:
    record = small_record()
    found = cards.cards(record, assess(record))
    for of_one in found.values():
        key = [(["unexpected", "stale", "expected failure"].index(card.standing), -card.n_wrong) for card in of_one]
        assert key == sorted(key)


def test_the_front_says_why_in_full_once_for_all_ops_that_share_a_reason(tab: Open, tmp_path: Path) -> None:
    record = small_record()
    reason = "a b c d e " * 30
    entry = {"implementation": "stranger", "op": "", "when": "", "verdict": "any", "reason": reason, "link": ""}
    record.header["expectations"] = [entry]
    made = write(record, tmp_path / "index.html")
    ops = [
        op
        for op in OPS
        if any(
            r.implementation == "stranger" and r.judgement.verdict in FAILURES and r.case.op == op
            for r in record.results
        )
    ]
    for viewport in ({"width": 1280, "height": 900}, PHONE):
        page = tab(viewport=viewport).go(made)
        told = page.locator(".matrix .reasons li")
        assert told.count() == 1
        assert told.inner_text() == f"{', '.join(ops)}: {reason.strip()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_the_head_of_the_front_table_stays_in_sight(tab: Open, report: Path) -> None:
    page = tab(viewport={"width": 1280, "height": 300}).go(report)
    page.locator(".matrix tbody tr").last.scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 40)")
    assert page.locator(".matrix thead th").first.bounding_box()["y"] == 0


def test_back_leads_to_where_a_page_was_left_and_links_to_the_top(tab: Open, report: Path) -> None:
    page = tab(viewport={"width": 1280, "height": 500}).go(report, "/explorer?verdict=wrong")
    page.locator(".rows tbody a.case").nth(40).scroll_into_view_if_needed()
    left = page.evaluate("scrollY")
    assert left > 1000
    follow(page.locator(".rows tbody a.case").nth(40))
    sync_api.expect(page).to_have_title(re.compile(r"^(conv|max_pool)\."))
    page.wait_for_function("y => scrollY === y", arg=0)
    page.evaluate("scrollTo(0, 90)")
    page.wait_for_timeout(100)
    page.go_back()
    sync_api.expect(page).to_have_title(re.compile("^Explorer"))
    page.wait_for_function("y => scrollY === y", arg=left)
    page.go_forward()
    sync_api.expect(page).to_have_title(re.compile(r"^(conv|max_pool)\."))
    page.wait_for_function("y => scrollY === y", arg=90)
    page.go_back()
    sync_api.expect(page).to_have_title(re.compile("^Explorer"))
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.wait_for_function("y => scrollY === y", arg=left)


def test_a_condition_may_be_typed_in_capitals_and_says_what_was_meant(tab: Open, report: Path) -> None:
    page = tab().go(report, "/explorer?where=k+even+and+s+%3E+k")
    said = page.locator(".count").inner_text()
    page.get_by_label("where").fill("K EVEN AND S > K")
    sync_api.expect(page).to_have_url(re.compile("EVEN"))
    assert page.locator(".count").inner_text() == said
    complaint = page.locator("#where-wrong")
    for typed, meant in {
        "dtype=float16": "dtype == 'float16'",
        "strided > 1": "is not known",
        "k even and": "missing",
    }.items():
        page.get_by_label("where").fill(typed)
        sync_api.expect(complaint).to_contain_text(meant)
        assert page.locator(".count").inner_text() == said
        assert complaint.bounding_box()["y"] > page.get_by_label("where").bounding_box()["y"]
    page.get_by_label("where").fill("k even")
    sync_api.expect(complaint).to_be_hidden()


def test_what_the_address_asks_for_and_the_run_has_not_is_said_and_left_out(tab: Open, report: Path) -> None:
    page = tab().go(report, "/explorer?op=nonsense&verdict=wrong")
    assert "This run has no op “nonsense”" in visible(page).locator(".note").inner_text()
    assert visible(page).locator("select[name=op]").input_value() == ""
    assert page.locator(".rows tbody tr").count() > 10
