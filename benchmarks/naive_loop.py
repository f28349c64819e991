"""Measure our run against the loop that one would write first.

The naive loop is a ``@given`` test in one process that calls TensorFlow, JAX and PyTorch case by case and compares.
Ours is ``same-conformance run`` on ``tensorflow``, ``jax`` and ``torch-explicit``, over the cases that the naive loop
drew, one after the other on the same machine. Times are per distinct case and after the start: the naive clock begins after
its imports; ours is the whole command less the start of its workers and of Python with its own imports, so that judging,
recording and the report are in it. (We draw while the frameworks are being imported. How long drawing takes by itself is printed too.)

    nox -s benchmarks                                300 and 1,000 cases, float32
    nox -s benchmarks -- --cases 300 --dtypes all    another number of cases, all dtypes
    nox -s benchmarks -- --compared all              a quarter of the cases compares gradients; or gradients alone
    nox -s benchmarks -- --ours-only --cases 3000    our run alone, to see that its memory is flat

Absolute times depend on the machine and its other guests; the ratio is taken in one run.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from same_conformance import strategies
from same_conformance.case import COMPARED, DTYPES, Case

OURS = ("tensorflow", "jax", "torch-explicit")
WHAT = {"forward": COMPARED[:1], "gradients": COMPARED[1:], "all": COMPARED}
_IMPORTED = ("same_conformance.cli", "same_conformance.config", "same_conformance.console", "same_conformance.run")
"""What the command imports before it starts its workers."""
_MIB = 1 << 20
_POLL_S = 0.2


def naive(n: int, bounds: dict[str, Any], path: Path) -> dict[str, float]:
    """Run the naive loop in this process; write the ids of its cases to `path`."""
    os.environ.update(TF_ENABLE_ONEDNN_OPTS="1", TF_CPP_MIN_LOG_LEVEL="3", JAX_PLATFORMS="cpu")
    from hypothesis import HealthCheck, given, seed, settings

    from same_conformance import frameworks, plugins
    from same_conformance.judge import FAILURES, Judge

    called: list[tuple[Any, Any]] = []
    for entry_point in plugins.select(plugins.installed(), OURS):
        module, _, attribute = entry_point.value.partition(":")
        implementation = getattr(importlib.import_module(module), attribute)
        if implementation.name == "jax":
            implementation = replace(implementation, avg_pool=_plain_avg_pool)
        called.append((implementation, frameworks.load(implementation.framework)))
    judge = Judge()
    seen: list[Case] = []

    @seed(0)
    @settings(max_examples=n, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategies.cases(**bounds))
    def loop(case: Case) -> None:
        seen.append(case)
        for implementation, adapter in called:
            outcome = _call(implementation, adapter, case)
            if outcome is not None:
                verdict = judge.judge(case, outcome).verdict
                assert verdict not in FAILURES or implementation.name == "tensorflow", case.id

    began = time.perf_counter()
    loop()
    seconds = time.perf_counter() - began
    path.write_text("".join(f"{case.id}\n" for case in dict.fromkeys(seen)))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MIB
    return {"ms_a_case": 1000 * seconds / len(set(seen)), "peak_mib": peak_mib}


def _plain_avg_pool(x: Any, *, window: Any, stride: Any, dilation: Any, padding: str) -> Any:
    """Average as one would write it for eager JAX, where what helps our compiled programs costs time."""
    import jax.numpy as jnp
    from jax import lax

    def total(values: Any) -> Any:
        lengths = {"window_dimensions": window, "window_strides": stride, "window_dilation": dilation}
        return lax.reduce_window(values, 0.0, lax.add, padding=padding, **{k: (1, *v, 1) for k, v in lengths.items()})

    return total(x) / total(jnp.ones_like(x))


def _call(implementation: Any, adapter: Any, case: Case) -> Any:
    """Call one implementation eagerly and once, as a test would; None where it does not offer the case."""
    from same_conformance.errors import Unsupported
    from same_conformance.outcome import Array
    from same_conformance.runner import execution

    try:
        result = adapter.execute(execution.prepare(implementation, adapter, case))
        return Array(*adapter.array(case, result))
    except Exception as error:
        if isinstance(error, Unsupported) or adapter.refuses(error):
            return None
        raise


def ours(path: Path, n: int, bounds: dict[str, Any]) -> dict[str, Any]:
    """Run our command over the cases in `path`, and draw as many; return the time per case and each process's peak."""
    python = [sys.executable, "-m", "same_conformance"]
    startup = _seconds([sys.executable, "-c", f"import {', '.join(_IMPORTED)}"])
    began = time.perf_counter()
    drawn = strategies.draw_distinct(n, seed=0, **bounds)
    drawing = time.perf_counter() - began
    if not path.exists():
        path.write_text("".join(f"{case.id}\n" for case in drawn.cases))
    n_cases = len(path.read_text().split())
    with tempfile.TemporaryDirectory() as out:
        peaks: dict[int, tuple[str, float]] = {}
        began = time.perf_counter()
        process = subprocess.Popen(
            [*python, "run", *OURS, "--cases-from", path, "--out", out], stdout=subprocess.DEVNULL
        )
        while process.poll() is None:
            _look(process.pid, peaks)
            time.sleep(_POLL_S)
        seconds = time.perf_counter() - began
        footer = json.loads((Path(out) / "run.jsonl").read_text().splitlines()[-1])
    after_start = seconds - startup - footer["start_seconds"]
    return {
        "ms_a_case": 1000 * after_start / n_cases,
        "drawing_ms_a_case": 1000 * drawing / n,
        "peaks_mib": {name: peak for name, peak in sorted(peaks.values()) if name},
    }


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _look(host: int, peaks: dict[int, tuple[str, float]]) -> None:
    """Note the peak memory of the host and of its workers, named by the framework they have loaded."""
    for pid in [host, *_children(host)]:
        with contextlib.suppress(OSError, IndexError):
            status = Path(f"/proc/{pid}/status").read_text()
            peak = int(status.split("VmHWM:")[1].split()[0]) * 1024 / _MIB
            known, _ = peaks.get(pid, ("", 0))
            peaks[pid] = ("host" if pid == host else known or _framework_of(pid), peak)


