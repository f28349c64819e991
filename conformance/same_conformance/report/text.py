"""Make any text safe to look at: what nobody would see, or would be misled by, is written out, and what is too long is cut."""

from __future__ import annotations

import re

LONGEST = 4_000
"""Characters of one text that the page shows. Messages are one line of 200; this is for records that others wrote."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters but tab and line feed, marks that turn or join text, and halves of surrogate pairs."""

_LINK = re.compile(r"https://[\w.~:/?#\[\]@!$&'*+,;=%-]+[\w/]")


def shown(text: str, longest: int = LONGEST) -> str:
    r"""Return `text` with unseen characters as their code points and at most `longest` characters of it.

    >>> shown("a\u202eb")
    'a⟨U+202E⟩b'
    >>> shown("x" * 30, 10)
    'xxxxxxxxxx … (20 more characters are cut)'
    """
    cut = len(text) - longest
    if cut > 0:
        text = f"{text[:longest]} … ({cut:,} more characters are cut)"
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def link_in(text: str) -> str:
    """Return the first address in `text`; empty if there is none.

    >>> link_in("known (https://example.org/1)")
    'https://example.org/1'
    """
    match = _LINK.search(text)
    return match[0] if match else ""
