"""What is installed: the wheel holds the cases, the core needs no framework, workers need nothing of ours."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "tensorflow", "jax", "keras"}:
            raise ImportError(f"the host imported {name}")
sys.meta_path.insert(0, Blocker())
"""
EVERYTHING = """
import pkgutil, importlib, same_conformance
for module in pkgutil.walk_packages(same_conformance.__path__, "same_conformance."):
    if not module.name.startswith("same_conformance.frameworks.") and module.name != "same_conformance.runner.bootstrap":
        importlib.import_module(module.name)
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_no_module_of_the_host_imports_a_framework() -> None:
    result = python(BLOCKER + EVERYTHING)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax", "keras"])
def test_the_test_above_would_notice(framework: str) -> None:
    result = python(BLOCKER + f"import same_conformance.frameworks.{framework}")
    assert "the host imported" in result.stderr


def test_listing_and_selecting_import_no_framework() -> None:
    code = "from same_conformance import plugins, selection; plugins.installed(); selection.select(selection.Query(n_cases=5, ops=['conv']))"
    result = python(BLOCKER + code)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", out, ROOT], check=True, capture_output=True)
    (found,) = out.glob("*.whl")
    return found


def test_the_wheel_holds_the_cases_the_templates_and_the_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    requirements = ("requirements/manifest.json", "requirements/same-2d-2026.txt")
    for name in ("corpus.jsonl", "networks.jsonl", "expectations.toml", "witnesses.jsonl", *requirements):
        assert f"same_conformance/cases/{name}" in names
    assert "same_conformance/report/templates/index.html" in names
    assert "same_conformance/report/templates/mutants.html" in names
    assert "same_conformance/report/templates/changes.html" in names
    assert "same_conformance/mutants/halves.py" in names
    assert "same_conformance/py.typed" in names
    for template in ("pyproject.toml", "layers/torch.py", "workflow.yml", "gitignore"):
        assert f"same_conformance/scaffold/templates/{template}.template" in names
    assert not any(name.startswith(("tests", "benchmarks", "conformance")) for name in names)


def test_the_wheel_runs_without_a_framework(wheel: Path, tmp_path: Path) -> None:
    """Installed beside nothing but the core's dependencies: it lists, runs the spec, and says what is missing."""
    environment = tmp_path / "venv"
    venv.create(environment)
    executable = environment / "bin/same-conformance"
    pip = [sys.executable, "-m", "pip", "--python", environment / "bin/python"]  # a pip of its own would take 5 s
    subprocess.run([*pip, "install", "--quiet", "--no-compile", wheel], check=True, capture_output=True)
    listed = subprocess.run([executable, "list"], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert "cannot start: torch is not installed; try: python -m pip install torch" in listed
    arguments = [executable, "run", "--out", tmp_path / "out"]
    quick = [*arguments, "--profile", "quick"]
    result = subprocess.run(quick, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "torch-explicit did not start: torch is not installed" in result.stdout
    assert "witnesses recorded: TensorFlow" in result.stdout
    named = subprocess.run(
        [*arguments, "torch-explicit", "spec", "--case", "conv.n5.k3"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert named.returncode == 3
