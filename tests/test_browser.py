"""The pages of the report in a real browser: offline, on a phone, on paper, with hostile content, and large."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import pytest

from browsing import PHONE, Open, barriers, follow, needed, needs_chromium, visible
from records import hostile_record, large_record, write

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")

PAGES = (
    "/",
    "/impl/torch-half",
    "/impl/stranger",
    "/case/conv.n5-5.k4-4?with=torch-half",
    "/case/max_pool.n2-2.k2-2?with=torch-half",
    "/calculator?op=conv&n=225&k=3&s=2&d=1",
    "/explorer?verdict=wrong",
    "/networks",
    "/contested",
    "/coverage",
    "/environment",
    "/rule",
    "/nowhere-at-all",
)


@pytest.mark.parametrize("route", PAGES)
def test_every_page_opens_offline_and_fits_a_phone(tab: Open, report: Path, route: str) -> None:
    page = tab(viewport=PHONE).go(report, route)
    assert page.locator("main > .page:visible").count() == 1
    assert page.locator("main > .page:visible h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(tab: Open, report: Path, scheme: str) -> None:
    opened = tab(color_scheme=scheme, bypass_csp=True)
    found = {route: barriers(opened.go(report, route), scheme) for route in PAGES}
    assert {route: problems for route, problems in found.items() if problems} == {}


def test_a_whole_report_is_there_without_javascript(tab: Open, report: Path) -> None:
    opened = tab(java_script_enabled=False)
    page = opened.page
    page.goto(report.as_uri())
    text = page.locator("body").inner_text()
    for words in (
        "Without JavaScript",
        "pads 1 on both sides",
        "wrong for even kernels",
        "How to read this",
        "Environment",
    ):
        assert words in text
    assert page.locator("main > .page:visible").count() > 5


def test_hostile_content_is_shown_and_does_nothing(tab: Open, tmp_path: Path) -> None:
    record = hostile_record()
    name = record.header["implementations"][0]["name"]
    path = write(record, tmp_path / "index.html")
    assert path.stat().st_size < 1_000_000
    opened = tab()
    routes = [
        "/",
        "/explorer",
        "/case/conv.n5.k4",
        "/environment",
        "/contested",
        "/coverage",
        "/networks",
        "/calculator",
    ]
    for route in routes:
        page = opened.go(path, route)
        assert (
            page.evaluate(
                "document.querySelectorAll('img, iframe, object, [onload], [onerror], a[href^=javascript]').length"
            )
            == 0
        )
        assert page.evaluate("document.scripts.length") == 2
        text = page.locator("body").inner_text()
        assert not set(text) & set("\x00\x1b\u202e\u2066")
    page = opened.go(path, "/explorer")
    said = page.locator(".rows tbody tr").first.inner_text()
    assert "⟨U+202E⟩evil" in said
    assert "⟨U+D800⟩" in said
    assert "more characters are cut)" in page.locator(".rows tbody").inner_text()
    follow(page.locator(".rows tbody a.case", has_text="k4").first)
    assert "<img src=x onerror=alert(2)>" in page.locator(".plane").last.inner_text()
    follow(visible(page).locator("a[href^='#/impl/']").first)
    assert page.locator("h1:visible").inner_text().startswith("</script><script>alert(1)")
    assert name not in page.locator("body").inner_html()
    for told in visible(page).locator(".command code").all_inner_texts():
        assert shlex.split(told)[:2] == ["same-conformance", told.split()[1]]
        assert any(word.startswith("</script>") and "javascript:" in word for word in shlex.split(told)), told


A4 = {"width": 794, "height": 1123}
"""In the pixels of a style sheet."""


def test_every_page_prints_dark_on_white_without_its_forms(tab: Open, report: Path) -> None:
    opened = tab(viewport=A4, color_scheme="dark")
    opened.page.emulate_media(media="print")
    for route in PAGES:
        page = opened.go(report, route)
        assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"], route
        colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        assert page.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(29, 33, 38)"]
        assert page.locator("form:visible, nav:visible, .copier:visible").count() == 0, route
    assert "2-D convolution, input 225" in opened.go(report, PAGES[5]).locator("#answer").inner_text()
    assert opened.page.pdf(format="A4").startswith(b"%PDF")


def test_paper_has_what_a_screen_unfolds_and_says_what_was_chosen(tab: Open, report: Path) -> None:
    opened = tab(viewport=A4)
    shown = "(found) => found.map((one) => one.checkVisibility())"
    scripts = visible(opened.go(report, "/calculator?op=conv&n=225&k=3&s=2&d=1")).locator("details.script pre")
    assert scripts.evaluate_all(shown) == [True] + [False] * 5
    opened.page.emulate_media(media="print")
    assert scripts.evaluate_all(shown) == [True] * 6
    page = opened.go(report, "/explorer?verdict=wrong&where=k+even&sort=-impl")
    assert visible(page).locator(".print-only").inner_text() == (
        "verdict: any failure; where: k even; order: impl, falling"
    )
    picture = visible(opened.go(report, PAGES[3]))
    ours, theirs = (picture.locator("svg.strip").nth(i).bounding_box() for i in (0, 1))
    assert ours["y"] == theirs["y"]
    assert theirs["x"] + theirs["width"] <= A4["width"]
    assert not picture.get_by_text("Point at a line").is_visible()


@pytest.mark.parametrize(("n_implementations", "most_s"), [(2, 10.0), (20, 60.0)])
def test_many_rows_open_and_can_be_searched(
    tab: Open, tmp_path: Path, n_implementations: int, most_s: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """The limits leave room for a busy machine; what it took is printed."""
    n_rows = 5_000 * n_implementations
    path = write(large_record(n_implementations), tmp_path / "index.html")
    opened = tab()
    began = time.monotonic()
    page = opened.go(path, "/explorer")
    opened_s = time.monotonic() - began
    sync_api.expect(page.locator(".count")).to_have_text(f"{n_rows:,} results")
    began = time.monotonic()
    page.get_by_label("where").fill("k even and s > k")
    sync_api.expect(page.locator(".count")).to_contain_text(" of ")
    searched_s = time.monotonic() - began
    page.locator("select[name=verdict]").select_option("wrong")
    page.get_by_role("button", name="what was said").click()
    sync_api.expect(page.locator("th[aria-sort=ascending]")).to_contain_text("what was said")
    began = time.monotonic()
    page.go_back()
    page.go_back()
    sync_api.expect(page.locator("select[name=verdict]")).to_have_value("")
    back_s = time.monotonic() - began
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{n_rows:,} rows: {path.stat().st_size / 1e6:.2f} MB, opened in {opened_s:.2f} s, searched in {searched_s:.2f} s, "
            f"two steps back in {back_s:.2f} s"
        )
    assert max(opened_s, searched_s, back_s) < most_s
    assert page.locator(".rows tbody tr").count() == 100
    assert path.stat().st_size < 2_000_000
