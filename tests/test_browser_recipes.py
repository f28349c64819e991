"""The code for every size: it is the same text for all sizes, and does what SAME asks on PyTorch itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browsing import Open, needs_chromium, visible
from layers import CASES
from same_conformance.case import Case
from test_snippets import run

pytestmark = needs_chromium

WANTED = [case for case in CASES if case.rank > 1 and case.output_size in ((), case._full_output_size)]


def route(case: Case, size: tuple[int, ...]) -> str:
    fields = {"n": size, "k": case.kernel, "s": case.stride, "d": case.dilation}
    numbers = "&".join(f"{key}={'x'.join(map(str, values))}" for key, values in fields.items())
    return f"/calculator?op={case.op}&{numbers}&padding={case.padding}"


def code(page: Any, title: str) -> str:
    text: str = visible(page).locator(f"details[data-code='{title}'] pre").text_content()
    return text


def test_the_code_for_every_size_is_right_at_sizes_that_it_was_not_written_for(tab: Open, report: Path) -> None:
    opened = tab()
    opened.go(report, "/calculator")
    codes = {}
    for case in WANTED:
        opened.page.goto(f"{report.as_uri()}#{route(case, tuple(n + 31 for n in case.size))}")
        codes[case.id] = code(opened.page, "PyTorch, for every size")
    assert len(codes) > 15
    assert run("PyTorch", codes) == dict.fromkeys(codes, "right")


def test_code_that_is_right_for_one_size_says_for_which(tab: Open, report: Path) -> None:
    page = tab().go(report, "/calculator?op=conv&n=225&k=3&s=2&d=1")
    summaries = dict(
        zip(
            ["every", "PyTorch", "TensorFlow", "Keras", "JAX", "ONNX"],
            visible(page).locator(".recipes summary").all_inner_texts(),
            strict=True,
        )
    )
    assert summaries["PyTorch"] == "PyTorch for inputs of 225x225 only"
    assert summaries["TensorFlow"] == "TensorFlow for every size"
    assert summaries["ONNX"].endswith("only")
    page.goto(f"{report.as_uri()}#/calculator?op=conv&n=225&k=3&s=1&d=1")
    assert visible(page).locator(".recipes summary").first.inner_text() == "PyTorch for every size"


def test_the_code_comes_before_the_picture_and_the_answers_of_everyone(tab: Open, report: Path) -> None:
    page = tab().go(report, "/calculator?op=conv&n=225&k=3&s=2&d=1&with=torch-half")
    assert page.locator("#answer h2").all_inner_texts() == ["Code", "The picture", "Who is right for this"]
    assert page.locator("#answer > *").nth(1).get_attribute("class") == "headline right"
