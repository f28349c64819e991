"""A packed case that fails is run axis by axis, and the axis case that is wrong is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from same_conformance import cli, record, unpacking
from same_conformance.case import parse
from same_conformance.diagnosis import causes
from same_conformance.record import Record

Install = Callable[..., Path]
DEEP = ["--profile", "deep", "--cases", "1", "--op", "max_pool", "--rank", "3"]

ONE_AXIS_WRONG = """
    from dataclasses import replace
    from same_conformance import plan as plans

    def build(case):
        {refusal}
        plan = plans.same(case)
        maps = tuple(
            plans.index_map(size=7, kernel=3, stride=2, dilation=1, before=0, out=4) if {wrong} else reads
            for axis, reads in zip(case.axes, plan.maps)
        )
        return lambda x: spec.execute(case, (x,), replace(plan, maps=maps)).astype(case.dtype)

    implementation = Implementation(name="fake", framework="numpy", build=build, paddings=("same",), ranks={ranks})
"""
THIS_AXIS = "axis[:4] == (7, 3, 2, 1)"


@pytest.fixture(autouse=True)
def no_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is known here."""
    monkeypatch.setattr(causes, "find", lambda *_: [])


def fake(*, refusal: str = "pass", wrong: str = THIS_AXIS, ranks: tuple[int, ...] = (1, 2, 3)) -> str:
    return ONE_AXIS_WRONG.format(refusal=refusal, wrong=wrong, ranks=ranks)


def run(out: Path, *extra: str) -> tuple[Result, Record]:
    result = CliRunner().invoke(cli.main, ["run", "fake", *DEEP, *extra, "--out", str(out)])
    assert result.exit_code in (0, 1), result.output
    return result, record.read(out / record.FILE)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (fake(), "max_pool.n7.k3.s2"),
        (fake(refusal="if case.rank == 1: raise Unsupported('no 1-D')"), "max_pool.n7-1.k3-1.s2-2"),
        (fake(ranks=(2, 3)), "max_pool.n7-1.k3-1.s2-2"),
        (fake(ranks=(3,)), "max_pool.n7-1-1.k3-1-1.s2-2-2"),
    ],
    ids=["1-D", "1-D is refused", "2-D is the lowest", "3-D is the lowest"],
)
def test_the_one_axis_that_is_wrong_is_named(plugin: Install, tmp_path: Path, body: str, named: str) -> None:
    plugin("fake", body)
    result, found = run(tmp_path)
    (entry,) = found.footer["unpacked"]
    assert entry["wrong"] == [named]
    assert entry["together"] == []
    assert entry["n_unpacked"] == entry["n_failing"] > 0
    assert (
        f"fake, max_pool: {entry['n_failing']} packed cases fail; of all unpacked, 1 axis cases are wrong alone"
        in result.output
    )
    mismatches = set(pd.read_csv(tmp_path / "mismatches.csv")["case"])
    assert named in mismatches
    beside = [parse(case_id).axes[0] for case_id in entry["ran"] if case_id not in mismatches]
    assert beside, "the other axes of the pack were run and are right"
    assert named in (tmp_path / "index.html").read_text()


def test_who_is_wrong_everywhere_is_not_run_twice_and_that_is_said(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", fake(wrong="False", refusal="if case.rank < 4: raise ValueError('no')"))
    result, found = run(tmp_path)
    (entry,) = found.footer["unpacked"]
    assert entry["n_failing"] > entry["n_unpacked"] == unpacking.MOST
    assert len(entry["ran"]) <= 3 * unpacking.MOST
    assert len({parse(case).stride for case in entry["wrong"]}) == 6, "of each stride some"
    assert f"packed cases fail; of the {unpacking.MOST} that were unpacked, " in result.output


def test_what_fails_only_as_a_whole_is_said_to(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", fake(wrong="False", refusal="if case.rank == 3 and 7 in case.size: raise ValueError('no')"))
    result, found = run(tmp_path)
    (entry,) = found.footer["unpacked"]
    assert entry["wrong"] == []
    assert len(entry["together"]) == entry["n_unpacked"] == unpacking.MOST
    assert f"{unpacking.MOST} fail only as a whole" in result.output


def test_the_unpacked_cases_are_found_again_when_a_run_goes_on(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", fake())
    _, whole = run(tmp_path)
    files = ("results.csv", "mismatches.csv", "junit.xml", "summary.md")
    written = {name: (tmp_path / name).read_bytes() for name in files}
    path = tmp_path / record.FILE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-3]))  # without the footer and two of the unpacked
    assert all(json.loads(line)["case"] in whole.footer["unpacked"][0]["ran"] for line in lines[-3:-1])
    result, again = run(tmp_path)
    assert f"continuing an unfinished run: {len(lines) - 4} outcomes are there already" in result.output
    assert again.footer["unpacked"] == whole.footer["unpacked"]
    assert {name: (tmp_path / name).read_bytes() for name in files} == written


def test_expected_failures_are_not_unpacked(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", fake(wrong="False", refusal="if case.stride[0] == 5: raise ValueError('no')"))
    known = tmp_path / "known.toml"
    entry: dict[str, Any] = {
        "implementation": "fake", "when": "padding == 'same' and any(axis == 0 and s == 5)", "verdict": "error", "reason": "r", "link": "l",
    }  # fmt: skip
    known.write_text("[[expectation]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in entry.items()))
    _, found = run(tmp_path, "--expectations", str(known))
    assert found.footer["unpacked"] == []
