"""What the README shows as a complete implementation is one, and is right."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from same_conformance import cli, record

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize("document", ["README.md", "docs/plugins.md"])
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
