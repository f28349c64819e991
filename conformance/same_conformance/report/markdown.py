"""Write the short summary, the worst first, that fits a CI job page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from same_conformance import corpus, coverage, unpacking
from same_conformance.case import OPS
from same_conformance.report import tables

if TYPE_CHECKING:
    import pandas as pd

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.record import Record

_LISTED = 20


def render(record: Record, assessment: Assessment, frame: pd.DataFrame) -> str:
    """Return the summary as Markdown."""
    header = record.header
    n_cases = len(header["cases"])
    lines = [
        "# same-conformance",
        "",
        f"{n_cases} cases on {len(header['implementations'])} implementations, profile {header['profile']}, seed {header['seed']}.",
        "",
    ]
    for name, why in assessment.not_started.items():
        lines.append(f"- **{name} did not start**: {_escape(why)}")
    for title, rows in (
        ("Unexpected verdicts", assessment.standing("unexpected")),
        ("Stale expectations", assessment.standing("stale")),
    ):
        if rows:
            lines += [f"## {title}: {len(rows)}", "", *_list(rows), ""]
    if not assessment.standing("unexpected") and not assessment.standing("stale"):
        lines += ["All verdicts are as expected.", ""]
    lines += _unpacked(record)
    lines += ["## Verdicts", "", f"| implementation | {' | '.join(OPS)} |", "|---|" + "---|" * len(OPS)]
    for name, ops in tables.cells(frame).items():
        cells = [", ".join(f"{n} {verdict}" for verdict, n in ops[op].items()) or "-" for op in OPS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", *_networks(frame), "", *_box(record), *_coverage(record)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _networks(frame: pd.DataFrame) -> list[str]:
    """Say of how many networks each implementation reproduces every SAME layer, and a layer that breaks another."""
    networks = tables.networks(frame, corpus.read_networks())
    if not networks:
        return []
    lines = [
        f"## Networks: {len(networks)} of keras.applications",
        "",
        "| implementation | safe | wrong | not offered | first wrong |",
        "|---|---|---|---|---|",
    ]
    for name in networks[0]["implementations"]:
        fits = [(row["network"], row["implementations"][name]) for row in networks]
        count = Counter(fit["verdict"] for _, fit in fits)
        wrong = next(
            (f"{network}, {fit['layer']}, `{fit['case']}`" for network, fit in fits if fit["verdict"] == "wrong"), ""
        )
        lines.append(f"| {name} | {count['safe']} | {count['wrong']} | {count['unsupported']} | {wrong} |")
    return lines


def _unpacked(record: Record) -> list[str]:
    """Say what became of the packed cases that failed."""
    entries = record.footer.get("unpacked", [])
    lines = [f"- {_escape(unpacking.sentence(entry))}" for entry in entries]
    return ["## Failing packed cases, axis by axis", "", *lines, ""] if lines else []


def _box(record: Record) -> list[str]:
    """Say how many axis cases each implementation covered, and what was said of the others; nothing without packed cases."""
    found = coverage.covered(record)
    if not found:
        return []
    lines = ["## Coverage: axis cases, in SAME and SAME_LOWER", "", f"{coverage.sentence(record)}.", ""]
    lines += [f"| implementation | {' | '.join(OPS)} | not covered |", "|---|" + "---|" * (len(OPS) + 1)]
    for one in found:
        lines.append(f"| {one.implementation} | {' | '.join(map(one.cell, OPS))} | {_escape(one.why)} |")
    return [*lines, ""]


def _coverage(record: Record) -> list[str]:
    """Say how many cases each class had per op."""
    lines = ["## Coverage: cases of each class", "", f"| class | {' | '.join(OPS)} |", "|---|" + "---|" * len(OPS)]
    for name, per_op in record.class_coverage.items():
        lines.append(f"| {_escape(name)} | {' | '.join(str(per_op.get(op, '')) for op in OPS)} |")
    return lines


def _list(rows: list[Assessed]) -> list[str]:
    shown = [
        f"- `{r.result.implementation}` `{r.result.case.id}`: {r.result.judgement.verdict}. "
        f"{_escape(r.why or r.result.judgement.message)}"
        for r in rows[:_LISTED]
    ]
    if len(rows) > _LISTED:
        shown.append(f"- and {len(rows) - _LISTED} more: see mismatches.csv")
    return shown


def _escape(text: str) -> str:
    """Keep a message from becoming markup."""
    return "".join("\\" + c if c in "\\`*_{}[]<>#|!&" else c for c in text)
