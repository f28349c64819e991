"""Put data into a page: JSON that no text can end, compressed where it is large."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from same_conformance.report.text import shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

PLAIN_BYTES = 300_000
"""Up to this size the data stay readable in the source of the page; 100,000 rows are 5 MB, and 0.4 MB compressed."""


class Dictionary:
    """Number distinct texts in the order they come, so that a column holds small integers."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, value: Hashable) -> int:
        """Return the number of `value`."""
        return self._numbers.setdefault(value, len(self._numbers))

    def values(self) -> list[Any]:
        """Return all values, by their number."""
        return list(self._numbers)


def deltas(numbers: Iterable[int]) -> list[int]:
    """Return the differences of a rising column, which are mostly 0 and 1, and so compress well.

    >>> deltas([0, 0, 1, 3])
    [0, 0, 1, 2]
    """
    differences, last = [], 0
    for number in numbers:
        differences.append(number - last)
        last = number
    return differences


def block(data: Any) -> Markup:
    """Return the element that holds `data`; texts in it are as `shown` makes them."""
    text = json.dumps(_safe(data), ensure_ascii=True, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    packed = ""
    if len(text) > PLAIN_BYTES:
        packed = base64.b64encode(gzip.compress(text.encode("ascii"), 9, mtime=0)).decode("ascii")
    kind = ' data-packed="gzip"' if packed else ""
    # Every "<" is escaped above, and base64 has none.
    return Markup(f'<script type="application/json" id="data"{kind}>{packed or text}</script>')  # noqa: S704


def _safe(value: Any) -> Any:
    """Return `value` with every text in it shown as a page may show it."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {shown(str(key)): _safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return value if _is_numbers(value) else [_safe(item) for item in value]
    return value


def _is_numbers(value: list[Any] | tuple[Any, ...]) -> bool:
    """Tell whether nothing in a long column needs a look."""
    return all(type(item) is int for item in value)
