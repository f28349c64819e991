"""Write ``networks.jsonl``: every distinct SAME layer of the networks in ``keras.applications``.

Run by ``nox -s networks``; needs TensorFlow. Each network is built without weights at its native input size. A layer
counts if it is a convolution, depthwise or separable convolution (taken as its depthwise part) or pooling with
``padding="same"``, in nested models too. Every pair of ``ZeroPadding2D`` and a valid layer that reads it counts as well:
as the case it would be if it were SAME, with the hand-written padding and whether its windows are SAME's. (A pooling
whose windows are SAME's still sees zeros where SAME sees nothing.)
Channels are reduced, because padding does not depend on them.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from same_conformance import Case, plan
from same_conformance.mutants.windows import windows

OUTPUT = Path(__file__).with_name("networks.jsonl")

OPS = {
    "Conv2D": "conv",
    "DepthwiseConv2D": "depthwise_conv",
    "SeparableConv2D": "depthwise_conv",
    "MaxPooling2D": "max_pool",
    "AveragePooling2D": "avg_pool",
}
CHANNELS = {"conv": (2, 3), "depthwise_conv": (2, 1), "max_pool": (2,), "avg_pool": (2,)}
NATIVE_WHERE_OPEN = (224, 224, 3)
"""MobileNetV3 leaves its size open by default; its weights were trained at this one (Howard et al. 2019)."""


def networks() -> dict[str, Any]:
    """Return the builder of every network in ``keras.applications``, by name."""
    return {
        name: build
        for name, build in sorted(vars(keras.applications).items())
        if name[0].isupper() and inspect.isfunction(build)
    }


def layers(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the layers of `model`, those of nested models too, as (path, layer)."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers(layer, f"{prefix}{layer.name}/")
        else:
            yield prefix + layer.name, layer


def case_of(layer: Any, size: tuple[int, int]) -> Case:
    """Return the case of `layer` on an input of `size`."""
    op = OPS[type(layer).__name__]
    pooling = op in ("max_pool", "avg_pool")
    grouped = getattr(layer, "groups", 1) > 1  # ConvNeXt writes its depthwise convolutions so
    return Case(
        op,
        size,
        tuple(layer.pool_size if pooling else layer.kernel_size),
        tuple(layer.strides),
        (1, 1) if pooling else tuple(layer.dilation_rate),
        channels=(2, 2) if grouped else CHANNELS[op],
        groups=2 if grouped else 1,
    )


def spatial(tensor: Any) -> tuple[int, int]:
    """Return height and width of a channel-last symbolic tensor."""
    _, height, width, _ = tensor.shape
    return height, width


def equals_same(case: Case, pads: tuple[tuple[int, int], ...]) -> bool:
    """Tell whether the windows after padding by `pads` are those of SAME."""
    maps = [windows(a.size, a.kernel, a.stride, a.dilation, p) for a, p in zip(case.axes, pads, strict=True)]
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(plan.same(case).maps, maps, strict=True))


def main() -> None:
    """Build the networks one after the other and write the file in canonical order."""
    found: dict[tuple[Case, tuple[Any, ...] | None], dict[str, list[str]]] = {}
    kinds: set[tuple[str, Case]] = set()
    n_networks = n_layers = 0
    all_networks = networks()
    for i, (network, build) in enumerate(all_networks.items(), 1):
        print(f"[{i}/{len(all_networks)}] {network}", file=sys.stderr, flush=True)
        model = build(weights=None)
        if None in model.input_shape[1:]:
            model = build(weights=None, input_shape=NATIVE_WHERE_OPEN)
        n_before = n_layers
        for path, layer in layers(model):
            kind = type(layer).__name__
            if kind in OPS and layer.padding == "same":
                found.setdefault((case_of(layer, spatial(layer.input)), None), {}).setdefault(network, []).append(path)
                kinds.add((kind, case_of(layer, spatial(layer.input))))
                n_layers += 1
            elif kind in OPS and layer.padding == "valid":
                producer = layer.input._keras_history.operation
                if type(producer).__name__ == "ZeroPadding2D":
                    key = (case_of(layer, spatial(producer.input)), tuple(map(tuple, producer.padding)))
                    found.setdefault(key, {}).setdefault(network, []).append(path)
        n_networks += n_layers > n_before
        del model
        keras.backend.clear_session()
        gc.collect()

    rows = []
    n_pairs = {True: 0, False: 0}
    for (case, pads), sources in sorted(found.items(), key=lambda item: (item[0][0].canonical_key, item[0][1] or ())):
        row: dict[str, Any] = {"case": case.id, "layers": sources}
        if pads is not None:
            row["by_hand"] = {"pads": pads, "equals_same": equals_same(case, pads)}
            n_pairs[row["by_hand"]["equals_same"]] += sum(map(len, sources.values()))
        rows.append(json.dumps(row) + "\n")
    OUTPUT.write_text("".join(rows), encoding="utf-8")
    n_distinct = sum(pads is None for _, pads in found)
    print(
        f"Keras {keras.__version__}: {n_networks} of {len(all_networks)} networks have {n_layers} SAME layers, "
        f"{len(kinds)} distinct, {n_distinct} with separable as depthwise; {sum(n_pairs.values())} are padded by hand: "
        f"{n_pairs[True]} as SAME would, {n_pairs[False]} otherwise",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
