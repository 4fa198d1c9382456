"""What the reference and the known mistakes did on the public draws, kept so that `check` needs neither of them.

``autograder/recorded/<chapter>.json`` is written by ``nexttoken build`` and travels with the student's package.
Observations are stored as base64 of the wire format; a mistake's only where it differs from the reference's.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.exercise import Exercise
from autograder.judge import Mistake
from autograder.observe import Outcome, Outcomes
from autograder.wire import decode, encode

FOLDER = Path(__file__).parent / "recorded"


class StaleRecordingError(Exception):
    """The recording does not fit the probes of this package."""


@dataclass(frozen=True)
class Recording:
    """One exercise as the student's package knows it."""

    chapter: str
    exercise: str
    title: str
    version: int
    #: Points that public probes can earn, and those that only hidden probes decide.
    points: float
    undecided: float
    #: The cell that the student was given.
    stub: str
    _probes: Mapping[str, Any]
    _messages: Mapping[str, str]

    def outcomes(self, exercise: Exercise) -> tuple[Outcomes, dict[str, Mistake]]:
        """Decode the reference's and the mistakes' outcomes.

        Raises
        ------
        StaleRecordingError
            If `exercise` has other probes or cases than were recorded.
        """
        shape = {probe.name: probe.cases for probe in exercise.probes}
        if shape != {name: len(item["want"]) for name, item in self._probes.items()}:
            raise StaleRecordingError(
                f"the recorded answers of {self.exercise} do not fit its probes: run `nexttoken build`, "
                "or install one version of the course in one piece"
            )
        want = {name: [_read(text) for text in item["want"]] for name, item in self._probes.items()}
        mistakes = {
            key: Mistake(
                message,
                {name: _overlay(want[name], item["mistakes"].get(key, {})) for name, item in self._probes.items()},
            )
            for key, message in self._messages.items()
        }
        return want, mistakes


def _overlay(want: list[Outcome], changed: Mapping[str, str]) -> list[Outcome]:
    return [_read(changed[str(case)]) if str(case) in changed else outcome for case, outcome in enumerate(want)]


def _read(text: str) -> Outcome:
    return Outcome.from_plain(decode(base64.b64decode(text)))


def write(outcome: Outcome) -> str:
    """Write one outcome as a recording holds it."""
    return base64.b64encode(encode(outcome.to_plain())).decode("ascii")


def recordings() -> dict[str, Recording]:
    """Read all recordings, by exercise, in the order of chapters and exercises."""
    found: dict[str, Recording] = {}
    for path in sorted(FOLDER.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        for name, item in data["exercises"].items():
            found[name] = Recording(
                data["chapter"],
                name,
                item["title"],
                item["version"],
                item["points"],
                item["undecided"],
                item["stub"],
                item["probes"],
                item["mistakes"],
            )
    return found
