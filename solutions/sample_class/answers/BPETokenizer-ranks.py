from collections import Counter


class BPETokenizer:
    def __init__(self):
        self.merges = []

    def merge(self, ids, pair, new_id):
        out = []
        for number in ids:
            out.append(number)
            # `locked` keeps a fresh id from being merged again in the same pass
            if len(out) > 1 and (out[-2], out[-1]) == tuple(pair) and len(out) - 2 not in self._locked(out, new_id):
                out[-2:] = [new_id]
        return out

    def _locked(self, out, new_id):
        return {place for place, number in enumerate(out) if number == new_id}

    def train(self, text, num_merges):
        self.merges = []
        ids = list(text.encode())
        for number in range(num_merges):
            counts = Counter(zip(ids, ids[1:]))
            top = max(counts.values(), default=0)
            if top < 2:
                break
            pair = min(pair for pair in counts if counts[pair] == top)
            self.merges.append(pair)
            ids = self.merge(ids, pair, 256 + number)

    def encode(self, text):
        ids = list(text.encode())
        ranks = {tuple(pair): rank for rank, pair in enumerate(self.merges)}
        while True:
            known = [pair for pair in zip(ids, ids[1:]) if pair in ranks]
            if not known:
                return ids
            pair = min(known, key=ranks.get)
            ids = self.merge(ids, pair, 256 + ranks[pair])

    def decode(self, ids):
        def expand(number):
            if not 0 <= number < 256 + len(self.merges):
                raise ValueError(f"unknown id {number}")
            if number < 256:
                return bytes([number])
            left, right = self.merges[number - 256]
            return expand(left) + expand(right)

        return b"".join(map(expand, ids)).decode("utf-8", errors="replace")
