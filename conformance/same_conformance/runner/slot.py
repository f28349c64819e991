"""Keep one worker at hand: start it when it is needed, start it again after it died."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from same_conformance.errors import StartError
from same_conformance.outcome import Crash, Timeout
from same_conformance.runner import programs
from same_conformance.runner.process import BOOTSTRAP, Guardian, WorkerDied, WorkerProcess, WorkerTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from same_conformance.plugins import EntryPoint

_KEPT_OUTPUTS = 3
"""Of how many dead processes the output is kept."""


@dataclass(frozen=True)
class Limits:
    """What an implementation may take.

    Attributes:
        case_s: seconds for one case, or for one jointly compiled batch before it is split.
        start_s: seconds to import the implementation and its framework.
        memory_bytes: of data per worker; an allocation past it fails.
        n_crashes, n_timeouts: how many in a row say that an implementation always ends so; the rest of its cases is
            then not executed. A timeout takes long, so fewer of them do.

    """

    case_s: float = 60
    start_s: float = 300
    memory_bytes: int = 8 << 30
    n_crashes: int = 20
    n_timeouts: int = 5

    def in_a_row(self, fate: Crash | Timeout) -> int:
        """Return how many deaths of this kind in a row are enough."""
        return self.n_timeouts if isinstance(fate, Timeout) else self.n_crashes


class FrameworkMissingError(StartError):
    """An implementation cannot start because its framework is not installed, and for no other reason."""


class Slot:
    """A place for one worker process, and the implementations that live in it.

    Attributes:
        entry_points: who lives here.
        program: the command to start, where the worker is a `Program`; else it is our own, in `interpreter`.

    """

    def __init__(
        self,
        interpreter: str,
        environment: dict[str, str],
        entry_points: list[EntryPoint],
        guardian: Guardian,
        limits: Limits,
        program: Sequence[str] = (),
    ) -> None:
        self.program = program
        self.interpreter = interpreter
        self.environment = environment
        self.entry_points = entry_points
        self.limits = limits
        self._guardian = guardian
        self._process: WorkerProcess | None = None
        self._outputs: list[str] = []
        self._ready: set[str] = set()
        self._closed = False
        self._lock = threading.Lock()

    def process(self) -> WorkerProcess:
        """Return the worker, started if there is none.

        Raises:
            WorkerDied, WorkerTimeout: if it cannot be started.

        """
        if self._process is None:
            command = self.program or (self.interpreter, str(BOOTSTRAP))
            process = WorkerProcess(command, self.environment, self._guardian, self.limits.memory_bytes)
            with self._lock:
                self._process = process
            if self._closed:
                self.end()
                raise WorkerDied("was stopped")
            process.greet(self.limits.start_s)
        return self._process

    def take_process(self, other: Slot) -> None:
        """Take over the worker of `other`, which is left without."""
        self._process, other._process = other._process, None

    def greet(self) -> dict[str, Any]:
        """Start the worker if there is none, and return its hello.

        Raises:
            StartError: if it ends, or says nothing in time.

        """
        with self._starting():
            return self.process().hello

    def request(self, header: dict[str, Any]) -> dict[str, Any]:
        """Send a request that has one reply, and return the reply.

        Raises:
            StartError: if the worker says that it failed, or ends, or says nothing in time.

        """
        with self._starting():
            reply = self.process().request(header, self.limits.start_s)
        if reply["type"] == "failed":
            kind = FrameworkMissingError if reply.get("not_installed") else StartError
            raise kind(reply["message"])
        return reply

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Turn what happens to a worker that starts into a `StartError`."""
        try:
            yield
        except WorkerTimeout:
            n = self._process.n_waiting if self._process else 0
            self.end()
            sent = f"; it sent {n} bytes, which are no frame" if n else ""
            raise StartError(f"did not start within {self.limits.start_s:g} s (--start-timeout){sent}") from None
        except WorkerDied as death:
            is_ours = not self.program and self._process is not None and not self._process.hello
            self.end()
            why = f"its worker {death.reason} while starting"
            raise StartError(self._no_worker(why) if is_ours else why) from None

    def _no_worker(self, why: str) -> str:
        """Say why the interpreter ended before our first words, by the last line that it printed."""
        last = self.output.strip().rpartition("\n")[2]
        if missing := re.search(r"No module named '(\w+)'", last):
            return f"{self.interpreter} has no {missing[1]}: {self.interpreter} -m pip install {missing[1]}"
        if "ended with exit code" not in why or "ImportError" in last:
            return why
        return f"{self.interpreter} does not behave like a Python 3.9 or newer: {why}"

    def ask(self, entry_point: EntryPoint, what: str) -> dict[str, Any]:
        """Request `what` of one implementation.

        Raises:
            StartError: as `request`.

        """
        return self.request({"type": what, "name": entry_point.name, **entry_point.request})

    def start(self, entry_point: EntryPoint) -> dict[str, Any]:
        """Make one implementation ready in the present process and return what the worker says of its versions.

        Raises:
            StartError: as `request`.

        """
        if self.program:
            reply = programs.started(self.greet())
        else:
            self.ask(entry_point, "describe")
            reply = self.ask(entry_point, "start")
        self._ready.add(entry_point.name)
        return reply

    def is_ready(self, name: str) -> bool:
        """Tell whether an implementation is started in the present process."""
        return name in self._ready

    def end(self) -> None:
        """End the process with everything it started; the next request starts another."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            if text := process.output.text.strip():
                self._outputs = [*self._outputs, text][-_KEPT_OUTPUTS:]
            self._ready.clear()

    def interrupt(self) -> None:
        """Kill the process under whoever waits for it, and start no other."""
        self._closed = True
        with self._lock:
            if self._process is not None:
                self._process.interrupt()

    def interrupted(self) -> bool:
        """Tell whether `interrupt` was called."""
        return self._closed

    @property
    def output(self) -> str:
        """Return what the worker printed, head and tail per process, oldest first."""
        process = self._process
        if process:
            process.settle()
        live = [process.output.text.strip()] if process else []
        return "\n".join(text for text in self._outputs + live if text)
