"""Which earlier tokens each head of each layer reads from: stored texts, or the reader's own with a kernel."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, Self

import traitlets

from widgets import picture
from widgets.base import Widget, as_list, stored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TOKENS = 160
MOST_CHARACTERS = 10_000
_MOST_BYTES = 4 * 2**20
#: What is measured of a head, and the words of the table.
MEASURES = {
    "previous": "token before",
    "first": "first token",
    "itself": "itself",
    "same": "same token earlier",
    "after": "what followed it",
    "entropy": "entropy, bits",
    "distance": "distance, tokens",
}
_LISTED = 6
#: A question needs at least so many tokens before the last one, and a head with so much weight on one of them.
_FEW, _HARD = 2, 0.4
_MAP, _LEFT = 260.0, 330.0
_LEVELS = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725")


@dataclass(frozen=True)
class Reading:
    """One text as a model read it.

    Attributes
    ----------
    name
        What to call it in a list.
    text, tokens
        The text, and its pieces.
    next
        The likeliest token after it, "" if not known.
    weights
        A byte for each layer, head, query and key up to the query, as `packed` makes them.
    """

    name: str
    text: str
    tokens: tuple[str, ...]
    next: str
    weights: bytes

    def row(self, head: int, query: int) -> list[float]:
        """Return what a query of a head (counted through all layers) gives to the keys 0 to query; sums to 1."""
        size = len(self.tokens)
        start = head * size * (size + 1) // 2 + query * (query + 1) // 2
        values = [step * step for step in self.weights[start : start + query + 1]]
        total = sum(values)
        return [value / total for value in values]


class Attention(Widget, script="attention"):
    """See what each head of a language model attends to.

    Every layer and head as a small map, two heads side by side in detail, and for a chosen token (the query) how much
    weight each earlier token (a key) gets. Layers, heads and tokens are counted from 0.

    Without a model it shows texts that pocket-lm read before, and needs neither torch nor a kernel. With `live`, a text
    or a model, the reader types texts, and the kernel reads them with the model.

    A weight says where a head reads from. It does not say what the head takes from there, nor whether the output would
    change without it: that depends on the values and on the later layers. Weights that differ much can lead to the same
    output (Jain and Wallace, "Attention is not Explanation", NAACL 2019).

    Parameters
    ----------
    text
        A text to read now, with `model`; at most 160 tokens.
    model
        What `pocket.load` returns for a language model, or a causal model of transformers, together with `tokenizer`.
        None stands for pocket-lm, which is loaded when it is first needed.
    tokenizer
        The tokenizer of a model of transformers.
    preset
        Which of the stored texts to show first, from 0.
    live
        Whether the reader can type texts; by default only if a text or a model is given.
    readings
        Texts that a model read, in place of the stored ones, and the numbers of layers and heads; `from_weights` makes
        them.

    Raises
    ------
    ValueError
        If the text is empty or too long, or the arguments do not go together.
    traitlets.TraitError
        If a setting is out of its range; the same when it is set later.

    Examples
    --------
    >>> Attention()
    >>> Attention("The tower of Ulm stands in Ulm.")
    """

    shared: ClassVar[tuple[str, ...]] = (
        "text", "chosen", "layer", "head", "query", "pinned", "measure",
    )  # fmt: skip

    texts = traitlets.List(traitlets.Dict()).tag(sync=True)
    """What can be shown: name, text, tokens and next of each."""
    weights = traitlets.Bytes().tag(sync=True)
    """The weights of all texts, one after the other, as `Reading.weights`."""
    layers = traitlets.Int().tag(sync=True)
    heads = traitlets.Int().tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)
    """The question that comes first, as `puzzle` makes it."""
    live = traitlets.Bool().tag(sync=True)
    """Whether there is a kernel that reads what is typed."""
    text = traitlets.Unicode().tag(sync=True)
    """The text that the reader typed; "" before."""
    chosen = traitlets.Int(0).tag(sync=True)
    """Which of the texts is shown."""
    layer = traitlets.Int(0).tag(sync=True)
    head = traitlets.Int(0).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)
    pinned = traitlets.List(traitlets.Int()).tag(sync=True)
    """Layer and head of A, which stands beside the one that is shown."""
    measure = traitlets.Unicode("previous").tag(sync=True)
    """Which number stands under each small map: a key of `MEASURES`."""

    def __init__(
        self,
        text: str | None = None,
        *,
        model: Any = None,
        tokenizer: Any = None,
        preset: int = 0,
        live: bool | None = None,
        readings: tuple[Sequence[Reading], int, int] | None = None,
    ) -> None:
        if model is not None and text is None:
            raise ValueError("give a text as well, for the model to read first")
        self._model = _reader(model, tokenizer)
        base, layers, heads = readings or _stored()
        if not 0 <= preset < len(base):
            raise ValueError(f"preset must be 0 to {len(base) - 1}, not {preset}")
        if text is not None:
            sentence = _wrong(text)
            if sentence:
                raise ValueError(sentence)
            reading, shape = self._read(text)
            base = [reading] if model is not None else [*base, reading]
            layers, heads = shape
            preset = len(base) - 1
        self._base = list(base)
        self._readings = self._base
        start = base[preset]
        super().__init__(
            texts=[_entry(each) for each in base],
            weights=b"".join(each.weights for each in base),
            layers=layers,
            heads=heads,
            asked=puzzle(start, heads),
            live=text is not None if live is None else live,
            text=text or "",
            chosen=preset,
            query=len(start.tokens) - 1,
            pinned=_steadiest(start, heads),
        )
        self.observe(self._heed, names="text")
        self.observe(self._fit, names="chosen")

    @classmethod
    def example(cls) -> Self:
        """Return the stored texts, which pocket-lm read before."""
        return cls()

    @classmethod
    def from_weights(cls, weights: Any, tokens: Any, *, name: str = "your weights") -> Self:
        """Show any causal attention weights.

        Parameters
        ----------
        weights
            Shape (layers, heads, T, T), or one such array a layer, as the `attentions` that transformers returns; a
            batch of one in front of the heads is left out. Row q holds what token q gives to each token.
        tokens
            T strings.
        name
            What to call the text.

        Raises
        ------
        ValueError
            If the shape is another, a number is not finite or below 0, a row does not sum to 1 within 0.001, there are
            more than 160 tokens, or a token attends to a later one: the widget shows causal attention only.
        """
        names = tuple(str(token) for token in as_list(tokens))
        array = check_weights(weights, names)
        reading = Reading(name, "", names, "", packed(array))
        return cls(readings=([reading], *array.shape[:2]))

    def page(self, heading: str, home: str = "") -> str:
        """Return the text of the page that `to_html` writes: there is no kernel there."""
        live = self.live
        with self.hold_sync():
            self.live = False
            try:
                return super().page(heading, home)
            finally:
                self.live = live

    def describe(self) -> str:
        """Return what the shown query of the shown head attends to."""
        reading = self._shown()
        row = reading.row(self.layer * self.heads + self.head, self.query)
        best = max(range(len(row)), key=row.__getitem__)
        return (
            f"{self.question} Layer {self.layer}, head {self.head}: token "
            f"{self.query}, {reading.tokens[self.query]!r}, gives {100 * row[best]:.0f} % of its weight to token "
            f"{best}, {reading.tokens[best]!r}. Later tokens are masked. A weight shows where a head reads from, not "
            "what matters in the end."
        )

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return the measures of all heads, as means over the queries after the first."""
        rows = []
        for place in range(self.layers * self.heads):
            found = self._measures(place)
            cells = [_words(name, found[name]) for name in MEASURES]
            rows.append([f"layer {place // self.heads}, head {place % self.heads}", *cells])
        return ["head", *MEASURES.values()], rows

    def picture(self) -> str:
        """Return the map of the shown head, and bars for what its query reads from."""
        reading = self._shown()
        place, size = self.layer * self.heads + self.head, len(reading.tokens)
        cell = _MAP / size
        squares: dict[str, list[str]] = {}
        for query in range(size):
            start = 0
            levels = (min(len(_LEVELS) - 1, int(weight * len(_LEVELS))) for weight in reading.row(place, query))
            for level, alike in groupby(levels):
                width = len(list(alike))
                squares.setdefault(_LEVELS[level], []).append(f"M{start} {query}h{width}v1h-{width}")
                start += width
        parts = [f'<g transform="translate(12 40) scale({cell:.4f})">']
        parts += [f'<path d="{"".join(each)}" fill="{colour}"/>' for colour, each in squares.items()]
        parts.append("</g>")
        mark = 40 + self.query * cell
        corners = [(12.0, mark), (12 + _MAP, mark), (12 + _MAP, mark + cell), (12.0, mark + cell), (12.0, mark)]
        parts.append(picture.line(corners, "draft", 2))
        parts.append(picture.text(12, 18, f"Layer {self.layer}, head {self.head}"))
        parts.append(picture.text(12, 34, "rows: queries, columns: keys, yellow: all of the weight", soft=True))
        parts.append(picture.text(12 + _MAP, 58, "masked: not yet written", anchor="end", soft=True))
        parts.append(picture.text(_LEFT, 18, f"from {_seen(reading.tokens[self.query])} ({self.query})"))
        row = reading.row(place, self.query)
        best = sorted(range(len(row)), key=lambda key: -row[key])[:_LISTED]
        for at, key in enumerate(best):
            y = 40 + 28 * at
            parts.append(picture.text(_LEFT + 92, y + 14, f"{_seen(reading.tokens[key])} ({key})", anchor="end"))
            parts.append(picture.rect(_LEFT + 100, y, 150 * row[key], 18))
            parts.append(picture.text(_LEFT + 106 + 150 * row[key], y + 14, f"{100 * row[key]:.0f} %"))
        return picture.svg(40 + _MAP + 12, parts, self.describe())

    def _shown(self) -> Reading:
        return self._readings[self.chosen]

    def _measures(self, place: int) -> dict[str, float]:
        reading = self._shown()
        return measures([reading.row(place, query) for query in range(len(reading.tokens))], reading.tokens)

    def _read(self, text: str) -> tuple[Reading, tuple[int, int]]:
        """Let the model read a text; pocket-lm is loaded here where no model was given."""
        if self._model is None:
            import pocket

            self._model = pocket.load("pocket-lm")
        return read(self._model, text)

    def _heed(self, change: Any) -> None:
        """Read what was typed. A text that cannot be read is said in the widget, which keeps the one before."""
        text: str = change["new"]
        if not text:
            return
        known = [each.text for each in self._readings]
        try:
            if text not in known:
                reading, _ = self._read(text)
                self._readings = [*self._base, reading]
        except Exception as error:  # too long, or anything that a model can raise: the reader sees it, not a log
            self.text = change["old"]
            self.problem = _sentence(error)
            return
        place = known.index(text) if text in known else len(self._base)
        with self.hold_sync():
            if text not in known:
                self.texts = [_entry(each) for each in self._readings]
                self.weights = b"".join(each.weights for each in self._readings)
            self.chosen = place
            self.query = len(self._readings[place].tokens) - 1

    def _fit(self, _change: object) -> None:
        self.query = min(self.query, len(self._shown().tokens) - 1)

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        text: str = proposal["value"]
        known = [each.text for each in self._readings]
        if text and text not in known:
            sentence = _wrong(text)
            if sentence:
                self.refuse(sentence)
            if not self.live:
                self.refuse("there is no model here that could read a text of your own; make the widget with live=True")
        return text

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> int:
        return self._whole("chosen", proposal["value"], len(self._readings))

    @traitlets.validate("layer")
    def _check_layer(self, proposal: Any) -> int:
        return self._whole("layer", proposal["value"], self.layers)

    @traitlets.validate("head")
    def _check_head(self, proposal: Any) -> int:
        return self._whole("head", proposal["value"], self.heads)

    @traitlets.validate("query")
    def _check_query(self, proposal: Any) -> int:
        chosen = self.chosen if self.chosen < len(self._readings) else 0
        return self._whole("query", proposal["value"], len(self._readings[chosen].tokens))

    @traitlets.validate("pinned")
    def _check_pinned(self, proposal: Any) -> list[int]:
        pinned: list[int] = proposal["value"]
        if len(pinned) != 2:  # noqa: PLR2004 - layer and head
            self.refuse(f"pinned must be a layer and a head, not {pinned}")
        return [self._whole("pinned layer", pinned[0], self.layers), self._whole("pinned head", pinned[1], self.heads)]

    @traitlets.validate("measure")
    def _check_measure(self, proposal: Any) -> str:
        if proposal["value"] not in MEASURES:
            self.refuse(f"measure must be one of {', '.join(MEASURES)}, not {proposal['value']!r}")
        return str(proposal["value"])

    def _whole(self, name: str, value: int, count: int) -> int:
        if not 0 <= value < count:
            self.refuse(f"{name} must be 0 to {count - 1}, not {value}")
        return value


