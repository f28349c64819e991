"""The pictures of the pages: drawn by our code, as SAME and wrong rules read, and committed as they are drawn."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from same_conformance.case import parse
from same_conformance.errors import UsageError
from same_conformance.picture import svg

SCRIPT: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "docs" / "pictures" / "draw.py"))
COMMITTED = {path.stem: path.read_bytes() for path in SCRIPT["HERE"].glob("*.svg")}
BOX = re.compile(r'<rect class="(\w+)"')


def boxes(case: str, rule: str = "") -> list[str]:
    """Return the kinds of the boxes of a picture, in order."""
    return BOX.findall(svg.draw(parse(case), rule))


def test_the_pictures_of_the_pages_are_drawn_byte_for_byte_and_no_other_is_there() -> None:
    drawn = {name: text.encode() for name, text in SCRIPT["wanted"]().items()}
    assert drawn == COMMITTED, "run python docs/pictures/draw.py"
    assert len(drawn) > 5


@pytest.mark.parametrize("name", COMMITTED)
def test_a_picture_is_xml_and_says_in_words_what_it_shows(name: str) -> None:
    title = ET.fromstring(COMMITTED[name])[0]  # noqa: S314  # our own file
    assert title.tag.endswith("title")
    assert (title.text or "").startswith(f"{name.partition('--')[0]}: SAME: ")


def test_a_picture_has_a_box_for_each_cell_and_for_each_tap_of_each_window() -> None:
    assert boxes("conv.n4.k3.s2") == [*["cell"] * 4, "outside", *["tap"] * 6]


def test_what_is_cropped_of_a_transposed_convolution_is_outside() -> None:
    assert boxes("conv_transpose.n2.k3.s2") == [*["cell"] * 4, "outside", *["tap"] * 6]
    assert "SAME: crops 0 before and 1 after" in svg.draw(parse("conv_transpose.n2.k3.s2"))


def test_taps_that_are_elsewhere_than_with_same_are_marked_and_no_others() -> None:
    assert boxes("conv.n4.k3.s2", "half")[11:] == ["outside", *["cell"] * 4, *["wrong"] * 6]
    assert "wrong" not in boxes("conv.n5.k3.s2", "half")


def test_a_window_of_padding_only_is_drawn_where_it_is() -> None:
    assert boxes("conv.n1.k2.d3") == ["outside", "cell", "outside", "outside", "tap", "tap"]


@pytest.mark.parametrize(
    ("case", "rule", "message"),
    [
        ("conv.n4-4.k3-3", "", "conv.n4-4.k3-3 has 2 axes, and a picture one"),
        ("conv.n4.k3", "halff", "'halff' is no rule that says what conv.n4.k3 reads; docs/mutants.md lists them"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(case: str, rule: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        svg.draw(parse(case), rule)
