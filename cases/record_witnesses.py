"""Ask the witnesses, TensorFlow and JAX, what they say of the cases, and write ``witnesses.jsonl``; print what changed.

``--check`` runs no framework: it sees that the digests are those of today's spec, and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from same_conformance.errors import RecordError
from same_conformance.witnesses import live, recording

FILE = Path(__file__).with_name(recording.FILE)


def main() -> int:
    """Record, or check; say what changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="run no framework, look at the digests")
    arguments = parser.parse_args()
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    try:
        if arguments.check:
            recording.check(old, recording.cases())
            return 0
        new = live.record(recording.cases())
    except RecordError as error:
        print(error, file=sys.stderr)
        return 1
    FILE.write_text(recording.write(new), encoding="utf-8")
    changes = list(recording.changes(recording.parse(old), new))
    print("\n".join(changes) or "nothing changed")
    print(f"{len(new.lines)} cases of {', '.join(new.witnesses)}, {FILE.stat().st_size:,} bytes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
