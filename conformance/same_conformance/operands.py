"""Make the exact data of a case, by an integer formula that any language can repeat.

Element ``i`` (raster order, channel last) of operand ``r`` (0 the input, 1 the kernel, 2 the cotangent) has the hash::

    h = (i * 0x9E3779B1 + (r + 1) * 0x85EBCA77) mod 2**32
    h ^= h >> 16;  h = h * 0x85EBCA6B mod 2**32
    h ^= h >> 13;  h = h * 0xC2B2AE35 mod 2**32
    h ^= h >> 16

which is MurmurHash3's 32-bit finaliser (Austin Appleby, public domain) over a Weyl sequence. The value is

- input of convolution and average pooling: the integer number ``q = h mod 2m`` of those from -m to m without 0,
  counted from 0: ``q - m`` if ``q < m``, else ``q - m + 1``; m is `same_conformance.exactness.magnitude`;
- cotangent, which a gradient case has as its last operand: the same as the input; but 0 where pooling has a window
  that holds padding only, because nothing says what that window gives, and so what its gradient is;
- kernel: the same, but distinct within a plane (one input with one output channel) of T taps where ``w = 2m // T`` is
  not 0: ``q = rank * w + h mod w``, rank being the place of the tap's hash among those of its plane (ties in raster
  order). So no two taps can be exchanged unseen;
- average pooling: the same as convolution; but the element in the middle of the first example's first channel, number
  ``N // 2`` of its N, is 0 if N is 2 or more, because who takes 0 for padding does not count it;
- max pooling: a plane is one example's one channel, with ``p = batch_index * channels + channel``; position ``j`` of
  its N positions holds ``j - N`` in plane 0 (rising), ``-1 - j`` in plane 1 (falling), and ``rank - N`` in every other,
  rank being the place of the element's hash among those of its plane (ties in raster order). From that ``p * N`` is
  subtracted if the dtype tells all these values apart. Then the last plane is laid deep: its values are multiplied by
  ``2**100``; in float16, if N is 1024 at most, the r-th largest of them, from 0, becomes ``-32768 - 32 r``. All values are
  negative, so that a fill of zero shows, and distinct, so that every choice shows; what fills one plane with the least
  value of another shows too, and in the deep plane any finite fill, such as -65504 or -1e9, but the lowest number itself.

``docs/operands.md`` holds test vectors.
"""

from __future__ import annotations

import numpy as np

from same_conformance import plan
from same_conformance.case import POOLS, Case
from same_conformance.exactness import SIGNIFICANT_BITS, magnitude


def make(case: Case) -> tuple[np.ndarray, ...]:
    """Return the operands of `case`: the input; for convolutions, the kernel; for a gradient, the cotangent.

    Shapes are those of `Case.operand_shapes`, and `Case.output_shape` for the cotangent. The arrays hold integers as float64, whatever the case's dtype:
    each value is exact in that dtype too, so a conversion changes nothing.

    >>> from same_conformance.case import parse
    >>> make(parse("max_pool.n3.k2"))[0].tolist()
    [[[-3.0, -5.070602400912918e+30], [-2.0, -6.338253001141147e+30], [-1.0, -7.605903601369376e+30]]]
    """
    m = magnitude(case)
    shape, *kernels = case.operand_shapes
    x = _distinct_planes(shape, case.dtype) if case.op == "max_pool" else _hashed(shape, 0, m)
    if case.op == "avg_pool" and (n := int(np.prod(case.size))) > 1:
        x[0].reshape(n, -1)[n // 2, 0] = 0.0
    cotangents = () if case.compared == "forward" else (_cotangent(case, m),)
    return (x, *(_kernel(shape, m) for shape in kernels), *cotangents)


def _cotangent(case: Case, m: int) -> np.ndarray:
    """Return the cotangent; 0 stands where pooling gives nothing that is specified."""
    values = _hashed(case.output_shape, 2, m)
    if case.op in POOLS and case.has_padding_only_window:
        values[:, plan.same(case).reads_padding_only()] = 0.0
    return values


def hashes(n: int, role: int) -> np.ndarray:
    """Return the first `n` hashes of operand `role`, as uint32."""
    h = np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B1)
    h += np.uint32((role + 1) * 0x85EBCA77 & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h


def _hashed(shape: tuple[int, ...], role: int, m: int) -> np.ndarray:
    return _nonzero(hashes(int(np.prod(shape)), role), m).reshape(shape)


def _nonzero(q: np.ndarray, m: int) -> np.ndarray:
    """Return the integers from -m to m without 0, by their number modulo 2m."""
    q = (q % np.uint32(2 * m)).astype(np.float64)
    return np.where(q < m, q - m, q - m + 1)


def _kernel(shape: tuple[int, ...], m: int) -> np.ndarray:
    n_taps = int(np.prod(shape[:-2]))
    h = hashes(int(np.prod(shape)), role=1)
    width = 2 * m // n_taps
    if width == 0:
        return _nonzero(h, m).reshape(shape)
    planes = h.reshape(n_taps, -1)
    q = _ranks(planes.T).T * width + planes % np.uint32(width)
    return _nonzero(q, m).reshape(shape)


def _ranks(planes: np.ndarray) -> np.ndarray:
    """Return the place of each element among those of its plane, ``(planes, positions)``; ties in order."""
    order = np.argsort(planes, axis=-1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(planes.shape[-1]), order.shape), axis=-1)
    return ranks


def _distinct_planes(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return max pooling's input; planes are apart from each other as well while `dtype` tells all values apart."""
    batch, *size, channels = shape
    n = int(np.prod(size))
    by_plane = hashes(batch * n * channels, role=0).reshape(batch, n, channels).transpose(0, 2, 1)
    values = (_ranks(by_plane) - n).reshape(batch * channels, n).astype(np.float64)
    values[0] = np.arange(n) - n
    values[1] = -1 - np.arange(n)
    least = values[-1].copy()
    if values.size <= 1 << SIGNIFICANT_BITS[dtype]:
        values -= n * np.arange(len(values))[:, None]
    if dtype != "float16":
        values[-1] *= DEEP
    elif n <= _MOST_DEEP_IN_FLOAT16:
        values[-1] = 32 * (least + 1) - 32768
    planes = values.reshape(batch, channels, n).transpose(0, 2, 1)
    return np.ascontiguousarray(planes).reshape(shape)


DEEP = 2.0**100
"""What the deep plane is multiplied by: far below what people fill with instead of minus infinity, -1e9 or -65504; a power of two keeps the integers exact."""
_MOST_DEEP_IN_FLOAT16 = 1024
"""So many numbers float16 has from -65504 to -32768."""
