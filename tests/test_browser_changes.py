"""The pages without code, of changes and of mutants, in a real browser: on a phone, by axe, with hostile content."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from browsing import PHONE, Open, barriers, needs_chromium
from records import hostile_record, right, small_record
from same_conformance import corpus
from same_conformance.diff import compare
from same_conformance.report import changes, mutants
from same_conformance.survey import Survey

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the page of changes, a hostile one, and that of mutants."""
    folder = tmp_path_factory.mktemp("changes")
    new = small_record()
    new = replace(new, results=new.results[:300])
    old = replace(
        new, results=[replace(r, judgement=right(r.case)) if r.implementation == "stranger" else r for r in new.results]
    )
    (folder / "changes.html").write_text(changes.page(compare(old, new), report="index.html"), encoding="utf-8")
    evil = hostile_record()
    was = replace(evil, results=[replace(r, judgement=right(r.case)) for r in evil.results])
    (folder / "hostile.html").write_text(changes.page(compare(was, evil), report="index.html"), encoding="utf-8")
    cases = [entry.case for entry in corpus.read()][:40]
    mutants.write(Survey(cases, {"half": cases[:3], "unclamped": []}, ["half: conv.n1: <b>"]), folder, executed=True)
    return {name: folder / f"{name}.html" for name in ("changes", "hostile", "mutants")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["changes", "hostile", "mutants"])
def test_a_page_without_code_has_no_barrier_and_fits_a_phone(
    tab: Open, pages: dict[str, Path], name: str, scheme: str
) -> None:
    page = tab(viewport=PHONE, color_scheme=scheme).look(pages[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator("h1").count() == page.locator("main").count() == 1
    page = tab(color_scheme=scheme, bypass_csp=True).look(pages[name])
    assert barriers(page, scheme) == []


@pytest.mark.parametrize("name", ["changes", "hostile", "mutants"])
def test_a_page_without_code_allows_none_and_is_styled_all_the_same(
    tab: Open, pages: dict[str, Path], name: str
) -> None:
    text = pages[name].read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;; style-src" in text
    assert "<script" not in text
    page = tab().look(pages[name])
    assert page.evaluate("getComputedStyle(document.querySelector('.brand')).fontWeight") == "600"


def test_the_changes_lead_to_the_cases_of_the_new_report(tab: Open, pages: dict[str, Path]) -> None:
    page = tab().look(pages["changes"])
    first = page.locator("a.case").first
    assert first.get_attribute("href") == f"index.html#/case/{first.inner_text()}?with=stranger"
    assert "worse" in page.locator("tbody tr").first.inner_text()
    assert re.search(r"Worse: [0-9,]+ new failures, ", page.locator(".verdict").inner_text())


def test_hostile_changes_are_shown_and_do_nothing(tab: Open, pages: dict[str, Path]) -> None:
    page = tab().look(pages["hostile"])
    assert (
        page.evaluate("document.querySelectorAll('img, iframe, [onload], [onerror], a[href^=javascript]').length") == 0
    )
    text = page.locator("body").inner_text()
    assert "</script><script>alert(1)" in text
    assert "⟨U+202E⟩evil" in text
    assert not set(text) & set("\x00\x1b\u202e\u2066")
    assert pages["hostile"].stat().st_size < 200_000
