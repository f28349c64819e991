"""Define the case, one point of the parameter space, with its id and its canonical order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from same_conformance import exactness
from same_conformance import padding as rule
from same_conformance.axis import Axis as Axis  # noqa: PLC0414  # whoever reads a case's axes finds it here
from same_conformance.errors import CaseError

_T = TypeVar("_T")

OPS = ("conv", "depthwise_conv", "conv_transpose", "max_pool", "avg_pool")
POOLS = ("max_pool", "avg_pool")
RANKS = (1, 2, 3)
DTYPES = tuple(exactness.SIGNIFICANT_BITS)
COMPARED = ("forward", "input_gradient", "kernel_gradient")
"""What is compared: the result, or the gradient of its product with a cotangent by one of the operands."""
MOST_CALLS = 2

LARGEST_FIELD = 1 << 20
"""No size or channel count above this: a typing error must not fill the memory of the machine."""
LARGEST_OPERAND = 1 << 26
"""No operand or output with more elements than this, for the same reason (512 MiB in float64)."""
LARGEST_WINDOWS = 1 << 28
"""No more products than this in all, because the spec gathers them (2 GiB in float64)."""


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
        compared: one of `COMPARED`; the gradient by the kernel is for ops that have one.
        calls: 1, or 2 if the same callable is called with operands of another size first (see `first`).

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
    compared: str = "forward"
    calls: int = 1
    _axes: tuple[Axis, ...] = field(default=(), init=False, repr=False, compare=False)
    _id: str = field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _one_of("op", self.op, OPS)
        _one_of("padding", self.padding, rule.MODES)
        _one_of("dtype", self.dtype, DTYPES)
        _one_of("compared", self.compared, COMPARED)
        if self.compared == "kernel_gradient" and self.op in POOLS:
            raise CaseError(f"kernel_gradient belongs to ops with a kernel, but the op is {self.op}")
        rank = len(self.size)
        if rank not in RANKS:
            raise CaseError(f"size has {rank} axes, but 1, 2 or 3 are allowed: {self.size}")
        ones = (1,) * rank
        self._default("stride", ones)
        self._default("dilation", ones)
        self._default("channels", default_channels(self.op))
        if self.op == "conv_transpose":
            self._default("output_size", self._full_output_size)
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
        self._check_calls()

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
            axes.append(_shared(Axis(n, k, s, d, out, pad.before, pad.after)))
        return tuple(axes)

    def _check_exact(self) -> None:
        largest = max(_product(shape) for shape in (*self.operand_shapes, self.output_shape))
        if largest > LARGEST_OPERAND:
            raise CaseError(f"an array of {largest} elements is too large: {LARGEST_OPERAND} are allowed")
        x, *_ = self.operand_shapes
        windows = _product(x if self.op == "conv_transpose" else self.output_shape) * _forward_terms(self)
        if windows > LARGEST_WINDOWS:
            raise CaseError(f"windows of {windows} elements together are too large: {LARGEST_WINDOWS} are allowed")
        if why := exactness.obstacle(self):
            raise CaseError(why)
        if self.compared != "forward":
            _ = self.forward  # a gradient exists only where the result does

    def _check_calls(self) -> None:
        if not isinstance(self.calls, int) or not 1 <= self.calls <= MOST_CALLS:
            raise CaseError(f"calls must be 1 or {MOST_CALLS}, got {self.calls!r}")
        if self.calls == 1:
            return
        if self.op == "conv_transpose" and self.output_size != self._full_output_size:
            raise CaseError("a transposed convolution that is called with two sizes has the default output_size")
        try:
            _ = self.first
        except CaseError as error:
            raise CaseError(f"calls=2 needs operands of another size first, and there {error}") from None

    @property
    def rank(self) -> int:
        """Return the number of spatial axes."""
        return len(self.size)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return the parameters axis by axis, with the padding that SAME asks for."""
        return self._axes

    @property
    def _full_output_size(self) -> tuple[int, ...]:
        """Return the default output size of a transposed convolution."""
        return tuple(n * s for n, s in zip(self.size, self.stride))

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
    def output_shape(self) -> tuple[int, ...]:
        """Return the shape of the forward result, and of the cotangent: ``(batch, *out, channels)``."""
        c = self.channels[0] * self.channels[1] if self.op == "depthwise_conv" else self.channels[-1]
        return (self.batch, *(a.output_size for a in self._axes), c)

    @property
    def expected_shape(self) -> tuple[int, ...]:
        """Return the shape of what is compared: of the forward result, or of the operand that a gradient is by."""
        if self.compared == "forward":
            return self.output_shape
        return self.operand_shapes[self.compared == "kernel_gradient"]

    @property
    def n_terms(self) -> int:
        """Return the largest number of products (for pooling: of elements) in one sum of what is compared.

        Forward these are the taps of a kernel times the input channels that an output channel reads; for the gradient by the
        input, taps times output channels; for that by the kernel, examples times window positions.
        """
        if self.compared == "forward":
            return _forward_terms(self)
        if self.compared == "input_gradient":
            per_tap = 1 if self.op in POOLS else self.channels[1] // self.groups
            return _product(self.kernel) * per_tap
        positions = self.size if self.op == "conv_transpose" else self.output_shape[1:-1]
        return self.batch * _product(positions)

    @property
    def forward(self) -> Case:
        """Return this case as it is for whoever computes it forward, once: `compared` and `calls` at their defaults."""
        return self if (self.compared, self.calls) == ("forward", 1) else replace(self, compared="forward", calls=1)

    def resized(self, size: tuple[int, ...]) -> Case:
        """Return this case on another size; a transposed convolution then has its default output size."""
        return self if size == self.size else replace(self, size=size, output_size=(), calls=1)

    @property
    def first(self) -> Case:
        """Return what a callable is called with first where `calls` is 2: the forward case of another size.

        Per axis it is the nearest larger size for which SAME pads another number of elements before; if there is none,
        the nearest larger one with another number after; if there is none either, as for stride 1, one more. What a
        transposed convolution crops is the same for every size, so it gets one more.

        >>> Case("conv", (5, 5), (3, 3), stride=(2, 1)).first.size
        (6, 6)
        """
        return self.forward.resized(self._other_size)

    @property
    def earlier(self) -> tuple[Case, ...]:
        """Return what a callable is called with before this case: nothing, unless `calls` is 2.

        Then it is `first`, and with more axes than one also the cases that differ from this one along one axis alone,
        as `first` does: who keeps pads by the size of one axis is found out.

        >>> [case.id for case in Case("conv", (5, 5), (3, 3), stride=(2, 1), calls=2).earlier]
        ['conv.n6-6.k3-3.s2-1', 'conv.n6-5.k3-3.s2-1', 'conv.n5-6.k3-3.s2-1']

        """
        if self.calls == 1:
            return ()
        other = self._other_size
        along = [(*self.size[:i], other[i], *self.size[i + 1 :]) for i in range(self.rank)] if self.rank > 1 else []
        return tuple(self.forward.resized(size) for size in (other, *along))

    @property
    def _other_size(self) -> tuple[int, ...]:
        transposed = self.op == "conv_transpose"
        return tuple(a.size + 1 if transposed else a.other_size(self.padding) for a in self._axes)

    @property
    def has_padding_only_window(self) -> bool:
        """Tell whether a window reads no real element (possible when a dilation exceeds 1)."""
        return self.op != "conv_transpose" and any(a.has_padding_only_window for a in self._axes)

    @property
    def id(self) -> str:
        """Return the canonical text that `parse` turns back into this case; fields at their default are left out.

        >>> Case("conv", (5, 7), (3, 2), stride=(2, 1), channels=(1, 3)).id
        'conv.n5-7.k3-2.s2-1.c1-3'
        """
        if not self._id:
            object.__setattr__(self, "_id", self._make_id())
        return self._id

    def _make_id(self) -> str:
        ones = (1,) * self.rank
        parts = [self.op, "n" + _join(self.size), "k" + _join(self.kernel)]
        for letter, value, default in (
            ("s", self.stride, ones),
            ("d", self.dilation, ones),
            ("b", (self.batch,), (1,)),
            ("c", self.channels, default_channels(self.op)),
            ("g", (self.groups,), (1,)),
            ("o", self.output_size, self._full_output_size if self.output_size else ()),
        ):
            if value != default:
                parts.append(letter + _join(value))
        for word, default_word in ((self.padding, rule.SAME), (self.dtype, "float32"), (self.compared, "forward")):
            if word != default_word:
                parts.append(word)
        if self.calls != 1:
            parts.append(f"calls{self.calls}")
        return ".".join(parts)

    def __str__(self) -> str:
        return self.id

    @property
    def canonical_key(self) -> tuple[object, ...]:
        """Return the sort key of the canonical order.

        By the sum of (field - 1), then op, rank, lexicographic. Words count as their position in the list of
        allowed ones; an output size counts as its distance from the default. So finitely many cases are smaller than any case.
        """
        words = (rule.MODES.index(self.padding), DTYPES.index(self.dtype), COMPARED.index(self.compared))
        shortfall = [full - o for full, o in zip(self._full_output_size, self.output_size)]
        numbers = (*self.size, *self.kernel, *self.stride, *self.dilation, self.batch, *self.channels, self.groups)
        return (
            sum(numbers) - len(numbers) + sum(shortfall) + sum(words) + self.calls - 1,
            OPS.index(self.op),
            self.rank,
            numbers,
            tuple(shortfall),
            words,
            self.calls,
        )


