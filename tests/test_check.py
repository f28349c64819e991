"""`check` tells every author what is wrong, whose fault it is, and what to do next."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from same_conformance import cli, operands, spec
from same_conformance.doctor import cases, layouts
from same_conformance.plugins import GROUP

Install = Callable[..., Path]

BROKEN = "Your plug-in is broken: it does not keep the contract of docs/plugins.md"
WRONG = "Your implementation is not conforming: it gives something else than SAME"
CONV = """
    from same_conformance import Case

    def right_conv(x, kernel, *, stride, dilation, padding, groups):
        channels = (x.shape[-1], kernel.shape[-1])
        case = Case("conv", x.shape[1:-1], kernel.shape[:-2], stride, dilation, padding.lower(), x.shape[0], channels, groups)
        return right(case)(x, kernel)

    implementation = Implementation(name="fake", framework="numpy", conv=lambda *a, **k: conv(*a, **k), ranks=(2,),
                                    dtypes=("float32",), paddings=("same",))
"""
"""The beginning of a fake that has one op; what follows defines ``conv``."""


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def check(*args: object) -> tuple[str, int]:
    """Return what `check` prints and its exit code."""
    result = command("check", *(args or ("fake",)))
    assert "Traceback" not in result.output, result.output
    return result.output, result.exit_code


def problems(output: str) -> list[tuple[str, str]]:
    """Return every problem with its next step."""
    lines = output.splitlines()
    return [
        (line.partition("problem  ")[2], lines[i + 1].partition("next: ")[2])
        for i, line in enumerate(lines)
        if line.startswith("  problem  ")
    ]


def test_a_right_implementation_gets_a_list_of_what_is_in_order_and_exits_with_0(plugin: Install) -> None:
    plugin("fake", "implementation = Implementation(name='fake', framework='numpy', build=right, gradient=right)")
    output, code = check()
    assert code == 0, output
    first, *lines = output.splitlines()
    assert first.startswith("  ok       starts in ")
    assert "their-fake 1.0, numpy " in first
    for line in (
        (
            "claims conv, depthwise_conv, conv_transpose, max_pool, avg_pool in 1, 2 and 3 dimensions; float32, float64, float16, "
            "bfloat16; SAME and SAME_LOWER"
        ),
        "conv: right in all 18 cases; refuses 1 (conv.n7-5.k3-2.b2.c3-4.bfloat16: NumPy has no bfloat16)",
        "leaves its operands as they are; gives the same when it is called again; does not depend on the size that it saw first",
    ):
        assert f"  ok       {line}" in lines
    assert any("ms a case once warm, every call made twice (the NumPy spec: " in line for line in lines)
    assert (
        lines[-1] == "Nothing is wrong with fake as far as was looked. Next: same-conformance run fake --profile quick"
    )
    assert problems(output) == []


@pytest.mark.parametrize(
    ("body", "problem", "step"),
    [
        (
            "import no_such_package",
            "it does not start: ModuleNotFoundError: No module named 'no_such_package'",
            (
                "plugin_their_fake imports no_such_package: install it in this environment, or run it in another one: "
                "--python NAME=INTERPRETER"
            ),
        ),
        (
            "print('half-way')\n1 / 0",
            "it does not start: ZeroDivisionError: division by zero (it printed: half-way)",
            "importing plugin_their_fake raises: python -X faulthandler -c 'import plugin_their_fake' shows where",
        ),
        (
            "implementation = Implementation(name='other', framework='numpy', build=right)",
            "it does not start: the entry point is called 'fake' and its Implementation 'other': use one name",
            "give the Implementation and the entry point the same name",
        ),
        (
            "implementation = Implementation(name='fake', framework='pytorch', build=right)",
            "fake: framework 'pytorch' is not known: use one of numpy, torch, tensorflow, jax, keras",
            'write framework="torch"',
        ),
        (
            "implementation = Implementation(name='fake', framework='numpi', build=right)",
            "framework 'numpi' is not known",
            'write framework="numpy"',
        ),
        (
            "mine = Implementation(name='fake', framework='numpy', build=right)",
            "has no attribute 'implementation'",
            (
                "the entry point is 'plugin_their_fake:implementation': write what the Implementation is called there in place of "
                "'implementation', and install the package again"
            ),
        ),
        (
            "def implementation(case): return right(case)",
            "plugin_their_fake:implementation is",
            (
                "let implementation be an Implementation: implementation = Implementation(name=..., framework=..., conv=...) in "
                "plugin_their_fake"
            ),
        ),
        (
            "implementation = Implementation(name='fake', framework='numpy', build=right, ranks=(2))",
            "fake: ranks must be a tuple, got 2; write ranks=(2,), with the comma",
            "correct it as the message says; docs/plugins.md has the form of an Implementation",
        ),
        (
            "import sys\nsys.exit(4)",
            "it does not start: SystemExit: 4",
            "importing plugin_their_fake ends the process: take sys.exit() and os._exit() out of what runs at import",
        ),
        (
            "import os\nos._exit(4)",
            "it does not start: its worker ended with exit code 4 while starting",
            "importing plugin_their_fake ends the process: take sys.exit() and os._exit() out of what runs at import",
        ),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
            "it does not start: its worker was killed by SIGSEGV while starting",
            "importing plugin_their_fake crashes the process: python -X faulthandler -c 'import plugin_their_fake' shows where",
        ),
    ],
)
def test_why_a_plug_in_does_not_start_is_said_with_the_next_step(
    plugin: Install, body: str, problem: str, step: str
) -> None:
    plugin("fake", body)
    output, code = check()
    assert code == 3
    assert BROKEN in output
    ((found, next_step),) = problems(output)
    assert problem in found
    assert next_step.startswith(step)
    assert "1 problem of the plug-in. Then again: same-conformance check fake" in output


def test_a_slip_in_the_module_of_the_entry_point_is_not_laid_on_a_missing_package(plugin: Install) -> None:
    plugin("fake", "", value="plugin_their_fakes:implementation")
    output, code = check()
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem == "it does not start: ModuleNotFoundError: No module named 'plugin_their_fakes'"
    assert step == (
        f"the entry point names the module 'plugin_their_fakes': correct it in [project.entry-points.\"{GROUP}\"] of "
        "pyproject.toml, and install the package again (pip install -e .): entry points are written when it is installed"
    )


def test_a_slip_in_the_group_of_the_entry_point_is_found(plugin: Install) -> None:
    path = plugin("fake", "")
    (file,) = path.parent.glob("*/entry_points.txt")
    file.write_text("[same-conformance.implementation]\nfake = plugin_their_fake:implementation\n")
    output, code = check()
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem == "it is not registered"
    assert step.startswith(
        f"their-fake registers 'fake' in the group 'same-conformance.implementation', but the group is '{GROUP}': correct it, "
        "and install the package again"
    )


def test_a_name_that_nobody_has_is_wrong_usage(plugin: Install) -> None:
    output, code = check("fake")
    assert code == 2
    assert "implementation 'fake' is not installed" in output


def test_an_import_that_hangs_is_given_up(plugin: Install) -> None:
    plugin("fake", "import time\ntime.sleep(60)")
    output, code = check("fake", "--start-timeout", 1.5)
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem == "it does not start: did not start within 1.5 s (--start-timeout)"
    assert step.startswith(
        "importing plugin_their_fake takes too long, or waits for something: see python -X faulthandler -c"
    )


@pytest.mark.parametrize(
    ("body", "problem", "step"),
    [
        (
            "def conv(x, kernel, *, stride, dilation, padding):\n    return x",
            "conv does not take what it is given: conv() got an unexpected keyword argument 'groups'",
            "write def conv(x, kernel, *, stride, dilation, padding, groups): these keywords are all given, each call",
        ),
        (
            "def conv(x, kernel, strides, *, stride, dilation, padding, groups):\n    return x",
            "conv does not take what it is given: conv() missing 1 required positional argument: 'strides'",
            "write def conv(x, kernel, *, stride, dilation, padding, groups)",
        ),
        (
            "def conv(*a, **k):\n    right_conv(*a, **k)",
            "conv returns None, but a numpy.ndarray is expected",
            "end the function with return and the result",
        ),
        (
            "def conv(*a, **k):\n    return right_conv(*a, **k), None",
            "conv returns tuple, but a numpy.ndarray is expected",
            "return the result alone, not a tuple that it is in",
        ),
        (
            "def conv(*a, **k):\n    return right_conv(*a, **k).tolist()",
            "conv returns list, but a numpy.ndarray is expected",
            "return the result alone, not a list that it is in",
        ),
        (
            "def conv(*a, **k):\n    return right_conv(*a, **k).transpose(0, 3, 1, 2)",
            "conv returned (2, 4, 7, 5): that is channels first; framework numpy expects channels last, (2, 7, 5, 4)",
            "let conv take and return NHWC; the table of docs/plugins.md has every layout",
        ),
        (
            "def conv(*a, **k):\n    return right_conv(*a, **k).transpose(0, 2, 1, 3)",
            "conv returned (2, 5, 7, 4): the axes of (2, 7, 5, 4) in another order; framework numpy expects channels last",
            "let conv take and return NHWC",
        ),
        (
            "def conv(*a, **k):\n    return right_conv(*a, **k)[0]",
            "conv returned (7, 5, 4): an axis of (2, 7, 5, 4) is missing",
            "let conv take and return NHWC",
        ),
        (
            "def conv(*a, **k):\n    return right_conv(*a, **k).astype('float64')",
            "conv returns another dtype in 10 of 10 cases: dtype float64, the operands have float32",
            "return the dtype that came in: y.astype(x.dtype)",
        ),
        (
            "def conv(x, *a, **k):\n    y = right_conv(x, *a, **k)\n    x += 1\n    return y",
            "conv changes what it is given: its input",
            "work on a copy (first x = x.copy()), and use no operation in place",
        ),
        (
            "def conv(*a, stride, **k):\n    if max(stride) > 1:\n        raise NotImplementedError('strides')\n    return right_conv(*a, stride=stride, **k)",
            "conv raises NotImplementedError for what it does not offer, which counts as an error: NotImplementedError: strides",
            'raise Unsupported("why") instead (from same_conformance import Unsupported), or claim less: ranks, dtypes, paddings',
        ),
        (
            "def conv(*a, **k):\n    raise SystemExit('bye')",
            "conv calls sys.exit(): SystemExit: bye",
            "raise an error, or Unsupported for what it does not offer",
        ),
        (
            "def conv(*a, **k):\n    raise Unsupported('not yet')",
            "conv: offered, but every case is refused (not yet)",
            "leave it out of the Implementation, or claim what it does: ranks, dtypes, paddings",
        ),
        (
            "def conv(*a, **k):\n    raise ValueError('bad channels')",
            "conv raises on every case: ValueError: bad channels",
            ("for conv.n7-5.k3-2.b2.c3-4 it is called with x NHWC = (2, 7, 5, 3) and kernel HWIO = (3, 2, 3, 4), and "
            "stride=(1, 1); call it so by hand to see where it raises"),
        ),
        (
            "def conv(x, kernel, **k):\n    return right_conv(x, kernel.transpose(2, 3, 1, 0) if len({*kernel.shape}) == 1 else kernel * 2, **k)",
            "conv reads the kernel as OIHW, but framework numpy hands it over as HWIO",
            "transpose the kernel from HWIO to OIHW before the call, or tell what you call that it is HWIO",
        ),
        (
            "def conv(x, kernel, **k):\n    return right_conv(x, kernel[::-1, ::-1].copy(), **k)",
            "conv turns the kernel round, as mathematics defines convolution; every framework correlates",
            "do not flip the kernel",
        ),
    ],
)  # fmt: skip
def test_what_breaks_the_contract_is_told_apart_from_a_wrong_result(
    plugin: Install, body: str, problem: str, step: str
) -> None:
    plugin("fake", CONV + "\n".join("    " + line for line in body.splitlines()))
    output, code = check()
    assert code == 3, output
    assert BROKEN in output
    assert WRONG not in output
    ((found, next_step),) = problems(output)
    assert problem in found
    assert next_step.startswith(step)
    assert "conv: right" not in output


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "conv ends its process on conv."),
        ("time.sleep(60)", "conv does not come back on conv."),
    ],
)
def test_a_case_that_takes_the_process_with_it_is_named(plugin: Install, body: str, problem: str) -> None:
    plugin("fake", CONV + f"""
    import os, signal, time

    def conv(*a, stride, **k):
        if max(stride) > 2:
            print("here I go", flush=True)
            {body}
        return right_conv(*a, stride=stride, **k)
    """)  # fmt: skip
    output, code = check("fake", "--timeout", 2)
    assert code == 3
    ((found, step),) = problems(output)
    assert found.startswith(problem)
    assert "conv.n7-8.k1-2.s3-3" in found
    if "SIGSEGV" in body:
        assert "was killed by SIGSEGV" in found
        assert step.startswith("call it in a Python of your own with python -X faulthandler")
    else:
        assert "no answer within 2 s" in found
        assert step.startswith("look for a loop without end, a lock, or a question to somebody")


HALF = """
    def conv(x, kernel, *, stride, **k):
        return right_conv(x[:, 1:] if stride[0] == 2 else x, kernel, stride=stride, **k)
