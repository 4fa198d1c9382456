"""The experiments of the chapters: what of their records is computed again, and what is said of it.

``autograder/grading/experiments/<chapter>.py`` defines ``experiments``; a chapter without such a file has none.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from autograder.grading.experiments.form import Experiment, FormError
from autograder.grading.finding import Finding
from autograder.grading.kept_records import kept_records
from autograder.records import Record
from autograder.table import to_text

_NOTHING = (
    "Your notebook has no record of it. If you ran its cell, save the notebook with its outputs before you hand it in."
)
_LONGEST_REMARK = 400


def experiments_of(chapter: str) -> tuple[Experiment, ...]:
    """Return a chapter's experiments that end in `record`."""
    if chapter not in (module.name for module in pkgutil.iter_modules(__path__)):
        return ()
    found = getattr(importlib.import_module(f"{__name__}.{chapter}"), "experiments", ())
    return tuple(found)


def findings(chapter: str, content: Any) -> tuple[Finding, ...]:
    """Look for each experiment's record in a notebook as parsed JSON, and compute its table again. It never raises."""
    known = experiments_of(chapter)
    kept = kept_records(content) if known else {}
    return tuple(_finding(experiment, kept.get(experiment.name)) for experiment in known)


def _finding(experiment: Experiment, kept: Record | str | None) -> Finding:
    if kept is None:
        return Finding(experiment.name, "missing", (_NOTHING,))
    if isinstance(kept, str):
        return _unreadable(experiment, kept)
    try:
        checked = experiment.check(kept)
    except FormError as error:
        return _unreadable(experiment, str(error), kept)
    except Exception as error:  # what a student hands in may be anything, and a remark is all that hangs on it
        return _unreadable(experiment, f"it could not be computed again ({type(error).__name__})", kept)
    remarks = [*(checked.differs or [checked.holds]), *checked.notes]
    return Finding(
        experiment.name,
        "differs" if checked.differs else "holds",
        tuple(remark[:_LONGEST_REMARK] for remark in remarks),
        to_text(kept.table),
    )


def _unreadable(experiment: Experiment, why: str, kept: Record | None = None) -> Finding:
    said = (
        f"The record in your notebook cannot be checked: {why[:_LONGEST_REMARK]}. Run its cell again, as it was given."
    )
    return Finding(experiment.name, "unreadable", (said,), to_text(kept.table) if kept else "")
