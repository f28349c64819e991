"""What somebody finds who has read no documentation: the layer, the file, the script, the reason."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from browsing import Open, follow, needed, needs_chromium, visible
from records import about, by_rule, header, right, write
from same_conformance.case import parse
from same_conformance.judge import Judgement
from same_conformance.record import Record, Result

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")

WHY = "theirs shifts where nobody looks"
LINK = "https://example.org/issues/7"
EXPECTED = {
    "implementation": "theirs", "reason": WHY, "link": LINK, "when": "op == 'conv' and any(s > 1)", "verdict": "value", "place": "mine.toml, entry 1",
}  # fmt: skip


def listed_record() -> Record:
    """Return a run of a file of this project that fails as listed, of one that claims 2-D only, and of one that swaps axes."""
    cases = [parse(text) for text in (
        "conv.n5.k3", "conv.n5.k3.s2", "conv.n6.k3.s2", "conv.n5-5.k3-3.s2-2", "conv.n5-5.k3-3", "conv.n7-7.k3-3", "conv.n6-6.k2-2.s3-3",
        "conv.n5-5.k3-3.d2-2", "conv.n7-7.k3-3.d2-2", "conv.n5-6.k3-2", "max_pool.n5-5.k3-3.s2-2",
    )]  # fmt: skip
    cases.sort(key=lambda case: case.canonical_key)
    results = []
    for case in cases:
        wrong = case.op == "conv" and max(case.stride) > 1
        results.append(
            Result(
                "theirs",
                case,
                Judgement("value", case.expected_shape, 1, 2.0, "1 of 4 differ") if wrong else right(case),
            )
        )
        refused = Judgement("unsupported", message=f"does not claim rank {case.rank} (it claims rank 2)")
        dilated = Judgement("unsupported", message="has no dilation")
        results.append(
            Result("flat", case, refused if case.rank != 2 else dilated if max(case.dilation) > 1 else right(case))
        )
        results.append(Result("torch-swapped-axes", case, by_rule("swapped-axes", case)))
    names = (
        about("theirs", distribution="timm_layers.py", builtin=False),
        about("flat", distribution="flat", builtin=False, ranks=[2]),
        about("torch-swapped-axes", rule="swapped-axes"),
    )
    head = header(cases, *names) | {
        "command": "same-conformance run docs/third_party/timm_layers.py",
        "expectations": [EXPECTED],
    }
    return Record(head, results, {"seconds": 1.5, "causes": [], "pictures": []}, cases)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(listed_record(), tmp_path_factory.mktemp("listed") / "index.html")


def test_a_network_names_its_layers_and_a_case_says_which_it_is(tab: Open, report: Path) -> None:
    page = tab().go(report, "/networks")
    row = visible(page).locator("tr", has=page.locator("th", has_text="MobileNetV2")).last
    layers = row.locator("td.layers")
    assert layers.locator("summary").inner_text() == "51 layers, 15 distinct cases"
    layers.locator("summary").click()
    named = layers.locator("li", has_text="Conv1:")
    follow(named.locator("a"))
    page.wait_for_url("**network=MobileNetV2")
    sync_api.expect(visible(page).locator(".layer-names")).to_contain_text("Layer of MobileNetV2: Conv1. Networks")


@pytest.mark.parametrize(("typed", "found"), [("MobileNetV2", 45), ("Conv1 mobilenetv2", 3)])
def test_words_find_networks_and_layers(tab: Open, report: Path, typed: str, found: int) -> None:
    page = tab().go(report)
    page.get_by_label("case id, or any words").fill(typed)
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("h1:visible")).to_have_text("Explorer")
    assert page.locator(".count").inner_text().startswith(f"{found} results of ")


def test_a_failure_of_a_file_says_which_file_that_is_and_how_to_get_it(tab: Open, listed: Path) -> None:
    page = visible(tab().go(listed, "/case/conv.n5.k3.s2?with=theirs"))
    text = page.locator(".headline").inner_text()
    assert "repro conv.n5.k3.s2 --with docs/third_party/timm_layers.py" in text
    for words in (
        "in a checkout",
        "pip install --no-deps -r docs/third_party/requirements-no-deps.txt",
        "Nothing stands alone here",
    ):
        assert words in text
    assert WHY in text
    assert page.locator(f".headline a[href='{LINK}']").count() == 1


def test_the_way_to_a_script_leads_to_the_script(tab: Open, report: Path) -> None:
    page = tab(viewport={"width": 1280, "height": 700}).go(report, "/case/conv.n5.k4?with=torch-half")
    follow(visible(page).get_by_role("link", name="a script to copy"))
    script = visible(page).locator("details.script[open]")
    sync_api.expect(script).to_have_count(1)
    sync_api.expect(script.locator("summary")).to_be_in_viewport()
    assert "import torch" in script.locator("pre").inner_text()


def row_of(page: Any, name: str) -> str:
    text: str = page.locator(f'.answers tr[data-name="{name}"]').inner_text()
    return text


@pytest.mark.parametrize("with_", ["", "theirs"])
def test_who_is_wrong_is_so_with_the_listed_reason_and_its_link(tab: Open, listed: Path, with_: str) -> None:
    page = visible(tab().go(listed, f"/calculator?op=conv&n=5&k=3&s=2&d=1&with={with_}"))
    assert WHY in row_of(page, "theirs")
    places = page.locator('.headline, .answers tr[data-name="theirs"]')
    assert places.count() == (2 if with_ else 1)
    for place in places.all():
        assert place.locator(f".reason a[href='{LINK}']").count() == 1


def test_who_is_right_here_and_known_to_be_wrong_elsewhere_says_so_in_its_own_row_and_box(
    tab: Open, listed: Path
) -> None:
    page = visible(tab().go(listed, "/calculator?op=conv&n=5&k=3&s=1&d=1"))
    assert "but wrong elsewhere: pads the axes in reverse order" in row_of(page, "torch-swapped-axes")
    assert f"but wrong elsewhere: {WHY}" in row_of(page, "theirs")
    assert page.locator(f'.answers tr[data-name="theirs"] .flag a[href="{LINK}"]').count() == 1
    assert page.locator(".short p.names").all_inner_texts() == [
        "✓ 1 right: flat",
        "✓ 2 right here, but wrong in other 2-D cases of conv: theirs, torch-swapped-axes",
    ]
    page = visible(tab().go(listed, "/calculator?op=conv&n=5&k=3&s=1&d=1&with=torch-swapped-axes"))
    assert "but wrong elsewhere: pads the axes in reverse order" in page.locator(".headline").inner_text()


def test_a_reason_of_another_rank_is_never_given(tab: Open, listed: Path) -> None:
    page = visible(tab().go(listed, "/calculator?op=conv&n=5&k=3&s=1&d=1"))
    assert "✓ right" in row_of(page, "flat")
    page = visible(tab().go(listed, "/calculator?op=conv&n=5x5x5&k=3&s=1&d=1"))
    assert "rank" not in row_of(page, "flat")
    page = visible(tab().go(listed, "/calculator?op=conv&n=6&k=3&s=2&d=1"))
    assert "? not checked" in row_of(page, "flat")


def test_parameters_whose_like_are_all_refused_are_not_offered_and_the_rest_is_one_command(
    tab: Open, listed: Path
) -> None:
    page = visible(tab().go(listed, "/calculator?op=conv&n=50&k=6&s=1&d=4"))
    assert " not offered" in row_of(page, "flat")
    assert "has no dilation: so it says of all 2 cases that stride and dilate alike" in row_of(page, "flat")
    assert page.locator(".command", has_text="conv.n50-50").all_inner_texts() == [
        "same-conformance run docs/third_party/timm_layers.py torch-swapped-axes --case conv.n50-50.k6-6.d4-4\nCopy"
    ]


def test_what_an_address_asks_for_and_nobody_knows_is_said(tab: Open, report: Path) -> None:
    page = visible(tab().go(report, "/calculator?op=nonsense&n=5&k=3&s=1&d=1&with=nobody&padding=valid"))
    assert page.locator(".note").inner_text() == (
        "This report knows no op “nonsense”; conv is taken instead, and no padding “valid”; same is taken instead, "
        "and no with “nobody”; all of them is taken instead."
    )
    assert visible(tab().go(report, "/calculator?op=conv&n=5&k=3&s=1&d=1")).locator(".note").count() == 0


def test_the_explorer_has_the_words_of_the_other_pages(tab: Open, report: Path) -> None:
    page = visible(tab().go(report, "/explorer?verdict=value"))
    assert page.locator("select[name=verdict] option:checked").inner_text() == "wrong values"
    assert set(page.locator(".rows td:nth-child(3) .v").all_inner_texts()) == {"≠ wrong values"}


@pytest.mark.parametrize("op", ["depthwise_conv", "conv_transpose"])
def test_no_op_is_cut_in_its_list(tab: Open, report: Path, op: str) -> None:
    page = visible(tab(viewport={"width": 1280, "height": 900}).go(report, f"/calculator?op={op}&n=5&k=3&s=1&d=1"))
    needed_px = """(one) => {
      const probe = document.createElement("span");
      probe.style.cssText = "position: absolute; white-space: nowrap";
      probe.style.font = getComputedStyle(one).font;
      probe.textContent = one.value;
      document.body.append(probe);
      return probe.offsetWidth + 45;
    }"""  # the arrow and the padding on both sides
    found = page.locator("select[name=op]")
    assert found.evaluate(needed_px) <= found.bounding_box()["width"]


def test_numbers_of_a_picture_do_not_run_into_each_other(tab: Open, report: Path) -> None:
    page = visible(tab(viewport={"width": 1280, "height": 900}).go(report, "/calculator?op=conv&n=123456&k=3&s=1&d=1"))
    boxes = [box.bounding_box() for box in page.locator("svg.strip .cell text").all()]
    assert len(boxes) > 6
    boxes.sort(key=lambda box: box["x"])
    for left, after in pairwise(boxes):
        assert left["x"] + left["width"] <= after["x"]


@pytest.mark.parametrize("width", [320, 390])
def test_a_small_screen_shows_all_of_a_small_picture_and_sorts(tab: Open, report: Path, width: int) -> None:
    opened = tab(viewport={"width": width, "height": 800})
    page = opened.go(report, "/case/conv.n5.k4?with=stranger")
    for strip in visible(page).locator("svg.strip").all():
        box = strip.bounding_box()
        assert box["x"] + box["width"] <= width
    page = opened.go(report, "/rule")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page = opened.go(report, "/explorer")
    visible(page).locator("select[name=sort]").select_option("-n")
    page.wait_for_url("**sort=-n")
    numbers = [int(text or 0) for text in page.locator(".rows tbody td:nth-child(5)").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.get_by_role("link", name="Back to the top").click()
    assert page.evaluate("scrollY") == 0
    assert page.url.endswith("sort=-n")


def test_those_known_to_be_wrong_can_be_left_out(tab: Open, listed: Path) -> None:
    page = tab().go(listed, "/")
    known = page.locator(".matrix a", has_text="torch-swapped-axes")
    assert known.is_visible()
    visible(page).get_by_label("without those that are run because").check()
    assert not known.is_visible()
    page.goto(f"{listed.as_uri()}#/calculator?op=conv&n=5&k=3&s=1&d=1")
    answers = page.locator(".answers tr[data-name]")
    sync_api.expect(answers).to_have_count(2)
    visible(page).get_by_label("without those that are run because").uncheck()
    sync_api.expect(answers).to_have_count(3)


def test_the_address_of_what_is_shown_can_be_copied(tab: Open, listed: Path) -> None:
    page = tab(permissions=["clipboard-read", "clipboard-write"]).go(listed, "/calculator?op=conv&n=5&k=3&s=1&d=1")
    visible(page).get_by_label("size").fill("6")
    visible(page).get_by_role("button", name="Copy link").click()
    sync_api.expect(visible(page).locator(".link-copier")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith("#/calculator?op=conv&n=6&k=3&s=1&d=1")


def test_no_line_begins_with_a_comma(tab: Open, listed: Path) -> None:
    page = tab(viewport={"width": 320, "height": 800}).go(listed, "/calculator?op=conv&n=50&k=6&s=1&d=4")
    names = visible(page).locator(".short .names")
    assert names.count() > 0
    for item in names.locator(".item").all():
        link = item.locator("a").bounding_box()
        assert item.bounding_box()["height"] < 2 * link["height"]


@pytest.mark.parametrize(
    ("route", "n"), [("/", 7), ("/calculator?op=conv&n=5&k=3&s=1&d=1", 8), ("/case/conv.n5.k3.s2?with=theirs", 7)]
)
def test_labels_stand_in_one_line(tab: Open, listed: Path, route: str, n: int) -> None:
    labels = visible(tab(viewport={"width": 1280, "height": 900}).go(listed, route)).locator("form.calc .field > span")
    assert labels.count() == n
    assert len({round(label.bounding_box()["y"]) for label in labels.all()}) == 1
