"""Records of runs that nobody ran, for the tests of the report: a small one, a hostile one, a large one."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

from same_conformance import assessment, corpus, mutants, rules
from same_conformance.case import OPS, Case, parse
from same_conformance.judge import Judgement
from same_conformance.record import Record, Result
from same_conformance.report import html, tables


def about(name: str, **changes: Any) -> dict[str, Any]:
    """Return what the header of a record says of an implementation."""
    return {
        "name": name, "framework": "torch", "summary": f"What {name} does.", "ops": list(OPS), "homepage": "", "version": "1.0", "environment": {},
        "ranks": [1, 2, 3], "dtypes": ["float32"], "paddings": ["same"], "rule": "", "compile_together": 1, "distribution": "same-conformance", "builtin": True,
        "versions": {"torch": "2.13.0"}, "python": "3.11.7", "platform": "Linux", "sources": "0",
    } | changes  # fmt: skip


def header(cases: list[Case], *implementations: dict[str, Any]) -> dict[str, Any]:
    return {
        "same_conformance": "0", "command": "same-conformance run", "profile": "quick", "seed": 0, "n_wanted": 0, "n_drawn": 0,
        "cases": [[case.id, "corpus"] for case in cases], "implementations": list(implementations), "not_started": {}, "not_installed": [],
        "expectations": [], "variables": {}, "limits": {}, "python": "3.11.7", "spec_sources": "0",
    }  # fmt: skip


def right(case: Case) -> Judgement:
    return Judgement("pass", case.expected_shape, 0, 0.0)


def by_rule(name: str, case: Case) -> Judgement:
    """Return the judgement that a rule predicts."""
    verdict = rules.predict(mutants.RULES[name], case)[0]
    if verdict == "pass":
        return right(case)
    if verdict == "error":
        return Judgement(verdict, message=f"as {name} does")
    return Judgement(verdict, case.expected_shape, 1, 2.0, message=f"as {name} does")


CAUSE = {
    "implementation": "stranger", "op": "conv", "verdicts": ["shape", "value"], "compared": "forward", "calls": 1, "sentence": "pads 1 on both sides",
    "rule": "half", "where": "any(k % 2 == 0)", "text": "", "n_wrong": 1, "n_ran": 2, "case": "conv.n5.k4", "n_smaller": 3, "is_proved": True, "share": 0.25,
}  # fmt: skip

PICTURE = {
    "implementation": "stranger", "case": "conv.n5.k4", "expected": {"shape": [1, 5, 1], "values": [1, 2, 3, 4, 5]},
    "observed": {"shape": [1, 5, 1], "values": [9, "nan", "inf", 4, 5]},
    "windows": [[[None, None, 0, 1], [None, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, None]]],
}  # fmt: skip


XLA = {
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false --xla_cpu_multi_thread_eigen=false"
}
"""A long setting, with options that no screen should break."""


def small_record() -> Record:
    """Return a run of one who is right, one who is wrong by rule, and a stranger whose failures nobody expected."""
    cases = {entry.case for entry in corpus.read() if entry.case.op in ("conv", "max_pool")}
    cases |= {layer.case for layer in corpus.read_networks() if "MobileNetV2" in layer.layers}
    cases |= {parse(text) for text in ("conv.n5.k4", "conv.n5-5.k4-4", "conv.n225-225.k3-3.s2-2", "max_pool.n2-2.k2-2")}
    ordered = sorted(cases, key=lambda case: case.canonical_key)
    results = []
    for case in ordered:
        results.append(Result("torch-explicit", case, right(case)))
        results.append(Result("torch-half", case, by_rule("half", case)))
        strange = by_rule("half", case) if case.op == "conv" else Judgement("unsupported", message="has no max_pool")
        results.append(Result("stranger", case, strange))
    names = (
        about("torch-explicit"),
        about("torch-half", rule="half", environment=XLA),
        about("stranger", distribution="theirs", builtin=False),
    )
    head = header(ordered, *names) | {"variables": XLA}
    return Record(head, results, {"seconds": 1.5, "causes": [CAUSE], "pictures": [PICTURE]}, ordered)


def hostile_record() -> Record:
    """Return a run whose every text tries something."""
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>\x00\x1b[31m\u202eevil\u2066\ud800 {{ 7*7 }} javascript:alert(4)"
    name = re.sub(r"[^ -~]", "", attack)  # whatever names there are in a record, they can be printed
    case = parse("conv.n5.k4")
    mine = about(
        name,
        builtin=False,
        summary=attack,
        homepage="javascript:alert(5)",
        distribution=attack,
        versions={attack: attack},
        environment={attack: attack},
    )
    results = [
        Result(name, case, Judgement("error", message=attack + "x" * 10_000_000)),
        Result(name, parse("conv.n5.k3"), Judgement("unsupported", message=attack)),
    ]
    cause = CAUSE | {"implementation": name, "sentence": attack, "where": attack, "verdicts": ["error"]}
    picture = PICTURE | {"implementation": name, "observed": {"shape": [1, 5, 1], "values": [attack] * 5}}
    head = header([case, parse("conv.n5.k3")], mine) | {
        "command": attack,
        "not_started": {attack: attack},
        "began": attack,
        "variables": {attack: attack},
    }
    footer = {"seconds": 1, "outputs": {attack: attack * 10_000}, "causes": [cause], "pictures": [picture]}
    return Record(head, results, footer)


def large_record(n_implementations: int) -> Record:
    """Return 5,000 cases on so many implementations."""
    cases = [
        Case("conv", (n,), (k,), (s,), (d,))
        for n, k, s, d in product(range(1, 26), range(1, 9), range(1, 6), range(1, 6))
    ]
    names = [f"implementation-{i}" for i in range(n_implementations)]
    results = []
    for i, name in enumerate(names):
        for case in cases:
            wrong = (case.size[0] * 7 + case.kernel[0] * 3 + i) % 11 == 0
            results.append(
                Result(
                    name,
                    case,
                    Judgement("value", case.expected_shape, 3, 1.5, message=f"{case.size[0]} of {i} differ")
                    if wrong
                    else right(case),
                )
            )
    return Record(header(cases, *map(about, names)), results, {"seconds": 1}, cases)


def unbroken(page: str) -> str:
    """Return a page without the marks that say where its names may be broken."""
    return re.sub(r'<span class="nb">([^<]*)</span>', r"\1", page).replace("<wbr>", "")


def write(record: Record, path: Path) -> Path:
    assessed = assessment.assess(record)
    path.write_text(html.render(record, assessed, tables.verdicts(assessed)), encoding="utf-8")
    return path
