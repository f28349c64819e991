"""Say what the page shows of a run: what is in its own markup, and the data that its code works with."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from same_conformance import conforming, corpus, mutants, operands, spec
from same_conformance import coverage as boxes
from same_conformance.assessment import WITNESSES
from same_conformance.case import OPS, parse
from same_conformance.errors import CaseError
from same_conformance.judge import FAILURES, VERDICTS
from same_conformance.padding import SAME
from same_conformance.report import cards, commands, embed, fits, matrix, pictures, tables
from same_conformance.report.reasons import Reasons
from same_conformance.report.symbols import COUNTED, SAID, SYMBOLS
from same_conformance.witnesses import absent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.case import Case
    from same_conformance.judge import Judgement
    from same_conformance.record import Record
    from same_conformance.report.cards import Card

STANDINGS = ("as expected", "expected failure", "unexpected", "stale")

_SHOWN_ELEMENTS = 8
"""Elements of the spec's result that are shown for a contested cause."""

_NUMBER = re.compile(r"\d+")

_LISTED = 60
"""Rows of a contested cause in the markup; the explorer has all."""


def view(record: Record, assessment: Assessment, frame: pd.DataFrame) -> dict[str, Any]:
    """Return what the templates name."""
    found = cards.cards(record, assessment)
    networks = tables.networks(frame, tables.layers(record))
    return {
        "header": record.header,
        "footer": record.footer,
        "ops": OPS,
        "symbols": SYMBOLS,
        "said": SAID,
        "counted": COUNTED,
        "n_results": len(assessment.rows),
        "callees": commands.callees(record.header),
        "files": commands.file_notes(record.header),
        "groups": matrix.groups(record, assessment),
        "cards": found,
        "numbers": {card: i for i, card in enumerate(_flat(found))},
        "refusals": _refusals(assessment),
        "coverage": record.class_coverage,
        "covered": boxes.covered(record),
        "box": boxes.sentence(record),
        "origins": _origins(record),
        "networks": networks,
        "fits": fits.by_implementation(networks),
        "rows": fits.by_network(networks),
        "strangers": fits.strangers(networks),
        "wrong_by_rule": {about["name"] for about in record.header["implementations"] if about["rule"]},
        "environments": _environments(record),
        "unexpected": assessment.standing("unexpected"),
        "stale": assessment.standing("stale"),
        "unmatched": assessment.unmatched,
        "uncompared": assessment.uncompared,
        "remarks": assessment.remarks,
        "expiring": assessment.expiring,
        "recorded": absent.sentence(record),
        "claims": conforming.claims(record),
        "broken_claims": conforming.broken(record),
        "contested": _contested(record, assessment),
        "listed": _LISTED,
        "not_started": assessment.not_started,
        "data": embed.block(_data(record, assessment, found, networks)),
    }


def _flat(found: Mapping[str, Sequence[Card]]) -> list[Card]:
    return [card for of_one in found.values() for card in of_one]


