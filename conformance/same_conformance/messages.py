"""Turn whatever an implementation says into text that is safe to print and the same in every run.

This is the one place where text from elsewhere is cut and cleaned: what implementations say passes `one_line` on its
way into an outcome, and everything else that a record holds passes `tamed` on its way into and out of the record.
"""

from __future__ import annotations

import re
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_PATH = re.compile(r"(?<![\w.:/])(?:/[\w.+@-]+){2,}")
LONGEST = 200
"""Characters of a message."""
LONGEST_FIELD = 4_000
"""Characters of any other text in a record: a command, a variable, a platform."""


def text_of(error: BaseException) -> str:
    """Return the message of `error`, whose `__str__` may be anyone's."""
    try:
        return str(error)
    except BaseException:  # noqa: BLE001
        return "(its message cannot be read)"


def in_words(error: BaseException) -> str:
    """Return type and message of `error`.

    >>> in_words(ValueError("too small"))
    'ValueError: too small'
    """
    return f"{type(error).__name__}: {text_of(error)}"


def one_line(text: str, n_characters: int = LONGEST) -> str:
    """Return `text` in one line of at most `n_characters`, without addresses and without the folders of paths.

    Control characters, lone surrogates and marks that change the direction of writing become spaces.

    >>> one_line("cannot open /usr/lib/x.so at 0x7f00aa11")
    'cannot open …/x.so at 0x…'
    """
    n_said = len(text)
    text = without_places(text[: 50 * n_characters])  # long enough to find the words, short enough for any input
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _cut(text, n_characters, n_said)


def without_places(text: str) -> str:
    """Return `text` without addresses and without the folders of paths, which differ from run to run and tell of a machine.

    >>> without_places("/home/me/x.py:3: at 0x7f00aa11")
    '…/x.py:3: at 0x…'
    """
    return _PATH.sub(lambda match: "…/" + match[0].rsplit("/", 1)[1], _ADDRESS.sub("0x…", text))


def printable(text: str, n_characters: int = LONGEST_FIELD) -> str:
    r"""Return `text` in one line of at most `n_characters`, with a space for every character that `one_line` replaces.

    >>> printable("a\x1b[31m  b\u202ec\ud800")
    'a [31m  b c '
    """
    if len(text) <= n_characters and text.isprintable():
        return text
    return _cut("".join(c if c.isprintable() else " " for c in text[: n_characters + 1]), n_characters, len(text))


def tamed(values: Any, n_characters: int = LONGEST_FIELD) -> Any:
    r"""Return `values`, which JSON can carry, with every text in it made `printable`.

    >>> tamed({"version": "1.0\n", "versions": {"\x00": ["\ud800", 1]}})
    {'version': '1.0 ', 'versions': {' ': [' ', 1]}}
    """
    if isinstance(values, str):
        return printable(values, n_characters)
    if isinstance(values, dict):
        return {printable(str(k), n_characters): tamed(v, n_characters) for k, v in values.items()}
    if isinstance(values, (list, tuple)):
        return [tamed(v, n_characters) for v in values]
    return values


def _cut(text: str, n_characters: int, n_said: int) -> str:
    """Return `text` with at most `n_characters`, and with a note of how many there were if that takes some away."""
    if len(text) <= n_characters:
        return text
    note = f"… ({n_said:,} characters)"
    return text[: n_characters - len(note)] + note if len(note) < n_characters // 2 else text[: n_characters - 1] + "…"
