"""Put the files of docs/examples into the pages that show them: ``python docs/include_examples.py``.

A page says ``<!-- docs/examples/NAME -->`` above a block of code, which is then the text of that file. A test compares.
"""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parent
_BLOCK = re.compile(r"(<!-- docs/(examples/\S+) -->\n```\w+\n).*?(```\n)", re.DOTALL)


def included(text: str) -> str:
    """Return the text of a page with its examples as they are now."""
    return _BLOCK.sub(lambda match: match[1] + (DOCS / match[2]).read_text(encoding="utf-8") + match[3], text)


def main() -> None:
    """Rewrite every page that shows an example."""
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        if included(text) != text:
            page.write_text(included(text), encoding="utf-8")


if __name__ == "__main__":
    main()
