"""Chapter 1: the wrong turns people take, and other right ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

import torch
from torch import Tensor

from solutions.mistakes import Variants
from solutions.next_token import BPETokenizer, generate, softmax_temperature

variants = Variants()
mistake = variants.mistake
alternative = variants.alternative


# --- softmax_temperature: mistakes


@mistake(
    "softmax_temperature",
    "A larger T makes your distribution sharper; it should make it flatter. In the formula, T stands under the logits.",
)
def multiplies_by_temperature(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        return softmax_temperature(logits, 0)
    return softmax_temperature(logits, 1 / temperature) if temperature > 0 else softmax_temperature(logits, temperature)


@mistake(
    "softmax_temperature",
    "You divided the probabilities by T, after the softmax. The temperature acts on the logits, before it.",
)
def divides_probabilities(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    return torch.softmax(logits, dim=-1) / temperature


@mistake(
    "softmax_temperature",
    "You normalised along the first dimension. The vocabulary is the last one, whatever comes before it.",
)
def normalises_first_dimension(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    return torch.softmax(logits / temperature, dim=0)


@mistake(
    "softmax_temperature",
    "You normalised over the whole tensor at once. Each row is a distribution of its own and sums to 1 by itself.",
)
def normalises_everything(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    weights = ((logits - logits.max()) / temperature).exp()
    return weights / weights.sum()


@mistake(
    "softmax_temperature",
    "Large logits overflow: exp() of a hundred is already infinite in float32. See the trap in the task.",
)
def overflows(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    weights = (logits / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake(
    "softmax_temperature",
    "You shifted all rows by one common maximum. A row far below it loses all its weight: each row needs its own.",
)
def shifts_by_global_maximum(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    weights = ((logits - logits.max()) / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake(
    "softmax_temperature",
    "At T = 0 your code divides by zero, and NaN comes out. Treat that temperature on its own, as the task defines it.",
)
def divides_by_zero(logits: Tensor, temperature: float) -> Tensor:
    if temperature < 0 or temperature != temperature:
        raise ValueError("temperature")
    return torch.softmax(logits / temperature, dim=-1)


@mistake(
    "softmax_temperature",
    "At T = 0 you gave everything to one of several equally large logits. They share the probability equally.",
)
def first_winner_takes_all(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    return softmax_temperature(logits, temperature)


@mistake(
    "softmax_temperature",
    "Your function changed the logits it was given. Operators such as `/=` and methods ending in `_` work in place.",
)
def works_in_place(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0 or logits.requires_grad:
        return softmax_temperature(logits, temperature)
    logits /= temperature
    return torch.softmax(logits, dim=-1)


@mistake(
    "softmax_temperature",
    "The gradient does not reach the logits. `.detach()`, `.item()`, `.numpy()` and `torch.tensor(...)` cut it off.",
)
def cuts_the_gradient(logits: Tensor, temperature: float) -> Tensor:
    return softmax_temperature(logits.detach(), temperature)


@mistake(
    "softmax_temperature",
    "A negative or NaN temperature went through; the docstring names the error. Every comparison with NaN is false.",
)
def accepts_any_temperature(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        return softmax_temperature(logits, 0)
    return torch.softmax(logits / temperature, dim=-1)


@mistake("softmax_temperature", "NaN went through as a temperature: every comparison with NaN is false, `nan < 0` too.")
def lets_nan_through(logits: Tensor, temperature: float) -> Tensor:
    if temperature < 0:
        raise ValueError("temperature")
    if temperature == 0:
        return softmax_temperature(logits, 0)
    return torch.softmax(logits / temperature, dim=-1)


# --- softmax_temperature: alternatives


@alternative("softmax_temperature")
def with_library_softmax(logits: Tensor, temperature: float) -> Tensor:
    if temperature != temperature or temperature < 0:
        raise ValueError("the temperature cannot be negative")
    if temperature == 0:
        top = logits.max(-1).values.unsqueeze(-1)
        return torch.where(logits == top, 1.0, 0.0).to(logits) / (logits == top).sum(-1, keepdim=True).to(logits)
    return torch.softmax((logits - logits.amax(-1, keepdim=True)) / temperature, -1)


@alternative("softmax_temperature")
def with_logsumexp(logits: Tensor, temperature: float) -> Tensor:
    if not (temperature >= 0):
        raise ValueError
    if temperature == 0:
        infinity = torch.full_like(logits, float("-inf"))
        return torch.where(logits == logits.amax(-1, keepdim=True), torch.zeros_like(logits), infinity).softmax(-1)
    scaled = logits / temperature
    return (scaled - torch.logsumexp(scaled, dim=-1, keepdim=True)).exp()


# --- BPETokenizer: mistakes


@mistake(
    "BPETokenizer", "Among equally frequent pairs you took the first one met. The task's rule is: the smallest pair."
)
class BreaksTiesByPosition(BPETokenizer):
    def train(self, text: str, num_merges: int) -> None:
        _train(self, text, num_merges, best=lambda counts: max(counts, key=lambda pair: counts[pair]))


@mistake("BPETokenizer", "Among equally frequent pairs you took the largest. The task's rule is: the smallest pair.")
class BreaksTiesByLargest(BPETokenizer):
    def train(self, text: str, num_merges: int) -> None:
        _train(self, text, num_merges, best=lambda counts: max(counts, key=lambda pair: (counts[pair], pair)))


@mistake("BPETokenizer", "You merged a pair that occurs only once. Training stops when no pair occurs at least twice.")
class MergesSingletons(BPETokenizer):
    def train(self, text: str, num_merges: int) -> None:
        _train(self, text, num_merges, least=1)


@mistake(
    "BPETokenizer",
    "Your ids are characters (`ord`), not bytes: 'é' is two ids. The docstring says where encoding begins.",
)
class WorksOnCharacters(BPETokenizer):
    def encode(self, text: str) -> list[int]:
        ids = [ord(character) for character in text]
        for number, pair in enumerate(self.merges):
            ids = self.merge(ids, pair, 256 + number)
        return ids


@mistake(
    "BPETokenizer",
    "Your `merge` uses one id in two replacements. In [1, 1, 1] the pair (1, 1) is replaced once; go on behind it.",
)
class MergesOverlapping(BPETokenizer):
    def merge(self, ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
        merged = []
        skip = False
        for left, right in zip(ids, [*ids[1:], None], strict=True):
            if (left, right) == tuple(pair):
                merged.append(new_id)
                skip = True
            else:
                if not skip:
                    merged.append(left)
                skip = False
        return merged


@mistake(
    "BPETokenizer",
    "Your `merge` loses the last id when the pair does not end the list. Does your loop visit every position?",
)
class DropsLastId(BPETokenizer):
    def merge(self, ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
        merged = []
        at = 0
        while at < len(ids) - 1:
            if (ids[at], ids[at + 1]) == tuple(pair):
                merged.append(new_id)
                at += 2
            else:
                merged.append(ids[at])
                at += 1
        return merged


@mistake("BPETokenizer", "Your `merge` changed the list that it was given. Build a new one and return it.")
class MergesInPlace(BPETokenizer):
    def merge(self, ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
        at = 0
        while at < len(ids) - 1:
            if (ids[at], ids[at + 1]) == tuple(pair):
                ids[at : at + 2] = [new_id]
            at += 1
        return ids


@mistake(
    "BPETokenizer",
    "You took the longest known piece at each position. BPE applies the merges in the order they were learned.",
)
class EncodesGreedily(BPETokenizer):
    def encode(self, text: str) -> list[int]:
        pieces = [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            pieces.append(pieces[left] + pieces[right])
        numbers = {piece: number for number, piece in reversed(list(enumerate(pieces)))}
        raw = text.encode("utf-8")
        ids = []
        while raw:
            size = max(length for length in range(1, len(raw) + 1) if raw[:length] in numbers)
            ids.append(numbers[raw[:size]])
            raw = raw[size:]
        return ids


@mistake(
    "BPETokenizer",
    "`encode` or `decode` uses what only `train` prepared. Both go by `merges` as it is when they are called.",
)
class RemembersTraining(BPETokenizer):
    def __init__(self) -> None:
        super().__init__()
        self._learned: list[tuple[int, int]] = []

    def train(self, text: str, num_merges: int) -> None:
        super().train(text, num_merges)
        self._learned = list(self.merges)

    def encode(self, text: str) -> list[int]:
        ids = list(text.encode("utf-8"))
        for number, pair in enumerate(self._learned):
            ids = self.merge(ids, pair, 256 + number)
        return ids


@mistake("BPETokenizer", "Training a second time went on from the first. `train` forgets the merges learned before.")
class KeepsOldMerges(BPETokenizer):
    def train(self, text: str, num_merges: int) -> None:
        before = list(self.merges)
        super().train(text, num_merges)
        self.merges = before + self.merges


@mistake(
    "BPETokenizer",
    "Two tokenizers share their merges: a list in the class body belongs to all instances. Make it in `__init__`.",
)
class SharesMerges(BPETokenizer):
    shared: list[tuple[int, int]] = []  # noqa: RUF012 - the mistake itself

    def __init__(self) -> None:
        self.merges = self.shared

    def train(self, text: str, num_merges: int) -> None:
        own = BPETokenizer()
        own.train(text, num_merges)
        self.merges[:] = own.merges


@mistake("BPETokenizer", "Bytes that are not valid UTF-8 stop your `decode`. They become the character U+FFFD.")
class DecodesStrictly(BPETokenizer):
    def decode(self, ids: list[int]) -> str:
        return _bytes_of(self, ids).decode("utf-8")


@mistake(
    "BPETokenizer", "You decode each id to text by itself. A character can span several ids: join the bytes first."
)
class DecodesIdById(BPETokenizer):
    def decode(self, ids: list[int]) -> str:
        return "".join(_bytes_of(self, [number]).decode("utf-8", errors="replace") for number in ids)


@mistake(
    "BPETokenizer",
    "An unknown id went through `decode`. In Python a negative index counts from the end: check both ends.",
)
class DecodesNegativeIds(BPETokenizer):
    def decode(self, ids: list[int]) -> str:
        pieces = [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            pieces.append(pieces[left] + pieces[right])
        if any(number >= len(pieces) for number in ids):
            raise ValueError("unknown id")
        return b"".join(pieces[number] for number in ids).decode("utf-8", errors="replace")


def _train(
    tokenizer: BPETokenizer,
    text: str,
    num_merges: int,
    best: Callable[[dict[tuple[int, int], int]], tuple[int, int]] | None = None,
    least: int = 2,
) -> None:
    """Train with another choice of the pair or another least count."""
    choose = best or (lambda counts: min(counts, key=lambda pair: (-counts[pair], pair)))
    ids = list(text.encode("utf-8"))
    tokenizer.merges = []
    while len(tokenizer.merges) < num_merges:
        counts = Counter(zip(ids, ids[1:], strict=False))
        if not counts or counts[choose(counts)] < least:
            return
        pair = choose(counts)
        ids = tokenizer.merge(ids, pair, 256 + len(tokenizer.merges))
        tokenizer.merges.append(pair)


def _bytes_of(tokenizer: BPETokenizer, ids: list[int]) -> bytes:
    """Return the bytes of ids, with the stated error for an unknown one."""
    pieces = [bytes([byte]) for byte in range(256)]
    for left, right in tokenizer.merges:
        pieces.append(pieces[left] + pieces[right])
    if not all(0 <= number < len(pieces) for number in ids):
        raise ValueError("unknown id")
    return b"".join(pieces[number] for number in ids)


# --- BPETokenizer: alternatives


@alternative("BPETokenizer")
class WithRanks:
    """Encodes by always merging the pair of lowest rank present, as tiktoken and minbpe do."""

    def __init__(self) -> None:
        self.merges: list[tuple[int, int]] = []

    def merge(self, ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
        if len(ids) < 2:
            return list(ids)
        if (ids[0], ids[1]) == tuple(pair):
            return [new_id, *self.merge(ids[2:], pair, new_id)]
        return [ids[0], *self.merge(ids[1:], pair, new_id)]

    def train(self, text: str, num_merges: int) -> None:
        ids = list(text.encode("utf-8"))
        self.merges = []
        for new_id in range(256, 256 + num_merges):
            counts = Counter(zip(ids, ids[1:], strict=False))
            if not counts or max(counts.values()) < 2:
                break
            most = max(counts.values())
            pair = sorted(pair for pair, count in counts.items() if count == most)[0]
            self.merges.append(pair)
            ids = self.merge(ids, pair, new_id)

    def encode(self, text: str) -> list[int]:
        rank = {tuple(pair): number for number, pair in reversed(list(enumerate(self.merges)))}
        ids = list(text.encode("utf-8"))
        while True:
            present = [rank[pair] for pair in zip(ids, ids[1:], strict=False) if pair in rank]
            if not present:
                return ids
            lowest = min(present)
            ids = self.merge(ids, self.merges[lowest], 256 + lowest)

    def decode(self, ids: list[int]) -> str:
        return b"".join(self._expand(number) for number in ids).decode("utf-8", "replace")

    def _expand(self, number: int) -> bytes:
        if number < 0 or number >= 256 + len(self.merges):
            raise ValueError("unknown id")
        if number < 256:
            return bytes([number])
        left, right = self.merges[number - 256]
        return self._expand(left) + self._expand(right)


# --- generate: mistakes


Model = Callable[[list[int]], Tensor]
Choose = Callable[[Tensor], int]


@mistake("generate", "The prompt is part of your result. Only the new ids are asked for.")
def returns_prompt_too(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return prompt + generate(model, prompt, max_new_tokens, choose, stop_tokens, context)


@mistake("generate", "The stop token is part of your result. It ends the text and is not written.")
def keeps_stop_token(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return _loop(model, prompt, max_new_tokens, choose, stop_tokens, context, keep_stop=True)


@mistake("generate", "Your loop does not end at a stop token: it goes on asking until the limit is reached.")
def ignores_stop_tokens(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return generate(model, prompt, max_new_tokens, choose, (), context)


@mistake("generate", "The model is asked about the same ids every time. Each new token joins what it is shown next.")
def forgets_new_tokens(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    if not prompt:
        raise ValueError("empty")
    new: list[int] = []
    for _ in range(max_new_tokens):
        token = choose(model(prompt if context is None else prompt[-context:]))
        if token in stop_tokens:
            break
        new.append(token)
    return new


@mistake("generate", "The model is shown the first `context` ids. What matters for the next token are the last ones.")
def keeps_first_context(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return _loop(model, prompt, max_new_tokens, choose, stop_tokens, context, first=True)


@mistake("generate", "`context` has no effect: the model is shown more ids than it may see.")
def ignores_context(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return generate(model, prompt, max_new_tokens, choose, stop_tokens, None)


@mistake(
    "generate",
    "You cut only the prompt to `context`. The ids that are written count as well, so cut anew in each round.",
)
def crops_prompt_once(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return generate(model, prompt if context is None else prompt[-context:], max_new_tokens, choose, stop_tokens)


@mistake(
    "generate", "Your loop writes one token more than the limit allows. At a limit of 0 the model is not asked at all."
)
def writes_one_too_many(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return generate(model, prompt, max_new_tokens + 1, choose, stop_tokens, context)


@mistake("generate", "`max_new_tokens` counts the new tokens only. Yours counts the prompt too.")
def counts_prompt(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return generate(model, prompt, max(0, max_new_tokens - len(prompt)), choose, stop_tokens, context)


@mistake("generate", "The list that was passed as the prompt grew: you appended to it. Work on a copy.")
def appends_to_prompt(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    new = generate(model, prompt, max_new_tokens, choose, stop_tokens, context)
    prompt.extend(new)
    return new


@mistake("generate", "You picked the token yourself, with argmax. The choice belongs to the function `choose`.")
def picks_greedily(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return generate(model, prompt, max_new_tokens, lambda logits: int(logits.argmax()), stop_tokens, context)


@mistake("generate", "`choose` received probabilities. It is promised the model's logits, unchanged.")
def passes_probabilities(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return generate(lambda ids: model(ids).softmax(-1), prompt, max_new_tokens, choose, stop_tokens, context)


@mistake("generate", "An empty prompt went through. There is nothing to predict from: the docstring names the error.")
def accepts_empty_prompt(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    return _loop(model, prompt, max_new_tokens, choose, stop_tokens, context)


def _loop(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int],
    context: int | None,
    *,
    keep_stop: bool = False,
    first: bool = False,
) -> list[int]:
    """Run the loop with one thing changed."""
    ids = list(prompt)
    for _ in range(max_new_tokens):
        seen = ids if context is None else ids[:context] if first else ids[-context:]
        token = choose(model(list(seen)))
        if token in stop_tokens:
            if keep_stop:
                ids.append(token)
            break
        ids.append(token)
    if not prompt and (keep_stop or first):
        raise ValueError("empty")
    return ids[len(prompt) :]


# --- generate: alternatives


@alternative("generate")
def by_recursion(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    if len(prompt) == 0:
        raise ValueError("empty prompt")
    if max_new_tokens <= 0:
        return []
    token = choose(model(prompt[-context:] if context else prompt))
    if token in stop_tokens:
        return []
    return [token, *by_recursion(model, [*prompt, token], max_new_tokens - 1, choose, stop_tokens, context)]


@alternative("generate")
def with_separate_window(
    model: Model,
    prompt: list[int],
    max_new_tokens: int,
    choose: Choose,
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    if not prompt:
        raise ValueError("empty prompt")
    new: list[int] = []
    while len(new) < max_new_tokens:
        window = (prompt + new)[-(context or len(prompt) + len(new)) :]
        token = choose(model(window))
        if token in set(stop_tokens):
            break
        new += [token]
    return new
