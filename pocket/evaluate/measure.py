"""A measured number with its 95% interval and what it should be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

REPORTED = "reported"
Z = 1.959964  # the normal quantile of a 95% interval


@dataclass(frozen=True)
class Measure:
    """One measured number.

    Attributes
    ----------
    name
        Which model, and which ability.
    value
        What was measured.
    interval
        Its 95% interval, low and high.
    n
        How many examples it rests on.
    target
        What was asked for, such as ">= 95%"; "reported" if nothing was.
    ok
        Whether the value meets the target.
    """

    name: str
    value: float
    interval: tuple[float, float]
    n: int
    target: str
    ok: bool

    @property
    def model(self) -> str:
        """The model's name: what stands before the colon."""
        return self.name.partition(": ")[0]

    @property
    def ability(self) -> str:
        """What was measured of the model: what stands after the colon."""
        return self.name.partition(": ")[2]

    def shown(self) -> tuple[str, str, str]:
        """Return the value and the ends of its interval as text: in percent, if the target is or if it is a share."""
        share = self.target.endswith("%") or (self.target == REPORTED and 0 <= self.value <= 1)
        value, low, high = (f"{number:.1%}" if share else f"{number:.3f}" for number in (self.value, *self.interval))
        return value, low, high

    def as_dict(self) -> dict[str, Any]:
        """Return the measure as plain data for JSON."""
        return {**asdict(self), "interval": list(self.interval)}


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95% interval of a proportion (E. B. Wilson, JASA 22, 1927), which holds near 0 and 1 too."""
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no proportion")
    share = hits / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def proportion(name: str, hits: int, n: int, *, at_least: float | None = None, at_most: float | None = None) -> Measure:
    """Measure how often something happens; `at_least` and `at_most` are from 0 to 1."""
    interval = wilson(hits, n)
    return _judged(name, hits / n, interval, n, at_least, at_most, "{:.0%}")


def mean(name: str, values: Sequence[float], *, at_least: float | None = None, at_most: float | None = None) -> Measure:
    """Measure the mean of independent values, with the normal interval from their spread."""
    n = len(values)
    centre = sum(values) / n
    spread = math.sqrt(sum((value - centre) ** 2 for value in values) / max(1, n - 1))
    half = Z * spread / math.sqrt(n)
    return _judged(name, centre, (centre - half, centre + half), n, at_least, at_most, "{:g}")


def _judged(
    name: str,
    value: float,
    interval: tuple[float, float],
    n: int,
    at_least: float | None,
    at_most: float | None,
    style: str,
) -> Measure:
    if at_least is not None:
        return Measure(name, value, interval, n, ">= " + style.format(at_least), value >= at_least)
    if at_most is not None:
        return Measure(name, value, interval, n, "<= " + style.format(at_most), value <= at_most)
    return Measure(name, value, interval, n, REPORTED, ok=True)
