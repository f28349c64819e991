"""Compare two runs: per implementation and case, what fails now, what is fixed, what fails in another way. Pure data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from same_conformance.judge import FAILURES, VERDICTS

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.judge import Judgement, Verdict
    from same_conformance.record import Record

FORMAT = 1
"""Of `Comparison.to_json`."""

Kind = Literal["new failure", "newly unsupported", "changed", "fixed", "newly supported"]
KINDS: dict[Kind, str] = {
    "new failure": "New failures",
    "newly unsupported": "Newly unsupported",
    "changed": "Changed in kind",
    "fixed": "Fixed",
    "newly supported": "Newly supported",
}
"""Every kind of change with its title, the worst first."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one case on one implementation.

    Attributes:
        before, after: the judgements of both runs.
        is_worse: whether it is a change for the worse: a new failure, a case that was right and is not offered any more, or
            a failure that comes before the old one in the precedence of verdicts or has more differing elements.

    """

    implementation: str
    case: Case
    kind: Kind
    before: Judgement
    after: Judgement
    is_worse: bool

    @property
    def text(self) -> str:
        """Say it in one line: both verdicts, and what was said."""
        said = self.before.message if self.kind == "fixed" else self.after.message
        if self.before.verdict != self.after.verdict:
            return f"{self.before.verdict} → {self.after.verdict}" + (f": {said}" if said else "")
        return f"{self.after.verdict}: {self.before.message} → {said}"

    def to_json(self) -> dict[str, Any]:
        """Return the change as JSON can carry it."""
        sides = {"before": self.before, "after": self.after}
        return {
            "case": self.case.id,
            "is_worse": self.is_worse,
            **{side: {k: v for k, v in _plain(j).items() if v not in (None, "")} for side, j in sides.items()},
        }


@dataclass(frozen=True)
class Cause:
    """The diagnosis of failures, from the record that has them: a sentence, and the smallest case that shows it."""

    sentence: str
    case: str


@dataclass(frozen=True)
class Group:
    """The changes of one kind, implementation and op, the smallest case first.

    Attributes:
        causes: of the failures: those of the new run, or, where they are fixed, of the old one.

    """

    kind: Kind
    implementation: str
    op: str
    changes: tuple[Change, ...]
    causes: tuple[Cause, ...] = ()

    @property
    def n_worse(self) -> int:
        """Return how many of the changes are for the worse."""
        return sum(change.is_worse for change in self.changes)


@dataclass(frozen=True)
class VersionChange:
    """One thing that an implementation's outcomes depend on and that is not the same in both runs."""

    implementation: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Side:
    """What one of the two runs was.

    Attributes:
        began: when, ISO 8601 in UTC; empty if the record does not say.
        same_conformance: our version.
        unfinished, damaged: in words, empty if neither.

    """

    began: str
    same_conformance: str
    profile: str
    seed: str
    n_cases: int
    n_implementations: int
    n_outcomes: int
    unfinished: str = ""
    damaged: str = ""

    @property
    def text(self) -> str:
        """Say it in one line."""
        what = f"{self.n_cases} cases on {self.n_implementations} implementations"
        how = f"profile {self.profile}, seed {self.seed}, same-conformance {self.same_conformance}"
        when = [f"began {self.began}"] if self.began else []
        return ", ".join([what, how, *when, *filter(None, (self.unfinished, self.damaged))])


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes:
        groups: the changes, the worst kind first, then by implementation and op.
        n_unchanged: pairs of implementation and case with the same outcome in both.
        added, removed: cases that only one of the runs was asked for.
        n_added_failing: outcomes of `added` that fail; with nothing to compare them to, they are no change.
        implementations_added, implementations_removed: that ran in one of the runs only.
        lost: of those removed, which did not start this time, and why.
        n_lost: outcomes by implementation that the old run has and the new one was asked for and has not.
        versions: what changed below the implementations that ran in both.

    """

    old: Side
    new: Side
    groups: tuple[Group, ...] = ()
    n_unchanged: int = 0
    added: tuple[Case, ...] = ()
    removed: tuple[Case, ...] = ()
    n_added_failing: Mapping[str, int] = field(default_factory=dict)
    implementations_added: tuple[str, ...] = ()
    implementations_removed: tuple[str, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    n_lost: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[VersionChange, ...] = ()

    def of_kind(self, kind: Kind) -> list[Group]:
        """Return the groups of one kind."""
        return [group for group in self.groups if group.kind == kind]

    def count(self, kind: Kind) -> int:
        """Return how many changes there are of one kind."""
        return sum(len(group.changes) for group in self.of_kind(kind))

    @property
    def n_worse(self) -> int:
        """Return how many changes are for the worse."""
        return sum(group.n_worse for group in self.groups)

    @property
    def is_worse(self) -> bool:
        """Tell whether anything changed for the worse: an outcome, or that there is none where there was one."""
        return bool(self.n_worse or self.lost or self.n_lost)

    @property
    def verdict(self) -> str:
        """Say in one line what changed."""
        counts = {kind: self.count(kind) for kind in KINDS}
        said = [f"{n:,} {kind}{'s' if kind == 'new failure' and n > 1 else ''}" for kind, n in counts.items() if n]
        return ", ".join([*said, f"{self.n_unchanged:,} unchanged"])

    @property
    def notes(self) -> list[str]:
        """Say what else is not the same in both runs, a sentence each, what is lost first."""
        lines = [f"{name} ran before and did not start now: {why}" for name, why in self.lost.items()]
        lines += [f"{name}: {n} outcomes of the old run are missing in the new one" for name, n in self.n_lost.items()]
        for what, names in (
            ("only in the new run", self.implementations_added),
            ("only in the old run", tuple(name for name in self.implementations_removed if name not in self.lost)),
        ):
            if names:
                lines.append(f"implementations {what}: {', '.join(names)}")
        if self.added:
            failing = ", ".join(f"{name} {n}" for name, n in self.n_added_failing.items())
            lines.append(f"{len(self.added)} cases added" + (f"; of their outcomes fail: {failing}" if failing else ""))
        if self.removed:
            lines.append(f"{len(self.removed)} cases removed")
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON can carry it; `docs/reports.md` says what is what."""
        return {
            "format": FORMAT,
            "is_worse": self.is_worse,
            "old": asdict(self.old),
            "new": asdict(self.new),
            "counts": {kind: self.count(kind) for kind in KINDS}
            | {"worse": self.n_worse, "unchanged": self.n_unchanged},
            "groups": [
                {
                    "kind": group.kind,
                    "implementation": group.implementation,
                    "op": group.op,
                    "causes": [asdict(cause) for cause in group.causes],
                    "changes": [change.to_json() for change in group.changes],
                }
                for group in self.groups
            ],
            "cases_added": [case.id for case in self.added],
            "cases_removed": [case.id for case in self.removed],
            "n_added_failing": dict(self.n_added_failing),
            "implementations_added": list(self.implementations_added),
            "implementations_removed": list(self.implementations_removed),
            "lost": dict(self.lost),
            "n_lost": dict(self.n_lost),
            "versions": [asdict(change) for change in self.versions],
        }


