"""`--update-expectations`: the file says just what the run found, and what the run did not see stays as it is."""

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from same_conformance import cli, expectations
from same_conformance.assessment import assess
from same_conformance.errors import UsageError
from same_conformance.expectations import layout, update, writing
from same_conformance.expectations.reading import load
from same_conformance.record import Record
from same_conformance.selection import Query

Make = Callable[..., Record]
Install = Callable[..., Path]
Outcomes = dict[str, str]

WHOLE = Query(profile="quick")
WRONG = {f"conv.n{n}.k2": "value" for n in range(1, 5)}
RIGHT = {f"conv.n{n}.k3": "pass" for n in range(1, 5)} | {f"max_pool.n{n}.k2": "pass" for n in range(1, 5)}


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def entry(selector: str, verdict: str = "value", *, name: str = "theirs", more: str = "") -> str:
    """Return an entry as somebody wrote it by hand, in an order and with spaces of their own."""
    how = f'verdict = "{verdict}"\n' if verdict else ""
    return f'[[expectation]]\nreason  = "no clamp"  # really\n{selector}\n{how}link="https://example.org/1"\nimplementation = "{name}"\n{more}'


@pytest.fixture
def updated(made: Make, tmp_path: Path) -> Callable[..., tuple[str, list[str]]]:
    """Return a function that brings a file up to date with a run, and gives back its text and what was said.

    It also sees that the run is as expected by the new file, and that doing it again changes nothing.
    """

    def revise(text: str | None, outcomes: Outcomes, query: Query = WHOLE, *, green: bool = True, **more: Any) -> Any:
        path = tmp_path / "known.toml"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        for turn in (1, 2):
            file = load(path, may_be_absent=True)
            entries = [e.to_json() for e in file.entries]
            header = {"narrowed": query.narrowed, "began": "2026-11-23T00:00:00Z", "expectations": entries}
            record = made({"theirs": outcomes, "other": {"conv.n1.k1": "pass"}}, **header, **more)
            update.check([file])
            found = update.revise(record, [file], query)
            update.write(found)
            if turn == 1:
                first, said = path.read_text(), found.said
        assert path.read_text() == first
        if green:
            assert found.said == ["…/known.toml: up to date"]
            entries = [e.to_json() for e in expectations.read(path)]
            assessed = assess(made({"theirs": outcomes}, **{**header, "expectations": entries}))
            assert {row.standing for row in assessed.rows} <= {"as expected", "expected failure"}
            assert assessed.unmatched == []
        return first, said

    return revise


Updated = Callable[..., tuple[str, list[str]]]


def cause(op: str, where: str = "", rule: str = "", *, verdicts: tuple[str, ...] = ("value",)) -> dict[str, Any]:
    return {
        "implementation": "theirs", "op": op, "verdicts": list(verdicts), "compared": "forward", "calls": 1,
        "sentence": "pads too late", "rule": rule, "where": where, "text": "", "n_wrong": 1, "n_ran": 1, "case": "conv.n1.k2",
        "n_smaller": 0, "is_proved": True,
    }  # fmt: skip


def entries(text: str) -> list[dict[str, Any]]:
    return list(tomllib.loads(text).get("expectation", []))


def test_a_predicate_that_was_diagnosed_is_used_where_it_says_just_what_fails(updated: Updated) -> None:
    where = {"causes": [cause("conv", "any(k % 2 == 0)")]}
    text, said = updated(None, WRONG | RIGHT, footer=where)
    assert text == writing.HEAD + (
        '\n[[expectation]]\nimplementation = "theirs"\nop = "conv"\nwhen = "any(k % 2 == 0)"\nverdict = "value"\n'
        'reason = "pads too late"\nlink = "not reported"\n'
    )
    assert said == [
        'added to …/known.toml, for theirs: op = "conv", when = "any(k % 2 == 0)": value, 4 cases; pads too late'
    ]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (WRONG | RIGHT, {"op": "conv", "class": "even kernel"}),
        (WRONG | {"max_pool.n1.k2": "pass"}, {"op": "conv"}),
        (WRONG | {"conv.n5.k2": "pass"}, {"op": "conv", "when": "any(out <= 4)"}),
        ({"conv.n1.k2": "value", "conv.n1.k3": "pass"}, {"case": "conv.n1.k2"}),
        ({"conv.n1.k2": "value", "conv.n2.k2": "value"}, {"cases": ["conv.n1.k2", "conv.n2.k2"]}),
        (WRONG | {"conv.n5.k2": "unsupported", "conv.n1.k3": "pass"}, {"op": "conv", "class": "even kernel"}),
    ],
)
def test_an_entry_covers_what_fails_so_and_nothing_that_passes_or_fails_otherwise(
    updated: Updated, outcomes: Outcomes, expected: dict[str, Any]
) -> None:
    wrong_predicate = {"causes": [cause("conv", "any(n > 1)"), cause("max_pool")]}
    (found,) = entries(updated(None, outcomes, footer=wrong_predicate)[0])
    assert {key: found[key] for key in found if key in ("op", "class", "when", "case", "cases")} == expected
    assert found["reason"] == "pads too late"