def measures(rows: Sequence[Sequence[float]], tokens: Sequence[str]) -> dict[str, float]:
    """Return what is measured of one head, as `compute` in JavaScript does it.

    Parameters
    ----------
    rows
        T rows; row q has q + 1 weights that sum to 1.
    tokens
        T strings.

    Returns
    -------
    dict
        The keys of `MEASURES`. Entropy (bits), distance (tokens), and the weight on the token before, on the first one
        and on the query itself are means over the queries after the first, which has no choice. The weight on the same
        token earlier, and on the tokens that followed it, are means over the queries that have one. NaN where there is
        none.
    """
    found: dict[str, list[float]] = {name: [] for name in MEASURES}
    for query, row in enumerate(rows):
        if query == 0:
            continue
        found["entropy"].append(-sum(weight * math.log2(weight) for weight in row if weight > 0))
        found["distance"].append(sum(weight * (query - key) for key, weight in enumerate(row)))
        found["previous"].append(row[query - 1])
        found["first"].append(row[0])
        found["itself"].append(row[query])
        same = [key for key in range(query) if tokens[key] == tokens[query]]
        after = [key + 1 for key in same if key + 1 < query]
        for name, keys in (("same", same), ("after", after)):
            if keys:
                found[name].append(sum(row[key] for key in keys))
    return {name: sum(values) / len(values) if values else math.nan for name, values in found.items()}


