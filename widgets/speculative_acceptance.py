"""Speculative decoding: what a draft model's tokens come to when the target model accepts or rejects them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import traitlets

from widgets import picture
from widgets.base import Widget, as_list, stored

_LONGEST = 16
_STEPS = 500
_RUNS = 10_000
_SIZES = range(2, 9)
#: How far from 1 the sum of probabilities may be.
_NEAR = 1e-6
_PINNED = ("an acceptance (0 to 1)", f"a draft length (1 to {_LONGEST})", "a cost ratio (0 to 1)")
_ROW = 34
_NAME = 12
#: How many answers the question has, and how far from each other they are at least.
_CHOICES, _APART = 4, 0.06


class SpeculativeAcceptance(Widget, script="speculative_acceptance"):
    """Draft, accept, reject, and draw from the residual, with every random number shown.

    A drafted token x is accepted with probability min(1, p(x)/q(x)); instead of a rejected one comes a token from the
    residual, max(0, p - q) scaled to sum to 1. What comes out follows the target p (Leviathan and others 2023,
    https://arxiv.org/abs/2211.17192; Chen and others 2023, https://arxiv.org/abs/2302.01318). The same p and q hold at
    every position here; in a model they change from position to position.

    Parameters
    ----------
    target
        Probabilities p of the large model, one a token: 2 to 8 numbers that sum to 1 within 0.000001.
    draft
        Probabilities q of the small model, for the same tokens.
    tokens
        What to call the tokens.
    gamma
        How many tokens the draft writes ahead, 1 to 16.
    cost
        The time of one pass of the draft over that of one call of the target, 0 to 1.
    caption
        The text that the tokens would go on from.
    others
        More pairs to choose from, each a tuple (target, draft, tokens, caption). The first is where the mark A begins.

    Raises
    ------
    ValueError
        If a distribution is none, or there are not as many tokens.
    traitlets.TraitError
        If a setting is out of its range; the same when it is set later. The widget then says so and keeps the last one.

    Examples
    --------
    >>> SpeculativeAcceptance([0.5, 0.3, 0.2], [0.2, 0.3, 0.5], ["tower", "river", "town"])
    """

    shared: ClassVar[tuple[str, ...]] = ("pair", "own", "mix", "gamma", "cost", "pinned", "step", "runs", "seed")

    pairs = traitlets.List(traitlets.Dict()).tag(sync=True)
    """The pairs to choose from: target, draft, tokens and caption each."""
    asked = traitlets.Dict().tag(sync=True)
    """What is asked before the first reveal, about the first pair: question, choices, right and why."""
    pair = traitlets.Int(0).tag(sync=True)
    """Which pair is shown."""
    own = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    """The reader's own target and draft, shown instead of those of the pair; empty where there are none."""
    mix = traitlets.Float(0.0).tag(sync=True)
    """How far the draft is moved to the target: 0 not at all, at 1 it is the target."""
    gamma = traitlets.Int(4).tag(sync=True)
    cost = traitlets.Float(0.1).tag(sync=True)
    pinned = traitlets.List(traitlets.Float()).tag(sync=True)
    """The settings of the mark A: acceptance, draft length, cost ratio."""
    step = traitlets.Int(0).tag(sync=True)
    """How many events of the walk are shown, with dice that start at `seed`."""
    runs = traitlets.Int(100).tag(sync=True)
    seed = traitlets.Int(12).tag(sync=True)

    def __init__(
        self,
        target: Any,
        draft: Any,
        tokens: Any,
        gamma: int = 4,
        cost: float = 0.1,
        *,
        caption: str = "The given numbers.",
        others: Sequence[tuple[Any, Any, Any, str]] = (),
    ) -> None:
        pairs = [_pair(*each) for each in ((target, draft, tokens, caption), *others)]
        contrast = pairs[min(1, len(others))]
        pinned = [acceptance(contrast["target"], contrast["draft"]), float(gamma), float(cost)]
        super().__init__(pairs=pairs, asked=_asked(pairs[0]), gamma=gamma, cost=cost, pinned=pinned)

    @classmethod
    def example(cls) -> Self:
        """Return four texts where pocket-lm and pocket-draft agree, differ in part, and hardly share a token."""
        measured = stored("speculative_acceptance")
        first, *others = ((row["target"], row["draft"], row["tokens"], row["caption"]) for row in measured["pairs"])
        return cls(*first[:3], gamma=4, cost=measured["cost"], caption=first[3], others=others)

    def distributions(self) -> tuple[list[float], list[float]]:
        """Return target and draft as they are shown."""
        row = self.pairs[self.pair]
        target, base = self.own or (row["target"], row["draft"])
        draft = [(1 - self.mix) * q + self.mix * p for p, q in zip(target, base, strict=True)]
        return list(target), draft

    def describe(self) -> str:
        """Return what is kept, and what that gives."""
        kept = acceptance(*self.distributions())
        tokens = expected_tokens(kept, self.gamma)
        caption = "Your own numbers." if self.own else self.pairs[self.pair]["caption"]
        return (
            f"{caption} Of the draft's tokens {100 * kept:.1f} % are kept. With a draft length of {self.gamma} a call "
            f"of the target gives {tokens:.2f} tokens on average; at a cost ratio of {self.cost:g} that is "
            f"{tokens / (self.gamma * self.cost + 1):.2f} times as quick as without a draft."
        ).lstrip()

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return for each token target, draft, the probability that it is kept once drafted, and the residual."""
        target, draft = self.distributions()
        missing = [max(0.0, p - q) for p, q in zip(target, draft, strict=True)]
        lack = sum(missing) or 1.0
        rows = [
            [
                repr(token.replace("\xa0", " ")),
                f"{p:.4f}",
                f"{q:.4f}",
                f"{min(1.0, p / q) if q else 0.0:.4f}",
                f"{part / lack:.4f}",
            ]
            for token, p, q, part in zip(self.pairs[self.pair]["tokens"], target, draft, missing, strict=True)
        ]
        return ["token", "target p", "draft q", "kept if drafted", "residual"], rows

    def picture(self) -> str:
        """Return two bars a token, the draft above the target."""
        target, draft = self.distributions()
        names = [
            token if len(token) <= _NAME else f"{token[: _NAME - 1]}…" for token in self.pairs[self.pair]["tokens"]
        ]
        left = 120.0
        scale = (picture.WIDTH - left - 110) / max(*target, *draft)
        parts = []
        for place, (name, p, q) in enumerate(zip(names, target, draft, strict=True)):
            y = 8.0 + _ROW * place
            parts.append(picture.text(left - 8, y + 17, name, anchor="end"))
            for at, value, role, what in ((y, q, "draft", "draft q"), (y + 13, p, "truth", "target p")):
                parts.append(picture.rect(left, at, value * scale, 11, role))
                words = f"{100 * value:.1f} % {'' if place else what}"
                parts.append(picture.text(left + value * scale + 6, at + 10, words.rstrip()))
        return picture.svg(12 + _ROW * len(names), parts, self.describe())

    @traitlets.validate("pairs")
    def _check_pairs(self, proposal: Any) -> list[dict[str, Any]]:
        try:
            checked = [_pair(row["target"], row["draft"], row["tokens"], row["caption"]) for row in proposal["value"]]
        except KeyError as error:
            self.refuse(f"a pair has target, draft, tokens and caption; {error} is missing")
        except ValueError as error:
            self.refuse(str(error))
        if not checked:
            self.refuse("there must be one pair of distributions at least")
        return checked

    @traitlets.validate("pair")
    def _check_pair(self, proposal: Any) -> int:
        return self._whole("pair", proposal["value"], 0, len(self.pairs) - 1)

    @traitlets.validate("own")
    def _check_own(self, proposal: Any) -> list[list[float]]:
        rows = [list(map(float, row)) for row in proposal["value"]]
        size = len(self.pairs[self.pair]["tokens"]) if self.pairs else 0
        if rows and [len(row) for row in rows] != [size, size]:
            self.refuse(f"own must be empty, or two rows of {size} numbers, the target and the draft")
        for name, row in zip(("target", "draft"), rows, strict=False):
            try:
                check_distribution(row, f"your {name}")
            except ValueError as error:
                self.refuse(str(error))
        return rows

    @traitlets.validate("mix", "cost")
    def _check_share(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            self.refuse(f"{proposal['trait'].name} must be 0 to 1, not {proposal['value']}")
        return float(proposal["value"])

    @traitlets.validate("gamma")
    def _check_gamma(self, proposal: Any) -> int:
        return self._whole("gamma", proposal["value"], 1, _LONGEST)

    @traitlets.validate("step")
    def _check_step(self, proposal: Any) -> int:
        return self._whole("step", proposal["value"], 0, _STEPS)

    @traitlets.validate("runs")
    def _check_runs(self, proposal: Any) -> int:
        return self._whole("runs", proposal["value"], 1, _RUNS)

    @traitlets.validate("seed")
    def _check_seed(self, proposal: Any) -> int:
        return self._whole("seed", proposal["value"], 0, 2**31)

    @traitlets.validate("pinned")
    def _check_pinned(self, proposal: Any) -> list[float]:
        row = list(proposal["value"])
        fits = [0 <= share <= 1 for share in row]
        if len(fits) != len(_PINNED) or not (fits[0] and row[1] in range(1, _LONGEST + 1) and fits[2]):
            self.refuse(f"pinned must be {', '.join(_PINNED)}, not {row}")
        return row

    def _whole(self, name: str, value: int, start: int, end: int) -> int:
        if not start <= value <= end:
            self.refuse(f"{name} must be {start} to {end}, not {value}")
        return value


def check_distribution(row: Sequence[float], name: str) -> None:
    """Raise ValueError unless these are probabilities: 0 or larger, finite, and 1 in sum within 0.000001."""
    for place, number in enumerate(row):
        if not 0 <= number < math.inf:
            raise ValueError(f"number {place} of {name} is {number}; a probability is from 0 to 1")
    if abs(sum(row) - 1) > _NEAR:
        raise ValueError(
            f"{name} sums to {sum(row):.7g}, not to 1 (within {_NEAR:f}); divide each number by the sum to make it so"
        )


def acceptance(target: Sequence[float], draft: Sequence[float]) -> float:
    """Return the share of the draft's tokens that is accepted: the overlap, the sum of min(p, q)."""
    scales = sum(target), sum(draft)
    return min(1.0, sum(min(p / scales[0], q / scales[1]) for p, q in zip(target, draft, strict=True)))


def expected_tokens(accepted: float, gamma: int) -> float:
    """Return how many tokens a call of the target gives on average: 1 + a + ... + a^gamma."""
    return sum(accepted**power for power in range(gamma + 1))


def _asked(pair: dict[str, Any]) -> dict[str, Any]:
    """Return the question what share is kept; its wrong answers come from other readings of the two rows."""
    target, draft = pair["target"], pair["draft"]
    kept = acceptance(target, draft)
    both = sum(p * q for p, q in zip(target, draft, strict=True))
    choices = [kept]
    for guess in (both, 1 - kept, 1.0, 0.5, 0.2, 0.0):
        if len(choices) < _CHOICES and all(abs(guess - other) > _APART for other in choices):
            choices.append(guess)
    return {
        "question": (
            f"{pair['caption']} A small, quick model, the draft, draws tokens from its bars. The large one, the "
            "target, keeps or rejects each, so that what comes out follows its own bars. What share can it keep at "
            "most?"
        ),
        "choices": [_percent(choice) for choice in sorted(choices)],
        "right": _percent(kept),
        "why": (
            "It is the overlap: the smaller of each two bars, added up. The target need not draw the same token: two "
            f"separate draws agree in {_percent(both)} only."
        ),
    }


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _pair(target: Any, draft: Any, tokens: Any, caption: str) -> dict[str, Any]:
    """Return a pair as the widget sends it, or raise ValueError with what is wrong with it."""
    names = [str(token) for token in as_list(tokens)]
    rows = {}
    for name, given in (("target", target), ("draft", draft)):
        values = as_list(given)
        if any(isinstance(value, list) for value in values):
            raise ValueError(f"the {name} has more than one dimension; give one row of probabilities")
        if len(values) != len(names):
            raise ValueError(f"the {name} has {len(values)} numbers but there are {len(names)} tokens")
        rows[name] = [float(value) for value in values]
        check_distribution(rows[name], f"the {name}")
    if len(names) not in _SIZES:
        raise ValueError(
            f"there are {len(names)} tokens; the widget shows {_SIZES[0]} to {_SIZES[-1]}, so put the rest in one row"
        )
    return {**rows, "tokens": names, "caption": str(caption)}
