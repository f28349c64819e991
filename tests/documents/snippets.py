"""Execute the Python of one page, block after block, in one namespace: a program, fed with JSON, that answers in JSON.

Standard input holds a list of ``[line, text, file]``. A block with a prompt ``>>>`` is a doctest; any other is executed, one
that is a file in a namespace of its own. What the blocks print is thrown away; printed is, at the end, the list of what
went wrong, as ``[line, message]``.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import sys
import traceback
from pathlib import Path
from typing import Any


def execute(line: int, text: str, namespace: dict[str, Any]) -> str:
    """Execute one block, and return what went wrong, empty if nothing did."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            if ">>> " in text:
                return _doctest(line, text, namespace)
            exec(compile("\n" * (line - 1) + text, "<page>", "exec"), namespace)  # noqa: S102  # that is the point
    except BaseException:  # noqa: BLE001  # SystemExit too is something that a reader would meet
        return traceback.format_exc(limit=-1).strip()
    return ""


def _doctest(line: int, text: str, namespace: dict[str, Any]) -> str:
    test = doctest.DocTest(doctest.DocTestParser().get_examples(text), namespace, "page", "<page>", line, text)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append, clear_globs=False)
    namespace.update(test.globs)
    return "".join(said).strip() if runner.summarize(verbose=False).failed else ""


def main() -> None:
    """Answer for one page."""
    sys.path.insert(0, "")  # as for a reader who types it, modules are found in the current directory
    namespace: dict[str, Any] = {"__name__": "page"}
    problems = []
    for line, text, file in json.load(sys.stdin):
        if problem := execute(line, text, {"__name__": Path(file).stem} if file else namespace):
            problems.append([line, problem])
    print(json.dumps(problems))  # noqa: T201  # this is the answer


if __name__ == "__main__":
    main()
