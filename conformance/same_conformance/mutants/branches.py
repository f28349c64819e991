"""Name what implementations often have code of their own for: who is right in one branch may be wrong in another.

So it is not enough that some case finds a mutant out: one case of each branch must, in which the mutant is wrong at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from same_conformance import strategies
from same_conformance.case import COMPARED
from same_conformance.padding import SAME, SAME_LOWER

if TYPE_CHECKING:
    from same_conformance.case import Case


@dataclass(frozen=True)
class Branch:
    """A part of all cases.

    Attributes:
        name: in words.
        bounds: what to ask `same_conformance.strategies` for.
        holds: whether a case that these bounds allow is one of the branch.

    """

    name: str
    bounds: Mapping[str, Any]
    holds: Callable[[Case], bool] = lambda _: True

    def has(self, case: Case) -> bool:
        """Tell whether `case` is one of the branch: those of other dtypes, modes and comparisons are not, nor is a second call."""
        asked = {"rank": "ranks", "padding": "paddings", "dtype": "dtypes", "compared": "compared"}
        allowed = ((getattr(case, field), self.bounds.get(key)) for field, key in asked.items())
        return all(not of or value in of for value, of in allowed) and case.calls == 1 and self.holds(case)

    def draw(self, n: int, seed: int) -> list[Case]:
        """Return the cases of the branch among `n` that are drawn."""
        return [case for case in strategies.draw_distinct(n, seed=seed, **self.bounds).cases if self.holds(case)]


_FORWARD: Mapping[str, Any] = {"compared": ["forward"], "max_calls": 1, "dtypes": ["float32"]}
_PLAIN: Mapping[str, Any] = {**_FORWARD, "paddings": [SAME]}
_FLAT: Mapping[str, Any] = {**_PLAIN, "ranks": [1, 2]}

BRANCHES = (
    Branch("one dimension", {**_PLAIN, "ranks": [1]}),
    Branch("two dimensions", {**_PLAIN, "ranks": [2]}),
    Branch("three dimensions", {**_PLAIN, "ranks": [3], "max_size": 6, "max_kernel": 3}),
    Branch("SAME_LOWER", {**_FORWARD, "paddings": [SAME_LOWER]}),
    Branch("stride 1", {**_FLAT, "max_stride": 1}, lambda case: max(case.stride) == 1),
    Branch("no dilation", {**_FLAT, "max_dilation": 1}, lambda case: max(case.dilation) == 1),
    Branch("dilation", _FLAT, lambda case: min(case.dilation) > 1),
    Branch("more examples than one", _FLAT, lambda case: case.batch > 1),
    Branch("groups", {**_FLAT, "ops": ["conv"]}, lambda case: case.groups > 1),
    Branch("float64", {**_FLAT, "dtypes": ["float64"]}),
    Branch("float16", {**_FLAT, "dtypes": ["float16"], "max_size": 12, "max_kernel": 4}),
    *(
        Branch(compared.replace("_", " "), {**_FLAT, "compared": [compared]})
        for compared in COMPARED
        if compared != "forward"
    ),
)
"""One dtype and one mode wherever those are no branch themselves: not everyone offers the others."""
