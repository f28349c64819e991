"""The runner: whatever an implementation does to its process, its case gets the verdict and nobody else does."""

import os
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from same_conformance import plugins
from same_conformance.case import Case, parse
from same_conformance.judge import Judge
from same_conformance.outcome import Array, Outcome
from same_conformance.runner.pool import Pool
from same_conformance.runner.process import CapturedOutput
from same_conformance.runner.slot import Limits

Install = Callable[..., Path]
CASES = [parse(f"conv.n{n}.k{k}") for n in range(1, 8) for k in (1, 2, 3)]
CULPRIT = parse("conv.n4.k2")
QUICK = Limits(case_s=2, start_s=30)


def execute(names: list[str], cases: list[Case] = CASES, limits: Limits = QUICK) -> dict[tuple[str, str], Outcome]:
    with Pool(limits) as pool:
        pool.start(plugins.select(plugins.installed(), names))
        assert not pool.failures, pool.failures
        outcomes = {}
        for name, case, outcome in pool.run(dict.fromkeys(names, cases)):
            assert (name, case.id) not in outcomes, "two outcomes for one case"
            outcomes[name, case.id] = outcome
        assert len(outcomes) == len(names) * len(cases), "a case without an outcome"
        return outcomes


def misbehave(action: str) -> str:
    """Return a plug-in that is right, but for one case, where it does `action`."""
    return f"""
        import ctypes, os, signal, sys, threading, time

        def build(case):
            if case.id == "{CULPRIT.id}":
                {action}
            return right(case)

        implementation = Implementation(name="fake", framework="numpy", build=build)
    """


def assert_only_the_culprit_failed(outcomes: dict[tuple[str, str], Outcome], name: str = "fake") -> Outcome:
    judge = Judge()
    for case in CASES:
        if case != CULPRIT:
            assert judge.judge(case, outcomes[name, case.id]).verdict == "pass", case.id
    return outcomes[name, CULPRIT.id]


@pytest.mark.parametrize(
    ("action", "verdict", "message"),
    [
        ("os.abort()", "crash", "the process was killed by SIGABRT"),
        ("ctypes.string_at(0)", "crash", "the process was killed by SIGSEGV"),
        ("os._exit(3)", "crash", "the process ended with exit code 3"),
        ("os._exit(0)", "crash", "the process ended with exit code 0"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "crash", "the process was killed by SIGKILL"),
        ("os.fork() or time.sleep(600); os._exit(4)", "crash", "the process ended with exit code 4"),
        ("os.closerange(3, 100)", "crash", "the process ended with exit code 1"),
        ("time.sleep(600)", "timeout", "no answer within 2 s"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN); ctypes.PyDLL(None).sleep(600)", "timeout", "no answer within 2 s"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "timeout", "no answer within 2 s"),
        ("sys.exit(5)", "error", "SystemExit: 5"),
        ("raise KeyboardInterrupt", "error", "KeyboardInterrupt: "),
        ("raise Unsupported('even kernels')", "unsupported", "even kernels"),
        ("raise ValueError('one\\ntwo \\x1b[31m at 0x7f12345678 in /usr/lib/some.py')", "error",
         "ValueError: one two [31m at 0x… in …/some.py"),
        ("return lambda *a: None", "error", "TypeError: conv returned NoneType, but a numpy.ndarray is expected"),
        ("import numpy; return lambda *a: numpy.array([object()])", "error", "elements of dtype object, which are no numbers"),
        ("threading.Thread(target=lambda: os._exit(7)).start(); time.sleep(600)", "crash", "ended with exit code 7"),
        ("import subprocess; os.setpgid(0, os.getpgid(os.getppid())); time.sleep(600)", "timeout", "no answer within 2 s"),
        ("raise type('Unspeakable', (Exception,), {'__str__': lambda self: 1 / 0})", "error",
         "Unspeakable: (its message cannot be read)"),
        ("raise type('NoException', (BaseException,), {})('ours')", "error", "NoException: ours"),
        ("raise GeneratorExit", "error", "GeneratorExit:"),
        ("import numpy; numpy.ones(1 << 40)", "error",
         "out of memory (a worker's limit is --memory of run): "),
        ("raise RuntimeError('RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes.')", "error",
         "out of memory (a worker's limit is --memory of run): RuntimeError: RESOURCE_EXHAUSTED"),
        ("raise NotImplementedError('strides')", "error", "NotImplementedError: strides"),
        ("import numpy; return lambda *a: numpy.zeros(1 << 26, 'i1')", "shape", "shape [67108864], SAME asks for [1, 4, 1]"),
        ("import numpy; return lambda *a: numpy.zeros((1, 4, 1), 'f4').view(type('Evil', (numpy.ndarray,), {'shape': (-1,)}))",
         "value", "elements differ"),
    ],
)  # fmt: skip
def test_one_bad_case_costs_nobody_else_a_verdict(plugin: Install, action: str, verdict: str, message: str) -> None:
    plugin("fake", misbehave(action))
    outcomes = execute(["fake", "spec"])
    judgement = Judge().judge(CULPRIT, assert_only_the_culprit_failed(outcomes))
    assert_only_the_culprit_failed(outcomes, "spec")
    assert isinstance(outcomes["spec", CULPRIT.id], Array)
    assert judgement.verdict == verdict
    assert message.strip() in judgement.message


