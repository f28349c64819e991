"""Classes: each case is in the right ones, and what can have no case has no count."""

import pytest

from same_conformance import classes
from same_conformance.case import parse


@pytest.mark.parametrize(
    ("case_id", "expected"),
    [
        ("conv.n1.k1", {"1-D", "size 1", "no padding", "float32"}),
        ("conv.n6.k1.s3", {"stride > 1", "stride > kernel", "stride > effective kernel", "stride divides size"}),
        ("conv.n7.k4.s3", {"even kernel", "stride > 1", "remainder 1", "odd total padding"}),
        ("max_pool.n5.k5.s3", {"odd kernel", "remainder > 1", "odd total padding", "stride > 1"}),
        ("conv.n2.k3.d2", {"odd kernel", "kernel > input", "effective kernel > input", "dilation > 1"}),
        ("conv.n9-8.k3-2.s2-1.d3-1", {"2-D", "unequal axes", "dilation with stride", "remainder 1", "even kernel"}),
        ("avg_pool.n1.k2.d3", {"window of padding only", "odd total padding"}),
        ("conv_transpose.n2.k3.s2.o3", {"shorter output", "remainder 1", "even total padding"}),
        ("conv_transpose.n2.k3.s2", {"stride divides size", "odd total padding"}),
        ("conv.n33-33.k3-3.d18-18", {"total padding ≥ 4", "total padding ≥ 16", "even total padding", "dilation > 1"}),
        ("conv.n257.k6.b2.c4-2.g2.same_lower.float16",
         {"size ≥ 128", "size > 256", "total padding ≥ 4", "batch > 1", "channels > 1", "groups > 1", "SAME_LOWER", "float16"}),
    ],
)  # fmt: skip
def test_a_case_is_in_its_classes(case_id: str, expected: set[str]) -> None:
    assert expected <= set(classes.classes_of(parse(case_id)))


def test_a_case_is_in_no_other_class() -> None:
    assert classes.classes_of(parse("conv.n1.k1")) == ["1-D", "size 1", "no padding", "float32"]
    assert "shorter output" not in classes.classes_of(parse("conv_transpose.n2.k3.s2"))
    assert "stride > kernel" not in classes.classes_of(parse("conv.n6.k3.s3"))


def test_coverage_counts_per_op_and_leaves_out_what_cannot_be() -> None:
    counts = classes.coverage([parse("conv.n1.k1"), parse("conv.n4.k2.c2-2.g2"), parse("max_pool.n3.k2")])
    assert counts["even kernel"] == {"conv": 1, "depthwise_conv": 0, "conv_transpose": 0, "max_pool": 1, "avg_pool": 0}
    assert counts["groups > 1"] == {"conv": 1}
    assert counts["shorter output"] == {"conv_transpose": 0}
    assert "conv_transpose" not in counts["window of padding only"]
