"""Turn the replies of a worker into outcomes."""

from __future__ import annotations

import re
from typing import Any

from same_conformance.messages import one_line
from same_conformance.outcome import Array, Error, NoGradient, Omitted, Outcome, Unsupported
from same_conformance.runner import protocol

_NO_MEMORY = re.compile(
    r"MemoryError|RESOURCE_EXHAUSTED|ResourceExhausted|bad_alloc|can(no|')t allocate memory", re.IGNORECASE
)
"""How Python, XLA, TensorFlow, C++ and PyTorch say that an allocation failed."""
_NOT_TRACED = re.compile(
    r"((?:Concretization|NonConcrete|Tracer)\w*Error: .*?)(?:: traced array|[.:] | The (?:problem|error) |$)"
)
"""How JAX says that a program needs the values of what it is only traced with; a lecture follows."""
UNTRACEABLE = "it cannot be traced: leave out compile_together, or write it so that jax.jit can trace it"
_MOST_AXES = 64
"""Of an array: what NumPy can hold."""


def outcome_of(header: dict[str, Any], payload: bytes) -> Outcome:
    """Turn a reply into an outcome.

    Raises:
        TypeError, ValueError, OverflowError, protocol.ProtocolError: if it is none.

    """
    try:
        return _read(header, payload)
    except KeyError as missing:
        raise protocol.ProtocolError(f"a reply of type {one_line(repr(header['type']))} without {missing}") from None


def _read(header: dict[str, Any], payload: bytes) -> Outcome:
    match header["type"]:
        case "array":
            shape = _shape(header)
            if header.get("omitted"):
                return Omitted(shape, str(header["dtype"]))
            values = protocol.array_from_bytes(payload, header["dtype"], shape)
            return Array(values, header["dtype"], int(header.get("n_unequal", 0)), int(header.get("n_doubled", 0)))
        case "no_gradient":
            return NoGradient(_shape(header), str(header["dtype"]))
        case "unsupported":
            return Unsupported(one_line(header["message"]))
        case "error":
            return Error(one_line(_in_short(header["message"])), one_line(str(header.get("at", ""))))
        case other:
            raise protocol.ProtocolError(f"{one_line(repr(other))} is no reply")


def _in_short(message: str) -> str:
    """Return what an implementation raised, with what to do about it where that cannot be known from the message.

    If its memory ran out, that is the option that limits it, and of what JAX cannot trace only the first words are kept.
    """
    if traced := _NOT_TRACED.match(message):
        return f"{traced[1]} ({UNTRACEABLE})"
    return f"out of memory (a worker's limit is --memory of run): {message}" if _NO_MEMORY.search(message) else message


def _shape(header: dict[str, Any]) -> tuple[int, ...]:
    """Return the shape that a reply tells, if an array can have it: it goes into messages and tables as it is."""
    shape = tuple(int(n) for n in header["shape"])
    if len(shape) > _MOST_AXES or not all(0 <= n < 1 << 63 for n in shape):
        raise protocol.ProtocolError(f"a shape of {len(shape)} axes that no array has")
    return shape
