"""Serve requests inside a worker process: describe, start and run implementations.

Needs the standard library and NumPy only, and Python 3.9 or later.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib.metadata
import os
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np

from same_conformance import frameworks
from same_conformance.case import Case, parse
from same_conformance.errors import PluginError
from same_conformance.implementation import Implementation
from same_conformance.messages import in_words, one_line
from same_conformance.runner import execution, loading, protocol

_MOST_UNSENT_BYTES = 1 << 16
_LONGEST_ADVICE = 400
"""Characters of what is said of something that does not start, with what to do about it."""


class Worker:
    """Answer requests on one pair of descriptors until the host closes it."""

    def __init__(self, requests_fd: int, replies_fd: int) -> None:
        self._requests_fd = requests_fd
        self._replies_fd = replies_fd
        self._process = os.getpid()
        self._unsent = bytearray()
        self._implementations: dict[str, Implementation] = {}
        self._adapters: dict[str, frameworks.Adapter] = {}
        self._requests = {
            "entry_points": self._entry_points,
            "describe": self._describe,
            "check": self._check,
            "start": self._start,
            "run": self._run,
            "probe": self._probe,
        }

    def serve(self) -> None:
        """Announce ourselves, then answer until the end of the requests."""
        self._reply({"type": "hello", "protocol": protocol.VERSION, "python": platform.python_version()})
        reader = protocol.FrameReader()
        while True:
            data = os.read(self._requests_fd, 1 << 16)
            if not data:
                return
            for header, payload in reader.feed(data):
                self._answer(header, payload)

    def _answer(self, header: dict[str, Any], payload: bytes) -> None:
        try:
            self._requests[header["type"]]({**header, "payload": payload})
        except BaseException as error:  # noqa: BLE001  # an implementation may raise anything; see _run
            known = isinstance(error, (PluginError, frameworks.NotInstalledError))
            message = one_line(str(error) if known else in_words(error), _LONGEST_ADVICE)
            self._reply(
                {"type": "failed", "message": message, "not_installed": isinstance(error, frameworks.NotInstalledError)}
            )

    def _entry_points(self, header: dict[str, Any]) -> None:
        """List the implementations installed in this interpreter's environment, without importing them."""
        found: dict[str, list[dict[str, str]]] = {}
        for distribution in importlib.metadata.distributions():
            with contextlib.suppress(Exception):  # metadata that cannot be read harms nobody else
                package, version = distribution.metadata["Name"], distribution.version
                entry_points = [e for e in distribution.entry_points if e.group == header["group"]]
                found.setdefault(  # the first on the path is the one that is imported
                    re.sub(r"[-_.]+", "-", package).lower(),
                    [
                        {"name": e.name, "value": e.value, "distribution": package, "version": version}
                        for e in entry_points
                    ],
                )
        self._reply({"type": "entry_points", "found": [e for of_one in found.values() for e in of_one]})

    def _describe(self, header: dict[str, Any]) -> None:
        """Load an implementation; one that is given by its file is asked for its name."""
        value, file = header["value"], Path(header["file"]) if "file" in header else None
        implementation = loading.load(value, file)
        name = header.get("name", implementation.name)
        if implementation.name != name:
            raise PluginError(
                f"the entry point is called {name!r} and its Implementation {implementation.name!r}: use one name"
            )
        self._implementations[name] = implementation
        description, sources = implementation.describe(), loading.digest(value, file)
        self._reply({"type": "described", "description": description, "sources": sources})

    def _check(self, header: dict[str, Any]) -> None:
        """Tell whether the framework of an implementation is installed, without importing it."""
        implementation = self._implementations[header["name"]]
        frameworks.check_installed(implementation.framework, implementation.environment)
        self._reply({"type": "installed"})

    def _start(self, header: dict[str, Any]) -> None:
        framework = self._implementations[header["name"]].framework
        if framework not in self._adapters:
            self._adapters[framework] = frameworks.load(framework)
            gc.freeze()  # what the framework brought stays; no collection need look at it
        self._reply(
            {
                "type": "started",
                "versions": _versions(self._adapters[framework].PACKAGES),
                "python": platform.python_version(),
                "platform": platform.platform(),
            }
        )

    def _run(self, header: dict[str, Any]) -> None:
        """Execute cases. An implementation may raise anything; even sys.exit() is only the outcome of its case."""
        implementation = self._implementations[header["name"]]
        adapter = self._adapters[implementation.framework]
        cases = [parse(text) for text in header["cases"]]
        if implementation.compile_together > 1:
            self._run_together(implementation, adapter, cases)
        else:
            for case in cases:
                running = {"type": "running", "cases": [case.id]}
                self._reply(running)
                self._later(*execution.execute(implementation, adapter, case, lambda: self._reply(running)))  # noqa: B023  # called at once
        gc.collect()  # frameworks keep programs and graphs in cycles, which Python would leave for long
        self._reply({"type": "done"})

    def _run_together(self, implementation: Implementation, adapter: frameworks.Adapter, cases: list[Case]) -> None:
        """Run all cases in one program; if that fails as a whole, the host is asked to send them one by one."""
        self._reply({"type": "running", "cases": [case.id for case in cases]})
        calls = []
        for case in cases:
            try:
                calls.append(execution.prepare(implementation, adapter, case))
            except BaseException as error:  # noqa: BLE001
                self._reply(*execution.failure(case, error))
        try:
            results = adapter.execute_together(calls) if calls else []
        except BaseException as error:  # noqa: BLE001
            if len(calls) == 1:
                self._reply(*execution.failure(calls[0].case, error, adapter))
            else:
                self._reply({"type": "split", "message": one_line(in_words(error))})
            return
        for call, result in zip(calls, results):
            if isinstance(result, BaseException):
                self._later(*execution.failure(call.case, result, adapter))
            else:
                self._later(*execution.reply(adapter, call.case, *result))

    def _probe(self, header: dict[str, Any]) -> None:
        """Execute one case on several sets of operands that the host sends, in float64, one after the other."""
        implementation = self._implementations[header["name"]]
        adapter = self._adapters[implementation.framework]
        case = parse(header["case"])
        shapes = [tuple(shape) for shape in header["shapes"]]
        values = np.frombuffer(header["payload"], "<f8")
        calls, begin = [], 0
        while begin < len(values):
            given = []
            for shape in shapes:
                n = int(np.prod(shape))
                given.append(values[begin : begin + n].reshape(shape))
                begin += n
            calls.append(execution.prepare(implementation, adapter, case, tuple(given)))
        for reply in execution.probe(adapter, calls):
            self._reply(*reply)
        gc.collect()
        self._reply({"type": "done"})

    def _later(self, header: dict[str, Any], payload: bytes = b"") -> None:
        """Reply together with what is said next, which is at once: half as many times is the host woken up."""
        self._unsent += protocol.encode(header, payload)
        if len(self._unsent) > _MOST_UNSENT_BYTES:
            self._send()

    def _reply(self, header: dict[str, Any], payload: bytes = b"") -> None:
        self._unsent += protocol.encode(header, payload)
        self._send()

    def _send(self) -> None:
        if os.getpid() != self._process:
            os._exit(0)  # an implementation forked and its child came back here: the descriptors are not the child's
        frame, self._unsent = memoryview(self._unsent), bytearray()
        while frame:
            frame = frame[os.write(self._replies_fd, frame) :]


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def main(requests_fd: int, replies_fd: int) -> None:
    """Prepare the process and serve."""
    faulthandler.enable()
    for fd in (requests_fd, replies_fd):
        os.set_inheritable(fd, False)  # noqa: FBT003  # Python takes it so
    with contextlib.suppress(OSError):  # not Linux, or not allowed: the memory limit still holds
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, this process goes, not the run
    Worker(requests_fd, replies_fd).serve()
