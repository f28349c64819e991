"""Pictures in the terminal, character by character."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from same_conformance import cli, mutants, operands, spec
from same_conformance.case import parse
from same_conformance.picture import Picture, drawing, windows
from same_conformance.picture.symbols import DRAWN, PLAIN

Install = Callable[..., Path]


def drawn(case_id: str, rule: str, width: int = 80) -> str:
    case = parse(case_id)
    plan = mutants.RULES[rule].plan(case)  # type: ignore[misc]
    assert plan is not None
    data = operands.make(case)
    picture = Picture(rule, case, spec.execute(case, data), spec.execute(case, data, plan), windows.of_plan(case, plan))
    return "\n".join(line.plain for line in drawing.draw(picture, width, DRAWN))


def test_one_axis() -> None:
    assert (
        drawn("conv.n5.k4", "half")
        == """\
a, b, c are the taps of the kernel; each line is a window; * marks what differs
SAME: pads 1 before and 2 after
  input ·  │ 0  1  2  3  4  │ ·  ·
  out 0 a  │ b  c  d        │
  out 1    │ a  b  c  d     │
  out 2    │    a  b  c  d  │
  out 3    │       a  b  c  │ d
  out 4    │          a  b  │ c  d
half: pads 1 before and 1 after, 4 outputs where SAME has 5 ≠ SAME
  input ·  │ 0  1  2  3  4  │ ·
  out 0 a  │ b  c  d        │
  out 1    │ a  b  c  d     │
  out 2    │    a  b  c  d  │
  out 3    │       a  b  c  │ d
batch 0, channel 0
SAME                                  half
  -756   3484   5126  -5536   7880      -756   3484   5126  -5536"""
    )


def test_two_axes_and_the_cells_of_a_window() -> None:
    text = drawn("conv.n6-5.k3-2.s2-1", "half")
    assert (
        """\
axis 1
SAME: pads 0 before and 1 after
  input │ 0  1  2  3  4  │ ·
  out 0 │ a  b           │
"""
        in text
    )
    assert text.endswith("""\
