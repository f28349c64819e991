"""Say how a function differs from SAME."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from same_conformance.diagnosis import probing, wording
from same_conformance.diagnosis.diagnose import diagnose
from same_conformance.judge import FAILURES, expected_shape
from same_conformance.outcome import Array
from same_conformance.picture import Picture, drawing, windows
from same_conformance.picture.symbols import DRAWN
from same_conformance.picture.terminal import WIDTH

if TYPE_CHECKING:
    import numpy as np

    from same_conformance.case import Case
    from same_conformance.diagnosis.probing import Execute
    from same_conformance.judge import Judge, Judgement
    from same_conformance.outcome import Outcome
    from same_conformance.record import Result

_MOST_PROBES = 64
"""Calls that a message may take: Hypothesis has one made for every example that fails while it shrinks."""
_LARGEST_DRAWN = 32
"""Size of a case that is drawn: of a larger one, a picture fills the screen and shows less than the numbers above it."""


def of_case(
    name: str, case: Case, outcome: Outcome, judgement: Judgement, expected: np.ndarray, execute: Execute
) -> str:
    """Return the message about one case; `execute` probes."""
    what = _read(case, judgement, execute)
    first = f"{name} is not SAME on {case}" + (f": it {what}" if what else "")
    return "\n".join([first, *_facts(name, case, outcome, judgement, expected, execute)])


def of_all(name: str, results: Sequence[Result], outcome: Outcome, judge: Judge, execute: Execute) -> str:
    """Return the message about all `results`, in canonical order; `outcome` is that of the first that fails."""
    failed = [r for r in results if r.judgement.verdict in FAILURES]
    n_ran = sum(r.judgement.verdict != "unsupported" for r in results)
    smallest = failed[0]
    case, judgement = smallest.case, smallest.judgement
    alike = [r for r in results if r.judgement.verdict not in ("crash", "timeout")]
    diagnosis = diagnose(alike, execute)
    return "\n".join(
        [
            f"{name} is not SAME: it {diagnosis.sentence}",
            f"It fails on {len(failed)} of {n_ran} cases; {diagnosis.where.text or 'no rule says on which'}.",
            f"The smallest of them is {case}.",
            *_facts(name, case, outcome, judgement, judge.expected(case), execute),
        ]
    )


def _facts(
    name: str, case: Case, outcome: Outcome, judgement: Judgement, expected: np.ndarray, execute: Execute
) -> list[str]:
    """Return the verdict, both shapes, the pads that SAME asks for, and the picture of a case that is not too large."""
    said = f": {judgement.message}" if judgement.message else ""
    observed = "none" if judgement.observed_shape is None else list(judgement.observed_shape)
    verb = "crops" if case.op == "conv_transpose" else "pads"
    pads = ", ".join(f"{a.before}+{a.after}" for a in case.axes)
    lines = [f"  {judgement.verdict}{said}", f"  SAME {verb} {pads}"]
    if judgement.verdict != "shape":  # that one says it
        shape = list(expected_shape(case, judgement.verdict))
        lines.insert(1, f"  shape {observed}, SAME asks for {shape} (channel last)")
    if isinstance(outcome, Array) and max(case.size) <= _LARGEST_DRAWN:
        read = windows.find(case, judgement.verdict, "", execute, _MOST_PROBES)
        picture = Picture(name, case, expected, outcome.values, read)
        lines += [f"  {line.plain}".rstrip() for line in drawing.draw(picture, WIDTH - 2, DRAWN)]
    return lines


def _read(case: Case, judgement: Judgement, execute: Execute) -> str:
    """Say what is read instead of what SAME asks for, if a few calls show it."""
    if judgement.verdict in windows.WITHOUT_ARRAY or case.calls > 1 or probing.n_probes(case) > _MOST_PROBES:
        return ""
    reading = probing.read(case.forward, execute)
    return "; ".join(wording.describe([(case.forward, reading)])) if reading else ""
