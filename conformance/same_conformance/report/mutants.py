"""Render a survey of mutants: the matrix of mutants and case classes as CSV, and as one self-contained HTML file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from same_conformance import classes, mutants
from same_conformance.report import templating

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.survey import Survey


def write(survey: Survey, out: Path, *, executed: bool) -> None:
    """Write ``mutants.csv`` and ``mutants.html`` to `out`."""
    with (out / "mutants.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [k.name for k in classes.CLASSES]
        writer.writerow(["mutant", "cases", "kills", "smallest", *names])
        for name, row in survey.matrix().items():
            kills = survey.kills[name]
            n_cases = sum(case.op in mutants.RULES[name].ops for case in survey.cases)
            writer.writerow([name, n_cases, len(kills), kills[0].id if kills else "", *(row[k] for k in names)])
    (out / "mutants.html").write_text(_page(survey, executed=executed), encoding="utf-8")


def _page(survey: Survey, *, executed: bool) -> str:
    return templating.still(
        "mutants.html",
        extra_style="thead th.class { writing-mode: vertical-rl; vertical-align: bottom; font-weight: normal; white-space: nowrap; }\ntbody th { min-width: 14rem; }\n",
        survey=survey,
        matrix=survey.matrix(),
        classes=[k.name for k in classes.CLASSES],
        counts=classes.count(survey.cases),
        themes=mutants.THEMES,
        executed=executed,
    )
