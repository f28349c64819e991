"""Recorded witnesses: true, of today's spec, and heard in a run that goes without the witnesses themselves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from records import unbroken
from same_conformance import corpus, operands, record, spec
from same_conformance import run as run_module
from same_conformance.assessment import assess
from same_conformance.case import parse
from same_conformance.cli import main
from same_conformance.errors import RecordError
from same_conformance.expectations import Expectations
from same_conformance.judge import Judge, Judgement
from same_conformance.merge import merge
from same_conformance.outcome import Array, Crash, Error, Unsupported
from same_conformance.record import Record
from same_conformance.witnesses import absent, live, recording
from same_conformance.witnesses.saying import Equal, from_json, judgement, listen, to_json

Make = Callable[..., Record]
Keep = Callable[[Record, Path], Path]

TEXT = corpus.read_text(recording.FILE)
RECORDED = recording.parse(TEXT)
CONTESTED = "conv.n6-6-6.k1-1-1.s3-3-3.float64"
"""TensorFlow begins inside the input, JAX does not."""


def excerpt(n: int = 5) -> list[dict[str, Any]]:
    """Return the rows of a short recording: the header and `n` small cases."""
    return [json.loads(line) for line in TEXT.splitlines()[: n + 1]]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


CASES = [parse(row["case"]) for row in excerpt()[1:]]


def test_the_recording_is_of_today_s_spec_and_has_every_case() -> None:
    recording.check(TEXT, recording.cases())
    assert {e.case for e in corpus.read()} <= RECORDED.lines.keys()
    assert len(TEXT) < 1_000_000


def test_an_excerpt_is_as_it_must_be() -> None:
    """What the next tests break is whole."""
    assert list(recording.check(lines(excerpt()), CASES).lines) == CASES


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[2].update(digest="0" * 16), "1 recorded against another spec or other operands: "),
        (lambda rows: rows.pop(), f"1 not recorded: {CASES[-1].id}"),
        (lambda rows: rows.append({**rows[1], "case": "conv.n77.k3"}), "1 recorded, but not to be: conv.n77.k3"),
        (lambda rows: rows.append(rows[1]), "is there twice"),
        (lambda rows: rows.insert(2, rows.pop()), "not in canonical order and form"),
        (lambda rows: rows[1].update(tensorflow="nearly equal"), "line 2: "),
        (lambda rows: rows[1].pop("jax"), "line 2: KeyError('jax')"),
        (lambda rows: rows[0]["witnesses"].pop("jax"), "its witnesses are tensorflow, and not tensorflow, jax"),
        (lambda rows: rows.pop(0), "line 1: KeyError('witnesses')"),
    ],
)
def test_a_recording_that_is_not_as_it_must_be_is_refused_with_the_next_step(
    change: Callable[[list[dict[str, Any]]], Any], message: str
) -> None:
    rows = excerpt()
    change(rows)
    with pytest.raises(RecordError) as error:
        recording.check(lines(rows), CASES)
    assert message in str(error.value)
    assert "nox -s record asks the witnesses again" in str(error.value)


@pytest.mark.parametrize("module", ["spec", "operands"])
def test_a_change_of_the_spec_or_of_the_operands_makes_the_recording_stale(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if module == "spec":
        right = spec.execute
        monkeypatch.setattr(spec, "execute", lambda case, data: right(case, data) + 1)
    else:
        made = operands.make
        monkeypatch.setattr(operands, "make", lambda case: tuple(a + 1 for a in made(case)))
    with pytest.raises(RecordError, match=f"{len(CASES)} recorded against another spec or other operands"):
        recording.check(lines(excerpt()), CASES)


def test_the_recording_is_of_the_pinned_versions_and_tells_no_machine() -> None:
    pinned = (Path(__file__).parents[1] / "constraints.txt").read_text()
    for about in RECORDED.witnesses.values():
        package, version = next(iter(about["versions"].items()))
        assert f"{package}=={version}\n" in pinned
    assert "/" not in json.dumps([RECORDED.witnesses, RECORDED.machine])


def test_what_witnesses_contest_on_record_is_listed_with_reason_and_link() -> None:
    known, judge = Expectations(corpus.read_expectations(), {}), Judge()
    contested = 0
    for case, line in RECORDED.lines.items():
        for name, saying in line.said.items():
            verdict = judgement(case, saying, judge).verdict
            standing, why = known.assess(name, case, verdict)
            assert standing in ("as expected", "expected failure"), (name, case.id, verdict, why)
            contested += standing == "expected failure"
    assert contested


def test_the_witnesses_still_say_what_is_recorded() -> None:
    """Asked again: everything that is neither equal nor unsupported, and of the rest every fortieth case.

    Of what depends on the processor, nothing else than what is recorded or what is right.
    """
    odd = [
        c
        for c, line in RECORDED.lines.items()
        if not all(isinstance(s, Equal | Unsupported) for s in line.said.values())
    ]
    sample = list(dict.fromkeys([*odd, *list(RECORDED.lines)[::40]]))
    now, judge = live.record(sample), Judge()
    depends = [entry for entry in corpus.read_expectations() if entry.may_pass]
    for case in sample:
        assert now.lines[case].digest == RECORDED.lines[case].digest
        for name, was in RECORDED.lines[case].said.items():
            said, recorded = (judgement(case, saying, judge) for saying in (now.lines[case].said[name], was))
            may_pass = any(e.implementation == name and e.predicts(case) for e in depends)
            assert said == recorded or (may_pass and "pass" in (said.verdict, recorded.verdict)), (name, case.id, said)


AVERAGE = parse("avg_pool.n5.k3")
HALF = parse("avg_pool.n5.k3.input_gradient")
PADDING_ONLY = parse("max_pool.n4.k2.d7.b2")


def right(case_id: str) -> np.ndarray:
    case = parse(case_id)
    return spec.execute(case, operands.make(case))


@pytest.mark.parametrize(
    ("case_id", "outcome", "said"),
    [
        ("conv.n5.k3", lambda values: Array(values, "float32"), "equal"),
        ("max_pool.n4.k2.d7.b2", lambda values: Array(values, "float32"), "equal"),
        ("avg_pool.n2.k8.d3.c4.float64", lambda values: Array(values, "float64"), "equal"),
        ("avg_pool.n5.k3", lambda values: Array(values.astype("f").astype("d"), "float32"), "equal"),
        ("avg_pool.n5.k3", lambda values: Array(np.nextafter(values.astype("f"), np.float32(1e9)).astype("d"), "float32"), "within 1 ULP"),
        ("avg_pool.n5.k3.input_gradient", lambda values: Array(values * (1 + 2.0**-24), "float32"), "within 1 eps"),
        ("conv.n1.k1", lambda values: Array(values + 1, "float32"), {"shape": [1, 1, 1], "values": [7 + 1]}),
        ("conv.n1.k1", lambda values: Array(values, "float64"), {"shape": [1, 1, 1], "values": [7], "dtype": "float64"}),
        ("conv.n1.k1", lambda values: Array(values[:, :, 0], "float32"), {"shape": [1, 1], "values": [7]}),
        ("conv.n1.k1", lambda _: Unsupported("not today"), "unsupported: not today"),
    ],
)  # fmt: skip
def test_a_saying_is_words_where_the_array_is_the_spec_s_and_else_the_array(
    case_id: str, outcome: Callable[[np.ndarray], Any], said: Any
) -> None:
    """It is judged as the outcome would be, before and after it was written."""
    case, judge = parse(case_id), Judge()
    found = outcome(right(case_id))
    saying = listen(case, found, judge)
    written = to_json(case, saying)
    if isinstance(said, dict):
        said["values"] = [v - 7 + int(right(case_id).item()) for v in said["values"]]
    assert written == said
    for heard in (saying, from_json(case, json.loads(json.dumps(written)))):
        assert judgement(case, heard, judge) == judge.judge(case, found)


def test_windows_of_padding_alone_are_kept_as_they_are(tmp_path: Path) -> None:
    """Nothing says what they give, so that an array may differ there alone; infinity and NaN survive the file."""
    judge = Judge()
    values = right(PADDING_ONLY.id)
    values[np.isinf(values) & (np.arange(values.size).reshape(values.shape) % 2 == 0)] = np.nan
    saying = listen(PADDING_ONLY, Array(values, "float32"), judge)
    again = from_json(PADDING_ONLY, json.loads(json.dumps(to_json(PADDING_ONLY, saying))))
    assert isinstance(again, Array)
    assert np.array_equal(again.values, values, equal_nan=True)
    assert np.isinf(values).any()
    assert np.isnan(values).any()
    assert judgement(PADDING_ONLY, again, judge).verdict == "unspecified"


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Crash("was killed by SIGSEGV"), "crash"),
        (Error("ValueError: no"), "error"),
        (Array(right("conv.n5.k3"), "float32", n_unequal=1), "nondeterministic"),
    ],
)
def test_what_wants_to_be_looked_at_first_is_not_recorded(outcome: Any, why: str) -> None:
    with pytest.raises(RecordError, match=f"conv.n5.k3: {why} .* is nothing to record"):
        listen(parse("conv.n5.k3"), outcome, Judge())


def test_recording_again_says_what_changed() -> None:
    old, rows = recording.parse(lines(excerpt())), excerpt()
    rows[0]["witnesses"]["jax"]["versions"]["jax"] = "9.9"
    rows[2]["jax"] = "unsupported: gone"
    rows[3]["digest"] = "feed"
    rows[4]["tensorflow"] = {"shape": [1], "values": [5]}
    rows[5]["case"] = "conv.n77.k3"
    said = list(recording.changes(old, recording.parse(lines(rows))))
    version = RECORDED.witnesses["jax"]["versions"]["jax"]
    assert said[0] == f"jax, versions: jax {version} → 9.9"
    assert f"{CASES[1].id}: jax equal → unsupported: gone" in said
    assert any(line.startswith(f"{CASES[2].id}: the spec's digest ") for line in said)
    assert any(line.startswith(f"{CASES[3].id}: tensorflow equal → array ") for line in said)
    assert {"1 cases added: conv.n77.k3", f"1 cases removed: {CASES[4].id}"} <= set(said)
    assert not list(recording.changes(old, old))


def run(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", *arguments, "--out", str(out)])


def case_options(*case_ids: str) -> list[str]:
    return [part for case_id in case_ids for part in ("--case", case_id)]


def test_a_run_without_witnesses_hears_their_recordings_and_says_so(tmp_path: Path) -> None:
    """Agreed, contested by one, offered by one, and recorded by none."""
    out = tmp_path / "out"
    cases = ["conv.n1.k1", CONTESTED, "conv.n77.k3"]
    result = run(out, "spec", *case_options(*cases))
    assert result.exit_code == 0, result.output
    versions = [next(iter(RECORDED.witnesses[name]["versions"].values())) for name in ("tensorflow", "jax")]
    who = "recorded: TensorFlow {}, JAX {}".format(*versions)
    counts = "they say what the spec says of 1 of 3 cases, and differ on 1; of 1 there is no word of them"
    assert f"witnesses {who}; {counts}" in result.output
    rows = pd.read_csv(out / "results.csv", keep_default_na=False).set_index("case")
    assert rows["contested"].to_dict() == {cases[0]: False, cases[1]: True, cases[2]: False}
    assert rows["witnesses"].to_dict() == {
        cases[0]: "recorded jax tensorflow",
        cases[1]: "recorded jax tensorflow; equals jax",
        cases[2]: "",
    }
    assert f"Witnesses {who}; {counts}." in (out / "summary.md").read_text()
    page = unbroken((out / "index.html").read_text())
    assert page.count(f"Witnesses {who}; {counts}.") == 2
    assert "<h2>tensorflow, as recorded: " in page
    assert f"same-conformance repro {CONTESTED} --with tensorflow</code>" in page
    assert "Witnesses on record" in page
    assert '<code class="setting">TF_ENABLE_ONEDNN_OPTS=1</code>' in page


def test_the_record_of_the_run_is_all_that_its_report_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    run(out, "spec", *case_options("conv.n1.k1", CONTESTED, "max_pool.n1.k2.d2"))
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    monkeypatch.setattr(recording, "read", lambda: pytest.fail("the recording was read"))
    assert CliRunner().invoke(main, ["report", str(out)]).exit_code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


RECORDED_WRONG = {
    "versions": {"tensorflow": "1.0"}, "python": "3.11", "platform": "Linux", "instructions": [], "environment": {},
    "said": {"conv.n5.k3": {"verdict": "value", "shape": [1, 5, 1], "n_different": 1, "digest": "ab"}},
}  # fmt: skip


def test_a_witness_that_ran_is_heard_and_not_its_recording(made: Make) -> None:
    ours = {"mine": {"conv.n5.k3": "pass"}}
    contested = assess(made(ours, recorded={"tensorflow": RECORDED_WRONG}))
    assert [row.contested for row in contested.rows] == [True]
    assert len(contested.contested_on_record) == 1
    ran = Judgement("pass", (1, 5, 1))
    live_too = assess(made({**ours, "tensorflow": {"conv.n5.k3": ran}}, recorded={"tensorflow": RECORDED_WRONG}))
    assert [(row.contested, row.witnesses) for row in live_too.rows] == [(False, "ran tensorflow")] * 2
    assert not live_too.contested_on_record


def test_a_wrong_outcome_that_equals_a_recorded_one_says_so(made: Make) -> None:
    wrong = Judgement("value", (1, 5, 1), 1, 2.0, "ab", "wrong")
    (row,) = assess(made({"mine": {"conv.n5.k3": wrong}}, recorded={"tensorflow": RECORDED_WRONG})).rows
    assert row.witnesses == "recorded tensorflow; equals tensorflow"


def test_shards_share_their_recordings_and_must_not_have_different_ones(made: Make) -> None:
    other = {**RECORDED_WRONG, "said": {"conv.n6.k3": {"verdict": "pass"}}}
    a = made({"mine": {"conv.n5.k3": "pass"}}, recorded={"tensorflow": RECORDED_WRONG})
    b = made({"mine": {"conv.n6.k3": "pass"}}, recorded={"tensorflow": other})
    both = merge({"a": a, "b": b})
    assert [result.case.id for result in both.recorded] == ["conv.n5.k3", "conv.n6.k3"]
    assert (
        absent.sentence(both)
        == "recorded: TensorFlow 1.0; they say what the spec says of 1 of 2 cases, and differ on 1"
    )
    c = made({"mine": {"conv.n6.k3": "pass"}}, recorded={"tensorflow": {**other, "platform": "Darwin"}})
    with pytest.raises(RecordError, match="another recording of tensorflow"):
        merge({"a": a, "c": c})


@pytest.mark.parametrize(
    ("key", "why"),
    [("recorded", "the recorded witnesses changed"), ("requirements", "the requirement sets changed")],
)
def test_an_unfinished_run_goes_on_only_with_the_same_recording_and_requirements(
    made: Make, key: str, why: str
) -> None:
    old = made({"mine": {"conv.n5.k3": "pass"}}, recorded={}, requirements=[]).header
    assert run_module._changes(old, dict(old)) == ""
    assert run_module._changes(old, {**old, key: ["another"]}) == why


@pytest.mark.parametrize(
    "said", [{"conv.n5.k3": {}}, {"conv": {"verdict": "pass"}}, {"conv.n5.k3": {"verdict": "fine"}}]
)
def test_a_record_with_a_damaged_recording_is_refused(made: Make, kept: Keep, tmp_path: Path, said: Any) -> None:
    broken = made({"mine": {"conv.n5.k3": "pass"}}, recorded={"tensorflow": {**RECORDED_WRONG, "said": said}})
    with pytest.raises(RecordError, match="its header, line 1, is damaged"):
        record.read(kept(broken, tmp_path) / record.FILE)
