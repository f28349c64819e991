"""Tell from the results of a run whether a plug-in may be broken, so that its author is sent to ``check``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from same_conformance.case import OPS
from same_conformance.doctor import calls, layouts
from same_conformance.doctor.visit import as_called

if TYPE_CHECKING:
    from same_conformance.assessment import Assessment
    from same_conformance.record import Record, Result

_ENOUGH = 0.9
"""The share of an op's cases that must show one symptom; where sizes are 1, a wrong layout is right by chance."""
_FATAL = ("error", "crash", "timeout")


def advice(results: Iterable[Result], framework: str, called: str) -> str:
    """Return a line for the author of a plug-in that may be broken, which is `called` so; empty if it need not be.

    `results` are of one implementation; an op that is not offered or conforms here and there says nothing.
    """
    by_op: dict[str, list[Result]] = {}
    for result in results:
        if result.judgement.verdict != "unsupported" and result.case.compared == "forward":
            by_op.setdefault(result.case.op, []).append(result)
    found = [said for op in OPS if op in by_op and (said := _symptom(op, by_op[op], framework))]
    if not found:
        return ""
    others = f" (and {len(found) - 1} more ops)" if len(found) > 1 else ""
    return f"{found[0]}{others}: if it is the plug-in that is broken, `same-conformance check {called}` finds out where"


def _symptom(op: str, ran: Sequence[Result], framework: str) -> str:
    """Return what nearly all results of an op have that no attempt at SAME gives; empty if there is no such thing."""
    ended = [r for r in ran if r.judgement.verdict in _FATAL]
    if _are_enough(ended, ran):
        message = ended[0].judgement.message
        breach = calls.breach(op, message, framework)
        return breach.text if breach else f"{op} has no result in {len(ended)} of {len(ran)} cases ({message})"
    misshapen = [(r, said) for r in ran if (said := _misshapen(r, framework))]
    if _are_enough(misshapen, ran):
        return f"{op} {misshapen[0][1]} ({misshapen[0][0].case.id})"
    others = [r for r in ran if r.judgement.verdict == "dtype"]
    return f"{op}: {others[0].judgement.message}" if _are_enough(others, ran) else _unpadded(op, ran)


def _unpadded(op: str, ran: Sequence[Result]) -> str:
    """Return that an op is mostly wrong, and so even where kernel and stride are 1: nothing is padded there, whatever the rule."""
    plain = [r for r in ran if {*r.case.kernel, *r.case.stride} == {1}]
    bad = [r for r in plain if r.judgement.verdict in ("shape", "value")]
    n_wrong = sum(r.judgement.verdict in ("shape", "value") for r in ran)
    if not bad or 2 * len(bad) < len(plain) or 2 * n_wrong < len(ran):
        return ""
    return f"{op} is wrong even where kernel and stride are 1 and nothing is padded ({bad[0].case.id})"


def _are_enough(some: Sequence[object], of: Sequence[object]) -> bool:
    return len(some) >= _ENOUGH * len(of)


def _misshapen(result: Result, framework: str) -> str:
    """Say how a result has another number of axes than it should, or the same in another order; empty if it has not."""
    shape = result.judgement.observed_shape
    if result.judgement.verdict != "shape" or shape is None:
        return ""
    if said := layouts.of_result(result.case, shape, framework):
        return said
    n = result.case.rank + 2
    return f"returned {len(shape)} axes where {n} are expected" if len(shape) != n else ""


def lines(record: Record, assessment: Assessment, names: Sequence[str], interpreters: Mapping[str, str]) -> list[str]:
    """Return a line for each plug-in of a run that may be broken; `names` and `interpreters` are those of its command.

    Of ops whose failures are all expected nothing is said.
    """
    unexpected = {(row.result.implementation, row.result.case.op) for row in assessment.standing("unexpected")}
    by_name: dict[str, list[Result]] = {}
    for result in record.results:
        if (result.implementation, result.case.op) in unexpected:
            by_name.setdefault(result.implementation, []).append(result)
    said = []
    for about in record.header["implementations"]:
        if not about["builtin"]:
            name = about["name"]
            called = next((typed for typed in names if _means(typed, name, about["distribution"])), name)
            own = {key: python for key, python in interpreters.items() if key in (called, name)}
            text = advice(by_name.get(name, ()), about["framework"], as_called(called, own))
            said += [f"{name}: {text}"] if text else []
    return said


def _means(typed: str, name: str, distribution: str) -> bool:
    """Tell whether an argument is the name of an implementation, or the file that it is in."""
    file = re.fullmatch(r"(.*\.py)(:[^/:]*)?", typed, re.DOTALL)
    return typed == name or (file is not None and Path(file[1]).name == distribution)
