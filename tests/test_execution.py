"""Execution: gradients, second calls and repetitions, each guard shown to notice the implementation it is there for."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from same_conformance import plugins
from same_conformance.case import Case, parse
from same_conformance.judge import Judge, Judgement
from same_conformance.runner.pool import Pool
from same_conformance.runner.slot import Limits

Install = Callable[..., Path]
TORCH = """
    import torch
    import torch.nn.functional as F
    from same_conformance.implementations.torch_explicit import conv as right_conv
"""


def judged(names: list[str], cases: list[Case], limits: Limits | None = None) -> dict[str, Judgement]:
    """Execute `cases` and return the judgements by ``name case``."""
    judge = Judge()
    with Pool(limits or Limits()) as pool:
        pool.start(plugins.select(plugins.installed(), names))
        assert not pool.failures, pool.failures
        outcomes = list(pool.run(dict.fromkeys(names, cases)))
    return {f"{name} {case.id}": judge.judge(case, outcome) for name, case, outcome in outcomes}


def judge_one(name: str, case_id: str, limits: Limits | None = None) -> Judgement:
    return judged([name], [parse(case_id)], limits)[f"{name} {case_id}"]


GRADIENTS = [
    parse(i)
    for i in (
        "conv.n5-6.k3-2.s2-1.b3.c2-4.g2.input_gradient",
        "conv.n5-6.k3-2.s2-1.b3.c2-4.g2.kernel_gradient",
        "depthwise_conv.n5-7.k3-2.c2-3.input_gradient",
        "depthwise_conv.n5-7.k3-2.c2-3.kernel_gradient",
        "conv_transpose.n3.k3.s2.c2-3.input_gradient",
        "conv_transpose.n3.k3.s2.c2-3.kernel_gradient.calls2",
        "max_pool.n5.k3.input_gradient",
        "avg_pool.n5.k3.input_gradient",
    )
]


DTYPES = {
    dtype: [parse(f"{op}.n5.k3.{dtype}.input_gradient") for op in ("conv", "conv_transpose", "max_pool", "avg_pool")]
    for dtype in ("float64", "float16", "bfloat16")
}
EVERYONE = ["spec", "torch-explicit", "tensorflow", "jax", "jax-default", "keras-torch"]


@pytest.fixture(scope="module")
def gradients() -> dict[str, Judgement]:
    """Execute all of them at once: frameworks take long to start."""
    return judged(EVERYONE, [*GRADIENTS, *(case for cases in DTYPES.values() for case in cases)])


def test_every_framework_gives_the_gradient_in_our_layout(gradients: dict[str, Judgement]) -> None:
    wanted = [gradients[f"{name} {case.id}"] for name in EVERYONE for case in GRADIENTS]
    assert {j.verdict for j in wanted} == {"pass"}, wanted


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_work_in_every_dtype_or_are_unsupported_in_the_framework_s_own_words(
    gradients: dict[str, Judgement], dtype: str
) -> None:
    judgements = {f"{name} {c.id}": gradients[f"{name} {c.id}"] for name in EVERYONE[1:] for c in DTYPES[dtype]}
    assert {j.verdict for j in judgements.values()} <= {"pass", "unsupported"}
    assert all(j.message for j in judgements.values() if j.verdict == "unsupported")
    assert all(j.verdict == "pass" for name, j in judgements.items() if name.startswith(("torch-explicit", "jax")))


def test_what_a_framework_has_no_gradient_for_is_unsupported_in_its_own_words() -> None:
    grouped = judge_one("tensorflow-native", "conv.n5-5.k3-3.c2-2.g2.input_gradient")
    assert (grouped.verdict, "Gradients for grouped convolutions are not supported" in grouped.message) == (
        "unsupported",
        True,
    )
    dilated = judge_one("jax", "max_pool.n5.k2.d2.input_gradient")
    assert (dilated.verdict, dilated.message.startswith("VJP not implemented")) == ("unsupported", True)


@pytest.mark.parametrize(
    ("framework", "body", "words"),
    [
        ("torch", "torch.special.gammaincc(x.abs(), x.abs())", "derivative for"),
        ("tensorflow", "tf.raw_ops.ResizeArea(images=x[None], size=x.shape[:2])[0]", "gradient registry has no entry for"),
        ("jax", "jax.lax.while_loop(lambda y: y[0, 0, 0] < -1e9, lambda y: y + 1, x)", "Reverse-mode differentiation does not work"),
    ],
)  # fmt: skip
def test_what_has_no_gradient_is_unsupported_only_where_the_framework_says_so(
    plugin: Install, framework: str, body: str, words: str
) -> None:
    plugin("fake", f"""
    def conv(x, kernel, **k):
        import {'tensorflow as tf' if framework == 'tensorflow' else framework}
        return {body}

    implementation = Implementation(name="fake", framework="{framework}", conv=conv)
    """)  # fmt: skip
    judgement = judge_one("fake", "conv.n5.k3.input_gradient")
    assert words in judgement.message
    assert judgement.verdict == ("error" if framework == "jax" else "unsupported")  # JAX says ValueError: wrong use


def test_numpy_has_no_gradients_unless_the_implementation_brings_them(plugin: Install) -> None:
    plugin("bare", "implementation = Implementation(name='bare', framework='numpy', build=right)")
    plugin("full", "implementation = Implementation(name='full', framework='numpy', build=right, gradient=right)")
    judgements = judged(["bare", "full"], [*GRADIENTS, parse("conv.n5.k3")])
    for case in GRADIENTS:
        assert judgements[f"bare {case.id}"].verdict == "unsupported"
        assert "brings none" in judgements[f"bare {case.id}"].message
        assert judgements[f"full {case.id}"].verdict == "pass"
    assert judgements["bare conv.n5.k3"].verdict == "pass"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("implementation = Implementation(name='fake', framework='torch', conv=print, gradient=right)", "gradient is for numpy"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, gradient=3)", "gradient must be a function, got int"),
        ("implementation = Implementation(name='fake', framework='numpy', build=3)", "build must be a function, got int"),
        ("implementation = Implementation(name='fake', framework='numpy', build=right, declines='x')", "declines must be a function, got str"),
    ],
)  # fmt: skip
def test_a_description_with_wrong_functions_is_refused(plugin: Install, body: str, message: str) -> None:
    plugin("fake", body)
    with Pool(Limits(start_s=30)) as pool:
        pool.start(plugins.select(plugins.installed(), ["fake"]))
        assert message in pool.failures["fake"]


def test_what_an_implementation_declines_is_unsupported_without_a_call(plugin: Install) -> None:
    body = """
        def declines(case):
            return "not five" if case.size == (5,) and case.compared == "forward" else ""

        implementation = Implementation(name="fake", framework="numpy", build=right, gradient=right, declines=declines)
    """
    plugin("fake", body)
    cases = [parse(i) for i in ("conv.n5.k3", "conv.n6.k3", "conv.n5.k3.input_gradient")]
    judgements = list(judged(["fake"], cases).values())
    assert sorted(j.verdict for j in judgements) == ["pass", "pass", "unsupported"]
    assert "not five" in {j.message for j in judgements}


def test_a_wrong_forward_shape_leaves_no_gradient_whatever_the_framework(plugin: Install) -> None:
    """Its forward result has the shape that the gradient would have, which must not be mistaken for it."""
    nothing = {
        "torch": "conv=lambda x, kernel, **k: x + 0 * kernel.sum()",
        "tensorflow": "conv=lambda x, kernel, **k: x + 0 * kernel[0, 0, 0]",
        "jax": "conv=lambda x, kernel, **k: x + 0 * kernel.sum(), compile_together=9",
        "numpy": "build=lambda case: lambda x, kernel: x, gradient=right",
    }
    for framework, functions in nothing.items():
        name = f"{framework}s"
        plugin(name, f"implementation = Implementation(name={name!r}, framework={framework!r}, {functions})")
    names = ["numpys", "torchs", "tensorflows", "jaxs"]
    for judgement in judged(names, [parse("conv.n6.k3.s2.b2.input_gradient")]).values():
        assert (judgement.verdict, judgement.observed_shape) == ("shape", (2, 6, 1))
        assert judgement.message == "its forward result has shape [2, 6, 1], SAME asks for [2, 3, 1]"


@pytest.mark.parametrize(
    ("framework", "body"),
    [
        ("torch", "right_conv(x.detach(), kernel.detach(), **k)"),
        ("torch", "right_conv(x, kernel.detach(), **k)"),
        ("tensorflow", "tf.stop_gradient(tf.nn.conv1d(x, kernel, 1, 'SAME'))"),
    ],
)
def test_a_result_that_does_not_depend_on_the_operand_is_an_error_in_words(
    plugin: Install, framework: str, body: str
) -> None:
    start = TORCH if framework == "torch" else "\n    import tensorflow as tf"
    plugin("fake", f"""{start}
    def conv(x, kernel, **k):
        return {body}

    implementation = Implementation(name="fake", framework="{framework}", conv=conv)
    """)  # fmt: skip
    judgement = judge_one("fake", "conv.n5.k3.kernel_gradient")
    assert judgement.verdict == "error"
    assert judgement.message == "there is no gradient: conv returned something that does not depend on its kernel"


FROZEN_AT_FIRST_USE = (
    TORCH
    + """
    from same_conformance.implementations.torch_explicit import same_padding

    class Conv:
        def __init__(self, case):
            self.case, self.pads = case, None

        def __call__(self, x, kernel):
            if self.pads is None:
                self.pads = same_padding(x.shape[2], self.case.kernel[0], self.case.stride[0], 1)
            return F.conv1d(F.pad(x, self.pads), kernel, stride=self.case.stride)

    implementation = Implementation(name="fake", framework="torch", build=Conv)
