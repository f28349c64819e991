"""Record what each framework does where nothing says what is right, in ``facts.json``, and write ``docs/facts.md`` from it.

Each framework runs in a process of its own, with its environment set before the import. ``--page`` writes the page alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("facts.json")
PAGE = Path(__file__).parents[1] / "docs" / "facts.md"

ENVIRONMENTS = {
    "TensorFlow, oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "TensorFlow, native": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "JAX": {"JAX_PLATFORMS": "cpu"},
    "PyTorch": {},
}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

QUESTIONS = {
    "conv_padding_only": (
        "A convolution's window of padding only",
        "x = 5; kernel 1, 10; dilation 3: taps at -1 and 2",
        "conv",
        {"x": [5], "kernel": [1, 10], "stride": 1, "dilation": 3},
    ),
    "max_pool_padding_only": (
        "Max pooling's window of padding only",
        "x = 5; window 2; dilation 3: taps at -1 and 2",
        "max_pool",
        {"x": [5], "window": 2, "stride": 1, "dilation": 3},
    ),
    "avg_pool_padding_only": (
        "Average pooling's window of padding only",
        "x = 5; window 2; dilation 3: taps at -1 and 2",
        "avg_pool",
        {"x": [5], "window": 2, "stride": 1, "dilation": 3},
    ),
    "max_pool_nan": (
        "NaN in max pooling",
        "x = nan, 1, 2; window 2; stride 1",
        "max_pool",
        {"x": ["nan", 1, 2], "window": 2, "stride": 1, "dilation": 1},
    ),
    "max_pool_minus_infinity": (
        "-infinity alone in max pooling's windows",
        "x = -inf, -inf; window 2; stride 1",
        "max_pool",
        {"x": ["-inf", "-inf"], "window": 2, "stride": 1, "dilation": 1},
    ),
    "avg_pool_nan": (
        "NaN in average pooling",
        "x = nan, 1, 2; window 2; stride 1",
        "avg_pool",
        {"x": ["nan", 1, 2], "window": 2, "stride": 1, "dilation": 1},
    ),
    "avg_pool_infinity": (
        "Infinity in average pooling",
        "x = inf, 1, 2; window 2; stride 1",
        "avg_pool",
        {"x": ["inf", 1, 2], "window": 2, "stride": 1, "dilation": 1},
    ),
    "conv_nan": (
        "NaN under a zero of the kernel",
        "x = nan, 1, 2; kernel 0, 1",
        "conv",
        {"x": ["nan", 1, 2], "kernel": [0, 1], "stride": 1, "dilation": 1},
    ),
    "max_pool_tie": (
        "A tie in max pooling: who gets the gradient of 1",
        "x = 7, 7, 7; window 3; stride 3",
        "max_pool_gradient",
        {"x": [7, 7, 7], "window": 3, "stride": 3, "dilation": 1},
    ),
    "conv_empty": (
        "An empty batch in a convolution",
        "x of shape (0, 3, 1); kernel 1, 10",
        "conv",
        {"x": [], "kernel": [1, 10], "stride": 1, "dilation": 1},
    ),
    "max_pool_empty": (
        "An empty batch in max pooling",
        "x of shape (0, 3, 1); window 2; stride 1",
        "max_pool",
        {"x": [], "window": 2, "stride": 1, "dilation": 1},
    ),
    "avg_pool_empty": (
        "An empty batch in average pooling",
        "x of shape (0, 3, 1); window 2; stride 1",
        "avg_pool",
        {"x": [], "window": 2, "stride": 1, "dilation": 1},
    ),
}
"""By key: the question, its numbers in words, and the function of `ask` with its arguments; all along one of `rank` axes."""


def arrays(question: dict[str, Any], rank: int) -> tuple[Any, Any]:
    """Return the input ``(batch, *size, 1)`` and the kernel ``(*kernel, 1, 1)``, their elements along the last axis."""
    import numpy as np

    values = np.array([float(v) for v in question["x"]], np.float32)
    ones = (1,) * (rank - 1)
    x = values.reshape(1, *ones, -1, 1) if values.size else np.zeros((0, *ones, 3, 1), np.float32)
    return x, np.array(question.get("kernel", [1]), np.float32).reshape(*ones, -1, 1, 1)


def tensorflow(op: str, question: dict[str, Any], rank: int) -> Any:
    """Ask TensorFlow."""
    import tensorflow as tf

    x, kernel = arrays(question, rank)
    stride, dilation, window = ((1,) * (rank - 1) + (question.get(w, 1),) for w in ("stride", "dilation", "window"))
    if op == "conv":
        function = (tf.nn.conv1d, tf.nn.conv2d, tf.nn.conv3d)[rank - 1]
        if rank == 3:
            return function(x, kernel, strides=(1, *stride, 1), padding="SAME", dilations=(1, *dilation, 1)).numpy()
        keyword = {"stride" if rank == 1 else "strides": list(stride)}
        return function(x, kernel, padding="SAME", dilations=list(dilation), **keyword).numpy()
    if max(dilation) > 1:
        return "has no dilated pooling with SAME"
    kind = op.removesuffix("_gradient")
    function = getattr(tf.nn, f"{kind}{rank}d")
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x, ksize=list(window), strides=list(stride), padding="SAME")
    return tape.gradient(y, x).numpy() if op.endswith("_gradient") else y.numpy()


def jax(op: str, question: dict[str, Any], rank: int) -> Any:
    """Ask JAX."""
    import numpy as np
    from jax import grad, lax
    from jax import numpy as jnp

    x, kernel = (jnp.asarray(a) for a in arrays(question, rank))
    stride, dilation, window = ((1,) * (rank - 1) + (question.get(w, 1),) for w in ("stride", "dilation", "window"))
    if op == "conv":
        numbers = (f"N{'HWD'[:rank]}C", f"{'HWD'[:rank]}IO", f"N{'HWD'[:rank]}C")
        return lax.conv_general_dilated(x, kernel, stride, "SAME", rhs_dilation=dilation, dimension_numbers=numbers)

    def reduce(x: Any, start: float, combine: Callable[..., Any]) -> Any:
        steps = {"window_strides": (1, *stride, 1), "window_dilation": (1, *dilation, 1)}
        return lax.reduce_window(x, np.float32(start), combine, (1, *window, 1), padding="SAME", **steps)

    if op == "avg_pool":
        return reduce(x, 0, lax.add) / reduce(jnp.ones_like(x), 0, lax.add)
    if op == "max_pool":
        return reduce(x, -np.inf, lax.max)
    return grad(lambda x: reduce(x, -np.inf, lax.max).sum())(x)


def torch(op: str, question: dict[str, Any], rank: int) -> Any:
    """Ask PyTorch, padding with its own functions as `torch-explicit` does."""
    import numpy as np
    import torch as pt

    from same_conformance.implementations import torch_explicit

    x, kernel = arrays(question, rank)
    stride, dilation, window = ((1,) * (rank - 1) + (question.get(w, 1),) for w in ("stride", "dilation", "window"))
    x = pt.tensor(np.moveaxis(x, -1, 1)).requires_grad_()
    keywords: dict[str, Any] = {"stride": stride, "dilation": dilation, "padding": "SAME"}
    if op == "conv":
        weights = pt.tensor(np.moveaxis(kernel, (-1, -2), (0, 1)))
        return torch_explicit.conv(x, weights, groups=1, **keywords).detach().numpy()
    function = torch_explicit.avg_pool if op == "avg_pool" else torch_explicit.max_pool
    y = function(x, window=window, **keywords)
    if op.endswith("_gradient"):
        y.sum().backward()
        return x.grad.numpy()
    return y.detach().numpy()


ASK = {"TensorFlow, oneDNN": tensorflow, "TensorFlow, native": tensorflow, "JAX": jax, "PyTorch": torch}
PACKAGES = {"TensorFlow, oneDNN": "tensorflow", "TensorFlow, native": "tensorflow", "JAX": "jax", "PyTorch": "torch"}


def ask(who: str) -> dict[str, Any]:
    """Return what one framework says to every question, in 1, 2 and 3 dimensions, with its version."""
    import importlib

    answers: dict[str, list[str]] = {}
    for key, (_, _, op, question) in QUESTIONS.items():
        answers[key] = []
        for rank in (1, 2, 3):
            try:
                answers[key].append(in_words(ASK[who](op, question, rank)))
            except Exception as error:  # noqa: BLE001  # that it raises is the fact
                answers[key].append(f"raises {type(error).__name__}")
    return {"version": importlib.import_module(PACKAGES[who]).__version__, "answers": answers}


def in_words(answer: Any) -> str:
    """Return an answer as text: its elements, or its shape if it has none."""
    import numpy as np

    if isinstance(answer, str):
        return answer
    values = np.asarray(answer)
    return ", ".join(f"{v:.7g}" for v in values.reshape(-1)) if values.size else "an empty result"


def record() -> dict[str, Any]:
    """Return what all frameworks say, each asked in a process of its own."""
    facts = {}
    for who, environment in ENVIRONMENTS.items():
        command = [sys.executable, __file__, "--ask", who]
        result = subprocess.run(
            command, env={**os.environ, **QUIET, **environment}, capture_output=True, text=True, check=True
        )
        facts[who] = json.loads(result.stdout.splitlines()[-1])
    return facts


def render(facts: dict[str, Any]) -> str:
    """Return the page."""
    versions = ", ".join(dict.fromkeys(f"{who.partition(',')[0]} {fact['version']}" for who, fact in facts.items()))
    lines = [
        "# Facts without verdict",
        "",
        "What frameworks do where nothing says what is right: windows that hold padding only, NaN, infinity, ties, an empty",
        "batch. Recorded by `python cases/record_facts.py` in [cases/facts.json](../cases/facts.json), in float32 on the CPU,",
        f"with {versions}. PyTorch has no SAME; there it is `torch-explicit`, which pads with torch's functions.",
        "Where 1-D, 2-D and 3-D agree, the answer is written once.",
        "",
        f"| | {' | '.join(facts)} |",
        "|---" * (1 + len(facts)) + "|",
    ]
    for key, (title, numbers, _, _) in QUESTIONS.items():
        cells = [_cell(fact["answers"][key]) for fact in facts.values()]
        lines.append(f"| **{title}**: {numbers} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(answers: list[str]) -> str:
    if len(set(answers)) == 1:
        return answers[0]
    ranks: dict[str, list[str]] = {}
    for rank, answer in enumerate(answers, 1):
        ranks.setdefault(answer, []).append(f"{rank}-D")
    return "; ".join(f"{' and '.join(where)}: {answer}" for answer, where in ranks.items())


def main(arguments: list[str]) -> None:
    """Record and write the page; with ``--page``, write the page of what is recorded; with ``--ask WHO``, answer."""
    if arguments[:1] == ["--ask"]:
        print("\n" + json.dumps(ask(arguments[1])))
        return
    if arguments != ["--page"]:
        DATA.write_text(json.dumps(record(), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(render(json.loads(DATA.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
