"""Make any text safe to look at: what nobody would see, or would be misled by, is written out, and what is too long is cut."""

from __future__ import annotations

import re
from urllib.parse import quote

from markupsafe import Markup

LONGEST = 4_000
"""Characters of one text that the page shows. Messages are one line of 200; this is for records that others wrote."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters but tab and line feed, marks that turn or join text, and halves of surrogate pairs."""

_LINK = re.compile(r"https://[\w.~:/?#\[\]@!$&'*+,;=%-]+[\w/]")
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[._/=,#:])(?=\w|--)")
_UNBROKEN = 24
"""Characters of the longest word with hyphens, such as an option, that stays on one line; a phone has room for it."""
_WHOLE = 12
"""Characters of the longest word that is never broken, such as a version."""
_ISSUE = re.compile(r"github\.com/([\w.-]+/[\w.-]+)/(?:issues|pull)/([0-9]+)")


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


def duration(seconds: float) -> str:
    """Return how long something took, as people say it.

    >>> duration(1298.5), duration(3.25), duration(7262)
    ('21 min 38 s', '3.25 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def link_in(text: str) -> str:
    """Return the first address in `text`; empty if there is none.

    >>> link_in("known (https://example.org/1)")
    'https://example.org/1'
    """
    match = _LINK.search(text)
    return match[0] if match else ""


def address(text: str) -> str:
    """Return a text as a part of an address, by the characters that the page shows of it."""
    return quote(shown(text), safe="")


def breakable(text: str) -> Markup:
    """Return `text` as markup whose long names may be broken between their parts, and whose options nowhere.

    >>> str(breakable("--with keras.layers.MaxPool2dSame"))
    '<span class="nb">--with</span> keras.<wbr>layers.<wbr>Max<wbr>Pool2d<wbr>Same'
    >>> str(breakable("FLAGS=--xla_multi_thread=false"))
    'FLAGS=<wbr><span class="nb">--xla_</span><wbr>multi_<wbr>thread=<wbr>false'
    """
    return Markup("").join(_broken(part) for part in re.split(r"(\s+)", shown(text)))


def _broken(word: str) -> Markup:
    if len(word) <= _WHOLE or _is_hyphened(word):
        return _whole(word)
    return Markup("<wbr>").join(map(_whole, _SEAM.split(word)))


def _is_hyphened(word: str) -> bool:
    return len(word) <= _UNBROKEN and "-" in word[:-1]


def _whole(part: str) -> Markup:
    """Return what has no seam; browsers would break it at its hyphens."""
    return Markup('<span class="nb">{}</span>').format(part) if _is_hyphened(part) else Markup.escape(part)


def linked(text: str) -> Markup:
    """Return `text` as markup in which addresses can be clicked on, and nothing else is more than text.

    >>> str(linked("<b> https://example.org/1"))
    '&lt;b&gt; <a href="https://example.org/1" rel="noreferrer">example.<wbr>org/<wbr>1</a>'
    """
    parts, end = Markup(), 0
    for match in _LINK.finditer(text):
        parts += Markup.escape(shown(text[end : match.start()]))
        parts += Markup('<a href="{}" rel="noreferrer">{}</a>').format(shown(match[0]), breakable(_short(match[0])))
        end = match.end()
    return parts + Markup.escape(shown(text[end:]))


def _short(address: str) -> str:
    """Return an address as people quote it."""
    text = address.removeprefix("https://")
    issue = _ISSUE.fullmatch(text)
    return shown(f"{issue[1]}#{issue[2]}" if issue else text)
