"""Layers whose code to copy is run and compared: every op in one to three axes, and whatever the code does otherwise for."""

from __future__ import annotations

from same_conformance.case import Case, parse
from same_conformance.explain import parameters
from same_conformance.explain.parameters import Parameters

CASES = tuple(
    map(
        parse,
        [
            "conv.n5.k4.d2",
            "conv.n7-6.k3-2.s2-2.c2-3",
            "conv.n9.k3.s2",
            "conv.n225-225.k3-3.s2-2",
            "conv.n4-3-5.k2-3-2.s1-2-1",
            "conv.n8-7.k2-5.s2-3.same_lower",
            "conv.n6.k4.d2.same_lower",
            "conv.n4-4-4.k2-2-2.s3-1-2.same_lower",
            "conv.n7-7.k3-3.s2-2.d2-2",
            "conv.n5-4.k1-2.s3-3",
            "conv.n6-5-7.k2-2-2.d2-1-3",
            "depthwise_conv.n6-5.k3-2.s2-2.c2-3",
            "depthwise_conv.n6.k4.s2.c3-1",
            "depthwise_conv.n5-4-6.k2-3-2.s2-1-2.c2-2",
            "depthwise_conv.n7-8.k3-4.d2-2.c2-1",
            "depthwise_conv.n7-8.k2-2.s2-2.c3-1.same_lower",
            "depthwise_conv.n9-8.k3-3.s1-2.c2-1",
            "conv_transpose.n3-2.k3-2.s2-3.c2-3",
            "conv_transpose.n2.k4",
            "conv_transpose.n3.k2.s3.o8",
            "conv_transpose.n4-3.k3-3.s2-2.o7-6",
            "conv_transpose.n3-2-2.k2-3-1.s2-2-3",
            "conv_transpose.n3.k3.s2.d2",
            "conv_transpose.n4-3.k2-4.s2-2.same_lower",
            "conv_transpose.n3.k1.s3",
            "conv_transpose.n4.k2.d3.same_lower",
            "conv_transpose.n3-3.k2-3.s2-2.d2-2.o5-6",
            "conv_transpose.n3-4.k4-4.s2-2",
            "conv_transpose.n3-4.k5-1.s1-3.same_lower",
            "max_pool.n7-6.k3-3",
            "max_pool.n5-6.k3-2.s2-2",
            "max_pool.n7.k2.s2",
            "max_pool.n4-5-6.k2-3-2.s2-1-3",
            "max_pool.n9-8.k3-2.d2-3",
            "max_pool.n7-6.k2-3.s2-2.same_lower",
            "max_pool.n7.k3.s2.d2",
            "max_pool.n5.k1.s3",
            "max_pool.n8-8.k2-4.s3-3",
            "avg_pool.n7-9.k3-5.s2-2",
            "avg_pool.n5-6.k3-2.s2-2",
            "avg_pool.n7.k2.s2",
            "avg_pool.n4-5-6.k2-3-2.s2-1-3",
            "avg_pool.n9-8.k3-2.d2-3",
            "avg_pool.n7-6.k2-3.s2-2.same_lower",
            "avg_pool.n5.k1.s3",
            "avg_pool.n7.k3.s2.d2",
            "avg_pool.n8-8.k2-4.s3-3",
            "avg_pool.n6.k4.d2",
        ],
    )
)


def parameters_of(case: Case) -> Parameters:
    """Return the layer of a case as `explain` reads it."""

    def text(values: tuple[int, ...]) -> list[str]:
        return ["x".join(map(str, values))] if values else []

    fields = {name: text(getattr(case, name)) for name in ("size", "kernel", "stride", "dilation", "output_size")}
    return parameters.read(op=case.op, padding=case.padding, **fields)
