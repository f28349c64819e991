"""Start, talk to and end one worker process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import select
import selectors
import signal
import subprocess
import sys
import termios
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from same_conformance.messages import one_line
from same_conformance.runner import protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_GUARDIAN = Path(__file__).with_name("guardian.py")
_POLL_S = 0.1
"""How often to look whether the process still lives; a forked child may hold the pipe of a dead worker open."""
_SETTLING_S = 1.0
"""How long to wait for the output of a process that may go on printing."""
_KEPT_BYTES = 4096
"""How much of the head and of the tail of a worker's output is kept."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "0",
    "LRU_CACHE_CAPACITY": "1",
    "PYTHONUNBUFFERED": "1",
}
"""One intra-op thread per worker: the workers share the cores, and sums keep one order.

oneDNN, and PyTorch around it, would each keep a kernel for the last 1,024 shapes, and hardly two cases share one.
"""


class WorkerDied(Exception):
    """The worker's process ended; `reason` says how, in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WorkerTimeout(Exception):
    """The worker did not answer in time."""


class Guardian:
    """A process that outlives this one long enough to end its workers."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARDIAN)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._lock = threading.Lock()

    def watch(self, group: int) -> None:
        """End process group `group` when this process is gone."""
        self._say(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Leave process group `group` alone: it has ended."""
        self._say(f"-{group}\n")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        with self._lock, contextlib.suppress(OSError):  # without a guardian the run goes on
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()

    def close(self) -> None:
        """End the guardian, which ends whatever is still listed."""
        with contextlib.suppress(OSError):
            self._process.communicate(timeout=10)


class CapturedOutput:
    """Keep the head and the tail of what a worker prints, whatever the amount."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self._head = b""
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0

    def add(self, data: bytes) -> None:
        """Take more output."""
        self.n_bytes += len(data)
        room = _KEPT_BYTES - len(self._head)
        self._head += data[:room]
        rest = data[room:] if room > 0 else data
        if rest:
            self._tail.append(rest[-_KEPT_BYTES:])
            self._tail_bytes += len(self._tail[-1])
            while self._tail_bytes - len(self._tail[0]) >= _KEPT_BYTES:
                self._tail_bytes -= len(self._tail.popleft())

    @property
    def text(self) -> str:
        """Return head and tail, with the number of bytes left out between them."""
        tail = b"".join(self._tail)[-_KEPT_BYTES:]
        n_cut = self.n_bytes - len(self._head) - len(tail)
        middle = f"\n… {n_cut} bytes …\n".encode() if n_cut else b""
        return (self._head + middle + tail).decode(errors="replace")


class WorkerProcess:
    """One worker in a process group of its own: `command`, with its two descriptors as last arguments.

    Attributes:
        hello: the worker's first words, once `greet` heard them.
        output: what the process printed on descriptors 1 and 2.

    """

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        guardian: Guardian,
        memory_limit_bytes: int,
    ) -> None:
        requests_read, self._requests = os.pipe()
        self._replies, replies_write = os.pipe()
        self._guardian = guardian
        self.hello: dict[str, Any] = {}
        self.output = CapturedOutput()
        self._draining = threading.Lock()
        self._reader = protocol.FrameReader()
        self._frames: deque[tuple[dict[str, Any], bytes]] = deque()
        try:
            self._process = subprocess.Popen(
                [*command, str(requests_read), str(replies_write)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **ONE_THREAD, **environment},
                pass_fds=(requests_read, replies_write),
                process_group=0,
            )
        except (OSError, ValueError) as error:
            os.close(self._requests)
            os.close(self._replies)
            raise WorkerDied(f"{command[0]} cannot be run: {getattr(error, 'strerror', None) or error}") from None
        finally:
            os.close(requests_read)
            os.close(replies_write)
        guardian.watch(self._process.pid)
        _limit_memory(self._process.pid, memory_limit_bytes)
        os.set_blocking(self._replies, False)
        os.set_blocking(self._requests, False)  # or a worker that does not read would hold us for ever
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._replies, selectors.EVENT_READ)
        self._drain = threading.Thread(target=self._drain_output, daemon=True)
        self._drain.start()

    def greet(self, timeout_s: float) -> None:
        """Wait for the worker's first words.

        Raises:
            WorkerTimeout: if there are none within `timeout_s`.
            WorkerDied: if it ended, or speaks another version of the protocol.

        """
        hello, _ = self.receive(timeout_s)
        if hello["type"] != "hello":
            raise WorkerDied(f"said {one_line(repr(hello['type']))} first, but hello is needed")
        if hello.get("protocol") != protocol.VERSION:
            theirs = one_line(repr(hello.get("protocol")))
            raise WorkerDied(f"speaks protocol {theirs}, but {protocol.VERSION} is needed")
        self.hello = hello

    def send(self, header: dict[str, Any], payload: bytes, timeout_s: float) -> None:
        """Send one request.

        Raises:
            WorkerTimeout: if it is not read within `timeout_s`.
            WorkerDied: if nobody is there to read it.

        """
        deadline = time.monotonic() + timeout_s
        frame = memoryview(protocol.encode(header, payload))
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_WRITE)
            while frame:
                if time.monotonic() > deadline:
                    raise WorkerTimeout
                try:
                    frame = frame[os.write(self._requests, frame) :]
                except BlockingIOError:  # the pipe is full
                    selector.select(_POLL_S)
                except BrokenPipeError:
                    raise WorkerDied(self._how_it_ended()) from None

    def receive(self, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """Return the next reply as (header, payload).

        Raises:
            WorkerTimeout: if none came within `timeout_s`.
            WorkerDied: if the process ended, or spoke something else than the protocol.

        """
        deadline = time.monotonic() + timeout_s
        ended = False
        while not self._frames:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise WorkerTimeout
            waited_in_vain = not self._selector.select(0 if ended else min(remaining_s, _POLL_S))
            try:
                data = os.read(self._replies, 1 << 20)
            except BlockingIOError:
                data = None
            if data:
                try:
                    self._frames.extend(self._reader.feed(data))
                except protocol.ProtocolError as error:
                    raise WorkerDied(f"broke the protocol: {error}") from None
            elif ended or data == b"":
                raise WorkerDied(self._how_it_ended())
            elif waited_in_vain:
                ended = self._process.poll() is not None  # its last words are read after that
        return self._frames.popleft()

    def request(self, header: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send one request and return its only reply."""
        self.send(header, b"", timeout_s)
        return self.receive(timeout_s)[0]

    @property
    def n_waiting(self) -> int:
        """Return how many bytes of an unfinished frame came."""
        return self._reader.n_waiting

    def interrupt(self) -> None:
        """Kill the process with everything it started; whoever waits for a reply learns that it died."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()  # it may have left its group

    def kill(self) -> None:
        """Kill the process with everything it started, and free its descriptors."""
        self.interrupt()
        self._process.wait()
        self._guardian.forget(self._process.pid)
        self._drain.join(timeout=1)
        if not self._drain.is_alive() and self._process.stdout:  # else a process that left the group holds the pipe
            self._process.stdout.close()
        self._selector.close()
        for fd in (self._requests, self._replies):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._requests = self._replies = -1

    def _how_it_ended(self) -> str:
        """Wait for the process, which closed its descriptors, and say how it ended."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed its connection without ending"
        self._drain.join(timeout=1)
        if code >= 0:
            return f"ended with exit code {code}"
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
        return f"was killed by signal {-code}"

    def _drain_output(self) -> None:
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        readable = select.poll()
        readable.register(fd, select.POLLIN)
        with contextlib.suppress(OSError, ValueError):
            while readable.poll():
                with self._draining:
                    data = os.read(fd, 1 << 16)
                    self.output.add(data)
                if not data:
                    return

    def settle(self) -> None:
        """Wait until everything that was printed so far is in `output`: a thread reads it, which may be behind."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + _SETTLING_S
        with contextlib.suppress(OSError, ValueError):  # closed: then all of it was read
            while self._drain.is_alive() and time.monotonic() < deadline:
                with self._draining:
                    unread = fcntl.ioctl(self._process.stdout.fileno(), termios.FIONREAD, bytes(4))
                    if not any(unread):
                        return
                time.sleep(_POLL_S / 10)


def _limit_memory(pid: int, limit_bytes: int) -> None:
    """Make an allocation past the limit fail inside the worker, before the machine is short of memory (Linux)."""
    if hasattr(resource, "prlimit"):
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (limit_bytes, limit_bytes))
