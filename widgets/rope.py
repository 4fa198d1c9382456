"""Rotary positions, and what PI, NTK-aware and YaRN change to reach beyond the trained length; ALiBi beside them."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import traitlets

from widgets import picture
from widgets.base import Widget

METHODS = {"none": "none", "pi": "PI", "ntk": "NTK-aware", "yarn": "YaRN"}
_RANGES: dict[str, tuple[float, float]] = {
    "dim": (2, 256),
    "base": (1.01, 1e9),
    "length": (16, 2**20),
    "scale": (1, 32),
    "distance": (0, 2**26),
    "start": (0, 2**26),
}
_ALPHA, _BETA = 1.0, 32.0
_SHOWN = 8


class RoPE(Widget, script="rope"):
    """Turn pairs of numbers with the position, and see what happens beyond the trained length.

    Pair i of a head of `dim` numbers turns by base^(-2i/dim) at each position. Position interpolation (PI) slows all
    pairs by `scale`; NTK-aware scaling takes the base times scale^(dim/(dim-2)); YaRN keeps the pairs that turn more
    than 32 times within the trained length, slows those that turn less than once, and blends between. ALiBi turns
    nothing and takes slope times distance off the score.

    Parameters
    ----------
    method
        Shown as B: "none", "pi", "ntk" or "yarn".
    scale
        How many times the trained length the text is, 1 to 32.
    base
        Above 1; 10,000 in the paper, 500,000 in Llama 3.
    length
        Positions in training, 16 to 1,048,576.
    dim
        Numbers in a head, even, 2 to 256.
    distance
        Positions from the key to the query; None is as far as the stretched length goes.
    against
        The method shown as A.
    by_pair
        How YaRN blends: False is linear in the turns of a pair within the trained length, as its paper writes it;
        True is linear in the index of the pair, between rounded ends, as its code and transformers do.

    Raises
    ------
    ValueError
        If there is no such method.
    traitlets.TraitError
        If a number is out of its range; the same when it is set later. The widget then says so and keeps the last one.

    Examples
    --------
    >>> RoPE("yarn", scale=4, length=2048)
    """

    shared: ClassVar[tuple[str, ...]] = (
        "method_a", "method_b", "scale", "distance", "base", "length", "dim", "start", "by_pair",
    )  # fmt: skip

    method_a = traitlets.Unicode("none").tag(sync=True)
    method_b = traitlets.Unicode("yarn").tag(sync=True)
    scale = traitlets.Float(4.0).tag(sync=True)
    distance = traitlets.Int(0).tag(sync=True)
    base = traitlets.Float(10_000.0).tag(sync=True)
    length = traitlets.Int(2048).tag(sync=True)
    dim = traitlets.Int(64).tag(sync=True)
    start = traitlets.Int(0).tag(sync=True)
    """The position of the key; only the distance matters to a score."""
    by_pair = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(
        self,
        method: str = "yarn",
        scale: float = 4.0,
        *,
        base: float = 10_000.0,
        length: int = 2048,
        dim: int = 64,
        distance: int | None = None,
        against: str = "none",
        by_pair: bool = False,
    ) -> None:
        for name in (method, against):
            if name not in METHODS:
                raise ValueError(f"there is no method {name!r}; a method is one of {', '.join(METHODS)}")
        far = (round(scale * length) if math.isfinite(scale) else 0) if distance is None else distance
        super().__init__(
            method_a=against,
            method_b=method,
            scale=scale,
            distance=far,
            base=base,
            length=length,
            dim=dim,
            by_pair=by_pair,
        )

    @classmethod
    def example(cls) -> Self:
        """Return a model trained on 2,048 positions that shall read 8,192."""
        return cls()

    def frequencies(self, method: str) -> list[float]:
        """Return by what angle each pair turns at each position under a method, in radians."""
        return rotary_frequencies(method, self.dim, self.base, self.length, self.scale, by_pair=self.by_pair)

    def describe(self) -> str:
        """Return the question, the settings and how many pairs reach angles that training never showed."""
        plain = self.frequencies("none")
        lost = [
            sum(
                self.length * angle < 2 * math.pi and self.scale * slowed > angle * (1 + 1e-9)
                for angle, slowed in zip(plain, self.frequencies(method), strict=True)
            )
            for method in (self.method_a, self.method_b)
        ]
        return (
            f"{self.question} Trained on {self.length:,} positions with base "
            f"{self.base:g}, stretched {self.scale:g} times: of {len(plain)} pairs, {lost[0]} reach angles that "
            f"training never showed under A ({METHODS[self.method_a]}), {lost[1]} under B ({METHODS[self.method_b]})."
        )

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return some pairs with their wavelengths and how much each method slows them."""
        half = self.dim // 2
        rows = sorted({round(place * (half - 1) / (_SHOWN - 1)) for place in range(_SHOWN)})
        plain, *scaled = (self.frequencies(method) for method in METHODS)
        head = ["pair", "positions per turn", *(f"× {name}" for name in list(METHODS.values())[1:])]
        return head, [
            [str(i), f"{2 * math.pi / plain[i]:.4g}", *(f"{row[i] / plain[i]:.4f}" for row in scaled)] for i in rows
        ]

    def picture(self) -> str:
        """Return how much each method slows each pair."""
        last = self.dim // 2 - 1
        axes = picture.Frame((0, max(1, last), "pair, from fast to slow"), (0, 1.1, "speed, × that in training"))
        plain = self.frequencies("none")
        parts = axes.axes()
        spots = {"none": 0.1, "pi": 0.1, "ntk": 0.62, "yarn": 0.4}
        for method, name in METHODS.items():
            ratios = [new / old for new, old in zip(self.frequencies(method), plain, strict=True)]
            role = {self.method_a: "truth", self.method_b: "draft"}.get(method, "ghost")
            parts.append(picture.line([(axes.x(i), axes.y(ratio)) for i, ratio in enumerate(ratios)], role, 2))
            spot = round(spots[method] * last)
            letters = [letter for letter, own in (("A", self.method_a), ("B", self.method_b)) if own == method]
            parts.append(picture.text(axes.x(spot) + 4, axes.y(ratios[spot]) - 6, ": ".join([*letters, name])))
        return picture.svg(axes.height, parts, self.describe())

    @traitlets.validate("method_a", "method_b")
    def _check_method(self, proposal: Any) -> str:
        if proposal["value"] not in METHODS:
            self.refuse(f"a method must be one of {', '.join(METHODS)}, not {proposal['value']!r}")
        return str(proposal["value"])

    @traitlets.validate(*_RANGES)
    def _check_number(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = _RANGES[name]
        if not low <= value <= high:
            self.refuse(f"{name} must be {low:,} to {high:,}, not {value:,}")
        if name == "dim" and value % 2:
            self.refuse(f"dim must be even, as two numbers make a pair, not {value}")
        return value


def rotary_frequencies(method: str, dim: int, base: float, length: int, scale: float, *, by_pair: bool) -> list[float]:
    """Return the angle of each pair at each position, as `RoPE`'s JavaScript does; for the picture without scripts."""
    places = range(dim // 2)
    if method == "ntk":  # as in arXiv 2309.00071, section 3.1
        base *= scale ** (dim / max(dim - 2, 1))  # a single pair turns by base^0 = 1 with any base
    plain = [base ** (-2 * i / dim) for i in places]
    if method == "pi":  # arXiv 2306.15595
        return [angle / scale for angle in plain]
    if method != "yarn":
        return plain
    kept = [(length * angle / (2 * math.pi) - _ALPHA) / (_BETA - _ALPHA) for angle in plain]  # arXiv 2309.00071, 3.2
    if by_pair:
        low, high = (dim * math.log(length / (turns * 2 * math.pi)) / (2 * math.log(base)) for turns in (_BETA, _ALPHA))
        low, high = max(math.floor(low), 0), min(math.ceil(high), dim - 1)
        kept = [1 - (i - low) / (high - low or 0.001) for i in places]
    shares = [min(1.0, max(0.0, share)) for share in kept]
    return [angle * (share + (1 - share) / scale) for angle, share in zip(plain, shares, strict=True)]