"""


@pytest.mark.parametrize(
    ("body", "problem", "next_steps"),
    [
        (
            HALF,
            "conv is wrong in 4 of 10 cases (4 value): never reads the first element",
            "same-conformance show conv.n6-5.k2-3.s2-1.c2-3 --with fake draws it; same-conformance run fake --op conv finds",
        ),
        (
            "    calls = []\n\n    def conv(*a, **k):\n        calls.append(1)\n        return right_conv(*a, **k) + np.float32(len(calls) % 2 == 0)\n    import numpy as np",
            "conv is wrong in 10 of 10 cases (9 nondeterministic, 1 value): gives another result when it is called again",
            "same-conformance show conv.n2-3.k5-4.c2-3 --with fake",
        ),
        (
            "    def conv(x, kernel, *, stride, **k):\n        if stride[0] > 2:\n            raise ValueError('this is not supported')\n        return right_conv(x, kernel, stride=stride, **k)",
            "conv raises in 1 of 10 cases: ValueError: this is not supported",
            'if it does not offer this, raise Unsupported("why"): the cases then count neither for it nor against it',
        ),
        (
            "    def conv(x, kernel, *, stride, **k):\n        if stride[0] > 2:\n            raise ValueError('too far')\n        return right_conv(x, kernel, stride=stride, **k)",
            "conv is wrong in 1 of 10 cases (1 error): ends in error: ValueError: too far",
            "same-conformance show conv.n7-8.k1-2.s3-3.c2-3 --with fake",
        ),
    ],
)  # fmt: skip
def test_an_implementation_that_keeps_the_contract_and_is_wrong_exits_with_1(
    plugin: Install, body: str, problem: str, next_steps: str
) -> None:
    plugin("fake", CONV + body)
    output, code = check()
    assert code == 1, output
    assert WRONG in output
    assert BROKEN not in output
    ((found, step),) = problems(output)
    assert found.startswith(problem)
    assert step.startswith(next_steps)
    assert "1 problem of the implementation. Then again: same-conformance check fake" in output


def test_padding_that_is_frozen_is_said_to_depend_on_the_first_size(plugin: Install) -> None:
    body = """
        def build(case):
            kept = []

            def call(x, *rest):
                kept.append(x.shape[1])
                return right(case)(x, *rest) + (case.op == "conv" and kept[0] != x.shape[1])

            return call

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
    """
    plugin("fake", body)
    output, code = check()
    assert code == 1
    assert "conv is wrong in 1 of 14 cases (1 value): depends on the size that it saw first" in output
    assert "does not depend on the size" not in output


def test_state_that_shows_only_later_is_found_in_a_second_round(plugin: Install) -> None:
    body = """
    seen = []

    def conv(*a, **k):
        seen.append(1)
        return right_conv(*a, **k) + (len(seen) > 25)
    """
    plugin("fake", CONV + body)
    output, code = check()
    assert code == 1
    ((found, step),) = problems(output)
    assert found.startswith("gives another result in a second round: ")
    assert step == "look for what it keeps between calls: caches, buffers, padding computed once"


def test_both_kinds_of_problem_have_their_headings_and_the_plug_in_comes_first(plugin: Install) -> None:
    body = """
    def max_pool(x, **k):
        return None

    implementation = Implementation(name="fake", framework="numpy", conv=conv, max_pool=max_pool, ranks=(2,),
                                    dtypes=("float32",), paddings=("same",))
    """
    plugin("fake", CONV + HALF + body)
    output, code = check()
    assert code == 3
    assert (
        output.index(BROKEN)
        < output.index("max_pool returns None")
        < output.index(WRONG)
        < output.index("conv is wrong")
    )
    assert (
        "1 problem of the plug-in and 1 problem of the implementation; repair the plug-in first. Then again: "
        "same-conformance check fake"
    ) in output


def test_what_is_claimed_and_refused_and_what_works_and_is_not_claimed_is_noted(plugin: Install) -> None:
    body = """
        def build(case):
            if case.rank == 3 or case.dtype == "float16":
                raise Unsupported("too much")
            return right(case)

        implementation = Implementation(name="fake", framework="numpy", build=build, ranks=(2, 3), paddings=("same",))
    """
    plugin("fake", body)
    output, code = check()
    assert code == 0, output
    lines = " ".join(output.split())
    assert (
        "note refuses every case of 3, which it claims: too much next: write ranks=(2,) in the Implementation" in lines
    )
    assert "note refuses every case of float16, which it claims: too much" in lines
    assert (
        "note is right in 1 dimension too, which it does not claim next: write ranks=(1, 2, 3) to have it checked"
        in lines
    )
    assert "note is right in same_lower too, which it does not claim next: add 'same_lower' to paddings" in lines


def test_what_build_refuses_is_noted_once_and_no_problem_unless_it_refuses_everything(plugin: Install) -> None:
    body = """
        def build(case):
            if case.op != "conv":
                raise Unsupported("only conv")
            return right(case)

        implementation = Implementation(name="fake", framework="numpy", build=build, ranks=(1,), dtypes=("float32",))
    """
    module = plugin("fake", body)
    output, code = check()
    assert code == 0, output
    assert (
        "  note     depthwise_conv, conv_transpose, max_pool, avg_pool: offered, but every case is refused (only conv)"
    ) in output
    module.write_text(module.read_text().replace('case.op != "conv"', "True"))
    output, code = check()
    assert code == 3
    ((problem, _),) = problems(output)
    assert problem.endswith("avg_pool: offered, but every case is refused (only conv)")


def test_much_output_is_noted(plugin: Install) -> None:
    plugin(
        "fake",
        CONV + "    def conv(*a, **k):\n        print('debug: ' + 'x' * 500)\n        return right_conv(*a, **k)",
    )
    output, code = check()
    assert code == 0
    assert "  note     prints much, beginning with: debug: xxx" in output


@pytest.mark.parametrize(
    ("body", "problem", "step"),
    [
        (
            "return right_conv(x, kernel, **k).numpy()",
            "conv returns ndarray, but a torch.Tensor is expected",
            'return the torch.Tensor as it is, without .numpy(); or write framework="numpy", if it works on arrays',
        ),
        (
            "return right_conv(x, kernel, **k).movedim(1, -1)",
            "conv returned (2, 7, 5, 4): that is channels last; framework torch expects channels first, (2, 4, 7, 5)",
            "let conv take and return NCHW",
        ),
        (
            "return right_conv(x, kernel.transpose(0, 1), **k)",
            "conv reads the kernel as IOHW, but framework torch hands it over as OIHW",
            "transpose the kernel from OIHW to IOHW before the call",
        ),
    ],
)
def test_torch_s_own_layout_and_type_are_asked_for(plugin: Install, body: str, problem: str, step: str) -> None:
    plugin("fake", f"""
    from same_conformance.implementations.torch_explicit import conv as right_conv

    def conv(x, kernel, **k):
        {body}

    implementation = Implementation(name="fake", framework="torch", conv=conv, ranks=(2,), dtypes=("float32",))
    """)  # fmt: skip
    output, code = check()
    assert code == 3, output
    ((found, next_step),) = problems(output)
    assert found == problem
    assert next_step.startswith(step)


@pytest.mark.parametrize("framework", ["torch", "jax"])
@pytest.mark.parametrize("op", ["conv", "conv_transpose", "depthwise_conv", "max_pool"])
@pytest.mark.parametrize("rank", [1, 2])
def test_an_input_in_the_other_layout_is_recognised_for_every_op(framework: str, op: str, rank: int) -> None:
    """Where it is read and the result returned in the wrong order, so that all shapes fit."""
    case = cases.cube(op, rank)
    x, *kernel = operands.make(case)
    first, last = list(range(rank + 2)), list(range(rank + 2))
    first.insert(1, first.pop())  # to (batch, channels, *size)
    last.append(last.pop(1))  # and back
    there, back = (first, last) if framework == "jax" else (last, first)
    observed = spec.execute(case, (x.transpose(back), *kernel)).transpose(there)
    if framework == "torch":
        observed = spec.execute(case, (x.transpose(first), *kernel)).transpose(last)
    said, _ = layouts.of_operands(case, observed, framework)
    assert said.startswith("reads the input as " + ("N" if framework == "torch" else "NC"))


def test_right_and_otherwise_wrong_results_are_no_misreading() -> None:
    case = cases.cube("conv", 2)
    x, kernel = operands.make(case)
    right = spec.execute(case, (x, kernel))
    assert layouts.of_operands(case, right + 1, "jax") == ("", "")
    assert layouts.of_operands(case, np.roll(right, 1, axis=1), "torch") == ("", "")


@pytest.mark.parametrize("exchange", ["outputs", "kernel"])
def test_channels_and_multipliers_of_a_depthwise_convolution_may_be_mixed_up(exchange: str) -> None:
    case = cases.cube("depthwise_conv", 2)
    x, kernel = operands.make(case)
    if exchange == "kernel":
        observed = spec.execute(case, (x, np.swapaxes(kernel, -1, -2)))
        assert layouts.of_operands(case, observed, "jax")[0].startswith("reads the kernel's channels as multipliers")
    else:
        right = spec.execute(case, (x, kernel))
        observed = right.reshape(3, 3, 3, 3, 3).swapaxes(-1, -2).reshape(3, 3, 3, 9)
        assert layouts.of_operands(case, observed, "jax")[0].startswith(
            "returns the outputs of all channels for the first"
        )


def test_about_a_dozen_cases_of_each_op_are_chosen_and_none_that_is_not_claimed(plugin: Install) -> None:
    from same_conformance.case import OPS
    from same_conformance.implementation import Description

    whole = Description("a", "numpy", "", OPS)
    little = Description("a", "numpy", "", OPS, ranks=(1,), dtypes=("float64",), paddings=("same_lower",))
    for op in OPS:
        assert 12 <= len(cases.chosen(op, whole)) <= 20
        few = cases.chosen(op, little)
        assert {(c.rank, c.dtype, c.padding) for c in few} == {(1, "float64", "same_lower")}
        assert len(few) >= 8
        for rank in (1, 2, 3):
            plain = cases.plain(op, rank)
            assert len({*plain.operand_shapes[0], *plain.output_shape[-1:]}) >= rank + 2
        assert not any(case.has_padding_only_window for case in cases.chosen(op, whole))


def test_a_file_can_be_checked_without_installing_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from same_conformance import Implementation, spec\n"
        "def build(case):\n    return lambda x, *r: spec.execute(case.resized(x.shape[1:-1]), (x, *r)).astype(case.dtype)\n"
        "implementation = Implementation(name='mine', framework='numpy', build=build)\n"
    )
    output, code = check(path)
    assert code == 0, output
    assert any(line.startswith("  ok       starts in ") and "mine.py, numpy" in line for line in output.splitlines())
    path.write_text("import nothing_of_the_sort\n")
    output, code = check(path)
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem == "it does not start: mine.py, line 1: ModuleNotFoundError: No module named 'nothing_of_the_sort'"
    assert step.startswith(f"{path} imports nothing_of_the_sort: install it in this environment")
    path.write_text("\n1 / 0\n")
    ((problem, step),) = problems(check(path)[0])
    assert problem == "it does not start: mine.py, line 2: ZeroDivisionError: division by zero"
    assert step == f"importing {path} raises: python -X faulthandler {path} shows where"


def test_the_example_of_the_document_is_what_is_printed(plugin: Install) -> None:
    body = """
    from same_conformance import mutants

    def conv(*a, **k):
        return right_conv(*a, **k).transpose(0, 3, 1, 2)

    def max_pool(x, *, window, stride, dilation, padding):
        case = Case("max_pool", x.shape[1:-1], window, stride, dilation, padding.lower(), x.shape[0], x.shape[-1:])
        return spec.execute(case, (x,), mutants.RULES["zero-fill"].plan(case)).astype(x.dtype)

    implementation = Implementation(name="mine", framework="numpy", conv=conv, max_pool=max_pool)
    """
    plugin("mine", CONV + body)
    text = (Path(__file__).parents[1] / "docs" / "check.md").read_text(encoding="utf-8")
    shown = text[text.index("    Your plug-in") : text.index("## Two kinds")].strip("\n").replace("\n    ", "\n")[4:]
    output, code = check("mine")
    assert code == 3
    assert output.endswith(f"\n{shown}\n")


def test_the_marks_do_not_need_colour(plugin: Install) -> None:
    plugin("fake", "1 / 0")
    command_ = [sys.executable, "-m", "same_conformance", "check", "fake"]
    result = subprocess.run(command_, capture_output=True, text=True, check=False)
    assert result.returncode == 3
    assert "\x1b" not in result.stdout
    assert "  problem  it does not start" in result.stdout
