"""What people come for, in a real browser: is it right for my layer, what is wrong, show me, give me the script."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from browsing import Open, follow, needed, needs_chromium, visible
from records import about, header, right, small_record, write
from same_conformance import corpus
from same_conformance.case import parse
from same_conformance.judge import Judgement
from same_conformance.predicate import compile_predicate
from same_conformance.record import Record, Result

pytestmark = needs_chromium

sync_api = needed("playwright.sync_api")


def test_who_asks_whether_a_layer_is_safe_gets_the_answer_from_the_front(tab: Open, report: Path) -> None:
    page = tab().go(report)
    form = page.locator("#ask form.calc")
    form.get_by_label("size").fill("224")
    follow(form.get_by_role("button", name="Check"))
    assert page.url.endswith("#/calculator?op=conv&n=224&k=3&s=2&d=1")
    assert "pads 0 before and 1 after; output 112." in page.locator("#answer").inner_text()
    answers = {row.get_attribute("data-name"): row.inner_text() for row in page.locator(".answers tbody tr").all()}
    assert "✓ right" in answers["torch-explicit"]
    assert "≠ wrong" in answers["torch-half"]
    assert "same_pad(x, (3, 3), (2, 2), (1, 1))" in page.locator(".recipes").inner_text()
    page = visible(page)
    page.get_by_label("size").fill("225")
    assert "pads 1 before and 1 after; output 113." in page.locator("#answer").inner_text()
    assert "✓ right" in page.locator('.answers tr[data-name="torch-half"]').inner_text()
    page.get_by_label("size").fill("nonsense")
    assert "Size: write a whole number from 1 to 1000000" in page.locator("#answer").inner_text()


@pytest.mark.parametrize("wrong", ["-5", "0", "1000001", "2.5", "224x-1", "224x"])
def test_a_size_that_can_be_none_is_refused_with_what_can_be(tab: Open, report: Path, wrong: str) -> None:
    page = visible(tab().go(report, "/calculator"))
    page.get_by_label("size").fill(wrong)
    assert page.locator("#answer").inner_text() == (
        "Size: write a whole number from 1 to 1000000, or one for each of up to three axes, as in 225 or 224x160; "
        f"got “{wrong}”."
    )
    page.get_by_label("size").fill("224-160")
    assert "axis 1: SAME pads 0 before and 1 after; output 80." in page.locator("#answer").inner_text()


@pytest.mark.parametrize(
    ("asked", "pads", "last"),
    [
        ("n=160000&k=3&s=1", "pads 1 before and 1 after; output 160000.", "output 159999"),
        ("n=1000000&k=4&s=1", "pads 1 before and 2 after; output 1000000.", "output 999999"),
        ("n=225&k=10000&s=2", "pads 4999 before and 5000 after; output 113.", "output 112"),
    ],
)
def test_long_axes_and_kernels_are_drawn_at_their_ends(
    tab: Open, report: Path, asked: str, pads: str, last: str
) -> None:
    page = visible(tab().go(report, f"/calculator?op=conv&{asked}"))
    assert pads in page.locator("#answer").inner_text()
    lines = page.locator("svg.strip .tap").all()
    assert len(lines) == 6
    assert lines[-1].get_attribute("aria-label").startswith(f"{last}: reads ")
    assert max(len(line.get_attribute("aria-label")) for line in lines) < 200


def test_what_is_too_long_to_be_drawn_says_so_and_the_other_pages_remain(tab: Open, report: Path) -> None:
    opened = tab()
    page = opened.go(report, "/case/conv.n99999999.k3")
    assert "An axis of 99999999 windows is not drawn; up to 1000000 are." in visible(page).inner_text()
    page.goto(f"{report.as_uri()}#/case/conv.n999999.k3")
    assert "1 before, 1 after" in visible(page).inner_text()
    page.goto(f"{report.as_uri()}#/")
    assert "Which implementations" in visible(page).inner_text()


def test_a_case_is_found_from_the_front(tab: Open, report: Path) -> None:
    page = tab().go(report)
    page.get_by_label("case id, or any words").fill("conv.n5.k4")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("h1:visible")).to_have_text("conv.n5.k4")
    page.go_back()
    page.get_by_label("case id, or any words").fill("stranger")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("h1:visible")).to_have_text("Explorer")


def test_what_is_no_case_is_said_where_it_was_written_with_what_an_id_looks_like(tab: Open, report: Path) -> None:
    page = tab(viewport={"width": 1280, "height": 900}).go(report)
    find = page.get_by_label("case id, or any words")
    assert find.bounding_box()["y"] == page.get_by_role("button", name="Find").bounding_box()["y"]
    room = "(one) => { one.value = one.placeholder; const fits = one.scrollWidth <= one.clientWidth; one.value = ''; return fits; }"
    assert find.evaluate(room)
    complaint = page.locator("#find-wrong")
    for typed, told in {
        "conv.n5k4": "“n5k4” is no field of a case",
        "resnet stem": "“resnet stem” is no case id, and no result has such words.",
        "": "Write a case id, or words.",
    }.items():
        find.fill(typed)
        find.press("Enter")
        sync_api.expect(complaint).to_contain_text(told)
        assert "An id looks like conv.n225-225.k3-3.s2-2: the op, then size n, kernel k" in complaint.inner_text()
        assert page.url.endswith("#/")
    find.fill("CONV.n5.K4")
    sync_api.expect(complaint).to_be_hidden()
    find.press("Enter")
    sync_api.expect(page.locator("h1:visible")).to_have_text("conv.n5.k4")
    page.goto(f"{report.as_uri()}#/case/conv.5.4")
    sync_api.expect(visible(page)).to_contain_text("An id looks like conv.n225-225.k3-3.s2-2")


@pytest.mark.parametrize("width", [1280, 390])
def test_who_comes_from_a_link_to_one_failure_asks_about_another_layer_there(
    tab: Open, report: Path, width: int
) -> None:
    page = tab(viewport={"width": width, "height": 844}).go(report, "/case/conv.n5.k4?with=torch-half")
    form = visible(page).locator("form.calc")
    assert form.bounding_box()["y"] < 2 * 844
    assert form.locator("select[name=with]").input_value() == "torch-half"
    for label, value in (("size", "225"), ("kernel", "3"), ("stride", "2")):
        form.get_by_label(label).fill(value)
    follow(form.get_by_role("button", name="Check"))
    answer = page.locator("#answer .headline")
    sync_api.expect(answer).to_contain_text("torch-half: ✓ right")
    sync_api.expect(answer).to_contain_text("but wrong at size 224")
    assert answer.bounding_box()["y"] + answer.bounding_box()["height"] < 900
    page.goto(f"{report.as_uri()}#/impl/stranger")
    assert visible(page).locator("form.calc select[name=with]").input_value() == "stranger"


@pytest.mark.parametrize("width", [1280, 390])
def test_who_asks_about_everyone_reads_first_who_is_right_and_who_only_here(
    tab: Open, report: Path, width: int
) -> None:
    page = tab(viewport={"width": width, "height": 844}).go(report)
    follow(page.locator("#ask form.calc").get_by_role("button", name="Check"))
    short = page.locator("#answer .short")
    sync_api.expect(short).to_be_visible()
    assert short.bounding_box()["y"] < 844
    assert short.locator("p").all_inner_texts() == [
        "✓ 1 right: torch-explicit",
        "✓ 2 right here, but wrong in other 2-D cases of conv: stranger, torch-half",
    ]
    visible(page).get_by_label("size").fill("224")
    sync_api.expect(short).to_contain_text("≠ 2 wrong: stranger, torch-half")
    visible(page).locator("select[name=with]").select_option("torch-explicit")
    sync_api.expect(short).to_have_count(0)


def test_who_works_with_one_framework_finds_its_names_together(tab: Open, tmp_path: Path) -> None:
    case = parse("conv.n5.k3")
    names = {"a-jax": "jax", "b-layer": "torch", "c-runtime": "numpy", "d-torch": "torch"}
    abouts = [about(name, framework=framework) for name, framework in names.items()]
    record = Record(
        header([case], *abouts),
        [Result(name, case, right(case)) for name in names],
        {"seconds": 1.0, "causes": [], "pictures": []},
        [case],
    )
    page = tab().go(write(record, tmp_path / "report.html"), "/calculator?n=5&k=3&s=1")
    short = page.locator("#answer .short p").first
    assert short.inner_text() == "✓ 4 right: PyTorch b-layer, d-torch; JAX a-jax; Others c-runtime"
    groups = visible(page).locator("select[name=with] optgroup").all()
    assert [group.get_attribute("label") for group in groups] == ["PyTorch", "JAX", "Others"]


def test_an_output_that_is_missing_is_drawn_as_missing(tab: Open, tmp_path: Path) -> None:
    """The windows of a transposed convolution are its inputs': which outputs there are, only the shape of the result tells."""
    case = parse("conv_transpose.n1.k1.s2")
    short = Result("short", case, Judgement("shape", (1, 1, 1), message="(1, 1, 1), SAME asks for (1, 2, 1)"))
    picture = {"implementation": "short", "case": case.id, "windows": [[[0]]]}
    footer = {"seconds": 1.0, "causes": [], "pictures": [picture]}
    record = Record(header([case], about("short")), [short], footer, [case])
    page = tab().go(write(record, tmp_path / "report.html"), f"/case/{case.id}?with=short")
    assert "short: 1 output, SAME 2" in visible(page).locator(".headline").inner_text()
    assert "reads the elements that SAME asks for" not in visible(page).inner_text()
    ours, theirs = visible(page).locator("svg.strip").all()
    assert [one.text_content() for one in ours.locator(".cell").all()] == ["0", "1"]
    assert [one.text_content() for one in theirs.locator(".cell").all()] == ["0", "none"]
    assert "crops 0 before, 0 after; 1 output, SAME 2" in theirs.text_content()


