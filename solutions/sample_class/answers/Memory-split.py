class Memory:
    def __init__(self, window, keep, summarise, similarity):
        self.size = window
        self.rest = keep
        self.summarise = summarise
        self.similarity = similarity
        self.messages, self.archive, self.summary = [], [], ""

    def add(self, message):
        self.messages.append(message)
        leaving = []
        if len(self.messages) > self.size:
            while len(self.messages) > self.rest:
                leaving.append(self.messages.pop(0))
        if leaving:
            self.archive.extend(leaving)
            self.summary = self.summarise(self.summary, leaving)

    def recall(self, query, k):
        scores = {i: self.similarity(query, m) for i, m in enumerate(self.archive)}
        places = [i for i in scores if scores[i] > 0]
        places.sort(key=scores.get, reverse=True)
        return [self.archive[i] for i in places][:k]

    def context(self, query, k):
        context = []
        if self.summary:
            context.append(self.summary)
        for message in self.recall(query, k):
            context.append(message)
        for message in self.messages:
            context.append(message)
        return context
