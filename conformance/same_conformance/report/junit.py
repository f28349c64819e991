"""Write JUnit XML: a suite per implementation, a test per case; and one test for each that did not start.

Written element by element, because a tree of all tests would take more memory than everything else in a run.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from same_conformance import conforming
from same_conformance.assessment import WITNESSES
from same_conformance.messages import LONGEST_FIELD

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.record import Record

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped (section 2.2); the writer would write it as it is."""


def write(record: Record, assessment: Assessment, path: Path) -> None:
    """Write the file; expected failures, contested cases and unsupported ones are skipped tests.

    What did not start, and a record that is not whole, are errors: who counts tests must not take them for a success. Only
    whose framework is not installed is skipped. Who was named and does not conform to a requirement set fails a test of its name.
    """
    by_name: dict[str, list[Assessed]] = {}
    for row in assessment.rows:
        by_name.setdefault(row.result.implementation, []).append(row)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        xml = XMLGenerator(file, encoding="utf-8", short_empty_elements=True)
        xml.startDocument()
        xml.startElement("testsuites", AttributesImpl({"name": "same-conformance"}))
        for name, rows in sorted(by_name.items()):
            counts = Counter(_element(row)[0] for row in rows)
            totals = {"failures": counts["failure"], "errors": counts["error"], "skipped": counts["skipped"]}
            numbers = {what: str(n) for what, n in {"tests": len(rows), **totals}.items()}
            xml.startElement("testsuite", AttributesImpl({"name": _clean(name), **numbers}))
            for row in rows:
                _write_test(
                    xml, f"{row.result.implementation}.{row.result.case.op}", row.result.case.id, *_element(row)
                )
            xml.endElement("testsuite")
        for name, why in sorted(assessment.not_started.items()):
            _write_alone(xml, name, "start", "skipped" if name in record.header["not_installed"] else "error", why)
        for claim in conforming.broken(record):
            _write_alone(xml, claim.implementation, claim.requirement, "failure", f"{claim.verdict}: {claim.told}")
        for name, why in assessment.uncompared.items():
            _write_alone(xml, name, "cases", "failure", why)
        for remark in assessment.unmatched:
            _write_alone(xml, remark.entry.implementation, remark.entry.place, "failure", remark.text)
        if state := "; ".join(filter(None, (record.damaged, record.unfinished))):
            _write_alone(xml, "same-conformance", "record", "error", state)
        xml.endElement("testsuites")
        xml.endDocument()


def _write_alone(xml: XMLGenerator, suite: str, name: str, kind: str, message: str) -> None:
    """Write a suite with one test that did not pass."""
    count = {what: str(int(what.startswith(kind))) for what in ("failures", "errors", "skipped")}
    xml.startElement("testsuite", AttributesImpl({"name": _clean(suite), "tests": "1", **count}))
    _write_test(xml, suite, name, kind, message, "")
    xml.endElement("testsuite")


def _write_test(xml: XMLGenerator, where: str, name: str, kind: str, message: str, verdict: str) -> None:
    xml.ignorableWhitespace("\n")
    xml.startElement(
        "testcase", AttributesImpl({"classname": _clean(f"same_conformance.{where}"), "name": _clean(name)})
    )
    if kind:
        attributes = {"message": _clean(message), **({"type": verdict} if verdict else {})}
        xml.startElement(kind, AttributesImpl(attributes))
        xml.endElement(kind)
    xml.endElement("testcase")


def _clean(text: str) -> str:
    """Return what XML can hold of a text, and no more of it than a message has at most."""
    return _NOT_XML.sub("�", text[:LONGEST_FIELD])


def _element(row: Assessed) -> tuple[str, str, str]:
    """Return what goes into a test: the element's name (empty if the test passed), its message and its type."""
    j = row.result.judgement
    if row.contested and row.result.implementation in WITNESSES and j.verdict != "pass":
        return "skipped", f"contested: {row.witnesses}; {row.why or 'not listed'}", ""
    if row.standing == "stale":
        return "failure", row.why, "stale expectation"
    if row.standing == "unexpected":
        kind = "error" if j.verdict in ("crash", "timeout", "error") else "failure"
        return kind, "; ".join(t for t in (j.message, row.why) if t), j.verdict
    if row.standing == "expected failure":
        return "skipped", f"expected: {row.why}", ""
    if j.verdict in ("unsupported", "unspecified"):
        return "skipped", j.message, ""
    return "", "", ""