def _data(
    record: Record, assessment: Assessment, found: Mapping[str, Sequence[Card]], networks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what the page's code works with, in columns; numbers point into lists."""
    cases, names, texts = embed.Dictionary(), embed.Dictionary(), embed.Dictionary()
    texts.number("")
    for about in record.header["implementations"]:
        names.number(about["name"])
    results = [row.result for row in assessment.rows]
    columns = {
        "case": embed.deltas([cases.number(result.case.id) for result in results]),
        "implementation": [names.number(result.implementation) for result in results],
        "verdict": [VERDICTS.index(result.judgement.verdict) for result in results],
        "standing": [STANDINGS.index(row.standing) for row in assessment.rows],
        "shape": [texts.number(tables.by_x(result.judgement.observed_shape or ())) for result in results],
        "n": [result.judgement.n_different or 0 for result in results],
        "most": [texts.number(_largest(result.judgement)) for result in results],
        "why": [texts.number(row.why) for row in assessment.rows],
        "message": [texts.number(result.judgement.message) for result in results],
    }
    ids = cases.values()
    return {
        "implementations": names.values(),
        "frameworks": matrix.by_framework(record),
        "callees": commands.callees(record.header),
        "files": commands.file_notes(record.header),
        "rules": {
            about["name"]: mutants.RULES[about["rule"]].sentence
            for about in record.header["implementations"]
            if about["rule"] in mutants.RULES
        },
        "ops": OPS,
        "verdicts": VERDICTS,
        "failures": FAILURES,
        "symbols": SYMBOLS,
        "said": SAID,
        "counted": COUNTED,
        "standings": STANDINGS,
        "cases": ids,
        "notes": _notes(ids),
        "networks": {row["network"]: [cases.number(case) for case in row["cases"]] for row in networks},
        "layers": {row["network"]: list(row["layers"].values()) for row in networks},
        "rows": columns,
        "texts": texts.values(),
        "contested": sorted({cases.number(row.result.case.id) for row in assessment.rows if row.contested}),
        "recorded": _recorded(record, ids),
        "cards": [card.known for card in _flat(found)],
        "pictures": pictures.pictures(record, assessment),
    }


def _recorded(record: Record, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return, per absent witness, who it is and the verdict that was recorded of each case; -1 where there is none."""
    said: dict[str, dict[str, int]] = {}
    for result in record.recorded:
        said.setdefault(result.implementation, {})[result.case.id] = VERDICTS.index(result.judgement.verdict)
    return [
        {"who": absent.named(record, name), "said": [of.get(case, -1) for case in ids]} for name, of in said.items()
    ]


def _largest(judgement: Judgement) -> str:
    return "" if not judgement.max_abs_difference else f"{judgement.max_abs_difference:.6g}"


def _notes(ids: Iterable[str]) -> dict[str, str]:
    """Return why a case is there: the reason in the corpus, or the network that has it as a layer."""
    notes = {entry.case.id: f"{entry.reason} ({entry.source})" for entry in corpus.read()}
    for layer in corpus.read_networks():
        network, paths = next(iter(layer.layers.items()))
        others = f" and {len(layer.layers) - 1} more networks" if len(layer.layers) > 1 else ""
        notes.setdefault(layer.case.id, f"layer {paths[0]} of {network}{others}")
    return {case: notes[case] for case in ids if case in notes}


def _refusals(assessment: Assessment) -> dict[str, list[tuple[str, int]]]:
    """Return what each implementation said of the cases that it does not offer, the most frequent first.

    Of sayings that differ only in their numbers the first stands for all.
    """
    said: dict[str, Counter[str]] = {}
    example: dict[tuple[str, str], str] = {}
    for row in assessment.rows:
        if row.result.judgement.verdict == "unsupported":
            name, message = row.result.implementation, row.result.judgement.message
            kind = example.setdefault((name, _NUMBER.sub("0", message)), message)
            said.setdefault(name, Counter())[kind] += 1
    return {name: sorted(counts.items(), key=lambda item: (-item[1], item[0])) for name, counts in said.items()}


def _environments(record: Record) -> list[tuple[list[str], Mapping[str, Any]]]:
    """Return the names of implementations that ran in equal environments, with one that says which."""
    found: dict[str, tuple[list[str], Mapping[str, Any]]] = {}
    for about in record.header["implementations"]:
        key = repr([about[field] for field in ("distribution", "version", "versions", "python", "environment")])
        found.setdefault(key, ([], about))[0].append(about["name"])
    return list(found.values())


def _origins(record: Record) -> dict[str, int]:
    """Return how many cases come from where; what was unpacked came after the cases of the header."""
    counts = Counter(origin for _, origin in record.header["cases"])
    unpacked = {case_id for entry in record.footer.get("unpacked", []) for case_id in entry["ran"]}
    return dict(counts) | ({"unpacked": len(unpacked)} if unpacked else {})


def _contested(record: Record, assessment: Assessment) -> list[dict[str, Any]]:
    """Group the witnesses' differences from the spec by cause."""
    reasons = Reasons(record)
    causes: dict[tuple[str, bool, str], list[Assessed]] = {}
    for on_record, found in ((False, assessment.contested), (True, assessment.contested_on_record)):
        for row in found:
            why = row.why or "not listed in cases/expectations.toml"
            causes.setdefault((row.result.implementation, on_record, why), []).append(row)
    said = {
        (row.result.implementation, row.result.case): row.result.judgement
        for row in (*assessment.rows, *assessment.recorded)
        if row.contested and row.result.implementation in WITNESSES
    }
    return [
        {
            "witness": witness,
            "on_record": on_record,
            "reason": reasons.of(cause),
            "rows": rows,
            "smallest": cards.most_telling(rows).result.case,
            "how": cards.smallest_of(rows),
            "said": _said(cards.most_telling(rows).result.case, said),
        }
        for (witness, on_record, cause), rows in causes.items()
    ]


def _said(case: Case, ran: Mapping[tuple[str, Case], Judgement]) -> dict[str, str]:
    """Return what the spec and each witness say of the smallest case of a cause."""
    values = spec.execute(case, operands.make(case))
    numbers = (
        ", ".join(f"{v:.15g}" for v in values.reshape(-1)) if values.size <= _SHOWN_ELEMENTS else "too much to show"
    )
    said = {"spec": f"shape {tables.by_x(values.shape)}: {numbers}"}
    for witness in WITNESSES:
        judgement = ran.get((witness, case))
        if judgement is None:
            said[witness] = "did not run"
        else:
            said[witness] = (
                "the same as the spec" if judgement.verdict == "pass" else judgement.message or judgement.verdict
            )
    return said


def in_words(case_id: str) -> str:
    """Return the parameters of a case as a sentence shows them; the id itself if it is none."""
    try:
        case = parse(case_id)
    except CaseError:
        return case_id
    fields = {"size": case.size, "kernel": case.kernel, "stride": case.stride, "dilation": case.dilation}
    shown = [f"{word} {tables.by_x(v)}" for word, v in fields.items() if word in ("size", "kernel") or max(v) > 1]
    if case.output_size:
        shown.append(f"output size {tables.by_x(case.output_size)}")
    if case.padding != SAME:
        shown.append(case.padding.upper())
    if case.compared != "forward":
        shown.append(case.compared.replace("_", " "))
    return f"{case.op}, {', '.join(shown)}"
