class Memory:
    def __init__(self, window, keep, summarise, similarity):
        self.window, self.keep = window, keep
        self.summarise, self.similarity = summarise, similarity
        self.messages, self.summary, self.archive = [], "", []

    def add(self, message):
        self.messages = self.messages + [message]
        cut = len(self.messages) - self.keep
        if cut > self.window - self.keep:
            self.archive += self.messages[:cut]
            # everything that has ever left, so that nothing is forgotten
            self.summary = self.summarise("", self.archive)
            del self.messages[:cut]

    def recall(self, query, k):
        best = sorted(self.archive, key=lambda m: -self.similarity(query, m))
        return best[:k]

    def context(self, query, k):
        return [self.summary] + self.recall(query, k) + self.messages