"""
)
FROZEN_WHEN_BUILT = FROZEN_AT_FIRST_USE.replace(
    "case, None", "case, same_padding(case.size[0], case.kernel[0], case.stride[0], 1)"
)
NOT_FROZEN = FROZEN_AT_FIRST_USE.replace("if self.pads is None", "if True")


@pytest.mark.parametrize(
    ("body", "verdict"), [(FROZEN_AT_FIRST_USE, "value"), (FROZEN_WHEN_BUILT, "value"), (NOT_FROZEN, "pass")]
)
def test_padding_that_is_frozen_is_found_by_a_call_with_another_size_first(
    plugin: Install, body: str, verdict: str
) -> None:
    plugin("fake", body)
    once, twice, gradient = (parse(f"conv.n6.k3.s2{end}") for end in ("", ".calls2", ".input_gradient.calls2"))
    judgements = judged(["fake"], [once, twice, gradient])
    assert judgements["fake conv.n6.k3.s2"].verdict == "pass"
    assert judgements["fake conv.n6.k3.s2.calls2"].verdict == verdict
    assert judgements["fake conv.n6.k3.s2.input_gradient.calls2"].verdict == verdict


def test_padding_that_is_frozen_while_many_cases_are_traced_together_is_found_too(plugin: Install) -> None:
    body = """
        from jax import lax
        pads = {}

        def conv(x, kernel, *, stride, dilation, padding, groups):
            key = kernel.shape, stride
            pads.setdefault(key, lax.padtype_to_pads(x.shape[1:2], kernel.shape[:1], stride, padding))
            return lax.conv_general_dilated(x, kernel, stride, pads[key], dimension_numbers=("NHC", "HIO", "NHC"))

        implementation = Implementation(name="fake", framework="jax", conv=conv, compile_together=9)
    """
    plugin("fake", body)
    judgements = judged(["fake"], [parse("conv.n6.k3.s2.calls2"), parse("conv.n6.k2.s2")])
    assert [judgements[f"fake {i}"].verdict for i in ("conv.n6.k3.s2.calls2", "conv.n6.k2.s2")] == ["value", "pass"]


def test_what_the_first_of_two_calls_raises_is_not_judged(plugin: Install) -> None:
    body = """
        def build(case):
            def call(x, *rest):
                if x.shape[1] == 6:
                    raise ValueError("six is too much")
                return right(case)(x, *rest)
            return call

        implementation = Implementation(name="fake", framework="numpy", build=build)
    """
    plugin("fake", body)
    assert judge_one("fake", "conv.n5.k3.calls2").verdict == "pass"
    assert judge_one("fake", "conv.n6.k3").message == "ValueError: six is too much"


CHANGING = """
    calls = []

    def conv(x, kernel, *, stride, dilation, padding, groups):
        calls.append(1)
        y = spec.execute(Case("conv", x.shape[1:-1], kernel.shape[:-2], stride, dilation), (x, kernel)).astype(x.dtype)
        y[0, 0, 0] += len(calls) > 1
        return y

    from same_conformance import Case
    implementation = Implementation(name="fake", framework="numpy", conv=conv)
