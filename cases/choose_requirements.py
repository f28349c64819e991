"""Choose the cases of new requirement sets, and publish them in ``requirements/``; what is published stays as it is.

A set is few cases that find out every wrong rule which its scope can find out at all, by two cases of each op, with a case of
every class that the scope has. Candidates are the quick profile's smaller cases and drawn ones; only those are taken
that a witness passes and none contests, and before others those that both pass. To publish a set, add it to ``SETS``,
run this, and then ``nox -s record``.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from same_conformance import classes, mutants, requirements, rules, selection, strategies
from same_conformance.case import Case
from same_conformance.outcome import Array
from same_conformance.predicate import compile_predicate
from same_conformance.requirements import Requirement
from same_conformance.witnesses import live
from same_conformance.witnesses.saying import Equal, Within

FOLDER = Path(__file__).with_name(requirements.FOLDER)
KILLED = 8
"""Cases that find out a mutant, shared by the ops of a set, where there are so many: one may be found by luck."""
N_DRAWN = 250
LARGE = (128, 225, 256, 257, 513)
"""Sizes beside those that some small integer does not hold; drawing would hardly meet them, nor the smallest of all."""

LARGEST_PLANE = 1024
"""Elements of a plane; who is right on these and on one long axis is right on a photograph."""

_FORWARD = "padding == 'same' and dtype == 'float32' and compared == 'forward'"
_OPS = "op in ('conv', 'depthwise_conv', 'max_pool', 'avg_pool')"
_UNDILATED_POOLS = "(op in ('conv', 'depthwise_conv') or all(d == 1))"
_CONVOLUTIONS_AND_POOLING = (
    "convolution with strides, dilation and groups, depthwise convolution, max and average pooling with strides; forward, "
    "float32, padding SAME. Not asked for: dilated pooling, transposed convolution, gradients, other dtypes."
)


def _plain(rank: int) -> dict[str, str]:
    return {
        "title": f"{rank}-D convolution and pooling",
        "about": f"{rank}-D {_CONVOLUTIONS_AND_POOLING}",
        "scope": f"rank == {rank} and {_FORWARD} and {_OPS} and {_UNDILATED_POOLS}",
    }


SETS: dict[str, dict[str, str]] = {
    "same-1d-2026": _plain(1),
    "same-2d-2026": _plain(2),
    "same-3d-2026": _plain(3),
    "same-transpose-2d-2026": {
        "title": "2-D transposed convolution",
        "about": "2-D transposed convolution with strides and dilation, the adjoint of the forward one, of the default output "
        "size; forward, float32, padding SAME.",
        "scope": f"rank == 2 and {_FORWARD} and op == 'conv_transpose' and all(out == n * s)",
    },
    "same-gradients-2d-2026": {
        "title": "gradients of 2-D convolution and pooling",
        "about": "The gradients of what same-2d-2026 asks for, by the input and by the kernel; float32, padding SAME.",
        "scope": f"rank == 2 and padding == 'same' and dtype == 'float32' and compared != 'forward' and {_OPS} and {_UNDILATED_POOLS}",
    },
    "same-lower-2d-2026": {
        "title": "2-D convolution and pooling, SAME_LOWER",
        "about": "What same-2d-2026 asks for, with the odd element of padding at the start, as ONNX's SAME_LOWER asks.",
        "scope": f"rank == 2 and {_FORWARD} and {_OPS} and {_UNDILATED_POOLS}".replace("'same'", "'same_lower'"),
    },
}  # fmt: skip
DATE = "2026-11-23"


def candidates(scope: str) -> list[Case]:
    """Return the cases to choose from, in canonical order."""
    within = compile_predicate(scope)
    found = {
        case: None
        for case in _pool(scope)
        if within(case) and requirements.is_specified(case) and math.prod(case.size) <= LARGEST_PLANE
    }
    return sorted(found, key=lambda case: case.canonical_key)


def _pool(scope: str) -> Iterator[Case]:
    yield from selection.select(selection.Query(profile="quick")).origins
    rank = next(rank for rank in (1, 2, 3) if f"rank == {rank}" in scope)
    ops = [op for op in ("conv", "depthwise_conv", "conv_transpose", "max_pool", "avg_pool") if f"'{op}'" in scope]
    padding = "same_lower" if "'same_lower'" in scope else "same"
    compared = ["input_gradient", "kernel_gradient"] if "compared != 'forward'" in scope else ["forward"]
    bounds: dict[str, Any] = {"ops": ops, "ranks": [rank], "compared": compared, "paddings": [padding]}
    yield from strategies.draw_distinct(N_DRAWN, seed=0, dtypes=["float32"], **bounds).cases
    for pool in {*ops} & {"max_pool", "avg_pool"}:
        undilated = {**bounds, "ops": [pool], "compared": [c for c in compared if c != "kernel_gradient"]}
        yield from strategies.draw_distinct(N_DRAWN // 4, seed=1, dtypes=["float32"], max_dilation=1, **undilated).cases
    large = itertools.product(ops, LARGE, (2, 3), (1, 2, 3), (1,))
    small = itertools.product(ops, range(1, 6), range(1, 6), range(1, 5), range(1, 4))
    for op, *axis in itertools.chain(large, small):
        size, kernel, stride, dilation = ((1,) * (rank - 1) + (number,) for number in axis)
        for what in strategies.compared_of(op, compared):
            yield Case(op, size, kernel, stride, dilation, padding=padding, compared=what)


def witnessed(cases: list[Case]) -> dict[Case, int]:
    """Return those of `cases` that a witness passes and none contests, with how many pass them."""
    heard = live.record(cases).lines
    passed = {case: [isinstance(said, Equal | Within) for said in line.said.values()] for case, line in heard.items()}
    return {
        case: sum(passed[case])
        for case in cases
        if any(passed[case]) and not any(isinstance(said, Array) for said in heard[case].said.values())
    }


def needs_of(case: Case) -> set[tuple[str, str, str]]:
    """Return what a case serves: the mutants that it kills and the classes that it belongs to, each with its op and what is compared."""
    killed = [n for n, rule in mutants.RULES.items() if case.op in rule.ops and rules.kills(case, rule)]
    served = [*(f"mutant {name}" for name in killed), *(f"class {name}" for name in classes.classes_of(case))]
    return {(what, case.op, case.compared) for what in served}


def choose(cases: Mapping[Case, int]) -> list[Case]:
    """Return few of `cases` that serve every need that any serves: first of those that most witnesses pass.

    The one that serves most comes first, of such the smallest.
    """
    served = {case: needs_of(case) for case in cases}
    available = Counter(need for needs in served.values() for need in needs)
    wanted = KILLED // len({case.op for case in cases})
    left = {need: min(n, wanted if need[0].startswith("mutant") else 1) for need, n in available.items()}
    chosen = []
    for n_passing in sorted(set(cases.values()), reverse=True):
        while True:
            here = {c: sum(left[need] > 0 for need in served[c]) for c in served if cases[c] == n_passing}
            best = min(here, key=lambda c: (-here[c], c.canonical_key), default=None)
            if best is None or not here[best]:
                break
            for need in served.pop(best):
                left[need] = max(left[need] - 1, 0)
            chosen.append(best)
    return chosen


def main() -> int:
    """Publish the sets that are not published yet."""
    FOLDER.mkdir(exist_ok=True)
    manifest_file = FOLDER / requirements.MANIFEST
    manifest = json.loads(manifest_file.read_text(encoding="utf-8")) if manifest_file.exists() else {}
    for name, about in SETS.items():
        if name in manifest:
            continue
        cases = witnessed(candidates(about["scope"]))
        text = requirements.write(Requirement(name, date=DATE, cases=tuple(choose(cases)), digest="", **about))
        (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")
        manifest[name] = requirements.digest(text)
        print(f"{name}: {text.count(chr(10)) - 4} of {len(cases)} cases", file=sys.stderr)
        manifest_file.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    requirements.check(requirements.texts(), requirements.published())
    return 0


if __name__ == "__main__":
    sys.exit(main())
