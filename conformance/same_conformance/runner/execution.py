"""Execute one case on one implementation, and turn what it did into a reply.

Every call is made twice, and its operands are looked at after the first: what gives something else the second time, changes
what it was given, or overwrites what it gave before, cannot be trusted, whatever it gave. Measured, the second call takes
0.2 ms a case on torch, 0.5 on TensorFlow and 0.02 in JAX's compiled program, with gradients 0.6, 2 and 0.03: 5 and 9 % of what a
case costs on all three, because nearly all of that is compilation and first use.

Needs the standard library and NumPy only, and Python 3.9 or later.
"""

from __future__ import annotations

import contextlib
import sysconfig
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from same_conformance import operands
from same_conformance.case import Case
from same_conformance.errors import Unsupported
from same_conformance.frameworks import Adapter, Call, ForwardShapeError, IndependentError
from same_conformance.implementation import FRAMEWORKS, Implementation, callables_for
from same_conformance.messages import in_words, one_line, text_of
from same_conformance.runner import protocol

Reply = Tuple[Dict[str, Any], bytes]
"""Header and payload of a frame."""

IN_BUILD = ", called by build"
"""What is said of a place that was reached before anything was computed."""
OVERWROTE = "returned the memory of its earlier result once more: each call overwrites what the call before gave"
"""What is said of a buffer that is kept between calls and given away."""
_OTHERS = ("same_conformance", *FRAMEWORKS, "jaxlib", "absl", "functorch", "optree")
"""Packages whose code is not the implementation's own, though it calls them."""
_PYTHON = sysconfig.get_path("stdlib")
_LONG_S = 1.0
"""A call that took longer is announced again before it is made again, because the host's patience is for one."""


def prepare(
    implementation: Implementation, adapter: Adapter, case: Case, given: Optional[Tuple[np.ndarray, ...]] = None
) -> Call:
    """Return the call that `case` stands for, on the operands of its formula or on those that are `given`.

    Raises:
        Unsupported: if the implementation does not offer it.

    """
    *earlier, function = callables_for(implementation, case)
    bring_gradient = case.compared != "forward" and implementation.gradient is not None
    tensors = adapter.tensors(case, operands.make(case) if given is None else given)
    n = len(case.operand_shapes)
    return Call(
        case,
        function,
        tensors[:n],
        cotangent=tensors[n] if len(tensors) > n else None,
        gradient=implementation.gradient(case) if bring_gradient and implementation.gradient else None,
        earlier=tuple(
            Call(other, called, adapter.tensors(other, operands.make(other)))
            for other, called in zip(case.earlier, earlier)
        ),
    )


def execute(implementation: Implementation, adapter: Adapter, case: Case, announce: Callable[[], None]) -> Reply:
    """Execute `case` and return the reply; `announce` tells the host again that it is running."""
    try:
        call = prepare(implementation, adapter, case)
        given = [adapter.content(tensor) for tensor in _tensors(call)]
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is this case's outcome
        return failure(case, error)
    began = time.monotonic()
    try:
        _call_earlier(adapter, call)
        result = adapter.execute(call)
    except BaseException as error:  # noqa: BLE001
        return failure(case, error, adapter)
    try:
        changed = [n for n, tensor, was in zip(_names(case), _tensors(call), given) if adapter.content(tensor) != was]
        if changed:
            return _error(case, f"{case.op} changed its operand: {', '.join(changed)}")
        if time.monotonic() - began > _LONG_S:
            announce()
        repeated = adapter.execute(call)
    except BaseException as error:  # noqa: BLE001
        return _error(case, f"when the same call was made again: {in_words(error)}")
    if adapter.overlap(result, repeated) and not any(adapter.overlap(result, tensor) for tensor in _tensors(call)):
        return _error(case, f"{case.op} {OVERWROTE}")
    return reply(adapter, case, result, repeated)


def _call_earlier(adapter: Adapter, call: Call) -> None:
    """Make the calls with other sizes, if there are any; nobody looks at what they give."""
    for earlier in call.earlier:
        with contextlib.suppress(Exception):
            adapter.execute(earlier)


