"""Words and where they end: no name is broken in its middle, on no screen and not on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsing import PHONE, Open, needs_chromium
from same_conformance.report.text import breakable

pytestmark = needs_chromium

BROKEN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("pre, svg")) continue;
    for (const match of node.data.matchAll(/--[a-z-]+|[A-Za-z0-9]+/g)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const tops = new Set([...range.getClientRects()].filter((box) => box.width).map((box) => Math.round(box.top)));
      if (tops.size > 1) found.push(match[0]);
    }
  }
  return found;
}"""

ROUTES = (
    "/",
    "/impl/torch-half",
    "/impl/stranger",
    "/case/conv.n224-224.k3-3.s2-2?with=torch-half",
    "/case/conv.n224-224.k3-3.s2-2.kernel_gradient",
    "/calculator?op=depthwise_conv&n=225&k=3&s=2&d=1",
    "/explorer?verdict=wrong",
    "/networks",
    "/environment",
    "/rule",
)


@pytest.mark.parametrize(
    ("media", "width", "height"),
    [("screen", PHONE["width"], PHONE["height"]), ("screen", 1280, 900), ("print", 794, 1123)],
)
def test_no_word_is_broken_in_its_middle(tab: Open, report: Path, media: str, width: int, height: int) -> None:
    opened = tab(viewport={"width": width, "height": height})
    opened.page.emulate_media(media=media)
    found = {route: opened.go(report, route).evaluate(BROKEN) for route in ROUTES}
    assert {route: words for route, words in found.items() if words} == {}


def test_the_page_and_its_code_break_names_at_the_same_places(tab: Open, report: Path) -> None:
    page = tab().go(report, "/case/depthwise_conv.n224-224.k3-3.s2-2.float64.input_gradient")
    command = page.locator("main .page:visible .command code")
    assert "float64.<wbr>input_<wbr>gradient" in command.inner_html()
    assert '<span class="nb">--case</span>' in command.inner_html()
    assert command.inner_html() == str(breakable(command.text_content()))
