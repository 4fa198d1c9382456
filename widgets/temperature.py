"""Temperature, top-k and top-p on logits of your own, and what they do to the choice of the next token."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import traitlets

from widgets.base import Floats, Widget, as_list, check_logits

_SHOWN = 10


class Temperature(Widget, script="temperature"):
    """Turn logits into probabilities, live.

    The logits are divided by the temperature, the `top_k` largest kept, of those the fewest whose mass reaches `top_p`,
    and what is left is scaled to sum to 1. Among equal logits the earlier token counts as larger.

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
    caption
        A line under the title, such as the text that the model goes on from.
    state
        What `state()` returned, to open the same view again.

    Raises
    ------
    ValueError
        If there are no logits, one is NaN or +inf, or there are not as many tokens.
    traitlets.TraitError
        If the temperature, `top_k` or `top_p` is out of its range; the same when they are set later.

    Examples
    --------
    >>> Temperature([2.0, 1.0, 0.0], ["tower", "river", "town"], temperature=0.5)
    """

    shared: ClassVar[tuple[str, ...]] = ("temperature", "top_k", "top_p", "pinned", "draws")

    logits = Floats()
    tokens = traitlets.List(traitlets.Unicode()).tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(1).tag(sync=True)
    top_p = traitlets.Float(1.0).tag(sync=True)
    pinned = traitlets.List(traitlets.Float()).tag(sync=True)
    """The settings of the mark A: temperature, top_k, top_p."""
    draws = traitlets.Int(0, min=0).tag(sync=True)
    """0 shows no draws; any other number is the seed of the 100 draws that are shown."""

    def __init__(
        self,
        logits: Any,
        tokens: Any,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        *,
        caption: str = "",
        **state: Any,
    ) -> None:
        names = [str(token) for token in as_list(tokens)]
        values = as_list(logits)
        if len(names) != len(values):
            raise ValueError(f"there are {len(values)} logits but {len(names)} tokens; each logit needs one name")
        if any(isinstance(value, list) for value in values):
            raise ValueError("the logits have more than one dimension; give one row, such as logits[0]")
        check_logits([float(value) for value in values])
        state.setdefault("pinned", [1.0, len(names), 1.0])
        super().__init__(
            logits=values,
            tokens=names,
            temperature=temperature,
            top_k=len(names) if top_k is None else top_k,
            top_p=top_p,
            caption=caption,
            **state,
        )

    def describe(self) -> str:
        """Return the question and the settings."""
        return (
            f"What does temperature do to the choice of the next token? {self.caption}".rstrip()
            + f" (temperature {self.temperature:g}, top k {self.top_k} of {len(self.tokens)}, top p {self.top_p:g})"
        )

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return the likeliest tokens with their logits."""
        best = sorted(zip(self.logits, self.tokens, strict=True), key=lambda pair: -pair[0])[:_SHOWN]
        return ["token", "logit"], [[repr(token), f"{logit:.2f}"] for logit, token in best]

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] < math.inf:
            raise traitlets.TraitError(f"temperature must be 0 or larger and finite, not {proposal['value']}")
        return float(proposal["value"])

    @traitlets.validate("top_k")
    def _check_top_k(self, proposal: Any) -> int:
        if not 1 <= proposal["value"] <= len(self.tokens):
            raise traitlets.TraitError(f"top_k must be 1 to {len(self.tokens)}, not {proposal['value']}")
        return int(proposal["value"])

    @traitlets.validate("top_p")
    def _check_top_p(self, proposal: Any) -> float:
        if not 0 < proposal["value"] <= 1:
            raise traitlets.TraitError(f"top_p must be above 0 and at most 1, not {proposal['value']}")
        return float(proposal["value"])