def test_full_memory_is_the_verdict_of_its_case(plugin: Install) -> None:
    plugin("fake", misbehave("import numpy; hog = [numpy.ones(1 << 27) for _ in range(64)]"))
    outcome = assert_only_the_culprit_failed(execute(["fake"], limits=Limits(case_s=60, memory_bytes=2 << 30)))
    assert Judge().judge(CULPRIT, outcome).verdict in ("error", "crash")


def test_a_million_lines_are_captured_and_never_judged(plugin: Install) -> None:
    plugin(
        "fake",
        misbehave("[print('line', i) for i in range(1_000_000)]; print('the end'); print('err', file=sys.stderr)"),
    )
    with Pool(Limits(case_s=60)) as pool:
        pool.start(plugins.select(plugins.installed(), ["fake"]))
        outcomes = {("fake", case.id): outcome for _, case, outcome in pool.run({"fake": CASES})}
        assert Judge().judge(CULPRIT, assert_only_the_culprit_failed(outcomes)).verdict == "pass"
        time.sleep(0.2)
        text = pool.output_of("fake")
    assert text.startswith("line 0\n")
    assert text.endswith("the end\nerr")
    assert "bytes …" in text
    assert len(text) < 10_000


def test_a_child_that_comes_back_into_the_worker_does_not_speak_for_it(plugin: Install) -> None:
    plugin("fake", misbehave("os.fork()"))
    assert Judge().judge(CULPRIT, assert_only_the_culprit_failed(execute(["fake"]))).verdict == "pass"


def test_an_implementation_that_always_hangs_is_given_up(plugin: Install) -> None:
    plugin(
        "fake",
        "import time\nimplementation = Implementation(name='fake', framework='numpy', conv=lambda *a, **k: time.sleep(600))",
    )
    limits = Limits(case_s=0.5, n_timeouts=3)
    outcomes = execute(["fake"], limits=limits)
    messages = [o.message for o in outcomes.values()]  # type: ignore[union-attr]
    assert messages.count("no answer within 0.5 s") == 3
    assert messages.count("not executed: given up after 3 crashes or timeouts in a row") == len(CASES) - 3


def test_in_a_jointly_compiled_batch_the_culprit_is_found_by_halving(plugin: Install) -> None:
    body = f"""
        import os
        from jax import lax

        def conv(x, kernel, *, stride, dilation, padding, groups):
            if (x.shape[1], kernel.shape[0]) == ({CULPRIT.size[0]}, {CULPRIT.kernel[0]}):
                os._exit(9)
            return lax.conv_general_dilated(x, kernel, stride, padding, dimension_numbers=("NHC", "HIO", "NHC"))

        implementation = Implementation(name="fake", framework="jax", conv=conv, compile_together=50)
    """
    plugin("fake", body)
    outcome = assert_only_the_culprit_failed(execute(["fake"], limits=Limits()))
    assert Judge().judge(CULPRIT, outcome).message == "the process ended with exit code 9"


