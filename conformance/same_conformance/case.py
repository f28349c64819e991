"""Define the case, one point of the parameter space, with its id and its canonical order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from same_conformance import padding as rule
from same_conformance.errors import CaseError

OPS = ("conv", "depthwise_conv", "conv_transpose", "max_pool", "avg_pool")
POOLS = ("max_pool", "avg_pool")
RANKS = (1, 2, 3)
SIGNIFICANT_BITS = {"float32": 24, "float64": 53, "float16": 11, "bfloat16": 8}
"""Bits of an exact integer per dtype; the order is that of `DTYPES`, so a new dtype goes to the end."""
DTYPES = tuple(SIGNIFICANT_BITS)

LARGEST_FIELD = 1 << 20
"""No size or channel count above this: a typing error must not fill the memory of the machine."""
LARGEST_OPERAND = 1 << 26
"""No operand or output with more elements than this, for the same reason (512 MiB in float64)."""
LARGEST_WINDOWS = 1 << 28
"""No more products than this in all, because the spec gathers them (2 GiB in float64)."""


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


@dataclass(frozen=True)
class Case:
    """One point of the parameter space.

    Spatial fields have one entry per axis. Construction checks every field.

    Attributes:
        op: one of `OPS`.
        size: input elements per axis.
        kernel: taps per axis (for pooling: the window).
        stride: per axis, default 1.
        dilation: per axis, default 1.
        padding: ``"same"`` or ``"same_lower"``.
        batch: number of examples, default 1.
        channels: ``(in, out)`` for convolutions, ``(in, multiplier)`` for depthwise, ``(in,)`` for pooling,
            which needs two planes or more: one rising, one falling.
        groups: of ``conv``, default 1; divides both channel counts.
        output_size: of ``conv_transpose``, default ``size * stride``; ``()`` for every other op.
        dtype: one of `DTYPES`.

    Raises:
        CaseError: if a field is out of range or two fields do not fit each other.

    """

    op: str
    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    padding: str = rule.SAME
    batch: int = 1
    channels: tuple[int, ...] = ()
    groups: int = 1
    output_size: tuple[int, ...] = ()
    dtype: str = "float32"
    _axes: tuple[Axis, ...] = field(default=(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _one_of("op", self.op, OPS)
        _one_of("padding", self.padding, rule.MODES)
        _one_of("dtype", self.dtype, DTYPES)
        rank = len(self.size)
        if rank not in RANKS:
            raise CaseError(f"size has {rank} axes, but 1, 2 or 3 are allowed: {self.size}")
        ones = (1,) * rank
        self._default("stride", ones)
        self._default("dilation", ones)
        self._default("channels", default_channels(self.op))
        if self.op == "conv_transpose":
            self._default("output_size", tuple(n * s for n, s in zip(self.size, self.stride)))
        elif self.output_size:
            raise CaseError(f"output_size belongs to conv_transpose alone, but the op is {self.op}")
        for name in ("size", "kernel", "stride", "dilation", "channels", "output_size"):
            _positive(name, getattr(self, name))
        _positive("batch", (self.batch,))
        _positive("groups", (self.groups,))
        for name in ("kernel", "stride", "dilation", "output_size"):
            n_axes = len(getattr(self, name))
            if n_axes != rank and not (name == "output_size" and n_axes == 0):
                raise CaseError(f"{name} has {n_axes} axes and size has {rank}: give one {name} per axis")
        self._check_channels()
        object.__setattr__(self, "_axes", self._make_axes())
        self._check_exact()

    def _default(self, name: str, value: tuple[int, ...]) -> None:
        if not getattr(self, name):
            object.__setattr__(self, name, value)

    def _check_channels(self) -> None:
        expected = len(default_channels(self.op))
        if len(self.channels) != expected:
            raise CaseError(f"channels of {self.op} has {expected} entries, got {len(self.channels)}: {self.channels}")
        if self.groups > 1 and self.op != "conv":
            raise CaseError(f"groups={self.groups} belongs to conv alone, but the op is {self.op}")
        if any(c % self.groups for c in self.channels[: 2 if self.op == "conv" else 0]):
            raise CaseError(f"groups={self.groups} must divide both channel counts {self.channels}")
        if self.op in POOLS and self.channels[0] * self.batch < 2:
            raise CaseError(f"{self.op} needs two planes or more (batch * channels >= 2): raise channels, which is 1")

    def _make_axes(self) -> tuple[Axis, ...]:
        axes = []
        for a, (n, k, s, d) in enumerate(zip(self.size, self.kernel, self.stride, self.dilation)):
            if self.op == "conv_transpose":
                out = self.output_size[a]
                try:
                    pad = rule.transposed(n, k, s, d, out, self.padding)
                except ValueError as error:
                    raise CaseError(str(error)) from None
            else:
                out = rule.output_size(n, s)
                pad = rule.forward(n, k, s, d, self.padding)
            axes.append(Axis(n, k, s, d, out, pad.before, pad.after))
        return tuple(axes)

    def _check_exact(self) -> None:
        largest = max(_product(shape) for shape in (*self.operand_shapes, self.expected_shape))
        if largest > LARGEST_OPERAND:
            raise CaseError(f"an array of {largest} elements is too large: {LARGEST_OPERAND} are allowed")
        x, *_ = self.operand_shapes
        windows = _product(x if self.op == "conv_transpose" else self.expected_shape) * self.n_terms
        if windows > LARGEST_WINDOWS:
            raise CaseError(f"windows of {windows} elements together are too large: {LARGEST_WINDOWS} are allowed")
        if magnitude(self) < SMALLEST_MAGNITUDE[self.op]:
            raise CaseError(
                f"{self.n_terms} summed terms cannot be exact in {self.dtype} "
                f"({SIGNIFICANT_BITS[self.dtype]} significant bits): use a wider dtype or a smaller kernel"
            )

    @property
    def rank(self) -> int:
        """Return the number of spatial axes."""
        return len(self.size)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return the parameters axis by axis, with the padding that SAME asks for."""
        return self._axes

    @property
    def operand_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of the input and, for convolutions, of the kernel.

        The input is ``(batch, *size, channels)``; the kernel ``(*kernel, in / groups, out)``,
        depthwise ``(*kernel, in, multiplier)``, transposed ``(*kernel, out, in)``.
        """
        x = (self.batch, *self.size, self.channels[0])
        if self.op in POOLS:
            return (x,)
        c_in, c_out = self.channels
        if self.op == "conv_transpose":
            c_in, c_out = c_out, c_in
        return (x, (*self.kernel, c_in // self.groups, c_out))

    @property
    def expected_shape(self) -> tuple[int, ...]:
        """Return the shape of the result: ``(batch, *out, channels)``."""
        c = self.channels[0] * self.channels[1] if self.op == "depthwise_conv" else self.channels[-1]
        return (self.batch, *(a.output_size for a in self._axes), c)

    @property
    def n_terms(self) -> int:
        """Return the largest number of products (for average pooling: elements) in one sum."""
        per_tap = 1 if self.op in ("depthwise_conv", *POOLS) else self.channels[0] // self.groups
        return _product(self.kernel) * per_tap

    @property
    def has_padding_only_window(self) -> bool:
        """Tell whether a window reads no real element (possible when a dilation exceeds 1)."""
        return self.op != "conv_transpose" and any(_has_padding_only_window(a) for a in self._axes)

    @property
    def id(self) -> str:
        """Return the canonical text that `parse` turns back into this case; fields at their default are left out.

        >>> Case("conv", (5, 7), (3, 2), stride=(2, 1), channels=(1, 3)).id
        'conv.n5-7.k3-2.s2-1.c1-3'
        """
        ones = (1,) * self.rank
        parts = [self.op, "n" + _join(self.size), "k" + _join(self.kernel)]
        for letter, value, default in (
            ("s", self.stride, ones),
            ("d", self.dilation, ones),
            ("b", (self.batch,), (1,)),
            ("c", self.channels, default_channels(self.op)),
            ("g", (self.groups,), (1,)),
            ("o", self.output_size, tuple(n * s for n, s in zip(self.size, self.stride)) if self.output_size else ()),
        ):
            if value != default:
                parts.append(letter + _join(value))
        for word, default_word in ((self.padding, rule.SAME), (self.dtype, "float32")):
            if word != default_word:
                parts.append(word)
        return ".".join(parts)

    def __str__(self) -> str:
        return self.id

    @property
    def canonical_key(self) -> tuple[object, ...]:
        """Return the sort key of the canonical order.

        By the sum of (field - 1), then op, rank, lexicographic. Words count as their position in the list of
        allowed ones; an output size counts as its distance from the default. So finitely many cases are smaller than any case.
        """
        words = (rule.MODES.index(self.padding), DTYPES.index(self.dtype))
        shortfall = [n * s - o for n, s, o in zip(self.size, self.stride, self.output_size)]
        numbers = (*self.size, *self.kernel, *self.stride, *self.dilation, self.batch, *self.channels, self.groups)
        return (
            sum(numbers) - len(numbers) + sum(shortfall) + sum(words),
            OPS.index(self.op),
            self.rank,
            numbers,
            tuple(shortfall),
            words,
        )


def default_channels(op: str) -> tuple[int, ...]:
    """Return the smallest legal channels of `op`: pooling needs two planes."""
    return (2,) if op in POOLS else (1, 1)


def magnitude(case: Case) -> int:
    """Return the largest operand value m for which every partial sum of `case` is exact; 0 if there is none.

    Convolution: ``terms * m**2 <= 2**bits``. Average pooling: ``terms * m <= 2**(bits - 3)``, three bits in
    reserve, because its verdict allows 2 ULP and a sum off by one must stay visible. Max pooling needs
    distinct values in a plane: their number must not exceed ``2**bits``.
    """
    limit = 1 << SIGNIFICANT_BITS[case.dtype]
    if case.op == "max_pool":
        plane = _product(case.size)
        return plane if plane <= limit else 0
    if case.op == "avg_pool":
        return min(limit // 8 // case.n_terms, LARGEST_VALUE)
    m = int((limit // case.n_terms) ** 0.5) + 1
    while m * m * case.n_terms > limit:
        m -= 1
    return min(m, LARGEST_VALUE)


LARGEST_VALUE = 99
"""Operands of convolution and average pooling stay within two digits, so that a report can print them."""

SMALLEST_MAGNITUDE = {op: 1 if op == "max_pool" else 2 for op in OPS}
"""With only -1 and 1 to choose from, two different sums are too often equal: such a case is not exact enough."""

_TOKEN = re.compile(r"([nksdbcgo])([1-9][0-9]{0,7}(?:-[1-9][0-9]{0,7})*)")
_FIELD = {
    "n": "size",
    "k": "kernel",
    "s": "stride",
    "d": "dilation",
    "b": "batch",
    "c": "channels",
    "g": "groups",
    "o": "output_size",
}
GRAMMAR = "op.nSIZE.kKERNEL[.sSTRIDE][.dDILATION][.bBATCH][.cCHANNELS][.gGROUPS][.oOUTPUT][.same_lower][.DTYPE]"


def parse(text: str) -> Case:
    """Return the case whose id is `text`.

    Raises:
        CaseError: if `text` is not the canonical id of a valid case; says which part and what would be right.

    >>> parse("conv.n5.k3.s2").size
    (5,)

    """
    op, *tokens = text.split(".")
    fields: dict[str, object] = {"op": op}
    for token in tokens:
        match = _TOKEN.fullmatch(token)
        if match:
            name = _FIELD[match[1]]
            numbers = tuple(int(part) for part in match[2].split("-"))
            value: object = numbers[0] if name in ("batch", "groups") and len(numbers) == 1 else numbers
        elif token in rule.MODES:
            name, value = "padding", token
        elif token in DTYPES:
            name, value = "dtype", token
        else:
            raise CaseError(
                f"case id {_shown(text)}: {_shown(token)} is no field; the form is {GRAMMAR}, as in conv.n5.k3.s2"
            )
        if name in fields:
            raise CaseError(f"case id {_shown(text)}: {name} is given twice")
        fields[name] = value
    for name, letter in (("size", "n"), ("kernel", "k")):
        if name not in fields and op in OPS:
            raise CaseError(
                f"case id {_shown(text)}: {name} is missing; add .{letter} and one number per axis, as in conv.n5.k3.s2"
            )
    try:
        fields.setdefault("size", (1,))
        fields.setdefault("kernel", (1,))
        case = Case(**fields)  # type: ignore[arg-type]  # every value was made for its field above
    except CaseError as error:
        raise CaseError(f"case id {_shown(text)}: {error}") from None
    if case.id != text:
        raise CaseError(f"case id {_shown(text)} is not canonical: write {case.id}")
    return case


def _shown(text: str, n_characters: int = 80) -> str:
    return repr(text) if len(text) <= n_characters else repr(text[:n_characters]) + " (cut)"


def _one_of(name: str, got: str, allowed: tuple[str, ...]) -> None:
    if got not in allowed:
        raise CaseError(f"{name} {_shown(str(got))} is not known: use one of {', '.join(allowed)}")


def _positive(name: str, values: tuple[int, ...]) -> None:
    for value in values:
        if not isinstance(value, int) or not 1 <= value <= LARGEST_FIELD:
            raise CaseError(f"{name} must hold integers from 1 to {LARGEST_FIELD}, got {value!r}")


def _product(values: tuple[int, ...]) -> int:
    product = 1
    for value in values:
        product *= value
    return product


def _join(values: tuple[int, ...]) -> str:
    return "-".join(map(str, values))


def _has_padding_only_window(axis: Axis) -> bool:
    if axis.dilation == 1:
        return False  # a contiguous SAME window always reaches a real element
    return any(
        all(not 0 <= o * axis.stride + j * axis.dilation - axis.before < axis.size for j in range(axis.kernel))
        for o in range(axis.output_size)
    )
