"""Frame the messages between host and worker: a JSON header and raw bytes.

::

    frame  := length of header (uint32)  length of payload (uint64)  header (JSON, UTF-8)  payload

All integers are little-endian. A header is an object with the key ``type``; ``docs/protocol.md`` lists them all.
An array travels as the raw little-endian bytes of its elements in C order; ``dtype`` and ``shape`` are in the header.
bfloat16 travels as its own two bytes.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Iterator

import numpy as np

VERSION = 1
"""Raised when a worker that speaks the old version could not understand the new one."""

_PREFIX = struct.Struct("<IQ")
LARGEST_HEADER = 1 << 24
LARGEST_PAYLOAD = 1 << 30
"""The largest array that a case may expect, of the widest elements there are; see `same_conformance.case`."""
LARGEST_UNEXPECTED = 1 << 20
"""An array of another shape than the case expects, and larger than this, is told without its elements."""

WIDTHS = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of one element."""


class ProtocolError(Exception):
    """What came over the wire is not a frame."""


def encode(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """Return one frame."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return _PREFIX.pack(len(text), len(payload)) + text + payload


class FrameReader:
    """Collect bytes as they come and give back whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def n_waiting(self) -> int:
        """Return how many bytes came that are no whole frame yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Add `data` and return every frame that is complete, as (header, payload).

        Raises:
            ProtocolError: if the bytes cannot be a frame.

        """
        self._buffer += data
        while len(self._buffer) >= _PREFIX.size:
            n_header, n_payload = _PREFIX.unpack_from(self._buffer)
            if n_header > LARGEST_HEADER or n_payload > LARGEST_PAYLOAD:
                raise ProtocolError(
                    f"a frame of {n_header} + {n_payload} bytes: something else wrote to the descriptor"
                )
            end = _PREFIX.size + n_header + n_payload
            if len(self._buffer) < end:
                return
            begin_payload = _PREFIX.size + n_header
            with memoryview(self._buffer) as view:  # a slice of the buffer itself would be one copy more
                text, payload = bytes(view[_PREFIX.size : begin_payload]), bytes(view[begin_payload:end])
            del self._buffer[:end]
            try:
                header = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise ProtocolError(f"a header that is not JSON: {error}") from None
            if not isinstance(header, dict) or "type" not in header:
                raise ProtocolError("a header without a type")
            yield header, payload


def array_to_bytes(values: np.ndarray, dtype: str) -> bytes:
    """Return the little-endian bytes of `values`; bfloat16 values are given as float32 and cut to their upper half."""
    if dtype == "bfloat16":
        bits = np.ascontiguousarray(values, dtype="<f4").view("<u4")
        return (bits >> 16).astype("<u2").tobytes()
    return np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def array_from_bytes(data: bytes, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the array that `array_to_bytes` wrote; bfloat16 comes back as float32.

    Raises:
        ProtocolError: if the bytes do not fit dtype and shape.

    """
    if any(n < 0 for n in shape):
        raise ProtocolError(f"the shape {shape} has a negative length")
    try:
        if dtype == "bfloat16":
            bits = np.frombuffer(data, "<u2").astype("<u4") << 16
            return bits.view("<f4").reshape(shape)
        return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).reshape(shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(f"{len(data)} bytes are no {dtype} array of shape {shape}: {error}") from None