def test_in_a_jointly_compiled_batch_an_exception_is_that_of_its_case(plugin: Install) -> None:
    body = f"""
        from jax import lax

        def conv(x, kernel, *, stride, dilation, padding, groups):
            if (x.shape[1], kernel.shape[0]) == ({CULPRIT.size[0]}, {CULPRIT.kernel[0]}):
                raise ValueError("not this one")
            return lax.conv_general_dilated(x, kernel, stride, padding, dimension_numbers=("NHC", "HIO", "NHC"))

        implementation = Implementation(name="fake", framework="jax", conv=conv, compile_together=50)
    """
    plugin("fake", body)
    outcome = assert_only_the_culprit_failed(execute(["fake"], limits=Limits()))
    assert Judge().judge(CULPRIT, outcome).message == "ValueError: not this one"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import nothing_of_the_sort", "ModuleNotFoundError: No module named 'nothing_of_the_sort'"),
        ("def broken(:", "SyntaxError: "),
        ("implementation = 3", "is int, but the entry point must name a same_conformance.Implementation"),
        ("import os; os._exit(2)", "its worker ended with exit code 2 while starting"),
        ("implementation = Implementation(name='other', framework='numpy', build=right)",
         "the entry point is called 'fake' and its Implementation 'other': use one name"),
        ("implementation = Implementation(name='fake', framework='caffe', build=right)", "framework 'caffe' is not known"),
        ("implementation = Implementation(name='fake', framework='numpy')", "offers no op"),
        ("implementation = Implementation(name='fake', framework='numpy', conv=3)", "conv must be a function, got int"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, rule='half')", "rule is for what comes with"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, environment={'A': 1})", "names of variables to texts"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, environment={'A=B': '1'})", "names of variables"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, environment={'A': '\\0'})", "names of variables"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, version=2.0)", "version must be a text"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, ranks=(4,))", "ranks has 4: use some of"),
    ],
)  # fmt: skip
def test_a_plugin_that_does_not_load_says_why_and_others_start(plugin: Install, body: str, why: str) -> None:
    plugin("fake", body)
    with Pool(QUICK) as pool:
        pool.start(plugins.select(plugins.installed(), ["fake", "spec"]))
        assert why in pool.failures["fake"]
        assert set(pool.started) == {"spec"}


def test_a_plugin_whose_import_does_not_end_is_given_up_and_others_start(plugin: Install) -> None:
    plugin("fake", "import time; time.sleep(600)")
    with Pool(Limits(start_s=12)) as pool:  # long enough for the other one on a loaded machine
        pool.start(plugins.select(plugins.installed(), ["fake", "spec"]))
        assert "did not start within 12 s (--start-timeout)" in pool.failures["fake"]
        assert set(pool.started) == {"spec"}


def test_a_request_that_the_worker_cannot_read_is_the_error_of_its_cases(plugin: Install) -> None:
    plugin("fake", misbehave("pass"))

    class FromTheFuture(Case):
        @property
        def id(self) -> str:
            return "conv.n4.k2.curvature9"

    outcome = execute(["fake"], [FromTheFuture("conv", (4,), (2,))])["fake", "conv.n4.k2.curvature9"]
    assert "'curvature9' is no field" in Judge().judge(CULPRIT, outcome).message


def test_what_a_worker_printed_before_it_failed_to_start_is_kept(plugin: Install) -> None:
    plugin("fake", "import os\nprint('no licence found', flush=True)\nos._exit(2)")
    with Pool(Limits(start_s=30)) as pool:
        pool.start(plugins.select(plugins.installed(), ["fake"]))
        assert pool.output_of("fake") == "no licence found"


def test_texts_of_a_description_are_safe_to_write(plugin: Install) -> None:
    plugin(
        "fake", "implementation = Implementation(name='fake', framework='numpy', build=right, summary='a\\ud800\\nb')"
    )
    with Pool(Limits(start_s=30)) as pool:
        pool.start(plugins.select(plugins.installed(), ["fake"]))
        assert pool.started["fake"].description.summary == "a b"


@pytest.mark.parametrize(
    ("framework", "body", "verdict"),
    [
        ("torch", "raise NotImplementedError('strides')", "error"),
        ("torch", "return torch.empty(1, device='meta')", "error"),
        ("torch", "return torch.nn.functional.avg_pool3d(torch.ones(1, 1, 2, 2, 2, dtype=torch.float16), 2)", "unsupported"),
        ("torch", "return torch.view_as_complex(torch.stack([x * 0, x], -1)).conj().imag", "value"),
        ("jax", "raise NotImplementedError('strides')", "error"),
        ("jax", "return jax.lax.reduce_window_shape_tuple", "error"),
        ("jax", "return jax.lax.conv_general_dilated(x, kernel, (1,), 'nonsense')", "error"),
    ],
)  # fmt: skip
def test_only_a_frameworks_own_refusal_is_unsupported(plugin: Install, framework: str, body: str, verdict: str) -> None:
    plugin(
        "fake",
        f"""
        def conv(x, kernel, **keywords):
            import {framework}
            {body}

        implementation = Implementation(name="fake", framework="{framework}", conv=conv)
        """,
    )
    outcome = execute(["fake"], [CULPRIT], Limits())["fake", CULPRIT.id]
    assert Judge().judge(CULPRIT, outcome).verdict == verdict, outcome


def test_a_slow_import_is_waited_for(plugin: Install) -> None:
    plugin("fake", misbehave("pass") + "\n        time.sleep(3)\n")
    assert (
        Judge().judge(CULPRIT, assert_only_the_culprit_failed(execute(["fake"], limits=Limits(case_s=1)))).verdict
        == "pass"
    )


