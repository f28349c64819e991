"""Parts of the report without a browser: reasons taken apart, pictures by rule, links, groups of environments."""

from __future__ import annotations

from typing import Any

import pytest

from records import about, by_rule, header, right, small_record, unbroken
from same_conformance import corpus, mutants
from same_conformance.assessment import assess
from same_conformance.case import Case, parse
from same_conformance.judge import VERDICTS, Judgement
from same_conformance.plan import PADDED
from same_conformance.record import Record, Result
from same_conformance.report import cards, html, matrix, pictures, tables
from same_conformance.report.reasons import Reason, Reasons
from same_conformance.report.symbols import COUNTED, SAID, SYMBOLS
from same_conformance.report.text import linked

ENTRY = {"implementation": "a", "when": "True", "verdict": "value", "reason": "begins too late", "link": "not reported"}


def spelled(steps: list[int], kernel: int) -> list[list[int]]:
    """Return the map that the page makes of the numbers of one axis."""
    many, start, stride, dilation, long = steps
    reads = [[start + o * stride + j * dilation for j in range(kernel)] for o in range(many)]
    return [[i if 0 <= i < long else PADDED for i in row] for row in reads]


@pytest.mark.parametrize("rule", ["half", "unflipped-kernel", "crop-swapped", "unclamped", "swapped-axes"])
def test_the_numbers_of_a_picture_are_the_map_of_its_rule(rule: str) -> None:
    n_seen = 0
    for case in {entry.case.forward for entry in corpus.read() if entry.case.op in mutants.RULES[rule].ops}:
        plan = mutants.RULES[rule].plan(case)  # type: ignore[misc]
        steps = pictures._steps(case, plan) if plan is not None and min(plan.out) > 0 else None
        if plan is None or steps is None:
            continue
        n_seen += 1
        for axis, numbers, reads in zip(case.axes, steps, plan.maps, strict=True):
            assert spelled(numbers, axis.kernel) == reads.tolist(), (rule, case.id)
    assert n_seen > 20


def test_every_failing_forward_case_of_a_known_rule_has_a_picture() -> None:
    record = small_record()
    drawn = {(p["implementation"], p["case"]) for p in pictures.pictures(record, assess(record))}
    failing = [
        (r.implementation, r.case.id)
        for r in record.results
        if r.implementation == "torch-half" and r.judgement.verdict in ("shape", "value")
        if r.case.compared == "forward" and r.case.calls == 1
    ]
    assert failing
    assert set(failing) <= drawn


def test_a_rule_goes_before_what_probing_found_of_the_windows() -> None:
    """Probing takes an edge that is read twice for an edge that is read once."""
    case = parse("avg_pool.n2.k3.s2")
    values = {"shape": [1, 1, 2], "values": [1, 2]}
    picture = {
        "implementation": "a",
        "case": case.id,
        "windows": [[[0, 1, None]]],
        "expected": values,
        "observed": values,
    }
    entry = ENTRY | {"rule": "edge-replicated", "reason": "repeats the edge", "verdict": ""}
    record = Record(
        header([case], about("a")) | {"expectations": [entry]},
        [Result("a", case, Judgement("value", case.expected_shape, 2, 1.0))],
        {"pictures": [picture]},
        [case],
    )
    (found,) = pictures.pictures(record, assess(record))
    assert found["windows"] == [[[0, 1, 1]]]
    assert found["observed"] == values
    assert "by_rule" not in found


def test_a_reason_is_told_apart_into_title_sentence_and_report() -> None:
    finding = corpus.read_findings()[0]
    entry = ENTRY | {"reason": finding.reason, "link": finding.link, "finding": finding.name}
    reasons = Reasons(Record(header([], about("b", rule="half")) | {"expectations": [ENTRY, entry]}, [], {}, []))
    assert reasons.of(f"{finding.reason} ({finding.link})") == Reason(finding.title, finding.reason, finding.link)
    assert reasons.of("begins too late (not reported)") == Reason("begins too late", "", "not reported")
    stale = "passed, but expected to fail (value): begins too late (not reported)"
    assert reasons.of(stale).title == "begins too late"
    half = mutants.RULES["half"]
    assert reasons.of(f"the rule half: {half.sentence}") == Reason(half.sentence, "", half.seen)
    assert reasons.of("something else") == Reason("something else")