def _framework_of(pid: int) -> str:
    maps = Path(f"/proc/{pid}/maps").read_text()
    return next((f for f in ("tensorflow", "jaxlib", "torch") if f"/{f}/" in maps), "")


def _children(host: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{host}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += map(int, task.read_text().split())
    return children


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, action="append", help="how many cases; may be repeated")
    parser.add_argument("--dtypes", choices=["float32", "all"], default="float32")
    parser.add_argument("--compared", choices=WHAT, default="forward")
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--naive", nargs=2, metavar=("N", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    bounds = {
        "paddings": ["same"],
        "dtypes": DTYPES if options.dtypes == "all" else (options.dtypes,),
        "compared": WHAT[options.compared],
        "max_calls": 1,
    }
    if options.naive:
        n, file = options.naive
        print(json.dumps(naive(int(n), bounds, Path(file))))
        return
    for n in options.cases or [300, 1000]:
        print(f"{n} cases, {options.dtypes}, {options.compared}, all ops and ranks, on {', '.join(OURS)}", flush=True)
        with tempfile.TemporaryDirectory() as room:
            path = Path(room) / "cases.txt"
            theirs: dict[str, float] = {}
            if not options.ours_only:
                command = [sys.executable, __file__, "--naive", str(n), str(path)]
                command += ["--dtypes", options.dtypes, "--compared", options.compared]
                output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                theirs = json.loads(output.splitlines()[-1])
                print(
                    f"  naive loop  {theirs['ms_a_case']:6.1f} ms a case   peak {theirs['peak_mib']:.0f} MiB",
                    flush=True,
                )
            measured = ours(path, n, bounds)
            peaks = ", ".join(f"{name} {peak:.0f} MiB" for name, peak in measured["peaks_mib"].items())
            print(f"  our run     {measured['ms_a_case']:6.1f} ms a case   peaks {peaks}")
            print(
                f"  (drawing    {measured['drawing_ms_a_case']:6.1f} ms a case, while the frameworks are imported)",
                flush=True,
            )
            if theirs:
                print(f"  ratio       {theirs['ms_a_case'] / measured['ms_a_case']:6.1f}", flush=True)


if __name__ == "__main__":
    main()
