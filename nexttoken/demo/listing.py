"""What there is to show: one demo for each widget."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import widgets

_TITLE = re.compile(r'title: "([^"]+)"')
_SCRIPTS = Path(widgets.__file__).parent / "js"
_BROWSER = "Everything runs in your browser; Python only starts it."


@dataclass(frozen=True)
class Demo:
    """One demo: a page of its own with one widget on it."""

    #: Its address, and its widget's file.
    name: str
    widget: str
    #: What there is to do, in one sentence.
    sentence: str
    #: What the Python process behind the page is for.
    kernel: str = _BROWSER

    @property
    def script(self) -> Path:
        """The widget's JavaScript."""
        return _SCRIPTS / f"{self.name}.js"

    @property
    def title(self) -> str:
        """The question that the widget answers, as it stands above the widget."""
        found = _TITLE.search(self.script.read_text(encoding="utf-8"))
        return found[1] if found else self.widget


DEMOS = (
    Demo(
        "temperature",
        "Temperature",
        "Divide the logits by a temperature, cut the tail with top-k, top-p and min-p, and draw tokens.",
    ),
    Demo(
        "attention",
        "Attention",
        "See every layer and head of a small language model at a glance, then one head in detail.",
    ),
    Demo(
        "rope",
        "RoPE",
        "Turn pairs of numbers by their position, and stretch the context with PI, NTK-aware, YaRN and ALiBi.",
    ),
    Demo(
        "lora_rank",
        "LoRARank",
        "Choose a rank, see what is left of a weight update, and count the parameters and bytes it saves.",
    ),
    Demo(
        "speculative_acceptance",
        "SpeculativeAcceptance",
        "Accept or reject a draft token by token, and see that the large model's distribution is preserved.",
    ),
)


def available() -> tuple[Demo, ...]:
    """Return the demos whose widgets are here; none of them is imported."""
    return tuple(demo for demo in DEMOS if demo.script.is_file())
