"""The plug-in for pytest: what an author's test suite shows of right, wrong and broken implementations."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from fakes import HALF, RIGHT, Install
from same_conformance.case import parse
from same_conformance.selection import Query, select
from same_conformance.testsuite.suite import Suite

pytest_plugins = ["pytester"]

EVEN = """
def build(case):
    if any(k % 2 == 0 for k in case.kernel):
        {what}
    return right(case)

implementation = Implementation(name="mine", framework="numpy", build=build, gradient=right)
"""
"""Right for odd kernels; for even ones a test says what it does."""


def xml(path: str = "report.xml") -> ET.Element:
    """Return what pytest wrote with ``--junitxml``."""
    return ET.parse(path).getroot()  # noqa: S314  # the test made it


def ids(result: pytest.RunResult, outcome: str) -> list[str]:
    """Return what stands in the brackets of the tests with this outcome, in a run with ``-v``."""
    found = [re.search(rf"::test_same\[(.+)\] {outcome}\b", line) for line in result.outlines]
    return [match[1] for match in found if match]


def test_one_line_becomes_one_test_per_class_that_holds_each_case_once(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", RIGHT)
    suite()
    result = pytester.runpytest("-vv", "--junitxml=report.xml")
    assert result.ret == 0
    passed = ids(result, "PASSED")
    assert {"conv-even_kernel", "conv-stride_over_kernel", "conv-kernel_gradient", "conv-called_twice"} <= set(passed)
    assert "<-" not in result.stdout.str()  # the tests are where the line is
    n = len(select(Query(profile="quick", ops=["conv"], ranks=[1])).origins)
    cases = [p.get("value") for p in xml().iter("property") if p.get("name") == "cases"]
    assert len(cases) == len(passed)
    assert sum(map(int, filter(None, cases))) == n
    bfloat16 = sum("bfloat16" in c.id for c in select(Query(profile="quick", ops=["conv"], ranks=[1])).origins)
    result.stdout.fnmatch_lines(
        [f"mine: {n} cases, {n - bfloat16} passed, {bfloat16} not offered*"] if bfloat16 else []
    )


def test_a_failure_shows_diagnosis_proved_minimum_picture_and_script_the_same_whatever_else_runs(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", HALF)
    suite()
    result = pytester.runpytest("-k", "even_kernel")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "4 of 4 cases are not SAME: mine pads (kernel - 1) // 2 on both sides, whatever stride and dilation",
            "The smallest case is conv.n1.k2 (none of the 12 smaller cases fails).",
            "See it again: same-conformance show conv.n1.k2 --with mine",
            "Of this test fail (4 shape):",
            "  conv.n2.k2  shape: shape [[]1, 1, 1[]], SAME asks for [[]1, 2, 1[]]",
            "  mine: pads 0 before and 0 after, 1 outputs where SAME has 2*",
        ]
    )
    # in CI, pytest repeats a failure's whole text in its summary
    (script,) = set(re.findall(r"with a script to send on: python (\S+)", result.stdout.str()))
    shown = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=pytester.path)
    assert "half leaves no window" in shown.stderr
    diagnosis = re.compile(r"^mine pads .*?cases wrong\.$", re.DOTALL | re.MULTILINE)
    (alone,) = set(diagnosis.findall(result.stdout.str()))
    pytester.runpytest("-k", "even_kernel or dilation or divides", "--junitxml=report.xml")
    told = failures()
    assert len(told) == 4
    assert [found for text in told.values() for found in diagnosis.findall(text)] == [alone]
    assert sum("\n  mine: pads " in text for text in told.values()) == 1  # one picture for one cause
    see_that_each_failure_is_of_use(told)


def failures() -> dict[str, str]:
    """Return the text of each failed test, by its name."""
    return {case.get("name", ""): found.text or "" for case in xml().iter("testcase") for found in case.iter("failure")}


def see_that_each_failure_is_of_use(told: dict[str, str]) -> None:
    """See that each has what is needed, and else refers to one that has all."""
    whole = {name for name, text in told.items() if "cases wrong." in text}
    for name, text in told.items():
        assert re.match(
            r"(\d+ of \d+ cases are|its one case is) not SAME: mine pads \(kernel - 1\) // 2 on both sides, ", text
        )
        assert "The smallest case is conv.n1.k2 (none of the 12 smaller cases fails)." in text
        assert "\nSee it again: same-conformance show conv.n1.k2 --with mine\n" in text
        found = re.findall(r"^The whole diagnosis is with test_mine\.py::(.+)\.$", text, re.MULTILINE)
        assert len(found) == (name not in whole)
        assert whole.issuperset(found)


def test_with_xdist_each_process_tells_the_whole_diagnosis_once(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", HALF)
    suite()
    pytester.runpytest_subprocess("-n", "2", "-k", "even_kernel or divides or above_1", "--junitxml=report.xml")
    told = failures()
    assert len(told) == 3
    see_that_each_failure_is_of_use(told)


@pytest.mark.usefixtures("unexplained")
def test_tests_are_selected_stopped_and_repeated_as_any_others(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", EVEN.format(what="raise ValueError('even')"))
    suite()
    stopped = pytester.runpytest("-x")
    assert stopped.parseoutcomes()["failed"] == 1
    assert "stopping after 1 failures" in stopped.stdout.str()
    first = pytester.runpytest("-v")
    failed = ids(first, "FAILED")
    assert "conv-even_kernel" in failed
    assert "conv-odd_kernel" not in failed
    again = pytester.runpytest("--lf", "-v")
    assert ids(again, "FAILED") == failed
    assert not ids(again, "PASSED")
    by_id = pytester.runpytest("test_mine.py::test_same[conv-odd_kernel]")
    by_id.assert_outcomes(passed=1)
    by_name = pytester.runpytest("test_mine.py::test_same", "-k", "odd_kernel or no_padding")
    assert by_name.parseoutcomes()["passed"] == 2


def test_with_xdist_each_worker_runs_its_tests_and_the_summary_has_all(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", RIGHT)
    suite('"mine", ops=["conv"], ranks=[1], expectations="known.toml"')
    expect(pytester, "all(k == 2 and s == 1 and d == 1)")
    result = pytester.runpytest_subprocess("-v", "-n", "2", "-k", "even_kernel or odd_kernel or no_padding or divides")
    result.assert_outcomes(failed=1, passed=3)
    result.stdout.fnmatch_lines(["2 of 4 cases pass, but are expected to fail"])
    groups = {g.name: len(g.cases) for g in Suite("mine", ops=("conv",), ranks=(1,)).groups()}
    n = sum(groups[name] for name in ("even_kernel", "odd_kernel", "no_padding", "stride_divides_size"))
    result.stdout.fnmatch_lines([f"mine: {n} cases, {n - 2} passed, 2 passed though expected to fail"])


@pytest.mark.usefixtures("unexplained")
def test_junit_has_failures_reasons_and_properties_and_stays_xml_whatever_is_said(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    hostile = r"raise (ValueError if case.stride[0] > 1 else Unsupported)('\x1b[31m ]]> \x00 \ud800 <a> \u202e & ' + 'x' * 9999)"
    plugin("mine", EVEN.format(what=hostile))
    suite()
    pytester.runpytest("--junitxml=report.xml", "-k", "even_kernel or divides")
    tests = {case.get("name"): case for case in xml().iter("testcase")}
    skipped = tests["test_same[conv-even_kernel]"].find("skipped")
    assert skipped is not None
    message = skipped.get("message") or ""
    assert "]]>" in message
    assert "<a>" in message
    assert len(message) < 300
    failure = tests["test_same[conv-stride_divides_size]"].find("failure")
    assert failure is not None
    assert "cases are not SAME" in (failure.text or "")
    assert "ValueError" in (failure.text or "")
    properties = {p.get("name"): p.get("value") for p in tests["test_same[conv-even_kernel]"].iter("property")}
    assert properties["implementation"] == "mine"
    assert properties["not offered"] == properties["cases"]
    assert properties["passed"] == "0"


def test_what_is_not_offered_is_skipped_in_the_implementation_s_words_and_counted_where_a_test_passes(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", EVEN.format(what="raise Unsupported('even kernels are for others')"))
    suite()
    result = pytester.runpytest("-rs", "-v")
    assert result.ret == 0
    assert "conv-even_kernel" in ids(result, "SKIPPED")
    assert "conv-stride_divides_size" in ids(result, "PASSED")
    result.stdout.fnmatch_lines(
        [
            "mine: * cases, * passed, * not offered (even kernels are for others*)",
            "SKIPPED [[]*[]] test_mine.py:3: even*",
        ]
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import nowhere_at_all", "mine did not start: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        (
            "print('what it said last')\nimport os; os._exit(7)",
            "mine did not start: its worker ended with exit code 7 while starting",
        ),
        ("implementation = 5", "mine did not start: *is int, but the entry point must name*"),
    ],
)
def test_what_does_not_start_is_an_error_and_no_failure_and_says_what_to_do(
    body: str, said: str, plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", body)
    suite()
    result = pytester.runpytest("-k", "even_kernel or odd_kernel")
    assert result.ret == 1
    outcomes = result.parseoutcomes()
    assert outcomes["errors"] == 2
    assert "failed" not in outcomes
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_same[[]conv-even_kernel[]]*",
            said,
            "This says nothing about SAME: no case was executed, because the plug-in itself is broken.",
            "*same-conformance check mine*",
            "*ERROR at setup of test_same[[]conv-odd_kernel[]]*",
            f"{said.rstrip('*')}*(as said before)",
        ]
    )
    if "print" in body:
        result.stdout.fnmatch_lines(["The last it printed:", "  what it said last"])


@pytest.mark.usefixtures("unexplained")
def test_a_failure_of_what_may_be_a_broken_plug_in_names_check_in_one_line(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", "implementation = Implementation(name='mine', framework='numpy', conv=lambda x, kernel, **_: [x])")
    suite()
    result = pytester.runpytest("-k", "even_kernel")
    result.assert_outcomes(failed=1)
    (line,) = {line for line in result.outlines if "same-conformance check" in line}
    assert line == (
        "conv returns list, but a numpy.ndarray is expected: if it is the plug-in that is broken, "
        "`same-conformance check mine` finds out where"
    )


def test_a_name_that_is_not_installed_is_an_error_that_names_what_comes_close(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", RIGHT)
    suite('"mime", ops=["conv"], ranks=[1]')
    result = pytester.runpytest("-k", "even_kernel")
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(["implementation 'mime' is not installed. Did you mean mine?*"])


ENTRY = """
[[expectation]]
implementation = "mine"
when = "{when}"
verdict = "{verdict}"
reason = "even kernels come later"
link = "https://example.org/1"
"""


def expect(pytester: pytest.Pytester, when: str, verdict: str = "error") -> None:
    pytester.path.joinpath("known.toml").write_text(ENTRY.format(when=when, verdict=verdict))


def test_known_failures_are_expected_and_a_test_says_why(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", EVEN.format(what="raise ValueError('even')"))
    suite('"mine", ops=["conv"], ranks=[1], expectations="known.toml"')
    expect(pytester, "any(k % 2 == 0)")
    result = pytester.runpytest("-rx", "-v")
    assert result.ret == 0
    assert "conv-even_kernel" in ids(result, "XFAIL")
    result.stdout.fnmatch_lines(
        ["XFAIL *even_kernel[]] - * of * cases fail as expected: even kernels come later (https://example.org/1)"]
    )


@pytest.mark.usefixtures("unexplained")
def test_a_stale_expectation_and_another_way_of_failing_fail(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", EVEN.format(what="raise ValueError('even')"))
    suite('"mine", ops=["conv"], ranks=[1], expectations="known.toml"')
    expect(pytester, "any(k > 1)")
    stale = pytester.runpytest("-k", "odd_kernel")
    stale.assert_outcomes(failed=1)
    stale.stdout.fnmatch_lines(
        ["*cases pass, but are expected to fail", "*take out what passes, or let*--update-expectations."]
    )
    entries = [line for line in stale.outlines if "that it covers pass" in line]
    assert len(set(entries)) == 1  # pytest repeats it in its summary where the terminal is CI's
    assert entries[0].startswith('  known.toml, entry 1 (line 2) (when = "any(k > 1)"; ')
    (line,) = [line for line in stale.outlines if line.startswith("mine: ")]
    assert re.fullmatch(r"mine: (\d+) cases, (\d+ passed, )?\d+ passed though expected to fail(, .*)?", line)
    expect(pytester, "any(k % 2 == 0)", "shape")
    other = pytester.runpytest("-k", "even_kernel")
    other.assert_outcomes(failed=1)
    other.stdout.fnmatch_lines(["*error, but expected to fail otherwise (shape): even kernels come later*"])


def test_an_expectation_that_matches_no_case_fails_a_test_of_its_own(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", RIGHT)
    suite('"mine", expectations="known.toml"')
    expect(pytester, "op == 'conv' and all(k == 77)")
    result = pytester.runpytest("-k", "expectations")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 expectations match no case: remove them, or correct what they select",
            "  known.toml, entry 1 (line 2): when = \"op == 'conv' and all(k == 77)\"",
            "mine: 1 expectations without a case",
        ]
    )
    expect(pytester, "any(k % 2 == 0)")
    pytester.runpytest("-k", "test_same[expectations]").assert_outcomes(passed=1)
    suite('"mine", expectations="known.toml", ops=["conv"]')
    assert "expectations" not in pytester.runpytest("--collect-only", "-q").stdout.str()


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]])
def test_expectations_that_cannot_be_read_are_one_error_before_any_test(
    arguments: list[str], plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", RIGHT)
    suite('"mine", ops=["conv"], ranks=[1], expectations="known.toml"')
    result = pytester.runpytest(*arguments)
    assert result.parseoutcomes() == {"errors": 1}
    said = (
        "*test_mine.py:3: conformance_tests: expectations *known.toml: there is no such file; "
        "`same-conformance run IMPLEMENTATION --expectations known.toml --update-expectations` writes it*"
    )
    result.stdout.fnmatch_lines([said])
    pytester.path.joinpath("known.toml").touch()
    assert pytester.runpytest("-k", "no_padding").ret == 0


def test_a_crash_fails_its_test_alone_and_is_not_tried_again(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    plugin("mine", EVEN.format(what=f"open({str(count)!r}, 'a').write('x'); import os; os._exit(9)"))
    suite()
    result = pytester.runpytest("-k", "odd_kernel or even_kernel or no_padding", "-v")
    assert ids(result, "FAILED") == ["conv-even_kernel"]
    assert ids(result, "PASSED") == ["conv-odd_kernel", "conv-no_padding"]
    result.stdout.fnmatch_lines(
        ["Of this test fail (4 crash):", "  conv.n2.k2  crash: the process ended with exit code 9"]
    )
    assert count.read_text() == "xxxx"


def test_nothing_is_started_at_collection_and_no_worker_stays(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    pids = pytester.path / "pids"
    plugin("mine", f"import os\nwith open({str(pids)!r}, 'a') as f: f.write(f'{{os.getpid()}}\\n')\n{RIGHT}")
    suite()
    collected = pytester.runpytest("--collect-only", "-q")
    assert collected.ret == 0
    assert not pids.exists()
    pytester.runpytest("-k", "even_kernel or odd_kernel").assert_outcomes(passed=2)
    (pid,) = pids.read_text().split()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_drawn_cases_are_a_test_of_each_op(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    plugin("mine", RIGHT)
    suite('"mine", ops=["conv", "max_pool"], ranks=[1], cases=30, seed=4')
    result = pytester.runpytest("-k", "drawn", "-v", "--junitxml=report.xml")
    assert ids(result, "PASSED") == ["conv-drawn", "max_pool-drawn"]
    cases = [p.get("value") for p in xml().iter("property") if p.get("name") == "cases"]
    chosen = select(Query(profile="quick", ops=["conv", "max_pool"], ranks=[1], n_cases=30, seed=4)).origins
    assert sum(map(int, filter(None, cases))) == sum(origin == "drawn" for origin in chosen.values())
    assert all(parse(case.id) == case for case in chosen)
