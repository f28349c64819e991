"""The implementations in docs/third_party load without their libraries, and what is listed of them holds together."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from same_conformance import cli, expectations, findings
from same_conformance.judge import Judgement

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "third_party"
LIST = FOLDER / "expectations.toml"
LOADER = """
import importlib.util, json, sys
from pathlib import Path
from same_conformance import Implementation

LIBRARIES = {"efficientnet_pytorch", "equinox", "flax", "haiku", "jax", "keras", "onnx", "onnxruntime", "openvino",
             "tensorflow", "timm", "torch"}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LIBRARIES:
            raise ImportError(f"{name} was imported")

sys.meta_path.insert(0, Blocker())
found = {}
for file in map(Path, sys.argv[1:]):
    sys.path.insert(0, str(file.parent))  # as a worker does
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for attribute, value in vars(module).items():
        if isinstance(value, Implementation):
            found[f"docs/third_party/{file.name}:{attribute}"] = value.name
print(json.dumps(found))
"""


def constant(name: str) -> tuple[str, ...]:
    """Return a tuple that noxfile.py defines; nox itself need not be installed."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assigned = (n for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == name)
    value: tuple[str, ...] = ast.literal_eval(next(assigned).value)
    return value


@pytest.fixture(scope="module")
def described() -> dict[str, str]:
    """Return the name of every implementation in the folder, by the file and attribute that a run takes."""
    files = sorted(file for file in FOLDER.glob("*.py") if file.name != "write_findings.py")
    command = [sys.executable, "-c", LOADER, *map(str, files)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found: dict[str, str] = json.loads(result.stdout)
    return found


def test_every_file_is_described_without_its_library_and_nox_runs_all_of_them(described: dict[str, str]) -> None:
    assert sorted(described) == sorted((*constant("THIRD_PARTY"), *constant("ONNX")))
    assert len(set(described.values())) == len(described)


def test_known_failures_and_findings_concern_somebody_and_each_other(described: dict[str, str]) -> None:
    entries, found = expectations.parse_all(LIST.read_text(encoding="utf-8"), str(LIST))
    names = set(described.values())
    assert {entry.implementation for entry in entries} <= names
    assert {finding.implementation for finding in found.values()} <= names
    assert {entry.finding for entry in entries} == set(found)


def test_every_finding_is_expected_on_its_smallest_case() -> None:
    entries, found = expectations.parse_all(LIST.read_text(encoding="utf-8"), str(LIST))
    for finding in found.values():
        of_it = [e for e in entries if (e.finding, e.implementation) == (finding.name, finding.implementation)]
        predicted = [verdict for entry in of_it for verdict in entry.predicts(finding.case)]
        assert predicted, finding.name
        assert list(findings.recheck(finding, entries, Judgement(predicted[0]), "")) == []  # type: ignore[arg-type]


def test_the_page_shows_every_finding_with_its_smallest_case(described: dict[str, str]) -> None:
    page = (FOLDER / "findings.md").read_text(encoding="utf-8")
    _, found = expectations.parse_all(LIST.read_text(encoding="utf-8"), str(LIST))
    file_of = {name: file for file, name in described.items()}
    assert re.findall(r'<a id="(.*?)">', page) == list(found)
    for finding in found.values():
        assert f"repro {finding.case} --with {file_of[finding.implementation]}" in page


def test_the_overview_links_every_finding_and_names_the_versions_that_nox_installs() -> None:
    overview = (FOLDER / "README.md").read_text(encoding="utf-8")
    document = tomllib.loads(LIST.read_text(encoding="utf-8"))
    assert set(re.findall(r"findings\.md#([\w-]+)", overview)) == set(document["finding"])
    requirements = "\n".join(file.read_text(encoding="utf-8") for file in FOLDER.glob("requirements*.txt"))
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", requirements, re.MULTILINE))
    del pinned["numpy"]
    for package, version in pinned.items():
        assert version in overview, package
        seen = [finding["seen"] for finding in document["finding"].values() if package in finding["seen"].split()]
        assert all(f"{package} {version}" in text for text in seen)


CASES = ("conv.n6-7.k3-2.s2-1.c2-3", "conv_transpose.n3.k2.s2", "max_pool.n5.k3.s2", "avg_pool.n2.k3.s2")
ENTRY = """
[[expectation]]
implementation = "keras-layers-torch"
when = "op == 'max_pool'"
verdict = "value"
reason = "a test says so"
link = "not reported"
"""


@pytest.mark.parametrize(("more", "exit_code"), [("", 0), (ENTRY, 1)])
def test_a_file_runs_green_with_its_list_and_red_once_an_entry_is_stale(
    more: str, exit_code: int, tmp_path: Path
) -> None:
    listed = tmp_path / "expectations.toml"
    listed.write_text(LIST.read_text(encoding="utf-8") + more, encoding="utf-8")
    cases = [option for case in CASES for option in ("--case", case)]
    file = str(FOLDER / "keras_layers.py:on_torch")
    command = ["run", file, *cases, "--expectations", str(listed), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(cli.main, command)
    assert result.exit_code == exit_code, result.output
    assert ("stale" in result.output) == bool(more)
