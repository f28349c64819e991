"""docs/traps.md says of each trap what the scoreboard, the findings or the corpus says too, and nothing else."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path

import pytest

from same_conformance import corpus, mutants, rules
from same_conformance.case import parse

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"\| (?P<trap>.+) \| `(?P<case>[\w.-]+)` \| (?P<here>.+) \| (?P<link>\S+) \| (?P<instead>.+) \|")
ROWS = [
    row for line in (ROOT / "docs/traps.md").read_text(encoding="utf-8").splitlines() if (row := ROW.fullmatch(line))
]


@cache
def verdicts() -> dict[tuple[str, str], str]:
    """Return what the published scoreboard says of each implementation and case."""
    found = {}
    with gzip.open(ROOT / "reports/scoreboard/run.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            if values["type"] == "result":
                found[values["implementation"], values["case"]] = values["verdict"]
    return found


@cache
def sources() -> dict[str, str]:
    return {entry.case.id: entry.source for entry in corpus.read()}


def is_reported(case: str, link: str) -> bool:
    """Tell whether a case is kept because of `link`, or is found wrong by a mutant that was seen there."""
    if sources().get(case) == link:
        return True
    return any(rule.seen == link and rules.kills(parse(case), rule) for rule in mutants.RULES.values())


def test_every_row_of_a_table_is_read() -> None:
    lines = (ROOT / "docs/traps.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|") and not line.startswith(("| trap |", "|---"))]
    assert len(rows) == len(ROWS) > 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['case']}-{row['here'].split('`')[1:2] or 'reported'}")
def test_a_trap_is_seen_on_the_case_that_it_names(row: re.Match[str]) -> None:
    link = row["link"].strip("<>")
    if row["here"] == "reported":
        assert is_reported(row["case"], link), f"neither the corpus nor a mutant has {row['case']} from {link}"
        return
    name, verdict = row["here"].replace("`", "").split(": ")
    found = {(f.implementation, f.case.id): f for f in corpus.read_findings()}
    if (name, row["case"]) in found:
        assert f"findings.md#{found[name, row['case']].name}" in link or verdict == verdicts()[name, row["case"]]
    else:
        assert verdicts()[name, row["case"]] == verdict


def test_a_link_to_a_report_is_one_that_the_corpus_or_a_mutant_has() -> None:
    known = {*sources().values(), *(rule.seen for rule in mutants.RULES.values())}
    links = {row["link"].strip("<>") for row in ROWS if row["link"].startswith("<")}
    assert not links - known
