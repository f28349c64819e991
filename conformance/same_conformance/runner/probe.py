"""Execute one case on operands of the host's choosing, which expose what an implementation reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from same_conformance.errors import StartError
from same_conformance.messages import in_words
from same_conformance.outcome import Crash, Outcome, Timeout
from same_conformance.runner import protocol
from same_conformance.runner.dispatch import outcome_of
from same_conformance.runner.process import WorkerDied, WorkerTimeout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from same_conformance.case import Case
    from same_conformance.plugins import EntryPoint
    from same_conformance.runner.slot import Slot

_TOGETHER = 100
"""Sets of operands in one request: what JAX compiles into one program."""


def probe(slot: Slot, entry_point: EntryPoint, case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> list[Outcome]:
    """Return an outcome for each set of operands, all of one shape; a worker that dies takes the rest with it."""
    outcomes: list[Outcome] = []
    for begin in range(0, len(sets), _TOGETHER):
        part = sets[begin : begin + _TOGETHER]
        try:
            found = list(_ask(slot, entry_point, case, part))
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


def _ask(slot: Slot, entry_point: EntryPoint, case: Case, sets: Sequence[tuple[np.ndarray, ...]]) -> Iterable[Outcome]:
    if not slot.is_ready(entry_point.name):
        slot.start(entry_point)
    process = slot.process()
    shapes = [array.shape for array in sets[0]]
    payload = b"".join(np.ascontiguousarray(array, "<f8").tobytes() for operands in sets for array in operands)
    process.send({"type": "probe", "name": entry_point.name, "case": case.id, "shapes": shapes}, payload)
    while True:
        header, content = process.receive(slot.limits.case_s)
        if header["type"] == "failed":
            raise protocol.ProtocolError(header["message"])
        if header["type"] == "done":
            return
        yield outcome_of(header, content)
