"""Run cases on implementations: start them, execute, judge, record, assess. The record is all that a report needs."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from same_conformance import assessment, expectations, output, plugins, record, unpacking
from same_conformance._version import __version__
from same_conformance.diagnosis import causes
from same_conformance.diagnosis.inquiry import Inquiry
from same_conformance.errors import RecordError, StartError
from same_conformance.interruption import Interruption, in_background
from same_conformance.judge import Judge
from same_conformance.lookup import look_up
from same_conformance.messages import one_line, tamed, without_places
from same_conformance.picture.gallery import Gallery
from same_conformance.record import Result
from same_conformance.runner.pool import Pool
from same_conformance.runner.process import ONE_THREAD
from same_conformance.runner.slot import Limits
from same_conformance.selection import Query, Selection, select, with_lines
from same_conformance.witnesses import absent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from same_conformance.case import Case
    from same_conformance.expectations import Expectation
    from same_conformance.plugins import EntryPoint
    from same_conformance.requirements import Requirement
    from same_conformance.runner.pool import Started

_LAST_WORDS = 5
"""Lines shown of what a worker printed before it failed to start; all of them are in the report."""

_FRAMEWORK_VARIABLES = (
    "TF_",
    "XLA_",
    "JAX_",
    "KERAS_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "TORCH_",
    "PYTORCH_",
    "ONEDNN_",
    "DNNL_",
    "LRU_CACHE_CAPACITY",
)
"""Beginnings of environment variables that change what frameworks do."""
_OTHERS_VARIABLES = ("TF_CLI_", "TF_VAR_", "TF_DATA_DIR", "TF_LOG", "TF_WORKSPACE")
"""Those of Terraform, which begin like TensorFlow's."""


