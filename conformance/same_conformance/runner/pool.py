"""Run cases on many implementations: one worker per interpreter, distribution, framework and environment."""

from __future__ import annotations

import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from same_conformance.case import Case
from same_conformance.errors import StartError
from same_conformance.implementation import Description
from same_conformance.messages import one_line
from same_conformance.plugins import EntryPoint
from same_conformance.outcome import Array, Crash, Error, Outcome, Timeout, Unsupported
from same_conformance.runner import protocol
from same_conformance.runner.process import Guardian, WorkerDied, WorkerProcess, WorkerTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


_BATCH = 64
"""Cases per request where nothing is compiled together: large enough to hide the round trip."""


@dataclass(frozen=True)
class Limits:
    """What an implementation may take.

    Attributes:
        case_s: seconds for one case, or for one jointly compiled batch before it is split.
        start_s: seconds to import the implementation and its framework.
        memory_bytes: of data per worker; an allocation past it fails.
        n_deaths: crashes or timeouts in a row after which the rest of an implementation's cases is not executed.
    """

    case_s: float = 60
    start_s: float = 300
    memory_bytes: int = 8 << 30
    n_deaths: int = 5


@dataclass(frozen=True)
class Started:
    """An implementation that is ready to run, and everything its outcomes depend on."""

    entry_point: EntryPoint
    description: Description
    sources: str
    versions: Mapping[str, str]
    python: str
    platform: str

    @property
    def version(self) -> str:
        """Return the version for the tables: its own, or that of its framework where it came with us."""
        framework = next(iter(self.versions.values()), "")
        own = framework if self.entry_point.is_builtin else self.entry_point.version
        return self.description.version or own


@dataclass
class _Slot:
    """One worker and the implementations that live in it; the worker is replaced when it dies."""

    interpreter: str
    environment: dict[str, str]
    entry_points: list[EntryPoint]
    process: WorkerProcess | None = None
    outputs: list[str] = field(default_factory=list)
    ready: set[str] = field(default_factory=set)
    """Which implementations are started in the present process."""