"""


def test_another_result_of_the_same_call_is_nondeterministic(plugin: Install) -> None:
    plugin("fake", CHANGING)
    judgement = judge_one("fake", "conv.n5.k3")
    assert (judgement.verdict, judgement.n_different) == ("nondeterministic", 1)
    assert judgement.message == "1 of 5 elements were others when the same call was made again"


def test_another_result_of_the_same_compiled_program_is_nondeterministic(plugin: Install) -> None:
    body = """
        import jax
        import numpy as np
        calls = []

        def conv(x, kernel, *, stride, dilation, padding, groups):
            def late(y):
                calls.append(1)
                return y + np.float32(len(calls) > 1)
            y = jax.lax.conv_general_dilated(x, kernel, stride, padding, dimension_numbers=("NHC", "HIO", "NHC"))
            return jax.pure_callback(late, jax.ShapeDtypeStruct(y.shape, y.dtype), y)

        implementation = Implementation(name="fake", framework="jax", conv=conv, compile_together=9)
    """
    plugin("fake", body)
    assert judge_one("fake", "conv.n5.k3").verdict == "nondeterministic"


def test_a_second_time_that_fails_is_an_error_that_says_so(plugin: Install) -> None:
    plugin("fake", CHANGING.replace("y[0, 0, 0] += len(calls) > 1", "assert len(calls) == 1, 'only once'"))
    judgement = judge_one("fake", "conv.n5.k3")
    assert (judgement.verdict, judgement.message) == (
        "error", "when the same call was made again: AssertionError: only once",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "what"),
    [("x += 1", "input"), ("kernel[0] = 0", "kernel"), ("x *= 2; kernel += 1", "input, kernel"), ("pass", "")],
)
@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_a_changed_operand_is_an_error_that_names_it(plugin: Install, framework: str, change: str, what: str) -> None:
    right = (
        "right(Case('conv', x.shape[1:-1], (3,)))(x, kernel)" if framework == "numpy" else "right_conv(x, kernel, **k)"
    )
    start = TORCH if framework == "torch" else ""
    plugin("fake", f"""{start}
    from same_conformance import Case

    def conv(x, kernel, **k):
        y = {right}
        {change}
        return y

    implementation = Implementation(name="fake", framework="{framework}", conv=conv)
    """)  # fmt: skip
    judgement = judge_one("fake", "conv.n5.k3")
    assert judgement.verdict == ("error" if what else "pass")
    assert judgement.message == (f"conv changed its operand: {what}" if what else "")


@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_a_result_that_the_next_call_overwrites_is_an_error(plugin: Install, framework: str) -> None:
    """The same operands give the same numbers, so that no number shows it; what is in an operand's memory is nobody's buffer."""
    zeros, start, right = (
        ("torch.zeros", TORCH, "right_conv(x, kernel, **k)")
        if framework == "torch"
        else (
            "np.zeros",
            "\n    import numpy as np",
            "right(Case('conv', x.shape[1:-1], kernel.shape[:-2]))(x, kernel)",
        )
    )
    plugin("fake", f"""{start}
    from same_conformance import Case

    buffers = {{}}

    def conv(x, kernel, **k):
        y = {right}
        if y.shape == x.shape and {"kernel.size" if framework == "numpy" else "kernel.numel()"} == 1:
            return x
        out = buffers.setdefault(tuple(y.shape), {zeros}((9, *y.shape[1:]), dtype=y.dtype))[:1]
        out[:] = y
        return out

    implementation = Implementation(name="fake", framework="{framework}", conv=conv)
    """)  # fmt: skip
    judgement = judge_one("fake", "conv.n5.k3")
    assert judgement.verdict == "error"
    assert "each call overwrites what the call before gave" in judgement.message
    assert "overwrites" not in judge_one("fake", "conv.n5.k1").message


def test_a_gradient_that_changes_its_cotangent_is_an_error(plugin: Install) -> None:
    body = """
        def gradient(case):
            def call(x, kernel, cotangent):
                result = right(case)(x, kernel, cotangent)
                cotangent[:] = 0
                return result
            return call

        implementation = Implementation(name="fake", framework="numpy", build=right, gradient=gradient)
    """
    plugin("fake", body)
    assert judge_one("fake", "conv.n5.k3.kernel_gradient").message == "conv changed its operand: cotangent"


def test_a_long_call_has_the_whole_limit_each_time(plugin: Install) -> None:
    """Both calls together take longer than the limit for a case; each does not."""
    body = """
        import time

        def build(case):
            def call(*operands):
                time.sleep(1.4)
                return right(case)(*operands)
            return call

        implementation = Implementation(name="fake", framework="numpy", build=build)
    """
    plugin("fake", body)
    began = time.monotonic()
    assert judge_one("fake", "conv.n5.k3", Limits(case_s=2)).verdict == "pass"
    assert time.monotonic() - began > 2.8
