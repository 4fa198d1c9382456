"""What the checker says of an attempt: plain data, the same for a notebook, a terminal, feedback and a gradebook."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Failure:
    """The first case of a probe that did not pass."""

    #: Counted from 1.
    case: int
    #: The calls made, as the student would type them.
    calls: tuple[str, ...]
    where: str
    expected: str
    got: str
    problem: str
    #: The student's own lines under an exception, innermost last.
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProbeVerdict:
    """One probe's outcome."""

    name: str
    title: str
    points: float
    passed: bool
    cases: int
    cases_passed: int
    hidden: bool
    failure: Failure | None
    #: Names of failed gates; while there are any, a probe that passed earns nothing.
    held_back_by: tuple[str, ...] = ()
    #: Titles of the probes whose points this one can hold back; empty for a probe that earns points.
    gates: tuple[str, ...] = ()

    @property
    def earned(self) -> float:
        """Points that count."""
        return self.points if self.passed and not self.held_back_by else 0.0


@dataclass(frozen=True)
class Verdict:
    """All probes of one exercise."""

    exercise: str
    title: str
    probes: tuple[ProbeVerdict, ...]
    #: Why the attempt as a whole could not be judged on its values ("not written yet", a crash); or None.
    note: str | None = None
    #: The likely cause, when the attempt behaves as a known mistake does.
    cause: str | None = None
    #: Points of hidden probes that this verdict does not decide (in `check`); 0 at grading.
    undecided: float = 0.0

    @property
    def earned(self) -> float:
        """Points earned by the probes in this verdict."""
        return sum(probe.earned for probe in self.probes)

    @property
    def possible(self) -> float:
        """Points of the probes in this verdict."""
        return sum(probe.points for probe in self.probes)

    @property
    def passed(self) -> bool:
        """Whether every probe passed."""
        return all(probe.passed for probe in self.probes)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data, with the sums written out."""
        data = asdict(self)
        for probe, plain in zip(self.probes, data["probes"], strict=True):
            plain["earned"] = probe.earned
        return {**data, "earned": self.earned, "possible": self.possible}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Verdict:
        """Undo `to_json`."""
        probes = tuple(_probe_from_json(item) for item in data["probes"])
        return cls(data["exercise"], data["title"], probes, data["note"], data["cause"], data["undecided"])


def _probe_from_json(data: dict[str, Any]) -> ProbeVerdict:
    plain = {key: value for key, value in data.items() if key != "earned"}
    if plain["failure"] is not None:
        failure = dict(plain["failure"])
        plain["failure"] = Failure(**{**failure, "calls": tuple(failure["calls"]), "lines": tuple(failure["lines"])})
    plain["held_back_by"] = tuple(plain["held_back_by"])
    plain["gates"] = tuple(plain["gates"])
    return ProbeVerdict(**plain)
