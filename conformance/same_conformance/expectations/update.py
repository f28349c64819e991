"""Bring the user's files of expectations up to what a run found.

An entry that the run did not exercise stays as it is. One that it did loses the cases which pass; it goes where nothing
fails as it says. What fails unexpectedly gets an entry. Where an entry stays, so does its text, comments and all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from typing import TYPE_CHECKING

from same_conformance import selection
from same_conformance.assessment import WITNESSES, day_of, entries_of
from same_conformance.errors import UsageError
from same_conformance.expectations import layout, reading, review, writing
from same_conformance.expectations.proposal import propose
from same_conformance.expectations.standing import RIGHT, Expectations
from same_conformance.record import FILE, Record, Writer

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.case import Case
    from same_conformance.expectations.entry import Expectation
    from same_conformance.expectations.reading import File
    from same_conformance.record import Result
    from same_conformance.selection import Query


@dataclass
class _Slot:
    """An entry, the file that it is in, and its text there; of a new or changed entry, the comment above it."""

    file: File
    entry: Expectation
    text: str = ""
    comment: str = ""

    @property
    def block(self) -> str:
        return self.text or self.comment + writing.text_of(self.entry)


@dataclass
class Update:
    """What an update makes of the files.

    Attributes:
        texts: of each file, as it is to be.
        said: what was added, changed and removed, in words.

    """

    texts: dict[File, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def check(files: Sequence[File]) -> None:
    """Find out before a run whether `files` can be brought up to date after it.

    Raises:
        UsageError: if there are none, or one cannot be written again entry by entry.

    """
    if not files:
        raise UsageError(
            '--update-expectations needs a file: give --expectations FILE, or write expectations = "FILE" under '
            "[tool.same-conformance] in pyproject.toml"
        )
    for file in files:
        if file.layout is None:
            raise UsageError(
                f"expectations {file.path}: cannot be updated as it is written; begin each entry with [[expectation]] on a "
                "line of its own"
            )


def write(update: Update) -> None:
    """Write the files that change.

    Raises:
        UsageError: if one was changed since it was read, or cannot be written.

    """
    for file, text in update.texts.items():
        if text == file.text:
            continue
        if reading.load(file.path, may_be_absent=True).text != file.text:
            raise UsageError(f"expectations {file.path}: it was changed during the run, and is left alone; run again")
        writing.replace(file.path, text)


def keep(record: Record, files: Sequence[File], out: Path) -> Record:
    """Return the record with the entries that `files` hold now, in place of those that the run was given; write it to `out`."""
    entries = [entry for entry in entries_of(record) if not entry.place]
    entries += [entry for file in files for entry in reading.read(file.path)]
    updated = Record({**record.header, "expectations": [e.to_json() for e in entries]}, record.results, record.footer)
    writer = Writer(out / FILE, updated.header, updated.results)
    writer.finish(updated.footer)
    return updated


def revise(record: Record, files: Sequence[File], query: Query) -> Update:
    """Return what becomes of `files`, whose entries the run of `record` was given."""
    update = Update()
    slots = [
        _Slot(file, entry, block.text, block.comment)
        for file in files
        if file.layout
        for entry, block in zip(file.entries, file.layout.blocks, strict=True)
    ]
    builtin = [entry for entry in entries_of(record) if not entry.place]
    rule_of = {about["name"]: about["rule"] for about in record.header["implementations"]}
    run = _Run(review.by_implementation(record.results), query)
    slots = _renewed(slots, record, run, update.said)
    known = Expectations([*builtin, *(slot.entry for slot in slots)], rule_of, day_of(record.header))
    revision = _Revision(run, update.said)
    decided = _decided(slots, known, run)
    for slot in slots:
        revision.take(slot, decided[slot.entry])
    slots = revision.kept
    known = Expectations([*builtin, *(slot.entry for slot in slots)], rule_of, day_of(record.header))
    for name, executed in sorted(run.executed.items()):
        failing = [r for r in executed if known.assess(name, r.case, r.judgement.verdict)[0] == "unexpected"]
        if failing and name in WITNESSES:
            update.said.append(
                f"{name} is a witness: its {len(failing)} contested outcomes are for you to list, by hand"
            )
        elif failing:
            causes = [cause for cause in record.footer.get("causes", []) if cause["implementation"] == name]
            mine = {case: heir for (of, case), heir in revision.heirs.items() if of == name}
            proposed = propose(failing, executed, causes, mine, may_generalise=not query.cases)
            _insert(slots, proposed, failing, files[-1])
            update.said += [f"added to {files[-1].name}, for {name}: {_in_words(entry, failing)}" for entry in proposed]
    if not update.said:
        update.said.append(f"{', '.join(file.name for file in files)}: up to date")
    for file in files:
        assert file.layout is not None
        own = sorted((slot for slot in slots if slot.file is file), key=lambda slot: slot.entry.implementation)
        head = writing.HEAD if file.text is None else file.layout.head
        update.texts[file] = layout.assemble(head, [slot.block for slot in own])
    return update


@dataclass(frozen=True)
class _Run:
    """What was executed, per implementation, and of what the run was made."""

    executed: Mapping[str, Sequence[Result]]
    query: Query

    def matches(self, entry: Expectation) -> bool:
        """Tell whether `entry` says anything of what was executed."""
        return any(entry.predicts(r.case) for r in self.executed[entry.implementation])

    def saw_all_of(self, entry: Expectation) -> bool:
        """Tell whether nothing that `entry` covers was left out of the run by the options that narrow it."""
        if self.query.cases:
            return False
        if not self.query.narrowed:
            return True
        covered = [case for case in selection.select(selection.Query(profile="quick")).origins if entry.covers(case)]
        return bool(covered) and len(self.query.matching(covered)) == len(covered)


def _renewed(slots: Iterable[_Slot], record: Record, run: _Run, said: list[str]) -> list[_Slot]:
    """Take the day from entries that expired and still hold, and take out those that do not."""
    kept = []
    for slot in slots:
        entry = slot.entry
        executed = run.executed.get(entry.implementation)
        if executed is None or not entry.is_expired(day_of(record.header)):
            kept.append(slot)
        elif any(r.judgement.verdict in entry.predicts(r.case) for r in executed):
            kept.append(_Slot(slot.file, with_changes(entry, expires=None), comment=slot.comment))
            said.append(
                f"renewed: {entry.place} had expired on {entry.expires}, and it still fails so; it counts without a day now"
            )
        elif run.saw_all_of(entry):
            said.append(f"removed: {entry.place} had expired on {entry.expires}, and nothing fails so any more")
        else:
            kept.append(slot)
    return kept


@dataclass
class _Revision:
    """Take one entry after the other, and keep what stays.

    Attributes:
        run: what the entries are held against.
        said: what was changed and removed, in words.
        kept: the entries that stay.
        heirs: for failures of those that do not, by implementation and case: the entry whose reason they inherit.

    """

    run: _Run
    said: list[str]
    kept: list[_Slot] = field(default_factory=list)
    heirs: dict[tuple[str, Case], Expectation] = field(default_factory=dict)

    def take(self, slot: _Slot, decided: Sequence[Result]) -> None:
        """Take an entry, and the results that it decides."""
        entry = slot.entry
        if entry.implementation not in self.run.executed:
            self.kept.append(slot)
            return
        right, failing, otherwise = _parted(entry, decided)
        saw_all = self.run.saw_all_of(entry)
        if not self.run.query.narrowed and not self.run.matches(entry):
            self.said.append(f"removed: {entry.place} matches nothing ({entry.selector})")
        elif entry.cases and right + otherwise:
            self._shorten(slot, {r.case.id for r in right + otherwise})
        elif right and saw_all:
            passing = f"{_cases(len(right))} that it covers pass{'es' if len(right) == 1 else ''}"
            self.said.append(f"removed: {entry.place} is stale, {passing} ({entry.selector})")
            self.heirs.update({(entry.implementation, r.case): entry for r in failing})
        elif otherwise and saw_all and not failing:
            self.said.append(
                f"removed: {entry.place}, nothing fails as it says any more ({entry.selector}: {entry.verdict or entry.rule})"
            )
        else:
            self.kept.append(slot)
            if right:
                self.said.append(
                    f"kept: {entry.place} is stale, but this run saw only some of its cases ({entry.selector}); "
                    "run the whole profile"
                )

    def _shorten(self, slot: _Slot, gone: set[str]) -> None:
        """Take the cases `gone` from an entry that lists its cases, and all of it if there are no others."""
        entry = slot.entry
        left = tuple(case for case in entry.cases if case not in gone)
        if left:
            self.kept.append(_Slot(slot.file, with_changes(entry, cases=left), comment=slot.comment))
            self.said.append(f"shortened: {entry.place}, {_cases(len(gone))} of {len(entry.cases)} fail so no more")
        else:
            self.said.append(f"removed: {entry.place}, none of its cases fails so any more ({entry.selector})")


def _parted(entry: Expectation, decided: Iterable[Result]) -> tuple[list[Result], list[Result], list[Result]]:
    """Part results into those that make an entry stale, those that fail as it says, and those that fail otherwise."""
    right: list[Result] = []
    failing: list[Result] = []
    otherwise: list[Result] = []
    for result in decided:
        if result.judgement.verdict in RIGHT:
            right += [] if entry.may_pass else [result]
        elif result.judgement.verdict in entry.predicts(result.case):
            failing.append(result)
        else:
            otherwise.append(result)
    return right, failing, otherwise


def _decided(slots: Iterable[_Slot], known: Expectations, run: _Run) -> dict[Expectation, list[Result]]:
    """Return the results that each entry decides."""
    decided: dict[Expectation, list[Result]] = {slot.entry: [] for slot in slots}
    for name in {entry.implementation for entry in decided} & run.executed.keys():
        for result in run.executed[name]:
            entry = known.deciding(name, result.case)
            if entry in decided:
                decided[entry].append(result)
    return decided


def _insert(slots: list[_Slot], proposed: Iterable[Expectation], failing: Sequence[Result], last: File) -> None:
    """Put entries at the end, but one whose cases another entry covers before that, because the first decides."""
    for entry in proposed:
        mine = [r.case for r in failing if entry.predicts(r.case)]
        for place, slot in enumerate(slots):
            if slot.entry.implementation == entry.implementation and any(map(slot.entry.predicts, mine)):
                slots.insert(place, _Slot(slot.file, entry))
                break
        else:
            slots.append(_Slot(last, entry))


def _in_words(entry: Expectation, failing: Sequence[Result]) -> str:
    n = sum(bool(entry.predicts(r.case)) for r in failing)
    return f"{entry.selector}: {f'the rule {entry.rule}' if entry.rule else entry.verdict}, {_cases(n)}; {entry.reason}"


def _cases(n: int) -> str:
    return f"{n:,} case{'s' if n != 1 else ''}"
