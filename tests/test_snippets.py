"""The code to copy does what SAME asks, on the frameworks themselves; what they cannot do is said, and is no code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from layers import CASES, parameters_of
from run_snippets import channels_first
from same_conformance import operands
from same_conformance.case import POOLS, Case, parse
from same_conformance.explain import snippets

ONEDNN = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "JAX_PLATFORMS": "cpu",
}
"""As the code says where it matters."""


def code_of(case: Case, framework: str) -> str:
    return "\n".join(snippets.write(parameters_of(case))[framework])


def run(framework: str, codes: dict[str, str]) -> dict[str, str]:
    """Return for each id what came of its code."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_snippets.py")), framework],
        input=json.dumps(list(codes.items())),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ONEDNN,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def is_refused(case: Case, framework: str) -> bool:
    """Tell what a framework cannot do, said a second time, so that no code is missing by mistake."""
    is_pool, strides, dilates = case.op in POOLS, max(case.stride) > 1, max(case.dilation) > 1
    if framework == "TensorFlow":
        return is_pool and dilates
    if framework == "ONNX":
        return case.id in ("max_pool.n9-8.k3-2.d2-3", "avg_pool.n9-8.k3-2.d2-3")
    if framework != "Keras":
        return False
    shorter = case.op == "conv_transpose" and case.output_size != tuple(
        n * s for n, s in zip(case.size, case.stride, strict=True)
    )
    by_channel = case.op == "depthwise_conv" and (case.rank == 3 or len(set(case.stride)) > 1)
    lower = case.padding == "same_lower" and case.op not in ("conv", "depthwise_conv")
    return (dilates and (is_pool or strides)) or shorter or by_channel or lower


@pytest.mark.parametrize("framework", ["PyTorch", "TensorFlow", "Keras", "JAX", "ONNX"])
def test_the_code_to_copy_does_what_same_asks(framework: str) -> None:
    said = run(framework, {case.id: code_of(case, framework) for case in CASES})
    assert said == {case.id: "refused" if is_refused(case, framework) else "right" for case in CASES}


def test_the_test_above_would_notice() -> None:
    wrong = {
        "conv.n9.k3.s2": "import torch.nn.functional as F\ny = F.conv1d(F.pad(x, (0, 2)), kernel, stride=2)",
        "conv.n5.k4.d2": "y = no_such_name",
    }
    said = run("PyTorch", wrong)
    assert said["conv.n9.k3.s2"].startswith("value: ")
    assert said["conv.n5.k4.d2"].startswith("NameError: ")


def test_a_kernel_of_tensorflow_becomes_one_of_torch_as_the_comment_says() -> None:
    """Its shape for every op with a kernel; that the values are right where they land, for operands that tell all taps apart."""
    torch = pytest.importorskip("torch")
    checked = 0
    for case in CASES:
        found = re.search(r"^# kernel from TensorFlow's (.*): (kernel\..*)$", code_of(case, "PyTorch"), re.MULTILINE)
        assert (found is None) == (case.op in POOLS)
        if found is None:
            continue
        kernel = torch.from_numpy(operands.make(case)[1])
        ours = eval(found[2], {"kernel": kernel})  # noqa: S307  # this is what a reader copies
        assert np.array_equal(ours.numpy(), channels_first(case, operands.make(case))[1]), case.id
        checked += 1
    assert checked > 20


def test_torch_pads_by_itself_where_it_can() -> None:
    """What is shortest is what people write: a strided 3x3 on 225 wants padding=1, a 4x4 upsampling by two as well."""
    texts = (
        "conv.n225-225.k3-3.s2-2",
        "conv_transpose.n3-4.k4-4.s2-2",
        "max_pool.n7-6.k3-3",
        "avg_pool.n7-9.k3-5.s2-2",
    )
    for text in texts:
        code = code_of(parse(text), "PyTorch")
        assert ", padding=(" in code, text
        assert "F.pad" not in code, text


def test_what_the_code_for_onnx_says_of_auto_pad_is_so() -> None:
    """Where a comment offers auto_pad it is right; with a dilation it never is; at stride > kernel it is wrong for this size."""
    size = parse("avg_pool.n3.k1.s3")
    codes, comments = {}, {}
    for case in (*CASES, size):
        code = code_of(case, "ONNX")
        mode = "SAME_UPPER" if case.padding == "same" else "SAME_LOWER"
        if case.op != "conv_transpose" and "auto_pad" in code:
            codes[case.id] = re.sub(r"pads=\[[^]]*\]", f'auto_pad="{mode}"', code)
            comments[case.id] = code.splitlines()[-1]
    said = run("ONNX", codes)
    for text, comment in comments.items():
        if comment.startswith("# or auto_pad"):
            assert said[text] == "right", text
        elif "with a dilation" in comment:
            assert said[text] != "right", text
    assert "at stride > kernel" in comments[size.id]
    assert said[size.id].startswith("value")


def test_onnx_runtime_refuses_pads_as_long_as_the_window() -> None:
    text = "max_pool.n9-8.k3-2.d2-3"
    node = 'helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], strides=[1, 1], dilations=[2, 3], pads=[2, 1, 2, 2])'
    said = run("ONNX", {text: f"from onnx import helper\nnode = {node}"})[text]
    assert "pad" in said.lower()
    assert said != "right"


def test_every_framework_is_written_for() -> None:
    found = snippets.write(parameters_of(CASES[0]))
    assert list(found) == ["PyTorch", "TensorFlow", "Keras", "JAX", "ONNX"]
    assert all(lines[0].startswith(("import", "from", "#")) for lines in found.values())
