"""The rule, against numbers from public sources and against a second statement of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_conformance import padding
from same_conformance.padding import SAME, SAME_LOWER, Padding

axis = st.tuples(st.integers(1, 64), st.integers(1, 16), st.integers(1, 9), st.integers(1, 5))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "before", "after"),
    [
        (2, 3, 2, 0, 1),
        (3, 3, 2, 1, 1),
        (5, 3, 2, 1, 1),
        (6, 3, 2, 0, 1),
        (2, 4, 2, 1, 1),
        (3, 5, 2, 2, 2),
        (3, 1, 2, 0, 0),
        (3, 2, 3, 0, 0),
        (224, 7, 2, 2, 3),  # tensorflow issue 18213
        (225, 7, 2, 3, 3),
        (1, 3, 2, 1, 1),
    ],
)
def test_known_pads(size: int, kernel: int, stride: int, before: int, after: int) -> None:
    assert padding.forward(size, kernel, stride, 1) == Padding(before, after)
    assert padding.forward(size, kernel, stride, 1, SAME_LOWER) == Padding(after, before)


@given(axis)
def test_windows_begin_at_every_stride_and_reach_the_end(parameters: tuple[int, int, int, int]) -> None:
    """The defining property: one window per started stride, and no more padding than the last window needs."""
    size, kernel, stride, dilation = parameters
    out = padding.output_size(size, stride)
    assert (out - 1) * stride < size <= out * stride
    pad = padding.forward(size, kernel, stride, dilation)
    span = (out - 1) * stride + padding.effective_kernel(kernel, dilation)
    assert pad.total == max(span - size, 0)
    assert pad.after - pad.before in (0, 1)


@given(axis)
def test_lower_exchanges_the_sides(parameters: tuple[int, int, int, int]) -> None:
    before, after = padding.forward(*parameters, SAME)
    assert padding.forward(*parameters, SAME_LOWER) == Padding(after, before)


@given(axis, st.data())
def test_transposed_crops_what_the_forward_op_pads(parameters: tuple[int, int, int, int], data: st.DataObject) -> None:
    size, kernel, stride, dilation = parameters
    legal = padding.transposed_output_sizes(size, stride)
    out = data.draw(st.sampled_from(legal))
    assert padding.output_size(out, stride) == size
    assert padding.transposed(size, kernel, stride, dilation, out) == padding.forward(out, kernel, stride, dilation)
    assert all(padding.output_size(n, stride) != size for n in (legal[0] - 1, legal[-1] + 1) if n > 0)


def test_an_illegal_output_size_is_refused_with_what_is_legal() -> None:
    with pytest.raises(ValueError, match=r"output_size=7 is not legal .* so use 5 to 6"):
        padding.transposed(3, 3, 2, 1, 7)


def test_an_unknown_mode_is_refused_with_what_is_known() -> None:
    with pytest.raises(ValueError, match="'valid' is not known: use one of same, same_lower"):
        padding.forward(3, 3, 1, 1, "valid")
