"""What readers of a report took for something else once, in a real browser: each says now what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsing import Open, needed, needs_chromium, visible
from records import about, header, small_record, write
from same_conformance.case import Case, parse
from same_conformance.judge import Judgement
from same_conformance.operands import DEEP
from same_conformance.record import Record, Result

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")

DEEP_CASE = parse("max_pool.n4.k3.s3")
TWICE = parse("avg_pool.n2.k3.s2")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of a stranger who is wrong in float16 alone, fills with -1e9, and counts an element twice."""
    dtypes = [(parse("conv.n5.k4"), True), (parse("conv.n5.k4.float16"), False), (parse("conv.n5.k4.bfloat16"), True)]
    results = [
        Result("odd", case, Judgement("pass", case.expected_shape, 0, 0.0) if is_right else wrong(case, 1.0))
        for case, is_right in dtypes
    ]
    results += [Result("odd", DEEP_CASE, wrong(DEEP_CASE, 43 * DEEP)), Result("odd", TWICE, wrong(TWICE, 3.0))]
    windows = [[[0, 1, 1]]]
    pictures = [
        {"implementation": "odd", "case": TWICE.id, "windows": windows, "expected": array([1, 1, 2], [5, 6]), "observed": array([1, 1, 2], [5, 7])},
        {"implementation": "odd", "case": DEEP_CASE.id, "windows": [[[None, 0, 1], [2, 3, None]]],
         "expected": array([1, 2, 2], [-3, -2 * DEEP, -1, -DEEP]), "observed": array([1, 2, 2], [-3, -45 * DEEP, -1, -1e9])},
    ]  # fmt: skip
    cases = sorted((result.case for result in results), key=lambda case: case.canonical_key)
    record = Record(header(cases, about("odd", builtin=False)), results, {"seconds": 1, "pictures": pictures}, cases)
    return write(record, tmp_path_factory.mktemp("odd") / "index.html")


def wrong(case: Case, most: float) -> Judgement:
    return Judgement("value", case.expected_shape, 1, most, message="1 differs")


def array(shape: list[int], values: list[float]) -> dict[str, object]:
    return {"shape": shape, "values": values}


def test_who_is_wrong_in_another_dtype_is_right_in_this_one_and_both_are_said(tab: Open, odd: Path) -> None:
    page = visible(tab().go(odd, "/calculator?n=5x5&k=4x4&s=1&d=1"))
    answer = page.locator('.answers tr[data-name="odd"]')
    assert "✓ right" in answer.inner_text().replace("\n", " ")
    assert "wrong in float16, e.g. conv.n5.k4.float16" in answer.inner_text().replace("\n", " ")
    assert "right in bfloat16, too" in answer.inner_text()
    page.get_by_label("dtype").select_option("float16")
    assert "dtype=float16" in page.page.url
    assert "≠ wrong" in answer.inner_text().replace("\n", " ")
    page.get_by_label("dtype").select_option("float64")
    assert "no case like it ran in this dtype" in answer.inner_text()


def test_the_deep_plane_of_max_pooling_is_written_in_its_units_and_shown_first(tab: Open, odd: Path) -> None:
    page = visible(tab().go(odd, f"/case/{DEEP_CASE.id}?with=odd"))
    planes = [table.inner_text().split() for table in page.locator("table.plane").all()]
    assert planes == [["-2·2¹⁰⁰", "-1·2¹⁰⁰"], ["≠-45·2¹⁰⁰", "≠-1000000000"]]
    assert page.get_by_label("channel").input_value() == "1"
    assert page.get_by_text("On purpose all of the last channel are integers times 2¹⁰⁰").is_visible()
    assert page.locator("table.keys td.n").last.inner_text() == "43·2¹⁰⁰"


def test_an_element_that_is_read_twice_is_drawn_and_told(tab: Open, odd: Path) -> None:
    page = visible(tab().go(odd, f"/case/{TWICE.id}?with=odd"))
    assert page.locator("svg.strip .times").text_content() == "\u00d72"
    assert "counts element 1 twice" in page.locator(".headline").inner_text()


def test_who_comes_for_one_op_sees_that_first(tab: Open, odd: Path) -> None:
    page = visible(tab().go(odd, "/impl/odd"))
    ops = [card.get_attribute("data-ops") for card in page.locator(".card").all()]
    assert len(set(ops)) == 3
    for op in ops:
        page.page.evaluate(f"location.hash = '#/impl/odd?op={op}'")
        sync_api.expect(page.locator(".card").first).to_have_attribute("data-ops", str(op))
    page.page.evaluate("location.hash = '#/impl/odd'")
    sync_api.expect(page.locator(".card").first).to_have_attribute("data-ops", str(ops[0]))


def test_nothing_found_says_what_became_of_such_cases(tab: Open, odd: Path) -> None:
    page = visible(tab().go(odd, "/explorer?where=dtype+%3D%3D+'bfloat16'+and+kernel+%3D+4&verdict=wrong"))
    assert page.locator(".note").inner_text() == "Such cases ran, with other verdicts: 1 ✓ right. Show them"
    page.get_by_role("link", name="Show them").click()
    sync_api.expect(page.locator(".count")).to_have_text("1 result of 5")
    page.get_by_label("where").fill("kernel = 99")
    sync_api.expect(page.locator(".note")).to_have_text("Nothing matches all filters.")
    page.get_by_label("where").fill("kernel = ")
    sync_api.expect(page.locator(".results")).to_have_class("results stale")


def test_whether_the_known_wrong_are_left_out_is_in_the_address_of_every_page_that_can(tab: Open, report: Path) -> None:
    for path, row in (
        ("/", ".known-wrong"),
        ("/networks", "tr.known-wrong"),
        ("/calculator", ".answers [data-name=torch-half]"),
    ):
        page = visible(tab().go(report, path))
        sync_api.expect(page.locator(row).first).to_be_visible()
        page.get_by_label("without those that are run because they are known to be wrong").check()
        sync_api.expect(page.locator(row).locator("visible=true")).to_have_count(0)
        assert page.page.url.endswith("known=hidden")
        again = visible(tab().go(report, page.page.url.partition("#")[2]))
        assert again.locator(row).locator("visible=true").count() == 0


def test_an_address_that_leads_nowhere_names_the_pages_that_there_are(tab: Open, report: Path) -> None:
    page = visible(tab().go(report, "/foo"))
    assert page.get_by_text("This report has no page /foo.").is_visible()
    page.get_by_role("link", name="Networks").click()
    sync_api.expect(page.page.locator("h1:visible")).to_have_text("Networks")


def test_reports_of_what_nobody_reported_are_not_called_reports(tmp_path: Path) -> None:
    text = write(small_record(), tmp_path / "index.html").read_text(encoding="utf-8")
    assert "reported: not reported" not in text.lower()
