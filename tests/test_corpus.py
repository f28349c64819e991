"""The files in cases/: canonical, every line valid with its reason and source, and what the networks are said to hold."""

import json
from collections import Counter
from pathlib import Path

import pytest

from same_conformance import corpus, padding
from same_conformance.case import OPS, RANKS, parse
from same_conformance.classes import count

CASES = Path(__file__).parents[1] / "cases"


@pytest.mark.parametrize("name", ["corpus.jsonl", "networks.jsonl"])
def test_lines_are_sorted_and_canonical(name: str) -> None:
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [json.dumps(row) for row in rows] == lines
    keys = [parse(row["case"]).canonical_key for row in rows]
    assert keys == sorted(keys)
    assert len(set(lines)) == len(lines)


def test_every_case_of_the_corpus_has_a_reason_and_a_source_and_is_there_once() -> None:
    entries = corpus.read()
    assert all(len(e.reason) > 10 and e.source for e in entries)
    assert max(Counter(e.case for e in entries).values()) == 1


def test_the_corpus_holds_every_op_rank_and_class() -> None:
    cases = [e.case for e in corpus.read()]
    assert {c.op for c in cases} == {*OPS}
    assert {c.rank for c in cases} == {*RANKS}
    assert min(count(cases).values()) >= 2


def test_the_networks_are_those_that_were_counted() -> None:
    """Keras 3.15.1; distinct once channels are reduced and separable convolutions are their depthwise part."""
    layers = corpus.read_networks()
    same = [layer for layer in layers if layer.pads is None]
    assert len(same) == 189
    assert sum(len(paths) for layer in same for paths in layer.layers.values()) == 4070
    assert len({network for layer in same for network in layer.layers}) == 37
    by_hand = Counter({True: 0, False: 0})
    for layer in layers:
        if layer.pads is not None:
            by_hand[layer.equals_same] += sum(map(len, layer.layers.values()))
    assert by_hand == {True: 202, False: 27}


def test_hand_written_padding_is_said_to_equal_same_only_where_it_does() -> None:
    for layer in corpus.read_networks():
        if layer.pads is None:
            continue
        pads = [padding.forward(a.size, a.kernel, a.stride, a.dilation) for a in layer.case.axes]
        begins_alike = all(ours.before == theirs[0] for ours, theirs in zip(pads, layer.pads, strict=True))
        assert begins_alike >= layer.equals_same, layer


def test_the_expectations_that_ship_are_valid_and_name_built_in_implementations() -> None:
    from same_conformance import plugins

    builtin = {e.name for e in plugins.installed() if e.is_builtin}
    entries = corpus.read_expectations()
    assert entries
    assert {e.implementation for e in entries} <= builtin
    assert all(e.link.startswith("https://") or e.link.startswith("not reported") for e in entries)
