"""`check` says what failing cases have in common, and what else shows without a look at the numbers."""

from pathlib import Path

import pytest

from checking import BROKEN, CONV, WRONG, Install, check, problems
from same_conformance.doctor import starting

WIDE = """
    def build(case):
        def conv(x, kernel):
            {}
            y = right(case)(x, kernel)
            return {}
        return conv

    implementation = Implementation(name="fake", framework="numpy", build=build, ops=("conv",),
                                    dtypes=("float32", "float64"), paddings=("same",))
"""
"""A fake whose condition and result follow."""


def test_a_result_without_an_axis_of_length_1_is_said_to_have_too_few_axes(plugin: Install) -> None:
    plugin("fake", CONV + "    def conv(*a, **k):\n        return right_conv(*a, **k).squeeze()")
    output, code = check()
    assert code == 3
    assert WRONG not in output
    ((problem, step),) = problems(output)
    assert problem.startswith("conv returns 3 axes where 4 are expected in 9 of 11 cases (conv.n")
    assert step == "keep batch and channels: return NHWC, also where an axis has length 1 (no squeeze())"


@pytest.mark.parametrize(
    ("condition", "problem", "step"),
    [
        ("x.ndim != 4", "ValueError: no way; it fails in every case of rank 1 and 3 and in no other", "claim ranks=(2,); "),
        ("x.ndim == 3", "ValueError: no way; it fails in every case of rank 1 and in no other", "claim ranks=(2, 3); "),
        (
            "x.dtype == 'float64'",
            "ValueError: no way; it fails in every case of float64 and in no other",
            'compute in the dtype that comes in, or claim dtypes=("float32",); ',
        ),
        (
            "case.groups > 1",
            "ValueError: no way; it fails in every case of groups > 1 and in no other",
            'where groups > 1: raise Unsupported("groups"); ',
        ),
    ],
)  # fmt: skip
def test_what_all_failing_cases_have_in_common_is_said_with_the_claim_to_write(
    plugin: Install, condition: str, problem: str, step: str
) -> None:
    plugin("fake", WIDE.format(f"if {condition}: raise ValueError('no way')", "y"))
    output, _ = check()
    assert WRONG in output
    ((found, next_step),) = problems(output)
    assert found.endswith(problem)
    assert next_step.startswith(step)


def test_other_axes_and_errors_in_the_same_ranks_are_one_problem(plugin: Install) -> None:
    plugin("fake", WIDE.format("if x.ndim == 5: raise ValueError('no way')", "y.reshape(-1) if x.ndim == 3 else y"))
    output, code = check()
    assert (code, BROKEN in output) == (3, True)
    ((problem, step),) = problems(output)
    assert problem.endswith("; it fails in every case of rank 1 and 3 and in no other")
    assert step == "claim ranks=(2,)"


@pytest.mark.parametrize("weight", ["torch.ones_like(kernel)", "torch.rand_like(kernel)"])
def test_a_layer_that_uses_its_own_weight_is_told_how_to_take_the_kernel(plugin: Install, weight: str) -> None:
    """Also where each build draws the weight anew, so that no two results are equal."""
    plugin("fake", f"""
    import torch
    from same_conformance.implementations.torch_explicit import conv

    def build(case):
        weights = []

        def call(x, kernel):
            weights.append(weights[0] if weights else {weight})
            return conv(x, weights[0], stride=case.stride, dilation=case.dilation, padding="SAME", groups=case.groups)

        return call

    implementation = Implementation(name="fake", framework="torch", build=build, ops=("conv",), ranks=(2,),
                                    dtypes=("float32",), paddings=("same",))
    """)  # fmt: skip
    output, code = check()
    assert code == 3, output
    assert problems(output) == [
        (
            "conv: its result does not depend on the kernel that it is given",
            'hand the kernel to the layer: torch.func.functional_call(layer, {"weight": kernel}, x)',
        )
    ]


def test_results_that_are_wrong_and_differ_are_not_said_to_be_repeated(plugin: Install) -> None:
    body = "    def conv(*a, **k):\n        y = right_conv(*a, **k)\n        return y + 9 + np.random.rand(*y.shape).astype(y.dtype)"
    plugin("fake", CONV + "    import numpy as np\n" + body)
    output, code = check()
    assert code == 1
    assert "gives the same when it is called again" not in output
    ((problem, _),) = problems(output)
    assert problem.startswith("conv: two equal calls differ in 11 of 11 cases")


def test_what_works_beyond_the_claims_is_not_noted_while_same_itself_fails(plugin: Install) -> None:
    body = """
    def build(case):
        return lambda x, *rest: right(case)(x, *rest) + (case.padding == "same")

    implementation = Implementation(name="fake", framework="numpy", build=build, ops=("conv",), ranks=(1,),
                                    dtypes=("float32",), paddings=("same",))
    """
    plugin("fake", body)
    output, code = check()
    assert code == 1
    assert "which it does not claim" not in output


def test_a_build_that_returns_none_is_told_to_return_what_is_called(plugin: Install) -> None:
    body = "def build(case):\n    right(case)\n\nimplementation = Implementation(name='fake', framework='numpy', build=build, ops=('conv',))"
    plugin("fake", body)
    output, code = check()
    assert code == 3
    ((problem, step),) = problems(output)
    assert problem.endswith("'NoneType' object is not callable")
    assert step == "build returned None? Let it end with return and what is called"


def test_a_file_that_imports_another_framework_than_it_claims_is_asked_for_it(tmp_path: Path) -> None:
    """Where every call raises, and where what is claimed is not installed."""
    path = tmp_path / "mine.py"
    path.write_text(
        "from same_conformance import Implementation\n\ndef conv(x, kernel, **k):\n    import torch\n"
        "    raise TypeError('must be Tensor, not numpy.ndarray')\n\n"
        "implementation = Implementation(name='mine', framework='numpy', conv=conv, ranks=(2,))\n"
    )
    ((_, step),) = problems(check(path)[0])
    assert step.startswith('its file imports torch: framework="torch"? Else for conv.')
    (found,) = starting.failure(f"{path}:implementation", "tensorflow is not installed; try", "", path)
    assert found.step.startswith('its file imports torch: framework="torch"? Else install it there')
    assert starting.other_framework("torch", path) == ""
