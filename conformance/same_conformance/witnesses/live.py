"""Ask the witnesses themselves: run them on cases, and keep what they say."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from same_conformance import plugins
from same_conformance.errors import RecordError
from same_conformance.judge import Judge
from same_conformance.run import variables
from same_conformance.runner.pool import Pool
from same_conformance.witnesses import NAMES
from same_conformance.witnesses.recording import Line, Recording, digest
from same_conformance.witnesses.saying import Saying, listen

if TYPE_CHECKING:
    from same_conformance.case import Case

_INSTRUCTIONS = ("fma", "avx", "avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16", "asimd", "asimdhp", "bf16")
"""What oneDNN and Eigen choose their kernels by; some of TensorFlow's in half precision are wrong, others are not."""


def record(cases: Sequence[Case]) -> Recording:
    """Return what the witnesses say of `cases` now.

    Raises:
        RecordError: if one does not start, or does with a case what is not to be recorded.

    """
    judge = Judge(1 << 28)
    said: dict[Case, dict[str, Saying]] = {case: {} for case in cases}
    with Pool() as pool:
        pool.start(plugins.select(plugins.installed(), NAMES))
        for name, why in pool.failures.items():
            raise RecordError(f"{name} did not start: {why}")
        for name, case, outcome in pool.run(dict.fromkeys(NAMES, cases)):
            said[case][name] = listen(case, outcome, judge)
        witnesses = {
            name: {
                "versions": dict(pool.started[name].versions),
                "python": pool.started[name].python,
                "environment": dict(pool.started[name].description.environment),
            }
            for name in NAMES
        }
    return Recording(witnesses, _machine(), {case: Line(digest(case), said[case]) for case in cases})


def _machine() -> dict[str, Any]:
    """Return what results depend on besides versions, and nothing that tells one machine from another of its kind."""
    processor = f"{platform.system()} {platform.machine()}"
    return {"platform": processor, "instructions": _instructions(), "environment": variables()}


def _instructions() -> list[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return []
    words = {word for line in lines if line.startswith(("flags", "Features")) for word in line.split()}
    return [name for name in _INSTRUCTIONS if name in words]
