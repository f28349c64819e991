"""Talk to programs: workers in any language, which are sent one case at a time, with its parameters and operands."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from same_conformance import operands
from same_conformance.claims import obstacle
from same_conformance.errors import StartError
from same_conformance.implementation import keywords_for
from same_conformance.messages import one_line
from same_conformance.outcome import Array, Error, Outcome, Unsupported
from same_conformance.runner import protocol
from same_conformance.runner.execution import count_doubled, count_unequal
from same_conformance.runner.replies import outcome_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from same_conformance.case import Case
    from same_conformance.implementation import Description
    from same_conformance.runner.process import WorkerProcess

_MOST_VERSIONS = 20


def started(hello: dict[str, Any]) -> dict[str, Any]:
    """Return what a program's `hello` says of it, as our own workers answer to ``start``.

    Raises:
        StartError: if it does not ask for the operands.

    """
    if hello.get("operands") is not True:
        raise StartError('its hello has no "operands": true, but a program is always sent them')
    versions = hello.get("versions", {})
    if not isinstance(versions, dict):
        raise StartError(f"the versions of its hello must be an object, got {one_line(repr(versions))}")
    told = {one_line(name): one_line(str(version)) for name, version in list(versions.items())[:_MOST_VERSIONS]}
    return {"versions": told, "python": "", "platform": platform.platform()}


def parameters(case: Case, arrays: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return what a program is told of `case`; every key is always there."""
    names = (*("input", "kernel")[: len(case.operand_shapes)], "cotangent")
    return {
        "op": case.op,
        "size": case.size,
        "kernel": case.kernel,
        "stride": case.stride,
        "dilation": case.dilation,
        "padding": keywords_for(case)["padding"],
        "batch": case.batch,
        "channels": case.channels,
        "groups": case.groups,
        "output_size": case.output_size,
        "dtype": case.dtype,
        "compared": case.compared,
        "operands": [{"name": name, "shape": array.shape} for name, array in zip(names, arrays, strict=False)],
    }


def execute(
    process: WorkerProcess,
    description: Description,
    case: Case,
    limit_s: float,
    given: Sequence[np.ndarray] | None = None,
) -> Outcome:
    """Send `case` twice and return what came of it, with how many elements were others the second time.

    Where it has two calls, those of other sizes are sent first, and nobody looks at what comes of them.

    Raises:
        WorkerTimeout, WorkerDied: as `WorkerProcess.receive`.
        protocol.ProtocolError: if a reply is none.

    """
    if why := obstacle(description, case):
        return Unsupported(one_line(why))
    for earlier in case.earlier:
        _ask(process, description.name, earlier, limit_s, operands.make(earlier))
    arrays = operands.make(case) if given is None else given
    outcome = _ask(process, description.name, case, limit_s, arrays)
    if not isinstance(outcome, Array):
        return outcome
    again = _ask(process, description.name, case, limit_s, arrays)
    if not isinstance(again, Array):
        return Error(one_line(f"when the same call was made again: {getattr(again, 'message', 'no array')}"))
    n_unequal = count_unequal(outcome.values, again.values)
    if n_unequal < outcome.n_unequal:  # it calls twice itself
        return outcome
    return replace(outcome, n_unequal=n_unequal, n_doubled=count_doubled(outcome.values, again.values))


def _bytes(values: np.ndarray, dtype: str) -> bytes:
    """Return the bytes of an operand in the dtype of its case."""
    return protocol.array_to_bytes(values.astype("float32" if dtype == "bfloat16" else dtype), dtype)


def _ask(process: WorkerProcess, name: str, case: Case, limit_s: float, arrays: Sequence[np.ndarray]) -> Outcome:
    payload = b"".join(_bytes(array, case.dtype) for array in arrays)
    request = {"type": "run", "name": name, "case": case.id, "parameters": parameters(case, arrays)}
    process.send(request, payload, limit_s)
    while True:
        header, content = process.receive(limit_s)
        if header["type"] in ("running", "done"):  # as our own workers say; the one reply is what counts
            continue
        if header["type"] == "failed":
            return Error(one_line(str(header.get("message", "failed"))))
        answered = header.get("case")
        if answered != case.id:
            raise protocol.ProtocolError(f"{case.id} was asked, and the reply is for {one_line(repr(answered))}")
        return outcome_of(header, content)
