"""Load without a word: the libraries' progress bars, log lines and warnings off for a while, and back as they were."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers and open_clip while the block runs; nothing stays changed.

    open_clip logs through the root logger's functions, which would give the root logger a handler for good where it
    has none; hence the handler that says nothing.
    """
    from transformers.utils import logging as transformers_logging

    hook = transformers_logging.set_tqdm_hook(_no_bar)
    below = logging.root.manager.disable
    handler = logging.NullHandler()
    logging.root.addHandler(handler)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(below)
        logging.root.removeHandler(handler)
        transformers_logging.set_tqdm_hook(hook)


def _no_bar(_factory: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return transformers' bar that draws nothing."""
    from transformers.utils.logging import EmptyTqdm

    return EmptyTqdm(*arguments, **options)
