"""Execute one case on operands of the host's choosing, which expose what an implementation reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from same_conformance.errors import StartError
from same_conformance.messages import in_words
from same_conformance.outcome import Crash, Outcome, Timeout
from same_conformance.runner import programs, protocol
from same_conformance.runner.process import WorkerDied, WorkerTimeout
from same_conformance.runner.replies import outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from same_conformance.case import Case
    from same_conformance.runner.pool import Started
    from same_conformance.runner.slot import Slot

_TOGETHER = 100
"""Sets of operands in one request: what JAX compiles into one program."""


def probe(slot: Slot, started: Started, case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
    """Return an outcome for each set of operands, all of one shape; a worker that dies takes the rest with it."""
    outcomes: list[Outcome] = []
    for begin in range(0, len(sets), _TOGETHER):
        part = sets[begin : begin + _TOGETHER]
        try:
            found = list(_ask(slot, started, case, part))
        except WorkerTimeout:
            found = [Timeout(f"no answer within {slot.limits.case_s:g} s")]
        except WorkerDied as death:
            found = [Crash(f"the process {death.reason}")]
        except StartError as error:
            found = [Crash(f"the worker could not be started again: {error}")]
        except (KeyError, TypeError, ValueError, OverflowError, protocol.ProtocolError) as error:
            found = [Crash(f"the process broke the protocol: {in_words(error)}")]
        outcomes += found
        if len(found) < len(part):
            slot.end()
            return outcomes
    return outcomes


def _ask(slot: Slot, started: Started, case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> Iterable[Outcome]:
    name, limit_s = started.entry_point.name, slot.limits.case_s
    if not slot.is_ready(name):
        slot.start(started.entry_point)
    process = slot.process()
    if slot.program:
        for operands in sets:
            yield programs.execute(process, started.description, case, limit_s, operands)
        return
    shapes = [array.shape for array in sets[0]]
    payload = b"".join(np.ascontiguousarray(array, "<f8").tobytes() for operands in sets for array in operands)
    process.send({"type": "probe", "name": name, "case": case.id, "shapes": shapes}, payload, limit_s)
    while True:
        header, content = process.receive(limit_s)
        if header["type"] == "failed":
            raise protocol.ProtocolError(header["message"])
        if header["type"] == "done":
            return
        yield outcome_of(header, content)
