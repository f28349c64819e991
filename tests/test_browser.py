"""The report in a real browser: opened from a file, offline, by mouse and keyboard, on a phone, and with hostile content."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from same_conformance import assessment, corpus, mutants, packing, padding, plan, rules
from same_conformance.case import OPS, Case, parse
from same_conformance.judge import Judgement
from same_conformance.predicate import compile_predicate
from same_conformance.record import Record, Result
from same_conformance.report import html, tables

IS_CI = bool(os.environ.get("CI"))
"""Where nothing may be skipped."""


def needed(name: str) -> Any:
    """Return a module of ``tests/requirements.txt``; where it is not installed, skip, but not in CI."""
    return importlib.import_module(name) if IS_CI else pytest.importorskip(name)


sync_api = needed("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists() and not IS_CI, reason="there is no chromium: apt-get install chromium"
)

PHONE = {"width": 390, "height": 844}
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


def about(name: str, **changes: Any) -> dict[str, Any]:
    """Return what the header of a record says of an implementation."""
    return {
        "name": name, "framework": "torch", "summary": f"What {name} does.", "ops": list(OPS), "homepage": "", "version": "1.0", "environment": {},
        "ranks": [1, 2, 3], "dtypes": ["float32"], "paddings": ["same"], "rule": "", "compile_together": 1, "distribution": "same-conformance", "builtin": True,
        "versions": {"torch": "2.13.0"}, "python": "3.11.7", "platform": "Linux", "sources": "0",
    } | changes  # fmt: skip


def header(cases: list[Case], *implementations: dict[str, Any]) -> dict[str, Any]:
    return {
        "same_conformance": "0", "command": "same-conformance run", "profile": "quick", "seed": 0, "n_wanted": 0, "n_drawn": 0,
        "cases": [[case.id, "corpus"] for case in cases], "implementations": list(implementations), "not_started": {}, "not_installed": [],
        "expectations": [], "variables": {}, "limits": {}, "python": "3.11.7", "spec_sources": "0",
    }  # fmt: skip


def right(case: Case) -> Judgement:
    return Judgement("pass", case.expected_shape, 0, 0.0)


def by_rule(name: str, case: Case) -> Judgement:
    """Return the judgement that a rule predicts."""
    verdict = rules.predict(mutants.RULES[name], case)[0]
    if verdict == "pass":
        return right(case)
    if verdict == "error":
        return Judgement(verdict, message=f"as {name} does")
    return Judgement(verdict, case.expected_shape, 1, 2.0, message=f"as {name} does")


CAUSE = {
    "implementation": "stranger", "op": "conv", "verdicts": ["shape", "value"], "compared": "forward", "calls": 1, "sentence": "pads 1 on both sides",
    "rule": "half", "where": "any(k % 2 == 0)", "text": "", "n_wrong": 1, "n_ran": 2, "case": "conv.n5.k4", "n_smaller": 3, "is_proved": True, "share": 0.25,
}  # fmt: skip

PICTURE = {
    "implementation": "stranger", "case": "conv.n5.k4", "expected": {"shape": [1, 5, 1], "values": [1, 2, 3, 4, 5]},
    "observed": {"shape": [1, 5, 1], "values": [9, "nan", "inf", 4, 5]},
    "windows": [[[None, None, 0, 1], [None, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, None]]],
}  # fmt: skip


def small_record() -> Record:
    """Return a run of one who is right, one who is wrong by rule, and a stranger whose failures nobody expected."""
    cases = {entry.case for entry in corpus.read() if entry.case.op in ("conv", "max_pool")}
    cases |= {layer.case for layer in corpus.read_networks() if "MobileNetV2" in layer.layers}
    cases |= {parse(text) for text in ("conv.n5.k4", "conv.n5-5.k4-4", "conv.n225-225.k3-3.s2-2", "max_pool.n2-2.k2-2")}
    ordered = sorted(cases, key=lambda case: case.canonical_key)
    results = []
    for case in ordered:
        results.append(Result("torch-explicit", case, right(case)))
        results.append(Result("torch-half", case, by_rule("half", case)))
        strange = by_rule("half", case) if case.op == "conv" else Judgement("unsupported", message="has no max_pool")
        results.append(Result("stranger", case, strange))
    names = (
        about("torch-explicit"),
        about("torch-half", rule="half"),
        about("stranger", distribution="theirs", builtin=False),
    )
    return Record(header(ordered, *names), results, {"seconds": 1.5, "causes": [CAUSE], "pictures": [PICTURE]}, ordered)


def write(record: Record, path: Path) -> Path:
    assessed = assessment.assess(record)
    path.write_text(html.render(record, assessed, tables.verdicts(assessed)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(small_record(), tmp_path_factory.mktemp("report") / "index.html")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page that remembers what it complained of and what it asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def go(self, path: Path, route: str = "/") -> Any:
        """Open a report as if from a link, and wait until its code is done."""
        self.page.goto("about:blank")
        self.page.goto(f"{path.as_uri()}#{route}")
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page


@pytest.fixture
def tab(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Return a function that opens a tab, offline; a complaint or a request of any of them fails the test."""
    contexts, tabs = [], []

    def open_tab(**options: Any) -> Tab:
        context = chromium.new_context(offline=True, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        one = Tab(context.new_page())
        tabs.append(one)
        one.page.on(
            "console",
            lambda message: one.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.on("dialog", lambda dialog: (one.complaints.append("dialog"), dialog.dismiss()))
        return one

    yield open_tab
    for context in contexts:
        context.close()
    for one in tabs:
        assert one.complaints == []
        assert [url for url in one.requests if not url.startswith(("file:", "about:", "blob:"))] == []
        assert {url.partition("#")[0] for url in one.requests if url.startswith("file:")} <= {
            url.partition("#")[0] for url in one.requests[:2]
        }


def visible(page: Any) -> Any:
    """Return the one section that is shown."""
    return page.locator("main > .page:visible")


@pytest.mark.parametrize("route", PAGES)
def test_every_page_opens_offline_and_fits_a_phone(tab: Callable[..., Tab], report: Path, route: str) -> None:
    page = tab(viewport=PHONE).go(report, route)
    assert page.locator("main > .page:visible").count() == 1
    assert page.locator("main > .page:visible h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(tab: Callable[..., Tab], report: Path, scheme: str) -> None:
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    opened = tab(color_scheme=scheme, bypass_csp=True)
    found = {}
    for route in PAGES:
        violations = axe.run(opened.go(report, route)).response["violations"]
        grave = [(v["id"], v["nodes"][0]["html"][:200]) for v in violations if v["impact"] in ("serious", "critical")]
        if grave:
            found[route] = grave
    assert found == {}


def test_who_asks_whether_a_layer_is_safe_gets_the_answer_from_the_front(tab: Callable[..., Tab], report: Path) -> None:
    page = tab().go(report)
    form = page.locator("#ask form.calc")
    form.get_by_label("size").fill("224")
    form.get_by_role("button", name="Check").click()
    assert page.url.endswith("#/calculator?op=conv&n=224&k=3&s=2&d=1")
    assert "pads 0 before and 1 after; output 112." in page.locator("#answer").inner_text()
    answers = {row.get_attribute("data-name"): row.inner_text() for row in page.locator(".answers tbody tr").all()}
    assert "✓ right" in answers["torch-explicit"]
    assert "≠ wrong" in answers["torch-half"]
    assert "F.pad(x, (0, 1, 0, 1))" in page.locator(".recipes").inner_text()
    page = visible(page)
    page.get_by_label("size").fill("225")
    assert "pads 1 before and 1 after; output 113." in page.locator("#answer").inner_text()
    assert "✓ right" in page.locator('.answers tr[data-name="torch-half"]').inner_text()
    page.get_by_label("size").fill("nonsense")
    assert "Size: write one number" in page.locator("#answer").inner_text()


def test_a_case_is_found_from_the_front(tab: Callable[..., Tab], report: Path) -> None:
    page = tab().go(report)
    page.get_by_label("case id, or any words").fill("conv.n5.k4")
    page.keyboard.press("Enter")
    assert page.locator("h1:visible").inner_text() == "conv.n5.k4"
    page.go_back()
    page.get_by_label("case id, or any words").fill("stranger")
    page.keyboard.press("Enter")
    assert page.locator("h1:visible").inner_text() == "Explorer"


def test_a_link_to_a_failure_shows_what_differs(tab: Callable[..., Tab], report: Path) -> None:
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


def test_a_case_that_is_not_in_the_run_is_drawn_all_the_same(tab: Callable[..., Tab], report: Path) -> None:
    page = tab().go(report, "/case/avg_pool.n7-9.k2-3.s2-2")
    assert "same-conformance run --case avg_pool.n7-9.k2-3.s2-2" in page.locator("main").inner_text()
    assert visible(page).locator("svg.strip").count() == 2
    page.goto(f"{report.as_uri()}#/case/nonsense")
    assert "is not the id of a case" in page.locator("main .page:visible").inner_text()


def test_the_explorer_filters_sorts_and_keeps_its_state_in_the_address(tab: Callable[..., Tab], report: Path) -> None:
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
    sync_api.expect(page.locator(".hint")).to_contain_text("“q” is not known")
    page.get_by_role("button", name="Clear").click()
    sync_api.expect(page.locator(".count")).to_have_text(f"{len(record.results):,} results")


def test_the_heat_map_leads_to_the_results_it_counts(tab: Callable[..., Tab], report: Path) -> None:
    page = tab().go(report, "/impl/stranger")
    facts = visible(page).locator(".card .facts").first.inner_text()
    assert "wrong for even kernels" in facts
    assert "25\u00a0% of the parameter space" in facts
    cell = visible(page).locator(".heat-table a", has_text="≠").first
    n_ran = cell.inner_text().split("/")[1]
    cell.click()
    found = page.locator(".count").inner_text().split()[0]
    assert int(found.replace(",", "")) >= int(n_ran)


def test_a_copied_script_runs_and_shows_the_mismatch(tab: Callable[..., Tab], report: Path, tmp_path: Path) -> None:
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


def test_a_whole_report_is_there_without_javascript(tab: Callable[..., Tab], report: Path) -> None:
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


def test_the_rule_of_the_page_is_that_of_the_package(tab: Callable[..., Tab], report: Path) -> None:
    page = tab().go(report)
    axes = [
        (op, mode, axis)
        for op in ("conv", "conv_transpose")
        for mode in padding.MODES
        for axis in packing.box(op, mode)
    ]
    asked = [[op, *axis[:4], mode, axis.output_size] for op, mode, axis in axes]
    got = page.evaluate(
        "(all) => all.map((one) => { const a = sameConformance.axisOf(...one); return [a.out, a.before, a.after]; })",
        asked,
    )
    assert got == [[axis.output_size, axis.before, axis.after] for _, _, axis in axes]
    cases = [entry.case for entry in corpus.read()]
    maps = page.evaluate(
        "(ids) => ids.map((id) => { const c = sameConformance.parseCase(id); return c.axes.map((a) => sameConformance.windowsOf(c.op, a)); })",
        [case.id for case in cases],
    )
    for case, theirs in zip(cases, maps, strict=True):
        ours = [[[None if i == plan.PADDED else i for i in row] for row in m.tolist()] for m in plan.same(case).maps]
        assert theirs == ours, case.id


PREDICATES = (
    "op == 'conv' and any(s > k)",
    "any(k % 2 == 0 and n // s > 1) or rank == 3",
    "not (padding == 'same_lower') and all(before <= after)",
    "1 < rank <= 3 and dtype in ('float32', 'float16')",
    "any(axis == 1 and n - k < -1) or compared != 'forward'",
    "equal_pads and not equal_strides and outputs > 1",
    "any((n, k) == (5, 3)) or channels == (2,) or 2 * groups + calls > 3",
    "any(unclamped < 0) and op not in ('max_pool', 'avg_pool')",
)


@pytest.mark.parametrize("text", PREDICATES)
def test_a_predicate_means_the_same_in_the_page(tab: Callable[..., Tab], report: Path, text: str) -> None:
    cases = [entry.case for entry in corpus.read()]
    got = (
        tab()
        .go(report)
        .evaluate(
            "([text, ids]) => { const holds = sameConformance.compilePredicate(text); return ids.map((id) => Boolean(holds(sameConformance.parseCase(id)))); }",
            [text, [case.id for case in cases]],
        )
    )
    assert got == [compile_predicate(text)(case) for case in cases]
    assert len(set(got)) == 2  # or nothing was compared


def hostile_record() -> Record:
    """Return a run whose every text tries something."""
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>\x00\x1b[31m\u202eevil\u2066\ud800 {{ 7*7 }} javascript:alert(4)"
    name = re.sub(r"[^ -~]", "", attack)  # whatever names there are in a record, they can be printed
    case = parse("conv.n5.k4")
    mine = about(
        name,
        builtin=False,
        summary=attack,
        homepage="javascript:alert(5)",
        distribution=attack,
        versions={attack: attack},
        environment={attack: attack},
    )
    results = [
        Result(name, case, Judgement("error", message=attack + "x" * 10_000_000)),
        Result(name, parse("conv.n5.k3"), Judgement("unsupported", message=attack)),
    ]
    cause = CAUSE | {"implementation": name, "sentence": attack, "where": attack, "verdicts": ["error"]}
    picture = PICTURE | {"implementation": name, "observed": {"shape": [1, 5, 1], "values": [attack] * 5}}
    head = header([case, parse("conv.n5.k3")], mine) | {
        "command": attack,
        "not_started": {attack: attack},
        "began": attack,
        "variables": {attack: attack},
    }
    footer = {"seconds": 1, "outputs": {attack: attack * 10_000}, "causes": [cause], "pictures": [picture]}
    return Record(head, results, footer)


def test_hostile_content_is_shown_and_does_nothing(tab: Callable[..., Tab], tmp_path: Path) -> None:
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
    page.locator(".rows tbody a.case", has_text="k4").first.click()
    assert "<img src=x onerror=alert(2)>" in page.locator(".plane").last.inner_text()
    visible(page).locator("a[href^='#/impl/']").first.click()
    assert page.locator("h1:visible").inner_text().startswith("</script><script>alert(1)")
    assert name not in page.locator("body").inner_html()


def large_record(n_implementations: int) -> Record:
    """Return 5,000 cases on so many implementations."""
    cases = [
        Case("conv", (n,), (k,), (s,), (d,))
        for n, k, s, d in product(range(1, 26), range(1, 9), range(1, 6), range(1, 6))
    ]
    names = [f"implementation-{i}" for i in range(n_implementations)]
    results = []
    for i, name in enumerate(names):
        for case in cases:
            wrong = (case.size[0] * 7 + case.kernel[0] * 3 + i) % 11 == 0
            results.append(
                Result(
                    name,
                    case,
                    Judgement("value", case.expected_shape, 3, 1.5, message=f"{case.size[0]} of {i} differ")
                    if wrong
                    else right(case),
                )
            )
    return Record(header(cases, *map(about, names)), results, {"seconds": 1}, cases)


@pytest.mark.parametrize(("n_implementations", "most_s"), [(2, 10.0), (20, 60.0)])
def test_many_rows_open_and_can_be_searched(
    tab: Callable[..., Tab], tmp_path: Path, n_implementations: int, most_s: float, capsys: pytest.CaptureFixture[str]
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
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{n_rows:,} rows: {path.stat().st_size / 1e6:.2f} MB, opened in {opened_s:.2f} s, searched in {searched_s:.2f} s"
        )
    assert opened_s < most_s
    assert page.locator(".rows tbody tr").count() == 100
    assert path.stat().st_size < 2_000_000


RECIPES = (
    "conv.n7-6.k3-2.s2-2",
    "conv.n5.k4.d2",
    "conv.n4-3-5.k2-3-2.s1-2-1",
    "depthwise_conv.n6-5.k3-2.s2-2.c2-3",
    "conv_transpose.n3-2.k3-2.s2-3",
    "conv_transpose.n2.k4",
    "max_pool.n5-6.k3-2.s2-2",
    "max_pool.n7.k2.s2",
    "avg_pool.n5-6.k3-2.s2-2",
)

_RUN_RECIPE = """
import json, sys
import numpy as np
from same_conformance import operands, spec
from same_conformance.case import parse

framework = sys.argv[1]
for text, code in json.load(sys.stdin):
    case = parse(text)
    data = [a.astype("float32") for a in operands.make(case)]
    wanted = spec.execute(case, operands.make(case))
    last = lambda a: np.moveaxis(a, 1, -1)
    if framework == "PyTorch":
        import torch
        x = torch.from_numpy(np.ascontiguousarray(np.moveaxis(data[0], -1, 1)))
        names = {"x": x}
        if len(data) > 1:
            kernel = np.moveaxis(data[1], (-1, -2), (0, 1))
            if case.op == "depthwise_conv":
                kernel = np.moveaxis(data[1].reshape(*case.kernel, 1, -1), (-1, -2), (0, 1))
            if case.op == "conv_transpose":
                kernel = np.moveaxis(data[1], (-1, -2), (0, 1))
            names["weight"] = torch.from_numpy(np.ascontiguousarray(kernel))
    else:
        convert = np.asarray
        if framework == "TensorFlow":
            import tensorflow as tf
            convert = tf.constant
        if framework == "JAX":
            import jax.numpy as jnp
            convert = jnp.asarray
        names = dict(zip(("x", "kernel"), map(convert, data)))
    exec(code, names)
    got = np.asarray(names["y"])
    got = last(got) if framework == "PyTorch" else got
    assert got.shape == wanted.shape, (text, got.shape, wanted.shape)
    assert np.allclose(got, wanted), (text, got, wanted)
    print("right", text)
"""


@pytest.mark.parametrize("framework", ["PyTorch", "TensorFlow", "JAX"])
def test_the_code_to_copy_does_what_same_asks(tab: Callable[..., Tab], report: Path, framework: str) -> None:
    recipes = (
        tab()
        .go(report)
        .evaluate(
            """([framework, ids]) => ids.map((id) => {
             const c = sameConformance.parseCase(id);
             return [id, sameConformance.recipes[framework](c.op, c.axes, c.padding).join("\\n")];
           })""",
            [framework, list(RECIPES)],
        )
    )
    done = subprocess.run(
        [sys.executable, "-c", _RUN_RECIPE, framework],
        input=json.dumps(recipes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("right") == len(RECIPES)
