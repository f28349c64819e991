"""Implementations in commands: a line that is copied names what the run was given, and says what that is."""

from __future__ import annotations

import json
from pathlib import Path

from records import about, header
from same_conformance.report import commands

ONNX = "docs/third_party/onnx_models.py"


def of(command: str, *names: str, distribution: str = "onnx_models.py") -> dict[str, object]:
    return header([], *(about(name, distribution=distribution, builtin=False) for name in names)) | {"command": command}


def test_a_file_is_named_as_the_run_was_given_it() -> None:
    found = of(
        f"same-conformance run jax {ONNX}:runtime {ONNX}:openvino --python={ONNX}:runtime=py", "onnxruntime", "openvino"
    )
    assert commands.callees(found) == {"onnxruntime": f"{ONNX}:runtime", "openvino": f"{ONNX}:openvino"}


def test_a_file_that_the_command_does_not_tell_apart_is_named_without_a_guess() -> None:
    assert commands.callees(of(f"same-conformance run {ONNX}:a {ONNX}:b", "one", "two")) == {"one": ONNX, "two": ONNX}
    unknown = {"one": "path/to/onnx_models.py", "two": "path/to/onnx_models.py"}
    assert commands.callees(of("same-conformance run x", "one", "two")) == unknown
    assert commands.callees(of("same-conformance run 'broken", "one", "two")) == unknown


def test_a_file_of_this_project_is_said_to_be_one_with_what_it_needs() -> None:
    found = of(f"same-conformance run {ONNX}:openvino", "openvino")
    note = commands.file_notes(found)["openvino"]
    for words in (
        ONNX,
        "checkout",
        "pip install -r docs/third_party/requirements-onnx.txt",
        "Nothing stands alone here",
    ):
        assert words in note
    assert commands.file_notes(of("run", "mine", distribution="theirs")) == {}


def test_what_it_needs_is_there() -> None:
    """Each of the project's files has a list of requirements that exists."""
    root = Path(__file__).parents[1]
    files = sorted((root / "docs" / "third_party").glob("*_*.py"))
    assert len(files) > 5
    for path in files:
        needs = commands._needs(f"docs/third_party/{path.name}")
        assert (root / needs.rpartition(" ")[2]).is_file(), json.dumps(needs)