@dataclass(frozen=True)
class Request:
    """Everything a run is asked to do.

    Attributes:
        names: implementations; empty means all that are installed.
        query: which cases.
        out: the directory that everything is written to.
        entries: expected failures that come with the package.
        own_entries: expected failures that the user lists; each must concern somebody.
        interpreters: another Python for some implementations, by name.
        requirements: the sets that they are to conform to; `query` has their cases.
        command: what the user typed, for the record.
        configuration: what was read from a ``pyproject.toml``, for the record.

    """

    names: Sequence[str]
    query: Query
    out: Path
    entries: Sequence[Expectation] = ()
    own_entries: Sequence[Expectation] = ()
    interpreters: Mapping[str, str] = field(default_factory=dict)
    requirements: Sequence[Requirement] = ()
    limits: Limits = field(default_factory=Limits)
    jobs: int = 2
    command: str = ""
    configuration: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_entries(self) -> list[Expectation]:
        """Return all expected failures, those that come with the package first."""
        return [*self.entries, *self.own_entries]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C after the first outcome was recorded: the same command goes on from there."""


class Watcher(Protocol):
    """Whoever shows the user how a run goes."""

    def say(self, text: str) -> None:
        """Show one line."""

    def progress(self, what: str, done: int, total: int, now: str = "") -> None:
        """Show how far a stage is, and what it is about now."""


def run(
    request: Request,
    watcher: Watcher,
    render: Callable[[record.Record], None] = lambda _: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> record.Record:
    """Do what `request` asks and return the record, which is in ``out`` too.

    `render` writes the report; the run counts as finished only when it is done. `meanwhile` is called while the
    implementations start, for what `render` will need. An unfinished record in ``out`` is continued if everything its results depend on is unchanged.

    Raises:
        UsageError: if the request cannot be carried out.
        StartError: if nothing started.
        KeyboardInterrupt: on Ctrl-C; no process stays.
        Interrupted: on Ctrl-C as well, if there is anything recorded to go on from.

    """
    path = output.prepare(request.out)
    with output.held(request.out), Interruption() as interruption:
        return _run(request, path, watcher, render, meanwhile, interruption)


def _run(
    request: Request,
    path: Path,
    watcher: Watcher,
    render: Callable[[record.Record], None],
    meanwhile: Callable[[], None],
    interruption: Interruption,
) -> record.Record:
    began = time.monotonic()
    given = (
        select(request.query) if request.query.cases or request.query.is_without_profile else None
    )  # before anything is started, for what is wrong with it
    with Pool(request.limits, request.jobs) as pool:
        installed = plugins.installed(watcher.say)
        entry_points = look_up(installed, request.names, request.interpreters, pool)
        names = {e.name for e in [*installed, *entry_points]}
        for line in expectations.strangers(request.own_entries, names):
            watcher.say(line)
        selection = _start_and_select(request, given, pool, entry_points, watcher, meanwhile, interruption)
        if not pool.started:
            broken = sorted(pool.failures.keys() - pool.not_installed)
            look = f"; `same-conformance check {shlex.quote(broken[0])}` says what to do" if broken else ""
            raise StartError(
                "no implementation started: "
                + "; ".join(f"{n}: {why}" for n, why in sorted(pool.failures.items()))
                + look
            )
        if any(max(started.description.ranks) == 1 for started in pool.started.values()):
            selection = with_lines(selection, request.query)
        start_s = time.monotonic() - began
        header = _header(request, selection, pool)
        kept = _continued(path, header, watcher)
        done = {(r.implementation, r.case) for r in kept}
        work = {name: [c for c in selection.origins if (name, c) not in done] for name in pool.started}
        results = list(kept)
        writer = record.Writer(path, header, kept)
        try:
            judge, gallery = Judge(), Gallery()
            total = len(selection.origins) * len(pool.started)

            def execute(work: Mapping[str, Sequence[Case]]) -> Iterator[Result]:
                for name, case, outcome in pool.run(work):
                    result = Result(name, case, judge.judge(case, outcome))
                    gallery.see(name, case, outcome, result.judgement)
                    results.append(result)
                    writer.add(result)
                    interruption.check()
                    yield result

            for _ in execute(work):
                watcher.progress("executing", len(results), total)
            known = assessment.expectations_of(record.Record(header, cases=list(selection.origins)))
            inquiry = Inquiry(
                pool,
                judge,
                known,
                request.query.seed,
                lambda n, of, now: watcher.progress("diagnosing", n, of, now),
                interruption.check,
            )
            apart = unpacking.unpack(results, selection.origins, inquiry, execute)
            found = causes.find(results, inquiry)
            interruption.check()
            pictures = gallery.hang(results, found, inquiry)
            outputs = {
                name: text for name in [*pool.started, *pool.failures] if (text := without_places(pool.output_of(name)))
            }
            footer = {
                "seconds": round(time.monotonic() - began, 1),
                "start_seconds": round(start_s, 1),
                "outputs": outputs,
                "unpacked": [entry.to_json() for entry in apart],
                "causes": [cause.to_json() for cause in found],
                "pictures": [picture.to_json() for picture in pictures],
            }
            finished = record.Record(header, results, footer, list(selection.origins))
            render(finished)
            writer.finish(footer)
        except KeyboardInterrupt:
            raise Interrupted if results else KeyboardInterrupt from None
        finally:
            writer.close()
    return finished


def _start_and_select(
    request: Request,
    given: Selection | None,
    pool: Pool,
    entry_points: list[EntryPoint],
    watcher: Watcher,
    meanwhile: Callable[[], None],
    interruption: Interruption,
) -> Selection:
    """Draw the cases while the frameworks are being imported: the one takes a core, the other mostly waits."""
    started: list[str] = []
    n = len(entry_points) + len(pool.failures)

    def report(name: str) -> None:
        started.append(name)
        watcher.progress("starting", len(started), n)

    def drawn(n_drawn: int, n_wanted: int) -> None:
        watcher.progress("drawing", n_drawn, n_wanted)
        interruption.check()

    with in_background(pool, lambda: pool.start(entry_points, report)):
        selection = given or select(request.query, drawn)
        interruption.check()
        expectations.check(request.all_entries, (e.name for e in entry_points), selection.origins)
        watcher.progress("starting", len(started), n)
        meanwhile()
    for name, why in sorted(pool.failures.items()):
        watcher.say(f"{name} did not start: {why}")
        for line in pool.output_of(name).splitlines()[-_LAST_WORDS:]:
            watcher.say(f"  {one_line(line)}")
    if selection.n_drawn < selection.n_wanted:
        watcher.say(
            f"only {selection.n_drawn} distinct cases exist within the bounds; {selection.n_wanted} were asked for"
        )
    return selection


def _header(request: Request, selection: Selection, pool: Pool) -> dict[str, Any]:
    """Return what the record says of the run itself."""
    query = request.query
    header: dict[str, Any] = tamed(
        {
            "same_conformance": __version__,
            "began": _now(),
            "command": request.command,
            "narrowed": query.narrowed,
            "configuration": dict(request.configuration),
            "profile": ", ".join(r.name for r in request.requirements) if query.is_without_profile else query.profile,
            "seed": query.seed,
            "n_wanted": selection.n_wanted,
            "n_drawn": selection.n_drawn,
            "cases": [[case.id, origin] for case, origin in selection.origins.items()],
            "implementations": [_about(pool.started[name]) for name in sorted(pool.started)],
            "not_started": dict(sorted(pool.failures.items())),
            "not_installed": sorted(pool.not_installed),
            "expectations": [entry.to_json() for entry in request.all_entries],
            "named": sorted([*pool.started, *pool.failures] if request.names else request.interpreters),
            "requirements": [requirement.to_json() for requirement in request.requirements],
            "recorded": absent.testimony(pool.started, selection.origins),
            "variables": variables(),
            "limits": asdict(request.limits),
            "python": sys.version.split()[0],
            "spec_sources": _spec_sources(),
        }
    )
    return header


def variables() -> dict[str, str]:
    """Return the environment variables that change what frameworks do in a worker."""
    return {
        k: v
        for k, v in sorted({**os.environ, **ONE_THREAD}.items())
        if k.startswith(_FRAMEWORK_VARIABLES) and not k.startswith(_OTHERS_VARIABLES)
    }


def _now() -> str:
    """Return the time, to the second, in UTC: of the header alone, because whatever else is written is the same each time."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _about(started: Started) -> dict[str, Any]:
    return {
        **started.description.to_json(),
        "version": started.version,
        "distribution": started.entry_point.distribution,
        "builtin": started.entry_point.is_builtin,
        "versions": dict(started.versions),
        "python": started.python,
        "platform": started.platform,
        "sources": started.sources,
    }


