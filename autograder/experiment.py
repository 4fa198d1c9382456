"""What a student calls at the end of an experiment: `record`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from autograder.records import MOST_BYTES, RECORD_TYPE, Record
from autograder.screen import show
from autograder.table import to_html, to_text


def record(experiment: str, table: Mapping[str, Mapping[str, Any]], /, **data: Any) -> None:
    """Show the table of an experiment, and keep in the cell's output what it was computed from.

    An experiment is not run again at grading. Save the notebook with its outputs, and the record is handed in with it:
    what can be computed again is then computed again from `data`, and your feedback says what came of it.

    Parameters
    ----------
    experiment
        Its name, such as ``"rag_experiment"``.
    table
        For each row's name a dict: for each column's name a number or a text.
    **data
        Predictions, measurements, settings: texts, finite numbers, truth values, None, lists and dicts of these, and
        small arrays.

    Raises
    ------
    ValueError
        If the table is empty, or if something is no such data or is too large: all of it may take 200 KB as JSON.
    """
    kept = Record.of(experiment, table, data)
    payload = kept.to_json()
    size = len(json.dumps(payload, ensure_ascii=False).encode())
    if size > MOST_BYTES:
        raise ValueError(f"the record takes {size / 1_000:,.0f} KB, and at most {MOST_BYTES // 1_000} KB are kept")
    show(to_text(kept.table), to_html(kept.table, kept.experiment), {RECORD_TYPE: payload})
