"""Run `check` and read what it prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result

from same_conformance import cli

Install = Callable[..., Path]
"""The fixture ``plugin``."""

BROKEN = "Your plug-in is broken: it does not keep the contract of docs/plugins.md"
WRONG = "Your implementation is not conforming: it gives something else than SAME"
CONV = """
    from same_conformance import Case

    def right_conv(x, kernel, *, stride, dilation, padding, groups):
        channels = (x.shape[-1], kernel.shape[-1])
        case = Case("conv", x.shape[1:-1], kernel.shape[:-2], stride, dilation, padding.lower(), x.shape[0], channels, groups)
        return right(case)(x, kernel)

    implementation = Implementation(name="fake", framework="numpy", conv=lambda *a, **k: conv(*a, **k), ranks=(2,),
                                    dtypes=("float32",), paddings=("same",))
"""
"""The beginning of a fake that has one op; what follows defines ``conv``."""


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def check(*args: object) -> tuple[str, int]:
    """Return what `check` prints and its exit code."""
    result = command("check", *(args or ("fake",)))
    assert "Traceback" not in result.output, result.output
    return result.output, result.exit_code


def problems(output: str) -> list[tuple[str, str]]:
    """Return every problem with its next step."""
    lines = output.splitlines()
    return [
        (line.partition("problem  ")[2], lines[i + 1].partition("next: ")[2])
        for i, line in enumerate(lines)
        if line.startswith("  problem  ")
    ]