def _spec_sources() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _continued(path: Path, header: dict[str, Any], watcher: Watcher) -> list[Result]:
    """Return the results of an unfinished record that still hold; say why if there are none to be had."""
    if not path.exists():
        return []
    try:
        old = record.read(path, past_damage=False)
    except RecordError as error:
        watcher.say(f"{error}; starting anew")
        return []
    if old.footer:
        return []
    changed = _changes(old.header, json.loads(json.dumps(header)))
    if changed:
        watcher.say(f"an unfinished run of {len(old.results)} outcomes is not continued: {changed}; starting anew")
        return []
    watcher.say(f"continuing an unfinished run: {len(old.results)} outcomes are there already")
    header["began"] = old.header.get("began", header["began"])
    return old.results


def _changes(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Return in words what differs between two headers of what results depend on; empty if nothing does."""
    for key, what in (
        ("cases", "the cases changed"),
        ("seed", "the seed changed"),
        ("variables", "environment variables of the frameworks changed"),
        ("limits", "the limits changed"),
        ("spec_sources", "the sources of same-conformance changed"),
        ("not_started", "other implementations started"),
        ("recorded", "the recorded witnesses changed"),
        ("requirements", "the requirement sets changed"),
    ):
        if old.get(key) != new[key]:
            return what
    before = {about["name"]: about for about in old.get("implementations", [])}
    after = {about["name"]: about for about in new["implementations"]}
    if before.keys() != after.keys():
        return "the implementations changed: " + ", ".join(sorted(before.keys() ^ after.keys()))
    for name, about in after.items():
        for key in about:
            if before[name].get(key) != about[key]:
                return f"the {key} of {name} changed"
    return ""
