"""Requirement sets: they never change, they find out every wrong rule in their scope, and a run says who conforms."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from same_conformance import conforming, mutants, record, requirements, rules, strategies
from same_conformance.assessment import assess, exit_code
from same_conformance.case import OPS, Case, parse
from same_conformance.cli import main
from same_conformance.errors import RecordError, RequirementError
from same_conformance.merge import merge
from same_conformance.outcome import Array
from same_conformance.predicate import compile_predicate
from same_conformance.record import Record
from same_conformance.report import actions, badges, html, junit, markdown, tables
from same_conformance.requirements import Requirement
from same_conformance.witnesses import recording
from same_conformance.witnesses.saying import Equal, Within

Make = Callable[..., Record]
Install = Callable[..., Path]

SETS = requirements.read()
NAME = "same-2d-2026"


def test_no_published_set_has_changed() -> None:
    assert {r.name for r in requirements.check(requirements.texts(), requirements.published())} == set(SETS)
    assert NAME in SETS


def test_the_manifest_is_canonical() -> None:
    text = (requirements.directory() / requirements.MANIFEST).read_text(encoding="utf-8")
    assert text == json.dumps(requirements.published(), indent=1, sort_keys=True) + "\n"


SMALL = Requirement("same-test-2026", "a test", "2026-01-02", "Nothing.", "op == 'conv' and rank == 1",
                    (parse("conv.n1.k2"), parse("conv.n5.k3.s2")), "")  # fmt: skip
TEXT = requirements.write(SMALL)


def test_a_set_reads_as_it_was_written() -> None:
    assert requirements.parse_set(SMALL.name, TEXT) == replace(SMALL, digest=requirements.digest(TEXT))
    assert len(requirements.check({SMALL.name: TEXT}, {SMALL.name: requirements.digest(TEXT)})) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TEXT + "conv.n6.k3.s2\n", "has changed, and what was published never does: take it back, and make a new set"),
        (TEXT.replace("conv.n1.k2\n", ""), "has changed, and what was published never does"),
        (TEXT.replace("Nothing.", "Everything."), "has changed, and what was published never does"),
    ],
)
def test_a_published_set_that_changes_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RequirementError, match=problem):
        requirements.check({SMALL.name: text}, {SMALL.name: requirements.digest(TEXT)})


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (SMALL.name, TEXT.replace("# date: 2026-01-02\n", ""), "begin it with # title:, # date:"),
        (SMALL.name, TEXT.replace("# title: a test", "# title: "), "none of them empty"),
        (SMALL.name, TEXT + "conv\n", "conv"),
        (SMALL.name, TEXT + "max_pool.n5.k3.s4\n", "max_pool.n5.k3.s4 is outside of its scope"),
        (SMALL.name, "".join(TEXT.splitlines(keepends=True)[:4] + TEXT.splitlines(keepends=True)[:3:-1]), "canonical order"),
        (SMALL.name, TEXT.replace("conv.n1.k2\n", "conv.n1.k2\n" * 2), "canonical order"),
        (SMALL.name, TEXT.replace("2026-01-02", "2025-01-02"), "its date 2025-01-02 is none of its year"),
        ("my-test-2026", TEXT, "its name is not same-WORDS-YEAR"),
        (SMALL.name, TEXT.replace("op == 'conv'", "op != 'conv'").replace("conv.n1.k2\nconv.n5.k3.s2", "max_pool.n1.k2.d2"),
         "of max_pool.n1.k2.d2 nothing says all that is right"),
    ],
)  # fmt: skip
def test_a_set_that_is_not_as_it_must_be_is_refused(name: str, text: str, problem: str) -> None:
    with pytest.raises(RequirementError, match=problem):
        requirements.check({name: text}, {name: requirements.digest(text)})


def test_every_set_is_in_the_manifest_and_every_set_of_the_manifest_is_there() -> None:
    with pytest.raises(RequirementError, match=r"same-test-2026 is not in manifest\.json"):
        requirements.check({SMALL.name: TEXT}, {})
    with pytest.raises(RequirementError, match="same-test-2026 was published, and is gone"):
        requirements.check({}, {SMALL.name: requirements.digest(TEXT)})


def killers(requirement: Requirement) -> dict[tuple[str, str, str], bool]:
    """Return for each mutant, op and what is compared whether a case of the set finds it out."""
    kinds = {(case.op, case.compared) for case in requirement.cases}
    return {
        (name, op, compared): any(
            (case.op, case.compared) == (op, compared) and rules.kills(case, rule) for case in requirement.cases
        )
        for name, rule in mutants.RULES.items()
        for op, compared in sorted(kinds)
        if op in rule.ops
    }


SINCE: dict[str, set[tuple[str, str, str]]] = {
    "same-gradients-2d-2026": {
        ("global-where-covered", "max_pool", "input_gradient"),
        ("global-everywhere-where-covered", "max_pool", "input_gradient"),
    },
    "same-3d-2026": {("kept-by-last-size", "avg_pool", "forward")},
}
"""Mutants that are younger than a set, which never changes, and that it misses: the next set of its scope must not."""


@pytest.mark.parametrize("requirement", SETS.values(), ids=SETS)
def test_a_set_finds_out_every_mutant_that_its_scope_can_find_out(requirement: Requirement) -> None:
    """Of all small cases of its last axis and of 60 drawn ones, none finds out a mutant that the set does not."""
    found = killers(requirement)
    survivors = [key for key, is_killed in found.items() if not is_killed]
    assert len(survivors) < len(found) / 2
    within = compile_predicate(requirement.scope)
    first = requirement.cases[0]
    rest = (1,) * (first.rank - 1)
    small = [
        Case(op, (*rest, n), (*rest, k), (*rest, s), (*rest, d), padding=first.padding, compared=compared)
        for op, compared in sorted({(case.op, case.compared) for case in requirement.cases})
        for n, k, s, d in itertools.product(range(1, 5), range(1, 4), range(1, 4), range(1, 4))
    ]
    drawn = strategies.draw_distinct(
        60,
        seed=26,
        ops=[op for op in OPS if any(case.op == op for case in requirement.cases)],
        ranks=[first.rank],
        compared=sorted({case.compared for case in requirement.cases}),
        dtypes=["float32"],
        paddings=[first.padding],
    ).cases
    cases = [case for case in (*small, *drawn) if within(case) and requirements.is_specified(case)]
    assert len(cases) > 50
    missed = {
        (name, op, compared)
        for name, op, compared in survivors
        for case in cases
        if (case.op, case.compared) == (op, compared) and rules.kills(case, mutants.RULES[name])
    }
    assert missed == SINCE.get(requirement.name, set())


def test_a_set_without_its_best_cases_would_let_mutants_live() -> None:
    """The test above can fail: of the undilated, unstrided cases alone it finds survivors."""
    weak = replace(SETS[NAME], cases=tuple(c for c in SETS[NAME].cases if max(c.stride) == 1))
    killed = killers(SETS[NAME])
    lost = [key for key, is_killed in killers(weak).items() if not is_killed and killed[key]]
    assert len(lost) > 10


def test_of_every_case_of_a_set_a_witness_says_what_the_spec_says_and_none_contests_it() -> None:
    """So that nobody is asked for what TensorFlow and JAX do not do; both conform to the sets of 1-D and 2-D."""
    recorded = recording.read().lines
    for requirement in SETS.values():
        for case in requirement.cases:
            said = recorded[case].said
            assert any(isinstance(saying, Equal | Within) for saying in said.values()), case.id
            assert not any(isinstance(saying, Array) for saying in said.values()), case.id
    for name in ("same-1d-2026", NAME):
        for case in SETS[name].cases:
            assert all(isinstance(saying, Equal | Within) for saying in recorded[case].said.values()), case.id


def required(*case_ids: str, name: str = "same-test-2026") -> dict[str, Any]:
    return {**SMALL.to_json(), "name": name, "digest": "feed", "cases": list(case_ids)}


CASES = ("conv.n1.k2", "conv.n5.k3.s2")


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ({CASES[0]: "pass", CASES[1]: "pass"}, "2 of 2 pass"),
        ({CASES[0]: "pass", CASES[1]: "unsupported"}, f"1 of 2 pass; 1 unsupported; the smallest is {CASES[1]}"),
        (
            {CASES[0]: "unspecified", CASES[1]: "value"},
            f"0 of 2 pass; 1 value, 1 unspecified; the smallest is {CASES[0]}",
        ),
        ({CASES[0]: "pass"}, f"1 of 2 pass; 1 not run; the smallest is {CASES[1]}"),
    ],
)
def test_only_who_passes_every_case_conforms(made: Make, verdicts: dict[str, str], told: str) -> None:
    run = made({"mine": verdicts}, requirements=[required(*CASES)], named=["mine"])
    (claim,) = conforming.claims(run)
    conforms = told == "2 of 2 pass"
    assert (claim.is_conforming, claim.told) == (conforms, told)
    assert claim.verdict == ("" if conforms else "not ") + "conforming to same-test-2026"
    assert conforming.broken(run) == ([] if conforms else [claim])


def test_an_empty_set_proves_nothing(made: Make) -> None:
    (claim,) = conforming.claims(made({"mine": {CASES[0]: "pass"}}, requirements=[required()]))
    assert not claim.is_conforming


def test_expectations_make_no_failure_conforming(made: Make) -> None:
    """The verdict is expected, so that without the requirement the run would be green."""
    entry = {
        "implementation": "mine",
        "when": "op == 'conv'",
        "verdict": "value",
        "reason": "known",
        "link": "not reported",
    }
    run = made({"mine": dict.fromkeys(CASES, "value")}, expectations=[entry])
    assert exit_code(run, assess(run), asked_for=frozenset()) == 0
    run.header |= {"requirements": [required(*CASES)], "named": ["mine"]}
    assert exit_code(run, assess(run), asked_for=frozenset()) == 1


def test_who_was_not_named_is_judged_but_fails_no_run(made: Make) -> None:
    """`run --require SET` without names shows where everybody stands."""
    outcomes = {"mine": dict.fromkeys(CASES, "unsupported"), "other": dict.fromkeys(CASES, "pass")}
    run = made(outcomes, requirements=[required(*CASES)], named=["other"])
    assert [claim.is_conforming for claim in conforming.claims(run)] == [False, True]
    assert exit_code(run, assess(run), asked_for=frozenset()) == 0


def test_shards_conform_together(made: Make) -> None:
    shards = {case: made({"mine": {case: "pass"}}, requirements=[required(*CASES)], named=["mine"]) for case in CASES}
    assert not conforming.claims(shards[CASES[0]])[0].is_conforming
    assert [claim.is_conforming for claim in conforming.claims(merge(shards))] == [True]


def test_a_badge_names_the_set_and_its_date(made: Make, tmp_path: Path) -> None:
    """A badge of an earlier run, of a set that this one was not asked for, goes; what is not ours stays."""
    outcomes = {"mine": dict.fromkeys(CASES, "pass"), "other": {CASES[0]: "value", CASES[1]: "pass"}}
    run = made(outcomes, requirements=[required(*CASES)])
    (tmp_path / "badges" / "same-old-2025").mkdir(parents=True)
    (tmp_path / "badges" / "same-old-2025" / "mine.json").write_text('{"label": "padding=SAME: same-old-2025"}')
    (tmp_path / "badges" / "notes").mkdir()
    (tmp_path / "badges" / "notes" / "mine.json").write_text("{}")
    badges.write(run, assess(run), tmp_path)
    folder = tmp_path / "badges" / "same-test-2026"
    about = {"schemaVersion": 1, "label": "padding=SAME: same-test-2026 (2026-01-02)"}
    mine, other = (json.loads((folder / f"{name}.json").read_text()) for name in ("mine", "other"))
    assert mine == {**about, "message": "mine conforms", "color": "brightgreen"}
    assert other == {**about, "message": "other does not conform", "color": "red"}
    assert not (tmp_path / "badges" / "same-old-2025").exists()
    assert (tmp_path / "badges" / "notes" / "mine.json").exists()
    unfinished = made({"mine": {CASES[0]: "pass"}}, requirements=[required(*CASES)], finished=False)
    shard = made({"mine": {CASES[0]: "pass"}}, requirements=[required(*CASES)])
    for part in (unfinished, shard):
        badges.write(part, assess(part), tmp_path)
        assert json.loads((folder / "mine.json").read_text())["message"] == "mine (unfinished)"


def test_every_form_of_the_report_says_who_conforms(made: Make, tmp_path: Path) -> None:
    run = made({"mine": {CASES[0]: "pass", CASES[1]: "value"}}, requirements=[required(*CASES)], named=["mine"])
    assessment = assess(run)
    frame = tables.verdicts(assessment)
    summary = markdown.render(run, assessment, frame)
    assert "- `same-test-2026` of 2026-01-02: a test" in summary
    assert (
        "| `same-test-2026` | `mine` | **not** conforming | 1 of 2 pass; 1 value; the smallest is conv.n5.k3.s2 |"
        in summary
    )
    page = html.render(run, assessment, frame)
    assert "<b>same-test-2026</b> of 2026-01-02, digest <code>feed</code>" in page
    assert "not conforming</span>" in page
    told = "not conforming to same-test-2026: 1 of 2 pass; 1 value; the smallest is conv.n5.k3.s2"
    assert f"<strong>mine</strong> is {told}" in page
    assert "1 requirement is not met." in page
    assert f"::error title=same-conformance%3A mine::{told}" in actions.commands(run, assessment)
    junit.write(run, assessment, tmp_path / "junit.xml")
    assert f'name="same-test-2026"><failure message="{told}"' in (tmp_path / "junit.xml").read_text()


@pytest.mark.parametrize(
    "header",
    [
        {"requirements": [{"name": "same-test-2026"}]},
        {"requirements": [required("conv")]},
        {"requirements": [required(*CASES) | {"cases": [[]]}]},
        {"requirements": 1},
        {"named": "mine"},
    ],
)
def test_a_record_with_damaged_requirements_is_refused(
    made: Make, kept: Callable[[Record, Path], Path], tmp_path: Path, header: dict[str, Any]
) -> None:
    path = kept(made({"mine": {CASES[0]: "pass"}}, **header), tmp_path) / record.FILE
    with pytest.raises(RecordError, match="its header, line 1, is damaged"):
        record.read(path)


def test_the_documentation_lists_every_set_with_its_digest() -> None:
    text = (Path(__file__).parents[1] / "docs" / "requirements.md").read_text(encoding="utf-8")
    rows = [f"| `{r.name}` | {r.date} | {r.title}: {len(r.cases)} cases | `{r.digest}` |\n" for r in SETS.values()]
    assert "".join(rows) in text


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


GOOD = """
implementation = Implementation(name="mine", framework="numpy", conv=None, build=right, {more})
"""


def test_a_run_that_requires_a_set_runs_its_cases_and_says_whether_it_conforms(plugin: Install, tmp_path: Path) -> None:
    plugin("mine", GOOD.format(more=""))
    result = command("run", "mine", "--require", "same-transpose-2d-2026", "--out", str(tmp_path))
    n = len(SETS["same-transpose-2d-2026"].cases)
    assert result.exit_code == 0, result.output
    assert f"mine: conforming to same-transpose-2d-2026 ({n} of {n} pass)" in result.output
    header = json.loads((tmp_path / "run.jsonl").read_text().splitlines()[0])
    assert header["profile"] == "same-transpose-2d-2026"
    assert header["cases"] == [[case.id, "required"] for case in SETS["same-transpose-2d-2026"].cases]
    assert header["requirements"][0]["digest"] == requirements.published()["same-transpose-2d-2026"]
    before = (tmp_path / "summary.md").read_bytes()
    assert command("report", str(tmp_path)).exit_code == 0
    assert (tmp_path / "summary.md").read_bytes() == before


def test_what_is_left_out_does_not_conform_and_fails_the_run_that_names_it(plugin: Install, tmp_path: Path) -> None:
    """Of two sets, each is told apart; beside them a case that was asked for runs too."""
    plugin("mine", GOOD.format(more="paddings=['same']"))
    sets = ("--require", "same-transpose-2d-2026", "--require", "same-lower-2d-2026")
    result = command("run", "mine", *sets, "--case", "conv_transpose.n3.k3.s2", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "mine: conforming to same-transpose-2d-2026" in result.output
    n = len(SETS["same-lower-2d-2026"].cases)
    assert f"mine: not conforming to same-lower-2d-2026 (0 of {n} pass; {n} unsupported" in result.output
    n_all = n + len(SETS["same-transpose-2d-2026"].cases) + 1
    assert len((tmp_path / "results.csv").read_text().splitlines()) == n_all + 1
    assert command("report", str(tmp_path)).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--require", "same-2d-2062"), "there is no requirement set 'same-2d-2062': did you mean same-2d-2026?"),
        (("--require", NAME, "--op", "conv"), "--require runs every case of a set: leave out --op"),
    ],
)
def test_wrong_usage_is_told_with_what_is_allowed(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = command("run", "spec", *arguments, "--out", str(tmp_path))
    assert result.exit_code == 2
    assert message in result.output


def test_the_sets_are_listed_and_their_cases_are_what_cases_from_takes(tmp_path: Path) -> None:
    listed = command("requirements").output
    for requirement in SETS.values():
        assert (
            f"{requirement.name}  {requirement.date}, {len(requirement.cases)} cases, digest {requirement.digest}"
            in listed
        )
    printed = command("requirements", NAME).output
    assert printed == requirements.texts()[NAME]
    assert command("requirements", "same").exit_code == 2
