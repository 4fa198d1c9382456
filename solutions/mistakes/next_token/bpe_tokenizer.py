"""The byte-pair tokenizer: mistakes, and other right ways."""

from collections import Counter

from solutions.mistakes import Variants
from solutions.next_token import BPETokenizer

variants = Variants("BPETokenizer")
mistake, alternative = variants.mistake, variants.alternative


@mistake("Among equally frequent pairs you took the first one met. The task's rule is: the smallest pair.")
class BreaksTiesByPosition(BPETokenizer):
    def train(self, text, num_merges):
        _train(self, text, num_merges, best=lambda counts: max(counts, key=lambda pair: counts[pair]))


@mistake("Among equally frequent pairs you took the largest. The task's rule is: the smallest pair.")
class BreaksTiesByLargest(BPETokenizer):
    def train(self, text, num_merges):
        _train(self, text, num_merges, best=lambda counts: max(counts, key=lambda pair: (counts[pair], pair)))


@mistake("You merged a pair that occurs only once. Training stops when no pair occurs at least twice.")
class MergesSingletons(BPETokenizer):
    def train(self, text, num_merges):
        _train(self, text, num_merges, least=1)


@mistake(
    "Your ids are characters (`ord`), not bytes: 'é' is two ids. The docstring says where encoding begins.",
)
class WorksOnCharacters(BPETokenizer):
    def encode(self, text):
        ids = [ord(character) for character in text]
        for number, pair in enumerate(self.merges):
            ids = self.merge(ids, pair, 256 + number)
        return ids


@mistake(
    "Your `merge` uses one id in two replacements. In [1, 1, 1] the pair (1, 1) is replaced once; go on behind it.",
)
class MergesOverlapping(BPETokenizer):
    def merge(self, ids, pair, new_id):
        merged = []
        skip = False
        for left, right in zip(ids, [*ids[1:], None], strict=False):
            if (left, right) == tuple(pair):
                merged.append(new_id)
                skip = True
            else:
                if not skip:
                    merged.append(left)
                skip = False
        return merged


@mistake(
    "Your `merge` loses the last id when the pair does not end the list. Does your loop visit every position?",
)
class DropsLastId(BPETokenizer):
    def merge(self, ids, pair, new_id):
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


@mistake("Your `merge` changed the list that it was given. Build a new one and return it.")
class MergesInPlace(BPETokenizer):
    def merge(self, ids, pair, new_id):
        at = 0
        while at < len(ids) - 1:
            if (ids[at], ids[at + 1]) == tuple(pair):
                ids[at : at + 2] = [new_id]
            at += 1
        return ids


@mistake(
    "You took the longest known piece at each position. BPE applies the merges in the order they were learned.",
)
class EncodesGreedily(BPETokenizer):
    def encode(self, text):
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
    "`encode` or `decode` uses what only `train` prepared. Both go by `merges` as it is when they are called.",
)
class RemembersTraining(BPETokenizer):
    def __init__(self):
        super().__init__()
        self._learned = []

    def train(self, text, num_merges):
        super().train(text, num_merges)
        self._learned = list(self.merges)

    def encode(self, text):
        ids = list(text.encode("utf-8"))
        for number, pair in enumerate(self._learned):
            ids = self.merge(ids, pair, 256 + number)
        return ids


@mistake("Training a second time went on from the first. `train` forgets the merges learned before.")
class KeepsOldMerges(BPETokenizer):
    def train(self, text, num_merges):
        before = list(self.merges)
        super().train(text, num_merges)
        self.merges = before + self.merges


@mistake(
    "Two tokenizers share their merges: a list in the class body belongs to all instances. Make it in `__init__`.",
)
class SharesMerges(BPETokenizer):
    shared = []  # noqa: RUF012 - the mistake itself

    def __init__(self):
        self.merges = self.shared

    def train(self, text, num_merges):
        own = BPETokenizer()
        own.train(text, num_merges)
        self.merges[:] = own.merges


@mistake("Bytes that are not valid UTF-8 stop your `decode`. They become the character U+FFFD.")
class DecodesStrictly(BPETokenizer):
    def decode(self, ids):
        return _bytes_of(self, ids).decode("utf-8")


@mistake("You decode each id to text by itself. A character can span several ids: join the bytes first.")
class DecodesIdById(BPETokenizer):
    def decode(self, ids):
        return "".join(_bytes_of(self, [number]).decode("utf-8", errors="replace") for number in ids)


@mistake(
    "An unknown id went through `decode`. In Python a negative index counts from the end: check both ends.",
)
class DecodesNegativeIds(BPETokenizer):
    def decode(self, ids):
        pieces = [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            pieces.append(pieces[left] + pieces[right])
        if any(number >= len(pieces) for number in ids):
            raise ValueError("unknown id")
        return b"".join(pieces[number] for number in ids).decode("utf-8", errors="replace")


def _train(tokenizer, text, num_merges, best=None, least=2):
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


def _bytes_of(tokenizer, ids):
    """Return the bytes of ids, with the stated error for an unknown one."""
    pieces = [bytes([byte]) for byte in range(256)]
    for left, right in tokenizer.merges:
        pieces.append(pieces[left] + pieces[right])
    if not all(0 <= number < len(pieces) for number in ids):
        raise ValueError("unknown id")
    return b"".join(pieces[number] for number in ids)


@alternative
class WithRanks:
    """Encodes by always merging the pair of lowest rank present, as tiktoken and minbpe do."""

    def __init__(self):
        self.merges = []

    def merge(self, ids, pair, new_id):
        if len(ids) < 2:
            return list(ids)
        if (ids[0], ids[1]) == tuple(pair):
            return [new_id, *self.merge(ids[2:], pair, new_id)]
        return [ids[0], *self.merge(ids[1:], pair, new_id)]

    def train(self, text, num_merges):
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

    def encode(self, text):
        rank = {tuple(pair): number for number, pair in reversed(list(enumerate(self.merges)))}
        ids = list(text.encode("utf-8"))
        while True:
            present = [rank[pair] for pair in zip(ids, ids[1:], strict=False) if pair in rank]
            if not present:
                return ids
            lowest = min(present)
            ids = self.merge(ids, self.merges[lowest], 256 + lowest)

    def decode(self, ids):
        return b"".join(self._expand(number) for number in ids).decode("utf-8", "replace")

    def _expand(self, number):
        if number < 0 or number >= 256 + len(self.merges):
            raise ValueError("unknown id")
        if number < 256:
            return bytes([number])
        left, right = self.merges[number - 256]
        return self._expand(left) + self._expand(right)
