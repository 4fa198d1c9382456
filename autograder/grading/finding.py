"""What is said of one experiment of one submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["holds", "differs", "unreadable", "missing"]


@dataclass(frozen=True)
class Finding:
    """Whether a recorded table follows from what was recorded with it. It decides no points."""

    experiment: str
    state: State
    #: Whole sentences, to the student.
    remarks: tuple[str, ...]
    #: The recorded table as text; empty if there is none.
    table: str = ""

    def __str__(self) -> str:
        return "\n\n".join([*([self.table] if self.table else []), *self.remarks])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "experiment": self.experiment,
            "state": self.state,
            "remarks": list(self.remarks),
            "table": self.table,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finding:
        """Undo `to_json`."""
        return cls(data["experiment"], data["state"], tuple(data["remarks"]), data["table"])
