"""Ctrl-C is never lost, is obeyed at once, leaves no process behind, and the last words are true."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from same_conformance import record
from same_conformance.run import Request, run
from same_conformance.selection import Query

Install = Callable[..., Path]
GOOD = "implementation = Implementation(name='fake', framework='numpy', build=right)"
STUCK = """
    import os, pathlib, time
    pathlib.Path(os.environ["BEGAN"]).write_text(str(os.getpid()))
    time.sleep(25)
"""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Undo what a shell does to its background jobs, and so perhaps to these tests: there SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Swallowing:
    """A watcher in which an interrupt gets lost once, as in a hook of the garbage collector."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.n_after = -1

    def say(self, text: str) -> None:
        """Show nothing."""

    def progress(self, what: str, done: int, total: int, now: str = "") -> None:
        """Lose the interrupt, and count what still happens."""
        self.n_after += self.n_after >= 0
        if what == self.stage and self.n_after < 0:
            self.n_after = 0
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("stage", ["drawing", "executing", "diagnosing"])
def test_an_interrupt_that_got_lost_ends_the_run_all_the_same(plugin: Install, tmp_path: Path, stage: str) -> None:
    plugin("fake", "def conv(x, *a, **k):\n    return x\n"
                   "implementation = Implementation(name='fake', framework='numpy', conv=conv)")  # fmt: skip
    watcher = Swallowing(stage)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(Request(["fake"], Query(n_cases=60, ops=["conv"], ranks=[1]), tmp_path), watcher)
    assert signal.getsignal(signal.SIGINT) is before
    assert (tmp_path / record.FILE).exists() == (stage != "drawing")
    assert watcher.n_after < 5
    if stage != "drawing":
        assert record.read(tmp_path / record.FILE).footer == {}


def test_an_interrupt_in_a_hook_of_the_garbage_collector_is_noticed_and_not_printed(
    plugin: Install, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plugin("fake", GOOD)
    armed = [True]

    def hook(phase: str, info: object) -> None:
        if armed and drawing:
            armed.clear()
            signal.raise_signal(signal.SIGINT)

    drawing: list[str] = []

    class Watcher(Swallowing):
        def progress(self, what: str, done: int, total: int, now: str = "") -> None:
            if what == "drawing":
                drawing.append(what)
                gc.collect()

    gc.callbacks.append(hook)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(Request(["fake"], Query(n_cases=60, ops=["conv"]), tmp_path), Watcher(""))
    finally:
        gc.callbacks.remove(hook)
    assert not armed
    assert "KeyboardInterrupt" not in capfd.readouterr().err


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            return not Path("/proc/self").exists()
        return False


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["list", "--start"], ["show", "conv.n5.k3", "--with", "fake"], ["run", "fake", "spec", "--out", "out"]],
    ids=lambda arguments: "-".join(arguments[:2]),
)
def test_ctrl_c_while_an_implementation_starts_is_obeyed_at_once(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    plugin("fake", STUCK)
    began = tmp_path / "began"
    monkeypatch.setenv("BEGAN", str(began))
    process = subprocess.Popen(
        [sys.executable, "-m", "same_conformance", *arguments], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )  # fmt: skip
    assert _until(lambda: began.exists() and began.read_text() != "", 60)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    interrupted_s = time.monotonic()
    _, error = process.communicate(timeout=60)
    assert time.monotonic() - interrupted_s < 10
    assert process.returncode == 130, error
    said = error.decode()
    assert "interrupted" in said
    assert "Traceback" not in said
    assert "what was recorded" not in said
    assert _until(lambda: not _lives(int(began.read_text())), 5)
