"""Turn whatever an implementation says into text that is safe to print and the same in every run."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_PATH = re.compile(r"(?<![\w.:/])(?:/[\w.+@-]+){2,}")
LONGEST = 200


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
    text = text[: 50 * n_characters]  # long enough to find the words, short enough for any input
    text = _ADDRESS.sub("0x…", text)
    text = _PATH.sub(lambda match: "…/" + match[0].rsplit("/", 1)[1], text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= n_characters else text[: n_characters - 1] + "…"
