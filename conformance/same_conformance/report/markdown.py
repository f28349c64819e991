"""Write the short summary, the worst first, that fits a CI job page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from same_conformance import conforming, coverage, unpacking
from same_conformance.case import OPS
from same_conformance.messages import printable
from same_conformance.report import tables, unexpected
from same_conformance.witnesses import absent

if TYPE_CHECKING:
    import pandas as pd

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.diff import Comparison
    from same_conformance.record import Record

_LISTED = 20
"""Groups of unexpected verdicts, stale expectations, and changes that are shown."""
_MOST_ROWS = 60
"""Implementations that a table shows."""
_LONGEST = 300
"""Characters of a text: a diagnosis of three axes has about 200."""
_MOST_BYTES = 900_000
"""Of the whole; GitHub refuses the summary of a step that is larger than 1 MiB, with those of earlier commands in it."""
_CUT = "\n\nThe rest is left out: see index.html.\n"


def render(record: Record, assessment: Assessment, frame: pd.DataFrame, previous: Comparison | None = None) -> str:
    """Return the summary as Markdown, with what changed since `previous`."""
    header = record.header
    what = f"{len(header['cases'])} cases on {len(header['implementations'])} implementations"
    how = f"profile {escape(str(header['profile']))}, seed {escape(str(header['seed']))}"
    lines = ["# same-conformance", "", f"{what}, {how}.", ""]
    if recorded := absent.sentence(record):
        lines += [f"Witnesses {escape(recorded)}.", ""]
    states = [f"- **{escape(state)}**" for state in (record.damaged, record.unfinished) if state]
    lost = list(assessment.not_started.items())
    states += [f"- {code(name)} **did not start**: {escape(why)}" for name, why in lost[:_MOST_ROWS]]
    if len(lost) > _MOST_ROWS:
        states.append(f"- and {len(lost) - _MOST_ROWS} more did not start")
    silent = list(assessment.uncompared.items())
    states += [f"- {code(name)}: **{escape(why)}**" for name, why in silent[:_MOST_ROWS]]
    lines += [*states, ""] if states else []
    lines += _claims(record)
    lines += _unexpected(record, assessment)
    if stale := assessment.standing("stale"):
        lines += [f"## Stale expectations: {len(stale)}", "", *_list(stale), ""]
    if remarks := [f"- {escape(remark.text)}" for remark in assessment.remarks[:_LISTED]]:
        lines += ["## Expectations", "", *remarks, ""]
    if not (assessment.standing("unexpected") or stale or assessment.unmatched or silent or conforming.broken(record)):
        lines += ["All verdicts are as expected.", ""]
    lines += changed(previous) if previous else []
    lines += _unpacked(record)
    rows = []
    for name, ops in tables.cells(frame).items():
        cells = [", ".join(f"{n} {verdict}" for verdict, n in ops[op].items()) or "-" for op in OPS]
        rows.append(f"| {code(name)} | {' | '.join(cells)} |")
    lines += ["## Verdicts", "", f"| implementation | {' | '.join(OPS)} |", "|---|" + "---|" * len(OPS), *_rows(rows)]
    lines += ["", *_networks(record, frame), "", *_box(record), *_coverage(record)]
    return _fit("\n".join(lines).rstrip("\n") + "\n")


def changed(comparison: Comparison) -> list[str]:
    """Return the lines that say what changed since a previous run, the worst first."""
    lines = [
        f"## Changed since the previous run: {comparison.verdict}",
        "",
        f"Previous: {escape(comparison.old.text)}.",
        "",
    ]
    notes = [f"- {escape(note)}" for note in comparison.notes[:_LISTED]]
    for group in comparison.groups[:_LISTED]:
        first = group.changes[0]
        why = "; ".join(cause.sentence for cause in group.causes) or first.text
        notes.append(
            f"- **{group.kind}**: {code(group.implementation)} {group.op}, {len(group.changes)} cases, "
            f"smallest {code(first.case.id)}: {escape(why)}"
        )
    if len(comparison.groups) > _LISTED:
        notes.append(f"- and {len(comparison.groups) - _LISTED} more groups: see changes.html")
    versions = [
        f"- {code(c.implementation)}: {escape(c.what)} {escape(c.before)} → {escape(c.after)}"
        for c in comparison.versions[:_LISTED]
    ]
    if len(comparison.versions) > _LISTED:
        versions.append(f"- and {len(comparison.versions) - _LISTED} more versions: see changes.html")
    return [*lines, *notes, *versions, *([""] if notes or versions else [])]


def escape(text: str) -> str:
    r"""Keep a text from becoming markup, in a table too, and cut it.

    >>> escape("a|b\n<b>*c*</b>")
    'a\\|b \\<b\\>\\*c\\*\\</b\\>'
    """
    return "".join("\\" + c if c in "\\`*_{}[]()<>#|!&~$@" else c for c in printable(text, _LONGEST))


def code(text: str) -> str:
    """Return a text as code, for a table too; what would end it becomes an apostrophe, or a broken bar.

    >>> code("torch-half")
    '`torch-half`'
    """
    return "`" + printable(text, _LONGEST).replace("`", "'").replace("|", "¦").strip() + "`"


def _claims(record: Record) -> list[str]:
    """Say who conforms to the requirement sets that were asked for."""
    rows = [
        f"| {code(claim.requirement)} | {code(claim.implementation)} | {'' if claim.is_conforming else '**not** '}conforming "
        f"| {escape(claim.told)} |"
        for claim in conforming.claims(record)
    ]
    if not rows:
        return []
    sets = {
        f"{code(r['name'])} of {escape(r['date'])}: {escape(r['title'])}": None for r in record.header["requirements"]
    }
    head = ["| set | implementation | | |", "|---|---|---|---|"]
    return ["## Requirements", "", *(f"- {text}" for text in sets), "", *head, *_rows(rows), ""]


def _unexpected(record: Record, assessment: Assessment) -> list[str]:
    """Say what was not expected, by implementation and op: why, and the smallest case."""
    found = unexpected.groups(record, assessment)
    if not found:
        return []
    lines = [f"## Unexpected verdicts: {sum(len(group.rows) for group in found)}", ""]
    for group in found[:_LISTED]:
        lines.append(f"- {code(group.implementation)} **{group.op}**: {group.counts}")
        for why, case, how in group.told[:_LISTED]:
            lines.append(f"  - {escape(why)}. Smallest case {code(case)} ({escape(how)})")
    if len(found) > _LISTED:
        lines.append(f"- and {len(found) - _LISTED} more implementations and ops: see mismatches.csv")
    return [*lines, ""]


def _rows(rows: list[str]) -> list[str]:
    """Return the rows of a table, cut with a note."""
    if len(rows) <= _MOST_ROWS:
        return rows
    return [*rows[:_MOST_ROWS], "", f"and {len(rows) - _MOST_ROWS} more implementations: see index.html"]


def _fit(text: str) -> str:
    """Return the text cut at the end of a line, with a note, if it is too long."""
    data = text.encode()
    if len(data) <= _MOST_BYTES:
        return text
    return data[: data.rindex(b"\n", 0, _MOST_BYTES)].decode() + _CUT


def _networks(record: Record, frame: pd.DataFrame) -> list[str]:
    """Say of how many networks each implementation reproduces every SAME layer, and a layer that breaks another."""
    networks = tables.networks(frame, tables.layers(record))
    if not networks:
        return []
    n_own = sum(row["network"] == tables.OWN for row in networks)
    titles = [f"{len(networks) - n_own} of keras.applications"] * (len(networks) > n_own) + [tables.OWN] * n_own
    lines = [
        f"## Networks: {' and '.join(titles)}",
        "",
        "| implementation | safe | wrong | not offered | first wrong |",
        "|---|---|---|---|---|",
    ]
    rows = []
    for name in networks[0]["implementations"]:
        fits = [(row["network"], row["implementations"][name]) for row in networks]
        count = Counter(fit["verdict"] for _, fit in fits)
        wrong = next(
            (
                f"{escape(network)}, {escape(fit['layer'])}, {code(fit['case'])}"
                for network, fit in fits
                if fit["verdict"] == "wrong"
            ),
            "",
        )
        rows.append(f"| {code(name)} | {count['safe']} | {count['wrong']} | {count['unsupported']} | {wrong} |")
    return [*lines, *_rows(rows)]


def _unpacked(record: Record) -> list[str]:
    """Say what became of the packed cases that failed."""
    entries = record.footer.get("unpacked", [])
    lines = [f"- {escape(unpacking.sentence(entry))}" for entry in entries[:_MOST_ROWS]]
    if len(entries) > _MOST_ROWS:
        lines.append(f"- and {len(entries) - _MOST_ROWS} more: see index.html")
    return ["## Failing packed cases, axis by axis", "", *lines, ""] if lines else []


def _box(record: Record) -> list[str]:
    """Say how many axis cases each implementation covered, and what was said of the others; nothing without packed cases."""
    found = coverage.covered(record)
    if not found:
        return []
    lines = ["## Coverage: axis cases, in SAME and SAME_LOWER", "", f"{coverage.sentence(record)}.", ""]
    lines += [f"| implementation | {' | '.join(OPS)} | not covered |", "|---|" + "---|" * (len(OPS) + 1)]
    rows = [f"| {code(one.implementation)} | {' | '.join(map(one.cell, OPS))} | {escape(one.why)} |" for one in found]
    return [*lines, *_rows(rows), ""]


def _coverage(record: Record) -> list[str]:
    """Say how many cases each class had per op."""
    lines = ["## Coverage: cases of each class", "", f"| class | {' | '.join(OPS)} |", "|---|" + "---|" * len(OPS)]
    for name, per_op in record.class_coverage.items():
        lines.append(f"| {escape(name)} | {' | '.join(str(per_op.get(op, '')) for op in OPS)} |")
    return lines


def _list(rows: list[Assessed]) -> list[str]:
    shown = [
        f"- {code(r.result.implementation)} {code(r.result.case.id)}: {r.result.judgement.verdict}. "
        f"{escape(r.why or r.result.judgement.message)}"
        for r in rows[:_LISTED]
    ]
    if len(rows) > _LISTED:
        shown.append(f"- and {len(rows) - _LISTED} more: see mismatches.csv")
    return shown
