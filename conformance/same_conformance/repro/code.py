"""Write Python as a person would: calls that fit a line or are broken, and arrays as literals."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

WIDTH = 100
"""Columns of a script: what fits a block of code in an issue without scrolling."""


def call(function: str, *arguments: str, **keywords: str) -> str:
    """Return a call, on one line or with one argument a line."""
    parts = [*arguments, *(f"{name}={value}" for name, value in keywords.items())]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= WIDTH - 12 and "\n" not in line:
        return line
    return "\n".join([f"{function}(", *(textwrap.indent(part, "    ") + "," for part in parts), ")"])


def indented(lines: list[str]) -> list[str]:
    """Return lines, each of which may hold several, one level deeper."""
    return [textwrap.indent(line, "    ") for line in lines]


def array(name: str, values: np.ndarray) -> list[str]:
    """Return the lines that make an array of float64 from a literal: its elements in raster order, then its shape."""
    elements = ", ".join(map(_number, values.reshape(-1).tolist()))
    shape = str(tuple(values.shape))
    line = f"{name} = np.array([{elements}], np.float64).reshape({shape})"
    if len(line) <= WIDTH:
        return [line]
    body = textwrap.fill(elements, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return [f"{name} = np.array([", body, f"], np.float64).reshape({shape})"]


def _number(value: Any) -> str:
    if np.isnan(value):
        return "np.nan"
    if np.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return repr(int(value)) if value == int(value) else repr(value)