the input cells (#) that go into output element 0, 0
SAME                half
    │  0   1   2        │  0   1   2
 -1 │                -1 │  #*  #*
    ─────────────       ─────────────
  0 │  #   #   ·      0 │  #   #   ·
  1 │  #   #   ·      1 │  #   #   ·
  2 │  #   #   ·      2 │  ·*  ·*  ·
  3 │  ·   ·   ·      3 │  ·   ·   ·
batch 0, channel 0
SAME                                  half
  4411  11600  -6323   7616  -9507      -4128*  -1656*  -2022*   2902*
 -5000   3771  -9183   9734   -617      -5982*   -182*  -6797*  -7027*
  8346   1768  -5660   8252    413       6541* -11479*   9869*  -5025*""")


def test_three_axes_are_slices() -> None:
    text = drawn("max_pool.n3-4-3.k3-2-2.s2-1-1", "sides-swapped")
    assert "at -1, 0, 1 of axis 0\n" in text
    assert "batch 0, channel 0, slice 1\n" in text
    assert "sides-swapped: pads 1 before and 1 after: as SAME asks\n" in text
    unlike = drawn("conv.n4-3-3.k3-1-1.s2-1-1", "sides-swapped")
    assert "at -1 of axis 0\n" in unlike
    assert "at 0, 1 of axis 0\n" in unlike
    assert "at 2 of axis 0\n" in unlike


def test_a_transposed_convolution_is_drawn_from_its_input() -> None:
    text = drawn("conv_transpose.n2.k3.s2", "transposed-half")
    assert (
        """\
SAME: crops 0 before and 1 after
  output    │ 0  1  2  3  │ ·
    in 0    │ a  b  c     │
    in 1    │       a  b  │ c
transposed-half: crops 1 before and 0 after ≠ SAME
  output ·  │ 0  1  2  3  │
    in 0 a* │ b* c*       │    ≠
    in 1    │    a* b* c* │    ≠
"""
        in text
    )
    assert "zeros added at the end" in drawn("conv_transpose.n2.k1.s3", "crop-all-after")


def test_a_border_that_repeats_elements_names_them() -> None:
    text = drawn("conv.n4.k3", "reflect-fill")
    assert (
        """\
reflect-fill: pads 1 before and 1 after, continues beyond the border by reflect ≠ SAME
  input 1  │ 0  1  2  3  │ 2
  out 0 a* │ b  c        │    ≠
  out 1    │ a  b  c     │
"""
        in text
    )


def test_a_large_case_is_abridged_and_says_so() -> None:
    text = drawn("conv.n224-224.k3-3.s2-2", "half")
    lines = text.splitlines()
    assert max(map(len, lines)) <= 90
    assert len(lines) < 75
    assert text.count("left out in the middle: 215 columns and 108 windows") == 2
    assert "left out: the rows and columns at …" in text
    assert "out 111" in text


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_of_windows_fit_the_width(width: int) -> None:
    for line in drawn("conv.n300.k5.s3", "half", width).splitlines():
        assert len(line) <= width or not line.startswith("  ")


def test_what_reads_no_regular_pattern_is_listed() -> None:
    case = parse("conv.n4.k2")
    irregular = (((0, 2), (1, 3), (None, 0), (3, 3)),)
    picture = Picture("it", case, np.zeros(case.expected_shape), None, irregular)
    text = "\n".join(line.plain for line in drawing.draw(picture, 80, PLAIN))
    assert text.endswith("""\
SAME, by output element: what each tap reads
  out 0: 0 1
  out 1: 1 2
  out 2: 2 3
  out 3: 3 .
it, by output element: what each tap reads
  out 0: 0 2 !=
  out 1: 1 3 !=
  out 2: . 0 !=
  out 3: 3 3 !=""")


def test_what_is_not_known_is_said() -> None:
    case = parse("conv.n3.k2")
    picture = Picture("it", case, np.zeros(case.expected_shape), np.ones((1, 3, 1)), None)
    text = "\n".join(line.plain for line in drawing.draw(picture, 80, DRAWN))
    assert "what it reads is not known: no rule says it, and probing does not show it" in text
    assert text.endswith("SAME        it\n 0  0  0     1* 1* 1*")


def test_a_gradient_by_the_kernel_has_planes_of_channels() -> None:
    assert "in 0, out 0\n" in drawn("conv.n4.k3.s2.kernel_gradient", "half")


def test_elements_that_nothing_specifies_are_not_marked() -> None:
    case = parse("max_pool.n2.k2.d3")
    expected = spec.execute(case, operands.make(case))
    observed = np.where(np.isneginf(expected), 0, expected)
    assert not np.array_equal(expected, observed)
    assert drawing.planes.arrays(Picture("it", case, expected, observed), 80, DRAWN) == []


SHIFTED = """
    from same_conformance import plan as plans

    def build(case):
        def execute(x, kernel):
            here = case.resized(x.shape[1:-1])
            a = here.axes[0]
            reads = plans.index_map(size=a.size, kernel=a.kernel, stride=1, dilation=1, before=2, out=a.output_size)
            return spec.execute(here, (x, kernel), plans.Plan((reads,), (a.output_size,))).astype(case.dtype)

        return execute

    implementation = Implementation(name="fake", framework="numpy", build=build)
"""


def test_show_draws_what_a_stranger_reads(plugin: Install) -> None:
    plugin("fake", SHIFTED)
    result = CliRunner().invoke(cli.main, ["show", "conv.n4.k3", "--with", "fake"])
    assert result.exit_code == 0, result.output
    assert (
        """\
fake: pads 2 before and 0 after ≠ SAME
  input ·  ·  │ 0  1  2  3  │
  out 0 a* b* │ c*          │    ≠
  out 1    a* │ b* c*       │    ≠
  out 2       │ a* b* c*    │    ≠
  out 3       │    a* b* c* │    ≠
batch 0, channel 0
"""
        in result.output
    )


def test_show_alone_draws_what_same_asks_for() -> None:
    result = CliRunner().invoke(cli.main, ["show", "conv_transpose.n1.k2.s3"])
    assert result.output.endswith("""\
a, b, c are the taps of the kernel; each line is an input element
SAME: crops 0 before and 0 after, 1 zeros added at the end
  output │ 0  1  2  │
    in 0 │ a  b     │
""")


def test_a_right_implementation_is_said_to_be(plugin: Install) -> None:
    plugin("fake", "implementation = Implementation(name='fake', framework='numpy', build=right)")
    result = CliRunner().invoke(cli.main, ["show", "avg_pool.n3.k2", "--with", "fake"])
    assert result.output.endswith("what fake reads is what SAME asks for\n")
    plugin("none", "def conv(*a, **k):\n    raise Unsupported('not today')\n"
                   "implementation = Implementation(name='none', framework='numpy', conv=conv)")  # fmt: skip
    result = CliRunner().invoke(cli.main, ["show", "conv.n3.k2", "--with", "none"])
    assert result.exit_code == 0
    assert result.output.endswith("  out 2 │       a  │ b\n")


def test_a_terminal_without_the_characters_gets_plain_ones() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    for command in (["show", "conv.n6-5.k3-2.s2-1"], ["explain", "--size", "224", "--kernel", "4"]):
        full = [sys.executable, "-m", "same_conformance", *command]
        result = subprocess.run(full, env=environment, capture_output=True, check=False)
        assert (result.returncode, result.stderr) == (0, b"")
        assert b"?" not in result.stdout
        assert b" | 0" in result.stdout or b" |   0" in result.stdout


def test_marks_are_there_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    case = parse("conv.n4.k3.s2")
    plan = mutants.RULES["half"].plan(case)  # type: ignore[misc]
    assert plan is not None
    picture = Picture("it", case, np.zeros((1, 2, 1)), np.ones((1, 2, 1)), windows.of_plan(case, plan))
    console = Console(force_terminal=True, width=80)
    with console.capture() as capture:
        for line in drawing.draw(picture, 80, DRAWN):
            console.print(line)
    assert "31m" not in capture.get()
    assert "b*" in capture.get()
    monkeypatch.delenv("NO_COLOR")
    console = Console(force_terminal=True, width=80, color_system="standard")
    with console.capture() as capture:
        for line in drawing.draw(picture, 80, DRAWN):
            console.print(line)
    assert "31m" in capture.get()
