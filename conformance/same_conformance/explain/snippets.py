"""Write a layer as code to copy, per framework: from ``x`` and ``kernel`` to ``y``, or a layer, or a node.

The page's own code, ``report/templates/js/recipes.js``, writes the same text, and a test compares them; another runs
all of it. What a framework cannot do is a comment that says so, and no code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from same_conformance.explain import jax_code, keras_code, onnx_code, tensorflow_code, torch_code

if TYPE_CHECKING:
    from same_conformance.explain.parameters import Parameters

_WRITERS = {
    "PyTorch": torch_code.write,
    "TensorFlow": tensorflow_code.write,
    "Keras": keras_code.write,
    "JAX": jax_code.write,
    "ONNX": onnx_code.write,
}


def write(layer: Parameters) -> dict[str, list[str]]:
    """Return lines of code by framework. Pads that are written out are those of this size alone."""
    return {framework: write_one(layer) for framework, write_one in _WRITERS.items()}
