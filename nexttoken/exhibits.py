"""What there is to show outside of a chapter: each widget, with what one can do there; for the gallery and the demo."""

from __future__ import annotations

from dataclasses import dataclass

import widgets
from widgets.base import Widget

_BROWSER = "Everything runs in your browser; Python only starts it."


@dataclass(frozen=True)
class Exhibit:
    """One widget on a page of its own."""

    widget: str
    #: What there is to do, in one sentence.
    sentence: str
    #: What the Python process behind a served page is for.
    kernel: str = _BROWSER

    @property
    def kind(self) -> type[Widget]:
        """The widget's class."""
        kind: type[Widget] = getattr(widgets, self.widget)
        return kind

    @property
    def name(self) -> str:
        """What its page is called."""
        return self.kind.script

    @property
    def title(self) -> str:
        """The question that the widget answers, as it stands above the widget."""
        return self.kind.question


EXHIBITS = (
    Exhibit(
        "Temperature",
        "Divide the logits by a temperature, cut the tail with top-k, top-p and min-p, and draw tokens.",
    ),
    Exhibit(
        "Attention",
        "See every layer and head of a small language model at a glance, then one head in detail.",
    ),
    Exhibit(
        "RoPE",
        "Turn pairs of numbers by their position, and stretch the context with PI, NTK-aware, YaRN and ALiBi.",
    ),
    Exhibit(
        "LoRARank",
        "Choose a rank, see what is left of a weight update, and count the parameters and bytes it saves.",
    ),
    Exhibit(
        "SpeculativeAcceptance",
        "Accept or reject a draft token by token, and see that the large model's distribution is preserved.",
    ),
    Exhibit(
        "ReActStepper",
        "Step through an agent: who writes what, what a guard stops, and what a model invents that nobody stops.",
    ),
    Exhibit(
        "RetrievalMap",
        "Ask fifty passages, by meaning and by words; move the query, and see what a longer list finds and costs.",
    ),
)
