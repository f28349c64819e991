"""Let recordings stand in for the witnesses that a run goes without."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from same_conformance import record
from same_conformance.judge import Judge
from same_conformance.record import Record, Result
from same_conformance.witnesses import NAMES, recording
from same_conformance.witnesses.saying import judgement

if TYPE_CHECKING:
    from same_conformance.case import Case


def testimony(present: Collection[str], cases: Iterable[Case]) -> dict[str, Any]:
    """Return what the header of a run says of the witnesses that are not `present`, as far as it is recorded.

    By name, the versions and the environment of the recording, and ``said``: by case id, how it was judged.
    """
    absent = [name for name in NAMES if name not in present]
    if not absent:
        return {}
    recorded = recording.read()
    known = [(case, recorded.lines[case].said) for case in cases if case in recorded.lines]
    judge = Judge()
    return {
        name: {
            **recorded.witnesses[name],
            **recorded.machine,
            "environment": {**recorded.machine["environment"], **recorded.witnesses[name]["environment"]},
            "said": {
                case.id: record.brief(Result(name, case, judgement(case, said[name], judge))) for case, said in known
            },
        }
        for name in absent
    }


def who(run: Record) -> str:
    """Say which recordings stand in for witnesses, with their versions; empty if all witnesses ran.

    >>> jax = {"versions": {"jax": "0.10.2", "numpy": "2.4.6"}, "said": {}}
    >>> who(Record({"cases": [], "implementations": [], "recorded": {"jax": jax}}))
    'JAX 0.10.2'
    """
    return ", ".join(named(run, name) for name in run.header.get("recorded", {}))


def named(run: Record, name: str) -> str:
    """Return what the witness called `name` is, with the version that was recorded."""
    versions = run.header["recorded"][name]["versions"]
    return f"{NAMES.get(name, name)} {next(iter(versions.values()), '')}"


def agreement(run: Record) -> str:
    """Say on how many cases of a run witnesses, live or recorded, say what the spec says, and on how many none says anything.

    Empty if all witnesses ran.
    """
    if not who(run):
        return ""
    verdicts: dict[Case, set[str]] = {}
    for result in (*run.recorded, *run.results):
        if result.implementation in NAMES and result.judgement.observed_shape is not None:
            verdicts.setdefault(result.case, set()).add(result.judgement.verdict)
    heard = [verdicts[case] for case in run.cases if case in verdicts]
    n_agreeing = sum(said <= {"pass", "unspecified"} for said in heard)
    silent = f"; of {len(run.cases) - len(heard):,} there is no word of them" if len(heard) < len(run.cases) else ""
    differ = f", and differ on {len(heard) - n_agreeing:,}" if n_agreeing < len(heard) else ""
    return f"they say what the spec says of {n_agreeing:,} of {len(run.cases):,} cases{differ}{silent}"


def sentence(run: Record) -> str:
    """Say both in one line; empty if all witnesses ran."""
    return f"recorded: {who(run)}; {agreement(run)}" if who(run) else ""
