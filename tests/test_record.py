"""The record: past damage everything is read that can be, and said; whoever goes on with a run trusts less of it."""

import contextlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from same_conformance import record, report
from same_conformance.assessment import assess
from same_conformance.diff import compare
from same_conformance.errors import RecordError, SameConformanceError
from same_conformance.merge import merge
from same_conformance.record import Record

Make = Callable[..., Record]
Keep = Callable[[Record, Path], Path]
CASES = [f"conv.n{n}.k3" for n in range(3, 9)]


@pytest.fixture
def path(made: Make, kept: Keep, tmp_path: Path) -> Path:
    return kept(made({"a": dict.fromkeys(CASES, "pass")}), tmp_path) / record.FILE


def damage(path: Path, number: int, line: bytes) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = line
    path.write_bytes(b"".join(lines))


def test_a_whole_record_is_read_as_it_was_written(path: Path) -> None:
    found = record.read(path)
    assert (len(found.results), found.damage, found.damaged, found.unfinished) == (6, [], "", "")
    assert found.is_finished
    assert found.header["began"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"\x00\xff garbage\n", "it is no JSON"),
        (b"\n", "it is no JSON"),
        (b'{"type":"result","implementation":"a","case":"conv.n4.k3"}\n', "it has no 'verdict'"),
        (b'{"type":"result","implementation":"a","case":"conv.n4.k3","verdict":"fine"}\n', "'fine' is no verdict"),
        (b'{"type":"result","implementation":"b","case":"conv.n4.k3","verdict":"pass"}\n', "the header has no implementation b"),
        (b'{"type":"result","implementation":"a","case":"conv.n3.k3","verdict":"pass"}\n', "a has an outcome of conv.n3.k3 already"),
        (b'{"type":"result","implementation":"a","case":"conv.n4","verdict":"pass"}\n', "case id 'conv.n4': kernel is missing"),
        (b'{"type":"result","implementation":7,"case":"conv.n4.k3","verdict":"pass"}\n', ""),
        (b'{"type":"result","implementation":"a","case":["x"],"verdict":"pass"}\n', ""),
        (b'{"type":"result","implementation":"a","case":"conv.n4.k3","verdict":["x"]}\n', ""),
        (b'{"type":"result","implementation":"a","case":"conv.n4.k3","verdict":"shape","shape":[-1]}\n', "its shape is none"),
        (b'{"type":"result","implementation":"a","case":"conv.n4.k3","verdict":"value","n_different":"x"}\n', "n_different is no number"),
        (b'{"type":"header"}\n', "its type is 'header'"),
        (b'["result"]\n', ""),
        (b"7\n", ""),
        (b'{"a":' * 100_000 + b"\n", ""),
    ],
)  # fmt: skip
def test_a_bad_line_in_the_middle_is_remembered_and_the_rest_is_read(path: Path, line: bytes, why: str) -> None:
    damage(path, 3, line)
    found = record.read(path)
    assert [d.line for d in found.damage] == [3]
    assert why in found.damage[0].why
    assert found.is_finished
    assert [r.case.id for r in found.results] == [CASES[0], *CASES[2:]]
    assert "damaged: 1 line cannot be used (line 3: " in found.damaged
    assert "5 outcomes were saved" in found.damaged


def test_whoever_goes_on_with_a_run_reads_no_further_than_the_damage(path: Path) -> None:
    damage(path, 3, b"garbage\n")
    found = record.read(path, past_damage=False)
    assert [r.case.id for r in found.results] == CASES[:1]
    assert not found.footer


def test_a_run_that_was_cut_short_says_how_much_is_there(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]) + lines[4][:30])
    found = record.read(path)
    assert found.unfinished == "unfinished: 3 of 6 outcomes"
    assert [(d.line, d.why) for d in found.damage] == [(5, "it is cut short")]


def test_a_footer_of_another_form_is_damage_and_the_run_counts_as_unfinished(path: Path) -> None:
    damage(path, 8, b'{"type":"footer","causes":[{"implementation":"a"}]}\n')
    found = record.read(path)
    assert found.unfinished == "unfinished: 6 of 6 outcomes"
    assert found.damage[0].line == 8


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"garbage\n", "its first line is no header; 7 lines follow, but nothing says what they are about"),
        (b"\n", "its first line is no header"),
        (b'{"type":"header","format":2,"same_conformance":"9.0"}\n',
         "is of format 2, written by same-conformance 9.0; this is 0.1.0, which reads format 1: install a newer one"),
        (b'{"type":"header","format":0}\n', "is not the record of a run of format 1"),
        (b'{"type":"header","format":1}\n', "its header, line 1, is damaged: it has no 'same_conformance'"),
        (b'{"type":"header","format":1,"implementations":[{"name":7}]}\n', "its header, line 1, is damaged"),
    ],
)  # fmt: skip
def test_without_a_header_nothing_can_be_read(path: Path, header: bytes, message: str) -> None:
    damage(path, 1, header)
    with pytest.raises(RecordError) as error:
        record.read(path)
    assert message in str(error.value)


def test_an_empty_file_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(RecordError, match="its first line is no header"):
        record.read(tmp_path / "x")


def test_no_damage_of_any_bytes_makes_reading_fail_otherwise(path: Path) -> None:
    """A few thousand bytes changed, cut out and doubled: there is a record, or an error of ours."""
    whole, draw = path.read_bytes(), random.Random(0)  # noqa: S311  # not for secrets
    for turn in range(600):
        data = bytearray(whole)
        for _ in range(draw.randrange(1, 5)):
            i = draw.randrange(len(data))
            match draw.randrange(3):
                case 0:
                    data[i] = draw.randrange(256)
                case 1:
                    del data[i : i + draw.randrange(1, 40)]
                case _:
                    data[i:i] = data[i : i + draw.randrange(1, 400)]
        path.write_bytes(data)
        try:
            found = record.read(path)
        except RecordError:
            continue
        assert len(found.results) <= 6
        json.dumps(found.header)
        with contextlib.suppress(SameConformanceError):  # expectations that nobody understands
            compare(found, found)
            found = merge({"x": found})
            assessment = assess(found)
            if turn % 20 == 0:
                report.write(found, assessment, path.parent)


def test_texts_of_a_record_are_tamed_on_the_way_in_and_on_the_way_out(made: Make, kept: Keep, tmp_path: Path) -> None:
    bad = "a\ud800\u202e\x1b[31m\x00\n" + "x" * 10_000_000
    header = {"not_started": {bad: bad}, "variables": {"XLA_FLAGS": bad}, "command": bad}
    path = (
        kept(made({"a": {CASES[0]: "pass"}}, footer={"outputs": {"a": "one\ntwo\x00\n"}}, **header), tmp_path)
        / record.FILE
    )
    assert path.stat().st_size < 50_000
    found = record.read(path)
    ((name, why),) = found.header["not_started"].items()
    for text in (name, why, found.header["variables"]["XLA_FLAGS"], found.header["command"]):
        assert text.isprintable()
        assert text.startswith("a   [31m  xxx")
        assert text.endswith("… (10,000,010 characters)")
        assert len(text) == 4000
    assert found.footer["outputs"]["a"] == "one\ntwo "
    raw = path.read_text()
    path.write_text(raw.replace('"began":"2026', '"began":"\\ud800\\u0000<b>2026'))
    assert record.read(path).header["began"].startswith("  <b>2026")
