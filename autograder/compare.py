"""Where two observations differ, in a sentence that a student can act on."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

from autograder.show import is_array, library, show, show_number

#: A list that takes up to this many characters is shown whole; of a longer one, only the item that differs.
_SHOWN_WHOLE = 80


@dataclass(frozen=True)
class Difference:
    """The first place where an observation is not what it should be."""

    #: Where in the observation, such as ``new tokens[2]``; empty for the whole.
    where: str
    expected: str
    got: str
    #: What is wrong there, as a sentence.
    problem: str


@dataclass(frozen=True)
class Tolerance:
    """A number passes when ``|got - want| <= absolute + relative * |want|``."""

    relative: float
    absolute: float
    #: Whether two NaN agree. Never when points are decided; yes when two wrong results are matched.
    nan_agrees: bool = False

    def holds(self, want: float, got: float) -> bool:
        """Say whether `got` is close enough; equal infinities are, a NaN is only where NaN agrees."""
        if math.isnan(want) or math.isnan(got):
            return self.nan_agrees and math.isnan(want) and math.isnan(got)
        if math.isinf(want) or math.isinf(got):
            return want == got
        return abs(got - want) <= self.absolute + self.relative * abs(want)


def difference(want: Any, got: Any, tolerance: Tolerance, where: str = "") -> Difference | None:
    """Compare two decoded values: type first, then shape and kind of number, then the values.

    Returns
    -------
    Difference or None
        The first difference in reading order; None when `got` passes.
    """
    if is_array(want):
        return _array(want, got, tolerance, where)
    if type(want) in (list, tuple):
        return _sequence(want, got, tolerance, where)
    if type(want) is dict:
        return _dict(want, got, tolerance, where)
    return _scalar(want, got, tolerance, where)


def _differs(where: str, want: Any, got: Any, problem: str) -> Difference:
    return Difference(where, show(want), show(got), problem)


def _kind(value: Any) -> str:
    if is_array(value):
        return f"{library(value)} of shape {tuple(value.shape)}"
    return {"NoneType": "None", "str": "string", "int": "integer", "Ref": "function"}.get(
        type(value).__name__, type(value).__name__
    )


def _a(noun: str) -> str:
    if noun == "None":
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _wrong_kind(want: Any, got: Any, where: str) -> Difference:
    if got is None and not where:
        return _differs(where, want, got, "None came back: is there a path through your code without a return?")
    if got is None:
        return _differs(where, want, got, f"{_a(_kind(want))} was expected, not None: was it not set, or not returned?")
    hint = ""
    if is_array(got) and not is_array(want) and tuple(got.shape) == () and type(want) in (int, float, bool):
        hint = "; `.item()` turns it into a plain number"
    return _differs(where, want, got, f"{_a(_kind(want))} was expected, {_a(_kind(got))} came back{hint}")


def _scalar(want: Any, got: Any, tolerance: Tolerance, where: str) -> Difference | None:
    if is_array(got) and library(got) == "numpy array" and tuple(got.shape) == ():
        got = got.item()  # a numpy scalar stands for the number it holds
    if type(want) is float and type(got) in (int, float):
        number = _as_float(got)
        if tolerance.holds(want, number):
            return None
        return _differs(where, want, got, _off_by(want, number))
    if type(want) is not type(got):
        return _wrong_kind(want, got, where)
    if want == got:
        return None
    if type(want) is str:
        at = next((i for i, (a, b) in enumerate(zip(want, got, strict=False)) if a != b), min(len(want), len(got)))
        return _differs(where, want, got, f"the texts differ from character {at} on")
    return _differs(where, want, got, f"{show(want, 60)} was expected, {show(got, 60)} came back")


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer beyond every float, and still not infinite
        return sys.float_info.max if number > 0 else -sys.float_info.max


def _off_by(want: float, got: float) -> str:
    if math.isnan(got):
        return "the result is not a number (NaN)"
    return f"off by {show_number(abs(got - want))}"


def _sequence(want: Any, got: Any, tolerance: Tolerance, where: str) -> Difference | None:
    if type(want) is not type(got):
        return _wrong_kind(want, got, where)
    for index, (a, b) in enumerate(zip(want, got, strict=False)):
        found = difference(a, b, tolerance, f"{where}[{index}]")
        if found is not None:
            whole = type(a) in (int, float, str, list, tuple) and max(len(show(want)), len(show(got))) <= _SHOWN_WHOLE
            return _differs(where, want, got, _at(found, index)) if whole else found
    if len(want) != len(got):
        return _differs(where, want, got, f"{_items(len(want))} expected, {len(got)} came back")
    return None


def _items(count: int) -> str:
    return "1 item was" if count == 1 else f"{count} items were"


def _at(found: Difference, index: int) -> str:
    return f"item {index} should be {found.expected}, and is {found.got}"


def _dict(want: dict[str, Any], got: Any, tolerance: Tolerance, where: str) -> Difference | None:
    if type(got) is not dict:
        return _wrong_kind(want, got, where)
    for key, value in want.items():
        place = f"{where}, {key}" if where else key
        if key not in got:
            return _differs(place, want, got, f"{key!r} is missing")
        found = difference(value, got[key], tolerance, place)
        if found is not None:
            return found
    extra = [key for key in got if key not in want]
    if extra:
        return _differs(where, want, got, f"{show(extra[0], 60)} should not be there")
    return None


def _array(want: Any, got: Any, tolerance: Tolerance, where: str) -> Difference | None:
    if not is_array(got) or library(got) != library(want):
        return _wrong_kind(want, got, where)
    if tuple(want.shape) != tuple(got.shape):
        transposed = tuple(want.shape) == tuple(got.shape)[::-1]
        hint = ": is it transposed?" if transposed else ""
        return _differs(where, want, got, f"shape {tuple(want.shape)} was expected, {tuple(got.shape)} came back{hint}")
    if _number_kind(want) != _number_kind(got):
        return _differs(
            where, want, got, f"numbers of kind {_number_kind(want)} were expected, {_number_kind(got)} came back"
        )
    return _values(want, got, tolerance, where)


def _number_kind(value: Any) -> str:
    name = str(value.dtype).removeprefix("torch.")
    if name == "bool":
        return "bool"
    if name.startswith("complex"):
        return "complex"
    return "float" if "float" in name else "integer"


def _values(want: Any, got: Any, tolerance: Tolerance, where: str) -> Difference | None:
    import numpy as np

    a, b = (np.asarray(_wide(value)) for value in (want, got))
    if a.size == 0:
        return None
    if _number_kind(want) in ("float", "complex"):
        with np.errstate(invalid="ignore", over="ignore"):
            close = np.abs(b - a) <= tolerance.absolute + tolerance.relative * np.abs(a)
        finite = np.isfinite(a) & np.isfinite(b)
        right = np.where(finite, close, a == b)
        if tolerance.nan_agrees:
            right |= np.isnan(a) & np.isnan(b)
    else:
        right = a == b
    wrong = int(a.size - right.sum())
    if wrong == 0:
        return None
    first = [int(i) for i in np.argwhere(~right)[0]] if a.shape else []
    if np.isnan(b[~right] if a.shape else b).any():
        problem = f"{wrong} of {a.size} values are wrong, and there is NaN among them"
    else:
        problem = f"{wrong} of {a.size} values are wrong"
        if first and a.size > 1:
            spot = tuple(first)
            problem += f", the first at {first}: {_one(a[spot])} was expected, {_one(b[spot])} came back"
    return _differs(where, want, got, problem)


def _wide(value: Any) -> Any:
    """Return the values in numpy's widest type of their kind, so that torch's bfloat16 compares too."""
    if library(value) == "numpy array":
        return value
    import torch

    return value.to(torch.float32).numpy() if value.dtype is torch.bfloat16 else value.numpy()


def _one(value: Any) -> str:
    item = value.item()
    return show_number(item) if isinstance(item, float) else str(item)