def read(lm: Any, text: str, name: str = "your text") -> tuple[Reading, tuple[int, int]]:
    """Return a text as a model reads it, and the numbers of layers and heads.

    Parameters
    ----------
    lm
        A `pocket.LanguageModel`. Its attention is computed step by step ("eager") meanwhile: the faster ways never have
        the weights. Then it is as it was.
    text
        At most 160 tokens and 10,000 characters.
    name
        What to call the text.

    Raises
    ------
    ValueError
        If the text is empty or too long, or the model has no causal attention weights.
    """
    import torch

    sentence = _wrong(text)
    if sentence:
        raise ValueError(sentence)
    ids = lm.encode(text)
    most = min(MOST_TOKENS, lm.context)
    if not 1 <= len(ids) <= most:
        raise ValueError(f"the text has {len(ids)} tokens; 1 to {most} can be shown")
    model = lm.model
    before, training = getattr(model.config, "_attn_implementation", None), model.training
    model.set_attn_implementation("eager")
    model.eval()
    try:
        with torch.no_grad():
            batch = torch.tensor([ids], device=lm.device)  # (1, T)
            out = model(input_ids=batch, output_attentions=True, use_cache=False)
    finally:
        model.set_attn_implementation(before)
        model.train(training)
    tokens = tuple(_piece(lm.tokenizer, number) for number in ids)
    array = check_weights(out.attentions, tokens)
    follows = _piece(lm.tokenizer, int(out.logits[0, -1].argmax()))
    layers, heads = array.shape[:2]
    return Reading(name, text, tokens, follows, packed(array)), (layers, heads)


