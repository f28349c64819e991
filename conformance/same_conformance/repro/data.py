"""Write the operands of a case: as literals where they are small, else by the documented formula."""

from __future__ import annotations

import numpy as np

from same_conformance import operands
from same_conformance.case import POOLS, Case
from same_conformance.exactness import SIGNIFICANT_BITS, magnitude
from same_conformance.repro import code

SMALL = 64
"""Elements of an array that a reader still takes in as a literal."""

_SHAPES = {
    "x": "(batch, *size, channels)",
    "kernel": "(*kernel, in, out)",
    "cotangent": "(batch, *out, channels)",
}
_KERNELS = {"depthwise_conv": "(*kernel, channels, multiplier)", "conv_transpose": "(*kernel, out, in)"}

_HASHED = '''
def hashes(n, role):
    """Return the first n hashes of an operand: integers that look random and are the same everywhere."""
    h = np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B1)
    h += np.uint32((role + 1) * 0x85EBCA77 % 2**32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))
'''
_NONZERO = '''
def nonzero(q, m):
    """Return the integers from -m to m without 0, by their number modulo 2 m."""
    q = (q % np.uint32(2 * m)).astype(np.float64)
    return np.where(q < m, q - m, q - m + 1)
'''
_PLANES = '''
def distinct(shape, limit):
    """Return planes of distinct negative numbers: the first rises, the second falls, others are shuffled; the last lies deep.

    Every plane lies apart from the others, as far as `limit` values allow.
    """
    batch, *size, channels = shape
    n = int(np.prod(size))
    h = hashes(batch * n * channels, 0).reshape(batch, n, channels).transpose(0, 2, 1)
    values = h.argsort(axis=-1, kind="stable").argsort(axis=-1).reshape(batch * channels, n) - float(n)
    values[0] = np.arange(n) - n
    values[1] = -1 - np.arange(n)
    last = values[-1].copy()
    if values.size <= limit:
        values -= n * np.arange(len(values))[:, None]
    if limit != 2**11:
        values[-1] *= 2.0**100
    elif n <= 1024:  # float16 has no lower numbers
        values[-1] = 32 * (last + 1) - 32768
    return values.reshape(batch, channels, n).transpose(0, 2, 1).reshape(shape)
'''
_TAPS = '''
def taps(shape, m):
    """Return a kernel whose taps are distinct for each pair of channels, as far as 2 m integers allow."""
    n = int(np.prod(shape[:-2]))
    h = hashes(int(np.prod(shape)), 1).reshape(n, -1)
    width = 2 * m // n
    ranks = h.argsort(axis=0, kind="stable").argsort(axis=0)
    return nonzero(ranks * width + h % np.uint32(width) if width else h, m).reshape(shape)
'''


def lines(case: Case, suffix: str = "_array") -> list[str]:
    """Return what makes the operands of `case` and, for a gradient, the cotangent; the names are ``x_array`` and so on."""
    written: list[str] = []
    for name, values in zip(names(case), operands.make(case)):
        shape = _KERNELS.get(case.op, _SHAPES[name]) if name == "kernel" else _SHAPES[name]
        written.append(f"# {shape}")
        if _is_literal(case, name, values):
            written += code.array(name + suffix, values)
        else:
            written.append(f"{name}{suffix} = {_formula(case, name, values.shape)}")
            if case.op == "avg_pool" and name == "x":
                middle = int(np.prod(case.size)) // 2
                written.append(f"{name}{suffix}.reshape({case.batch}, -1, {case.channels[0]})[0, {middle}, 0] = 0")
    return written


def functions(case: Case) -> list[str]:
    """Return the functions that `lines` calls; none where all operands are literals."""
    needed: list[str] = []
    for name, values in zip(names(case), operands.make(case)):
        if not _is_literal(case, name, values):
            own = _TAPS if name == "kernel" else _PLANES if _is_distinct(case, name) else ""
            needed += [_HASHED, *([] if own == _PLANES else [_NONZERO]), own]
    return ["\n" + text.strip("\n") + "\n" for text in dict.fromkeys(filter(None, needed))]


def names(case: Case) -> tuple[str, ...]:
    """Return what the operands of `case` are called."""
    kernel = () if case.op in POOLS else ("kernel",)
    return ("x", *kernel, *(() if case.compared == "forward" else ("cotangent",)))


def _is_distinct(case: Case, name: str) -> bool:
    return case.op == "max_pool" and name == "x"


def _is_literal(case: Case, name: str, values: np.ndarray) -> bool:
    """Tell whether an array is written out; a cotangent with windows of padding only has no short formula."""
    return values.size <= SMALL or (name == "cotangent" and case.op in POOLS and case.has_padding_only_window)


def _formula(case: Case, name: str, shape: tuple[int, ...]) -> str:
    m = magnitude(case)
    if name == "kernel":
        return f"taps({shape}, {m})"
    if _is_distinct(case, name):
        return f"distinct({shape}, 2**{SIGNIFICANT_BITS[case.dtype]})"
    role = 0 if name == "x" else 2
    return f"nonzero(hashes({int(np.prod(shape))}, {role}), {m}).reshape({shape})"
