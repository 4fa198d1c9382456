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
        if self.window < len(self.messages):
            old = self.messages[:len(self.messages) - self.keep]
            self.messages = self.messages[len(old):]
            self.summary = self.summarise(self.summary, old)
            self.archive = self.archive + old

    def recall(self, query, k):
        raise NotImplementedError

    def context(self, query, k):
        raise NotImplementedError
