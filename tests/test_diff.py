"""Two runs compared: what counts as a change and as one for the worse, between any versions, in every form."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from same_conformance import cli
from same_conformance.diff import compare
from same_conformance.judge import FAILURES, VERDICTS, Judgement
from same_conformance.record import Record

Make = Callable[..., Record]
Keep = Callable[[Record, Path], Path]
CASE = "conv.n5.k3"
VALUE = Judgement("value", (1, 5, 1), 2, 3.0, "aa", "2 of 5 elements differ, by 3 at most")
CAUSE = {"implementation": "a", "op": "conv", "verdicts": ["value"], "compared": "forward", "calls": 1,
         "sentence": "pads 2+1", "rule": "", "where": "True", "text": "pads 2+1; everywhere", "n_wrong": 1, "n_ran": 1,
         "case": "conv.n1.k2", "n_smaller": 0, "is_proved": True}  # fmt: skip


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def kinds(before: Judgement | str, after: Judgement | str, made: Make) -> list[tuple[str, bool]]:
    found = compare(made({"a": {CASE: before}}), made({"a": {CASE: after}}))
    changes = [(group.kind, change.is_worse) for group in found.groups for change in group.changes]
    assert found.is_worse == any(is_worse for _, is_worse in changes)
    assert len(changes) + found.n_unchanged == 1
    return changes


@pytest.mark.parametrize(
    ("before", "after", "kind", "is_worse"),
    [
        ("pass", "value", "new failure", True),
        ("unspecified", "value", "new failure", True),
        ("unsupported", "error", "new failure", True),
        ("value", "pass", "fixed", False),
        ("crash", "unspecified", "fixed", False),
        ("pass", "unsupported", "newly unsupported", True),
        ("value", "unsupported", "newly unsupported", False),
        ("unsupported", "pass", "newly supported", False),
        ("value", "shape", "changed", True),
        ("shape", "value", "changed", False),
        ("pass", "unspecified", "changed", False),
        ("unspecified", "pass", "changed", False),
    ],
)
def test_a_change_of_verdict_has_a_kind(before: str, after: str, kind: str, is_worse: bool, made: Make) -> None:
    assert kinds(before, after, made) == [(kind, is_worse)]


def test_every_pair_of_verdicts_is_told_and_only_those_that_do_not_fail_are_never_worse(made: Make) -> None:
    for before in VERDICTS:
        for after in VERDICTS:
            found = kinds(before, after, made)
            assert bool(found) == (before != after), (before, after)
            if after in ("pass", "unspecified"):
                assert not any(is_worse for _, is_worse in found)
            if after in FAILURES and before not in FAILURES:
                assert found == [("new failure", True)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (Judgement("value", (1, 5, 1), 3, 3.0, "bb", ""), [("changed", True)]),  # more elements
        (Judgement("value", (1, 5, 1), 1, 3.0, "bb", ""), [("changed", False)]),
        (Judgement("value", (1, 5, 1), 2, 3.0, "bb", ""), [("changed", False)]),  # other values
        (Judgement("value", (1, 5, 1), 2, 3.0, "aa", "said otherwise"), []),  # messages name versions and the like
    ],
)
def test_the_same_verdict_changes_with_what_was_observed(after: Judgement, expected: Any, made: Make) -> None:
    assert kinds(VALUE, after, made) == expected


def test_another_shape_is_a_change(made: Make) -> None:
    assert kinds(Judgement("shape", (1, 4, 1)), Judgement("shape", (1, 3, 1)), made) == [("changed", False)]


def test_what_differs_from_call_to_call_is_no_change(made: Make) -> None:
    before, after = (Judgement("nondeterministic", (1, 5, 1), n, None, str(n)) for n in (1, 2))
    assert kinds(before, after, made) == []


def test_changes_are_grouped_with_their_cause_the_worst_kind_and_the_smallest_case_first(made: Make) -> None:
    fixed = {"b": {CASE: "pass"}}
    old = made({"a": {CASE: "pass", "conv.n4.k2": "pass", "max_pool.n4.k2": "pass"}, "b": {CASE: VALUE}},
               footer={"causes": [{**CAUSE, "implementation": "b", "text": "was wrong"}]})  # fmt: skip
    new = made(
        {"a": {CASE: VALUE, "conv.n4.k2": VALUE, "max_pool.n4.k2": "error"}, **fixed}, footer={"causes": [CAUSE]}
    )
    found = compare(old, new)
    assert [(g.kind, g.implementation, g.op, [c.sentence for c in g.causes]) for g in found.groups] == [
        ("new failure", "a", "conv", ["pads 2+1; everywhere"]),
        ("new failure", "a", "max_pool", []),
        ("fixed", "b", "conv", ["was wrong"]),
    ]
    assert [change.case.id for change in found.groups[0].changes] == ["conv.n4.k2", CASE]


def test_cases_and_implementations_that_one_run_has_are_no_change(made: Make) -> None:
    old = made({"a": {CASE: "pass", "conv.n4.k2": "pass"}, "gone": {CASE: "pass"}})
    new = made({"a": {CASE: "pass", "conv.n3.k3": "value"}, "here": {CASE: "value"}})
    found = compare(old, new)
    assert ([c.id for c in found.added], [c.id for c in found.removed]) == (["conv.n3.k3"], ["conv.n4.k2"])
    assert (found.implementations_added, found.implementations_removed) == (("here",), ("gone",))
    assert found.n_added_failing == {"a": 1}
    assert not found.is_worse
    assert not found.groups


def test_what_did_not_start_any_more_is_worse(made: Make) -> None:
    old = made({"a": {CASE: "pass"}, "b": {CASE: "pass"}})
    found = compare(old, made({"a": {CASE: "pass"}}, not_started={"b": "ImportError: no"}))
    assert found.is_worse
    assert found.lost == {"b": "ImportError: no"}
    assert "b ran before and did not start now: ImportError: no" in found.notes


def test_outcomes_that_are_missing_now_are_worse(made: Make) -> None:
    """An unfinished run must not look as good as a whole one."""
    old = made({"a": {CASE: "pass", "conv.n4.k2": "pass"}})
    new = made({"a": {CASE: "pass", "conv.n4.k2": "pass"}}, finished=False)
    assert not compare(old, new).is_worse
    new.results.pop()
    found = compare(old, new)
    assert found.is_worse
    assert found.n_lost == {"a": 1}
    assert found.new.unfinished == "unfinished: 1 of 2 outcomes"


def test_versions_that_changed_are_named(made: Make, described: Callable[..., Any]) -> None:
    old = made({"a": {CASE: "pass"}}, implementations=[described("a", "1.0", versions={"torch": "2.12"})])
    new = made({"a": {CASE: "pass"}}, implementations=[described("a", "1.1", versions={"torch": "2.13", "numpy": "2"})])
    assert [(c.what, c.before, c.after) for c in compare(old, new).versions] == [
        ("numpy", "none", "2"), ("torch", "2.12", "2.13"), ("version", "1.0", "1.1"),
    ]  # fmt: skip


@pytest.fixture
def pair(made: Make, kept: Keep, tmp_path: Path) -> tuple[Path, Path]:
    names = [f"conv.n{n}.k3" for n in range(3, 20)]
    old = made({"a": dict.fromkeys(names, "pass"), "b": {names[0]: VALUE}})
    new = made({"a": dict.fromkeys(names, VALUE), "b": {names[0]: "pass"}}, footer={"causes": [CAUSE]})
    return kept(old, tmp_path / "old"), kept(new, tmp_path / "new")


def test_the_command_tells_the_causes_the_smallest_cases_and_how_many_it_leaves_out(pair: tuple[Path, Path]) -> None:
    result = command("diff", *pair)
    assert result.exit_code == 1, result.output
    lines = result.output.splitlines()
    assert "new failure: a, conv, 17 cases" in lines
    assert "  pads 2+1; everywhere; smallest case conv.n1.k2" in lines
    assert "  conv.n3.k3  pass → value: 2 of 5 elements differ, by 3 at most" in lines
    assert "  and 12 more" in lines
    assert "fixed: b, conv, 1 case" in lines
    expected = "worse: 17 new failures, 1 fixed, 0 unchanged"
    assert lines[-1] == expected


def test_the_command_exits_with_0_if_nothing_got_worse_and_takes_records_or_directories(
    pair: tuple[Path, Path],
) -> None:
    old, new = pair
    for same in ((new, new), (new / "run.jsonl", new)):
        result = command("diff", *same)
        assert result.exit_code == 0, result.output
        assert "no worse: 18 unchanged" in result.output
    assert command("diff", old, new / "run.jsonl").exit_code == 1


@pytest.mark.parametrize(
    "args", [[], ["old"], ["old", "nowhere"], ["old", "old", "--html", "nowhere/x.html"], ["old", "old", "x"]]
)
def test_bad_usage_exits_with_2(args: list[str], pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pair[0].parent)
    result = command("diff", *args)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_the_json_holds_everything(pair: tuple[Path, Path], tmp_path: Path) -> None:
    command("diff", *pair, "--json", tmp_path / "x.json")
    found = json.loads((tmp_path / "x.json").read_text())
    assert (found["format"], found["is_worse"]) == (1, True)
    assert found["counts"] == {"new failure": 17, "newly unsupported": 0, "changed": 0, "fixed": 1, "newly supported": 0,
                               "worse": 17, "unchanged": 0}  # fmt: skip
    (first, second) = found["groups"]
    assert len(first["changes"]) == 17
    assert first["changes"][0]["after"]["n_different"] == 2
    assert second["changes"][0]["before"]["verdict"] == "value"


def test_the_page_is_self_contained_and_escapes_what_records_say(made: Make, kept: Keep, tmp_path: Path) -> None:
    bad = "</script><script>alert(1)</script>\u202e"
    wrong = Judgement("error", message=bad)
    old = kept(made({"a": {CASE: "pass"}}, profile=bad), tmp_path / "old")
    new = kept(
        made({"a": {CASE: wrong}}, footer={"causes": [{**CAUSE, "verdicts": ["error"], "text": bad}]}), tmp_path / "new"
    )
    command("diff", old, new, "--html", tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", page)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
    assert "url(" not in page


def test_rich_markup_in_a_record_is_shown_and_not_obeyed(made: Make, kept: Keep, tmp_path: Path) -> None:
    old = kept(made({"a": {CASE: "pass"}}), tmp_path / "old")
    new = kept(made({"a": {CASE: Judgement("error", message="[red]boo[/] [link=x]y")}}), tmp_path / "new")
    assert "pass → error: [red]boo[/] [link=x]y" in command("diff", old, new).output


def test_a_case_that_this_version_does_not_know_is_left_out_and_said(made: Make, kept: Keep, tmp_path: Path) -> None:
    """A record of another version of ours, with an op of its own."""
    path = kept(made({"a": {CASE: "pass", "conv.n4.k2": "pass"}}), tmp_path / "new") / "run.jsonl"
    path.write_text(path.read_text().replace("conv.n4.k2", "lp_pool.n4.k2"))
    result = command("diff", path, path)
    assert result.exit_code == 0, result.output
    assert "damaged: 2 lines cannot be used (line 1: case id 'lp_pool.n4.k2'" in result.output
    assert "1 unchanged" in result.output