def check_weights(weights: Any, tokens: Sequence[str]) -> NDArray[np.float64]:
    """Return attention weights as an array (layers, heads, T, T), or raise ValueError with what is wrong with them."""
    import numpy as np

    try:
        layers = [_as_array(layer) for layer in weights]
        array = np.stack([layer[0] if layer.ndim == 4 and len(layer) == 1 else layer for layer in layers])  # noqa: PLR2004
    except (TypeError, ValueError) as error:
        raise ValueError(f"the weights are not numbers of shape (layers, heads, T, T): {error}") from error
    if array.ndim != 4 or array.shape[2] != array.shape[3]:  # noqa: PLR2004 - layers, heads, T, T
        raise ValueError(f"the weights have the shape {array.shape}; expected (layers, heads, T, T), for one text")
    size = len(tokens)
    if array.shape[2] != size or 0 in array.shape:
        raise ValueError(f"there are {size} tokens but the weights have the shape {array.shape}; give one name a token")
    if size > MOST_TOKENS:
        raise ValueError(f"there are {size} tokens; at most {MOST_TOKENS} can be shown")
    if not np.isfinite(array).all() or (array < 0).any():
        raise ValueError("a weight is below 0 or not finite; give attention weights after the softmax")
    if np.triu(array, 1).any():
        raise ValueError("a token attends to a later one; this widget shows causal attention only")
    off = np.abs(array.sum(-1) - 1)
    if off.max() > 1e-3:  # noqa: PLR2004
        layer, head, query = np.unravel_index(int(off.argmax()), off.shape)
        total = array[layer, head, query].sum()
        raise ValueError(f"the weights of layer {layer}, head {head}, token {query} sum to {total:.4f}, not 1")
    count = array.shape[0] * array.shape[1]
    if count * size * (size + 1) // 2 > _MOST_BYTES:
        raise ValueError(f"{count} heads of {size} tokens are too many for a page; give fewer layers or a shorter text")
    return array


