"""What the k nearest passages buy and cost: real questions and passages, found by meaning and by words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import traitlets

from widgets import picture
from widgets.base import Floats, Texts, Widget, stored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_MOST = 20
_USUAL = 5
_LISTED = 10
_WORDS = 60
_NAME = 6
_HIGH = 300.0
#: A map has two dimensions; two points alone would lie on a line.
_PLANE, _FEW = 2, 3
_QUESTIONS, _HALF, _TINY = 2, 0.5, 1e-12
#: Where the example begins: words of a question that MiniLM answers better than BM25, and of one that BM25 does.
_FIRST = ("time in tens", "platinum metre")


@dataclass(frozen=True)
class Measured:
    """What is known of the vectors of N passages and Q questions: enough for every cosine that the widget shows.

    Attributes
    ----------
    dim
        How many numbers a vector has.
    similar
        The cosine of each question with each passage, question by question: Q times N numbers.
    alike
        The cosine of each question with each question: Q times Q numbers.
    spots
        Where each passage, then each question, lies on the map: two numbers each. The axes are the first two principal
        components of the passages' vectors, brought to length 1; the origin is the zero vector.
    shares
        What share of the passages' variance each axis keeps.
    """

    dim: int
    similar: Sequence[float]
    alike: Sequence[float]
    spots: Sequence[float]
    shares: Sequence[float]

    @classmethod
    def of(cls, passages: ArrayLike, questions: ArrayLike) -> Self:
        """Measure vectors.

        Parameters
        ----------
        passages
            Shape (N, D), one a row, N at least 3 and D at least 2. Their lengths have no influence.
        questions
            Shape (Q, D).

        Raises
        ------
        ValueError
            If the shapes do not go together, or a vector has no direction.
        """
        import numpy as np

        p, q = (_directions(rows, name) for rows, name in ((passages, "passage"), (questions, "question")))
        if p.shape[1] != q.shape[1] or p.shape[1] < _PLANE or len(p) < _FEW:
            raise ValueError(
                f"passages have shape {p.shape}, questions {q.shape}; both need the same number of columns, at least "
                "2, and there must be at least 3 passages"
            )
        _, sizes, axes = np.linalg.svd(p - p.mean(0), full_matrices=False)
        if not sizes[0]:
            raise ValueError("all passages have the same vector, so there is nothing to make a map from")
        two = axes[:2]  # (2, D)
        two = two * np.sign(two[[0, 1], np.abs(two).argmax(1)])[:, None]  # an axis has no sign of its own
        return cls(
            dim=p.shape[1],
            similar=(q @ p.T).ravel().tolist(),
            alike=(q @ q.T).ravel().tolist(),
            spots=(np.vstack([p, q]) @ two.T).ravel().tolist(),
            shares=(sizes[:2] ** 2 / (sizes**2).sum()).tolist(),
        )


class RetrievalMap(Widget, script="retrieval_map"):
    """Retrieve passages for a question, by the cosine of their vectors and by BM25, side by side.

    The map shows passages and questions on the first two principal components of the passages' vectors. It leaves out
    most of how they differ, and says how much. What is retrieved is decided by the cosine in all dimensions.

    The query moves in two ways, and its cosines are exact in both. Between two questions a and b it is (1 - t) a + t b,
    brought back to length 1. Dragged to a place on the map, its part in the plane of the map becomes that place, and
    its part at right angles to the map keeps its direction. Neither need be the vector of any sentence. BM25 has no
    map: between two questions it weighs the words of both, and dragging leaves it alone.

    Parameters
    ----------
    passages
        The texts that are searched, by names of at most 6 characters.
    questions
        Two questions or more, each with the names of the passages that are relevant to it.
    vectors
        The embeddings of the passages and those of the questions, or what `Measured.of` made of them.
    question_a, question_b
        Which questions are A and B first, counted from 0.
    k
        How many passages are retrieved: 1 to 20, and not more than there are. By default 5, or all if there are fewer.
    encoder
        What made the vectors.

    Raises
    ------
    ValueError
        If the arguments do not go together, or a vector has no direction.
    traitlets.TraitError
        If a setting is out of its range; the same when it is set later. The widget then says so and keeps the last one.

    Examples
    --------
    >>> encode = pocket.load("minilm").encode
    >>> vectors = encode(list(passages.values())), encode([text for text, _ in questions])
    >>> RetrievalMap(passages, questions, vectors)
    """

    shared: ClassVar[tuple[str, ...]] = ("question_a", "question_b", "mix", "place", "k", "chosen")

    passages = Texts()
    names = Texts()
    questions = traitlets.List(traitlets.Dict()).tag(sync=True)
    """Of each question its text, and the places of the passages that are relevant to it."""
    encoder = traitlets.Unicode().tag(sync=True)
    dim = traitlets.Int().tag(sync=True)
    similar = Floats()
    alike = Floats()
    spots = Floats()
    shares = traitlets.List(traitlets.Float()).tag(sync=True)
    question_a = traitlets.Int(0).tag(sync=True)
    question_b = traitlets.Int(1).tag(sync=True)
    mix = traitlets.Float(0.0).tag(sync=True)
    """How far the query is from A to B."""
    place = traitlets.List(traitlets.Float()).tag(sync=True)
    """Where on the map the query was dragged to; empty if it was not."""
    k = traitlets.Int(_USUAL).tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)
    """The passage to read; -1 for the one that is nearest on the map."""

    def __init__(
        self,
        passages: Mapping[str, str],
        questions: Sequence[tuple[str, Sequence[str]]],
        vectors: tuple[ArrayLike, ArrayLike] | Measured,
        *,
        question_a: int = 0,
        question_b: int = 1,
        k: int | None = None,
        encoder: str = "MiniLM",
    ) -> None:
        known = vectors if isinstance(vectors, Measured) else Measured.of(*vectors)
        size, asked = len(passages), len(questions)
        if any(len(name) > _NAME for name in passages):
            raise ValueError(f"a passage's name has at most {_NAME} characters, so that it fits into the map")
        if asked < _QUESTIONS:
            raise ValueError("there must be two questions at least, to move the query from one to the other")
        if len(known.similar) != asked * size or len(known.alike) != asked * asked:
            raise ValueError(
                f"there are {size} passages and {asked} questions; each needs one vector, in the same order"
            )
        super().__init__(
            passages=list(passages.values()),
            names=list(passages),
            questions=[_judged(text, relevant, list(passages)) for text, relevant in questions],
            encoder=encoder,
            question_a=question_a,
            question_b=question_b,
            k=min(_USUAL, size) if k is None else k,
            **asdict(known),
        )

    @classmethod
    def example(cls) -> Self:
        """Return MiniLM and BM25 on the course's fifty paragraphs about the metric system."""
        from pocket.prose import load

        known = stored("retrieval_map")
        questions = [(row["text"], row["relevant"]) for row in known["questions"]]
        first, second = (next(at for at, (text, _) in enumerate(questions) if word in text) for word in _FIRST)
        return cls(load().paragraphs, questions, Measured(**known["measured"]), question_a=first, question_b=second)

    def cosines(self) -> list[float]:
        """Return the query's cosine with each passage, in the order of the passages."""
        size = len(self.names)
        base = self._between(self.similar, size)
        if not self.place:
            return base
        home = self._home()
        below = 1 - math.hypot(*home) ** 2
        grown = math.sqrt(max(0.0, 1 - math.hypot(*self.place) ** 2) / below) if below > _TINY else 0.0
        found = []
        for at, cosine in enumerate(base):
            x, y = self._spot(at)
            rest = cosine - home[0] * x - home[1] * y
            found.append(self.place[0] * x + self.place[1] * y + grown * rest)
        return found

    def relevant(self) -> list[int]:
        """Return the places of the passages that answer the nearer of the two questions."""
        return list(self.questions[self.question_b if self.mix > _HALF else self.question_a]["relevant"])

    def describe(self) -> str:
        """Return the question and what is found."""
        order, relevant = self._order(), self.relevant()
        found = len(set(order[: self.k]) & set(relevant))
        near = min(range(len(order)), key=lambda at: (self._away(at), at))
        a, b = (self.questions[which]["text"] for which in (self.question_a, self.question_b))
        where = f"{100 * self.mix:.0f} % of the way from “{a}” to “{b}”" if self.mix else f"“{a}”"
        dragged = ", dragged on the map" if self.place else ""
        return (
            f"{where}{dragged}: with k = {self.k}, {self.encoder} finds {found} of {len(relevant)} "
            f"relevant passages (recall {found / len(relevant):.2f}, precision {found / self.k:.2f}). The map keeps "
            f"{100 * sum(self.shares):.0f} % of the variance; the passage nearest on it, {self.names[near]}, has rank "
            f"{order.index(near) + 1} of {len(order)} in all {self.dim} dimensions."
        )

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return the passages of the largest cosine."""
        cosines, relevant = self.cosines(), self.relevant()
        rows = []
        for rank, at in enumerate(self._order()[: max(_LISTED, self.k)], 1):
            text = self.passages[at]
            opening = text if len(text) <= _WORDS else f"{text[: _WORDS - 1]}…"
            rows.append([str(rank), self.names[at], f"{cosines[at]:.3f}", "yes" if at in relevant else "no", opening])
        return ["rank", "passage", "cosine", "relevant", "text"], rows

    def picture(self) -> str:
        """Return the map, with the ranks of what is retrieved."""
        size = len(self.names)
        spots = [self._spot(at) for at in range(size + len(self.questions))]
        (left, right), (low, high) = ((min(row), max(row)) for row in zip(*spots, strict=True))
        scale = min((picture.WIDTH - 60) / (right - left or 1), _HIGH / (high - low or 1))
        shift = (picture.WIDTH - (left + right) * scale) / 2

        def on_page(spot: Sequence[float]) -> tuple[float, float]:
            return shift + spot[0] * scale, 34 + (high - spot[1]) * scale

        order, relevant = self._order(), self.relevant()
        x, y = on_page(self.place or self._home())
        parts = [picture.text(0, 14, f"{100 * self.shares[1]:.1f} % of variance up", soft=True)]
        parts += [picture.line([(x, y), on_page(spots[at])], "ghost") for at in order[: self.k]]
        marked = sorted({*relevant, *order[: self.k]})
        parts.append(picture.squares((on_page(spots[at]) for at in range(size) if at not in marked), 4, "soft"))
        for at in marked:
            across, down = on_page(spots[at])
            role = ("good" if at in relevant else "bad") if at in order[: self.k] else "truth"
            parts.append(picture.rect(across - 4, down - 4, 8, 8, role))
            words = f"{order.index(at) + 1}{' relevant' if at in relevant else ''}"
            parts.append(picture.text(across + 7, down + 4, words))
        parts.append(picture.rect(x - 7, y - 7, 14, 14, "draft"))
        parts.append(picture.text(x - 11, y + 18, "query", anchor="end"))
        foot = 34 + (high - low) * scale + 30
        words = f"{100 * self.shares[0]:.1f} % of variance across; numbers are ranks"
        parts.append(picture.text(picture.WIDTH - 4, foot, words, anchor="end", soft=True))
        return picture.svg(foot + 12, parts, self.describe())

    def _between(self, values: Sequence[float], wide: int) -> list[float]:
        """Return what a row of each question comes to for the query between A and B, which has length 1."""
        a, b = self.question_a, self.question_b
        part, mix = 1 - self.mix, self.mix
        cosine = self.alike[a * len(self.questions) + b]
        length = math.sqrt(max(0.0, part**2 + mix**2 + 2 * part * mix * cosine)) or 1.0
        return [(part * values[a * wide + at] + mix * values[b * wide + at]) / length for at in range(wide)]

    def _home(self) -> list[float]:
        return self._between(self.spots[2 * len(self.names) :], 2)

    def _spot(self, at: int) -> tuple[float, float]:
        return self.spots[2 * at], self.spots[2 * at + 1]

    def _away(self, at: int) -> float:
        return math.dist(self._spot(at), self.place or self._home())

    def _order(self) -> list[int]:
        cosines = self.cosines()
        return sorted(range(len(cosines)), key=lambda at: (-cosines[at], at))

    @traitlets.validate("question_a", "question_b")
    def _check_question(self, proposal: Any) -> int:
        return self._whole(proposal, 0, len(self.questions) - 1)

    @traitlets.validate("mix")
    def _check_mix(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            self.refuse(f"mix must be 0 to 1, not {proposal['value']}")
        return float(proposal["value"])

    @traitlets.validate("place")
    def _check_place(self, proposal: Any) -> list[float]:
        row = [float(value) for value in proposal["value"]]
        if row and not (len(row) == _PLANE and math.hypot(*row) < 1):
            self.refuse(f"place must be empty, or two numbers less than 1 from the origin, not {row}")
        return row

    @traitlets.validate("k")
    def _check_k(self, proposal: Any) -> int:
        return self._whole(proposal, 1, min(_MOST, len(self.names)))

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> int:
        return self._whole(proposal, -1, len(self.names) - 1)

    def _whole(self, proposal: Any, start: int, end: int) -> int:
        value = int(proposal["value"])
        if not start <= value <= end:
            self.refuse(f"{proposal['trait'].name} must be {start} to {end}, not {value}")
        return value


def _judged(text: str, relevant: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Return a question as the widget sends it, or raise ValueError."""
    unknown = [name for name in relevant if name not in names]
    if unknown or not relevant:
        what = f"{unknown[0]!r} is no passage" if unknown else "none is given"
        raise ValueError(f"each question needs the names of its relevant passages; for {text!r} {what}")
    return {"text": text, "relevant": [names.index(name) for name in dict.fromkeys(relevant)]}


def _directions(rows: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return the rows brought to length 1, in 64 bits."""
    import numpy as np

    vectors = np.asarray(rows, dtype=np.float64)
    if vectors.ndim != _PLANE:
        raise ValueError(f"the {name} vectors have {vectors.ndim} dimensions; give a matrix, one vector a row")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)))
    if len(bad):
        raise ValueError(f"the vector of {name} {bad[0]} has no direction: it is zero, or not finite")
    directions: NDArray[np.float64] = vectors / lengths
    return directions