def test_two_ways_of_failing_are_two_entries(updated: Updated) -> None:
    text, _ = updated(None, {**WRONG, "conv.n9.k4": "shape", **RIGHT})
    assert sorted((e["verdict"], e.get("case", "")) for e in entries(text)) == [("shape", "conv.n9.k4"), ("value", "")]


def test_a_known_rule_becomes_one_entry_for_all_its_ways_of_failing(updated: Updated) -> None:
    outcomes = {"conv.n6.k3.s2": "value", "conv.n5.k2": "shape", "conv.n1.k4": "error", "conv.n5.k3.s2": "pass"}
    known = {"causes": [cause("conv", rule="half", verdicts=("value", "shape", "error"))]}
    (found,) = entries(updated(None, outcomes, footer=known)[0])
    assert (found["op"], found["rule"], "verdict" in found) == ("conv", "half", False)
    (*_, last) = entries(updated(None, {**outcomes, "conv.n5.k3.s2": "value"}, footer=known)[0])
    assert "rule" not in last


def test_where_the_user_named_the_cases_nothing_is_said_of_others(updated: Updated) -> None:
    named = Query(profile="quick", cases=[expectations.reading.parse_case(case) for case in WRONG])
    (found,) = entries(updated(None, WRONG, named, footer={"causes": [cause("conv", "any(k % 2 == 0)")]})[0])
    assert found["cases"] == list(WRONG)


def test_chance_may_pass(updated: Updated) -> None:
    (found,) = entries(updated(None, {"conv.n1.k2": "nondeterministic"})[0])
    assert found["may_pass"].startswith("chance")


def test_what_still_holds_keeps_its_text_and_what_does_not_goes_with_its_comment(updated: Updated) -> None:
    head = "# ours, do not touch\n\n"
    good = "# about conv\n" + entry('class = "even kernel"\nop = "conv"  # why')
    stale = "# about max_pool\n" + entry('op = "max_pool"', more="# inside\n")
    nothing = entry("when = 'rank == 3'")
    text, said = updated(head + stale + "\n" + good + "\n\n\n" + nothing, WRONG | RIGHT)
    assert text == head + good
    assert said == [
        'removed: …/known.toml, entry 1 (line 4) is stale, 4 cases that it covers pass (op = "max_pool")',
        'removed: …/known.toml, entry 3 (line 23) matches nothing (when = "rank == 3")',
    ]


def test_the_cases_that_still_fail_of_a_stale_entry_keep_its_reason_link_and_day(updated: Updated) -> None:
    text, said = updated(entry('op = "conv"', more="expires = 2030-01-01\n"), WRONG | RIGHT)
    (found,) = entries(text)
    assert (found["op"], found["class"]) == ("conv", "even kernel")
    assert (found["reason"], found["link"], str(found["expires"])) == (
        "no clamp", "https://example.org/1", "2030-01-01",
    )  # fmt: skip
    assert [line.partition(":")[0] for line in said] == ["removed", "added to …/known.toml, for theirs"]


def test_a_list_loses_the_cases_that_pass_and_keeps_those_that_were_not_run(updated: Updated) -> None:
    known = "# theirs\n" + entry('cases = ["conv.n1.k2", "conv.n1.k3", "conv.n99.k2"]')
    named = Query(profile="quick", cases=[expectations.reading.parse_case("conv.n1.k2")])
    text, said = updated(known, {"conv.n1.k2": "value", "conv.n1.k3": "pass"}, named)
    assert entries(text)[0]["cases"] == ["conv.n1.k2", "conv.n99.k2"]
    assert text.startswith("# theirs\n")
    assert said == ["shortened: …/known.toml, entry 1 (line 2), 1 case of 3 fail so no more"]
    text, _ = updated(entry('case = "conv.n1.k3"'), {"conv.n1.k3": "pass"}, named)
    assert entries(text) == []


