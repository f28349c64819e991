"""The pictures of a run: the arrays of the smallest failing cases, and what is read, axis by axis."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from same_conformance import cli, mutants, operands, record, rules, spec
from same_conformance.case import Case, parse
from same_conformance.judge import Judge
from same_conformance.outcome import Array, Error
from same_conformance.picture import Picture, gallery, windows
from same_conformance.picture.gallery import Gallery
from same_conformance.picture.model import number

Install = Callable[..., Path]

WRONG_SIDE = """
    import numpy as np
    from same_conformance import plan as plans

    def build(case):
        def execute(x, *rest):
            here = case.resized(x.shape[1:-1])
            maps = tuple(
                plans.index_map(size=a.size, kernel=a.kernel, stride=a.stride, dilation=a.dilation,
                                before=a.after + {more}, out=a.output_size)
                for a in here.axes
            )
            same = plans.same(here)
            divisor = tuple(map(plans.real_elements, maps)) if same.divisor else ()
            plan = plans.Plan(maps, same.out, divisor=divisor)
            return spec.execute(here, (x, *rest), plan).astype(case.dtype)

        return execute

    def gradient(case):
        return lambda *data: spec.execute(case, data).astype(case.dtype)

    implementation = Implementation(name="fake", framework="numpy", build=build, gradient=gradient)
