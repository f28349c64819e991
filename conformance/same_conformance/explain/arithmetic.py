"""Show the rule with the numbers of one axis in it, and what "(k - 1) / 2 on both sides" makes of the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from same_conformance import padding as rule
from same_conformance.diagnosis.reading import AxisReading

if TYPE_CHECKING:
    from same_conformance.axis import Axis


def lines(axis: Axis, padding: str, *, transposed: bool) -> list[str]:
    r"""Return the rule, line by line, as in `same_conformance.padding`.

    >>> from same_conformance.explain.parameters import read
    >>> print("\n".join(lines(read(size=["225"], kernel=["3"], stride=["2"]).axes[0], "same", transposed=False)))
    out    = ceil(225 / 2) = 113
    ke     = (3 - 1) * 1 + 1 = 3
    total  = max((113 - 1) * 2 + 3 - 225, 0) = max(2, 0) = 2
    before = 2 // 2 = 1
    after  = 2 - 1 = 1
    """
    n, k, s, d, out, before, after = axis
    ke, total = axis.effective_kernel, before + after
    windows, span = (n, out) if transposed else (out, n)
    unclamped = (windows - 1) * s + ke - span
    if transposed:
        first = (
            f"out    = {n} * {s} = {n * s}" if out == n * s else f"out    = {out}, as given: ceil({out} / {s}) = {n}"
        )
    else:
        first = f"out    = ceil({n} / {s}) = {out}"
    halves = [("before", before, "after", after), ("after", after, "before", before)][padding != rule.SAME]
    smaller, less, larger, more = halves
    found = [
        first,
        f"ke     = ({k} - 1) * {d} + 1 = {ke}",
        f"total  = max(({windows} - 1) * {s} + {ke} - {span}, 0) = max({unclamped}, 0) = {total}",
        f"{smaller:<6} = {total} // 2 = {less}",
        f"{larger:<6} = {total} - {less} = {more}",
    ]
    if transposed and unclamped < 0:
        found.append(f"ke is less than the stride, so {-unclamped} zeros are added at the end")
    return found


@dataclass(frozen=True)
class Half:
    """What the usual formula does on one axis.

    Attributes:
        reading: what is read; None if there is not even one window.
        formula: what is written, with its numbers.
        verdict: how it stands to SAME, in words.
        is_right: whether it does the same.

    """

    reading: AxisReading | None
    formula: str
    verdict: str
    is_right: bool = False


def half(axis: Axis, *, transposed: bool) -> Half:
    """Pad (k - 1) / 2 on both sides, or, transposed, crop k / 2 with an output padding of s - 1; k is the effective one."""
    n, _, s, d, out, before, _ = axis
    ke = axis.effective_kernel
    if transposed:
        pad = ke // 2
        theirs = (n - 1) * s + ke - 2 * pad + s - 1
        formula = f"padding={pad}, output_padding={s - 1}"
        verb, windows, span = "crops", n, theirs
    else:
        pad = (ke - 1) // 2
        theirs = (n + 2 * pad - ke) // s + 1
        formula = f"padding={pad}"
        verb, windows, span = "pads", theirs, n
    if theirs < 1:
        return Half(None, formula, "does not work here: the window does not fit into the padded input")
    total = (windows - 1) * s + ke - span
    reading = AxisReading(theirs, pad, total - pad, s, d, kernel=axis.kernel)
    faults = [f"gives {theirs} outputs, SAME {out}"] if theirs != out else []
    if pad != before:
        faults.append(f"{verb} {pad} before, SAME {before}: every window is shifted by {abs(pad - before)}")
    if faults:
        return Half(reading, formula, f"is wrong here: it {'; it '.join(faults)}")
    return Half(reading, formula, "gives the same here", is_right=True)
