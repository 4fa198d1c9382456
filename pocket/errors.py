"""What can go wrong, each in a sentence or two that a student can act on."""

from __future__ import annotations

import linecache
from pathlib import Path

_HERE = str(Path(__file__).parent)


class PocketError(Exception):
    """Anything that `pocket` refuses or cannot do. In a notebook it shows as its sentence, without a stack trace."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows (the name is IPython's): the reader's own line that led here, and the sentence."""
        said = f"{type(self).__name__}: {self}"
        line = None
        trace = self.__traceback__
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if not file.startswith(_HERE):
                line = linecache.getline(file, trace.tb_lineno).strip() or None
            trace = trace.tb_next
        return [said] if line is None else [f"in: {line}", said]


class UnknownModelError(PocketError, ValueError):
    """There is no model of that name, here or on the hub."""


class UnsupportedModelError(PocketError, ValueError):
    """The model exists, but is of a kind that `pocket.load` does not take, or its own library refuses it."""


class WeightsError(PocketError):
    """Weights are missing or damaged."""


class MissingPackageError(PocketError, ImportError):
    """A package that carries a model is not installed."""


class NoNetworkError(PocketError, ConnectionError):
    """A hub model is needed that neither the network nor the cache has."""


class SettingError(PocketError, ValueError):
    """An argument, a default or an environment variable makes no sense here."""


class PromptTooLongError(PocketError, ValueError):
    """The prompt has more tokens than the model can read.

    Attributes
    ----------
    length : int
        Tokens of the prompt.
    limit : int
        How many the model reads at most.
    """

    def __init__(self, what: str, length: int, name: str, limit: int, *, room: int = 0) -> None:
        self.length, self.limit = length, limit
        answer = ", what it writes included" if room else ""
        super().__init__(
            f"{what} has {length:,} tokens; {name} reads at most {limit:,}{answer}. "
            f"Shorten it by at least {length - limit + room:,}."
        )