def packed(array: NDArray[np.float64]) -> bytes:
    """Return the lower triangles of (layers, heads, T, T), row after row, a byte a weight.

    A byte is 255 times the square root of the weight over the largest of its row: so a weight of 0.0001 beside one of 1
    is not lost, and no weight is off by more than 0.005.
    """
    import numpy as np

    steps = np.rint(255 * np.sqrt(array / array.max(-1, keepdims=True)))
    below: NDArray[np.float64] = steps[:, :, *np.tril_indices(array.shape[-1])]  # (layers, heads, T (T + 1) / 2)
    return below.astype(np.uint8).tobytes()


def puzzle(reading: Reading, heads: int) -> dict[str, Any]:
    """Return a question about the last token, its choices, the right one and why, and the head that it is about.

    The head is the one that looks hardest at what followed the same token before, or else at any one other token. Empty
    where none looks hard at one.
    """
    tokens, last = reading.tokens, len(reading.tokens) - 1
    same = [key for key in range(last) if tokens[key] == tokens[last]]
    found = (0.0, 0, 0, 0.0)
    for place in range(len(reading.weights) // ((last + 1) * (last + 2) // 2)):
        row = reading.row(place, last)
        key = max(range(len(row)), key=row.__getitem__)
        value = 0.0 if key == last or row[key] < _HARD else row[key] + (key - 1 in same)
        found = max(found, (value, place, key, row[key]), key=lambda each: each[0])
    value, place, key, weight = found
    if last < _FEW or not value:
        return {}
    called = [f"“{_seen(token, 12)}” ({at})" for at, token in enumerate(tokens)]
    why = "Many heads rest on the first token when they find nothing to fetch."
    if key - 1 in same:
        why = f"It followed {called[key - 1]}, the same token as the last one. A head that finds what came next last "
        why += "time can copy it. It is called an induction head."
    elif key:
        why = f"It stands {last - key} before the last token."
    follows = f", and the model goes on with “{_seen(reading.next, 12)}”" if reading.next else ""
    return {
        "place": place,
        "question": f"The text ends with {called[last]}{follows}. There layer {place // heads}, head {place % heads} "
        f"gives {100 * weight:.0f} % of its attention to one token. Which?",
        "choices": [called[at] for at in sorted({0, *same[-1:], key, last // 2, last - 1, last})],
        "right": called[key],
        "why": why,
    }


def _stored() -> tuple[list[Reading], int, int]:
    """Return the texts that pocket-lm read before, and its numbers of layers and heads."""
    data = stored("attention")
    readings = [
        Reading(each["name"], each["text"], tuple(each["tokens"]), each["next"], base64.b64decode(each["weights"]))
        for each in data["texts"]
    ]
    return readings, data["layers"], data["heads"]


def _reader(model: Any, tokenizer: Any) -> Any:
    """Return a `pocket.LanguageModel` of whatever model is given, or None."""
    if model is None or hasattr(model, "encode"):
        if tokenizer is not None:
            raise ValueError("a tokenizer goes with a model of transformers; what pocket.load returns has its own")
        return model
    if tokenizer is None:
        raise ValueError("give the tokenizer as well: Attention(text, model=model, tokenizer=tokenizer)")
    from pocket.language import LanguageModel

    context = getattr(model.config, "max_position_embeddings", None) or MOST_TOKENS
    return LanguageModel(type(model).__name__, model, tokenizer, context, frozenset())


def _steadiest(reading: Reading, heads: int) -> list[int]:
    """Return layer and head of the one that gives most weight to the query itself: dull, so a good first A."""
    size = len(reading.tokens)
    count = len(reading.weights) // (size * (size + 1) // 2)
    best = max(range(count), key=lambda place: sum(reading.row(place, query)[query] for query in range(size)))
    return list(divmod(best, heads))


def _entry(reading: Reading) -> dict[str, Any]:
    """Return what the browser must know of a reading, next to its weights."""
    entry = asdict(reading)
    del entry["weights"]
    return {**entry, "tokens": list(reading.tokens)}


def _as_array(layer: Any) -> NDArray[np.float64]:
    import numpy as np

    if hasattr(layer, "detach"):
        layer = layer.detach().float().cpu().numpy()
    return np.asarray(layer, dtype=np.float64)


def _piece(tokenizer: Any, number: int) -> str:
    """Return a token as text; sentencepiece marks a space that its decoding of one token would drop."""
    raw = str(tokenizer.convert_ids_to_tokens(number))
    return raw.replace("▁", " ") if "▁" in raw else str(tokenizer.decode([number]))


def _wrong(text: str) -> str:
    """Return what is wrong with a text, or nothing."""
    if not text.strip():
        return "the text is empty; type a few words"
    if len(text) > MOST_CHARACTERS:
        return f"the text has {len(text)} characters; at most {MOST_TOKENS} tokens can be shown, about a paragraph"
    return ""


def _sentence(error: Exception) -> str:
    """Return an error as a sentence for the reader."""
    said = str(error).strip() or type(error).__name__
    return f"{said[0].upper()}{said[1:].rstrip('.')}. The last good picture stays."


def _seen(token: str, room: int = 9) -> str:
    """Return a token as `visible` in JavaScript shows it."""
    text = token.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") or "(empty)"
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _words(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if name in {"entropy", "distance"} else f"{100 * value:.1f} %"
