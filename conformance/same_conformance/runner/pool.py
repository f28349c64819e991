"""Run cases on many implementations: one worker per interpreter, distribution, framework and environment."""

from __future__ import annotations

import queue
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from same_conformance.errors import StartError
from same_conformance.implementation import Description
from same_conformance.plugins import OURS, EntryPoint
from same_conformance.runner.dispatch import BATCH, Dispatch
from same_conformance.runner.probe import probe
from same_conformance.runner.process import Guardian
from same_conformance.runner.slot import FrameworkMissingError, Limits, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np

    from same_conformance.case import Case
    from same_conformance.outcome import Outcome


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


class Pool:
    """Workers for a set of implementations.

    Use as a context manager: leaving it ends every process.

    Attributes:
        descriptions: what each implementation says of itself, and the digest of its sources, by name.
        started: what is ready to run, by name.
        failures: why the others did not start, by name.
        not_installed: those of `failures` whose framework is not installed, and that is all.

    """

    def __init__(self, limits: Limits | None = None, jobs: int = 2) -> None:
        self._limits = limits or Limits()
        self._jobs = jobs
        self._guardian = Guardian()
        self._slots: list[Slot] = []
        self._slot_of: dict[str, Slot] = {}
        self._homes: dict[tuple[str, str], Slot] = {}
        self._interrupted = False
        self.descriptions: dict[str, tuple[Description, str]] = {}
        self.started: dict[str, Started] = {}
        self.failures: dict[str, str] = {}
        self.not_installed: set[str] = set()
        self._last_words: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for slot in self._slots:
            slot.end()
        self._guardian.close()

    def _slot(self, interpreter: str, environment: dict[str, str], entry_points: list[EntryPoint]) -> Slot:
        slot = Slot(interpreter, environment, entry_points, self._guardian, self._limits)
        self._slots.append(slot)
        if self._interrupted:
            slot.interrupt()
        return slot

    def entry_points_of(self, interpreter: str, group: str) -> list[EntryPoint]:
        """Ask another interpreter which implementations are installed in its environment.

        Raises:
            StartError: if it cannot run a worker.

        """
        slot = self._slot(interpreter, {}, [])
        reply = slot.request({"type": "entry_points", "group": group})
        slot.end()
        return [EntryPoint(e["name"], e["value"], e["distribution"], e["version"], interpreter) for e in reply["found"]]

    def identify(self, file: EntryPoint) -> EntryPoint:
        """Return `file` under the name of the implementation in it; its worker stays for `describe` and `start`.

        Raises:
            StartError: if it cannot be loaded.

        """
        home = self._homes.get(file.home) or self._slot(file.interpreter, {}, [])
        try:
            reply = home.request({"type": "describe", **file.request})
        except StartError as error:
            home.end()
            error.output = home.output
            raise
        self._homes[file.home] = home
        return replace(file, name=reply["description"]["name"])

    def describe(self, entry_points: Iterable[EntryPoint]) -> None:
        """Fill `descriptions` and `failures` without importing a framework."""
        for slot in self._describe_all(entry_points, check=True):
            slot.end()

    def start(self, entry_points: Iterable[EntryPoint], report: Callable[[str], None] = lambda _: None) -> None:
        """Describe and start all of `entry_points`; `report` is called with a name whenever one is done with."""
        homes = self._describe_all(entry_points, check=False)
        slots = [slot for home in homes for slot in self._part(home)]
        for name in self.failures:
            report(name)
        with ThreadPoolExecutor(self._jobs) as threads:
            list(threads.map(lambda slot: self._start_slot(slot, report), slots))

    def _describe_all(self, entry_points: Iterable[EntryPoint], *, check: bool) -> list[Slot]:
        """Import what each distribution registers, in one worker per distribution; with `check`, look for its frameworks."""
        homes: dict[tuple[str, str], Slot] = {}
        for entry_point in entry_points:
            if entry_point.home not in homes:
                kept = self._homes.pop(entry_point.home, None)
                homes[entry_point.home] = kept or self._slot(entry_point.interpreter, {}, [])
            homes[entry_point.home].entry_points.append(entry_point)

        def describe(home: Slot) -> None:
            for entry_point in home.entry_points:
                try:
                    reply = home.ask(entry_point, "describe")
                    self.descriptions[entry_point.name] = (_description(entry_point, reply), reply["sources"])
                    if check:
                        home.ask(entry_point, "check")
                except StartError as error:
                    self._fail(entry_point, error, home)

        with ThreadPoolExecutor(self._jobs) as threads:
            list(threads.map(describe, homes.values()))
        return list(homes.values())

    def fail(self, entry_point: EntryPoint, error: StartError) -> None:
        """Keep why an implementation did not start, and what its worker printed."""
        self.failures[entry_point.name] = str(error)
        self._last_words[entry_point.name] = error.output
        if isinstance(error, FrameworkMissingError) and not entry_point.file:  # a file is always asked for
            self.not_installed.add(entry_point.name)

    def _fail(self, entry_point: EntryPoint, error: StartError, slot: Slot) -> None:
        error.output = slot.output
        self.fail(entry_point, error)

    def _part(self, home: Slot) -> list[Slot]:
        """Part the implementations of one distribution by framework and environment; keep the worker where it fits."""
        parts: dict[tuple[str, tuple[tuple[str, str], ...]], Slot] = {}
        for entry_point in home.entry_points:
            if entry_point.name not in self.failures:
                description, _ = self.descriptions[entry_point.name]
                key = (description.framework, tuple(sorted(description.environment.items())))
                if key not in parts:
                    parts[key] = self._slot(home.interpreter, dict(description.environment), [])
                parts[key].entry_points.append(entry_point)
        if len(parts) == 1:
            (slot,) = parts.values()
            if not slot.environment:
                slot.take_process(home)
        home.end()
        return list(parts.values())

    def _start_slot(self, slot: Slot, report: Callable[[str], None]) -> None:
        for entry_point in slot.entry_points:
            name = entry_point.name
            try:
                reply = slot.start(entry_point)
                description, sources = self.descriptions[name]
                self.started[name] = Started(
                    entry_point, description, sources, reply["versions"], reply["python"], reply["platform"]
                )
                self._slot_of[name] = slot
            except StartError as error:
                self._fail(entry_point, error, slot)
            report(name)

    def output_of(self, name: str) -> str:
        """Return what the worker of `name` printed, other implementations in it included."""
        return self._slot_of[name].output if name in self._slot_of else self._last_words.get(name, "")

    def run(self, work: Mapping[str, Sequence[Case]]) -> Iterator[tuple[str, Case, Outcome]]:
        """Execute `work`, the cases per implementation, and give back every outcome as it comes.

        Every case gets exactly one outcome, whatever happens to the workers. Leaving the iteration early kills them.
        """
        results: queue.SimpleQueue[tuple[str, Case, Outcome] | BaseException | None] = queue.SimpleQueue()
        by_slot: dict[Slot, list[str]] = {}
        for name in work:
            if work[name]:
                by_slot.setdefault(self._slot_of[name], []).append(name)

        def serve(slot: Slot, names: list[str]) -> None:
            try:
                for name in names:
                    self._dispatch(slot, name, results.put).run(_spread(work[name]))
            except BaseException as error:  # noqa: BLE001  # handed to the caller's thread, which raises it
                results.put(error)
            finally:
                results.put(None)

        slowest_first = sorted(
            by_slot.items(), key=lambda item: -max(self._cost(name) * len(work[name]) for name in item[1])
        )
        threads = ThreadPoolExecutor(self._jobs)
        try:
            for slot, names in slowest_first:
                threads.submit(serve, slot, names)
            yield from _until_served(results, len(by_slot))
        except BaseException:
            self.interrupt()
            raise
        finally:
            threads.shutdown(wait=True, cancel_futures=True)

    def _dispatch(self, slot: Slot, name: str, put: Callable[[tuple[str, Case, Outcome]], None]) -> Dispatch:
        started = self.started[name]
        together = started.description.compile_together
        size = together if together > 1 else BATCH
        return Dispatch(slot, started.entry_point, size, lambda case, outcome: put((name, case, outcome)))

    def interrupt(self) -> None:
        """Kill every worker under whoever waits for it, and start no other."""
        self._interrupted = True
        for slot in list(self._slots):
            slot.interrupt()

    def run_case(self, name: str, case: Case) -> Outcome:
        """Execute one case on one implementation."""
        ((_, _, outcome),) = self.run({name: [case]})
        return outcome

    def run_first(self, name: str, case: Case) -> Outcome:
        """Execute one case in a new process, which has executed nothing before."""
        self._slot_of[name].end()
        return self.run_case(name, case)

    def probe(self, name: str, case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
        """Execute one case on each of `sets` of float64 operands; fewer outcomes than sets if the worker dies."""
        return probe(self._slot_of[name], self.started[name].entry_point, case, sets)

    def _cost(self, name: str) -> int:
        """Guess relative costs, so that the slowest begins first."""
        description = self.started[name].description
        return 30 if description.framework == "jax" and description.compile_together == 1 else 1


def _description(entry_point: EntryPoint, reply: dict[str, Any]) -> Description:
    """Read what an implementation says of itself.

    Raises:
        StartError: if it is not what this version understands.

    """
    try:
        description = Description.from_json(reply["description"])
    except (KeyError, TypeError) as error:
        raise StartError(
            f"its description is not understood: {error}; it may be for another version of {OURS}"
        ) from None
    if description.rule and not entry_point.is_builtin:
        raise StartError(f"rule is for what comes with {OURS}; list known failures with --expectations")
    return description


def _spread(cases: Sequence[Case]) -> list[Case]:
    """Order cases by a hash of their ids: neighbours differ, so one kind of case does not kill one worker after the other."""
    return sorted(cases, key=lambda case: zlib.crc32(case.id.encode()))


def _until_served(
    results: queue.SimpleQueue[tuple[str, Case, Outcome] | BaseException | None], n_serving: int
) -> Iterator[tuple[str, Case, Outcome]]:
    """Give back results until every thread has said that it is done."""
    while n_serving:
        result = results.get()
        if result is None:
            n_serving -= 1
        elif isinstance(result, BaseException):
            raise result
        else:
            yield result
