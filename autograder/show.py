"""Values in words short enough to read: what a verdict prints as the call, the expected and the got."""

from __future__ import annotations

from typing import Any

from autograder.proxy import Call

LIMIT = 160
_EDGE = 4


def is_array(value: Any) -> bool:
    """Say whether a decoded value is a numpy array or a torch tensor."""
    return hasattr(value, "dtype") and hasattr(value, "shape")


def library(value: Any) -> str:
    """Name the kind of array in the student's words."""
    return "torch tensor" if type(value).__module__.partition(".")[0] == "torch" else "numpy array"


def show(value: Any, limit: int = LIMIT) -> str:
    """Write a value on one line of at most `limit` characters; what is cut is marked with an ellipsis."""
    text = _write(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def show_number(value: float) -> str:
    """Write a number rounded to four places, without losing a small or a large one."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e6:
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


def _write(value: Any) -> str:
    if callable(value):
        return f"<{getattr(value, '__name__', 'function')}>"
    if is_array(value):
        return _write_array(value)
    if type(value) is float:
        return show_number(value)
    if type(value) is dict:
        return "{" + ", ".join(f"{key}: {_write(item)}" for key, item in value.items()) + "}"
    if type(value) in (list, tuple):
        items = ", ".join(_write(item) for item in value)
        return f"[{items}]" if type(value) is list else f"({items}{',' if len(value) == 1 else ''})"
    return repr(value)


def _write_array(value: Any) -> str:
    data = value.tolist()
    text = _nested(data) if _size(value) <= 12 else f"{_nested(data, cut=True)}, shape {tuple(value.shape)}"
    name = "tensor" if library(value) == "torch tensor" else "array"
    return f"{name}({text})"


def _size(value: Any) -> int:
    size = 1
    for length in value.shape:
        size *= int(length)
    return size


def _nested(data: Any, *, cut: bool = False) -> str:
    if not isinstance(data, list):
        return show_number(data) if isinstance(data, float) else str(data)
    if cut and len(data) > _EDGE:
        return "[" + ", ".join(_nested(item, cut=True) for item in data[:_EDGE]) + ", …]"
    return "[" + ", ".join(_nested(item, cut=cut) for item in data) + "]"