def test_a_narrowed_run_takes_out_nothing_that_it_did_not_see(updated: Updated) -> None:
    """Of an entry for both ops, one was run; the entry for the other matches nothing, which says nothing."""
    only_pools = Query(profile="quick", ops=["max_pool"])
    other = entry('class = "odd kernel"\nop = "conv"')
    both = entry('class = "even kernel"')
    text, said = updated(both + "\n" + other, {"max_pool.n1.k2": "pass"}, only_pools, green=False)
    assert text == both + "\n" + other
    assert said == [
        (
            'kept: …/known.toml, entry 1 (line 1) is stale, but this run saw only some of its cases (class = "even kernel"); '
            "run the whole profile"
        )
    ]
    text, _ = updated(entry('op = "max_pool"') + "\n" + other, {"max_pool.n1.k2": "pass"}, only_pools)
    assert text == other


def test_entries_of_an_implementation_that_did_not_run_stay(updated: Updated) -> None:
    absent = entry('op = "conv"', name="absent")
    assert updated(absent, RIGHT)[0] == absent


def test_entries_are_ordered_by_implementation_and_then_as_they_count(updated: Updated) -> None:
    given = [
        entry('case = "conv.n1.k2"'),
        entry('op = "conv"', name="absent"),
        entry('class = "even kernel"\nop = "conv"'),
    ]
    text, _ = updated("\n".join(given), WRONG | RIGHT)
    assert text == "\n".join([given[1], given[0], given[2]])


def test_what_fails_otherwise_than_an_entry_says_gets_one_before_it(updated: Updated) -> None:
    """The first that covers a case decides."""
    general = entry('op = "conv"\nclass = "even kernel"')
    text, _ = updated(general, {**WRONG, "conv.n2.k2": "shape", **RIGHT})
    assert [(e["verdict"], e.get("case")) for e in entries(text)] == [("shape", "conv.n2.k2"), ("value", None)]
    text, said = updated(general, {**dict.fromkeys(WRONG, "shape"), **RIGHT})
    assert [e["verdict"] for e in entries(text)] == ["shape"]
    assert said[0] == (
        'removed: …/known.toml, entry 1 (line 1), nothing fails as it says any more (op = "conv", class = "even kernel": value)'
    )


def test_an_entry_that_expired_counts_again_without_its_day_or_goes(updated: Updated) -> None:
    expired = entry('op = "conv"\nclass = "even kernel"', more="expires = 2026-11-22\n")
    text, said = updated(expired, WRONG | RIGHT)
    assert "expires" not in entries(text)[0]
    assert entries(text)[0]["reason"] == "no clamp"
    assert said == [
        "renewed: …/known.toml, entry 1 (line 1) had expired on 2026-11-22, and it still fails so; it counts without a day now"
    ]
    text, said = updated(expired, RIGHT)
    assert entries(text) == []
    assert said == ["removed: …/known.toml, entry 1 (line 1) had expired on 2026-11-22, and nothing fails so any more"]


def test_what_may_pass_stays_whether_or_not_it_does(updated: Updated) -> None:
    known = entry('op = "conv"\nclass = "odd kernel"', more='may_pass = "the processor"\n')
    assert updated(known, RIGHT)[0] == known


def test_a_witness_is_not_listed_without_being_looked_at(made: Make, tmp_path: Path) -> None:
    file = load(tmp_path / "known.toml", may_be_absent=True)
    record = made({"jax": {"conv.n1.k2": "value"}}, narrowed=[])
    found = update.revise(record, [file], WHOLE)
    assert found.said == ["jax is a witness: its 1 contested outcomes are for you to list, by hand"]
    assert found.texts == {file: writing.HEAD}


def test_findings_and_their_names_stay(updated: Updated) -> None:
    text = (
        '[finding.f]\ntitle = "t"\nreason = "r"\nlink = "l"\nimplementation = "theirs"\ncase = "conv.n1.k2"\nseen = "1"\n\n'
        '[[expectation]]\nimplementation = "theirs"\nfinding = "f"\nop = "conv"\nverdict = "value"\n'
    )
    found, _ = updated(text, WRONG | RIGHT)
    assert found.startswith(text.partition("[[")[0])
    assert [(e["finding"], e["class"], "reason" in e) for e in entries(found)] == [("f", "even kernel", False)]


