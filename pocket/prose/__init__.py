"""Real prose written for this course: short paragraphs on one subject, with questions, answers and where they stand.

    prose = load()
    prose.paragraphs["m26"]
    prose.questions[0].answers

The pocket language models have read none of it, and nothing about its subject: they know only their world. It is here
to measure retrieval on real text, and to show what a small model makes of text that it cannot read.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pocket.errors import SettingError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class ProseQuestion:
    """A question about the prose.

    Attributes
    ----------
    text
        The question.
    answers
        The answers that count as right, the fullest first.
    paragraphs
        Names of the paragraphs each of which answers it.
    """

    text: str
    answers: tuple[str, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Prose:
    """A subject, its paragraphs by name, and the questions about them."""

    title: str
    paragraphs: Mapping[str, str]
    questions: tuple[ProseQuestion, ...]


@functools.cache
def load(name: str = "metric") -> Prose:
    """Read the prose on a subject; there is one, "metric".

    Raises
    ------
    SettingError
        If there is no prose of that name; the message lists what there is.
    """
    subjects = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    if name not in subjects:
        raise SettingError(f"there is no prose {name!r}; there is: {', '.join(subjects)}")
    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    questions = tuple(
        ProseQuestion(item["text"], tuple(item["answers"]), tuple(item["paragraphs"])) for item in data["questions"]
    )
    return Prose(data["title"], data["paragraphs"], questions)
