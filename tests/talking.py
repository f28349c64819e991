"""Programs in Python that speak the protocol with nothing of ours, and what a run says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from click.testing import CliRunner, Result

from same_conformance import cli, lookup, plugins
from same_conformance.case import Case, parse
from same_conformance.judge import Judge, Judgement
from same_conformance.runner.pool import Pool
from same_conformance.runner.slot import Limits

Write = Callable[..., Path]
CASES = [parse(f"conv.n{n}.k{k}") for n in range(3, 7) for k in (1, 2, 3)]
CULPRIT = parse("conv.n4.k2")
QUICK = Limits(case_s=2, start_s=30)

TALK = """
import json, os, struct, sys, time

requests, replies = map(int, sys.argv[-2:])

def read(n):
    data = b""
    while len(data) < n:
        more = os.read(requests, n - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data

def receive():
    n_header, n_payload = struct.unpack("<IQ", read(12))
    return json.loads(read(n_header)), read(n_payload)

def send(header, payload=b""):
    text = json.dumps(header).encode()
    os.write(replies, struct.pack("<IQ", len(text), len(payload)) + text + payload)
"""
HELLO = """
send({"type": "hello", "protocol": 1, "operands": True, "versions": {"talk": 7, "bad": "a\\nb"}})
"""
RIGHT = """
from same_conformance import spec
from same_conformance.case import parse
from same_conformance.runner import protocol

def right(request, payload):
    case, at, operands = parse(request["case"]), 0, []
    for operand in request["parameters"]["operands"]:
        n = protocol.WIDTHS[case.dtype]
        for length in operand["shape"]:
            n *= length
        operands.append(protocol.array_from_bytes(payload[at : at + n], case.dtype, tuple(operand["shape"])))
        at += n
    result = spec.execute(case, operands).astype("float32" if case.dtype == "bfloat16" else case.dtype)
    return {"type": "array", "case": case.id, "dtype": case.dtype, "shape": result.shape}, protocol.array_to_bytes(result, case.dtype)
"""
SERVE = """
for n in range(1_000_000):
    request, payload = receive()
    case = request["case"]
    if case == CULPRIT:
        pass  # ACTION
    send(*right(request, payload))
"""


def act(action: str) -> str:
    """Return a program that is right, but for one case, where it does `action`."""
    return f"CULPRIT = {CULPRIT.id!r}\n" + SERVE.replace("pass  # ACTION", action)


def judge(names: Sequence[str], cases: Sequence[Case] = CASES, limits: Limits = QUICK) -> dict[str, Judgement]:
    """Run `cases` on the one implementation that `names` name, and judge each once."""
    with Pool(limits) as pool:
        pool.start(lookup.look_up(plugins.installed(), names, {}, pool))
        assert not pool.failures, pool.failures
        (name,) = pool.started
        judge = Judge()
        found: dict[str, Judgement] = {}
        for _, case, outcome in pool.run({name: cases}):
            assert case.id not in found, "two outcomes for one case"
            found[case.id] = judge.judge(case, outcome)
        assert len(found) == len(cases), "a case without an outcome"
        return found


def why_not(limits: Limits = QUICK) -> str:
    """Return why the program does not start."""
    with Pool(limits) as pool:
        pool.start(lookup.look_up([], ["mine.py"], {}, pool))
        (why,) = pool.failures.values()
        return why


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])
