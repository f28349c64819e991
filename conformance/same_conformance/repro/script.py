"""Write the script: operands, what SAME asks for, what the framework gives, and whether they differ."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from same_conformance import operands, spec
from same_conformance import program as programs
from same_conformance.case import POOLS, Case
from same_conformance.errors import UsageError
from same_conformance.outcome import NoGradient, Unsupported
from same_conformance.repro import calls, code, data, rule, tensors

if TYPE_CHECKING:
    from same_conformance.repro.target import Observation, Target

WHAT = {
    "forward": "result",
    "input_gradient": "gradient with respect to the input",
    "kernel_gradient": "gradient with respect to the kernel",
}


def check(observation: Observation) -> None:
    """Tell whether there is anything to repeat.

    Raises:
        UsageError: if not; says why.

    """
    target, outcome = observation.target, observation.outcome
    if target.is_builtin and target.framework == "numpy":
        raise UsageError(f"{target.name} is what is expected: name the implementation that is to be compared with it")
    if isinstance(outcome, Unsupported):
        raise UsageError(
            f"{target.name} does not offer {observation.case.id} ({outcome.message}), so there is nothing to repeat"
        )


def write(observation: Observation) -> str:
    """Return the script, which needs the framework and NumPy alone; for a stranger's implementation, its package too.

    Raises:
        UsageError: if the implementation does not offer the case, or is the spec.

    """
    check(observation)
    target, case = observation.target, observation.case
    called = calls.of(target)
    expected = spec.execute(case, operands.make(case))
    made = [case, *case.earlier, *observation.earlier]
    functions = list(dict.fromkeys(line for one in made for line in data.functions(one)))
    parts = [
        _docstring(observation),
        *_environment(target),
        "import numpy as np",
        *tensors.imports(target),
        *called.imports,
        "",
        *tensors.settings(target, case),
        *functions,
        *_earlier_calls(observation, called),
        *_paragraph(called.before(case)),
        *_first_call(observation, called),
        *data.lines(case),
        "",
        f"# What SAME asks for{_pads(case)}",
        *rule.lines(case, expected),
        *_specified(case),
        "",
        f"# What {target.name} gives.",
        *tensors.conversions(target, case),
        *_call(observation, called),
        *tensors.results(target, case),
        "",
        *_comparison(target, case),
        *_again(observation, called),
    ]
    return _tidy("\n".join(parts))


def _docstring(observation: Observation) -> str:
    target, case = observation.target, observation.case
    needs = needed(target)
    versions = ", ".join(f"{name} {version}" for name, version in target.versions.items())
    verdict = observation.judgement.verdict
    said = f": {observation.judgement.message}" if observation.judgement.message else ""
    first = f'"""Compare what {target.name} gives for {case.id} with what SAME asks for.'
    body = [
        f"Compared is the {WHAT[case.compared]}{', of a second call' if case.calls > 1 else ''}. Needs {needs}",
        f"Ran with {', '.join(filter(None, (versions, target.python and f'Python {target.python}', target.platform)))}.",
        f"Verdict: {verdict}{said}.".replace("..", "."),
    ]
    wrapped = [
        textwrap.fill(line.replace("\\", "/"), code.WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in body
    ]
    return "\n".join([first, "", *wrapped, '"""', ""])


def needed(target: Target) -> str:
    """Return what must be there for the script to run, and how to get a stranger's function."""
    needs = "NumPy" if target.framework in ("numpy", programs.FRAMEWORK) else f"{target.framework} and NumPy"
    if target.package != target.framework:
        needs = f"{target.framework}, {target.package} and NumPy"
    if target.is_builtin and target.name in calls.BUILT_IN:
        return f"{needs}."
    calls_it = "which describes the program that it starts" if target.is_program else "whose function it calls"
    if target.is_file:
        path = target.value.rpartition(":")[0]
        return f"{needs}, same-conformance, and the file {path}, {calls_it}: run it where that is."
    version = f"=={target.package_version}" if target.package_version else ""
    where = f", or see {target.homepage}" if target.homepage else ""
    return (
        f"{needs}, same-conformance, and the package {target.distribution}, {calls_it} as {target.value}: "
        f"python -m pip install {target.distribution}{version}{where}."
    )


def _environment(target: Target) -> list[str]:
    if not target.environment:
        return []
    return ["import os", "", *(f'os.environ["{k}"] = "{v}"' for k, v in sorted(target.environment.items())), ""]


def _paragraph(lines: list[str]) -> list[str]:
    return [*lines, ""] if lines else []


def _pads(case: Case) -> str:
    verb = "crops" if case.op == "conv_transpose" else "pads"
    pads = ", ".join(f"{a.before}+{a.after}" for a in case.axes)
    return f": it {verb} {pads}." if len(case.axes) == 1 else f": axis by axis it {verb} {pads}."


def _first_call(observation: Observation, called: calls.Calls) -> list[str]:
    lines = []
    for first in observation.case.earlier:
        body = [] if observation.target.is_program else called.body(first)
        made = [*data.lines(first), *tensors.conversions(observation.target, first, "first"), *body]
        lines += [f"# First a call with size {first.size}; nobody looks at what it gives.", *made, ""]
    return lines


def _earlier_calls(observation: Observation, called: calls.Calls) -> list[str]:
    """Execute the cases that the result depends on, in their order."""
    lines = []
    for earlier in (case.forward for case in observation.earlier):
        values = [*data.lines(earlier), *tensors.conversions(observation.target, earlier)]
        made = [*called.before(earlier), *values, *called.body(earlier)]
        lines += [f"# First {earlier.id}; nobody looks at what it gives.", *made, ""]
    return lines


_MOST_CALLS = 100


def _again(observation: Observation, called: calls.Calls) -> list[str]:
    """Make the same call again and again, if that was seen to give something else."""
    target, case = observation.target, observation.case
    if not getattr(observation.outcome, "n_unequal", 0):
        return []
    body = [
        *tensors.conversions(target, case),
        *_call(observation, called),
        *tensors.results(target, case),
        "if given.shape != once.shape or not np.array_equal(given, once, equal_nan=True):",
        '    print("They differ: the same call, made again, gives")',
        "    print(given)",
        "    break",
    ]
    loop = [f"for _ in range({_MOST_CALLS}):", *code.indented(body)]
    return ["# The same call again, until it gives something else.", "once = given", *loop]


def _call(observation: Observation, called: calls.Calls) -> list[str]:
    target, case = observation.target, observation.case
    if target.is_program:
        return called.body(case)
    body = called.body(case.forward)
    if case.compared == "forward":
        return body
    return tensors.gradient(target, case, body, checked=isinstance(observation.outcome, NoGradient))


def _specified(case: Case) -> list[str]:
    if case.op in POOLS and case.compared == "forward" and case.has_padding_only_window:
        return ["specified = np.isfinite(expected)  # nothing says what a window of padding only gives"]
    return []


def _comparison(target: Target, case: Case) -> list[str]:
    only = "[specified]" if _specified(case) else ""
    equal = f"np.isclose(given{only}, expected{only}, {rule.tolerance(case)})"
    return [
        "np.set_printoptions(suppress=True, threshold=200)",
        'print(f"SAME asks for shape {expected.shape}:")',
        "print(expected)",
        f'print(f"{target.name} gives shape {{given.shape}}, {{dtype}}:")',
        "print(given)",
        "if given.shape != expected.shape:",
        '    print("They differ in shape.")',
        f'elif dtype != "{case.dtype}":',
        f'    print("They differ in dtype: {case.dtype} went in.")',
        "else:",
        f"    wrong = ~{equal}",
        '    print(f"They differ in {wrong.sum()} of {given.size} elements." if wrong.any() else "They are equal.")',
        "",
    ]


def _tidy(text: str) -> str:
    """Leave two empty lines around functions and no more than that anywhere."""
    lines: list[str] = []
    for line in text.split("\n"):
        starts = line.startswith(("def ", "@")) and not (lines and lines[-1].startswith("@"))
        after = bool(lines) and lines[-1] == "" and line and not line.startswith((" ", "def ", "@"))
        if starts:
            while lines and lines[-1] == "":
                lines.pop()
            lines += ["", ""]
        elif after and _in_function(lines):
            while lines[-1] == "":
                lines.pop()
            lines += ["", ""]
        elif line == "" and lines and lines[-1] == "":
            continue
        lines.append(line)
    return "\n".join(lines).rstrip("\n") + "\n"


def _in_function(lines: list[str]) -> bool:
    """Tell whether the lines end within a function at the top level."""
    for line in reversed(lines):
        if line.startswith("def "):
            return True
        if line and not line.startswith(" "):
            return False
    return False
