"""Talk to the person at the terminal: progress, tables, cases."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Self

import numpy as np
from rich import box
from rich.console import Console as RichConsole
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from same_conformance import classes, conforming, coverage, mutants, operands, unpacking
from same_conformance.case import OPS
from same_conformance.diagnosis.causes import how_small
from same_conformance.judge import FAILURES
from same_conformance.messages import LONGEST, printable
from same_conformance.outcome import Array
from same_conformance.picture import drawing, terminal
from same_conformance.witnesses import absent

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.case import Case
    from same_conformance.diff import Comparison
    from same_conformance.judge import Judgement
    from same_conformance.outcome import Outcome
    from same_conformance.picture import Picture
    from same_conformance.plugins import EntryPoint
    from same_conformance.record import Record
    from same_conformance.runner.pool import Pool
    from same_conformance.survey import Survey

_PLAIN_EVERY_S = 10
"""Seconds between lines of progress where there is no terminal to draw a bar on."""
_PLAIN_WIDTH = 140
"""Columns where there is no terminal to ask."""
_LONGEST_LINE = 10_000
"""Characters of a line: rows of arrays are long where the terminal is wide."""
_LISTED = 10
_SHOWN_ELEMENTS = 1200
"""Elements of an array that are printed before it is abridged."""


_FOUND = {"forward": "result", "input_gradient": "gradient by the input", "kernel_gradient": "gradient by the kernel"}


class Console:
    """Show progress while entered, and tables at any time; a `same_conformance.run.Watcher`."""

    def __init__(self, plain_every_s: float = _PLAIN_EVERY_S) -> None:
        self._plain_every_s = plain_every_s
        self._console = RichConsole(highlight=False)
        if not self._console.is_terminal:
            self._console = RichConsole(highlight=False, width=_PLAIN_WIDTH)
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._last_line_s = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description:>10}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[now]}"),
            )
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()
        self._progress = None
        self._tasks.clear()

    def say(self, text: str) -> None:
        """Print text, whoever wrote it: nothing in it moves the cursor or turns the direction of writing."""
        clean = "\n".join(printable(line, _LONGEST_LINE) for line in text.split("\n"))
        self._console.print(escape(clean), soft_wrap=True)

    def progress(self, what: str, done: int, total: int, now: str = "") -> None:
        """Move the bar of stage `what`, or, without a terminal, print a line now and then; `now` is what it is about."""
        if self._progress:
            if what not in self._tasks:
                self._tasks[what] = self._progress.add_task(what, total=total, now="")
            self._progress.update(self._tasks[what], completed=done, total=total, now=escape(now))
        elif time.monotonic() - self._last_line_s > self._plain_every_s:
            self._last_line_s = time.monotonic()
            self.say(f"{what}: {done} of {total}" + (f" ({now})" if now else ""))

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Show that something without steps is being done."""
        if self._console.is_terminal:
            with self._console.status(what):
                yield
        else:
            yield

    def show_changes(self, comparison: Comparison) -> None:
        """Print what changed between two runs."""
        from same_conformance.report import changes

        changes.tell(comparison, lambda markup: self._console.print(markup, soft_wrap=True))

    def summarize(self, record: Record, assessment: Assessment, out: Path) -> None:
        """Print how many cases each class had, the verdicts per implementation and op, and what was not as expected."""
        header = record.header
        if header["n_drawn"]:
            counts = classes.count(record.of_origin("drawn"))
            missing = [k.name for k in classes.common() if not counts[k.name]]
            none_of = f"; none of: {', '.join(missing)}" if missing else ""
            self.say(f"drawn: {header['n_drawn']} distinct cases with seed {header['seed']}{none_of}")
        self._console.print(_coverage(record.class_coverage))
        self._console.print(_verdicts(assessment))
        self._box(record)
        self._unexpected(assessment)
        unpacked = map(unpacking.sentence, record.footer.get("unpacked", []))
        for text in (*(remark.text for remark in assessment.remarks), *unpacked):
            self.say(text)
        for name, why in assessment.uncompared.items():
            self.say(f"{name}: {why}")
        causes = record.footer.get("causes", [])
        for cause in causes:
            self.say(f"{cause['implementation']}, {cause['op']}: {cause['text']}")
            self.say(f"  smallest counterexample: {cause['case']} ({how_small(cause)})")
        if any("of the box" in cause["text"] for cause in causes):
            self.say(f"the box: {coverage.box_in_words()} on every axis")
        self._conclude(record, assessment)
        for name, why in assessment.not_started.items():
            self.say(f"{name} did not start: {why}")
        self.say(f"report: {out / 'index.html'}")

    def _unexpected(self, assessment: Assessment) -> None:
        """Print the first verdicts that nobody expected, and the expectations whose cases pass."""
        if rows := assessment.standing("unexpected"):
            self.say(f"{len(rows)} unexpected verdicts: {_per_implementation(rows)}")
        for row in rows[:_LISTED]:
            j = row.result.judgement
            said = "; ".join(text for text in (j.message, row.why) if text)
            self.say(f"  {row.result.implementation}  {row.result.case.id}  {j.verdict}: {said}")
        if len(rows) > _LISTED:
            self.say(f"  and {len(rows) - _LISTED} more, in mismatches.csv")
        if passed := assessment.standing("stale"):
            n = len(assessment.stale)
            what = f"{n} stale expectation{'s' if n > 1 else ''}"
            self.say(f"{what}, whose cases pass: {_per_implementation(passed)}")
            for line in assessment.stale:
                self.say(f"  {line}")
            self.say("  correct the list of known failures, or let --update-expectations do it")

    def _conclude(self, record: Record, assessment: Assessment) -> None:
        """Print what the witnesses contest, whose recordings stand in for them, and who conforms to what was required."""
        contested = assessment.contested
        if contested:
            listed = "some not listed"
            if not any(row.standing == "unexpected" for row in contested):
                listed = "all listed with reason and link"
            self.say(f"{len(contested)} contested outcomes of witnesses, {listed}")
        if recorded := absent.sentence(record):
            self.say(f"witnesses {recorded}")
        for claim in conforming.claims(record):
            self.say(f"{claim.implementation}: {claim.verdict} ({claim.told})")

    def _box(self, record: Record) -> None:
        """Print what is missing of the record, and which axis cases of the box each implementation covered, if the run has packed cases."""
        for state in filter(None, (record.damaged, record.unfinished)):
            self.say(state)
        found = coverage.covered(record)
        if not found:
            return
        self.say(coverage.sentence(record))
        table = Table(box=box.SIMPLE_HEAD, caption="axis cases that gave an array, in SAME and SAME_LOWER")
        for column in ("implementation", *OPS):
            table.add_column(column, no_wrap=True)
        for one in found:
            table.add_row(one.implementation, *map(one.cell, OPS))
        self._console.print(table)
        for one in found:
            if one.why:
                self.say(f"{one.implementation} did not cover {one.why}")

    def show_implementations(self, entry_points: list[EntryPoint], pool: Pool) -> None:
        """Print a line per implementation: name, package, framework, state, summary."""
        width = max((len(printable(e.name, LONGEST)) for e in entry_points), default=0)
        for entry_point in entry_points:
            name = entry_point.name
            why = pool.failures.get(name)
            state = f"[red]cannot start:[/] {escape(printable(why))}" if why else "[green]ready[/]"
            self._console.print(f"[bold]{escape(f'{printable(name, LONGEST):<{width}}')}[/]  {state}", soft_wrap=True)
            about = [f"{entry_point.distribution} {entry_point.version}"]
            if name in pool.descriptions:
                description, _ = pool.descriptions[name]
                about += [f"{description.framework}: {', '.join(description.ops)}", description.summary]
            for text in filter(None, about):
                self._console.print(f"{'':<{width}}  [dim]{escape(printable(text))}[/]", soft_wrap=True)

    def show_case(self, case: Case, expected: np.ndarray) -> None:
        """Print the parameters of `case`, what SAME pads on each axis, the operands and what is expected."""
        self.say(f"{case.id}")
        self.say(
            f"{case.op}, {case.padding}, {case.dtype}, batch {case.batch}, channels {case.channels}, groups {case.groups}, "
            f"compared: {case.compared}"
        )
        if case.calls > 1:
            self.say(f"called with other sizes first: {', '.join(str(other.size) for other in case.earlier)}")
        verb = "crops" if case.op == "conv_transpose" else "pads"
        for i, a in enumerate(case.axes):
            self.say(
                f"axis {i}: size {a.size}, kernel {a.kernel}, stride {a.stride}, dilation {a.dilation}: "
                f"{verb} {a.before} before and {a.after} after, output {a.output_size}"
            )
        names = ("input", "kernel")[: len(case.operand_shapes)]
        for name, values in zip((*names, "cotangent"), operands.make(case), strict=False):
            self._values(case, name, values, is_kernel=name == "kernel")
        self._values(case, f"expected {_FOUND[case.compared]}", expected, is_kernel=case.compared == "kernel_gradient")

    def _values(self, case: Case, name: str, values: np.ndarray, *, is_kernel: bool) -> None:
        """Print an array in the form that its name asks for: space is what SAME is about, so it comes last."""
        if not is_kernel:
            self.say(f"{name}, shape {values.shape} (batch, *size, channels), shown as [batch, channel, *size]:")
            self._print(np.moveaxis(values, -1, 1) if values.ndim > 1 else values)
            return
        order = ("out", "in") if case.op == "conv_transpose" else ("in", "out")
        if case.op == "depthwise_conv":
            order = ("channel", "multiplier")
        axes = ", ".join(order)
        self.say(f"{name}, shape {values.shape} (*kernel, {axes}), shown as [{axes}, *kernel]:")
        self._print(np.moveaxis(values, (-2, -1), (0, 1)) if values.ndim > 1 else values)

    def show_outcome(self, name: str, case: Case, outcome: Outcome, judgement: Judgement) -> None:
        """Print what an implementation gave for `case`, and its verdict."""
        if isinstance(outcome, Array):
            is_kernel = case.compared == "kernel_gradient"
            self._values(case, f"{name}, {_FOUND[case.compared]}", outcome.values, is_kernel=is_kernel)
        said = f": {judgement.message}" if judgement.message else ""
        self.say(f"{name}: {judgement.verdict}{said}")

    def show_windows(self, case: Case) -> None:
        """Draw which window reads what as SAME asks."""
        terminal.show(partial(drawing.draw_same, case), self._console)

    def show_picture(self, picture: Picture) -> None:
        """Draw what an implementation reads and gives beside what SAME asks for."""
        terminal.show(partial(drawing.draw, picture), self._console)

    def show_survey(self, survey: Survey, out: Path) -> None:
        """Print the coverage of the cases, the kills of each mutant, and which mutants survive or deviate."""
        self._console.print(_coverage(classes.coverage(survey.cases)))
        self._console.print(_kills(survey))
        kills = sorted(map(len, survey.kills.values()))
        self.say(
            f"{len(kills)} mutants over {len(survey.cases)} cases: "
            f"{kills[0]} kills of the one least killed, {kills[len(kills) // 2]} in the middle"
        )
        for name in survey.survivors:
            self.say(f"{name} survives: no case tells it from SAME; it {mutants.RULES[name].sentence}")
        for line in survey.deviations[:_LISTED]:
            self.say(f"not as predicted: {line}")
        if len(survey.deviations) > _LISTED:
            self.say(f"and {len(survey.deviations) - _LISTED} more, in mutants.html")
        self.say(f"matrix of mutants and classes: {out / 'mutants.html'}, {out / 'mutants.csv'}")

    def _print(self, values: np.ndarray) -> None:
        with np.printoptions(threshold=_SHOWN_ELEMENTS, linewidth=self._console.width, suppress=True):
            self.say(str(values))


