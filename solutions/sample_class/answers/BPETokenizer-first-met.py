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
            best = max(counts, key=counts.get)
            self.merges.append(best)
            ids = self.merge(ids, best, 256 + step)

    def encode(self, text):
        ids = list(text.encode("utf-8"))
        for step, pair in enumerate(self.merges):
            ids = self.merge(ids, pair, 256 + step)
        return ids

    def decode(self, ids):
        vocab = {i: bytes([i]) for i in range(256)}
        for step, (left, right) in enumerate(self.merges):
            vocab[256 + step] = vocab[left] + vocab[right]
        if any(i not in vocab for i in ids):
            raise ValueError("unknown id")
        return b"".join(vocab[i] for i in ids).decode("utf-8", errors="replace")