def probe(adapter: Adapter, calls: Sequence[Call]) -> List[Reply]:
    """Execute calls on operands that expose what is read, all in one program where the framework compiles."""
    for call in calls:
        _call_earlier(adapter, call)
    try:
        results = adapter.execute_together(calls)
    except BaseException as error:  # noqa: BLE001
        return [failure(call.case, error, adapter) for call in calls]
    return [
        failure(call.case, result, adapter) if isinstance(result, BaseException) else reply(adapter, call.case, *result)
        for call, result in zip(calls, results)
    ]


def reply(adapter: Adapter, case: Case, result: Any, repeated: Any) -> Reply:
    """Return the reply for what a call gave, and gave again."""
    try:
        values, dtype = _numbers(adapter, case, result)
        again, _ = _numbers(adapter, case, repeated)
        header: Dict[str, Any] = {"type": "array", "case": case.id, "dtype": dtype, "shape": values.shape}
        n_unequal = count_unequal(values, again)
        if n_unequal:
            header |= {"n_unequal": n_unequal, "n_doubled": count_doubled(values, again)}
        if values.shape != case.expected_shape and values.nbytes > protocol.LARGEST_UNEXPECTED:
            return {**header, "omitted": True}, b""
        return header, protocol.array_to_bytes(values, dtype)
    except BaseException as error:  # noqa: BLE001  # a conversion can run into anything that was returned
        return failure(case, error)


def failure(case: Case, error: BaseException, called: Optional[Adapter] = None) -> Reply:
    """Return the reply for what went wrong with `case`; `called` is the adapter if the implementation was called.

    Only then can an error be the framework's refusal; one of a conversion is none.
    """
    if isinstance(error, ForwardShapeError):
        return {"type": "no_gradient", "case": case.id, "dtype": error.dtype, "shape": error.shape}, b""
    if isinstance(error, IndependentError):
        return _error(case, str(error))
    refused = called is not None and isinstance(error, Exception) and called.refuses(error)
    if isinstance(error, Unsupported) or refused:
        return {"type": "unsupported", "case": case.id, "message": one_line(text_of(error))}, b""
    header, payload = _error(case, in_words(error))
    at = _place(error)
    return ({**header, "at": one_line(at)} if at else header), payload


def _place(error: BaseException) -> str:
    """Return the innermost line that an error came through which is the implementation's own; empty if there is none."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [n for n, frame in enumerate(frames) if _is_own(frame.f_globals.get("__name__"), frame.f_code.co_filename)]
    if not own:
        return ""
    lines = [line for _, line in traceback.walk_tb(error.__traceback__)]
    place = f"{Path(frames[own[-1]].f_code.co_filename).name}, line {lines[own[-1]]}"
    return place + (IN_BUILD if any(frame.f_code is prepare.__code__ for frame in frames) else "")


def _is_own(module: object, path: str) -> bool:
    package = str(module or "").partition(".")[0]
    is_python_s = path.startswith(_PYTHON) and "site-packages" not in path
    return package not in _OTHERS and not is_python_s and not path.startswith("<")


def _error(case: Case, message: str) -> Reply:
    return {"type": "error", "case": case.id, "message": one_line(message)}, b""


def _tensors(call: Call) -> Tuple[Any, ...]:
    return call.operands if call.cotangent is None else (*call.operands, call.cotangent)


def _names(case: Case) -> Tuple[str, ...]:
    names = ("input", "kernel")[: len(case.operand_shapes)]
    return names if case.compared == "forward" else (*names, "cotangent")


def _numbers(adapter: Adapter, case: Case, result: Any) -> Tuple[np.ndarray, str]:
    values, dtype = adapter.array(case, result)
    values = np.asarray(values)  # nothing that a subclass of ndarray overrides
    if values.dtype.kind not in "biufc":
        raise TypeError(f"{case.op} returned elements of dtype {dtype}, which are no numbers")
    return values, dtype


def count_doubled(values: np.ndarray, again: np.ndarray) -> int:
    """Return how many elements became others, twice as much: sums that are kept and added to do."""
    if values.shape != again.shape:
        return 0
    with np.errstate(all="ignore"):
        return int(((again == values + values) & (again != values)).sum())


def count_unequal(values: np.ndarray, again: np.ndarray) -> int:
    """Return how many elements differ in value; all of them if the shape does."""
    if values.shape != again.shape:
        return max(values.size, 1)
    unequal = values != again
    if not unequal.any():
        return 0
    return int((unequal & ~(np.isnan(values) & np.isnan(again))).sum())
