"""Tell GitHub Actions, when a run is one of its steps: annotations of the worst, and the job summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance import conforming
from same_conformance.messages import one_line
from same_conformance.report import unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from same_conformance.assessment import Assessment
    from same_conformance.record import Record

MOST = 10
"""Annotations; GitHub shows ten of each step."""


def commands(record: Record, assessment: Assessment) -> list[str]:
    """Return at most `MOST` workflow commands, the worst first: what did not start, then what is wrong and why."""
    not_installed = record.header["not_installed"]
    told = [(f"{name} did not start", why) for name, why in assessment.not_started.items() if name not in not_installed]
    told += [("record", text) for text in (record.damaged, record.unfinished) if text]
    told += [(claim.implementation, f"{claim.verdict}: {claim.told}") for claim in conforming.broken(record)]
    told += [(f"{group.implementation}: {group.op}", group.text) for group in unexpected.groups(record, assessment)]
    if stale := assessment.standing("stale"):
        told.append(("stale expectations", f"{len(stale)}, the first {stale[0].result.case.id}: {stale[0].why}"))
    told += [(f"{name} offers nothing to compare", why) for name, why in assessment.uncompared.items()]
    told += [("an expectation matches nothing", remark.text) for remark in assessment.unmatched]
    if len(told) > MOST:
        told = [*told[: MOST - 1], ("more", f"and {len(told) - MOST + 1} more: see the report")]
    return [f"::error title={_property('same-conformance: ' + title)}::{_data(text)}" for title, text in told]


def tell(
    record: Record, assessment: Assessment, summary: Path, environment: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Say the commands in a step of GitHub Actions, and append the file `summary` to the job's, where there is one.

    That never ends a run: the verdicts are there whether or not GitHub shows them.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        for command in commands(record, assessment):
            say(command)
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path:
        try:
            with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123  # the path is the environment's own text
                file.write(summary.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            say(one_line(f"the summary could not be appended to GITHUB_STEP_SUMMARY: {error}"))


def _data(text: str) -> str:
    """Escape the message of a workflow command, as actions/toolkit does (packages/core/src/command.ts)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property of a workflow command, as actions/toolkit does."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
