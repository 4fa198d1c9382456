"""What pocket-llava sees in pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING, TypeVar

from sacrebleu.metrics.bleu import BLEU

from pocket.evaluate.lm import SEED
from pocket.evaluate.measure import REPORTED, Measure, proportion
from pocket.world.painting import to_image
from pocket.world.pictures import Scene, captions, draw_scene, questions

if TYPE_CHECKING:
    from PIL.Image import Image

    from pocket.llava import VisionLanguageModel

T = TypeVar("T")

BATCH = 50
RESAMPLED = 1000  # times, for the interval of BLEU
KINDS = ("colour", "shape", "size", "position", "count")


def seeing(model: VisionLanguageModel, n: int = 500) -> list[Measure]:
    """Measure BLEU-4 of captions, and answers by kind of question, on new pictures.

    The new pictures are scenes of the kind trained on, and scenes with a pair of colour and shape that neither the
    tower nor the model ever saw.
    """
    new = _scenes(n, held_out=False)
    unseen_pairs = _scenes(n, held_out=True)
    measures = [
        bleu(model, new, f"{model.name}: BLEU-4 on held-out pictures", 0.6),
        bleu(model, unseen_pairs, f"{model.name}: BLEU-4 with unseen colour-shape pairs", None),
    ]
    for kind in KINDS:
        target = 0.9 if kind in {"colour", "shape"} else None
        measures.append(_asked(model, new, kind, f"{model.name}: {kind} questions", target))
    return measures + [
        _asked(model, unseen_pairs, kind, f"{model.name}: {kind} questions, unseen pairs", None)
        for kind in ("colour", "shape")
    ]


def bleu(model: VisionLanguageModel, scenes: Sequence[Scene], name: str, at_least: float | None) -> Measure:
    """Measure corpus BLEU-4 (Papineni and others, 2002) against four references each; the interval is by bootstrap."""
    written = [text for some in _batches(scenes) for text in model.caption(_images(some))]
    references = [list(column) for column in zip(*(captions(scene) for scene in scenes), strict=True)]
    score = BLEU(lowercase=True).corpus_score(written, references, n_bootstrap=RESAMPLED)
    value, half = score.score / 100, score._ci / 100  # noqa: SLF001  sacrebleu has no other way to the interval
    target = REPORTED if at_least is None else f">= {at_least:g}"
    return Measure(name, value, (value - half, min(1.0, value + half)), len(scenes), target, value >= (at_least or 0))


def _asked(
    model: VisionLanguageModel, scenes: Sequence[Scene], kind: str, name: str, at_least: float | None
) -> Measure:
    rng = Random(f"{SEED}/{kind}")
    asked = [rng.choice([question for question in questions(scene) if question.kind == kind]) for scene in scenes]
    hits = 0
    for some in _batches(list(zip(scenes, asked, strict=True))):
        answers = model.answer(_images(scene for scene, _ in some), [question.text for _, question in some])
        hits += sum(answer == question.answer for answer, (_, question) in zip(answers, some, strict=True))
    return proportion(name, hits, len(scenes), at_least=at_least)


def _scenes(n: int, *, held_out: bool) -> list[Scene]:
    rng = Random(f"{SEED}/pictures/{held_out}")
    return [draw_scene(rng, held_out=held_out) for _ in range(n)]


def _images(scenes: Iterable[Scene]) -> list[Image]:
    return [to_image(scene, 48) for scene in scenes]


def _batches(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
