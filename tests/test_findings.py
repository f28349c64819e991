"""What docs/findings.md says is made from the data, and true of the frameworks that are installed."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from same_conformance import corpus, expectations, findings
from same_conformance.errors import UsageError
from same_conformance.judge import Judgement

SCRIPT: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "cases" / "write_findings.py"))
TEXT = """
[finding.shift]
title = "theirs at stride 2"
reason = "theirs begins too late"
link = "not reported"
implementation = "theirs"
case = "conv.n5.k3.s2"
seen = "theirs 1.0"

[[expectation]]
implementation = "theirs"
finding = "shift"
when = "op == 'conv' and any(s > 1)"
verdict = "value"
"""


def test_every_finding_holds_and_the_page_is_made_from_what_its_smallest_case_gives() -> None:
    results = SCRIPT["observations"]()
    assert SCRIPT["problems"](results) == []
    assert SCRIPT["render"](results) == SCRIPT["FILE"].read_text(encoding="utf-8"), "run python cases/write_findings.py"


def test_every_known_failure_that_ships_is_due_to_a_finding_and_every_finding_has_some() -> None:
    named = [entry.finding for entry in corpus.read_expectations()]
    assert "" not in named
    assert set(named) == {finding.name for finding in corpus.read_findings()}


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("value", []),
        ("pass", ["passes with theirs 2.0: it is fixed; take it out of cases/expectations.toml"]),
        ("shape", ["ends in shape with theirs 2.0, and not in value"]),
    ],
)
def test_a_finding_that_is_fixed_or_fails_in_another_way_is_told(verdict: Any, said: list[str]) -> None:
    entries, found = expectations.parse_all(TEXT, "a.toml")
    told = findings.recheck(found["shift"], entries, Judgement(verdict), "theirs 2.0")
    assert list(told) == [f"finding shift: conv.n5.k3.s2 on theirs {text}" for text in said]


def test_a_finding_whose_predicates_do_not_hold_for_its_case_is_told() -> None:
    entries, found = expectations.parse_all(TEXT.replace("s > 1", "s > 2"), "a.toml")
    (told,) = findings.recheck(found["shift"], entries, Judgement("value"), "")
    assert told.endswith("is covered by no expectation that names it")


def test_an_expectation_takes_reason_and_link_from_its_finding() -> None:
    (entry,) = expectations.parse(TEXT, "a.toml")
    assert (entry.reason, entry.link) == ("theirs begins too late", "not reported")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seen =", "saw =", "finding shift: saw is not known; the keys are title, reason"),
        ('seen = "theirs 1.0"', "", "finding shift: seen is missing"),
        ('"theirs 1.0"', '""', "finding shift: every value must be a text, and none empty"),
        ("conv.n5.k3.s2", "conf.n5.k3.s2", "finding shift: "),
        ("[finding.shift]", "[[finding]]", "'finding' must be tables, each begun with [finding.NAME]"),
        ('finding = "shift"', 'finding = "shaft"', "entry 1: finding 'shaft' is not known; use one of shift"),
        (
            'finding = "shift"',
            'finding = "shift"\nlink = "b"',
            "entry 1: give a finding or a reason and a link, not both",
        ),
    ],
)
def test_findings_of_another_form_are_refused_in_words(old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        expectations.parse(TEXT.replace(old, new, 1), "a.toml")
    assert message in str(caught.value)