def test_lines_end_and_rights_stay_as_they_were_and_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "known.toml", tmp_path / "link.toml"
    path.write_bytes(entry('op = "conv"').replace("\n", "\r\n").encode())
    path.chmod(0o640)
    link.symlink_to(path)
    assert load(link).layout is not None
    writing.replace(link, "a = 1\nb = 2\n")
    assert path.read_bytes() == b"a = 1\r\nb = 2\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["known.toml", "link.toml"]


def test_a_file_that_somebody_changed_meanwhile_is_left_alone(made: Make, tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(entry('op = "max_pool"'))
    file = load(path)
    record = made({"theirs": WRONG | RIGHT}, narrowed=[], expectations=[e.to_json() for e in file.entries])
    found = update.revise(record, [file], WHOLE)
    path.write_text("# mine\n")
    with pytest.raises(UsageError, match="was changed during the run, and is left alone; run again"):
        update.write(found)
    assert path.read_text() == "# mine\n"


@pytest.mark.parametrize(
    "text",
    [
        'expectation = [{implementation = "a", op = "conv", verdict = "value", reason = "r", link = "l"}]\n',
        entry('op = "conv"').replace('"no clamp"', '"""\n[[expectation]]\n"""'),
    ],
)
def test_a_file_whose_entries_do_not_stand_alone_is_refused_before_the_run(text: str, tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(text)
    result = command("run", "spec", "--case", "conv.n1.k2", "--expectations", path, "--update-expectations")
    assert result.exit_code == 2
    assert "begin each entry with [[expectation]] on a line of its own" in result.output
    assert path.read_text() == text


def test_without_a_file_to_write_to_it_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = command("run", "spec", "--case", "conv.n1.k2", "--update-expectations")
    assert result.exit_code == 2
    assert "--update-expectations needs a file: give --expectations FILE, or write" in result.output


def test_a_block_begins_with_the_comments_above_it_but_those_at_the_top_are_the_file_s() -> None:
    text = "# top\n[[expectation]]\na = 1\n\n# second\n[[expectation]]\na = 2\n# in it\n\n# far\n\n[finding.x]\nb = 1\n"
    parts = layout.part(text)
    assert parts is not None
    assert [block.text for block in parts.blocks] == [
        "[[expectation]]\na = 1\n",
        "# second\n[[expectation]]\na = 2\n# in it\n\n# far\n",
    ]
    assert [block.line for block in parts.blocks] == [2, 6]
    assert (parts.head, parts.blocks[1].comment) == ("# top\n\n[finding.x]\nb = 1\n", "# second\n")


BROKEN = """
    def build(case):
        wrong = case.op == "conv" and case.kernel[0] % 2 == 0
        return lambda x, *rest: right(case)(x, *rest) + wrong

    implementation = Implementation(name="fake", framework="numpy", build=build, dtypes=("float32",), ranks=(1,))
"""


def test_a_run_writes_the_file_and_the_next_one_is_green_and_leaves_every_byte(plugin: Install, tmp_path: Path) -> None:
    """Until it is repaired; then the entry is stale, and the same command takes it out."""
    module = plugin("fake", BROKEN)
    known = tmp_path / "known.toml"
    run = ["run", "fake", "--profile", "quick", "--expectations", known, "--out", tmp_path / "out"]
    result = command(*run, "--update-expectations")
    assert result.exit_code == 0, result.output
    (found,) = entries(known.read_text())
    assert (found["op"], found["verdict"]) == ("conv", "value")
    assert "even kernel" in found.get("class", "") or "k % 2 == 0" in found["when"]
    assert command("report", tmp_path / "out").exit_code == 0
    written = known.read_bytes()
    result = command(*run)
    assert result.exit_code == 0, result.output
    assert known.read_bytes() == written
    module.write_text(module.read_text().replace("% 2 == 0", "< 0"))
    result = command(*run, "--update-expectations")
    assert result.exit_code == 0
    assert "entry 1 (line 4) is stale" in result.output
    assert known.read_text() == writing.HEAD