"""
"""It follows no known rule with ``more`` above 0, so that its windows have to be probed."""


def run(out: Path, *args: str) -> record.Record:
    result = CliRunner().invoke(cli.main, ["run", *args, "--out", str(out)])
    assert result.exit_code in (0, 1), result.output
    return record.read(out / record.FILE)


def pictures(found: record.Record) -> dict[tuple[str, str], dict[str, Any]]:
    return {(p["implementation"], p["case"]): p for p in found.footer["pictures"]}


def cases(*ids: str) -> Iterator[str]:
    for case_id in ids:
        yield from ("--case", case_id)


@pytest.mark.parametrize(
    ("case_id", "expected"),
    [
        ("conv.n4.k3.s2", [[[0, 1, 2], [2, 3, None]]]),
        ("conv.n4.k3.s2.same_lower", [[[None, 0, 1], [1, 2, 3]]]),
        ("conv.n3-2.k1-2.s1-2", [[[0], [1], [2]], [[0, 1]]]),
        ("avg_pool.n2.k2.d3", [[[None, None], [0, None]]]),
        ("conv_transpose.n2.k3.s2", [[[0, None, None], [None, 0, None], [1, None, 0], [None, 1, None]]]),
        ("conv_transpose.n2.k1.s2", [[[0], [None], [1], [None]]]),
    ],
)
def test_windows_of_same(case_id: str, expected: list[Any]) -> None:
    case = parse(case_id)
    assert as_lists(windows.of_same(case)) == expected
    assert as_lists(windows.probed(case, same)) == expected


def same(case: Case, sets: Any) -> list[Any]:
    return [Array(spec.execute(case, given), case.dtype) for given in sets]


def as_lists(found: Any) -> Any:
    return json.loads(json.dumps(found))


@pytest.mark.parametrize("op", ["conv", "depthwise_conv", "conv_transpose", "max_pool", "avg_pool"])
@pytest.mark.parametrize("rule", ["sides-swapped", "half", "valid", "swapped-axes"])
def test_probing_finds_the_windows_that_a_rule_is_known_to_have(op: str, rule: str) -> None:
    wrong = mutants.RULES[rule]
    n_found = 0
    for case_id in ("n4.k3.s2", "n5.k4", "n6-3.k4-2.s3-1", "n7.k3.s2.d2"):
        case = parse(f"{op}.{case_id}")
        plan = wrong.plan(case) if wrong.plan and op in wrong.ops else None
        if plan is None or min(plan.out) < 1:
            continue

        def execute(probed: Case, sets: Any, plan: Any = plan) -> list[Any]:
            return [Array(spec.execute(probed, given, plan), probed.dtype) for given in sets]

        n_found += 1
        assert windows.probed(case, execute) == windows.of_plan(case, plan), (case.id, rule)
    assert n_found or op not in wrong.ops


def test_numbers_are_what_json_has() -> None:
    values = np.array([[1.0, -0.0, 0.5], [np.nan, np.inf, -np.inf]], dtype=np.float32)
    picture = Picture("it", parse("conv.n2.k1"), values, np.array([2.0**60, 1e300]))
    found = json.loads(json.dumps(picture.to_json(), allow_nan=False))
    assert found["expected"] == {"shape": [2, 3], "values": [1, 0, 0.5, "nan", "inf", "-inf"]}
    assert found["observed"] == {"shape": [2], "values": [2.0**60, 1e300]}
    assert [type(v) for v in found["expected"]["values"][:3]] == [int, int, float]
    assert found["windows"] is None
    assert number(2.0**60) == 2.0**60


def test_a_wrong_rule_is_pictured_exactly(tmp_path: Path) -> None:
    found = pictures(run(tmp_path, "torch-half", *cases("conv.n4.k3.s2", "conv.n5.k3.s2", "conv.n4.k2")))
    assert found.keys() == {("torch-half", "conv.n4.k3.s2"), ("torch-half", "conv.n4.k2")}
    case = parse("conv.n4.k3.s2")
    x, kernel = (a.ravel() for a in operands.make(case))
    right = [x[0] * kernel[0] + x[1] * kernel[1] + x[2] * kernel[2], x[2] * kernel[0] + x[3] * kernel[1]]
    wrong = [x[0] * kernel[1] + x[1] * kernel[2], x[1] * kernel[0] + x[2] * kernel[1] + x[3] * kernel[2]]
    assert found["torch-half", case.id] == {
        "implementation": "torch-half",
        "case": "conv.n4.k3.s2",
        "expected": {"shape": [1, 2, 1], "values": right},
        "observed": {"shape": [1, 2, 1], "values": wrong},
        "windows": [[[None, 0, 1], [1, 2, 3]]],
    }
    shorter = found["torch-half", "conv.n4.k2"]
    assert (shorter["expected"]["shape"], shorter["observed"]["shape"]) == ([1, 4, 1], [1, 3, 1])
    assert shorter["windows"] == [[[0, 1], [1, 2], [2, 3]]]


def test_a_transposed_convolution_a_pool_and_a_gradient_are_pictured(tmp_path: Path) -> None:
    wanted = ("conv_transpose.n2.k3.s2", "conv_transpose.n2.k3.s2.input_gradient", "conv_transpose.n3.k2")
    found = pictures(run(tmp_path / "a", "torch-conv-transpose-half", *cases(*wanted)))
    reached = [[None, 0, None], [1, None, 0], [None, 1, None], [None, None, 1]]
    value = found["torch-conv-transpose-half", "conv_transpose.n2.k3.s2"]
    assert value["windows"] == [reached]
    x, kernel = (a.ravel() for a in operands.make(parse("conv_transpose.n2.k3.s2")))
    assert value["observed"]["values"] == [
        x[0] * kernel[1],
        x[0] * kernel[2] + x[1] * kernel[0],
        x[1] * kernel[1],
        x[1] * kernel[2],
    ]
    gradient = found["torch-conv-transpose-half", "conv_transpose.n2.k3.s2.input_gradient"]
    assert (gradient["observed"]["shape"], gradient["windows"]) == ([1, 2, 1], [reached])
    assert gradient["observed"]["values"] != gradient["expected"]["values"]

    found = pictures(
        run(tmp_path / "b", "torch-zero-max-pool", "torch-half", *cases("max_pool.n3.k2", "conv.n2.k2.input_gradient"))
    )
    pool = found["torch-zero-max-pool", "max_pool.n3.k2"]
    assert pool["windows"] == [[[0, 1], [1, 2], [2, None]]]
    assert pool["observed"]["values"][-2:] == [0, 0]
    assert max(pool["expected"]["values"]) < 0
    shorter = found["torch-half", "conv.n2.k2.input_gradient"]
    assert (shorter["expected"]["shape"], shorter["observed"]) == ([1, 2, 1], None)
    assert shorter["windows"] == [[[0, 1]]]


def test_the_windows_of_a_stranger_are_found_by_probing(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", WRONG_SIDE.format(more=1))
    wanted = ("conv.n4.k3.s2", "max_pool.n4.k3.s2")
    found = run(tmp_path, "fake", *cases(*wanted))
    by_op = {cause["op"]: cause for cause in found.footer["causes"]}
    assert {cause["rule"] for cause in by_op.values()} == {""}
    seen = pictures(found)
    assert seen["fake", "conv.n4.k3.s2"]["windows"] == [[[None, None, 0], [0, 1, 2]]]
    assert seen["fake", "max_pool.n4.k3.s2"]["windows"] == [[[None, None, 0], [0, 1, 2]]]
    for cause in by_op.values():
        picture = seen["fake", cause["case"]]
        case = parse(cause["case"])
        assert picture["observed"]["shape"] == list(case.expected_shape)
        assert picture["observed"] != picture["expected"]
        assert picture["windows"] not in (None, as_lists(windows.of_same(case)))
    order = [(p["implementation"], parse(p["case"])) for p in found.footer["pictures"]]
    assert order == sorted(order, key=gallery._order)


def test_a_gradient_that_is_wrong_by_itself_has_no_windows_that_can_be_seen(plugin: Install, tmp_path: Path) -> None:
    body = """
        def gradient(case):
            return lambda *data: spec.execute(case, data).astype(case.dtype) + 1

        implementation = Implementation(name="fake", framework="numpy", build=right, gradient=gradient)
    """
    plugin("fake", body)
    found = pictures(run(tmp_path, "fake", *cases("conv.n4.k3.s2.input_gradient", "conv.n4.k3.s2")))
    assert all(case_id.endswith("_gradient") for _, case_id in found)
    assert {p["windows"] and 1 for p in found.values()} == {None}
    x = found["fake", "conv.n4.k3.s2.input_gradient"]
    assert x["observed"]["values"] == [v + 1 for v in x["expected"]["values"]]


def test_a_run_that_goes_on_has_the_same_pictures(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", WRONG_SIDE.format(more=0))
    wanted = [*cases(*(f"conv.n{n}.k3.s2" for n in range(4, 12)), "conv.n4.k2.input_gradient")]
    whole = run(tmp_path, "fake", *wanted).footer["pictures"]
    path = tmp_path / record.FILE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-4]))
    assert run(tmp_path, "fake", *wanted, "--jobs", "1").footer["pictures"] == whole
    path.write_text("".join(lines[:-1]))
    assert run(tmp_path, "fake", *wanted).footer["pictures"] == whole


def test_a_gallery_holds_the_smallest_in_whatever_order_they_come() -> None:
    judge, rule = Judge(), mutants.RULES["half"]
    found = [Case("conv", (n,), (2,)) for n in range(2, 300)]
    held = []
    for order in (found, found[::-1]):
        collected = Gallery()
        for case in order:
            outcome = Array(rules.build(rule, case)(*(a.astype("float32") for a in operands.make(case))), "float32")
            collected.see("it", case, outcome, judge.judge(case, outcome))
            collected.see("other", case, Error("no"), judge.judge(case, Error("no")))
            assert sum(map(len, collected._held.values())) <= 2 * gallery.MOST
        held.append({key: [case.id for _, case, _ in cases] for key, cases in collected._held.items()})
    assert held[0] == held[1]
    assert held[0] == {
        ("it", "conv", "shape"): ["conv.n2.k2", "conv.n3.k2", "conv.n4.k2"],
        ("other", "conv", "error"): ["conv.n2.k2", "conv.n3.k2", "conv.n4.k2"],
    }
