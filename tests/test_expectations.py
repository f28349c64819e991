"""Expectations are two-way, and a file of them is checked word by word; predicates can do nothing but compare."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from junitparser import JUnitXml

from same_conformance import cli, expectations, report
from same_conformance.assessment import Assessment, assess, exit_code
from same_conformance.case import parse
from same_conformance.errors import RecordError, UsageError
from same_conformance.expectations import Expectation, Expectations, named_cases
from same_conformance.predicate import AXIS_NAMES, CASE_NAMES, compile_predicate
from same_conformance.record import Record
from same_conformance.report import actions

ENTRY = """
[[expectation]]
implementation = "theirs"
when = "op == 'conv' and any(s > k)"
verdict = "value"
reason = "no clamp"
link = "https://example.org/1"
"""
WHEN = "when = \"op == 'conv' and any(s > k)\""
STRIDED, PLAIN = parse("conv.n5.k1.s2"), parse("conv.n5.k3")


def test_a_known_failure_is_expected_and_another_is_not() -> None:
    known = Expectations(expectations.parse(ENTRY, "a.toml"), {})
    assert known.assess("theirs", STRIDED, "value") == ("expected failure", "no clamp (https://example.org/1)")
    assert known.assess("theirs", PLAIN, "value") == ("unexpected", "")
    assert known.assess("other", STRIDED, "value") == ("unexpected", "")
    assert known.assess("theirs", PLAIN, "pass") == ("as expected", "")


def test_failing_otherwise_is_unexpected() -> None:
    standing, why = Expectations(expectations.parse(ENTRY, "a.toml"), {}).assess("theirs", STRIDED, "shape")
    assert standing == "unexpected"
    assert why.startswith("shape, but expected to fail otherwise (value): no clamp")


def test_a_pass_makes_an_expectation_stale_and_unsupported_does_not() -> None:
    known = Expectations(expectations.parse(ENTRY, "a.toml"), {})
    assert known.assess("theirs", STRIDED, "pass")[0] == "stale"
    assert known.assess("theirs", STRIDED, "unsupported")[0] == "as expected"


def test_what_may_pass_is_never_stale_but_fails_in_its_way_only() -> None:
    known = Expectations(expectations.parse(ENTRY + 'may_pass = "the processor"\n', "a.toml"), {})
    assert known.assess("theirs", STRIDED, "pass") == ("as expected", "")
    assert known.assess("theirs", STRIDED, "value")[0] == "expected failure"
    assert known.assess("theirs", STRIDED, "shape")[0] == "unexpected"


def test_a_rule_predicts_gradients_by_executing_its_plan() -> None:
    known = Expectations([], {"theirs": "half", "zero": "zero-fill"})
    for compared in ("input_gradient", "kernel_gradient"):
        assert known.assess("theirs", parse(f"conv.n6.k3.s2.{compared}"), "value")[0] == "expected failure"
        assert known.assess("theirs", parse(f"conv.n5.k3.s2.{compared}"), "pass")[0] == "as expected"
        assert known.assess("theirs", parse(f"conv.n5.k2.{compared}"), "shape")[0] == "expected failure"
    assert known.assess("zero", parse("max_pool.n5.k3.input_gradient"), "value")[0] == "expected failure"
    assert known.assess("zero", parse("max_pool.n6.k3.s3.input_gradient"), "pass")[0] == "as expected"


def test_a_rule_is_expected_to_fail_exactly_where_it_differs() -> None:
    known = Expectations([], {"theirs": "half"})
    assert known.assess("theirs", parse("conv.n6.k3.s2"), "value")[0] == "expected failure"
    assert known.assess("theirs", parse("conv.n6.k3.s2"), "pass")[0] == "stale"
    assert known.assess("theirs", parse("conv.n5.k3.s2"), "pass")[0] == "as expected"
    assert known.assess("theirs", parse("conv.n5.k3.s2"), "value")[0] == "unexpected"
    assert known.assess("theirs", parse("conv.n5.k2"), "shape")[0] == "expected failure"
    assert known.assess("theirs", parse("conv.n1.k4"), "error")[0] == "expected failure"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("verdict", "vredict"),
            "vredict is not known; the keys are case, cases, class, expires, finding, implementation, link, may_pass, op, reason, rule",
        ),
        (('reason = "no clamp"\n', ""), "reason is missing"),
        (
            ('"value"', '"pass"'),
            "verdict 'pass' is no failure; use one of crash, timeout, error, shape, dtype, value, nondeterministic",
        ),
        (('"value"', "3"), "every value must be a text"),
        (("any(s > k)", "any(s >)"), "invalid syntax"),
        (("any(s > k)", "s > k"), "s is not known; it is a name of one axis: put it inside any(...) or all(...)"),
        (("any(s > k)", "__import__('os')"), "only any(TEST) and all(TEST)"),
        (("any(s > k)", "op.__class__"), "Attribute is not allowed"),
        (("any(s > k)", "any(any(s > k))"), "not inside each other"),
        (("any(s > k)", "frobnicated == 3"), "frobnicated is not known; use op, rank"),
        (
            (WHEN, 'when = "kernel > 2"'),
            "expectations a.toml, entry 1: predicate 'kernel > 2': kernel is not known. Did you mean any(k > 2)?",
        ),
        (("[[expectation]]", "[[expectations]]"), "'expectations' is not known; write [[expectation]] tables"),
        (("[[expectation]]", "[[expectation]"), "a.toml: "),
        (('verdict = "value"', 'rule = "halves"'), "rule 'halves' is not known; use one of half,"),
        ((WHEN, ""), "entry 1: it says of no case; give one of when, op, class, case, cases"),
        (
            (WHEN, 'op = "avgpool"'),
            "op 'avgpool' is not known. Did you mean 'avg_pool'? Use one of conv, depthwise_conv",
        ),
        (
            (WHEN, 'class = "even kernels"'),
            "class 'even kernels' is not known. Did you mean 'even kernel'? Use one of 1-D",
        ),
        ((WHEN, 'case = "conv.k3.n5"'), "entry 1: case id 'conv.k3.n5' is not canonical: write conv.n5.k3"),
        ((WHEN, 'cases = "conv.n5.k3"'), 'cases must be a list of case ids, as in cases = ["conv.n4.k2"]'),
        ((WHEN, "cases = []"), "cases must be a list of case ids"),
        ((WHEN, 'case = "conv.n5.k3"\n' + WHEN), "case says which cases are meant; leave when out"),
        ((WHEN, 'case = "conv.n5.k3"\ncases = ["conv.n5.k3"]'), "case says which cases are meant; leave cases out"),
        ((WHEN, WHEN + '\nexpires = "2027-01-01"'), "expires must be a day without quotes, as in expires = 2027-01-31"),
        ((WHEN, WHEN + "\nexpires = 2027-01-01T00:00:00"), "expires must be a day without quotes"),
    ],
)
def test_a_wrong_file_is_refused_in_words(change: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        expectations.parse(ENTRY.replace(*change), "a.toml")
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file") as caught:
        expectations.read(tmp_path / "none.toml")
    assert f"IMPLEMENTATION --expectations {tmp_path / 'none.toml'} --update-expectations` writes it" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("predicate", "case_id", "expected"),
    [
        ("rank == 2 and all(n == 5)", "conv.n5-5.k1-1", True),
        ("all(n == 5)", "conv.n5-6.k1-1", False),
        ("any(unclamped < 0)", "conv.n6.k1.s3", True),
        ("any(unclamped < 0)", "conv.n6.k3.s3", False),
        ("any(total % 2 == 1)", "conv.n6.k3.s2", True),
        ("any(before > after)", "conv.n2.k2.same_lower", True),
        ("dtype in ('float16', 'bfloat16') or batch * groups > 1", "conv.n2.k2.float16", True),
        ("not any(ke > n and out > 1)", "conv.n2.k2.d4", False),
        ("channels == (2, 4)", "conv.n2.k2.c2-4", True),
        ("compared == 'kernel_gradient' and calls == 2", "conv.n2.k2.kernel_gradient.calls2", True),
        ("compared == 'kernel_gradient' or calls == 2", "conv.n2.k2.input_gradient", False),
    ],
)
def test_predicates_say_what_they_mean(predicate: str, case_id: str, *, expected: bool) -> None:
    assert compile_predicate(predicate)(parse(case_id)) is expected


def test_the_page_has_every_name_that_a_predicate_may_use_in_an_example_that_is_one() -> None:
    page = (Path(__file__).parents[1] / "docs/expectations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \| .+ \| (`.+`) \|$", page, re.MULTILINE)
    named = {name: examples for names, examples in rows for name in re.findall(r"`(\w+)`", names)}
    assert sorted(named) == sorted([*CASE_NAMES, *AXIS_NAMES])
    for name, examples in named.items():
        predicates = re.findall("`([^`]+)`", examples)
        assert any(re.search(rf"\b{name}\b", text) for text in predicates), name
        for text in predicates:
            compile_predicate(text)


@pytest.mark.parametrize(
    ("selector", "covered", "not_covered"),
    [
        ('op = "avg_pool"', ["avg_pool.n4.k2", "avg_pool.n4-4.k2-2"], ["max_pool.n4.k2"]),
        ('class = "even kernel"', ["conv.n4.k2", "max_pool.n4-4.k3-2"], ["conv.n4.k3"]),
        ('class = "total padding >= 4"', ["conv.n5.k5"], ["conv.n5.k3"]),
        ('op = "conv"\nclass = "even kernel"', ["conv.n4.k2"], ["conv.n4.k3", "max_pool.n4.k2"]),
        ('op = "conv"\nwhen = "any(s > k)"', ["conv.n5.k1.s2"], ["conv.n5.k2.s2", "max_pool.n5.k1.s2"]),
        ('case = "conv.n4.k2.s2"', ["conv.n4.k2.s2"], ["conv.n4.k2", "conv.n4.k2.s2.float64"]),
        ('cases = ["conv.n4.k2", "conv.n1.k2"]', ["conv.n1.k2", "conv.n4.k2"], ["conv.n2.k2"]),
    ],
)
def test_cases_are_named_by_op_by_class_one_by_one_or_by_several_of_these(
    selector: str, covered: list[str], not_covered: list[str]
) -> None:
    (entry,) = expectations.parse(ENTRY.replace(WHEN, selector), "a.toml")
    assert [case for case in covered + not_covered if entry.predicts(parse(case)) == ("value",)] == covered
    assert Expectation.from_json(json.loads(json.dumps(entry.to_json()))) == entry
    shown = 'cases = ["conv.n1.k2", …], 2 of them' if "cases" in selector else selector
    assert entry.selector == shown.replace("\n", ", ").replace(">=", "≥")


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("expires", "standing"),
    [("2026-11-22", "unexpected"), ("2026-11-23", "expected failure"), ("2027-01-01", "expected failure")],
)
def test_an_entry_counts_until_the_end_of_its_day(expires: str, standing: str) -> None:
    entries = expectations.parse(ENTRY + f"expires = {expires}\n", "a.toml")
    found, why = Expectations(entries, {}, TODAY).assess("theirs", STRIDED, "value")
    assert found == standing
    if standing == "unexpected":
        assert why == "was expected until 2026-11-22, when its entry expired: no clamp (https://example.org/1)"
    assert Expectations(entries, {}).assess("theirs", STRIDED, "value")[0] == "expected failure"


def test_what_an_expired_entry_did_not_expect_is_not_laid_on_it() -> None:
    known = Expectations(expectations.parse(ENTRY + "expires = 2026-11-22\n", "a.toml"), {}, TODAY)
    assert known.assess("theirs", STRIDED, "shape") == ("unexpected", "")
    assert known.assess("theirs", STRIDED, "pass") == ("as expected", "")


Make = Callable[..., Record]


@pytest.fixture
def assessed(made: Make, tmp_path: Path) -> Callable[..., Assessment]:
    """Return a function that assesses outcomes of `theirs` against a file."""

    def assess_(text: str, outcomes: dict[str, str], **header: object) -> Assessment:
        (tmp_path / "known.toml").write_text(text)
        entries = [entry.to_json() for entry in expectations.read(tmp_path / "known.toml")]
        header = {"narrowed": [], "began": "2026-11-23T23:59:59Z", **header}
        return assess(made({"theirs": outcomes}, expectations=entries, **header))

    return assess_


MATCHED = {STRIDED.id: "value", PLAIN.id: "pass"}
NOTHING = "# mine\n" + ENTRY.replace(WHEN, 'op = "avg_pool"')


def test_an_entry_that_matches_nothing_in_a_whole_profile_fails_the_run_and_is_named(
    assessed: Callable[..., Assessment], made: Make
) -> None:
    found = assessed(ENTRY + NOTHING, MATCHED)
    (remark,) = found.unmatched
    assert remark.text.endswith(
        'known.toml, entry 2 (line 10): op = "avg_pool" matches nothing that theirs executed; correct or remove it '
        "(--update-expectations removes it), or keep it in a file for the profile that has such cases"
    )
    assert remark.text.startswith(("…/known.toml, ", "known.toml, "))  # not where it is on this machine
    assert exit_code(made({"theirs": MATCHED}), found, asked_for=frozenset()) == 1
    assert exit_code(made({"theirs": MATCHED}), assessed(ENTRY, MATCHED), asked_for=frozenset()) == 0


@pytest.mark.parametrize(
    "header",
    [
        {"narrowed": ["--op"]},
        {"finished": False},
        {"implementations": [], "outcomes": {}},
        {"began": "2027-06-01T00:00:00Z"},
    ],
)
def test_nothing_is_unmatched_where_not_all_was_run_or_the_entry_does_not_count(
    assessed: Callable[..., Assessment], header: dict[str, Any]
) -> None:
    """Of a narrowed run, of one that was cut short, of an implementation that did not run, of what expired."""
    outcomes = header.pop("outcomes", MATCHED)
    assert assessed(NOTHING + "expires = 2027-01-01\n", outcomes, **header).unmatched == []


def test_an_entry_whose_cases_are_all_unsupported_matches_nothing(assessed: Callable[..., Assessment]) -> None:
    assert len(assessed(ENTRY, {STRIDED.id: "unsupported"}).unmatched) == 1


def test_entries_that_come_with_the_package_may_match_nothing(made: Make) -> None:
    entries = [entry.to_json() for entry in expectations.parse(NOTHING, "ours.toml")]
    assert assess(made({"theirs": MATCHED}, expectations=entries, narrowed=[])).unmatched == []


def test_the_report_says_that_an_entry_expired_and_when(assessed: Callable[..., Assessment]) -> None:
    found = assessed(ENTRY + "expires = 2026-11-22\n", MATCHED)
    (remark,) = found.expired
    assert remark.text.endswith(
        "known.toml, entry 1 (line 2) expired on 2026-11-22, and the case that still fails so is unexpected: "
        "repair it, or give it a later day"
    )
    (row,) = found.standing("unexpected")
    assert row.why.startswith("was expected until 2026-11-22, when ")
    (gone,) = assessed(ENTRY + "expires = 2026-11-22\n", {STRIDED.id: "pass"}).expired
    assert gone.text.endswith("expired on 2026-11-22, and nothing fails so any more: remove it")


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        ("2026-11-23", "expires after today, on 2026-11-23: no clamp"),
        ("2026-11-24", "expires in 1 day, on 2026-11-24: no clamp"),
        ("2026-12-23", "expires in 30 days, on 2026-12-23: no clamp"),
        ("2026-12-24", ""),
    ],
)
def test_entries_that_expire_within_thirty_days_are_spoken_of(
    assessed: Callable[..., Assessment], expires: str, said: str
) -> None:
    remarks = assessed(ENTRY + f"expires = {expires}\n", MATCHED).expiring
    assert [remark.text.partition("(line 2) ")[2] for remark in remarks] == ([said] if said else [])


def test_every_report_says_what_matches_nothing(
    assessed: Callable[..., Assessment], made: Make, tmp_path: Path
) -> None:
    found = assessed(NOTHING, {PLAIN.id: "pass"})
    record = made({"theirs": {PLAIN.id: "pass"}})
    report.write(record, found, tmp_path)
    assert "1 expectation matches nothing." in (tmp_path / "index.html").read_text()
    assert "All verdicts are as expected" not in (tmp_path / "summary.md").read_text()
    assert "## Expectations" in (tmp_path / "summary.md").read_text()
    assert sum(suite.failures for suite in JUnitXml.fromfile(str(tmp_path / "junit.xml"))) == 1
    assert any("an expectation matches nothing" in line for line in actions.commands(record, found))


def test_who_refuses_every_case_of_a_whole_profile_fails_the_run_and_is_named_everywhere(
    made: Make, tmp_path: Path
) -> None:
    """A plug-in that compares the mode with a word that it never gets would be green for ever."""
    outcomes = {"mute": {PLAIN.id: "unsupported", STRIDED.id: "unsupported"}, "theirs": {PLAIN.id: "pass"}}
    record = made(outcomes, narrowed=[])
    found = assess(record)
    assert list(found.uncompared) == ["mute"]
    assert found.uncompared["mute"].startswith("none of 2 cases could be compared, 2 were refused")
    assert exit_code(record, found, asked_for=frozenset()) == 1
    report.write(record, found, tmp_path)
    assert "1 implementation offers nothing that could be compared." in (tmp_path / "index.html").read_text()
    assert "All verdicts are as expected" not in (tmp_path / "summary.md").read_text()
    assert "could be compared" in (tmp_path / "summary.md").read_text()
    assert sum(suite.failures for suite in JUnitXml.fromfile(str(tmp_path / "junit.xml"))) == 1
    assert any("mute offers nothing to compare" in line for line in actions.commands(record, found))
    assert assess(made(outcomes, narrowed=["--op"])).uncompared == {}
    assert assess(made({"theirs": outcomes["theirs"]}, narrowed=[])).uncompared == {}


def test_a_record_with_an_entry_of_another_version_is_refused_in_words(made: Make) -> None:
    for change, why in [
        ({"case_class": "odd stride"}, "the class 'odd stride'"),
        ({"expires": "soon"}, "Invalid isoformat string"),
        ({"unless": "never"}, "unexpected keyword argument 'unless'"),
    ]:
        entry = {**expectations.parse(ENTRY, "a.toml")[0].to_json(), **change}
        with pytest.raises(RecordError, match=why):
            assess(made({"theirs": MATCHED}, expectations=[entry]))


def test_cases_that_a_file_names_are_run_beside_those_of_the_profile(tmp_path: Path) -> None:
    """Or nobody would notice that they pass."""
    known = tmp_path / "known.toml"
    known.write_text(ENTRY.replace(WHEN, 'case = "conv.n977.k2"').replace("theirs", "spec"))
    command = ["run", "spec", "--profile", "quick", "--op", "conv", "--rank", "1", "--out", str(tmp_path)]
    result = CliRunner().invoke(cli.main, [*command, "--expectations", str(known)])
    assert result.exit_code == 1, result.output
    assert "1 case that it covers passes, conv.n977.k2" in result.output
    assert CliRunner().invoke(cli.main, command).exit_code == 0
    assert named_cases(expectations.read(known), ["other"]) == []
