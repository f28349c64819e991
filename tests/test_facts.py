"""docs/facts.md is made from cases/facts.json, and what that says of PyTorch is so."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[1] / "cases" / "record_facts.py"
SCRIPT: dict[str, Any] = runpy.run_path(str(PATH))
FACTS: dict[str, Any] = json.loads(SCRIPT["DATA"].read_text(encoding="utf-8"))


def test_the_page_is_made_from_the_data() -> None:
    assert SCRIPT["render"](FACTS) == SCRIPT["PAGE"].read_text(encoding="utf-8"), (
        "run python cases/record_facts.py --page"
    )


def test_every_framework_answers_every_question_in_one_two_and_three_dimensions() -> None:
    assert FACTS.keys() == SCRIPT["ENVIRONMENTS"].keys()
    for fact in FACTS.values():
        assert {key: len(answers) for key, answers in fact["answers"].items()} == dict.fromkeys(SCRIPT["QUESTIONS"], 3)


def test_the_script_records_what_it_recorded() -> None:
    result = subprocess.run([sys.executable, PATH, "--ask", "PyTorch"], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout.splitlines()[-1])["answers"] == FACTS["PyTorch"]["answers"]
