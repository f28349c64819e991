"""Write a report ready to file: what was expected and why, what happened, the script, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from same_conformance import operands, spec
from same_conformance.case import Case
from same_conformance.outcome import Array
from same_conformance.repro import script
from same_conformance.repro.data import SMALL

if TYPE_CHECKING:
    from same_conformance.repro.target import Observation

_RULE = """\
For each axis with size n, kernel k, stride s and dilation d, with ke = (k - 1) d + 1:

    out   = ceil(n / s)
    total = max((out - 1) s + ke - n, 0)
    {split}
"""
_SPLITS = {
    "same": "before = total // 2, after = total - before",
    "same_lower": "after = total // 2, before = total - after",
}
_FILLS = {
    "max_pool": "Max pooling sees the real elements only, as if the padding were the lowest value.",
    "avg_pool": "Average pooling divides by the number of real elements in the window.",
    "conv_transpose": "The transposed convolution is the adjoint of the convolution from its output to its input: "
    "it crops what that one pads, and its output is n s long unless another length is asked for.",
}
_SOURCES = (
    "TensorFlow, [notes on padding](https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2) and "
    "`GetWindowedOutputSizeVerbose` in `tensorflow/core/framework/kernel_shape_util.cc`; "
    "JAX, `padtype_to_pads` in `jax/_src/lax/lax.py`"
)
_TRANSPOSED_SOURCE = (
    "; TensorFlow, `ConvBackpropExtractAndVerifyDimension` in `tensorflow/core/kernels/conv_grad_shape_utils.cc`"
)


def write(observation: Observation) -> str:
    """Return the report, in Markdown.

    Raises:
        UsageError: if there is nothing to report: the implementation does not offer the case, or is the spec.

    """
    text = script.write(observation)
    target, case = observation.target, observation.case
    packages = {**target.versions, **({"Python": target.python} if target.python else {})}
    versions = "\n".join(f"- {name} {version}" for name, version in packages.items())
    return f"""\
# {title(observation)}

## What was expected

{expected(case)}
## What happened

{happened(observation)}

## To reproduce

```python
{text}```

## Versions

{versions}
- {target.platform}
{_environment(observation)}"""


def title(observation: Observation) -> str:
    """Return one line that says who does what wrong for which parameters."""
    target, case = observation.target, observation.case
    where = {"forward": "", "input_gradient": ", gradient by the input", "kernel_gradient": ", gradient by the kernel"}
    fails = {
        "shape": "wrong shape",
        "value": "wrong values",
        "dtype": "wrong dtype",
        "nondeterministic": "results vary",
        "pass": "right, as expected,",
        "unspecified": "right where anything is specified,",
    }.get(observation.judgement.verdict, observation.judgement.verdict)
    return f"{target.name}: {fails} for padding='{case.padding}', {_parameters(case)}{where[case.compared]}"


def _parameters(case: Case) -> str:
    words = {"size": case.size, "kernel": case.kernel, "stride": case.stride, "dilation": case.dilation}
    shown = [f"{w} {_x(v)}" for w, v in words.items() if w in ("size", "kernel") or max(v) > 1]
    return f"{case.op} in {case.rank}-D, {case.dtype}, {', '.join(shown)}"


def _x(values: tuple[int, ...]) -> str:
    return "×".join(map(str, values))  # noqa: RUF001  # a multiplication sign between sizes, in prose


def expected(case: Case) -> str:
    """Return the rule, its numbers for `case`, and where it is written down."""
    transposed = case.op == "conv_transpose"
    verb = "crops" if transposed else "pads"
    axes = "".join(
        f"- axis {i}: size {a.size}, kernel {a.kernel}, stride {a.stride}, dilation {a.dilation}: "
        f"{verb} {a.before} before and {a.after} after, output {a.output_size}\n"
        for i, a in enumerate(case.axes)
    )
    source = _SOURCES + (_TRANSPOSED_SOURCE if transposed else "")
    fill = _FILLS.get(case.op, "The padding is zero.")
    rule = _RULE.format(split=_SPLITS[case.padding])
    return f"{rule}\n{fill} Here:\n\n{axes}\n{expected_array(case)}\nSource of the rule: {source}.\n"


def expected_array(case: Case) -> str:
    """Return what SAME gives for `case`."""
    return _array("Expected", spec.execute(case, operands.make(case)))


def happened(observation: Observation) -> str:
    """Return what the implementation gave, and how it differs."""
    judgement, outcome = observation.judgement, observation.outcome
    said = judgement.message or "the result is as expected"
    if isinstance(outcome, Array):
        return f"{_array('Given', outcome.values)}\n{said[:1].upper()}{said[1:]}."
    return f"It ended in `{judgement.verdict}`: {said}."


def _array(what: str, values: np.ndarray) -> str:
    """Return an array with its shape; of a large one the shape alone."""
    if values.size > SMALL:
        return f"{what}: shape {tuple(values.shape)}.\n"
    shown = np.array2string(values.reshape(-1) + 0.0, separator=", ", max_line_width=100, precision=8)
    return f"{what}: shape {tuple(values.shape)}, in raster order\n\n```\n{shown}\n```\n"


def _environment(observation: Observation) -> str:
    variables = ", ".join(f"`{k}={v}`" for k, v in sorted(observation.target.environment.items()))
    return f"- set before the import: {variables}\n" if variables else ""
