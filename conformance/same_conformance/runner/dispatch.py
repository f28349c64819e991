"""Execute the cases of one implementation on its worker, whatever happens to the worker."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from same_conformance.case import Case
from same_conformance.errors import StartError
from same_conformance.messages import in_words, one_line
from same_conformance.outcome import Crash, Error, Outcome, Timeout
from same_conformance.runner import programs, protocol
from same_conformance.runner.process import WorkerDied, WorkerProcess, WorkerTimeout
from same_conformance.runner.replies import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from same_conformance.implementation import Description
    from same_conformance.plugins import EntryPoint
    from same_conformance.runner.slot import Slot

BATCH = 64
"""Cases per request where nothing is compiled together: large enough to hide the round trip."""


@dataclass
class _Batch:
    """Cases that were sent in one request.

    Attributes:
        pending: those without an outcome yet, by id, in the order they were sent.
        running: those that the worker announced last.
        apart: those that the worker could not compile together and wants one by one.
        n_answered: how many outcomes came.

    """

    pending: dict[str, Case]
    running: list[str] = field(default_factory=list)
    apart: list[Case] = field(default_factory=list)
    n_answered: int = 0

    def culprits(self) -> list[Case]:
        """Take out the cases that were running when the worker died; between two cases, the one that comes next."""
        found = [self.pending.pop(case_id) for case_id in self.running if case_id in self.pending]
        if not found and self.pending:
            found = [self.pending.pop(next(iter(self.pending)))]
        return found


class Dispatch:
    """Sends the cases of one implementation in batches and gives every case exactly one outcome.

    A death is laid on the case that was running; the rest is sent again to a new process. Only where several cases
    were compiled together, the batch is halved until the culprit is alone.
    """

    def __init__(
        self,
        slot: Slot,
        entry_point: EntryPoint,
        description: Description,
        batch_size: int,
        emit: Callable[[Case, Outcome], None],
    ) -> None:
        self._slot = slot
        self._description = description
        self._entry_point = entry_point
        self._batch_size = batch_size
        self._emit = emit

    def run(self, cases: Sequence[Case]) -> None:
        """Execute `cases`; return early only if the slot was interrupted."""
        size = self._batch_size
        batches = deque(list(cases[i : i + size]) for i in range(0, len(cases), size))
        n_in_a_row = 0
        resent = False
        while batches and not self._slot.interrupted():
            batch = _Batch({case.id: case for case in batches.popleft()})
            fate = self._send(batch)
            batches.extendleft([case] for case in reversed(batch.apart))
            if fate is None:
                n_in_a_row = 0
                continue
            if self._slot.interrupted():
                return
            self._slot.end()
            if not batch.running and not resent:  # it died before it took up these cases: they get a second worker
                resent = True
                batches.appendleft(list(batch.pending.values()))
                continue
            resent = False
            culprits = batch.culprits()
            rest = list(batch.pending.values())
            if len(culprits) > 1:
                half = len(culprits) // 2
                batches.extendleft(part for part in (rest, culprits[half:], culprits[:half]) if part)
                continue
            for case in culprits:
                self._emit(case, fate)
            if rest:
                batches.appendleft(rest)
            n_in_a_row = 1 if batch.n_answered else n_in_a_row + 1
            if n_in_a_row >= self._slot.limits.in_a_row(fate):
                not_executed = type(fate)(f"not executed: given up after {n_in_a_row} crashes or timeouts in a row")
                for case in (case for left in batches for case in left):
                    self._emit(case, not_executed)
                return

    def _send(self, batch: _Batch) -> Crash | Timeout | None:
        """Send one batch and take its outcomes; return how the worker died, or None if it lives."""
        try:
            if not self._slot.is_ready(self._entry_point.name):
                self._slot.start(self._entry_point)
            process = self._slot.process()
            limit_s = self._slot.limits.case_s
            if self._slot.program:
                self._one_by_one(batch, process)
                return None
            process.send({"type": "run", "name": self._entry_point.name, "cases": list(batch.pending)}, b"", limit_s)
            while self._take(batch, *process.receive(limit_s)):
                pass
        except WorkerTimeout:
            return Timeout(f"no answer within {self._slot.limits.case_s:g} s")
        except WorkerDied as death:
            return Crash(f"the process {death.reason}")
        except StartError as error:
            return Crash(f"the worker could not be started again: {error}")
        except (KeyError, TypeError, ValueError, OverflowError, protocol.ProtocolError) as error:
            return Crash(f"the process broke the protocol: {in_words(error)}")
        return None

    def _one_by_one(self, batch: _Batch, process: WorkerProcess) -> None:
        """Let a program execute the batch; the case that it was sent last is the one that is running."""
        for case in list(batch.pending.values()):
            batch.running = [case.id]
            outcome = programs.execute(process, self._description, case, self._slot.limits.case_s)
            self._emit(batch.pending.pop(case.id), outcome)
            batch.n_answered += 1

    def _take(self, batch: _Batch, header: dict[str, Any], payload: bytes) -> bool:
        """Take one reply; return whether more are to come.

        Raises:
            KeyError, TypeError, ValueError, OverflowError, protocol.ProtocolError: if it is no reply.

        """
        match header["type"]:
            case "done":
                return False
            case "failed":
                for case in batch.pending.values():
                    self._emit(case, Error(one_line(header["message"])))
                return False
            case "running":
                batch.running = header["cases"]
            case "split":
                batch.apart = [batch.pending.pop(i) for i in batch.running if i in batch.pending]
            case _:
                outcome = outcome_of(header, payload)
                self._emit(batch.pending.pop(header["case"]), outcome)
                batch.n_answered += 1
        return True
