"""Heed Ctrl-C: lose none, and let nobody wait for what is under way."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType

    from same_conformance.runner.pool import Pool


class Interruption:
    """Notices Ctrl-C while entered, even where Python drops the exception.

    A `KeyboardInterrupt` raised inside a hook of the garbage collector (Hypothesis installs one, and drawing collects
    much) or inside ``__del__`` is printed and ignored. So the handler leaves a mark as well, and `check` raises again
    where it is safe to stop.

    Only the main thread can do this; elsewhere, and where SIGINT is ignored, as in a shell's background jobs, nothing
    changes.
    """

    def __init__(self) -> None:
        self._noticed = False
        self._handler: Any = None
        self._hook: Callable[[sys.UnraisableHookArgs], object] = sys.unraisablehook

    def __enter__(self) -> Self:
        former = signal.getsignal(signal.SIGINT)
        if callable(former) and threading.current_thread() is threading.main_thread():
            self._handler = former
            self._hook = sys.unraisablehook
            sys.unraisablehook = self._unraisable
            signal.signal(signal.SIGINT, self._notice)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            sys.unraisablehook = self._hook
            self._handler = None

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if there was one that got lost."""
        if self._noticed:
            raise KeyboardInterrupt

    def _notice(self, _signal: int, _frame: FrameType | None) -> None:
        self._noticed = True
        raise KeyboardInterrupt

    def _unraisable(self, dropped: sys.UnraisableHookArgs) -> None:
        if not (self._noticed and issubclass(dropped.exc_type, KeyboardInterrupt)):  # ours is not lost: say nothing
            self._hook(dropped)


@contextmanager
def in_background(pool: Pool, work: Callable[[], object]) -> Iterator[None]:
    """Do `work`, which waits for the workers of `pool`, in a thread of its own, and return when it is done.

    When the caller is interrupted, or fails, the workers are killed, so that `work` ends at once.
    """
    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(work)
        try:
            yield
            working.result()
        except BaseException:
            pool.interrupt()
            raise
