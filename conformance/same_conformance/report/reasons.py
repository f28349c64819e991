"""Tell a reason for a failure apart into what people look for: a title, a sentence, and where it is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from same_conformance import corpus, mutants
from same_conformance.report.text import link_in

if TYPE_CHECKING:
    from same_conformance.record import Record


@dataclass(frozen=True)
class Reason:
    """Why something fails.

    Attributes:
        title: in a few words, if there are any, else the sentence.
        sentence: what is done instead of SAME; empty if the title says it.
        report: what is said of where it is reported; empty if nothing is.

    """

    title: str
    sentence: str = ""
    report: str = ""


class Reasons:
    """The reasons of a run: the rules that implementations follow, and what its expectations say."""

    def __init__(self, record: Record) -> None:
        self._rules = {
            f"the rule {rule.name}: ": rule
            for about in record.header["implementations"]
            if (rule := mutants.RULES.get(about["rule"]))
        }
        self._entries = {entry["reason"]: entry for entry in record.header["expectations"]}
        self._titles = {finding.name: finding.title for finding in corpus.read_findings()}

    def of(self, why: str) -> Reason:
        """Return the reason that a row's `why` holds."""
        for begin, rule in self._rules.items():
            if why.startswith(begin):
                return Reason(rule.sentence, "", rule.seen if link_in(rule.seen) else "")
        for sentence, entry in self._entries.items():
            if sentence and sentence in why:
                title = self._titles.get(entry.get("finding", ""), "")
                return Reason(title or sentence, sentence if title else "", entry["link"])
        return Reason(why)
