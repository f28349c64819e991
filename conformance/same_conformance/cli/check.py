"""Look one implementation over: ``same-conformance check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from same_conformance.cli.common import FiniteRange, exits, python_option

if TYPE_CHECKING:
    from same_conformance.console import Console
    from same_conformance.doctor.finding import Finding, Kind


@click.command()
@click.argument("name")
@python_option
@click.option("--timeout", "case_s", type=FiniteRange(min=0, min_open=True), default=10, show_default=True,
              help="Seconds for one case.")  # fmt: skip
@click.option("--start-timeout", "start_s", type=FiniteRange(min=0, min_open=True), default=120, show_default=True,
              help="Seconds to start.")  # fmt: skip
def check(name: str, interpreters: tuple[tuple[str, str], ...], case_s: float, start_s: float) -> None:
    """Look NAME over: does it start, keep the contract of plug-ins, do what it claims; with the next step for every problem.

    NAME is an implementation that is installed, or path/to/file.py:attribute. Exits with 0 if all is well, with 3 if the
    plug-in is broken, with 1 if it works and is not conforming.
    """
    exits(lambda: _check(name, dict(interpreters), case_s, start_s))


def _check(name: str, interpreters: dict[str, str], case_s: float, start_s: float) -> int:
    from same_conformance.console import Console
    from same_conformance.doctor import finding, visit
    from same_conformance.runner.pool import Pool
    from same_conformance.runner.slot import Limits

    console = Console(plain_every_s=2)
    found = []
    with Pool(Limits(case_s, start_s, n_crashes=2, n_timeouts=1), jobs=1) as pool:
        with console:
            for one in visit.visit(name, interpreters, pool, console):
                found.append(one)
                if one.kind in ("ok", "note"):
                    _tell(console, one)
        for kind, heading in _HEADINGS.items():
            problems = [one for one in found if one.kind == kind]
            if problems:
                console.say(f"\n{heading}")
            for one in problems:
                _tell(console, one)
    console.say("" if len(found) == 0 else _conclusion(name, visit.as_called(name, interpreters), found))
    return finding.exit_code(found)


_MARKS: dict[Kind, str] = {"ok": "ok", "note": "note", "broken": "problem", "wrong": "problem"}
_HEADINGS: dict[Kind, str] = {
    "broken": "Your plug-in is broken: it does not keep the contract of docs/plugins.md",
    "wrong": "Your implementation is not conforming: it gives something else than SAME",
}


def _tell(console: Console, one: Finding) -> None:
    console.say(f"  {_MARKS[one.kind]:<8} {one.text}")
    if one.step:
        console.say(f"           next: {one.step}")


def _conclusion(name: str, called: str, found: list[Finding]) -> str:
    counts = {kind: sum(one.kind == kind for one in found) for kind in _HEADINGS}
    if not any(counts.values()):
        return (
            f"\nNothing is wrong with {name} as far as was looked. Next: same-conformance run {called} --profile quick"
        )
    told = [
        f"{n} problem{'s' if n > 1 else ''} of the {whose}"
        for whose, n in zip(("plug-in", "implementation"), counts.values(), strict=True)
        if n
    ]
    again = "; repair the plug-in first" if counts["broken"] and counts["wrong"] else ""
    return f"\n{' and '.join(told)}{again}. Then again: same-conformance check {called}"
