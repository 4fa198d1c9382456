"""Temperature, top-k, top-p and min-p on logits of your own, and what they do to the choice of the next token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import traitlets

from widgets import picture
from widgets.base import Floats, Texts, Widget, as_list, check_logits, stored, texts_to_json

_SHOWN = 10
_LABEL = 12
_DRAWS = 100


class Temperature(Widget, script="temperature"):
    """Turn logits into probabilities, live.

    The logits are divided by the temperature, the `top_k` largest kept, of those the fewest whose mass reaches `top_p`,
    of those all that have at least `min_p` times the probability of the likeliest, and what is left is scaled to sum to
    1: the order of transformers. Among equal logits the earlier token counts as larger.

    Parameters
    ----------
    logits
        One number a token: a list, an array or a tensor of one dimension. -inf marks a token that cannot come.
    tokens
        What to call them, as many strings as logits.
    temperature
        0 or larger. 0 is the limit: the largest logits share all the probability.
    top_k
        How many tokens to keep, 1 to the number of tokens; None keeps all.
    top_p
        The mass to keep, above 0 and at most 1.
    min_p
        The share of the largest probability that a token must have, 0 to 1.
    caption
        A line above the picture, such as the text that the model goes on from.
    contrast
        Logits, tokens and caption of a second distribution, shown beside the first at the same settings.

    Raises
    ------
    ValueError
        If there are no logits, one is NaN or +inf, or there are not as many tokens.
    traitlets.TraitError
        If a setting is out of its range; the same when it is set later. The widget then says so and keeps the last one.

    Examples
    --------
    >>> Temperature([2.0, 1.0, 0.0], ["tower", "river", "town"], temperature=0.5)
    """

    shared: ClassVar[tuple[str, ...]] = ("own", "temperature", "top_k", "top_p", "min_p", "pinned", "draws", "seed")

    logits = Floats()
    tokens = Texts()
    caption = traitlets.Unicode().tag(sync=True)
    contrast_logits = Floats()
    contrast_tokens = Texts().tag(to_json=lambda texts, widget: "" if texts == widget.tokens else texts_to_json(texts))
    contrast_caption = traitlets.Unicode().tag(sync=True)
    own = traitlets.Unicode().tag(sync=True)
    """Logits that the reader typed, shown instead of the given ones."""
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(1).tag(sync=True)
    top_p = traitlets.Float(1.0).tag(sync=True)
    min_p = traitlets.Float(0.0).tag(sync=True)
    pinned = traitlets.List(traitlets.Float()).tag(sync=True)
    """The settings of the mark A: temperature, top_k, top_p, min_p."""
    draws = traitlets.Int(0, min=0, max=_DRAWS).tag(sync=True)
    """How many draws are shown, with dice that start at `seed`."""
    seed = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        logits: Any,
        tokens: Any,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        min_p: float = 0.0,
        *,
        caption: str = "",
        contrast: tuple[Any, Any, str] | None = None,
    ) -> None:
        values, names = _named(logits, tokens)
        others, other_names, other_caption = ([], [], "") if contrast is None else (*_named(*contrast[:2]), contrast[2])
        size = max(len(names), len(other_names))
        super().__init__(
            logits=values,
            tokens=names,
            caption=caption,
            contrast_logits=others,
            contrast_tokens=other_names,
            contrast_caption=other_caption,
            temperature=temperature,
            top_k=size if top_k is None else top_k,
            top_p=top_p,
            min_p=min_p,
            pinned=[1.0, size, 1.0, 0.0],
        )

    @classmethod
    def example(cls) -> Self:
        """Return a peaked and a flat distribution of pocket-lm, side by side."""
        rows = stored("temperature")
        peaked, flat = rows["peaked"], rows["flat"]
        contrast = (flat["logits"], rows["tokens"], flat["caption"])
        return cls(peaked["logits"], rows["tokens"], caption=peaked["caption"], contrast=contrast)

    def probabilities(self) -> list[float]:
        """Return what the bars of the first distribution show, in the order of the tokens."""
        return next_token_probabilities(self.logits, self.temperature, self.top_k, self.top_p, self.min_p)

    def describe(self) -> str:
        """Return the question and the settings."""
        cuts = f"top k {self.top_k} of {self._size()}, top p {self.top_p:g}, min-p {self.min_p:g}"
        return f"{self.question} {self.caption}".rstrip() + f" (temperature {self.temperature:g}, {cuts})"

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return the likeliest tokens with their logits and probabilities."""
        rows = [[repr(token), f"{logit:.2f}", f"{p:.4f}"] for token, logit, p in self._best()]
        return ["token", "logit", "probability"], rows

    def picture(self) -> str:
        """Return the bars of the likeliest tokens."""
        best = self._best()
        labels = [token if len(token) <= _LABEL else f"{token[: _LABEL - 1]}…" for token, _, _ in best]
        return picture.bars(labels, [p for _, _, p in best], lambda p: f"{100 * p:.1f} %", self.describe())

    def _best(self) -> list[tuple[str, float, float]]:
        rows = zip(self.tokens, self.logits, self.probabilities(), strict=True)
        return sorted(rows, key=lambda row: -row[1])[:_SHOWN]

    def _size(self) -> int:
        typed = len(self.own.replace(",", " ").replace(";", " ").split())
        return typed or max(len(self.tokens), len(self.contrast_tokens))

    @traitlets.validate("logits")
    def _check_logits(self, proposal: Any) -> tuple[float, ...]:
        try:
            check_logits(proposal["value"])
        except ValueError as error:
            self.refuse(str(error))
        return tuple(proposal["value"])

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] < math.inf:
            self.refuse(f"temperature must be 0 or larger and finite, not {proposal['value']}")
        return float(proposal["value"])

    @traitlets.validate("top_k")
    def _check_top_k(self, proposal: Any) -> int:
        if not 1 <= proposal["value"] <= self._size():
            self.refuse(f"top_k must be 1 to {self._size()}, not {proposal['value']}")
        return int(proposal["value"])

    @traitlets.validate("top_p")
    def _check_top_p(self, proposal: Any) -> float:
        if not 0 < proposal["value"] <= 1:
            self.refuse(f"top_p must be above 0 and at most 1, not {proposal['value']}")
        return float(proposal["value"])

    @traitlets.validate("min_p")
    def _check_min_p(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            self.refuse(f"min_p must be 0 to 1, not {proposal['value']}")
        return float(proposal["value"])


def next_token_probabilities(
    logits: Sequence[float], temperature: float, top_k: int, top_p: float, min_p: float
) -> list[float]:
    """Return the probabilities of `Temperature`, as its JavaScript computes them; for the picture without scripts."""
    order = sorted(range(len(logits)), key=lambda place: (-logits[place], place))[:top_k]
    top = logits[order[0]]
    weights = [
        1.0 if logits[place] == top else math.exp((logits[place] - top) / temperature) if temperature else 0.0
        for place in order
    ]
    total = sum(weights)
    kept: dict[int, float] = {}
    for place, weight in zip(order, weights, strict=True):
        if top_p < 1 and sum(kept.values()) >= top_p - 1e-12:
            break
        kept[place] = weight / total
    kept = {place: share for place, share in kept.items() if share >= min_p * weights[0] / total}
    mass = sum(kept.values())
    return [kept.get(place, 0.0) / mass for place in range(len(logits))]


def _named(logits: Any, tokens: Any) -> tuple[list[float], list[str]]:
    """Return logits and tokens as lists, or raise ValueError with what is wrong with them."""
    names = [str(token) for token in as_list(tokens)]
    values = as_list(logits)
    if len(names) != len(values):
        raise ValueError(f"there are {len(values)} logits but {len(names)} tokens; each logit needs one name")
    if any(isinstance(value, list) for value in values):
        raise ValueError("the logits have more than one dimension; give one row, such as logits[0]")
    check_logits([float(value) for value in values])
    return [float(value) for value in values], names
