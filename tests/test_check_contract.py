"""What breaks the contract of plug-ins is told by `check` apart from a wrong result."""

import re

import numpy as np
import pytest

from checking import BROKEN, CONV, WRONG, Install, check, problems
from same_conformance import operands, spec
from same_conformance.doctor import cases, layouts


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
            "conv returns another dtype in 11 of 11 cases: dtype float64, the operands have float32",
            "return the dtype that came in: y.astype(x.dtype)",
        ),
        (
            "def conv(x, *a, **k):\n    y = right_conv(x, *a, **k)\n    x += 1\n    return y",
            "conv changes what it is given: its input",
            "work on a copy (first x = x.copy()), and use no operation in place",
        ),
        (
            "outs = {}\ndef conv(*a, **k):\n    y = right_conv(*a, **k)\n    out = outs.setdefault(y.shape, y)\n    out[:] = y\n    return out",
            "conv gives the same memory away with every call",
            "return a new array, or a copy of the buffer that is kept",
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
            "line 17): ValueError: bad channels",
            ("for conv.n7-5.k3-2.b2.c3-4 it is called with x NHWC = (2, 7, 5, 3) and kernel HWIO = (3, 2, 3, 4), and "
            "stride=(1, 1); look at "),
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
    assert problem in found, found
    assert next_step.startswith(step)
    assert "conv: right" not in output


FRAGILE = """
    class ConcretizationTypeError(TypeError):
        pass

    def build(case):
        {in_build}
        def call(x, kernel):
            {in_call}
        return call

    implementation = Implementation(name="fake", framework="numpy", build=build, ops=("conv",), ranks=(2,), dtypes=("float32",))
"""
"""A fake that raises while it is built or called."""


@pytest.mark.parametrize(
    ("in_build", "in_call", "problem", "step"),
    [
        (
            "raise ValueError('kernel must be an int')",
            "pass",
            r"conv: build raises on every case \(plugin_their_fake.py, line \d+\): ValueError: kernel must be an int$",
            r"look at plugin_their_fake.py, line \d+; build\(case\) is given the case alone, such as size=\(7, 5\), kernel=\(3, 2\)",
        ),
        (
            "(lambda out: 0)()",
            "pass",
            r"conv: build raises \(plugin_their_fake.py, line \d+\): .*missing 1 required positional argument: 'out'$",
            r"build is given the case alone, and what it returns x and kernel alone; the rest is in case: case.channels",
        ),
        (
            "",
            "raise AssertionError('Torch not compiled with CUDA enabled')",
            r"conv \(plugin_their_fake.py, line \d+\) asks for a device that there is not: AssertionError",
            r"everything is on the CPU here, as its operands are: leave out .cuda\(\)",
        ),
        (
            "",
            "raise ConcretizationTypeError('Abstract tracer value encountered where concrete value is expected: traced array with x')",
            r"conv \(.* line \d+\) needs the values of its operands.*: ConcretizationTypeError: .* is expected$",
            r"leave out compile_together in the Implementation; or write it so that jax.jit can trace it",
        ),
    ],
)  # fmt: skip
def test_what_raises_is_told_with_its_line_and_a_step_for_build_devices_and_tracing(
    plugin: Install, in_build: str, in_call: str, problem: str, step: str
) -> None:
    plugin("fake", FRAGILE.format(in_build=in_build or "pass", in_call=in_call))
    output, code = check()
    assert code == 3, output
    ((found, next_step),) = problems(output)
    assert re.match(problem, found), found
    assert re.match(step, next_step), next_step
    assert "NHWC" not in next_step


def test_a_transposed_convolution_that_does_not_turn_its_kernel_is_not_conforming_and_told_how(plugin: Install) -> None:
    plugin("fake", """
    def build(case):
        return lambda x, kernel: right(case)(x, kernel[::-1].copy())

    implementation = Implementation(name="fake", framework="numpy", build=build, ops=("conv_transpose",), ranks=(1,),
                                    dtypes=("float32",), paddings=("same",))
    """)  # fmt: skip
    output, code = check()
    assert code == 1, output
    assert problems(output) == [
        (
            "conv_transpose does not turn the kernel round, as the adjoint of a convolution does",
            "turn the kernel round along its spatial axes before you convolve the input with gaps",
        )
    ]
    case = cases.cube("conv_transpose", 1)
    x, kernel = operands.make(case)
    _, step = layouts.of_operands(case, spec.execute(case, (x, kernel[::-1])), "jax")
    assert step.startswith("lax.conv_transpose(..., transpose_kernel=True) does it, and is not the default")


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
    assert "conv.n9-7.k1-2.s3-4" in found
    if "SIGSEGV" in body:
        assert "was killed by SIGSEGV" in found
        assert "printed last: File " in found
        assert "plugin_their_fake.py" in found
        assert "Extension modules" not in found
        assert step.startswith("call it in a Python of your own with python -X faulthandler")
    else:
        assert "no answer within 2 s" in found
        assert step.startswith("look for a loop without end, a lock, or a question to somebody")


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
