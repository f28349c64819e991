"""Write a badge per implementation, in the form that shields.io reads from an endpoint.

It names the ops that are wrong; it has no number, because nobody gets one number for everything. Of each requirement set
that a run was asked for there is another, which names the set and its date.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from same_conformance import conforming, report
from same_conformance.case import OPS
from same_conformance.judge import FAILURES

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.assessment import Assessment
    from same_conformance.conforming import Claim
    from same_conformance.record import Record

_LABEL = "padding=SAME: "
"""How every label begins, by which the badges of an earlier run are known."""
_UNSAFE = re.compile(r"[^a-z0-9_.-]")
_LONGEST_NAME = 100
"""Characters of a file's name; file systems take 255 bytes."""


def write(record: Record, assessment: Assessment, out: Path) -> None:
    """Write ``badges/NAME.json`` for each implementation, and ``badges/SET/NAME.json``; those of an earlier run are removed."""
    root = out / report.BADGES
    badges = {root / file_name(name): badge for name, badge in make(record, assessment).items()}
    for claim in conforming.claims(record):
        badges[root / _folder(claim.requirement) / file_name(claim.implementation)] = _claimed(claim, record)
    root.mkdir(exist_ok=True)
    for path in [*root.glob("*.json"), *root.glob("*/*.json")]:
        if path not in badges and _is_ours(path):
            path.unlink()
    for path, badge in badges.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(badge, ensure_ascii=True, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for folder in root.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _folder(requirement: str) -> str:
    return file_name(requirement).removesuffix(".json")


def _claimed(claim: Claim, record: Record) -> dict[str, Any]:
    """Return the badge of one implementation and one set; until a run is whole it claims nothing."""
    about = f"{claim.requirement} ({claim.date})"
    if record.unfinished or record.damage or claim.counts.get(conforming.NOT_RUN):
        return _form(about, f"{claim.implementation} (unfinished)", "lightgrey")
    word, color = ("conforms", "brightgreen") if claim.is_conforming else ("does not conform", "red")
    return _form(about, f"{claim.implementation} {word}", color)


def make(record: Record, assessment: Assessment) -> dict[str, dict[str, Any]]:
    """Return the badge of each implementation by its name, as JSON can carry it."""
    right: dict[str, set[str]] = {name: set() for name in record.names}
    wrong: dict[str, set[str]] = {name: set() for name in record.names}
    for row in assessment.rows:
        verdict, op = row.result.judgement.verdict, row.result.case.op
        if verdict in FAILURES:
            wrong[row.result.implementation].add(op)
        elif verdict == "pass":
            right[row.result.implementation].add(op)
    badges = {name: _badge(name, right[name], wrong[name]) for name in record.names}
    if record.unfinished or record.damage:
        badges = {n: {**b, "color": "lightgrey", "message": b["message"] + " (unfinished)"} for n, b in badges.items()}
    lost = {name: _form(name, "did not start", "lightgrey") for name in assessment.not_started}
    return lost | badges


def file_name(name: str) -> str:
    """Return the name of a badge's file: of letters that are safe everywhere, and another one for each implementation.

    >>> file_name("torch-half")
    'torch-half.json'
    >>> file_name("../Etc")
    '_.__tc-196dadc0.json'
    """
    safe = _UNSAFE.sub("_", name)[:_LONGEST_NAME]
    safe = "_" + safe[1:] if safe.startswith(".") else safe
    if safe != name or not safe:
        safe += "-" + hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return safe + ".json"


def _badge(name: str, right: set[str], wrong: set[str]) -> dict[str, Any]:
    if wrong:
        return _form(name, "wrong in " + _listed(wrong), "red")
    if right:
        return _form(name, "right in " + ("all ops" if right == set(OPS) else _listed(right)), "brightgreen")
    return _form(name, "nothing ran", "lightgrey")


def _form(about: str, message: str, color: str) -> dict[str, Any]:
    return {"schemaVersion": 1, "label": _LABEL + about, "message": message, "color": color}


def _listed(ops: set[str]) -> str:
    return ", ".join(op for op in OPS if op in ops)


def _is_ours(path: Path) -> bool:
    try:
        return str(json.loads(path.read_bytes())["label"]).startswith(_LABEL)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False
