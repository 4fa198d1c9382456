"""What MiniLM makes of the metric prose and of questions about it: their cosines, and a map of two dimensions.

`python -m widgets.data.retrieval_map` writes `retrieval_map.json` in some seconds; nothing is random.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from widgets.data import write
from widgets.retrieval_map import Measured

#: Questions beyond the ten of the prose, and the paragraphs that answer them or a part of them: judged by reading all
#: fifty.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "Which attempts were made to count time in tens?": ("m21", "m22"),
    "How has the definition of the metre changed over the centuries?": ("m06", "m14", "m29", "m33", "m34"),
    "Why did a spacecraft crash?": ("m50",),
    "Why are the days getting longer?": ("m35",),
    "What happened on 20 May?": ("m26", "m42"),
    "What is 9,192,631,770?": ("m37",),
}
DIGITS = 6


def digest(texts: Sequence[str]) -> str:
    """Return what tells whether these are the texts that were measured."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def make() -> dict[str, Any]:
    """Return the questions, with names of their relevant paragraphs, and what is known of the vectors."""
    import pocket
    from pocket.prose import load

    prose = load()
    questions = QUESTIONS | {question.text: question.paragraphs for question in prose.questions}
    minilm = pocket.load("minilm", device="cpu", dtype="float32")
    texts = list(prose.paragraphs.values())
    known = Measured.of(minilm.encode(texts), minilm.encode(list(questions)))
    rows = {
        name: [round(value, DIGITS) for value in getattr(known, name)]
        for name in ("similar", "alike", "spots", "shares")
    }
    return {
        "digest": digest([*texts, *questions]),
        "questions": [{"text": text, "relevant": list(names)} for text, names in questions.items()],
        "measured": {"dim": known.dim, **rows},
    }


if __name__ == "__main__":
    write("retrieval_map", make())
