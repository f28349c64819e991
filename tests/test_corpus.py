"""The files in cases/: canonical, every line valid with its reason and source, and what the networks are said to hold."""

import functools
import importlib.util
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from same_conformance import corpus, padding
from same_conformance.case import OPS, RANKS, parse
from same_conformance.classes import count
from same_conformance.corpus import HUNTED, Entry
from same_conformance.errors import CorpusError

CASES = Path(__file__).parents[1] / "cases"


def test_the_networks_lines_are_sorted_and_canonical() -> None:
    lines = (CASES / "networks.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [json.dumps(row) for row in rows] == lines
    keys = [parse(row["case"]).canonical_key for row in rows]
    assert keys == sorted(keys)
    assert len(set(lines)) == len(lines)


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


GOOD = (corpus.directory() / corpus.CORPUS).read_text(encoding="utf-8")


def test_the_corpus_is_as_it_must_be() -> None:
    assert corpus.write(corpus.check(GOOD)) == GOOD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.reverse(), "the lines are not in canonical order and form"),
        (lambda rows: rows.append(rows[-1]), "is there twice"),
        (lambda rows: rows[0].update(case="conv.n1.k1.s1"), "line 1: case id 'conv.n1.k1.s1' is not canonical"),
        (lambda rows: rows[0].update(note=""), "line 1: must be an object with the keys case, reason, source, hunts"),
        (lambda rows: rows[0].update(reason=" "), "line 1: reason is empty"),
        (lambda rows: rows[0].update(hunts="half"), "line 1: hunts must be a list of names, got 'half'"),
        (lambda rows: rows[0].update(hunts=[]), "line 1: conv.n1.k1 hunts no mutant"),
        (lambda rows: rows[0].update(hunts=["halves"]), "line 1: conv.n1.k1 hunts 'halves', which is no mutant"),
        (lambda rows: rows[0].update(hunts=["half"]), "line 1: conv.n1.k1 hunts half, but does not kill it"),
        (lambda rows: rows[0]["hunts"].append(rows[0]["hunts"][0]), "line 1: conv.n1.k1 hunts a mutant twice"),
        (lambda rows: [row["hunts"].remove("tail-in-front") for row in rows if "tail-in-front" in row["hunts"]],
         "tail-in-front is hunted by 0 cases, 5 are needed"),
        (lambda rows: [row["hunts"].remove("valid") for row in rows if "valid" in row["hunts"] and row["case"][:3] == "max"],
         "valid is hunted by 0 cases of max_pool, 2 are needed"),
    ],
)  # fmt: skip
def test_a_corpus_that_is_not_as_it_must_be_is_refused_in_words(
    change: Callable[[list[dict[str, object]]], object], message: str
) -> None:
    rows = [json.loads(line) for line in GOOD.splitlines()]
    change(rows)
    with pytest.raises(CorpusError) as caught:
        corpus.check("".join(json.dumps(row) + "\n" for row in rows))
    assert message in str(caught.value)
    assert str(caught.value).endswith("python cases/extend_corpus.py adds cases and puts them in order")


def test_a_line_that_is_no_json_is_refused_in_words() -> None:
    with pytest.raises(CorpusError, match="line 1: Expecting"):
        corpus.check("{\n" + GOOD)


@pytest.fixture(scope="module")
def extend_corpus() -> Any:
    spec = importlib.util.spec_from_file_location("extend_corpus", CASES / "extend_corpus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    every, known = module.kills, functools.cache(module.kills)  # the tests below ask the same of the same cases
    module.kills = lambda case, *names: every(case, *names) if names else known(case)
    return module


def test_extending_the_corpus_changes_nothing_where_nothing_is_missing(extend_corpus: Any) -> None:
    extended, needed = extend_corpus.extend(corpus.read(), [])
    assert needed == []
    assert corpus.write(extended) == GOOD


def test_extending_the_corpus_adds_what_is_missing_and_no_more(extend_corpus: Any) -> None:
    """Without transposed cases of large strides three mutants need hunters; the pool has more than enough."""
    entries = [e for e in corpus.read() if e.case.op != "conv_transpose" or max(e.case.stride) < 3]
    pool = [parse(f"conv_transpose.n{n}.k{k}.s{s}") for n in range(2, 6) for k in (1, 2, 3) for s in (3, 4)]
    extended, needed = extend_corpus.extend(entries, pool)
    added = {e.case for e in extended} - {e.case for e in entries}
    assert added < set(pool)
    assert len(added) <= HUNTED
    assert not {"crop-unclamped", "tail-in-front", "tail-missing"} & set(needed)
    hunters = [e.case for e in extended if "tail-in-front" in e.hunts]
    assert len(hunters) >= HUNTED


def test_the_line_that_the_page_adds_is_flagged_and_put_in_its_place(extend_corpus: Any) -> None:
    """What docs/cases.md says under "How to add a case"."""
    page = (CASES.parent / "docs" / "cases.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"```json\n(.*?)\n```", page)
    row = json.loads(line)
    entry = Entry(parse(row["case"]), row["reason"], row["source"])
    assert entry.case not in {e.case for e in corpus.read()}
    extended, needed = extend_corpus.extend([entry, *corpus.read()], [])
    assert needed == []
    assert corpus.check(corpus.write(extended)) == sorted(extended, key=lambda e: e.case.canonical_key)
    assert next(e for e in extended if e.case == entry.case).hunts


def test_what_is_wrong_in_one_branch_alone_is_found_out(extend_corpus: Any) -> None:
    """Whoever has code of his own for 3-D, for SAME_LOWER or for gradients is asked there all that is asked elsewhere."""
    drawn = extend_corpus.draw_branches(40, seed=1)
    assert all(drawn.values())
    assert {name: of for name, of in extend_corpus.missing(corpus.read(), drawn).items() if of} == {}
    entries = [e for e in corpus.read() if e.case.rank < 3 or max(e.case.dilation) == 1]
    assert ("first-axis-dilation", "conv") in extend_corpus.missing(entries, drawn)["three dimensions"]
    covered = extend_corpus.cover_branches(entries, drawn)
    assert not any(extend_corpus.missing(covered, drawn).values())
    added = [e for e in covered if e not in entries]
    assert added
    assert corpus.check(corpus.write([*corpus.read(), *(e for e in added if e not in corpus.read())]))