def test_only_addresses_become_links() -> None:
    text = str(linked('<a href="x">not reported; see https://github.com/a/b/pull/7 and javascript:alert(1) \u202e'))
    assert text == (
        "&lt;a href=&#34;x&#34;&gt;not reported; see "
        '<a href="https://github.com/a/b/pull/7" rel="noreferrer">a/b#7</a> and javascript:alert(1) ⟨U+202E⟩'
    )


def cells_of(record: Record) -> dict[str, dict[str, Any]]:
    return {
        row["about"]["name"]: {c["op"]: c for c in row["cells"]}
        for _, rows in matrix.groups(record, assess(record))
        for row in rows
    }


def test_a_row_says_which_finding_is_behind_it() -> None:
    finding = corpus.read_findings()[0]
    entry = ENTRY | {"reason": finding.reason, "link": finding.link, "finding": finding.name, "when": "any(k == 2)"}
    cases: list[Case] = [parse("conv.n5.k2"), parse("conv.n5.k3")]
    results = [Result("a", cases[0], by_rule("half", cases[0])), Result("a", cases[1], right(cases[1]))]
    verdict = results[0].judgement.verdict
    record = Record(header(cases, about("a")) | {"expectations": [entry | {"verdict": verdict}]}, results, {}, cases)
    cell = cells_of(record)["a"]["conv"]
    assert (cell["state"], cell["word"]) == ("wrong", "wrong for even kernels")
    (group,) = matrix.groups(record, assess(record))
    assert group[1][0]["reasons"] == [(["conv"], finding.title)]
    (card,) = cards.cards(record, assess(record))["a"]
    assert (card.sentence, card.detail, card.report) == (finding.title, finding.reason, finding.link)


def test_the_table_is_in_groups_by_framework_and_who_is_wrong_by_a_known_rule_stands_apart() -> None:
    record = small_record()
    record.header["implementations"] += [
        about("theirs", framework="a framework to come"),
        about("layers", framework="tensorflow", versions={"tensorflow-cpu": "2.21.0", "numpy": "2.4.6"}),
        about("older", versions={"torch": "2.12.0"}),
    ]
    groups = matrix.groups(record, assess(record))
    assert [(heading, [row["about"]["name"] for row in rows]) for heading, rows in groups] == [
        ("PyTorch 2.13.0, 2.12.0", ["torch-explicit", "stranger", "older"]),
        ("TensorFlow 2.21.0", ["layers"]),
        ("Others", ["theirs"]),
        ("Known to be wrong: what people write, run to see that it is found out", ["torch-half"]),
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"distribution": "mine.py"},
            ["it is the file that the run was given", "repro conv.n5.k4 --with path/to/mine.py<"],
        ),
        (
            {"name": "a; rm x"},
            ["repro conv.n5.k4 --with &#39;a; rm x&#39;<", "run &#39;a; rm x&#39; --case conv.n5.k4<"],
        ),
        ({"distribution": "a b"}, ["python -m pip install &#39;a b&#39;"]),
    ],
)
def test_a_command_on_a_card_can_be_copied_whatever_the_names(changes: dict[str, Any], told: list[str]) -> None:
    case = parse("conv.n5.k4")
    mine = about("mine", builtin=False, distribution="theirs") | changes
    record = Record(header([case], mine), [Result(mine["name"], case, Judgement("error"))], {}, [case])
    assessed = assess(record)
    page = unbroken(html.render(record, assessed, tables.verdicts(assessed)))
    for text in told:
        assert text in page
    assert "want the <code>--python</code>" not in page
    record.header["command"] = "same-conformance run mine --python mine=/opt/python"
    assert "They want the <code>--python</code> that the run was given" in html.render(
        record, assessed, tables.verdicts(assessed)
    )


def test_a_stranger_is_shown_with_a_version_of_its_own() -> None:
    case = parse("conv.n3.k1")
    strangers = [
        about(name, version=v, builtin=False, distribution="one.py") for name, v in (("a", "4.5"), ("b", "6.7"))
    ]
    record = Record(header([case], *strangers), [Result(name, case, right(case)) for name in ("a", "b")])
    assessed = assess(record)
    page = html.render(record, assessed, tables.verdicts(assessed))
    assert "<b>version 4.5</b>, with torch 2.13.0;" in page
    assert "<td>version 6.7, with torch 2.13.0</td>" in page


def test_every_verdict_has_a_sign_and_words() -> None:
    for words in (SYMBOLS, SAID, COUNTED):
        assert set(words) == set(VERDICTS)
        assert len(set(words.values())) == len(VERDICTS)
