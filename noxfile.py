"""Tasks: ``nox -s conformance`` is the main job, ``nox -s tests`` the tests; ``nox -l`` lists all."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "virtualenv"  # uv would not see a CPU build of torch that pip was told about
nox.options.reuse_venv = "yes"

CONSTRAINTS = ("--constraint", "constraints.txt")


def install(session: nox.Session, *requirements: str) -> None:
    """Install with the pinned versions of the frameworks."""
    session.install(*CONSTRAINTS, *requirements)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the suite on TensorFlow, JAX, PyTorch and Keras; arguments go to ``same-conformance run``."""
    install(session, "-e", ".[frameworks]")
    session.run("same-conformance", "run", "--all-must-start", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    install(session, "-e", ".[frameworks]", "-r", "tests/requirements.txt")
    session.run("pytest", "--numprocesses=auto", *session.posargs)


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
            "errors",
            "exactness",
            "implementation",
            "messages",
            "operands",
            "padding",
            "plan",
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


@nox.session
def scoreboard(session: nox.Session) -> None:
    """Run everything built in and keep the result in reports/scoreboard, which is committed."""
    install(session, "-e", ".[frameworks]")
    latest, kept = Path("reports/latest"), Path("reports/scoreboard")
    session.run("same-conformance", "run", "--all-must-start", "--out", str(latest), *session.posargs)
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
def build(session: nox.Session) -> None:
    """Build the sdist and the wheel into dist/."""
    session.install("build")
    session.run("python", "-m", "build")