class Pool:
    """Workers for a set of implementations.

    Use as a context manager: leaving it ends every process.

    Attributes:
        started: what is ready, by name.
        failures: why the others did not start, by name.
        not_installed: those of `failures` whose framework is not installed, and that is all.
    """

    def __init__(self, limits: Limits = Limits(), jobs: int = 2) -> None:
        self._limits = limits
        self._jobs = jobs
        self._guardian = Guardian()
        self._slots: list[_Slot] = []
        self._slot_of: dict[str, _Slot] = {}
        self._closing = threading.Event()
        self.started: dict[str, Started] = {}
        self.failures: dict[str, str] = {}
        self.not_installed: set[str] = set()
        self.descriptions: dict[str, tuple[Description, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every worker and what it started."""
        self._closing.set()
        for slot in self._slots:
            self._end(slot)
        self._guardian.close()

    def start(
        self, entry_points: Iterable[EntryPoint], report: Callable[[str], None] = lambda _: None, *, describe_only: bool = False
    ) -> None:
        """Describe and start all of `entry_points`; `report` is called with a name whenever one is done.

        With `describe_only` no framework is imported: `descriptions` is what can be told without.
        """
        by_home: dict[tuple[str, str], list[EntryPoint]] = {}
        for entry_point in entry_points:
            by_home.setdefault((entry_point.interpreter, entry_point.distribution), []).append(entry_point)
        with ThreadPoolExecutor(self._jobs) as threads:
            homes = list(threads.map(lambda home: self._describe_home(home, check=describe_only), by_home.values()))
            if describe_only:
                for home in homes:
                    self._end(home)
                return
            slots = [slot for home in homes for slot in self._slots_of(home)]
            self._slots = slots
            list(threads.map(lambda slot: self._start_slot(slot, report), slots))

    def entry_points_of(self, interpreter: str, group: str) -> list[EntryPoint]:
        """Ask another interpreter which implementations are installed in its environment.

        Raises:
            WorkerDied, WorkerTimeout: if it cannot run a worker.
        """
        home = _Slot(interpreter, {}, [])
        try:
            reply = self._process_of(home).request({"type": "entry_points", "group": group}, self._limits.start_s)
        finally:
            self._end(home)
        return [
            EntryPoint(e["name"], e["value"], e["distribution"], e["version"], interpreter) for e in reply.get("found", [])
        ]

    def _describe_home(self, entry_points: list[EntryPoint], *, check: bool = False) -> _Slot:
        """Import what one distribution registers, in one worker, and learn its descriptions; `check` for its frameworks."""
        home = _Slot(entry_points[0].interpreter, {}, entry_points)
        for entry_point in entry_points:
            try:
                reply = self._ask(home, entry_point, "describe")
                self.descriptions[entry_point.name] = (Description.from_json(reply["description"]), reply["sources"])
                if check:
                    self._ask(home, entry_point, "check")
            except (StartError, WorkerDied, WorkerTimeout) as error:
                self.failures[entry_point.name] = self._why(error)
                if not isinstance(error, StartError):
                    self._end(home)
        return home

    def _slots_of(self, home: _Slot) -> list[_Slot]:
        """Part the implementations of one distribution by framework and environment; the describing worker is kept if it fits."""
        parts: dict[tuple[str, tuple[tuple[str, str], ...]], _Slot] = {}
        for entry_point in home.entry_points:
            if entry_point.name in self.failures:
                continue
            description, _ = self.descriptions[entry_point.name]
            key = (description.framework, tuple(sorted(description.environment.items())))
            slot = parts.setdefault(key, _Slot(home.interpreter, dict(description.environment), []))
            slot.entry_points.append(entry_point)
        slots = list(parts.values())
        if len(slots) == 1 and not slots[0].environment and not self.failures.keys() & {e.name for e in home.entry_points}:
            slots[0].process, home.process = home.process, None
        self._end(home)
        return slots

    def _start_slot(self, slot: _Slot, report: Callable[[str], None]) -> None:
        for entry_point in list(slot.entry_points):
            try:
                reply = self._start_in(slot, entry_point)
                description, sources = self.descriptions[entry_point.name]
                self.started[entry_point.name] = Started(
                    entry_point, description, sources, reply["versions"], reply["python"], reply["platform"]
                )
                self._slot_of[entry_point.name] = slot
            except (StartError, WorkerDied, WorkerTimeout) as error:
                self.failures[entry_point.name] = self._why(error)
                slot.entry_points.remove(entry_point)
                self._end(slot)
            report(entry_point.name)

    def _start_in(self, slot: _Slot, entry_point: EntryPoint) -> dict[str, Any]:
        self._ask(slot, entry_point, "describe")
        reply = self._ask(slot, entry_point, "start")
        slot.ready.add(entry_point.name)
        return reply

    def _ask(self, slot: _Slot, entry_point: EntryPoint, what: str) -> dict[str, Any]:
        """Request `what` of an implementation, starting the worker if need be.

        Raises:
            StartError: if the worker says that it failed.
            WorkerDied, WorkerTimeout: if it does not say anything.
        """
        request = {"type": what, "name": entry_point.name, "value": entry_point.value}
        reply = self._process_of(slot).request(request, self._limits.start_s)
        if reply["type"] == "failed":
            if reply.get("not_installed"):
                self.not_installed.add(entry_point.name)
            raise StartError(reply["message"])
        return reply

    def _why(self, error: Exception) -> str:
        if isinstance(error, WorkerTimeout):
            return f"did not start within {self._limits.start_s:g} s (--start-timeout)"
        if isinstance(error, WorkerDied):
            return f"its worker {error.reason} while starting"
        return str(error)

    def _process_of(self, slot: _Slot) -> WorkerProcess:
        if slot.process is None:
            if self._closing.is_set():
                raise WorkerDied("was stopped")
            slot.process = WorkerProcess(
                slot.interpreter,
                slot.environment,
                self._guardian,
                start_timeout_s=self._limits.start_s,
                memory_limit_bytes=self._limits.memory_bytes,
            )
        return slot.process

    def _end(self, slot: _Slot) -> None:
        if slot.process is not None:
            slot.process.kill()
            if text := slot.process.output.text.strip():
                slot.outputs.append(text)
            slot.process = None
            slot.ready.clear()

    def output_of(self, name: str) -> str:
        """Return what the worker of `name` printed: head and tail per process, oldest first; other implementations in it included."""
        slot = self._slot_of.get(name)
        if slot is None:
            return ""
        live = [slot.process.output.text.strip()] if slot.process else []
        return "\n".join(text for text in slot.outputs[-3:] + live if text)

    def run(self, work: Mapping[str, Sequence[Case]]) -> Iterator[tuple[str, Case, Outcome]]:
        """Execute `work`, the cases per implementation, and give back every outcome as it comes.

        Every case gets exactly one outcome, whatever happens to the workers.
        """
        results: queue.SimpleQueue[tuple[str, Case, Outcome] | BaseException | None] = queue.SimpleQueue()
        by_slot = [(slot, [e.name for e in slot.entry_points if work.get(e.name)]) for slot in self._slots]

        def serve(slot: _Slot, names: list[str]) -> None:
            try:
                for name in names:
                    self._run_one(slot, name, work[name], lambda case, outcome, name=name: results.put((name, case, outcome)))
            except BaseException as error:  # noqa: BLE001  # handed to the caller's thread, which raises it
                results.put(error)
            finally:
                results.put(None)

        busy = [(slot, names) for slot, names in by_slot if names]
        busy.sort(key=lambda part: -max(self._cost(name) * len(work[name]) for name in part[1]))
        threads = ThreadPoolExecutor(self._jobs)
        try:
            for slot, names in busy:
                threads.submit(serve, slot, names)
            n_serving = len(busy)
            while n_serving:
                result = results.get()
                if result is None:
                    n_serving -= 1
                elif isinstance(result, BaseException):
                    raise result
                else:
                    yield result
        except BaseException:
            self._closing.set()
            for slot in self._slots:
                if slot.process is not None:
                    slot.process.interrupt()
            raise
        finally:
            threads.shutdown(wait=True, cancel_futures=True)

    def run_case(self, name: str, case: Case) -> Outcome:
        """Execute one case on one implementation."""
        ((_, _, outcome),) = self.run({name: [case]})
        return outcome

    def _cost(self, name: str) -> int:
        """Guess relative costs, so that the slowest begins first."""
        description = self.started[name].description
        return 30 if description.framework == "jax" and description.compile_together == 1 else 1

    def _run_one(
        self, slot: _Slot, name: str, cases: Sequence[Case], emit: Callable[[Case, Outcome], None]
    ) -> None:
        size = max(self.started[name].description.compile_together, 1)
        size = size if size > 1 else _BATCH
        batches = deque(list(cases[i : i + size]) for i in range(0, len(cases), size))
        n_deaths = 0
        while batches:
            batch = batches.popleft()
            pending = {case.id: case for case in batch}
            running: list[str] = []
            fate: Outcome | None = None
            try:
                process = self._ready(slot, name)
                process.send({"type": "run", "name": name, "cases": list(pending)})
                while True:
                    header, payload = process.receive(self._limits.case_s)
                    if header["type"] == "done":
                        break
                    if header["type"] == "running":
                        running = header["cases"]
                    elif header["type"] == "split":
                        batches.extendleft([pending.pop(case_id)] for case_id in reversed(running) if case_id in pending)
                    else:
                        case = pending.pop(header["case"])
                        emit(case, _outcome(header, payload))
                        n_deaths = 0
            except WorkerTimeout:
                fate = Timeout(f"no answer within {self._limits.case_s:g} s")
            except WorkerDied as death:
                fate = Crash(f"the process {death.reason}")
            except StartError as error:
                fate = Crash(f"the worker could not be started again: {error}")
                running = running or list(pending)[:1]
            if fate is None:
                continue
            if self._closing.is_set():
                return
            self._end(slot)
            culprits = [pending.pop(case_id) for case_id in running if case_id in pending]
            if len(culprits) > 1:  # a jointly compiled batch: halve it until the culprit is alone
                half = len(culprits) // 2
                batches.extendleft(b for b in (list(pending.values()), culprits[half:], culprits[:half]) if b)
                continue
            if not culprits and pending:  # it ended between two cases: blame the one that would have been next
                culprits = [pending.pop(next(iter(pending)))]
            for case in culprits:
                emit(case, fate)
            n_deaths += 1
            if pending:
                batches.appendleft(list(pending.values()))
            if n_deaths >= self._limits.n_deaths:
                for case in (case for rest in batches for case in rest):
                    emit(case, _not_executed(fate, n_deaths))
                return

    def _ready(self, slot: _Slot, name: str) -> WorkerProcess:
        """Return the slot's worker with `name` started in it, after a restart if need be."""
        try:
            if name not in slot.ready:
                self._start_in(slot, self.started[name].entry_point)
            return self._process_of(slot)
        except (WorkerDied, WorkerTimeout) as error:
            raise StartError(self._why(error)) from None


def _not_executed(fate: Outcome, n_deaths: int) -> Outcome:
    message = f"not executed: the {n_deaths} cases before it ended the same way"
    return Timeout(message) if isinstance(fate, Timeout) else Crash(message)


def _outcome(header: dict[str, Any], payload: bytes) -> Outcome:
    """Turn a reply into an outcome."""
    kind = header["type"]
    if kind == "array":
        try:
            return Array(protocol.array_from_bytes(payload, header["dtype"], tuple(header["shape"])), header["dtype"])
        except protocol.ProtocolError as error:
            return Error(str(error))
    message = one_line(str(header["message"]))
    if kind == "unsupported":
        return Unsupported(message)
    if kind == "error":
        return Error(message)
    raise WorkerDied(f"the worker broke the protocol: reply {kind!r}")
