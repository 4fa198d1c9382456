"""What a student plays with: pictures that answer every drag in the browser, without the kernel.

A widget is one Python file here and one JavaScript file in `js/`. Names are loaded when they are first used, so
`import widgets` costs next to nothing and never imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from widgets.attention import Attention
    from widgets.lora_rank import LoRARank
    from widgets.react_stepper import ReActStepper
    from widgets.retrieval_map import RetrievalMap
    from widgets.rope import RoPE
    from widgets.speculative_acceptance import SpeculativeAcceptance
    from widgets.temperature import Temperature

__all__ = ["Attention", "LoRARank", "ReActStepper", "RetrievalMap", "RoPE", "SpeculativeAcceptance", "Temperature"]

_HOMES = {
    "Attention": "widgets.attention",
    "LoRARank": "widgets.lora_rank",
    "ReActStepper": "widgets.react_stepper",
    "RetrievalMap": "widgets.retrieval_map",
    "RoPE": "widgets.rope",
    "SpeculativeAcceptance": "widgets.speculative_acceptance",
    "Temperature": "widgets.temperature",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"widgets has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
