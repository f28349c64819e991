"""Write ``docs/findings.md``: run the smallest case of every finding in ``expectations.toml``, and show what came of it.

It ends with 1, and writes nothing, if a finding no longer holds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from same_conformance import corpus, findings
from same_conformance.report import findings as page
from same_conformance.repro.observe import observe_all
from same_conformance.repro.target import Observation

FILE = Path(__file__).parents[1] / "docs" / "findings.md"


def observations() -> dict[str, Observation]:
    """Run the case of every finding, and return what came of it by the finding's name."""
    found = corpus.read_findings()
    results = observe_all([(finding.implementation, finding.case) for finding in found])
    return {finding.name: result for finding, result in zip(found, results, strict=True)}


def problems(results: dict[str, Observation]) -> list[str]:
    """Return what no longer holds."""
    entries = corpus.read_expectations()
    return [
        problem
        for finding in corpus.read_findings()
        for problem in findings.recheck(
            finding,
            entries,
            results[finding.name].judgement,
            ", ".join(f"{name} {version}" for name, version in results[finding.name].target.versions.items()),
        )
    ]


def render(results: dict[str, Observation]) -> str:
    """Return the page."""
    return page.render(corpus.read_findings(), corpus.read_expectations(), results)


def main() -> int:
    """Write the page; return the exit code."""
    results = observations()
    if wrong := problems(results):
        print("\n".join(wrong))
        return 1
    FILE.write_text(render(results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
