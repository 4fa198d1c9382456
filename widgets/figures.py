"""Figures of the chapters, in the widgets' colours and type: curves, and means with their intervals.

    curves({"dense": [(1, 0.5), (3, 0.8)]}, (1, 3, "k"), (0, 1, "recall"), "Recall grows with k: ...")

A notebook shows what these return. It follows the reader's light or dark setting; `str()` of it is its summary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from widgets.picture import WIDTH, Frame, line, rect, svg, text

#: Roles of the first, second, ... series, and their dashes, so that colour is not the only sign.
_ROLES = ("truth", "draft", "good", "third", "bad")
_DASHES = ("", "7 3", "2 3", "7 3 2 3", "12 4")
_LINE_HEIGHT = 16.0
_SAMPLE = 18.0  # of each line, before its name
_ROOM = 156.0  # for samples and names at the right

Point = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """A picture that a notebook shows, and the same in words."""

    summary: str
    source: str = field(repr=False)

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        """Return what a notebook shows (the name is IPython's)."""
        return {"text/html": self.source, "text/plain": self.summary}


class _Named(Frame):
    """Axes with room at the right for the names of the series."""

    def __init__(self, across: tuple[float, float, str], up: tuple[float, float, str], height: float) -> None:
        super().__init__(across, up, height)
        self._right = WIDTH - _ROOM


def curves(
    series: Mapping[str, Sequence[Point]],
    across: tuple[float, float, str],
    up: tuple[float, float, str],
    summary: str,
    *,
    dots: bool = True,
    height: float = 240,
) -> Figure:
    """Draw one line for each series, named at its right end.

    Parameters
    ----------
    series
        Up to five, by name; points in order.
    across, up
        First and last value of each axis, and its name with the unit.
    summary
        What the picture shows, in a sentence, for those who do not see it.
    dots
        Whether to mark each point.
    height
        Of the picture, in pixels.

    Raises
    ------
    ValueError
        If there are more series than colours, or one has no point.
    """
    if len(series) > len(_ROLES) or not all(series.values()):
        raise ValueError(f"There can be 1 to {len(_ROLES)} series, and each needs a point.")
    frame = _Named(across, up, height)
    parts = frame.axes()
    ends: list[tuple[float, int, float, str]] = []
    for (name, points), role, dash in zip(series.items(), _ROLES, _DASHES, strict=False):
        places = [(frame.x(x), frame.y(y)) for x, y in points]
        parts.append(line(places, role, 2, dash))
        if dots:
            parts += [_dot(x, y, role) for x, y in places]
        ends.append((places[-1][1], len(ends), places[-1][0] + 10, name))
    free = 0.0
    for y, place, x, name in sorted(ends):
        free = max(y + 4, free + _LINE_HEIGHT)
        parts.append(line([(x, free - 4), (x + _SAMPLE, free - 4)], _ROLES[place], 2, _DASHES[place]))
        parts.append(text(x + _SAMPLE + 6, free, name))
    return Figure(summary, svg(height, parts, summary))


def intervals(rows: Mapping[str, tuple[float, float, float]], name: str, summary: str, *, end: float = 1.0) -> Figure:
    """Draw means with their intervals, one a row, on one scale from 0.

    Parameters
    ----------
    rows
        Mean, low end and high end, by name.
    name
        What the scale measures.
    summary
        What the picture shows, in a sentence.
    end
        The last value of the scale.
    """
    left = 20 + 7.2 * max(map(len, rows))
    scale = (WIDTH - left - 64) / end
    foot = 12 + 28 * len(rows)
    parts = []
    for tick in range(5):
        at, value = left + tick * scale * end / 4, tick * end / 4
        parts.append(line([(at, 4), (at, foot)], "line", 1))
        parts.append(text(at, foot + 16, f"{value:g}", anchor="middle", soft=True))
    for place, (label, (mean, low, high)) in enumerate(rows.items()):
        y = 22.0 + 28 * place
        parts.append(text(left - 12, y + 4, label, anchor="end"))
        parts.append(line([(left + low * scale, y), (left + high * scale, y)], "truth", 3))
        parts += [rect(left + each * scale - 1, y - 5, 2, 10) for each in (low, high)]
        parts.append(_dot(left + mean * scale, y, "truth", 5))
        parts.append(text(WIDTH - 44, y + 4, f"{mean:.2f}"))
    parts.append(text(left + scale * end, foot + 32, name, anchor="end", soft=True))
    return Figure(summary, svg(foot + 40, parts, summary))


def _dot(x: float, y: float, role: str, radius: float = 3.5) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="var(--{role})"/>'
