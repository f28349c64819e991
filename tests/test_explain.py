"""The calculator in the terminal: the numbers are those of the rule, and the code is code."""

import subprocess
import sys
from itertools import product

import pytest
from click.testing import CliRunner, Result

from same_conformance import cli, packing
from same_conformance import padding as rule
from same_conformance.axis import Axis
from same_conformance.case import OPS
from same_conformance.diagnosis.reading import of_same
from same_conformance.errors import UsageError
from same_conformance.explain import arithmetic, parameters


def explain(*args: str) -> Result:
    return CliRunner().invoke(cli.main, ["explain", *args])


def test_an_explanation_in_full() -> None:
    result = explain("--size", "6", "--kernel", "3", "--stride", "2")
    assert result.exit_code == 0, result.output
    expected = """\
conv, SAME: size 6 gives 3; pads 0 before and 1 after

  out    = ceil(6 / 2) = 3
  ke     = (3 - 1) * 1 + 1 = 3
  total  = max((3 - 1) * 2 + 3 - 6, 0) = max(1, 0) = 1
  before = 1 // 2 = 0
  after  = 1 - 0 = 1
(k - 1) / 2 on both sides (padding=1) is wrong here: it pads 1 before, SAME 0: every window is shifted by 1
SAME: pads 0 before and 1 after
  input    │ 0  1  2  3  4  5  │ ·
  out 0    │ a  b  c           │
  out 1    │       a  b  c     │
  out 2    │             a  b  │ c
padding=1: pads 1 before and 0 after ≠ SAME
  input ·  │ 0  1  2  3  4  5  │
  out 0 a* │ b* c*             │    ≠
  out 1    │    a* b* c*       │    ≠
  out 2    │          a* b* c* │    ≠

PyTorch
import torch.nn.functional as F

# x is NCW, kernel OIW
# kernel from TensorFlow's WIO: kernel.permute(2, 1, 0)
x = F.pad(x, (0, 1))  # last axis first; of each, before and after
y = F.conv1d(x, kernel, stride=2)

TensorFlow
import tensorflow as tf

# x is NWC, kernel WIO
y = tf.nn.conv1d(x, kernel, stride=2, padding="SAME")
"""
    assert result.output.startswith(expected)
    assert result.output.endswith("same-conformance show conv.n6.k3.s2 --with NAME\n")


def test_the_order_trap_is_named() -> None:
    output = explain("--size", "225x224", "--kernel", "3", "--stride", "2").output
    assert "size 225x224 gives 113x112; pads 1, 0 before and 1, 1 after" in output
    assert "x = F.pad(x, (0, 1, 1, 1))  # last axis first; of each, before and after" in output
    assert "pads=[1, 0, 1, 1]" in output
    assert "left out in the middle: 216 columns" in output
    assert "gives the same here" in output
    assert "is wrong here" in output


@pytest.mark.parametrize("sizes", [["225x224"], ["225,224"], ["225", "224"], ["225 x 224"], ["225X224"]])
def test_sizes_may_be_written_in_several_ways(sizes: list[str]) -> None:
    found = parameters.read(size=sizes, kernel=["3"], stride=["2,2"])
    assert (found.size, found.kernel, found.stride, found.dilation) == ((225, 224), (3, 3), (2, 2), (1, 1))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--kernel", "3"], "--size is missing: give a number, or one per axis, as in 225, 225x225 or 225,225"),
        (["--size", "5"], "--kernel is missing"),
        (["--size", "abc", "--kernel", "3"], "--size 'abc' is no size: give integers from 1 to 1048576"),
        (["--size", "5x", "--kernel", "3"], "--size '5x' is no size"),
        (["--size", "-5", "--kernel", "3"], "--size '-5' is no size"),
        (["--size", "5", "--kernel", "0"], "--kernel 0 is out of range: give integers from 1 to 1048576"),
        (["--size", "9" * 5000, "--kernel", "3"], "is out of range"),
        (["--size", "1x2x3x4", "--kernel", "3"], "4 axes are too many: give 1, 2 or 3 numbers"),
        (["--size", "5,5", "--kernel", "3,3,3"], "--size has 2 numbers where another option has 3"),
        (["--size", "5", "--kernel", "3", "--op", "pool"], "--op 'pool' is not known: use one of conv, depthwise_conv"),
        (["--size", "5", "--kernel", "3", "--padding", "valid"], "--padding 'valid' is not known: use one of same"),
        (["--size", "5", "--kernel", "3", "--output-size", "5"], "--output-size belongs to --op conv_transpose alone"),
        (
            ["--size", "5", "--kernel", "3", "--stride", "2", "--op", "conv_transpose", "--output-size", "8"],
            "ceil(output_size / stride) must be 5, so use 9 to 10",
        ),
    ],
)
def test_bad_input_gives_one_line_and_2(args: list[str], said: str) -> None:
    result = explain(*args)
    assert result.exit_code == 2
    assert said in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("padding", rule.MODES)
def test_the_arithmetic_ends_in_the_pads_of_the_rule(op: str, padding: str) -> None:
    for axis in packing.box(op, padding)[::37]:
        said = dict(line.split(" ", 1) for line in arithmetic.lines(axis, padding, transposed=op == "conv_transpose"))
        assert int(said["before"].split()[-1]) == axis.before
        assert int(said["after"].split()[-1]) == axis.after


def test_the_usual_formula_is_called_wrong_exactly_where_it_is() -> None:
    for n, k, s, d in product(range(1, 10), range(1, 5), range(1, 4), range(1, 3)):
        axis = Axis(n, k, s, d, rule.output_size(n, s), *rule.forward(n, k, s, d))
        pad = (axis.effective_kernel - 1) // 2
        out = (n + 2 * pad - axis.effective_kernel) // s + 1
        half = arithmetic.half(axis, transposed=False)
        assert half.is_right == ((pad, out) == (axis.before, axis.output_size)), axis
        assert half.is_right == (half.reading == of_same(axis, transposed=False))


def test_code_is_written_for_sizes_that_cannot_be_run() -> None:
    result = explain("--size", "1048576x1048576", "--kernel", "7")
    assert result.exit_code == 0
    assert "F.conv2d(x, kernel, padding=(3, 3))" in result.output
    assert "to see what an implementation does" not in result.output
    result = explain("--size", "1048576x1048576", "--kernel", "7", "--op", "conv_transpose")
    assert "F.conv_transpose2d(x, kernel, padding=(3, 3))" in result.output


def test_no_framework_and_no_pandas_is_imported() -> None:
    script = (
        "import sys\nfrom same_conformance import cli\n"
        "try:\n    cli.main(['explain', '--size', '225', '--kernel', '3'])\n"
        "except SystemExit:\n    pass\n"
        "found = {'pandas', 'torch', 'jax', 'tensorflow', 'hypothesis', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(','.join(found) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_errors_are_ours() -> None:
    with pytest.raises(UsageError, match="out of range"):
        parameters.read(size=["5"], kernel=["1048577"])
