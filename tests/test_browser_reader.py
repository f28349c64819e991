"""What somebody finds who has read no documentation: the layer, the file, the script, the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browsing import Open, needed, needs_chromium, visible
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
        "conv.n5-5.k3-3.d2-2", "conv.n5-6.k3-2", "max_pool.n5-5.k3-3.s2-2",
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
    named.locator("a").click()
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
    visible(page).get_by_role("link", name="a script to copy").click()
    script = visible(page).locator("details.script[open]")
    sync_api.expect(script).to_have_count(1)
    sync_api.expect(script.locator("summary")).to_be_in_viewport()
    assert "import torch" in script.locator("pre").inner_text()
