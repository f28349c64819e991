"""Check a function on a case, or on all small cases and the corpus, and say how it differs from SAME."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from same_conformance import corpus
from same_conformance.case import Case
from same_conformance.errors import CaseError, Unsupported, UsageError
from same_conformance.judge import FAILURES, Judge
from same_conformance.outcome import Outcome
from same_conformance.record import Result
from same_conformance.selection import SMALL
from same_conformance.testing import message
from same_conformance.testing.local import Local
from same_conformance.testing.recognition import framework_of, name_of
from same_conformance.testsuite.finding import often

_PER_AXIS = ("size", "kernel", "stride", "dilation", "output_size")
_STEPS = (1, 5, 7)
"""Which small axis goes with which: none has a divisor in common with their number, so that each is in every place once."""


def given(op: str, case: Case | None, fields: Mapping[str, Any]) -> Case | None:
    """Return the case that the caller gave, whole or by its fields; None if there is none.

    Raises:
        UsageError: if it is of another op, or the fields make none.

    """
    if case is None and not fields:
        return None
    if case is None:
        return _from_fields(op, fields)
    if fields:
        raise UsageError(f"give a case or its fields, not both: got {case} and {', '.join(fields)}")
    if not isinstance(case, Case):
        raise UsageError(
            f"case must be a same_conformance.Case, got {type(case).__name__}; write size= and kernel= to give fields"
        )
    if case.op != op:
        raise UsageError(f"{case} is a case of {case.op}, and this asserts {op}: use assert_same_{case.op}")
    return case


def _from_fields(op: str, fields: Mapping[str, Any]) -> Case:
    missing = [name for name in ("size", "kernel") if name not in fields]
    if missing:
        raise UsageError(f"{missing[0]} is missing: give size and kernel, as in size=(224, 224), kernel=3, stride=2")
    size = fields["size"]
    rank = 1 if isinstance(size, int) else len(size)
    values = dict(fields)
    for name in values.keys() & set(_PER_AXIS):
        value = values[name]
        values[name] = (value,) * rank if isinstance(value, int) else tuple(value)
    if "padding" in values:
        values["padding"] = str(values["padding"]).lower()
    if "channels" in values:
        channels = values["channels"]
        values["channels"] = (channels,) if isinstance(channels, int) else tuple(channels)
    try:
        return Case(op, **values)
    except TypeError as error:
        raise UsageError(f"these are no fields of a case: {error}") from None
    except CaseError as error:
        raise UsageError(str(error)) from None


def check(op: str, function: Callable[..., Any], case: Case | None, framework: str, ranks: Sequence[int]) -> None:
    """Assert that `function` does `op` as SAME asks; see `same_conformance.testing.assert_same_conv`."""
    __tracebackhide__ = True
    local = Local(op, function, framework_of(function, framework))
    if case is None:
        _check_all(op, name_of(function), local, ranks)
        return
    judge = Judge()
    outcome = local.execute(case)
    judgement = judge.judge(case, outcome)
    if judgement.verdict == "unsupported":
        _decline(f"{name_of(function)} does not offer {case}: {judgement.message}")
    if judgement.verdict in FAILURES:
        text = message.of_case(name_of(function), case, outcome, judgement, judge.expected(case), local.probe)
        raise AssertionError(text) from local.raised


def _check_all(op: str, name: str, local: Local, ranks: Sequence[int]) -> None:
    """Run all small cases and the corpus, and raise for the smallest that fails, if one does."""
    __tracebackhide__ = True
    judge = Judge()
    results: list[Result] = []
    first: tuple[Outcome, BaseException | None] | None = None
    for case in _ours(op, ranks):
        outcome = local.execute(case)
        result = Result(name, case, judge.judge(case, outcome))
        results.append(result)
        if first is None and result.judgement.verdict in FAILURES:
            first = outcome, local.raised
    declined = [r.judgement.message for r in results if r.judgement.verdict == "unsupported"]
    if first is None:
        if len(declined) == len(results):
            raise Unsupported(f"{name} offers none of {len(results)} cases of {op}: {often(declined)}")
        return
    outcome, raised = first
    raise AssertionError(message.of_all(name, results, outcome, judge, local.probe)) from raised


def _ours(op: str, ranks: Sequence[int]) -> list[Case]:
    """Return all small cases and those of the corpus, in canonical order."""
    cases = {entry.case for entry in corpus.read() if entry.case.op == op and entry.case.rank in ranks}
    for rank in ranks:
        cases.update(_small(op, rank))
    if not cases:
        raise UsageError(f"ranks {tuple(ranks)}: use some of 1, 2, 3")
    return sorted(cases, key=lambda case: case.canonical_key)


def _small(op: str, rank: int) -> Iterator[Case]:
    """Yield every small axis as a case of `rank` axes, the others of which are small ones too."""
    axes = list(product(*(range(1, most + 1) for most in SMALL.values())))
    for place in range(len(axes)):
        chosen = [axes[place * step % len(axes)] for step in _STEPS[:rank]]
        size, kernel, stride, dilation = zip(*chosen, strict=True)
        yield Case(op, size, kernel, stride, dilation)


def _decline(text: str) -> None:
    """Say that the case is not offered: to Hypothesis, if it asks, and else to the caller."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is not None and hypothesis.currently_in_test_context():
        hypothesis.reject()
    raise Unsupported(text)
