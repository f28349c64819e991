"""Write the call of a program: start it, send the case, read the reply."""

from __future__ import annotations

import json

from same_conformance import operands
from same_conformance.case import Case
from same_conformance.repro import code, data
from same_conformance.runner.programs import parameters

IMPORTS = ["import json", "import os", "import struct", "import subprocess"]

FUNCTIONS = '''
def ask(command, environment, requests):
    """Start a program, send it requests one after the other, and return its last reply as (header, payload)."""
    requests_read, requests_write = os.pipe()
    replies_read, replies_write = os.pipe()
    ends = (requests_read, replies_write)
    program = subprocess.Popen([*command, *map(str, ends)], pass_fds=ends, env={**os.environ, **environment})
    for end in ends:
        os.close(end)
    with open(requests_write, "wb") as to, open(replies_read, "rb") as replies:
        reply = receive(replies)  # its hello
        for header, payload in requests:
            text = json.dumps(header).encode()
            to.write(struct.pack("<IQ", len(text), len(payload)) + text + payload)
            to.flush()
            reply = receive(replies)
    program.wait()
    return reply


def receive(replies):
    """Return one frame."""
    n_header, n_payload = struct.unpack("<IQ", replies.read(12))
    return json.loads(replies.read(n_header)), replies.read(n_payload)


def to_bytes(array, dtype):
    """Return the little-endian bytes of an array; bfloat16 is the upper half of float32."""
    if dtype == "bfloat16":
        return (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return array.astype(np.dtype(dtype).newbyteorder("<")).tobytes()


def from_bytes(payload, dtype, shape):
    """Return the array of a reply as float64."""
    if dtype == "bfloat16":
        return (np.frombuffer(payload, "<u2").astype("<u4") << 16).view("<f4").reshape(shape).astype(np.float64)
    return np.frombuffer(payload, np.dtype(dtype).newbyteorder("<")).reshape(shape).astype(np.float64)
'''


def before(_: Case) -> list[str]:
    """Return what is defined once."""
    return [FUNCTIONS]


def request(name: str, case: Case, variable: str) -> list[str]:
    """Return the lines that make a request of the arrays of `case`."""
    told = {"type": "run", "name": name, "case": case.id, "parameters": parameters(case, operands.make(case))}
    text = json.dumps(told).replace('"groups"', '\n"groups"').replace('"operands"', '\n"operands"')
    arrays = ", ".join(f"{array}_array" for array in data.names(case))
    return [
        f"{variable} = json.loads('''{text}''')",
        f'{variable}_operands = b"".join(to_bytes(array, "{case.dtype}") for array in ({arrays},))',
    ]


def call(case: Case) -> list[str]:
    """Return the lines that send what `request` made, and stop where the reply is no array."""
    first = ["(first, first_operands)"] if case.calls > 1 else []
    requests = ", ".join([*first, "(asked, asked_operands)"])
    return [
        "reply, payload = " + code.call("ask", "command", "implementation.environment", f"[{requests}]"),
        'if reply["type"] != "array":',
        '    print("it replied", reply)',
        '    print("They differ: there is no array.")',
        "    raise SystemExit",
    ]


RESULTS = ['dtype = reply["dtype"]', 'given = from_bytes(payload, dtype, reply["shape"])']
