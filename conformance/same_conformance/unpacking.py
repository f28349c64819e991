"""Run the axes of packed cases that fail one by one, so that a mismatch names the axis case that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from same_conformance import packing
from same_conformance.judge import FAILURES

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.diagnosis.inquiry import Inquiry
    from same_conformance.judge import Verdict
    from same_conformance.record import Result

Execute = Callable[[Mapping[str, Sequence["Case"]]], Iterator["Result"]]
"""Executes cases per implementation, and judges and records what comes of them."""

MOST = 20
"""Packed cases that are unpacked per implementation and op: who is wrong on the whole box would be run on it twice."""

MOST_FATAL = 3
"""How many of them may be crashes or timeouts: each axis may cost another process."""


@dataclass(frozen=True)
class Unpacked:
    """What became of the failing packed cases of one implementation and op.

    Attributes:
        n_failing: packed cases that fail unexpectedly.
        n_unpacked: how many of them were unpacked.
        wrong: ids of the axes that fail alone too.
        together: ids of the packed cases none of whose axes fails alone.
        ran: ids of the cases that were not among those of the run and were executed for this.

    """

    implementation: str
    op: str
    n_failing: int
    n_unpacked: int
    wrong: tuple[str, ...]
    together: tuple[str, ...]
    ran: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as a record holds it."""
        return asdict(self)


def sentence(entry: Mapping[str, Any]) -> str:
    """Say in words what an entry of a record's ``unpacked`` holds, and whether anything was left out."""
    failing = f"{entry['implementation']}, {entry['op']}: {entry['n_failing']:,} packed cases fail"
    looked_at = f"the {entry['n_unpacked']} that were" if entry["n_unpacked"] < entry["n_failing"] else "all"
    found = f"{len(entry['wrong'])} axis cases are wrong alone"
    if entry["wrong"]:
        found += f", the smallest {entry['wrong'][0]}"
    together = f"; {len(entry['together'])} fail only as a whole" if entry["together"] else ""
    return f"{failing}; of {looked_at} unpacked, {found}{together}"


def unpack(
    results: Iterable[Result], origins: Mapping[Case, str], inquiry: Inquiry, execute: Execute
) -> list[Unpacked]:
    """Unpack the packed cases among `results` that fail unexpectedly, up to `MOST` per implementation and op.

    `origins` has all cases of the run, with where they come from. Each axis is run in 1-D; where that is unsupported, in the lowest rank that the implementation claims and offers.
    What is in `results` already is not run again.
    """
    if "packed" not in origins.values():
        return []
    verdicts = {(r.implementation, r.case): r.judgement.verdict for r in results}
    failing: dict[tuple[str, str], dict[Case, Verdict]] = {}
    for (name, case), verdict in verdicts.items():
        if origins.get(case) == "packed" and inquiry.is_unexpected(name, case, verdict):
            failing.setdefault((name, case.op), {})[case] = verdict
    chosen = {key: _chosen(cases) for key, cases in sorted(failing.items())}
    ranks = {name: inquiry.pool.started[name].description.ranks for name, _ in chosen}
    axes = {key: {case: _axes(case, ranks[key[0]]) for case in cases} for key, cases in chosen.items()}
    new = _run(axes, verdicts, inquiry, execute)
    return [
        _summed(
            key, len(failing[key]), of_packed, verdicts, [c for name, c in new if name == key[0] and c not in origins]
        )
        for key, of_packed in axes.items()
    ]


def _chosen(failing: Mapping[Case, Verdict]) -> list[Case]:
    """Return the cases to unpack: the smallest of each stride and dilation, then the second smallest of each, and so on."""
    turns: dict[Any, int] = {}
    taken = []
    n_fatal = 0
    for case in sorted(failing, key=lambda c: c.canonical_key):
        if failing[case] in ("crash", "timeout"):
            n_fatal += 1
            if n_fatal > MOST_FATAL:
                continue
        kind = tuple(sorted(zip(case.stride, case.dilation, strict=True)))
        turns[kind] = turns.get(kind, 0) + 1
        taken.append((turns[kind], case.canonical_key, case))
    return [case for *_, case in sorted(taken)[:MOST]]


def _axes(case: Case, ranks: Iterable[int]) -> list[list[Case]]:
    """Return each axis of `case` alone, in every rank up to the case's own that is claimed, the lowest first."""
    usable = [rank for rank in sorted(ranks) if rank <= case.rank]
    return [list(alternatives) for alternatives in zip(*(packing.unpacked(case, r) for r in usable), strict=True)]


_Axes = Mapping[tuple[str, str], Mapping["Case", list[list["Case"]]]]


def _run(
    axes: _Axes, verdicts: dict[tuple[str, Case], Verdict], inquiry: Inquiry, execute: Execute
) -> list[tuple[str, Case]]:
    """Execute what is not in `verdicts` yet and add it; return what was executed, a resumed run's part included."""
    wanted = [(name, a) for (name, _), of_packed in axes.items() for found in of_packed.values() for a in found]
    ran: dict[tuple[str, Case], None] = {}
    while True:
        work: dict[str, dict[Case, None]] = {}
        for name, alternatives in wanted:
            for case in alternatives:
                ran.setdefault((name, case))
                if (name, case) not in verdicts:
                    work.setdefault(name, {}).setdefault(case)
                if verdicts.get((name, case)) != "unsupported":
                    break
        inquiry.check()
        total = sum(map(len, work.values()))
        if not total:
            return list(ran)
        for n_done, result in enumerate(execute({name: list(cases) for name, cases in work.items()}), 1):
            verdicts[result.implementation, result.case] = result.judgement.verdict
            inquiry.report(n_done, total, "unpacking")


def _summed(
    key: tuple[str, str],
    n_failing: int,
    of_packed: Mapping[Case, list[list[Case]]],
    verdicts: Mapping[tuple[str, Case], Verdict],
    ran: Iterable[Case],
) -> Unpacked:
    name, op = key
    wrong: dict[Case, None] = {}
    together = []
    for packed, axes in of_packed.items():
        failing = [case for alone in axes for case in alone if verdicts.get((name, case)) in FAILURES]
        wrong.update(dict.fromkeys(failing))
        if not failing:
            together.append(packed.id)
    smallest_first = sorted(wrong, key=lambda c: c.canonical_key)
    mine = sorted((case for case in ran if case.op == op), key=lambda c: c.canonical_key)
    return Unpacked(
        name,
        op,
        n_failing,
        len(of_packed),
        tuple(case.id for case in smallest_first),
        tuple(together),
        tuple(case.id for case in mine),
    )
