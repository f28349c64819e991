"""Prepare and hold the directory that a run writes to."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from same_conformance import record, report
from same_conformance.errors import UsageError


def prepare(out: Path) -> Path:
    """Make the directory, find out now whether the report can be written there, and return the path of the record.

    Raises:
        UsageError: if it cannot.

    """
    path = out / record.FILE
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".{record.FILE}.probe"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written to: {error.strerror}; give a directory that can") from None
    if (out / report.BADGES).exists() and not (out / report.BADGES).is_dir():
        raise UsageError(f"--out {out}: {report.BADGES} is no directory; move it away, or give another directory")
    for name in (record.FILE, *report.FILES, *report.OPTIONAL):
        there = out / name
        if there.exists() and not (there.is_file() and os.access(there, os.W_OK)):
            raise UsageError(
                f"--out {out}: {name} is not a file that can be written; move it away, or give another directory"
            )
    return path


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold `out` for this run alone while entered.

    Raises:
        UsageError: if another run holds it.

    """
    descriptor = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"--out {out}: another run is writing there; wait for it, or give another directory"
            ) from None
        yield
    finally:
        os.close(descriptor)
