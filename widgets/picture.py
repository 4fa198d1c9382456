"""Static pictures of the widgets, for where no script runs: SVG text in the widgets' own colours and type.

They follow the reader's light or dark setting by themselves, and take no library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

#: Roles of colours, light and dark; the same as in `js/core.js`.
_LIGHT = {
    "ink": "#1b1f24", "soft": "#57606a", "line": "#d0d7de", "paper": "#fff", "truth": "#0072B2", "draft": "#E69F00",
    "good": "#009E73", "bad": "#D55E00", "third": "#CC79A7", "ghost": "#b6bec7",
}  # fmt: skip
_DARK = {
    "ink": "#e6edf3", "soft": "#9198a1", "line": "#30363d", "paper": "#0d1117", "truth": "#56B4E9", "draft": "#F0B429",
    "good": "#2BC79A", "bad": "#F27A3D", "third": "#E39AC4", "ghost": "#4a525c",
}  # fmt: skip
_ALWAYS = ("ink", "soft", "paper")
WIDTH = 640
_CHARACTER = 7.2


def svg(height: float, parts: Sequence[str], summary: str) -> str:
    """Return a picture of `WIDTH` by `height` units. In the parts a colour is ``var(--truth)`` and so on."""
    drawn = "".join(parts)
    used = [role for role in _LIGHT if role in _ALWAYS or f"var(--{role})" in drawn]
    light, dark = (";".join(f"--{role}:{roles[role]}" for role in used) for roles in (_LIGHT, _DARK))
    style = (
        f".ntp{{{light};background:var(--paper);max-width:100%}}"
        f"@media(prefers-color-scheme:dark){{.ntp{{{dark}}}}}"
        ".ntp text{font:12px system-ui,sans-serif;fill:var(--ink)}.ntp .s{fill:var(--soft)}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ntp" role="img" width="{WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH} {height:g}"><title>{escape(summary)}</title><style>{style}</style>{drawn}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", soft: bool = False) -> str:
    """Return a text; `anchor` is start, middle or end."""
    look = ' class="s"' if soft else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_short(x)}" y="{_short(y)}"{place}{look}>{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, role: str = "truth") -> str:
    """Return a filled rectangle in the colour of a role, or in a colour such as ``#440154``."""
    colour = role if role.startswith(("#", "rgb")) else f"var(--{role})"
    sides = f'width="{_short(max(0.0, width))}" height="{_short(height)}"'
    return f'<rect x="{_short(x)}" y="{_short(y)}" {sides} fill="{colour}"/>'


def squares(places: Iterable[tuple[float, float]], size: int, role: str) -> str:
    """Return squares around places of the page, as one shape."""
    path = "".join(f"M{_short(x - size / 2)} {_short(y - size / 2)}h{size}v{size}h-{size}" for x, y in places)
    return f'<path d="{path}" fill="var(--{role})"/>'


def columns(boxes: Iterable[tuple[float, float, float]], foot: float, role: str = "truth") -> str:
    """Return columns that stand on a line, as one shape: left, right and top of each."""
    path = "".join(f"H{_short(left)}V{_short(top)}H{_short(right)}V{foot:.0f}" for left, right, top in boxes)
    return f'<path d="M0 {foot:.0f}{path}" fill="var(--{role})"/>'


def line(points: Sequence[tuple[float, float]], role: str = "truth", width: float = 1.5, dash: str = "") -> str:
    """Return a line through points of the page."""
    inner = zip(points, points[1:], points[2:], strict=False)
    bends = [at for before, at, after in inner if not before[1] == at[1] == after[1]]
    path = " ".join(f"{_short(x)},{_short(y)}" for x, y in (*points[:1], *bends, *points[1:][-1:]))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="var(--{role})" stroke-width="{width:g}"{dashes}/>'


def bars(labels: Sequence[str], values: Sequence[float], words: Callable[[float], str], summary: str) -> str:
    """Return one bar a label, on one scale from 0 to 1."""
    left = 12 + _CHARACTER * max(4, *map(len, labels))
    scale = WIDTH - left - 64
    parts = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = 8 + 28 * place
        parts += [text(left - 8, y + 14, label, anchor="end"), rect(left, y, value * scale, 18)]
        parts.append(text(left + value * scale + 8, y + 14, words(value)))
    return svg(16 + 28 * len(labels), parts, summary)


class Frame:
    """Two axes; `x` and `y` turn values into places of the page.

    Parameters
    ----------
    across, up
        The first and the last value of each axis, and what it is called.
    height
        Of the whole picture.
    """

    def __init__(self, across: tuple[float, float, str], up: tuple[float, float, str], height: float = 240) -> None:
        self.height = height
        self._across, self._up = across, up
        self._left, self._right, self._top, self._bottom = 52.0, WIDTH - 12.0, 24.0, height - 36

    def x(self, value: float) -> float:
        """Return the place of a value across."""
        start, end, _ = self._across
        return self._left + (self._right - self._left) * (value - start) / (end - start)

    def y(self, value: float) -> float:
        """Return the place of a value up."""
        start, end, _ = self._up
        return self._bottom - (self._bottom - self._top) * (value - start) / (end - start)

    def axes(self) -> list[str]:
        """Return lines, numbers and names of both axes."""
        parts = []
        for value in _ticks(*self._up[:2], 4):
            parts.append(line([(self._left, self.y(value)), (self._right, self.y(value))], "line", 1))
            parts.append(text(self._left - 6, self.y(value) + 4, f"{value:g}", anchor="end", soft=True))
        foot = self._bottom + 16
        parts += [text(self.x(at), foot, f"{at:g}", anchor="middle", soft=True) for at in _ticks(*self._across[:2], 6)]
        parts.append(text(self._left, self._top - 8, self._up[2], soft=True))
        parts.append(text(self._right, self.height - 4, self._across[2], anchor="end", soft=True))
        return parts


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _ticks(start: float, end: float, most: int) -> list[float]:
    rough = (end - start) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(times for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))
    first = math.ceil(start / step - 1e-9)
    return [float(f"{(first + place) * step:.12g}") for place in range(math.floor(end / step + 1e-9) - first + 1)]