def compare(old: Record, new: Record) -> Comparison:
    """Return what differs from `old` to `new`."""
    before = {(r.implementation, r.case): r.judgement for r in old.results}
    after = {(r.implementation, r.case): r.judgement for r in new.results}
    changes = [_change(*key, j, after[key]) for key, j in before.items() if key in after]
    changed = [change for change in changes if change is not None]
    old_cases, new_cases = set(old.cases), set(new.cases)
    added = sorted(new_cases - old_cases, key=lambda case: case.canonical_key)
    removed = sorted(old_cases - new_cases, key=lambda case: case.canonical_key)
    old_names, new_names = set(old.names), set(new.names)
    not_started = new.header["not_started"]
    failing = Counter(n for (n, case), j in after.items() if case not in old_cases and case in new_cases and _fails(j))
    lost = Counter(n for n, case in before.keys() - after.keys() if n in new_names and case in new_cases)
    return Comparison(
        _side(old),
        _side(new),
        _grouped(changed, old, new),
        len(changes) - len(changed),
        tuple(added),
        tuple(removed),
        dict(sorted(failing.items())),
        tuple(sorted(new_names - old_names)),
        tuple(sorted(old_names - new_names)),
        {name: not_started[name] for name in sorted(old_names - new_names) if name in not_started},
        dict(sorted(lost.items())),
        tuple(_versions(old, new)),
    )


def _side(record: Record) -> Side:
    header = record.header
    return Side(
        str(header.get("began", "")),
        header["same_conformance"],
        str(header["profile"]),
        str(header["seed"]),
        len(record.cases),
        len(record.names),
        len(record.results),
        record.unfinished,
        record.damaged,
    )


def _fails(judgement: Judgement) -> bool:
    return judgement.verdict in FAILURES