def test_who_refuses_a_layer_is_told_from_who_has_no_such_op(tab: Open, tmp_path: Path) -> None:
    cases = [parse("conv.n5-5.k3-3"), parse("conv.n5-5.k3-3.s2-2")]
    refused = Judgement("unsupported", message="padding='same' is not supported for strided convolutions")
    rows = [Result("fits", case, right(case)) for case in cases]
    rows += [Result("plain", cases[0], right(cases[0])), Result("plain", cases[1], refused)]
    rows += [Result("pool", case, Judgement("unsupported", message="has no conv")) for case in cases]
    abouts = [about(name) for name in ("fits", "plain", "pool")]
    record = Record(header(cases, *abouts), rows, {"seconds": 1.0, "causes": [], "pictures": []}, cases)
    page = tab().go(write(record, tmp_path / "report.html"), "/calculator?n=5&k=3&s=2")
    lines = page.locator("#answer .short p.names").all_inner_texts()
    assert [line[2:] for line in lines] == ["1 right: fits", "refused by 1: plain", "1 without conv: pool"]


def test_a_link_to_a_failure_shows_what_differs(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/conv.n5.k4?with=stranger")
    assert "SAME pads 1 before, 2 after" in page.locator("main").inner_text()
    ours, theirs = visible(page).locator("svg.strip").all()
    assert "pads 1 before, 2 after" in ours.text_content()
    assert "reads padding: 2 before, 1 after" in theirs.text_content()
    assert ours.locator(".tap.wrong").count() == 0
    assert theirs.locator(".tap.wrong").count() == 5
    assert theirs.locator("[data-line='0']").get_attribute("aria-label") == (
        "output 0: reads padding, padding, 0, 1; ≠ SAME"
    )
    theirs.locator("[data-line='0']").focus()
    assert theirs.locator(".cell.on").count() == 4
    assert page.locator(".plane .differs").all_inner_texts() == ["≠9", "≠nan", "≠inf"]


def test_a_case_that_is_not_in_the_run_is_drawn_all_the_same(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/avg_pool.n7-9.k2-3.s2-2")
    assert "same-conformance run --case avg_pool.n7-9.k2-3.s2-2" in page.locator("main").inner_text()
    assert visible(page).locator("svg.strip").count() == 2
    page.goto(f"{report.as_uri()}#/case/nonsense")
    assert "is not the id of a case" in page.locator("main .page:visible").inner_text()


def test_the_explorer_filters_sorts_and_keeps_its_state_in_the_address(tab: Open, report: Path) -> None:
    record = small_record()
    page = tab().go(report, "/explorer")
    page.get_by_label("where").fill("k even and s > k")
    page.locator("select[name=impl]").select_option("torch-half")
    holds = compile_predicate("any(k % 2 == 0 and s > k)")
    wanted = sum(r.implementation == "torch-half" and holds(r.case) for r in record.results)
    sync_api.expect(page.locator(".count")).to_have_text(f"{wanted} results of {len(record.results):,}")
    page.get_by_role("button", name="verdict").focus()
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=ascending]").inner_text() == "verdict ↑"
    verdicts = page.locator(".rows tbody td:nth-child(3) .v").all_inner_texts()
    assert len(verdicts) == min(wanted, 100)
    other = tab()
    again = other.go(report, page.url.partition("#")[2])
    assert again.locator(".count").inner_text() == page.locator(".count").inner_text()
    assert again.locator(".rows tbody td:nth-child(3) .v").all_inner_texts() == verdicts
    page.get_by_label("where").fill("k even and q > 1")
    before = page.locator(".count").inner_text()
    sync_api.expect(page.locator("#where-wrong")).to_contain_text("“q” is not known")
    assert page.locator(".count").inner_text() == before
    page.get_by_role("button", name="Clear").click()
    sync_api.expect(page.locator(".count")).to_have_text(f"{len(record.results):,} results")


def test_the_heat_map_leads_to_the_results_it_counts(tab: Open, report: Path) -> None:
    page = tab().go(report, "/impl/stranger")
    facts = visible(page).locator(".card .facts", has_text="parameter space").inner_text()
    assert "wrong for even kernels" in facts
    assert "25\u00a0% of the parameter space" in facts
    assert "How it shows\n□ wrong shape, ≠ wrong values\n" in facts
    routes = {
        "/impl/stranger": [{}, {"dilation": "1"}, {"n mod s": "1"}, {"axes differ": "on"}],
        "/impl/torch-half": [{}],
    }
    for route, choices in routes.items():
        for chosen in choices:
            page = tab().go(report, route)
            card = visible(page).locator(".card").first
            for label, value in chosen.items():
                control = card.get_by_label(label)
                control.check() if value == "on" else control.select_option(value)
            for cell in (card.locator(".heat-table a").first, card.locator(".heat-table a", has_text="≠").last):
                n_ran = cell.inner_text().split("/")[1]
                cell.click()
                sync_api.expect(page.locator(".count")).to_have_text(re.compile(f"^{n_ran} results? of"))
                page.go_back()
                card.locator(".heat-table").wait_for()


def test_what_a_heat_map_leaves_out_is_in_the_address(tab: Open, report: Path) -> None:
    page = tab().go(report, "/impl/stranger")
    card = visible(page).locator(".card").first
    whole = card.locator(".heat-table").inner_text()
    card.get_by_label("n mod s").select_option("1")
    card.get_by_label("axes differ").check()
    left = card.locator(".heat-table").inner_text()
    assert left != whole
    again = tab().go(report, page.url.partition("#")[2])
    card = visible(again).locator(".card").first
    assert card.locator(".heat-table").inner_text() == left
    assert card.get_by_label("n mod s").input_value() == "1"
    assert card.get_by_label("axes differ").is_checked()
    card.get_by_label("n mod s").select_option("")
    card.get_by_label("axes differ").uncheck()
    assert card.locator(".heat-table").inner_text() == whole


def test_a_network_leads_to_all_layers_that_break_it(tab: Open, report: Path) -> None:
    page = tab().go(report, "/networks")
    row = visible(page).locator(".fits", has_text="the others").locator("tbody tr", has_text="torch-half")
    assert row.locator("td.n").all_inner_texts() == ["0", "1", "0"]
    row.locator("summary").click()
    wanted = {layer.case.id for layer in corpus.read_networks() if layer.is_same and "MobileNetV2" in layer.layers}
    wrong = {
        r.case.id for r in small_record().results if r.implementation == "torch-half" and r.judgement.verdict != "pass"
    }
    told = row.locator("li").inner_text()
    follow(row.get_by_role("link", name="all of them"))
    assert set(page.locator(".rows tbody a.case").all_inner_texts()) == wanted & wrong
    assert len(wanted & wrong) > 1
    assert told.startswith("MobileNetV2: ")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_network_says_on_any_screen_who_reproduces_it_and_who_does_not(tab: Open, report: Path, width: int) -> None:
    page = visible(tab(viewport={"width": width, "height": 844}).go(report, "/networks"))
    row = page.locator("tbody tr", has=page.page.get_by_role("rowheader", name="MobileNetV2"))
    row.locator("td.safe summary").click()
    assert row.locator("td.safe details").inner_text().split("\n") == ["✓ 1 of 3", "torch-explicit"]
    assert row.locator("td.wrong").inner_text().replace("≠ layers wrong with ", "") == "≠ stranger 1, ≠ torch-half 5"
    for box in (row.locator(part).bounding_box() for part in ("th", "td.wrong", "td.wrong a >> nth=1")):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    follow(row.get_by_role("link", name="torch-half"))
    assert page.locator(".headline").inner_text().startswith("torch-half: ≠ wrong values")


def test_a_copied_script_runs_and_shows_the_mismatch(tab: Open, report: Path, tmp_path: Path) -> None:
    opened = tab(permissions=["clipboard-read", "clipboard-write"])
    page = opened.go(report, "/impl/torch-half")
    visible(page).get_by_text("Script that reproduces it").first.click()
    frame = visible(page).locator(".script .copy-frame").first
    frame.get_by_role("button", name="Copy").click()
    sync_api.expect(frame.get_by_role("button")).to_have_text("Copied")
    text = page.evaluate("navigator.clipboard.readText()")
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "They differ in" in done.stdout


def test_who_asks_about_one_implementation_reads_its_answer_first_and_where_it_does_not_hold(
    tab: Open, report: Path
) -> None:
    page = tab().go(report)
    page.locator("#ask form.calc").get_by_label("implementation").select_option("torch-half")
    follow(page.locator("#ask form.calc").get_by_role("button", name="Check"))
    assert page.url.endswith("#/calculator?op=conv&n=225&k=3&s=2&d=1&with=torch-half")
    first = page.locator("#answer .headline")
    assert first.inner_text().startswith("torch-half: ✓ right\n\nconv.n225-225.k3-3.s2-2 itself passes, and so do")
    assert "but wrong elsewhere: pads (kernel - 1) // 2 on both sides" in first.inner_text()
    follow(first.get_by_role("link", name="224"))
    assert page.url.endswith("n=224&k=3&s=2&d=1&with=torch-half")
    assert page.locator("#answer .headline").inner_text().startswith("torch-half: ≠ wrong\n\n")
    assert "but wrong at size" not in page.locator("#answer .headline").inner_text()
    names = page.locator(".answers tbody tr").evaluate_all("(rows) => rows.map((row) => row.dataset.name)")
    assert names == ["torch-half", "stranger", "torch-explicit"]  # who is wrong is first
    visible(page).locator("select[name=op]").select_option("max_pool")
    assert "No max_pool at all: stranger." in page.locator("#answer").inner_text()


def test_a_large_failing_case_is_drawn_too_line_beside_line(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/conv.n224-224.k3-3.s2-2?with=torch-half")
    told = page.locator(".headline").inner_text()
    assert "axes 0 and 1: SAME pads 0 before, 1 after, 112 outputs" in told
    assert "begins 1 before the input, SAME at element 0: every window is shifted by 1" in told
    assert "same-conformance repro conv.n224-224.k3-3.s2-2 --with torch-half" in told
    ours, theirs = visible(page).locator("svg.strip").all()
    lines = "(svg) => [...svg.querySelectorAll('.tap')].map((line) => line.dataset.line)"
    assert ours.evaluate(lines) == theirs.evaluate(lines) == ["0", "1", "2", "109", "110", "111"]
    assert theirs.locator("[data-line='0']").get_attribute("aria-label") == "output 0: reads padding, 0, 1; ≠ SAME"
    assert theirs.locator("[data-line='111']").get_attribute("aria-label") == "output 111: reads 221, 222, 223; ≠ SAME"
