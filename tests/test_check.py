"""`check` tells every author what is wrong, whose fault it is, and what to do next."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from checking import BROKEN, CONV, WRONG, Install, check, problems
from same_conformance import mutants, operands, spec
from same_conformance.case import OPS
from same_conformance.doctor import cases
from same_conformance.implementation import Description
from same_conformance.predicate import AXIS_NAMES, axis_values


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
        "conv: right in all 23 cases; refuses 1 (conv.n7-5.k3-2.b2.c3-4.bfloat16: NumPy has no bfloat16)",
        "leaves its operands as they are; gives the same when it is called again; does not depend on the size that it saw first",
    ):
        assert f"  ok       {line}" in lines
    assert any("ms a case once warm, every call made twice (the NumPy spec: " in line for line in lines)
    assert (
        lines[-1] == "Nothing is wrong with fake as far as was looked. Next: same-conformance run fake --profile quick"
    )
    assert problems(output) == []


HALF = """
    def conv(x, kernel, *, stride, **k):
        return right_conv(x[:, 1:] if stride[0] == 2 else x, kernel, stride=stride, **k)
"""


@pytest.mark.parametrize(
    ("body", "problem", "next_steps"),
    [
        (
            HALF,
            "conv is wrong in 4 of 11 cases (4 value): as if it never reads the first element",
            "same-conformance show conv.n8-6.k3-3.s2-2.c2-3 --with fake draws it; same-conformance run fake --op conv finds",
        ),
        (
            "    calls = []\n\n    def conv(*a, **k):\n        calls.append(1)\n        return right_conv(*a, **k) + np.float32(len(calls) % 2 == 0)\n    import numpy as np",
            "conv: two equal calls differ in 11 of 11 cases, such as conv.n7-5.k3-2.b2.c3-4",
            "look for random numbers, and for what it keeps between calls",
        ),
        (
            "    def conv(x, kernel, *, stride, **k):\n        if stride[0] > 2:\n            raise ValueError('this is not supported')\n        return right_conv(x, kernel, stride=stride, **k)",
            "conv raises in 1 of 11 cases: ValueError: this is not supported",
            'if it does not offer this, raise Unsupported("why"): the cases then count neither for it nor against it',
        ),
        (
            "    def conv(x, kernel, *, stride, **k):\n        if stride[0] > 2:\n            raise ValueError('too far')\n        return right_conv(x, kernel, stride=stride, **k)",
            "conv is wrong in 1 of 11 cases (1 error): ends in error: ValueError: too far",
            "same-conformance show conv.n9-7.k1-2.s3-4.c2-3 --with fake",
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
    assert "conv is wrong in 1 of 19 cases (1 value): as if it depends on the size that it saw first" in output
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
        "note refuses every case of rank 3, which it claims: too much next: write ranks=(2,) in the Implementation"
        in lines
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


def test_about_two_dozen_cases_of_each_op_are_chosen_and_none_that_is_not_claimed(plugin: Install) -> None:
    whole = Description("a", "numpy", "", OPS)
    little = Description("a", "numpy", "", OPS, ranks=(1,), dtypes=("float64",), paddings=("same_lower",))
    for op in OPS:
        assert 12 <= len(cases.chosen(op, whole)) <= 24
        few = cases.chosen(op, little)
        assert {(c.rank, c.dtype, c.padding) for c in few} == {(1, "float64", "same_lower")}
        assert len(few) >= 8
        for rank in (1, 2, 3):
            plain = cases.plain(op, rank)
            assert len({*plain.operand_shapes[0], *plain.output_shape[-1:]}) >= rank + 2
        assert not any(case.has_padding_only_window for case in cases.chosen(op, whole))


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("alone", [True, False])
def test_the_cases_of_every_rank_tell_the_modes_apart_and_have_what_is_often_forgotten(
    op: str, rank: int, alone: bool
) -> None:
    """An odd total in both modes, a total below 0 before the clamp, and, in the rank looked at most, an even kernel with dilation."""
    ranks = (rank,) if alone else (1, 2, 3)
    claims = Description("a", "numpy", "", OPS, ranks=ranks)
    chosen = [case for case in cases.chosen(op, claims) if case.rank == rank]
    axes = [(case, *axis_values(case, i)[1:]) for case in chosen for i in range(rank)]
    names = ("case", *AXIS_NAMES[1:])
    each = [dict(zip(names, values, strict=True)) for values in axes]
    odd = {a["case"].padding for a in each if a["total"] % 2}
    assert odd == {"same", "same_lower"}
    assert any(a["s"] > a["k"] and a["unclamped"] < -1 for a in each)
    if alone:
        assert any(a["d"] > 1 and a["k"] % 2 == 0 for a in each)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("rule", ["lower-ignored", "unclamped-floor", "undilated-total"])
def test_a_slip_in_any_op_and_rank_gives_something_else_in_one_of_the_cases(rule: str, rank: int) -> None:
    for op in ("conv", "depthwise_conv", "max_pool", "avg_pool"):
        chosen = cases.chosen(op, Description("a", "numpy", "", OPS, ranks=(rank,), dtypes=("float32",)))
        results = [spec.execute(case, operands.make(case), mutants.RULES[rule].plan(case)) for case in chosen]
        assert any(
            y.shape != case.output_shape
            or not np.array_equal(y, spec.execute(case, operands.make(case)), equal_nan=True)
            for case, y in zip(chosen, results, strict=True)
        ), op


def test_a_function_that_takes_no_notice_of_the_mode_is_told_to_claim_one(plugin: Install) -> None:
    body = """
    def conv(*a, padding, **k):
        return right_conv(*a, padding="SAME", **k)

    implementation = Implementation(name="fake", framework="numpy", conv=conv, dtypes=("float32",))
    """
    plugin("fake", CONV + body)
    output, code = check()
    assert code == 1, output
    ((problem, step),) = problems(output)
    assert problem.endswith("; it fails in every case of same_lower and in no other")
    assert step.startswith('if that is not offered, claim paddings=("same",); ')


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
    assert step == f"correct that line of {path}, then check again"
    path.write_text("x = (\n")
    ((problem, step),) = problems(check(path)[0])
    assert "SyntaxError" in problem
    assert step == f"correct that line of {path}, then check again"
    path.write_text("from .layers import Conv\n")
    ((_, step),) = problems(check(path)[0])
    assert step.startswith("write the import without the dot")


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


def test_every_command_that_is_suggested_has_the_interpreters_that_were_given(plugin: Install) -> None:
    path = plugin("fake", CONV + HALF)
    given = f"fake --python fake={sys.executable}"
    output, code = check("fake", "--python", f"fake={sys.executable}")
    assert code == 1
    assert f"same-conformance show conv.n8-6.k3-3.s2-2.c2-3 --with {given} draws it" in output
    assert f"; same-conformance run {given} --op conv finds" in output
    assert f". Then again: same-conformance check {given}\n" in output
    path.write_text(path.read_text().replace("stride[0] == 2", "False"))
    output, _ = check("fake", "--python", f"fake={sys.executable}")
    assert f"Next: same-conformance run {given} --profile quick" in output
