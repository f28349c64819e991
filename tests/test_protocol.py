"""The protocol: what is sent arrives whole, and what is no frame is refused."""

import numpy as np
import pytest

from same_conformance.runner import protocol


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int32"])
def test_arrays_survive_the_wire(dtype: str) -> None:
    values = np.array([[1.0, -2.5], [0.0, 96.0]], np.float32 if dtype == "bfloat16" else dtype)
    data = protocol.array_to_bytes(values, dtype)
    np.testing.assert_array_equal(protocol.array_from_bytes(data, dtype, (2, 2)), values)


def test_frames_come_out_whole_however_they_arrive() -> None:
    sent = [({"type": "a", "text": "ü"}, b""), ({"type": "b"}, bytes(range(256)))]
    stream = b"".join(protocol.encode(*frame) for frame in sent)
    reader = protocol.FrameReader()
    assert [frame for i in range(len(stream)) for frame in reader.feed(stream[i : i + 1])] == sent


@pytest.mark.parametrize(
    "garbage", [b"\xff" * 12, protocol._PREFIX.pack(2, 0) + b"{}", protocol._PREFIX.pack(3, 0) + b"abc"]
)
def test_what_is_no_frame_is_a_protocol_error(garbage: bytes) -> None:
    with pytest.raises(protocol.ProtocolError):
        list(protocol.FrameReader().feed(garbage))
