"""Values in words short enough to read: what a verdict prints as the call, the expected and the got."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from autograder.proxy import Call
from autograder.wire import Ref

LIMIT = 160
#: Between these, four decimals say enough; beyond, powers of ten are written.
_SMALL, _LARGE = 1e-3, 1e6
_EDGE = 4
_WHOLE = 12
_LONG_INT_BITS = 1_000


def is_array(value: Any) -> bool:
    """Say whether a decoded value is a numpy array or a torch tensor."""
    return hasattr(value, "dtype") and hasattr(value, "shape")


def library(value: Any) -> str:
    """Name the kind of array in the student's words."""
    return "torch tensor" if type(value).__module__.partition(".")[0] == "torch" else "numpy array"


def show(value: Any, limit: int = LIMIT) -> str:
    """Write a value on one line of at most `limit` characters; what is cut is marked with an ellipsis."""
    text = ""
    for piece in _pieces(value, limit):  # no further than it is shown: a value may hold a million numbers
        text += piece
        if len(text) > limit:
            return text[: limit - 1] + "…"
    return text


def show_number(value: float) -> str:
    """Write a number rounded to four places, without losing a small or a large one."""
    if not math.isfinite(value):
        return str(value)
    if value == 0 or _SMALL <= abs(value) < _LARGE:
        text = f"{value:.4f}".rstrip("0")
        return text + "0" if text.endswith(".") else text
    return f"{value:.4g}"


def show_call(call: Call, limit: int = LIMIT) -> str:
    """Write a call as the student would type it."""
    if call.what.endswith(" ="):
        return f"{call.what} {show(call.args[0], limit)}"
    if call.what.startswith(".") and not call.args and not call.kwargs and call.what != ".":
        return call.what
    each = max(24, limit // max(1, len(call.args) + len(call.kwargs)))
    items = [show(arg, each) for arg in call.args]
    items += [f"{key}={show(arg, each)}" for key, arg in call.kwargs.items()]
    return f"{call.what}({', '.join(items)})"


def _pieces(value: Any, limit: int) -> Iterator[str]:
    """Write a value piece by piece."""
    if callable(value) or type(value) is Ref:
        yield f"<{getattr(value, '__name__', 'function')}>"
    elif is_array(value):
        yield from _array_pieces(value)
    elif type(value) is dict:
        entries = (chain((f"{key[:limit]!r}: ",), _pieces(item, limit)) for key, item in value.items())
        yield from _listed("{", entries, "}")
    elif type(value) is list:
        yield from _listed("[", (_pieces(item, limit) for item in value), "]")
    elif type(value) is tuple:
        yield from _listed("(", (_pieces(item, limit) for item in value), ",)" if len(value) == 1 else ")")
    elif type(value) in (str, bytes):
        yield repr(value[: limit + 1])
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    if type(value) is float:
        return show_number(value)
    if type(value) is int and value.bit_length() > _LONG_INT_BITS:  # Python refuses to write very long ones
        return f"<an integer of about {int(value.bit_length() * 0.30103) + 1} digits>"
    return repr(value)


def _listed(start: str, items: Iterable[Iterable[str]], end: str) -> Iterator[str]:
    yield start
    for number, item in enumerate(items):
        if number:
            yield ", "
        yield from item
    yield end


def _array_pieces(value: Any) -> Iterator[str]:
    cut = _size(value) > _WHOLE or any(length > _WHOLE for length in value.shape)
    yield "tensor(" if library(value) == "torch tensor" else "array("
    yield from _nested(value, cut=cut)
    yield f", shape {tuple(value.shape)})" if cut else ")"


def _size(value: Any) -> int:
    size = 1
    for length in value.shape:
        size *= int(length)
    return size


def _nested(value: Any, *, cut: bool) -> Iterator[str]:
    if not tuple(value.shape):
        yield _scalar(value.item())
        return
    shown = min(len(value), _EDGE) if cut else len(value)
    rows: list[Iterable[str]] = [_nested(value[index, ...], cut=cut) for index in range(shown)]
    if shown < len(value):
        rows.append(["…"])
    yield from _listed("[", rows, "]")
