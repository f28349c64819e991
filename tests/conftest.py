"""Fixtures: plug-ins that a test writes, installed as a stranger's package would be; records; a browser."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import talking
from browsing import CHROMIUM, Open, Tab, needed
from same_conformance.case import parse
from same_conformance.judge import Judgement
from same_conformance.plugins import GROUP
from same_conformance.record import Record, Result, Writer

LONGEST = (
    "test_witnesses",
    "test_repro",
    "test_diagnosis",
    "test_documents",
    "test_run",
    "test_diagnosis_kinds",
    "test_causes",
    "test_picture",
    "test_packaging",
    "test_mutants",
)
"""Modules of half a minute and more of one process, the longest first; begun last, one would have the rest wait for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that take longest."""
    if lost := [name for name in LONGEST if not Path(__file__).with_name(f"{name}.py").exists()]:
        raise pytest.UsageError(f"{Path(__file__).name} would begin with {', '.join(lost)}: there is no such module")
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONGEST)))


RIGHT = """
from same_conformance import Implementation, Unsupported, spec

def right(case):
    return lambda x, *rest: spec.execute(case.resized(x.shape[1:-1]), (x, *rest)).astype(case.dtype)
"""
"""The beginning of a fake: `right` does what the spec does, as ``build`` and as ``gradient``."""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that installs a package with one implementation; gives back the path of its module.

    ``plugin(name, body, distribution=..., value=...)`` writes a module after `RIGHT`, in which `body` must define
    ``implementation``, with the metadata that pip would leave, on the path of this process and its workers.
    """

    def install(name: str, body: str, *, distribution: str = "", value: str = "") -> Path:
        distribution = distribution or f"their-{name}"
        module = "plugin_" + distribution.replace("-", "_").replace(".", "_")
        root = tmp_path / distribution
        info = root / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {value or module + ':implementation'}\n")
        path = root / f"{module}.py"
        path.write_text(RIGHT + textwrap.dedent(body))
        monkeypatch.syspath_prepend(str(root))
        paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
        return path

    return install


@pytest.fixture
def write_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that writes a program in Python, and the file that describes it, into the current directory."""
    monkeypatch.chdir(tmp_path)

    def install(body: str, claims: str = "", head: str = talking.TALK + talking.RIGHT + talking.HELLO) -> Path:
        (tmp_path / "talk.py").write_text(head + textwrap.dedent(body))
        claims = claims or "ops=('conv',)"
        (tmp_path / "mine.py").write_text(
            "import sys\nfrom same_conformance import Program\n"
            f"implementation = Program(name='mine', command=(sys.executable, 'talk.py'), {claims})\n"
        )
        return tmp_path / "mine.py"

    return install


FOOTER = {"seconds": 1.0, "start_seconds": 0.5, "outputs": {}, "unpacked": [], "causes": []}


def about(name: str, version: str = "1.0", **more: Any) -> dict[str, Any]:
    """Return what a header says of an implementation."""
    texts = dict.fromkeys(("summary", "rule", "homepage", "sources"), "")
    lists = {"ops": ["conv"], "ranks": [1], "dtypes": ["float32"], "paddings": ["same"], "environment": {}}
    return {"name": name, "version": version, "framework": "numpy", "distribution": f"their-{name}", "python": "3.11.7",
            "platform": "Linux", "builtin": False, "compile_together": 1, "versions": {"numpy": "2.0"}, **texts, **lists,
            **more}  # fmt: skip


def record_of(
    outcomes: Mapping[str, Mapping[str, Judgement | str]], *, finished: bool = True, footer: Any = None, **header: Any
) -> Record:
    """Return the record of a run that nobody ran: ``{implementation: {case id: judgement, or a verdict alone}}``."""
    cases = sorted({parse(case) for of in outcomes.values() for case in of}, key=lambda case: case.canonical_key)
    values = {
        "began": "2026-01-02T03:04:05Z", "same_conformance": "0.1.0", "command": "same-conformance run", "profile": "quick",
        "seed": 0, "n_wanted": 0, "n_drawn": 0, "cases": [[case.id, "given"] for case in cases],
        "implementations": [about(name) for name in sorted(outcomes)], "not_started": {}, "not_installed": [],
        "expectations": [], "variables": {}, "limits": {}, "python": "3.11.7", "spec_sources": "abc",
    }  # fmt: skip
    results = [
        Result(name, parse(case), j if isinstance(j, Judgement) else Judgement(j))  # type: ignore[arg-type]
        for name, of in outcomes.items()
        for case, j in of.items()
    ]
    return Record({**values, **header}, results, {**FOOTER, **(footer or {})} if finished else {})


def keep(record: Record, path: Path) -> Path:
    """Write a record to `path`, a directory, and give that back."""
    path.mkdir(parents=True, exist_ok=True)
    writer = Writer(path / "run.jsonl", record.header, record.results)
    if record.footer:
        writer.finish(record.footer)
    writer.close()
    return path


@pytest.fixture
def made() -> Callable[..., Record]:
    """Return `record_of`; tests cannot import this file."""
    return record_of


@pytest.fixture
def kept() -> Callable[[Record, Path], Path]:
    """Return `keep`."""
    return keep


@pytest.fixture
def described() -> Callable[..., dict[str, Any]]:
    """Return `about`."""
    return about


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from records import small_record, write

    return write(small_record(), tmp_path_factory.mktemp("report") / "index.html")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with needed("playwright.sync_api").sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Open]:
    """Return a function that opens a tab, offline; a complaint or a request of any of them fails the test."""
    contexts, tabs = [], []

    def open_tab(**options: Any) -> Tab:
        context = chromium.new_context(offline=True, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        one = Tab(context.new_page())
        tabs.append(one)
        one.page.on(
            "console",
            lambda message: one.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.on("dialog", lambda dialog: (one.complaints.append("dialog"), dialog.dismiss()))
        return one

    yield open_tab
    for context in contexts:
        context.close()
    for one in tabs:
        assert one.complaints == []
        assert [url for url in one.requests if not url.startswith(("file:", "about:", "blob:"))] == []
        assert {url.partition("#")[0] for url in one.requests if url.startswith("file:")} <= {
            url.partition("#")[0] for url in one.requests[:2]
        }


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Callable[..., None]:
    """Return a function that writes the author's test module: the one line, with what is given in its brackets."""

    def write(arguments: str = '"mine", ops=["conv"], ranks=[1]', before: str = "") -> None:
        line = f"test_same = conformance_tests({arguments})"
        lines = ["from same_conformance.pytest_plugin import conformance_tests", before, line, ""]
        pytester.path.joinpath("test_mine.py").write_text("\n".join(lines), encoding="utf-8")
        pytester.path.joinpath("pytest.ini").write_text("[pytest]\n")

    return write


@pytest.fixture
def unexplained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes long of the text of a failure, for tests that are about other things."""
    from same_conformance.testsuite.explanation import Explainer

    monkeypatch.setattr(Explainer, "_find", lambda *_, **__: [])
