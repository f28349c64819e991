"""Programs: an implementation in any language gets the operands, is judged like anyone, and is blamed for its own case only."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from same_conformance import operands, record
from same_conformance.case import parse
from same_conformance.runner import protocol
from same_conformance.runner.slot import Limits
from talking import CASES, CULPRIT, SERVE, TALK, Write, act, command, judge, why_not

Install = Callable[..., Path]
EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
IS_CI = bool(os.environ.get("CI"))
"""Where nothing may be skipped."""


EXAMPLE_CASES = [
    "conv.n5-4.k3-2",
    "conv.n6-5.k3-4.s2-3.d1-2.b2.c4-6.g2",
    "conv.n4-4.k1-1.s3-3",
    "conv.n7-9.k3-4.s2-1.calls2",
    "max_pool.n5-4.k3-2.c3",
    "max_pool.n6-5.k3-4.s2-3.d2-1.b2",
    "max_pool.n2-2.k3-1.d5-1",
]


@pytest.mark.parametrize(
    ("example", "language"), [("program.py", "node"), ("program_perl.py", "perl")], ids=["node", "perl"]
)
def test_the_examples_in_other_languages_are_right_and_claim_what_they_offer(example: str, language: str) -> None:
    if not shutil.which(language) and not IS_CI:
        pytest.skip(f"there is no {language}")
    cases = [parse(i) for i in EXAMPLE_CASES]
    found = judge([str(EXAMPLES / example)], cases, Limits())
    wrong = {i: j for i, j in found.items() if j.verdict not in ("pass", "unspecified")}
    assert wrong == {}
    assert found["conv.n5-4.k3-2"].verdict == found["max_pool.n5-4.k3-2.c3"].verdict == "pass"


ACTIONS = [
    ("os.abort()", "crash", "the process was killed by SIGABRT"),
    ("os._exit(3)", "crash", "the process ended with exit code 3"),
    ("os.path.exists('once') or (open('once', 'w'), os._exit(3))", "crash", "the process ended with exit code 3"),
    ("time.sleep(600)", "timeout", "no answer within 2 s"),
    ("os.close(replies); time.sleep(600)", "crash", "the process closed its connection without ending"),
    ("print('x' * 1_000_000); os.write(2, b'y' * 1_000_000)", "pass", ""),
    ("send({'type': 'error', 'case': case, 'message': 'no\\nsuch thing'}); continue", "error", "no such thing"),
    ("send({'type': 'unsupported', 'case': case, 'message': 'even kernels'}); continue", "unsupported", "even kernels"),
    ("send({'type': 'failed', 'message': 'what?'}); continue", "error", "what?"),
    ("send({'type': 'running', 'cases': [case]}); send(*right(request, payload)); send({'type': 'done'}); continue", "pass", ""),
    ("os.write(replies, b'hello, world, hello')", "crash", "the process broke the protocol: a frame of"),
    ("send({'type': 'array', 'case': case, 'dtype': 'float32'}); continue", "crash",
     "the process broke the protocol: ProtocolError: a reply of type 'array' without 'shape'"),
    ("send({'type': 'array', 'case': case, 'dtype': 'float32', 'shape': [1, 4, 1]}, b'abc'); continue", "crash",
     "the process broke the protocol: ProtocolError: 3 bytes are no float32 array of shape (1, 4, 1)"),
    ("send({'type': 'array', 'case': case, 'dtype': 'quad', 'shape': [1]}); continue", "crash", "are no quad array"),
    ("send({'type': 'arrow', 'case': case}); continue", "crash", "ProtocolError: 'arrow' is no reply"),
    ("send({**right(request, payload)[0], 'case': 'conv.n1.k1'}, right(request, payload)[1]); continue", "crash",
     "was asked, and the reply is for 'conv.n1.k1'"),
    ("send({'type': 'error', 'message': 'x'}); continue", "crash", "was asked, and the reply is for None"),
    ("header, result = right(request, payload); send(header, bytes([7]) + result[1:]); continue", "value", "1 of 27 elements differ"),
    ("payload = payload[::-1]", "value", "elements differ"),
]  # fmt: skip
"""What a program may do on a case, with the verdict and what is said of it."""


def test_a_bad_case_of_a_program_costs_no_other_a_verdict(write_program: Write) -> None:
    bad = {parse(f"conv.n{10 + i}.k2"): action for i, action in enumerate(ACTIONS)}
    actions = "".join(f"    if case == {case.id!r}:\n        {action}\n" for case, (action, _, _) in bad.items())
    write_program(SERVE.replace("    if case == CULPRIT:\n        pass  # ACTION\n", actions))
    found = judge(["mine.py"], [*CASES, *bad])
    assert {found[case.id].verdict for case in CASES} == {"pass"}
    for case, (action, verdict, message) in bad.items():
        assert found[case.id].verdict == verdict, action
        assert message in found[case.id].message, action


@pytest.mark.parametrize(
    ("second", "verdict", "message"),
    [
        ("send(header, result[:4] + bytes(4) + result[8:])", "nondeterministic", "1 of 4 elements were others"),
        ("send({'type': 'error', 'case': case, 'message': 'tired'})", "error", "when the same call was made again: tired"),
        ("send({**header, 'shape': [2]}, result[:8])", "nondeterministic", "4 of 4 elements were others"),
        ("os._exit(5)", "crash", "the process ended with exit code 5"),
        ("send(header, result)", "pass", ""),
    ],
)  # fmt: skip
def test_every_case_is_sent_twice_and_must_give_the_same(
    write_program: Write, second: str, verdict: str, message: str
) -> None:
    body = f"""
        for n in range(2):
            request, payload = receive()
            case = request["case"]
            header, result = right(request, payload)
            if n == 0:
                send(header, result)
            else:
                {second}
    """
    write_program(body)
    found = judge(["mine.py"], [CULPRIT])[CULPRIT.id]
    assert (found.verdict, message in found.message) == (verdict, True), found


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("send({'type': 'hello', 'protocol': 2, 'operands': True})", "its worker speaks protocol 2, but 1 is needed while starting"),
        ("send({'type': 'hello', 'operands': True})", "its worker speaks protocol None, but 1 is needed"),
        ("send({'type': 'hello', 'protocol': 1})", 'its hello has no "operands": true, but a program is always sent them'),
        ("send({'type': 'hello', 'protocol': 1, 'operands': True, 'versions': 3})", "the versions of its hello must be an object"),
        ("send({'type': 'ready'})", "its worker said 'ready' first, but hello is needed"),
        ("send({})", "its worker broke the protocol: a header without a type"),
        ("os.write(replies, b'hello, world')", "its worker broke the protocol: a frame of"),
        ("os.write(replies, struct.pack('<IQ', 2, 0) + b'hi')", "its worker broke the protocol: a header that is not JSON"),
        ("os.write(replies, b'hello')", "did not start within 3 s (--start-timeout); it sent 5 bytes, which are no frame"),
        ("", "did not start within 3 s (--start-timeout)"),
        ("sys.exit(4)", "its worker ended with exit code 4 while starting"),
        ("os.kill(os.getpid(), 11)", "its worker was killed by SIGSEGV while starting"),
    ],
)  # fmt: skip
def test_a_program_that_does_not_speak_the_protocol_is_told_what_it_said(
    write_program: Write, head: str, why: str
) -> None:
    write_program("time.sleep(60)", head=TALK + head + "\n")
    assert why in why_not(Limits(start_s=3 if "did not start" in why else 60))


def test_what_a_program_is_sent_is_what_the_protocol_says(write_program: Write, tmp_path: Path) -> None:
    body = """
        while True:
            request, payload = receive()
            with open("seen", "a") as seen:
                seen.write(json.dumps([request, payload.hex()]) + "\\n")
            send({"type": "unsupported", "case": request["case"], "message": "never"})
    """
    write_program(body, "ops=('conv', 'conv_transpose', 'max_pool'), compared=('forward', 'kernel_gradient')")
    first = parse("conv.n5-7.k3-2.s2-1.d1-2.b3.c4-6.g2.same_lower.bfloat16")
    second = parse("conv_transpose.n3.k2.s2.o5.float64.kernel_gradient")
    third = parse("max_pool.n3.k2.float16")
    for case in (first, second, third):
        judge(["mine.py"], [case])
    sent = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    requests = [request for request, _ in sent]
    assert requests[0] == {
        "type": "run", "name": "mine", "case": first.id,
        "parameters": {
            "op": "conv", "size": [5, 7], "kernel": [3, 2], "stride": [2, 1], "dilation": [1, 2], "padding": "SAME_LOWER",
            "batch": 3, "channels": [4, 6], "groups": 2, "output_size": [], "dtype": "bfloat16", "compared": "forward",
            "operands": [{"name": "input", "shape": [3, 5, 7, 4]}, {"name": "kernel", "shape": [3, 2, 2, 6]}],
        },
    }  # fmt: skip
    assert requests[1]["parameters"]["output_size"] == [5]
    assert [o["name"] for o in requests[1]["parameters"]["operands"]] == ["input", "kernel", "cotangent"]
    assert requests[2]["parameters"]["operands"] == [{"name": "input", "shape": [1, 3, 2]}]
    for case, (request, payload) in zip((first, second, third), sent, strict=True):
        data, at = bytes.fromhex(payload), 0
        for told, expected in zip(request["parameters"]["operands"], operands.make(case), strict=True):
            end = at + expected.size * protocol.WIDTHS[case.dtype]
            array = protocol.array_from_bytes(data[at:end], case.dtype, tuple(told["shape"]))
            np.testing.assert_array_equal(array.astype(np.float64), expected)
            at = end
        assert at == len(data)


def test_a_case_of_two_calls_sends_the_other_size_first(write_program: Write, tmp_path: Path) -> None:
    write_program("CULPRIT = ''\n" + SERVE.replace("send(*", "open('seen', 'a').write(case + ' ')\n    send(*"))
    case = parse("conv.n5-4.k3-2.s2-1.calls2")
    assert judge(["mine.py"], [case])[case.id].verdict == "pass"
    assert (tmp_path / "seen").read_text().split() == [*(c.id for c in case.earlier), case.id, case.id]


def test_what_a_program_does_not_claim_is_unsupported_and_never_sent(write_program: Write, tmp_path: Path) -> None:
    body = "CULPRIT = ''\n" + SERVE.replace("send(*", "open('seen', 'a').write(case + ' ')\n    send(*")
    write_program(body, "ops=('conv',), ranks=(1,), dtypes=('float32',), paddings=('same',)")
    ids = ["conv.n3.k2", "conv.n3-3.k2-2", "conv.n3.k2.float64", "conv.n3.k2.same_lower", "max_pool.n3.k2",
           "conv.n3.k2.input_gradient"]  # fmt: skip
    found = judge(["mine.py"], [parse(i) for i in ids])
    assert [found[i].verdict for i in ids] == ["pass", *["unsupported"] * 5]
    assert set((tmp_path / "seen").read_text().split()) == {"conv.n3.k2"}


def test_a_program_may_answer_gradients_and_every_dtype(write_program: Write) -> None:
    write_program(act("pass"), "ops=('conv',), compared=('forward', 'input_gradient', 'kernel_gradient')")
    fields = ("input_gradient", "kernel_gradient", "float64", "float16", "bfloat16")
    found = judge(["mine.py"], [parse(f"conv.n5.k3.s2.{field}") for field in fields])
    assert {judgement.verdict for judgement in found.values()} == {"pass"}


def test_a_program_that_does_not_read_a_large_request_is_a_timeout(write_program: Write) -> None:
    write_program("time.sleep(600)")
    case = parse("conv.n100000.k2")
    assert judge(["mine.py"], [case])[case.id].verdict == "timeout"


def test_a_wrong_program_is_diagnosed_by_the_same_probes_as_anyone(write_program: Write, tmp_path: Path) -> None:
    wrong = """
        from same_conformance import mutants

        def right(request, payload, right=right):
            case, rule = parse(request["case"]), mutants.RULES["half"]
            x, kernel = (
                protocol.array_from_bytes(part, case.dtype, tuple(o["shape"]))
                for part, o in zip((payload[: -4 * case.kernel[0]], payload[-4 * case.kernel[0] :]), request["parameters"]["operands"])
            )
            result = spec.execute(case, (x, kernel), rule.plan(case)).astype("float32")
            return {"type": "array", "case": case.id, "dtype": case.dtype, "shape": result.shape}, result.tobytes()
    """
    write_program(
        textwrap.dedent(wrong) + act("pass"), "ops=('conv',), ranks=(1,), dtypes=('float32',), paddings=('same',)"
    )
    result = command("run", "mine.py", "--case", "conv.n6.k3.s2", "--case", "conv.n5.k3.s2", "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    assert "mine, conv: pads (kernel - 1) // 2 on both sides, whatever stride and dilation" in result.output
    (about,) = record.read(tmp_path / "out" / record.FILE).header["implementations"]
    assert about["versions"] == {"talk": "7", "bad": "a b"}
    assert (about["framework"], about["python"]) == ("program", "")
    assert str(tmp_path) not in (tmp_path / "out" / record.FILE).read_text()
    shown = command("show", "conv.n6.k3.s2", "--with", "mine.py")
    assert "mine: pads 1 before and 0 after" in shown.output
