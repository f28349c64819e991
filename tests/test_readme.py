"""What the pages show as a complete implementation is one, and is right; the README lists the options that there are."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from same_conformance import cli, record

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize("document", ["docs/plugins.md"])
def test_the_complete_implementation_passes_whatever_it_does_not_refuse(
    document: str, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    text = (README.parent / document).read_text(encoding="utf-8")
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if 'name="mine"' in code][:1]
    plugin("mine", example.replace("from __future__", "# from __future__"))
    out = tmp_path / "out"
    command = ["run", "mine", "--cases", "150", "--op", "conv", "--op", "max_pool", "--out", str(out)]
    result = CliRunner().invoke(cli.main, command)
    assert result.exit_code == 0, result.output
    found = record.read(out / record.FILE).results
    verdicts = {(r.case.op, r.judgement.verdict) for r in found}
    assert verdicts == {("conv", "pass"), ("conv", "unsupported"), ("max_pool", "unsupported")}


def test_the_table_of_options_is_that_of_the_command() -> None:
    text = README.read_text(encoding="utf-8")
    (table,) = re.findall(r"\| option \| meaning \|\n(.*?)\n\n", text, re.DOTALL)
    listed = {option for row in table.splitlines() for option in re.findall(r"`(--[a-z-]+)", row.split(" | ")[0])}
    known = {name for option in cli.main.commands["run"].params for name in option.opts if name.startswith("--")}
    assert listed == known


def test_every_command_is_shown_in_a_page() -> None:
    pages = [README, *(README.parent / "docs").rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    shown = set(re.findall(r"^\$ same-conformance ([a-z-]+)", text, re.MULTILINE))
    assert cli.main.commands.keys() - shown == set()
