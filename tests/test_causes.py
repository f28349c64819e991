"""What a run says of causes that no single call shows: memory of earlier calls, and what only a made-up case tells."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from same_conformance import cli, record
from same_conformance.case import Case, parse
from same_conformance.diagnosis import memory
from same_conformance.diagnosis.causes import how_small
from same_conformance.predicate import compile_predicate

Install = Callable[..., Path]

REMEMBERS = """
    from same_conformance import mutants

    seen = {}

    def build(case):
        def execute(x, *kernel):
            here = case.resized(x.shape[1:-1])
            first = seen.setdefault((case.op, case.kernel, case.stride, case.dilation, case.padding), here)
            pads = [(a.before, a.after) for a in first.axes]
            maps = [mutants.windows.windows(*a[:4], p) for a, p in zip(here.axes, pads)]
            return spec.execute(here, (x, *kernel), mutants.windows.of_maps(here, maps)).astype(case.dtype)

        return execute

    implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
"""
"""Pads as for the first size that it saw of each kernel, stride and dilation."""


def causes(out: Path, *args: object) -> list[dict[str, Any]]:
    result = CliRunner().invoke(cli.main, ["run", "fake", "--out", str(out), *(str(arg) for arg in args)])
    assert result.exit_code == 1, result.output
    return list(record.read(out / record.FILE).footer["causes"])


def test_memory_of_earlier_calls_is_told_by_a_process_that_has_none(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", REMEMBERS)
    cases = [part for n in range(3, 11) for part in ("--case", f"conv.n{n}.k3.s2")]
    (cause,) = causes(tmp_path / "out", *cases)
    assert cause["sentence"].startswith("depends on earlier calls")
    assert cause["sentence"].endswith("so what it keeps is kept for another size too")
    assert "fails after conv." in cause["sentence"]
    assert (cause["remembers"], cause["is_proved"]) == (True, False)


def test_who_is_wrong_whatever_was_called_before_does_not_depend_on_it(plugin: Install, tmp_path: Path) -> None:
    plugin(
        "fake", REMEMBERS.replace("seen.setdefault(", "dict().setdefault(").replace("a.after) for", "a.after + 1) for")
    )
    (cause,) = causes(tmp_path / "out", *(part for n in range(3, 11) for part in ("--case", f"conv.n{n}.k3")))
    assert "earlier calls" not in cause["sentence"]


def test_a_smaller_forward_case_makes_a_wrong_gradient_a_wrong_result(plugin: Install, tmp_path: Path) -> None:
    plugin(
        "fake",
        """
        from same_conformance import mutants, rules

        rule = mutants.RULES["half"]
        implementation = Implementation(
            name="fake", framework="numpy", build=lambda case: rules.build(rule, case), gradient=lambda case: rules.build(rule, case)
        )
        """,
    )
    (cause,) = causes(tmp_path / "out", "--case", "conv.n4.k3.s2.input_gradient")
    assert cause["compared"] == "forward"
    assert "forward, but" not in cause["sentence"]


def test_the_words_rest_on_more_than_the_run_had(plugin: Install, tmp_path: Path) -> None:
    """One failing case of rank 3 with a size above 7 fits many predicates; what differs in one thing tells which is true."""
    plugin(
        "fake",
        """
        from same_conformance import mutants, rules

        rule = mutants.RULES["swapped-in-groups"]

        def build(case):
            return rules.build(rule, case) if case.rank == 2 else right(case)

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
        """,
    )
    cases = ("conv.n8-6.k3-2.s2-2.c2-2.g2", "conv.n8-6.k3-3.c2-2", "conv.n5.k3")
    (cause,) = causes(tmp_path / "out", *(part for case in cases for part in ("--case", case)))
    assert (
        cause["sentence"] == "puts the odd element on the wrong side of a grouped convolution, but only where rank == 2"
    )
    assert cause["where"] == "rank == 2 and groups > 1 and any(before != after)"
    assert (cause["n_wrong"], cause["n_ran"]) == (1, 3)
    assert cause["case"] == "conv.n1-1.k1-2.c2-2.g2"


def test_formulas_and_predicate_are_held_against_each_other_in_cases_that_nobody_ran(
    plugin: Install, tmp_path: Path
) -> None:
    """The cases of the run show another length only; wrong numbers of the right length follow from the pads."""
    plugin(
        "fake",
        """
        from same_conformance import mutants

        def build(case):
            def execute(x):
                here = case.resized(x.shape[1:-1])
                pads = [
                    ((a.effective_kernel - 1) // 2,) * 2 if case.rank == 3 and i == 0 else (a.before, a.after)
                    for i, a in enumerate(here.axes)
                ]
                maps = [mutants.windows.windows(*a[:4], p) for a, p in zip(here.axes, pads)]
                return spec.execute(here, (x,), mutants.windows.of_maps(here, maps)).astype(case.dtype)

            return execute

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
        """,
    )
    cases = ("max_pool.n2-1-1.k2-1-1", "max_pool.n5-2-1.k4-1-1", "max_pool.n2-3.k2-2", "max_pool.n5.k4.s2")
    (cause,) = causes(tmp_path / "out", *(part for case in cases for part in ("--case", case)))
    assert "pads (ke - 1) // 2 before the first element where rank == 3 and axis == 0" in cause["sentence"]
    holds = compile_predicate(cause["where"])
    shifted = ("max_pool.n6-1-1.k3-1-1.s2-1-1", "max_pool.n9-1-1.k3-1-1.s3-1-1")
    assert any(holds(parse(case)) for case in shifted) or "exactly" not in cause["text"], cause["text"]
    assert not holds(parse("max_pool.n6.k3.s2"))


def test_wrong_numbers_are_the_smallest_failure_although_the_run_had_wrong_shapes_alone(
    plugin: Install, tmp_path: Path
) -> None:
    plugin(
        "fake",
        """
        from same_conformance import mutants

        def build(case):
            def execute(x, kernel):
                (axis,) = case.axes
                pads = (axis.before + 1, axis.after - 1 if axis.size < 6 else axis.after)
                maps = [mutants.windows.windows(*axis[:4], pads)]
                return spec.execute(case, (x, kernel), mutants.windows.of_maps(case, maps)).astype(case.dtype)

            return execute

        implementation = Implementation(name="fake", framework="numpy", build=build, ranks=(1,), dtypes=("float32",))
        """,
    )
    (cause,) = causes(tmp_path / "out", "--case", "conv.n7.k3", "--case", "conv.n8.k2")
    assert cause["verdicts"][0] == "value"
    assert parse(cause["case"]).size[0] < 6
    assert cause["is_proved"]


def test_errors_and_wrong_results_of_one_known_rule_are_one_cause(plugin: Install, tmp_path: Path) -> None:
    """The rule leaves no window in some cases, and there it raises; it is followed in two dimensions only."""
    plugin(
        "fake",
        """
        from same_conformance import mutants, rules

        rule = mutants.RULES["first-axis-kernel"]

        def build(case):
            return rules.build(rule, case) if case.rank == 2 else right(case)

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
        """,
    )
    cases = ("n6-6.k2-3", "n5-6.k3-1.s2-1", "n2-1.k1-3", "n2-1.k1-2", "n5-5-5.k2-3-3")
    (cause,) = causes(tmp_path / "out", *(part for case in cases for part in ("--case", f"conv.{case}")))
    assert cause["sentence"] == "pads every axis for the kernel of the first, but only where rank == 2"
    assert set(cause["verdicts"]) == {"shape", "error"}
    assert (cause["n_wrong"], cause["n_ran"]) == (4, 5)


DIVERSE = ("n3-4.k2-3.s1-2", "n5-5.k3-2.s2-1", "n4.k3", "n6.k2.s2", "n7-6.k3-3.s3-2")


def by_case(op: str, *more: str) -> list[str]:
    return [part for text in (*(f"{op}.{c}" for c in DIVERSE), *more) for part in ("--case", text)]


def test_what_differs_each_time_is_no_rule_though_it_is_never_right(plugin: Install, tmp_path: Path) -> None:
    plugin(
        "fake",
        """
        import numpy as np

        chance = np.random.default_rng(0)

        def build(case):
            return lambda x, *rest: right(case)(x, *rest) * (chance.random() < 0.7) + chance.integers(1, 9)

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float64",))
        """,
    )
    (cause,) = causes(tmp_path / "out", *(f"{text}.float64" if text[0] != "-" else text for text in by_case("conv")))
    assert cause["sentence"] == "gives another result each time it is called with the same operands"


@pytest.mark.parametrize(
    ("more", "smallest"),
    [
        ((), [("conv.n1.k1", "there is no smaller case")]),
        (
            ("--case", "conv.n1.k3"),
            [
                ("conv.n1.k1.calls2", "none of the 3 smaller cases fails so, 3 otherwise"),
                ("conv.n1.k1", "there is no smaller case"),
            ],
        ),
    ],
)
def test_smaller_cases_that_raise_are_failures_too(
    plugin: Install, tmp_path: Path, more: tuple[str, ...], smallest: list[tuple[str, str]]
) -> None:
    """Where no case of the run raises they belong to what is wrong; else they have a cause of their own, and are counted."""
    plugin(
        "fake",
        """
        def build(case):
            def call(*operands):
                assert case.size[0] > 1, "too short"
                return right(case)(*operands) + 1
            return call

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",), paddings=("same",))
        """,
    )
    found = causes(tmp_path / "out", *by_case("conv"), *more)
    assert [(cause["case"], how_small(cause)) for cause in found] == smallest


def test_sums_that_are_kept_between_calls_are_told_as_that(plugin: Install, tmp_path: Path) -> None:
    plugin(
        "fake",
        """
        import numpy as np

        def build(case):
            sums = 0
            def call(*operands):
                nonlocal sums
                sums = sums + right(case)(*operands)
                return sums
            return call

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float64",))
        """,
    )
    (cause,) = causes(tmp_path / "out", *(f"{text}.float64" if text[0] != "-" else text for text in by_case("conv")))
    assert cause["verdicts"] == ["nondeterministic"]
    assert "adds what it gives to what the call before gave" in cause["sentence"]


def test_a_lost_axis_is_told_as_that(plugin: Install, tmp_path: Path) -> None:
    plugin(
        "fake",
        """
        def build(case):
            return lambda x, *rest: right(case)(x, *rest)[0]

        implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",))
        """,
    )
    (cause,) = causes(tmp_path / "out", *by_case("max_pool"))
    assert cause["sentence"].startswith("returns 2 axes where batch, size and channels are 3: shape [")


def test_a_gradient_that_raises_is_told_with_what_it_raised(plugin: Install, tmp_path: Path) -> None:
    plugin(
        "fake",
        """
        def gradient(case):
            raise ValueError("nobody wrote it")

        implementation = Implementation(name="fake", framework="numpy", build=right, gradient=gradient)
        """,
    )
    gradients = [f"conv.n{n}.k3.input_gradient" for n in range(3, 7)]
    (cause,) = causes(tmp_path / "out", *by_case("conv", *gradients))
    assert cause["sentence"] == (
        "is right forward, but the gradient with respect to the input and to the kernel cannot be had: "
        "ValueError: nobody wrote it"
    )


def test_wrong_gradients_of_pooling_are_compared_with_no_reduction_of_windows(plugin: Install, tmp_path: Path) -> None:
    """Where forward results and gradients are wrong alike, by the stride of the first axis."""
    plugin(
        "fake",
        """
        from same_conformance import mutants, rules

        rule = mutants.RULES["swapped-axes"]
        build = lambda case: rules.build(rule, case)
        implementation = Implementation(name="fake", framework="numpy", build=build, gradient=build, dtypes=("float32",))
        """,
    )
    gradients = [f"avg_pool.{c}.input_gradient" for c in DIVERSE]
    found = causes(tmp_path / "out", *by_case("avg_pool", *gradients))
    assert all("fault of its own" not in cause["sentence"] for cause in found)


def test_a_fault_of_the_diagnosis_costs_nobody_the_run(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    plugin("fake", REMEMBERS)
    monkeypatch.setattr("same_conformance.diagnosis.causes.diagnose", broken)
    cases = [part for n in range(3, 11) for part in ("--case", f"conv.n{n}.k3.s2")]
    (cause,) = causes(tmp_path / "out", *cases)
    assert cause["sentence"] == (
        "is wrong; to say how, same-conformance failed, which is a fault of its own: ZeroDivisionError: of ours"
    )
    assert "fault of its own" in (tmp_path / "out" / "index.html").read_text()


def test_the_earlier_call_is_looked_for_among_cases_that_differ_in_one_thing() -> None:
    """What is kept by size and kernel alone is wrong after a call with another dilation, and never after the same call."""
    kept: dict[object, Case] = {}

    def fails(case: Case) -> bool:
        return kept.setdefault((case.size, case.kernel, case.stride), case).dilation != case.dilation

    case = parse("conv.n1.k2.s2")
    earlier = memory.find(case, fails, kept.clear)
    assert earlier == parse("conv.n1.k2.s2.d2")
    assert memory.differing(case, earlier) == "dilation"
    assert memory.find(case, lambda _: False, kept.clear) is None
