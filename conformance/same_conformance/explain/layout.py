"""Write what all frameworks write alike: tuples, keywords, the letters of axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from same_conformance.explain.parameters import Parameters


def values(numbers: Iterable[object]) -> str:
    """Return one number as it is, several in parentheses."""
    texts = [str(value) for value in numbers]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def always(numbers: Sequence[object]) -> str:
    """Return a tuple, even of one."""
    return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"


def unless_ones(name: str, numbers: Sequence[int]) -> str:
    """Return a keyword argument, or nothing where all numbers are 1, which is the default everywhere."""
    return "" if set(numbers) == {1} else f", {name}={values(numbers)}"


def letters(layer: Parameters) -> str:
    """Return the spatial axes as layouts name them: ``HW`` of an image."""
    return "DHW"[-len(layer.size) :]


def lacking(layer: Parameters) -> list[int]:
    """Return per axis how many elements the full transposed result lacks at the end."""
    return [max(a.before + a.output_size - (a.size - 1) * a.stride - a.effective_kernel, 0) for a in layer.axes]
