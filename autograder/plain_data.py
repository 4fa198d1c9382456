"""Plain data: what a file of JSON can hold and every program reads alike, within bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from autograder.printable import storable

MOST_DEPTH = 12
#: Larger whole numbers are changed where a program reads all numbers as floats.
_LARGEST_WHOLE = 2**53
_LARGEST_ITEM = 8


class NotPlainError(ValueError):
    """A value cannot be kept as plain data; the message is one sentence that names it."""


def plain(value: Any, name: str, most: int) -> Any:
    """Return a copy of a value that is plain data all through: arrays become lists, and tuples too.

    Parameters
    ----------
    name
        What the value is called in a message.
    most
        An array with more than this many numbers is refused before it is copied.

    Raises
    ------
    NotPlainError
        If anything in it is no text, finite number, truth value, None, list, dict with texts as keys, or array of
        these; or if it is nested more than `MOST_DEPTH` deep.
    """
    return _plain(value, name, most, 0)


def _plain(value: Any, name: str, most: int, depth: int) -> Any:
    if depth > MOST_DEPTH:
        raise NotPlainError(f"{name[:60]}... is nested more than {MOST_DEPTH} deep")
    match value:
        case None | bool():
            return value
        case str():
            return storable(str(value))
        case int() | float():
            return _number(value, name)
        case list() | tuple():
            return [_plain(item, f"{name}[{place}]", most, depth + 1) for place, item in enumerate(value)]
        case Mapping():
            return {
                _key(key, name): _plain(item, f"{name}[{key[:30]!r}]", most, depth + 1) for key, item in value.items()
            }
    if not isinstance(value, type) and hasattr(value, "tolist"):  # numpy's and torch's arrays and numbers
        if getattr(value, "nbytes", 0) > most * _LARGEST_ITEM:
            raise NotPlainError(f"{name} is an array of more than {most:,} numbers, and only small ones are kept")
        return _plain(value.tolist(), name, most, depth + 1)
    kinds = "only texts, numbers, truth values, None, lists, dicts and arrays are kept"
    raise NotPlainError(f"{name} is of the type {type(value).__name__}, and {kinds}")


def _number(value: float, name: str) -> float:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotPlainError(f"{name} is {value}, and only finite numbers can be kept")
        return float(value)
    if abs(value) > _LARGEST_WHOLE:
        raise NotPlainError(f"{name} is a whole number beyond 2**53, which JSON does not keep exactly")
    return int(value)


def _key(key: Any, name: str) -> str:
    if not isinstance(key, str):
        raise NotPlainError(f"{name} has the key {key!r:.40}, and a key must be a text")
    return storable(str(key))


def fits(value: Any, most: int) -> bool:
    """Say whether parsed JSON has at most `most` items and characters together. It looks at no more than that."""
    left, waiting = most, [value]
    while waiting:
        item = waiting.pop()
        left -= 1
        match item:
            case str():
                left -= len(item)
            case list() if len(item) <= left:
                waiting += item
            case dict() if len(item) <= left:
                waiting += item.values()
                left -= sum(len(key) for key in item)
            case list() | dict():
                return False
        if left < 0:
            return False
    return True
