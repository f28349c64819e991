"""What the documents show as examples are files that run as they are, and are right for whatever they do not refuse."""

from __future__ import annotations

import importlib.util
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from same_conformance import cli, lookup, record, strategies
from same_conformance.case import DTYPES, Case, parse
from same_conformance.judge import Judge
from same_conformance.runner.pool import Pool

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = DOCS / "examples"
IS_CI = bool(os.environ.get("CI"))
"""Where nothing may be skipped."""
FRAMEWORKS = ["torch_function", "torch_module", "jax_function", "tensorflow_function", "numpy_function"]


def needed(name: str) -> ModuleType:
    """Return a module of ``tests/requirements.txt``; where it is not installed, skip, but not in CI."""
    module: ModuleType = importlib.import_module(name) if IS_CI else pytest.importorskip(name)
    return module


def sample() -> list[Case]:
    """Return cases of the ops that the examples have: in every rank and dtype, gradients, and two sizes in turn."""
    drawn = strategies.draw_distinct(n=24, seed=5, ops=("conv", "max_pool"), dtypes=DTYPES).cases
    more = ["conv.n6-5.k3-2.s2-1.c2-4.g2", "conv.n5-4.k3-3.c2-3.input_gradient", "conv.n5-4.k3-3.s2-2.c2-3.kernel_gradient",
            "conv.n7-6.k3-3.s2-2.calls2", "conv.n5-4.k2-2.s3-3.float64", "max_pool.n6-5.k3-2.s2-1.c3"]  # fmt: skip
    return [*map(parse, more), *drawn]


def verdicts(example: str | Path, cases: list[Case]) -> dict[str, str]:
    """Run `cases` on the implementation of an example, or of a file, and return the verdict of each."""
    file = example if isinstance(example, Path) else EXAMPLES / f"{example}.py"
    with Pool() as pool:
        pool.start(lookup.look_up([], [str(file)], {}, pool))
        assert not pool.failures, pool.failures
        (name,) = pool.started
        judge = Judge()
        return {case.id: judge.judge(case, outcome).verdict for _, case, outcome in pool.run({name: cases})}


@pytest.mark.parametrize("example", FRAMEWORKS)
def test_an_example_is_right_for_whatever_it_does_not_refuse(example: str) -> None:
    found = verdicts(example, sample())
    assert set(found.values()) <= {"pass", "unsupported", "unspecified"}, found
    assert found["conv.n7-6.k3-3.s2-2.calls2"] == "pass"
    gradients = [found["conv.n5-4.k3-3.c2-3.input_gradient"], found["conv.n5-4.k3-3.s2-2.c2-3.kernel_gradient"]]
    assert gradients == (["unsupported"] * 2 if example == "numpy_function" else ["pass"] * 2)
    assert Counter(found.values())["pass"] >= 8


def test_a_layer_that_freezes_its_padding_is_found_out_in_the_module_example(tmp_path: Path) -> None:
    """So the two sizes in turn reach the layer itself."""
    text = (EXAMPLES / "torch_module.py").read_text()
    right = "        pads = []\n"
    frozen = "        if hasattr(self, 'pads'):\n            return F.conv2d(F.pad(x, self.pads), self.weight, None, self.stride, 0, self.dilation)\n"
    assert right in text
    broken = text.replace(right, frozen + right).replace("        return F.conv2d(F.pad(x, pads)", "        self.pads = pads\n        return F.conv2d(F.pad(x, pads)")  # fmt: skip
    (tmp_path / "frozen.py").write_text(broken)
    case = parse("conv.n7-6.k3-3.s2-2.calls2")
    with Pool() as pool:
        pool.start(lookup.look_up([], [str(tmp_path / "frozen.py")], {}, pool))
        outcomes = {c.id: o for _, c, o in pool.run({"example-torch-module": [case, replace(case, calls=1)]})}
    judge = Judge()
    assert judge.judge(case, outcomes[case.id]).verdict != "pass"
    assert judge.judge(case.forward, outcomes[case.forward.id]).verdict == "pass"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"        bias=False,": "#"}, "value"),
        ({"        bias=False,": "#", '{"weight": kernel}': "BIASED"}, "pass"),
        ({"        dtype=": "#", '{"weight": kernel}': "BIASED", "        bias=False,": "#"}, "pass"),
        ({"    def conv(": "    layer.to(getattr(torch, case.dtype))\n\n    def conv(", "        dtype=": "#"}, "pass"),
        ({'layer, {"weight": kernel}, x': "layer, {}, x", "        dtype=": "#", "bias=False": "bias=True"}, "error"),
    ],
)
def test_the_module_example_can_be_changed_as_the_page_says(
    change: dict[str, str], verdict: str, tmp_path: Path
) -> None:
    """In float64, because a layer whose bias or weight keeps float32 cannot be called with that."""
    page = (DOCS / "plugins.md").read_text(encoding="utf-8")
    (biased,) = re.findall(r"""`(\{"weight": kernel, "bias": .+\})`""", page)
    assert "`layer.to(getattr(torch, case.dtype))`" in page
    text = (EXAMPLES / "torch_module.py").read_text(encoding="utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new.replace("BIASED", biased))
    (tmp_path / "changed.py").write_text(text)
    found = verdicts(tmp_path / "changed.py", [parse("conv.n5-4.k2-2.s3-3.c2-4.float64")])
    assert set(found.values()) == {verdict}


def test_the_onnx_example_is_right_where_onnx_runtime_is_and_shows_where_it_is_not() -> None:
    needed("onnxruntime")
    needed("onnx")
    cases = [case for case in sample() if case.dtype == "float32" and case.compared == "forward"]
    found = verdicts("onnx_model", [*cases, parse("conv.n1.k1.d2"), parse("max_pool.n1.k2.d2")])
    plain = [c.id for c in cases if all(a.dilation == 1 and a.kernel >= a.stride for a in c.axes)]
    assert {found[i] for i in plain} == {"pass"}
    assert len(plain) >= 3
    assert found["max_pool.n1.k2.d2"] not in ("pass", "unsupported")


def test_an_example_runs_by_the_command_of_the_documents(tmp_path: Path) -> None:
    commands = re.findall(
        r"^\$ same-conformance run (docs/examples/\S+)", (DOCS / "plugins.md").read_text(), re.MULTILINE
    )
    assert commands
    for path in commands:
        args = ["run", str(DOCS.parent / path), "--case", "conv.n6.k3.s2", "--out", str(tmp_path)]
        result = CliRunner().invoke(cli.main, args)
        assert result.exit_code == 0, result.output
        assert record.read(tmp_path / record.FILE).results


def including() -> ModuleType:
    spec = importlib.util.spec_from_file_location("include_examples", DOCS / "include_examples.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_documents_show_the_examples_as_they_are() -> None:
    included: Callable[[str], str] = including().included
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert included(text) == text, f"{page.name} shows an old example: run python docs/include_examples.py"
    shown = set(re.findall(r"<!-- docs/examples/(\S+) -->", "".join(p.read_text() for p in DOCS.glob("*.md"))))
    assert {f"{name}.py" for name in FRAMEWORKS} | {"onnx_model.py", "program.py", "program.js"} == shown


def test_a_page_that_shows_an_old_example_is_noticed() -> None:
    page = "before\n<!-- docs/examples/program.py -->\n```python\nold\n```\nafter\n"
    now = including().included(page)
    assert (EXAMPLES / "program.py").read_text() in now
    assert "old" not in now
    assert (now.startswith("before\n"), now.endswith("\nafter\n")) == (True, True)
