"""What an experiment leaves in its cell's output, so that one notebook carries it from where it ran to the checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from autograder.plain_data import fits, plain
from autograder.table import Table, as_table, columns, table_of

RECORD_TYPE = "application/vnd.nexttoken.record+json"
MOST_BYTES = 200_000
LONGEST_NAME = 80
_FORMAT = 1


class NoRecordError(ValueError):
    """Something is no record; the message is one sentence."""


@dataclass(frozen=True)
class Record:
    """One run of an experiment."""

    experiment: str
    table: Table
    #: What the table was computed from, as plain data.
    data: Mapping[str, Any]

    @classmethod
    def of(cls, experiment: Any, table: Any, data: Any) -> Self:
        """Make a record of any values.

        Raises
        ------
        ValueError
            If they are not plain data, or there is no table; in one sentence.
        """
        if not isinstance(experiment, str) or not 0 < len(experiment) <= LONGEST_NAME:
            raise NoRecordError(f"a record needs the experiment's name, a text of at most {LONGEST_NAME} characters")
        if not isinstance(data, Mapping):
            raise NoRecordError("what a record keeps must have names")
        kept = {str(key): plain(item, str(key), MOST_BYTES) for key, item in data.items()}
        return cls(str(plain(experiment, "the name", MOST_BYTES)), as_table(plain(table, "table", MOST_BYTES)), kept)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data; the table as lists, for files of notebooks do not keep the order of keys."""
        return {
            "format": _FORMAT,
            "experiment": self.experiment,
            "columns": columns(self.table),
            "rows": [[name, *row.values()] for name, row in self.table.items()],
            "data": dict(self.data),
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read what a notebook holds, of which nothing is known: any parsed JSON.

        Raises
        ------
        ValueError
            If it is not what `to_json` gave; in one sentence.
        """
        if not fits(value, MOST_BYTES):
            raise NoRecordError(f"it has more than {MOST_BYTES // 1_000} KB")
        match value:
            case {"format": 1, "experiment": experiment, "columns": names, "rows": rows, "data": data}:
                table = table_of(plain(names, "columns", MOST_BYTES), plain(rows, "rows", MOST_BYTES))
                return cls.of(experiment, table, data)
        raise NoRecordError("it is not of the form that `record` writes")