def _per_implementation(rows: Sequence[Assessed]) -> str:
    """Return how many of `rows` each implementation has."""
    counts = Counter(row.result.implementation for row in rows)
    return ", ".join(f"{name} {n}" for name, n in counts.items())


def _coverage(counts: dict[str, dict[str, int]]) -> Table:
    """Return the table of cases per class and op."""
    table = Table(box=box.SIMPLE_HEAD, caption="cases of each class; a dot where there can be none")
    for column in ("class", *OPS):
        table.add_column(column, justify="left" if column == "class" else "right", no_wrap=True)
    for name, per_op in counts.items():
        cells = (str(per_op[op]) if op in per_op else "[dim]·[/]" for op in OPS)
        table.add_row(name, *("[red]0[/]" if cell == "0" else cell for cell in cells))
    return table


def _kills(survey: Survey) -> Table:
    """Return the table of kills per mutant and op."""
    table = Table(box=box.SIMPLE_HEAD, caption="cases that kill each mutant; a dot where it is no way to do the op")
    for column in ("mutant", "kills", *OPS, "smallest case that kills it"):
        right = column in ("kills", *OPS)
        table.add_column(column.replace("_", "\n") if right else column, justify="right" if right else "left")
    for name, cases in survey.kills.items():
        per_op = Counter(case.op for case in cases)
        cells = (str(per_op[op]) if op in mutants.RULES[name].ops else "[dim]·[/]" for op in OPS)
        n = str(len(cases)) if cases else "[red]0[/]"
        table.add_row(name, n, *cells, cases[0].id if cases else "")
    return table


def _verdicts(assessment: Assessment) -> Table:
    """Return the table of verdicts: right, wrong and unsupported per op."""
    counts: dict[str, dict[str, Counter[str]]] = {}
    for row in assessment.rows:
        verdict = row.result.judgement.verdict
        kind = "wrong" if verdict in FAILURES else verdict
        counts.setdefault(row.result.implementation, {}).setdefault(row.result.case.op, Counter())[kind] += 1
    table = Table(box=box.SIMPLE_HEAD, caption="right / wrong / not offered; unspecified cases are left out")
    for column in ("implementation", *OPS):
        table.add_column(column, justify="left" if column == "implementation" else "right", no_wrap=True)
    for name, ops in sorted(counts.items()):
        table.add_row(name, *(_cell(ops.get(op, Counter())) for op in OPS))
    return table


def _cell(count: Counter[str]) -> str:
    right, wrong, missing = count["pass"], count["wrong"], count["unsupported"]
    if not right + wrong:
        return "[dim]·[/dim]"
    return f"{right} / [{'red' if wrong else 'dim'}]{wrong}[/] / [dim]{missing}[/dim]"
