"""A small table of measurements, for the eye: as text and as HTML that needs no style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from autograder.printable import printable

Cell = str | float | bool | None
Table = dict[str, dict[str, Cell]]

#: Between these, three decimals say enough.
_SMALL, _LARGE = 1e-3, 1e3
MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT = 100, 20, 200


class NoTableError(ValueError):
    """What should be a table is none; the message is one sentence."""


def as_table(value: Any) -> Table:
    """Return plain data as a table: for each row's name a dict, with a number or a text for each column's name.

    Cells that are missing are None.

    Raises
    ------
    NoTableError
        If it is something else, or has no row, no column, or too much of anything.
    """
    if not isinstance(value, Mapping) or not all(isinstance(row, Mapping) for row in value.values()):
        raise NoTableError("the table must be a dict of rows, each a dict of columns")
    names = columns({str(name): dict(row) for name, row in value.items()})
    table: Table = {str(name): {column: row.get(column) for column in names} for name, row in value.items()}
    if not names:
        raise NoTableError("the table is empty")
    if len(table) > MOST_ROWS or len(names) > MOST_COLUMNS:
        raise NoTableError(
            f"the table has {len(table)} rows and {len(names)} columns, and at most {MOST_ROWS} and {MOST_COLUMNS} fit"
        )
    for row in table.values():
        for cell in row.values():
            if not isinstance(cell, str | int | float | bool | None):
                raise NoTableError("a cell of the table must be a number or a text")
    texts = [*table, *names, *(cell for row in table.values() for cell in row.values() if isinstance(cell, str))]
    if any(len(text) > LONGEST_TEXT for text in texts):
        raise NoTableError(f"a text in the table has more than {LONGEST_TEXT} characters")
    return table


def table_of(names: Any, rows: Any) -> Table:
    """Return a table that was written as lists: the columns' names, and for each row its name and its cells.

    Raises
    ------
    NoTableError
        If it is something else, or no table.
    """
    if not _are_texts(names) or not isinstance(rows, list):
        raise NoTableError("the table is not of the form that `record` writes")
    for row in rows:
        if not isinstance(row, list) or len(row) != len(names) + 1 or not _are_texts(row[:1]):
            raise NoTableError("a row of the table is not of the form that `record` writes")
    return as_table({row[0]: dict(zip(names, row[1:], strict=True)) for row in rows})


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def columns(table: Table) -> list[str]:
    """Return the names of a table's columns in the order in which they first occur."""
    return list(dict.fromkeys(name for row in table.values() for name in row))


def to_text(table: Table) -> str:
    """Write a table for a terminal: names to the left, numbers to the right."""
    names = columns(table)
    lines = [["", *map(_line, names)]]
    lines += [[_line(row), *(_written(cells.get(name)) for name in names)] for row, cells in table.items()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    )


_HEAD = "text-align:right;padding:2px 0 2px 24px;font-weight:400;opacity:.75;border:0"
_SIDE = "text-align:left;padding:2px 0;font-weight:400;white-space:nowrap;border:0"
_CELL = "text-align:right;padding:2px 0 2px 24px;font-variant-numeric:tabular-nums;border:0"


def to_html(table: Table, caption: str) -> str:
    """Write a table for a notebook; it takes its colours from the page, light or dark."""
    names = columns(table)
    head = "".join(f'<th scope="col" style="{_HEAD}">{escape(_line(name))}</th>' for name in names)
    rows = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{_SIDE}">{escape(_line(row))}</th>'
        + "".join(f'<td style="{_CELL}">{escape(_written(cells.get(name)))}</td>' for name in names)
        + "</tr>"
        for row, cells in table.items()
    )
    return (
        '<table style="border-collapse:collapse;margin:8px 0;font-size:14px;border:0">'
        f'<caption style="text-align:left;padding:4px 0">{escape(_line(caption))}</caption>'
        f'<thead><tr><td style="border:0"></td>{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case float():
            return f"{cell:.3f}" if not cell or _SMALL <= abs(cell) < _LARGE else f"{cell:.6g}"
        case bool() | int():
            return str(cell)
        case str():
            return _line(cell)


def _line(text: str) -> str:
    """Return a text on one line, with nothing in it that steers a screen."""
    return printable(" ".join(text.split()))
