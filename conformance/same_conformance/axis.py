"""Hold the parameters of one spatial axis of a case, with the padding that SAME asks for."""

from __future__ import annotations

from typing import NamedTuple

from same_conformance import padding as rule


class Axis(NamedTuple):
    """Hold the parameters of one spatial axis; `output_size` is that of the op, transposed or not."""

    size: int
    kernel: int
    stride: int
    dilation: int
    output_size: int
    before: int
    after: int

    @property
    def effective_kernel(self) -> int:
        """Return the elements a window spans."""
        return rule.effective_kernel(self.kernel, self.dilation)

    @property
    def has_padding_only_window(self) -> bool:
        """Tell whether a window of the forward op reads no real element along this axis."""
        if self.dilation == 1:
            return False  # a contiguous SAME window always reaches a real element
        return any(
            all(not 0 <= o * self.stride + j * self.dilation - self.before < self.size for j in range(self.kernel))
            for o in range(self.output_size)
        )

    def other_size(self, mode: str) -> int:
        """Return the nearest larger size that the forward op pads otherwise: before, or else after, or else any.

        Padding depends on the size modulo the stride, so there are as many to try.
        """
        larger = range(self.size + 1, self.size + self.stride + 1)
        pads = [rule.forward(n, self.kernel, self.stride, self.dilation, mode) for n in larger]
        others = [n for n, pad in zip(larger, pads) if pad.before != self.before]
        others += [n for n, pad in zip(larger, pads) if pad.after != self.after]
        return others[0] if others else self.size + 1