def default_channels(op: str) -> tuple[int, ...]:
    """Return the smallest legal channels of `op`: pooling needs two planes."""
    return (2,) if op in POOLS else (1, 1)


_TOKEN = re.compile(r"(calls|[nksdbcgo])([1-9][0-9]{0,7}(?:-[1-9][0-9]{0,7})*)")
_FIELD = {
    "n": "size",
    "k": "kernel",
    "s": "stride",
    "d": "dilation",
    "b": "batch",
    "c": "channels",
    "g": "groups",
    "o": "output_size",
    "calls": "calls",
}
_WORDS = {
    word: name for name, words in (("padding", rule.MODES), ("dtype", DTYPES), ("compared", COMPARED)) for word in words
}
GRAMMAR = (
    "op.nSIZE.kKERNEL[.sSTRIDE][.dDILATION][.bBATCH][.cCHANNELS][.gGROUPS][.oOUTPUT][.same_lower][.DTYPE]"
    "[.input_gradient|.kernel_gradient][.callsCALLS]"
)


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
            numbers = _shared(tuple(int(part) for part in match[2].split("-")))
            value: object = numbers[0] if name in ("batch", "groups", "calls") and len(numbers) == 1 else numbers
        elif token in _WORDS:
            name, value = _WORDS[token], token
        else:
            raise CaseError(
                f"case id {_shown(text)}: {_shown(token)} is no field; the form is {GRAMMAR}, as in conv.n5.k3.s2, with more axes conv.n5-6.k3-2"
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


@lru_cache(maxsize=1 << 14)
def _shared(value: _T) -> _T:
    """Return the first of the equal values: the many cases of a run repeat few axes and few tuples of numbers."""
    return value


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


def _forward_terms(case: Case) -> int:
    per_tap = 1 if case.op in ("depthwise_conv", *POOLS) else case.channels[0] // case.groups
    return _product(case.kernel) * per_tap
