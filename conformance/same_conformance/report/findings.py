"""Write what frameworks get wrong as a page of docs/: each finding with its smallest case, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from same_conformance import mutants, operands
from same_conformance.repro import data, issue

if TYPE_CHECKING:
    from same_conformance.case import Case
    from same_conformance.expectations import Expectation
    from same_conformance.findings import Finding
    from same_conformance.repro.target import Observation

_HEAD = """\
# Findings: what frameworks get wrong

Made from [cases/expectations.toml](../cases/expectations.toml) by `python cases/write_findings.py`, which runs the smallest
case of each; a test runs them again, and says so where one is fixed. All is about the CPU.

"""


def render(
    found: Iterable[Finding],
    entries: Sequence[Expectation],
    observations: Mapping[str, Observation],
    head: str = _HEAD,
) -> str:
    """Return the page, which begins with `head`; `observations` are of each finding's case, by the finding's name."""
    found = list(found)
    contents = "".join(f"- [{finding.title}](#{finding.name})\n" for finding in found)
    sections = (_section(finding, entries, observations[finding.name]) for finding in found)
    return head + contents + "\n" + "\n".join(sections)


def _section(finding: Finding, entries: Sequence[Expectation], observation: Observation) -> str:
    case = finding.case
    where = "".join(
        f"| `{e.implementation}` | `{e.when.replace('|', chr(92) + '|')}` | {_how(e)} |\n"
        for e in entries
        if e.finding == finding.name
    )
    verb = "crops" if case.op == "conv_transpose" else "pads"
    pads = ", ".join(f"{a.before} before and {a.after} after" for a in case.axes)
    return f"""\
## {finding.title}<a id="{finding.name}"></a>

{finding.reason}.

Seen with {finding.seen}. Report: {_link(finding.link)}.

| on | where | how |
|---|---|---|
{where}
The smallest case that gives a wrong result is `{case.id}`, on `{finding.implementation}`. Per axis, SAME {verb} {pads}.

{_operands(case)}
{issue.expected_array(case)}
{issue.happened(observation)}

```console
$ same-conformance repro {case.id} --with {finding.implementation}
```
"""


def _operands(case: Case) -> str:
    """Return the operands in one line; the smallest cases have few elements."""
    arrays = zip(data.names(case), operands.make(case))
    said = "; ".join(f"{name} {', '.join(f'{v:.15g}' for v in values.reshape(-1))}" for name, values in arrays)
    return f"Operands, in raster order: {said}.\n"


def _how(entry: Expectation) -> str:
    how = f"{mutants.RULES[entry.rule].sentence} (`{entry.rule}`)" if entry.rule else entry.verdict
    return f"{how}; depends on {entry.may_pass}" if entry.may_pass else how


def _link(link: str) -> str:
    """Mark addresses as such."""
    return " ".join(f"<{word}>" if word.startswith("https://") else word for word in link.split())
