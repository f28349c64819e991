"""What the tests of the pytest plug-in let an author offer under the name ``mine``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Install = Callable[..., Path]
"""The fixture ``plugin``."""

RIGHT = "implementation = Implementation(name='mine', framework='numpy', build=right, gradient=right)"
HALF = """
from functools import partial
from same_conformance import rules
from same_conformance.mutants import RULES

half = partial(rules.build, RULES["half"])
implementation = Implementation(name="mine", framework="numpy", build=half, gradient=half)
"""
"""Pads (kernel - 1) // 2 on both sides."""
