"""The student's own history of checks, in a file of theirs: nothing is sent anywhere and no grade depends on it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.verdict import Verdict


@dataclass(frozen=True)
class Standing:
    """Where an exercise stands after some attempts."""

    attempts: int
    #: The most points of one attempt, on the version of the exercise asked about.
    best: float


def history_file() -> Path:
    """Return the file of attempts: in ``NEXTTOKEN_HOME``, by default ``~/.nexttoken``."""
    home = os.environ.get("NEXTTOKEN_HOME")
    return (Path(home) if home else Path.home() / ".nexttoken") / "attempts.jsonl"


def remember(verdict: Verdict, version: int, source: str) -> bool:
    """Append an attempt with the code that was checked; say whether that worked (a home may be read-only)."""
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "exercise": verdict.exercise,
        "version": version,
        "earned": verdict.earned,
        "possible": verdict.possible,
        "source": source,
    }
    path = history_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError:
        return False
    return True


def standing(exercise: str, version: int) -> Standing:
    """Count the attempts at an exercise and find the best; lines that cannot be read do not count."""
    try:
        lines = history_file().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return Standing(0, 0.0)
    earned = [points for line in lines if (points := _points(line, exercise, version)) is not None]
    return Standing(len(earned), max(earned, default=0.0))


def _points(line: str, exercise: str, version: int) -> float | None:
    try:
        entry = json.loads(line)
        if entry["exercise"] != exercise or entry["version"] != version:
            return None
        return float(entry["earned"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
