"""Fixtures: plug-ins that a test writes, installed as a stranger's package would be."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from same_conformance.plugins import GROUP

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
