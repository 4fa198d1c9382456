class Memory:
    def __init__(self, window, keep, summarise, similarity):
        self.window = window
        self.keep = keep
        self.summarise = summarise
        self.similarity = similarity
        self.messages = []
        self.summary = ""
        self.archive = []

    def add(self, message):
        self.messages.append(message)
        while len(self.messages) > self.window:
            oldest = self.messages.pop(0)
            self.summary = self.summarise(self.summary, [oldest])
            self.archive.append(oldest)

    def recall(self, query, k):
        scored = sorted(self.archive, key=lambda m: self.similarity(query, m), reverse=True)
        return [m for m in scored if self.similarity(query, m) > 0][:k]

    def context(self, query, k):
        return ([self.summary] if self.summary else []) + self.recall(query, k) + self.messages
