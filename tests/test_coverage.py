"""Coverage of the box: what gave an array counts, what was refused does not, and the record alone says it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from same_conformance import cli, coverage, record
from same_conformance.diagnosis import causes

Install = Callable[..., Path]
DEEP = ["--profile", "deep", "--cases", "1", "--op", "max_pool", "--rank", "3"]
"""The packed cases of three axes: quick, and of their own smaller box."""

REFUSES = """
    def build(case):
        if max(case.dilation) > 1:
            raise Unsupported("no dilation here")
        return right(case)

    implementation = Implementation(name="fake", framework="numpy", build=build, paddings=("same",))
"""
RAISES = """
    def build(case):
        if 6 in case.stride:
            raise ValueError("six is too many")
        return right(case)

    implementation = Implementation(name="raising", framework="numpy", build=build)
"""


def test_a_refused_axis_case_is_not_covered_and_hides_no_other(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "find", lambda *_: [])  # what is wrong is known here
    plugin("fake", REFUSES)
    plugin("raising", RAISES)
    result = CliRunner().invoke(cli.main, ["run", "fake", "raising", "spec", *DEEP, "--out", str(tmp_path)])
    by_name = {one.implementation: one for one in coverage.covered(record.read(tmp_path / record.FILE))}
    same, lower = ("max_pool", "same"), ("max_pool", "same_lower")
    assert by_name["spec"].n_covered == by_name["spec"].n_wanted == {same: 8 * 4 * 6 * 4, lower: 8 * 4 * 6 * 4}
    assert by_name["spec"].cell("max_pool") == "all, all"
    assert by_name["fake"].n_covered == {same: 8 * 4 * 6, lower: 0}
    assert by_name["fake"].reasons == {
        "fake does not claim same_lower (it claims same)": 768,
        "no dilation here": 576,
    }
    assert by_name["raising"].n_covered == {same: 8 * 4 * 5 * 4, lower: 8 * 4 * 5 * 4}
    assert by_name["raising"].reasons == {"error: ValueError: six is too many": 256}
    assert (
        "fake did not cover 768: fake does not claim same_lower (it claims same); 576: no dilation here"
        in result.output
    )
    summary = (tmp_path / "summary.md").read_text()
    assert "| `fake` | - | - | - | 192, none | - |" in summary.replace("|  |", "| - |").replace("|  |", "| - |")
    assert "no dilation here" in (tmp_path / "index.html").read_text()


def test_a_run_without_packed_cases_says_nothing_of_the_box(tmp_path: Path) -> None:
    CliRunner().invoke(cli.main, ["run", "spec", "--case", "conv.n5.k3", "--out", str(tmp_path)])
    found = record.read(tmp_path / record.FILE)
    assert coverage.covered(found) == []
    assert coverage.sentence(found) == ""
    assert "Axis cases" not in (tmp_path / "index.html").read_text()
    assert json.loads((tmp_path / record.FILE).read_text().splitlines()[0])["profile"] == "standard"
