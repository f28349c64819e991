"""A browser for the tests of pages: Debian's Chromium, offline, in which a complaint or a request fails the test."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

IS_CI = bool(os.environ.get("CI"))
"""Where nothing may be skipped."""

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

PHONE = {"width": 390, "height": 844}

needs_chromium = pytest.mark.skipif(
    not Path(CHROMIUM).exists() and not IS_CI, reason="there is no chromium: apt-get install chromium"
)


def needed(name: str) -> Any:
    """Return a module of ``tests/requirements.txt``; where it is not installed, skip, but not in CI."""
    return importlib.import_module(name) if IS_CI else pytest.importorskip(name)


@dataclass
class Tab:
    """A page that remembers what it complained of and what it asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def look(self, path: Path) -> Any:
        """Open a page that has no code."""
        self.page.goto(path.as_uri())
        return self.page

    def go(self, path: Path, route: str = "/") -> Any:
        """Open a report as if from a link, and wait until its code is done."""
        self.page.goto("about:blank")
        self.page.goto(f"{path.as_uri()}#{route}")
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page


Open = Callable[..., Tab]
"""Opens a tab; takes the options of a browser context."""


def follow(control: Any) -> None:
    """Click what leads to another address, and wait until that is shown: the address changes before the page does."""
    control.page.evaluate("delete document.documentElement.dataset.ready")
    control.click()
    control.page.wait_for_selector("html[data-ready]", state="attached")


def visible(page: Any) -> Any:
    """Return the one section that is shown."""
    return page.locator("main > .page:visible")


def barriers(page: Any, scheme: str = "light") -> list[tuple[str, str]]:
    """Return what axe finds serious or critical on a page, each with the element that it found it on.

    In the dark only colours can be otherwise, and only they are looked at.
    """
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    options = {"runOnly": ["color-contrast"]} if scheme == "dark" else None
    violations = axe.run(page, options=options).response["violations"]
    return [(v["id"], v["nodes"][0]["html"][:200]) for v in violations if v["impact"] in ("serious", "critical")]
