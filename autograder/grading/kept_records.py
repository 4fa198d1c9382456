"""Find the records of experiments in what was handed in: the outputs of its cells, of which nothing is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from autograder.records import LONGEST_NAME, MOST_BYTES, RECORD_TYPE, Record

#: Records of one notebook that are looked at; of more, the last.
_MOST_RECORDS = 20


def kept_records(content: Any) -> dict[str, Record | str]:
    """Return the last record of each experiment; where that is damaged, one sentence that says how.

    Parameters
    ----------
    content
        A notebook as parsed JSON, or anything else that a file of JSON can hold.
    """
    found: dict[str, Record | str] = {}
    for claim in list(_claims(content))[-_MOST_RECORDS:]:
        name, record = _read(claim)
        found[name] = record
    return found


def _claims(content: Any) -> Iterator[Any]:
    """Yield what stands in outputs under the type of records, in the notebook's order."""
    for cell in _items(content, "cells"):
        for output in _items(cell, "outputs"):
            data = output.get("data") if isinstance(output, dict) else None
            if isinstance(data, dict) and RECORD_TYPE in data:
                yield data[RECORD_TYPE]


def _items(holder: Any, name: str) -> list[Any]:
    items = holder.get(name) if isinstance(holder, dict) else None
    return items if isinstance(items, list) else []


def _read(claim: Any) -> tuple[str, Record | str]:
    """Read one record; its name is empty if not even that can be read."""
    if isinstance(claim, str) and len(claim) <= MOST_BYTES:  # some programs keep JSON as a text
        try:
            claim = json.loads(claim, parse_int=float)
        except (ValueError, RecursionError):
            return "", "it is not JSON"
    name = claim.get("experiment") if isinstance(claim, dict) else None
    known = name if isinstance(name, str) and len(name) <= LONGEST_NAME else ""
    try:
        return known, Record.from_json(claim)
    except ValueError as error:
        return known, str(error)
