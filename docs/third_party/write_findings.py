"""Write ``findings.md``: run the smallest case of every finding in ``expectations.toml``, and show what came of it.

    python docs/third_party/write_findings.py FILE.py:ATTRIBUTE ... [--python FILE.py:ATTRIBUTE=INTERPRETER ...]

takes the implementations as ``same-conformance run`` does. It ends with 1, and writes nothing, if a finding no longer holds.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from same_conformance import expectations, findings
from same_conformance.expectations import Expectation
from same_conformance.findings import Finding
from same_conformance.lookup import look_up
from same_conformance.report import findings as page
from same_conformance.repro.observe import observe_all
from same_conformance.repro.target import Observation
from same_conformance.runner.pool import Pool

HERE = Path(__file__).parent
FILE = HERE / "findings.md"
HEAD = """\
# Findings: what third parties get wrong

Made from [expectations.toml](expectations.toml) by `nox -s third-party`, which runs the smallest case of each, and says so
where one is fixed. All is about the CPU. Not all of it is a bug: where a default means something else than SAME, that is
said. [README.md](README.md) tells who is who.

"""


def main() -> int:
    """Write the page; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("implementations", nargs="+")
    parser.add_argument("--python", action="append", default=[])
    given = parser.parse_args()
    interpreters = dict(pair.rsplit("=", 1) for pair in given.python)

    text = (HERE / "expectations.toml").read_text(encoding="utf-8")
    entries, found = expectations.parse_all(text, "docs/third_party/expectations.toml")
    with Pool() as pool:
        file_of = {e.name: e.value for e in look_up([], given.implementations, interpreters, pool)}
    wanted = [(file_of[finding.implementation], finding.case) for finding in found.values()]
    results = dict(zip(found, observe_all(wanted, interpreters=interpreters), strict=True))
    if wrong := [line for name, result in results.items() for line in _recheck(found[name], entries, result)]:
        print("\n".join(wrong))
        return 1
    rendered = page.render(found.values(), entries, results, HEAD)

    def command(match: re.Match[str]) -> str:
        name = match[1]
        python = f" --python {name}=PYTHON" if file_of[name] in interpreters else ""
        return f"--with {file_of[name]}{python}"

    FILE.write_text(re.sub(r"--with (\S+)", command, rendered), encoding="utf-8")
    return 0


def _recheck(finding: Finding, entries: Sequence[Expectation], result: Observation) -> Iterator[str]:
    """Yield what no longer holds of a finding."""
    versions = ", ".join(f"{name} {version}" for name, version in result.target.versions.items())
    return findings.recheck(finding, entries, result.judgement, versions)


if __name__ == "__main__":
    sys.exit(main())
