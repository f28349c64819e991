"""End the workers of a host that is gone, however it went (``kill -9`` included).

Run as a script in a session of its own: ``python guardian.py`` reads lines ``+PGID`` and ``-PGID`` and, at the end
of its input, which comes when the host's end of the pipe closes, kills every process group still listed, and its leader.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Follow the host's list until the host is gone."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        for kill in (os.killpg, os.kill):  # a worker may have left the group that it once led
            with contextlib.suppress(OSError):
                kill(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
