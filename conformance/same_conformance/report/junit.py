"""Write JUnit XML: a suite per implementation, a test per case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from same_conformance.assessment import WITNESSES

if TYPE_CHECKING:
    from pathlib import Path

    from same_conformance.assessment import Assessed, Assessment

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped (section 2.2); junitparser would write it as it is."""


def write(assessment: Assessment, path: Path) -> None:
    """Write the file; expected failures, contested cases and unsupported ones are skipped tests."""
    tests: dict[str, list[TestCase]] = {}
    for row in assessment.rows:
        name = row.result.implementation
        test = TestCase(row.result.case.id, classname=f"same_conformance.{name}.{row.result.case.op}")
        result = _result(row)
        if result is not None:
            test.result = [result]
        tests.setdefault(name, []).append(test)
    xml = JUnitXml("same-conformance")
    for name in sorted(tests):
        suite = TestSuite(name)
        suite.add_testcases(tests[name])  # all at once: one by one, junitparser counts again for each
        xml.add_testsuite(suite)
    xml.write(str(path))


def _result(row: Assessed) -> Skipped | Failure | Error | None:
    j = row.result.judgement
    if row.contested and row.result.implementation in WITNESSES and j.verdict != "pass":
        return Skipped(_clean(f"contested: {row.witnesses}; {row.why or 'not listed'}"))
    if row.standing == "stale":
        return Failure(_clean(row.why), "stale expectation")
    if row.standing == "unexpected":
        text = _clean("; ".join(t for t in (j.message, row.why) if t))
        return (Error if j.verdict in ("crash", "timeout", "error") else Failure)(text, j.verdict)
    if row.standing == "expected failure":
        return Skipped(_clean(f"expected: {row.why}"))
    if j.verdict in ("unsupported", "unspecified"):
        return Skipped(_clean(j.message))
    return None


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
