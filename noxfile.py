"""Tasks: ``nox -s conformance`` is the main job, ``nox -s tests`` the tests; ``nox -l`` lists all."""

from __future__ import annotations

import gzip
import shutil
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "virtualenv"  # uv would not see a CPU build of torch that pip was told about
nox.options.reuse_venv = "yes"

CONSTRAINTS = ("--constraint", "constraints.txt")


def install(session: nox.Session, *requirements: str) -> None:
    """Install with the pinned versions of the frameworks.

    Python compiles what is imported; pip would compile all of the frameworks first, which takes it a minute.
    """
    session.install("--no-compile", *CONSTRAINTS, *requirements)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the suite on TensorFlow, JAX, PyTorch and Keras; arguments go to ``same-conformance run``."""
    install(session, "-e", ".[frameworks]")
    session.run("same-conformance", "run", "--all-must-start", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    install(session, "-e", ".[frameworks]", "-r", "tests/requirements.txt")
    # What a module shares, it shares in one process: some of it takes half a minute. tests/conftest.py has the order.
    parallel = ("--numprocesses=auto", "--dist=loadscope", "--no-loadscope-reorder")
    session.run("pytest", *parallel, "--durations=20", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """See that the quick profile finds out every wrong implementation; arguments go to ``same-conformance mutants``."""
    session.install("-e", ".")
    session.run("same-conformance", "mutants", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, and that the worker's side runs on Python 3.9."""
    install(session, "-e", ".", "-r", "tests/requirements-lint.txt")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("vermin", "--quiet", "--no-tips", "--target=3.9-", "--violations", "--eval-annotations", *WORKER_SIDE)


_PACKAGE = "conformance/same_conformance"
WORKER_SIDE = (
    *(
        f"{_PACKAGE}/{name}.py"
        for name in (
            "__init__",
            "api",
            "axis",
            "case",
            "claims",
            "errors",
            "exactness",
            "implementation",
            "messages",
            "operands",
            "padding",
            "plan",
            "program",
            "spec",
        )
    ),
    *(f"{_PACKAGE}/runner/{name}.py" for name in ("bootstrap", "execution", "loading", "protocol", "worker")),
    f"{_PACKAGE}/frameworks",
    f"{_PACKAGE}/implementations",
)
"""What runs in a worker, whose interpreter may be older than ours."""


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure our run against the naive loop; arguments go to the benchmark."""
    install(session, "-e", ".[frameworks]")
    session.run("python", "benchmarks/naive_loop.py", *session.posargs)


THIRD_PARTY = (
    "docs/third_party/keras_layers.py:on_torch",
    "docs/third_party/keras_layers.py:on_jax",
    "docs/third_party/keras_layers.py:on_tensorflow",
    "docs/third_party/flax_linen.py:implementation",
    "docs/third_party/flax_linen.py:defaults",
    "docs/third_party/equinox_nn.py:implementation",
    "docs/third_party/haiku_nn.py:implementation",
    "docs/third_party/efficientnet.py:dynamic",
    "docs/third_party/efficientnet.py:static",
    "docs/third_party/timm_layers.py:implementation",
)
"""Libraries that live beside the frameworks."""
ONNX = (
    "docs/third_party/onnx_models.py:runtime",
    "docs/third_party/onnx_models.py:reference",
    "docs/third_party/onnx_models.py:openvino",
)
"""Engines that live in an environment of their own."""


def install_third_parties(session: nox.Session) -> list[str]:
    """Install the frameworks and all third parties; return the arguments that name the latter."""
    install(session, "-e", ".[frameworks]", "-r", "docs/third_party/requirements.txt")
    session.install("--no-deps", "-r", "docs/third_party/requirements-no-deps.txt")
    python = Path(session.virtualenv.location) / "onnx" / "bin" / "python"
    if not python.exists():
        session.run("python", "-m", "venv", str(python.parents[1]))
    session.run(
        str(python), "-m", "pip", "install", "--quiet", "-r", "docs/third_party/requirements-onnx.txt", external=True
    )
    return [*THIRD_PARTY, *ONNX, *(f"--python={name}={python}" for name in ONNX)]


@nox.session(name="third-party")
def third_party(session: nox.Session) -> None:
    """Run the implementations in docs/third_party, whose known failures are listed there, and show them in findings.md."""
    who = install_third_parties(session)
    expected = ("--expectations", "docs/third_party/expectations.toml")
    out = ("--out", "reports/third-party")
    session.run("same-conformance", "run", *who, *expected, *out, *session.posargs)
    session.run("python", "docs/third_party/write_findings.py", *who)


@nox.session
def scoreboard(session: nox.Session) -> None:
    """Run everything built in and the third parties, and keep the result in reports/scoreboard, which is committed."""
    third_parties = install_third_parties(session)
    groups = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    built_in = groups["same_conformance.implementations"]
    latest, kept = Path("reports/latest"), Path("reports/scoreboard")
    expected = ("--expectations", "docs/third_party/expectations.toml")
    out = ("--out", str(latest))
    session.run("same-conformance", "run", *built_in, *third_parties, *expected, *out, *session.posargs)
    kept.mkdir(exist_ok=True)
    for name in ("index.html", "summary.md"):
        shutil.copyfile(latest / name, kept / name)
    for name in ("results.csv", "run.jsonl"):  # these are large, and pandas and gunzip read them as they are
        (kept / f"{name}.gz").write_bytes(gzip.compress((latest / name).read_bytes(), mtime=0))


@nox.session
def networks(session: nox.Session) -> None:
    """Extract the layers of the networks in keras.applications again; rewrites cases/networks.jsonl."""
    install(session, "-e", ".[tensorflow]")
    session.run("python", "cases/extract_networks.py")


@nox.session
def record(session: nox.Session) -> None:
    """Ask TensorFlow and JAX again what they say of the cases, and show what changed; rewrites cases/witnesses.jsonl."""
    install(session, "-e", ".[tensorflow,jax]")
    session.run("python", "cases/record_witnesses.py", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build the sdist and the wheel into dist/."""
    session.install("build")
    session.run("python", "-m", "build")