def test_the_environment_is_set_before_the_import(plugin: Install) -> None:
    body = """
        import os
        seen = os.environ.get("THEIR_SWITCH")

        def build(case):
            raise Unsupported(f"the switch is {seen}")

        implementation = Implementation(name="fake", framework="numpy", build=build, environment={"THEIR_SWITCH": "on"})
    """
    plugin("fake", body)
    outcomes = execute(["fake"], [CULPRIT])
    assert outcomes["fake", CULPRIT.id].message == "the switch is on"  # type: ignore[union-attr]


def test_what_is_not_claimed_is_unsupported_without_being_called(plugin: Install) -> None:
    body = """
        def build(case):
            assert case.rank == 1 and case.dtype == "float32" and case.padding == "same", "called for what it does not claim"
            return right(case)

        implementation = Implementation(
            name="fake", framework="numpy", build=build, ranks=(1,), dtypes=("float32",), paddings=("same",)
        )
    """
    plugin("fake", body)
    ids = ("conv.n3.k2", "conv.n3-3.k2-2", "conv.n3.k2.float64", "conv.n3.k2.same_lower")
    outcomes = execute(["fake"], [parse(i) for i in ids])
    verdicts = [Judge().judge(parse(i), outcomes["fake", i]).verdict for i in ids]
    assert verdicts == ["pass", "unsupported", "unsupported", "unsupported"]


def test_a_worker_runs_in_another_interpreter_with_nothing_of_ours_installed(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("fake", misbehave("raise Unsupported(sys.prefix)"))
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    numpy_only = tmp_path / "numpy-only"
    numpy_only.mkdir()
    site = Path(np.__file__).parents[1]
    for part in site.glob("numpy*"):
        (numpy_only / part.name).symlink_to(part)
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}{os.pathsep}{numpy_only}")
    check = [python, "-c", "import numpy, same_conformance"]
    assert b"No module named 'same_conformance'" in subprocess.run(check, capture_output=True, check=False).stderr
    with Pool(QUICK) as pool:
        (entry_point,) = (e for e in pool.entry_points_of(str(python), plugins.GROUP) if e.name == "fake")
        pool.start([entry_point])
        assert not pool.failures
        outcomes = {("fake", case.id): outcome for _, case, outcome in pool.run({"fake": CASES})}
    assert assert_only_the_culprit_failed(outcomes).message.endswith("…/venv")  # type: ignore[union-attr]


def test_an_interpreter_that_is_none_is_said_so() -> None:
    entry_point = plugins.EntryPoint(
        "spec", "same_conformance.implementations.spec:implementation", "x", "1", "/bin/false"
    )
    with Pool(QUICK) as pool:
        pool.start([entry_point])
        assert (
            pool.failures["spec"]
            == "/bin/false does not behave like a Python 3.9 or newer: its worker ended with exit code 1 while starting"
        )


def test_workers_and_what_they_started_end_with_a_host_that_is_killed(plugin: Install, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    plugin(
        "fake", misbehave(f"child = os.fork(); open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(600)")
    )
    script = f"""
from same_conformance import plugins
from same_conformance.case import parse
from same_conformance.runner.pool import Pool
with Pool() as pool:
    pool.start(plugins.select(plugins.installed(), ["fake"]))
    list(pool.run({{"fake": [parse({CULPRIT.id!r})]}}))
"""
    host = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 30
    while not (pids.exists() and len(pids.read_text().split()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    host.send_signal(signal.SIGKILL)
    host.wait()
    alive = set(pids.read_text().split())
    while alive and time.monotonic() < deadline:
        alive = {pid for pid in alive if _is_alive(int(pid))}
        time.sleep(0.05)
    assert not alive


def _is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_leaving_the_iteration_early_leaves_no_process(plugin: Install) -> None:
    plugin("fake", misbehave("pass"))
    with Pool(QUICK) as pool:
        pool.start(plugins.select(plugins.installed(), ["fake"]))
        process = pool._slot_of["fake"].process()
        for _ in pool.run({"fake": CASES}):
            break
        del _
    assert process._process.poll() is not None


def test_captured_output_keeps_head_and_tail_whatever_the_amount() -> None:
    output = CapturedOutput()
    for i in range(1000):
        output.add(f"{i:09d}\n".encode() * 10)
    assert output.text.startswith("000000000\n")
    assert output.text.endswith("000000999\n")
    assert output.n_bytes == 100_000
    assert len(output.text) < 9_000
