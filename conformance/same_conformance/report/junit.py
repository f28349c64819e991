"""Write JUnit XML: a suite per implementation, a test per case.

Written element by element, because a tree of all tests would take more memory than everything else in a run.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from same_conformance.assessment import WITNESSES

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.assessment import Assessed, Assessment

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped (section 2.2); the writer would write it as it is."""


def write(assessment: Assessment, path: Path) -> None:
    """Write the file; expected failures, contested cases and unsupported ones are skipped tests."""
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
            xml.startElement("testsuite", AttributesImpl({"name": name, **numbers}))
            for row in rows:
                _write_test(xml, row)
            xml.endElement("testsuite")
        xml.endElement("testsuites")
        xml.endDocument()


def _write_test(xml: XMLGenerator, row: Assessed) -> None:
    case = row.result.case
    classname = f"same_conformance.{row.result.implementation}.{case.op}"
    xml.ignorableWhitespace("\n")
    xml.startElement("testcase", AttributesImpl({"classname": classname, "name": case.id}))
    kind, message, verdict = _element(row)
    if kind:
        attributes = {"message": _NOT_XML.sub("�", message), **({"type": verdict} if verdict else {})}
        xml.startElement(kind, AttributesImpl(attributes))
        xml.endElement(kind)
    xml.endElement("testcase")


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
