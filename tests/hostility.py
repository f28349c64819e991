"""Texts that try something, and the record of a run in which everybody says them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from same_conformance.judge import Judgement
from same_conformance.messages import one_line
from same_conformance.record import Record

Make = Callable[..., Record]
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
"""Of any characters, lone surrogates and controls among them."""
HOSTILE = [
    "</script><script>alert(1)</script>", "\x00\x08\x0b\x1b[2J\x7f\x85\u2028", "\ud800 \udfff", "\u202eabc\u2066", "]]>&<!--",
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "a|b`c`\n# d\n- e", "::error::x\r\n::set-output name=a::b", "%0A,:",
    "[red]x[/]", "\ufffe\uffff\U0010ffff", "x" * 100_000, "NA", "nan", "None", "2.10", "", "'", '"', "a\nb", "{{ 7 }}",
]  # fmt: skip


def hostile(made: Make, described: Callable[..., Any], texts: list[str], names: list[str]) -> Record:
    """Return a record in which everybody says everything that is bad."""
    cases = [f"conv.n{n}.k3" for n in range(1, len(texts) + 1)]
    abouts = [
        described(name, version=text, summary=text, platform=text) for name, text in zip(names, texts, strict=True)
    ]
    outcomes = {
        name: {case: Judgement("error", message=one_line(text)) for case, text in zip(cases, texts, strict=True)}
        for name in names
    }
    cause = {"implementation": names[0], "op": "conv", "verdicts": ["error"], "compared": "forward", "calls": 1, "rule": texts[0],
             "sentence": texts[0], "where": "True", "text": texts[0], "n_wrong": 1, "n_ran": 1, "case": texts[0],
             "n_smaller": 0, "is_proved": True}  # fmt: skip
    not_started = {f"lost {text}": text for text in texts}
    return made(outcomes, implementations=abouts, footer={"causes": [cause], "outputs": {names[0]: texts[0]}},
                not_started=not_started, variables={text: text for text in texts}, command=texts[0], profile=texts[0])  # fmt: skip
