"""Hold what frameworks get wrong: one finding per distinct cause, with the smallest case that shows it.

A finding is a table ``[finding.NAME]`` in a file of expectations. Expectations that name it take their reason and link
from it, and say where it shows, on which implementation, and how.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from same_conformance.case import Case, parse
from same_conformance.errors import CaseError, UsageError

if TYPE_CHECKING:
    from same_conformance.expectations import Expectation
    from same_conformance.judge import Judgement

_KEYS = ("title", "reason", "link", "implementation", "case", "seen")


@dataclass(frozen=True)
class Finding:
    """Something that a framework gets wrong.

    Attributes:
        name: what expectations call it.
        title: who is wrong, and about what, in a few words.
        reason: what it does instead, in a sentence.
        link: the public report of it, or ``not reported`` and what comes closest.
        implementation: the built-in implementation that shows it.
        case: the smallest case that shows it.
        seen: the versions of the packages that it was seen with.

    """

    name: str
    title: str
    reason: str
    link: str
    implementation: str
    case: Case
    seen: str


def read_tables(document: dict[str, Any], source: str) -> dict[str, Finding]:
    """Return the findings of a document that was TOML; `source` is what errors call it.

    Raises:
        UsageError: if one is not valid.

    """
    tables = document.get("finding", {})
    if not isinstance(tables, dict) or not all(isinstance(values, dict) for values in tables.values()):
        raise UsageError(f"expectations {source}: 'finding' must be tables, each begun with [finding.NAME]")
    return {name: _finding(name, values, f"{source}, finding {name}") for name, values in tables.items()}


def _finding(name: str, values: dict[str, Any], source: str) -> Finding:
    wrong = sorted({*_KEYS} ^ values.keys())
    if wrong:
        what = f"{wrong[0]} is {'missing' if wrong[0] in _KEYS else 'not known'}"
        raise UsageError(f"expectations {source}: {what}; the keys are {', '.join(_KEYS)}")
    if not all(isinstance(v, str) and v for v in values.values()):
        raise UsageError(f"expectations {source}: every value must be a text, and none empty")
    try:
        return Finding(**{**values, "name": name, "case": parse(values["case"])})
    except CaseError as error:
        raise UsageError(f"expectations {source}: {error}") from None


def recheck(finding: Finding, entries: Iterable[Expectation], judgement: Judgement, versions: str) -> Iterator[str]:
    """Yield what no longer holds of a finding, given what its case now got: that it is fixed, or fails in another way."""
    predicted = [
        verdict
        for entry in entries
        if (entry.finding, entry.implementation) == (finding.name, finding.implementation)
        for verdict in entry.predicts(finding.case)
    ]
    where = f"finding {finding.name}: {finding.case} on {finding.implementation}"
    if not predicted:
        yield f"{where} is covered by no expectation that names it"
    elif judgement.verdict == "pass":
        yield f"{where} passes with {versions}: it is fixed; take it out of cases/expectations.toml"
    elif judgement.verdict not in predicted:
        yield f"{where} ends in {judgement.verdict} with {versions}, and not in {' or '.join(predicted)}"
