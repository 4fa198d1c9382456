"""Small trained models, the world they know, and the loaders that swap in big ones.

    lm = pocket.load("pocket-lm")                      # from this package, offline
    lm = pocket.load("Qwen/Qwen2.5-0.5B-Instruct")     # from huggingface.co, with the same interface
    print(lm.complete("The tower of Ulm is"))

Names are loaded when they are first used, so `import pocket` costs next to nothing and imports neither torch nor
transformers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pocket.catalogue import MODELS
    from pocket.errors import (
        MissingPackageError,
        NoNetworkError,
        PocketError,
        PromptTooLongError,
        SettingError,
        UnknownModelError,
        UnsupportedModelError,
        WeightsError,
    )
    from pocket.language import LanguageModel
    from pocket.llava import VisionLanguageModel
    from pocket.loading import load
    from pocket.minilm import Embedder
    from pocket.placement import defaults
    from pocket.vision import ImageTextModel

__all__ = [
    "MODELS",
    "Embedder",
    "ImageTextModel",
    "LanguageModel",
    "MissingPackageError",
    "NoNetworkError",
    "PocketError",
    "PromptTooLongError",
    "SettingError",
    "UnknownModelError",
    "UnsupportedModelError",
    "VisionLanguageModel",
    "WeightsError",
    "defaults",
    "load",
]

_HOMES = {
    "MODELS": "pocket.catalogue",
    "Embedder": "pocket.minilm",
    "ImageTextModel": "pocket.vision",
    "LanguageModel": "pocket.language",
    "MissingPackageError": "pocket.errors",
    "NoNetworkError": "pocket.errors",
    "PocketError": "pocket.errors",
    "PromptTooLongError": "pocket.errors",
    "SettingError": "pocket.errors",
    "UnknownModelError": "pocket.errors",
    "UnsupportedModelError": "pocket.errors",
    "VisionLanguageModel": "pocket.llava",
    "WeightsError": "pocket.errors",
    "defaults": "pocket.placement",
    "load": "pocket.loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"pocket has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
