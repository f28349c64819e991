"""Make the table of the front page: per implementation and op how many cases got which verdict, and the worst in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from same_conformance.case import OPS
from same_conformance.judge import FAILURES
from same_conformance.report import words
from same_conformance.report.reasons import Reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from same_conformance.assessment import Assessment
    from same_conformance.case import Case
    from same_conformance.record import Record

FRAMEWORKS = {
    "torch": "PyTorch",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "jax": "JAX",
    "numpy": "Others",
}
"""What frameworks are called, in the order of the table."""

_OTHERS = ("pass", "unspecified", "unsupported")
"""The verdicts that are no failures."""


def groups(record: Record, assessment: Assessment) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the rows in groups, each with a heading: by framework who means to be right, then who is wrong by a known rule."""
    rows = _rows(record, assessment)
    parts: dict[str, list[dict[str, Any]]] = {}
    for framework, title in FRAMEWORKS.items():
        mine = [row for row in rows if not row["about"]["rule"] and _framework(row["about"]) == framework]
        parts[f"{title} {_versions(framework, mine)}".rstrip()] = mine
    parts["Known to be wrong: what people write, run to see that it is found out"] = [
        row for row in rows if row["about"]["rule"]
    ]
    return [(heading, part) for heading, part in parts.items() if part]


def by_framework(record: Record) -> dict[str, list[str]]:
    """Return the names of a run by what their framework is called, in the order of the table."""
    found: dict[str, list[str]] = {title: [] for title in FRAMEWORKS.values()}
    for about in record.header["implementations"]:
        found[FRAMEWORKS[_framework(about)]].append(about["name"])
    return {title: sorted(names) for title, names in found.items() if names}


def _framework(about: Mapping[str, Any]) -> str:
    return about["framework"] if about["framework"] in FRAMEWORKS else "numpy"


def _versions(framework: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the versions of a framework that these ran with: one, but for merged runs and other interpreters."""
    found: dict[str, None] = {}
    for row in rows:
        versions = row["about"]["versions"]
        found.update(dict.fromkeys(versions[name] for name in (framework, f"{framework}-cpu") if name in versions))
    return ", ".join(found) if framework != "numpy" else ""


def _rows(record: Record, assessment: Assessment) -> list[dict[str, Any]]:
    """Return a row per implementation, with a cell per op."""
    reasons = Reasons(record)
    told: dict[tuple[str, str], dict[str, None]] = {}
    wrong: dict[tuple[str, str], list[Case]] = {}
    right: dict[tuple[str, str], list[Case]] = {}
    counts: dict[tuple[str, str], Counter[str]] = {}
    unexpected: Counter[tuple[str, str]] = Counter()
    for row in assessment.rows:
        key, verdict = (row.result.implementation, row.result.case.op), row.result.judgement.verdict
        counts.setdefault(key, Counter())[verdict] += 1
        unexpected[key] += row.standing in ("unexpected", "stale")
        if verdict in FAILURES or verdict == "pass":
            (wrong if verdict in FAILURES else right).setdefault(key, []).append(row.result.case)
        if row.why:
            told.setdefault(key, {})[reasons.of(row.why).title] = None
    return [
        {
            "about": about,
            "reasons": [] if about["rule"] else _by_reason({op: told.get((about["name"], op), {}) for op in OPS}),
            "cells": [
                _cell(
                    op,
                    counts.get((about["name"], op), Counter()),
                    wrong.get((about["name"], op), []),
                    right.get((about["name"], op), []),
                    unexpected[about["name"], op],
                )
                for op in OPS
            ],
        }
        for about in record.header["implementations"]
    ]


def _by_reason(told: Mapping[str, Iterable[str]]) -> list[tuple[list[str], str]]:
    """Turn the reasons of each op into the ops of each reason.

    >>> _by_reason({"conv": {"a": None}, "max_pool": {"a": None, "b": None}})
    [(['conv', 'max_pool'], 'a'), (['max_pool'], 'b')]
    """
    ops: dict[str, list[str]] = {}
    for op, reasons in told.items():
        for reason in reasons:
            ops.setdefault(reason, []).append(op)
    return [(those, reason) for reason, those in ops.items()]


def _cell(
    op: str,
    counts: Mapping[str, int],
    wrong: Sequence[Case],
    right: Sequence[Case],
    n_unexpected: int,
) -> dict[str, Any]:
    n_ran = len(wrong) + len(right)
    n_wide = round(100 * len(wrong) / n_ran) if n_ran else 0
    return {
        "op": op,
        "state": "wrong" if wrong else "right" if right else "absent",
        "word": words.worst(wrong, right) if n_ran else "not offered" if counts else "not run",
        "counts": [
            (verdict, counts[verdict])
            for verdict in (*FAILURES, *_OTHERS)
            if counts.get(verdict) and (wrong or verdict != "pass")
        ],
        "percent": max(n_wide, 2) if wrong else 0,
        "n_unexpected": n_unexpected,
    }
