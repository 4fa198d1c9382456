class BPETokenizer:
    def __init__(self) -> None:
        self.merges: list[tuple[int, int]] = []

    def merge(self, ids, pair, new_id):
        out, at = [], 0
        while at < len(ids):
            if tuple(ids[at : at + 2]) == tuple(pair):
                out.append(new_id)
                at += 2
            else:
                out.append(ids[at])
                at += 1
        return out

    def train(self, text, num_merges):
        ids = list(text.encode("utf-8"))
        self.merges = []
        for step in range(num_merges):
            counts = {}
            for pair in zip(ids, ids[1:]):
                counts[pair] = counts.get(pair, 0) + 1
            if not counts or max(counts.values()) < 2:
                return
            best = min(counts, key=lambda pair: (-counts[pair], pair))
            self.merges.append(best)
            ids = self.merge(ids, best, 256 + step)

    def _vocab(self):
        vocab = {i: bytes([i]) for i in range(256)}
        for step, (left, right) in enumerate(self.merges):
            vocab[256 + step] = vocab[left] + vocab[right]
        return vocab

    def encode(self, text):
        pieces = {}
        for number, piece in self._vocab().items():
            pieces.setdefault(piece, number)
        raw, ids = text.encode("utf-8"), []
        while raw:
            size = len(raw)
            while raw[:size] not in pieces:
                size -= 1
            ids.append(pieces[raw[:size]])
            raw = raw[size:]
        return ids

    def decode(self, ids):
        vocab = self._vocab()
        for i in ids:
            if i not in vocab:
                raise ValueError("unknown id")
        return b"".join(vocab[i] for i in ids).decode("utf-8", errors="replace")
