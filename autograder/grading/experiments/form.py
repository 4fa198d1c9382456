"""What an experiment is to the checker, and how to take a record's data apart: nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.printable import printable
from autograder.records import Record
from autograder.table import Table

#: How far a number of a table may be from the one that is computed again: sums are rounded in another order.
_TOLERANCE = 1e-6


class FormError(Exception):
    """The data of a record is not what the experiment's cell keeps; the message is a sentence's end."""


@dataclass(frozen=True)
class Checked:
    """What computing a table again gave."""

    #: What is said if nothing differs.
    holds: str
    #: One sentence for each number that does not follow from the data.
    differs: tuple[str, ...]
    #: What else is to be said, such as a number that is out of its band.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """A cell tagged ``experiment`` that ends in ``record(name, ...)``."""

    name: str
    #: Computes the table again. It raises `FormError` for what it cannot read.
    check: Callable[[Record], Checked]


def differences(given: Table, want: Mapping[str, Mapping[str, float]], source: str) -> tuple[str, ...]:
    """Compare the numbers of a table with those that were computed again, and say which differ.

    Parameters
    ----------
    source
        What they were computed from, as in ``they give``.
    """
    return tuple(
        f"The row `{row}` does not follow from {source}: its `{column}` is {_said(cell)}, and they give {right:.4g}."
        for row, cells in want.items()
        for column, right in cells.items()
        if not _equal(cell := given.get(row, {}).get(column), right)
    )


def _equal(given: Any, right: float) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given - right) <= _TOLERANCE


def _said(given: Any) -> str:
    if given is None:
        return "missing"
    return f"{given:.4g}" if isinstance(given, float) else f"{printable(str(given))[:40]}"


def part(data: Mapping[str, Any], name: str) -> Any:
    """Return what a record keeps under a name."""
    if name not in data:
        raise FormError(f"it keeps no `{name}`")
    return data[name]


def items(value: Any, name: str, most: int, exactly: int | None = None) -> list[Any]:
    """Return a value that must be a list of 1 to `most` items, or of a certain number of them."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise FormError(f"its `{name}` must be a list of 1 to {most:,} items")
    if exactly is not None and len(value) != exactly:
        raise FormError(f"its `{name}` has {len(value)} items where {exactly} belong")
    return value


def mapping(value: Any, name: str) -> dict[str, Any]:
    """Return a value that must be a dict."""
    if not isinstance(value, dict):
        raise FormError(f"its `{name}` must be a dict")
    return value


def text(value: Any, name: str, longest: int = 2_000) -> str:
    """Return a value that must be a text."""
    if not isinstance(value, str) or len(value) > longest:
        raise FormError(f"in its `{name}` is something else than a text of at most {longest:,} characters")
    return value


def texts(values: Iterable[Any], name: str) -> list[str]:
    """Return values that must all be texts."""
    return [text(value, name) for value in values]


def whole(value: Any, name: str, low: int, high: int) -> int:
    """Return a value that must be a whole number within bounds; a file of JSON may have written it as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not low <= value <= high:
        raise FormError(f"its `{name}` must be a whole number from {low:,} to {high:,}")
    return int(value)