def _change(name: str, case: Case, before: Judgement, after: Judgement) -> Change | None:
    """Return what became of one case; None if its outcome is the same, as far as a record tells."""
    kind = None if before == after else _kind(before, after)  # nearly all of them are the same
    return kind and Change(name, case, kind, before, after, _is_worse(kind, before, after))


_State = Literal["right", "wrong", "missing"]
_BECAME: dict[tuple[_State, _State], Kind] = {
    ("right", "wrong"): "new failure",
    ("missing", "wrong"): "new failure",
    ("right", "missing"): "newly unsupported",
    ("wrong", "missing"): "newly unsupported",
    ("wrong", "right"): "fixed",
    ("missing", "right"): "newly supported",
}


def _kind(before: Judgement, after: Judgement) -> Kind | None:
    was, became = _state(before), _state(after)
    if was != became:
        return _BECAME[was, became]
    return "changed" if became != "missing" and _differ(before, after) else None


def _state(judgement: Judgement) -> _State:
    if judgement.verdict == "unsupported":
        return "missing"
    return "wrong" if _fails(judgement) else "right"


def _differ(before: Judgement, after: Judgement) -> bool:
    """Tell whether two outcomes differ in verdict, shape or values.

    Messages do not count: they name versions and the like. Nor do the values of what differs from call to call.
    """
    if before.verdict == after.verdict == "nondeterministic":
        return before.observed_shape != after.observed_shape
    return _seen(before) != _seen(after)


def _seen(j: Judgement) -> tuple[Any, ...]:
    return (j.verdict, j.observed_shape, j.n_different, j.digest)


def _is_worse(kind: Kind, before: Judgement, after: Judgement) -> bool:
    if kind != "changed":
        return kind == "new failure" or (kind == "newly unsupported" and not _fails(before))
    if before.verdict != after.verdict:
        return VERDICTS.index(after.verdict) < VERDICTS.index(before.verdict) and _fails(after)
    return (
        _fails(after) and after.verdict != "nondeterministic" and (after.n_different or 0) > (before.n_different or 0)
    )


def _grouped(changes: list[Change], old: Record, new: Record) -> tuple[Group, ...]:
    parts: dict[tuple[Kind, str, str], list[Change]] = {}
    for change in changes:
        parts.setdefault((change.kind, change.implementation, change.case.op), []).append(change)
    order = {kind: i for i, kind in enumerate(KINDS)}
    groups = []
    for (kind, name, op), part in sorted(parts.items(), key=lambda item: (order[item[0][0]], *item[0][1:])):
        part.sort(key=lambda change: change.case.canonical_key)
        is_fixed = kind == "fixed"
        verdicts = {(change.before if is_fixed else change.after).verdict for change in part}
        groups.append(Group(kind, name, op, tuple(part), _causes(old if is_fixed else new, name, op, verdicts)))
    return tuple(groups)


def _causes(record: Record, name: str, op: str, verdicts: set[Verdict]) -> tuple[Cause, ...]:
    return tuple(
        Cause(cause["text"], cause["case"])
        for cause in record.footer.get("causes", [])
        if (cause["implementation"], cause["op"]) == (name, op) and verdicts.intersection(cause["verdicts"])
    )


def _versions(old: Record, new: Record) -> list[VersionChange]:
    before, after = ({about["name"]: _depends_on(about) for about in r.header["implementations"]} for r in (old, new))
    changes = []
    for name in sorted(before.keys() & after.keys()):
        for what in sorted(before[name].keys() | after[name].keys()):
            was, is_now = before[name].get(what, "none"), after[name].get(what, "none")
            if was != is_now:
                changes.append(VersionChange(name, what, was, is_now))
    return changes


def _depends_on(about: Mapping[str, Any]) -> dict[str, str]:
    """Return by name the versions that an implementation's outcomes depend on."""
    own = {"version": about["version"], "python": about["python"], "platform": about["platform"]}
    packages = {str(name): str(version) for name, version in about["versions"].items()}
    return {**packages, **own, "sources": str(about.get("sources", ""))}


def _plain(judgement: Judgement) -> dict[str, Any]:
    largest = judgement.max_abs_difference
    return {
        "verdict": judgement.verdict,
        "shape": None if judgement.observed_shape is None else list(judgement.observed_shape),
        "n_different": judgement.n_different,
        "max_abs_difference": None if largest is None else repr(largest),
        "digest": judgement.digest,
        "message": judgement.message,
    }
