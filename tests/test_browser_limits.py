"""The largest numbers that the page takes: it answers at once, draws what there is room for, and says the same of every size."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from browsing import Open, needs_chromium, visible
from layers import CASES

pytestmark = needs_chromium

MOST_S = 4.0
"""For a busy machine; each takes under half a second."""


@pytest.mark.parametrize(
    ("asked", "pads"),
    [
        ("op=conv&n=225&k=3&s=100000&d=1", "pads 0 before and 0 after; output 1."),
        ("op=conv&n=225&k=3&s=1000000&d=1", "pads 0 before and 0 after; output 1."),
        ("op=conv&n=225&k=1000000&s=2&d=1", "pads 499999 before and 500000 after; output 113."),
        ("op=avg_pool&n=1000000&k=1000000&s=1&d=1", "pads 499999 before and 500000 after; output 1000000."),
        ("op=max_pool&n=9x1000000x9&k=1000000&s=7&d=1000000", "axis 1: SAME pads 499999500000 before"),
        ("op=conv_transpose&n=225&k=1000000&s=1000000&d=3", "crops 999999 before and 999999 after"),
    ],
)
def test_no_number_that_is_allowed_takes_long(tab: Open, report: Path, asked: str, pads: str) -> None:
    opened = tab()
    opened.go(report, "/calculator")
    began = time.monotonic()
    opened.page.goto(f"{report.as_uri()}#/calculator?{asked}")
    answer = opened.page.locator("#answer")
    assert pads in answer.inner_text()
    assert time.monotonic() - began < MOST_S
    assert visible(opened.page).locator("svg.strip").count() >= 1


@pytest.mark.parametrize("case", ["conv.n225-225.k99999999-99999999.s3-3", "max_pool.n9.k9.s99999999"])
def test_no_case_that_can_be_written_takes_long(tab: Open, report: Path, case: str) -> None:
    opened = tab()
    opened.go(report)
    began = time.monotonic()
    opened.page.goto(f"{report.as_uri()}#/case/{case}")
    assert "outputs" in visible(opened.page).inner_text() or "1 output" in visible(opened.page).inner_text()
    assert time.monotonic() - began < MOST_S


def test_a_window_longer_than_the_input_reads_what_is_shown_of_it(tab: Open, report: Path) -> None:
    page = visible(tab().go(report, "/calculator?op=conv&n=7&k=1000000&s=1&d=2"))
    first = page.locator("svg.strip .tap").first
    assert first.get_attribute("aria-label").endswith("and what is between these, 1000000 in all")
    first.focus()
    read = [text for text in page.locator("svg.strip .cell.on text").all_text_contents() if text != "pad"]
    assert read == ["1", "5"]  # of 0, 1, 5 and 6, which are shown: 999999 before is odd, and every other is read


def test_whether_code_is_for_one_size_is_what_all_remainders_say(tab: Open, report: Path) -> None:
    ids = sorted({case.id for case in CASES})
    said = tab().go(report).evaluate(
        """(ids) => ids.flatMap((id) => {
          const { axisOf, isForOneSize, parseCase, recipes } = sameConformance;
          const c = parseCase(id);
          const grown = (by) => c.axes.map((a) => axisOf(c.op, a.n + by, a.k, a.s, a.d, c.padding));
          const sizes = Array.from({ length: 2 * Math.max(...c.axes.map((a) => a.s)) + 1 }, (_, by) => grown(by + 1));
          const usual = grown(0);
          return Object.keys(recipes(c.op, usual, c.padding)).map((framework) => {
            const written = (axes) => recipes(c.op, axes, c.padding)[framework].join();
            return [isForOneSize(framework, c.op, usual, c.padding), sizes.some((axes) => written(axes) !== written(usual))];
          });
        })""",
        ids,
    )  # fmt: skip
    assert [quick for quick, _ in said] == [slow for _, slow in said]
    assert {quick for quick, _ in said} == {True, False}
