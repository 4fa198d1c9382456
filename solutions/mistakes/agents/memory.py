"""Three tiers of memory: mistakes, and other right ways."""

from collections import deque

from solutions.agents import Memory
from solutions.mistakes import Variants

variants = Variants("Memory")
mistake, alternative = variants.mistake, variants.alternative


class _Changed(Memory):
    """A memory whose overflow is handled by `leave`."""

    def add(self, message):
        self.messages = [*self.messages, message]
        if len(self.messages) > self.window:
            overflow, self.messages = self.messages[: -self.keep], self.messages[-self.keep :]
            self.leave(overflow)

    def leave(self, overflow):
        self.summary = self.summarise(self.summary, overflow)
        self.archive = self.archive + overflow


@mistake("Your window is cut as soon as it is full. It overflows when there is one message more than it holds.")
class OverflowsWhenFull(_Changed):
    def add(self, message):
        self.messages = [*self.messages, message]
        if len(self.messages) >= self.window:
            overflow, self.messages = self.messages[: -self.keep], self.messages[-self.keep :]
            if overflow:
                self.leave(overflow)


@mistake("One message at a time leaves your window. When it overflows, all but the last `keep` leave it at once.")
class TrimsOneAtATime(Memory):
    def add(self, message):
        self.messages = [*self.messages, message]
        if len(self.messages) > self.window:
            self.summary = self.summarise(self.summary, self.messages[:1])
            self.archive = [*self.archive, self.messages[0]]
            self.messages = self.messages[1:]


@mistake("The new message is not among those that stay: add it before you cut the window.")
class CutsBeforeAdding(_Changed):
    def add(self, message):
        if len(self.messages) == self.window:
            overflow, self.messages = self.messages[: -self.keep], self.messages[-self.keep :]
            if overflow:
                self.leave(overflow)
        self.messages = [*self.messages, message]


@mistake("The first messages stay and the last leave. An agent needs the latest ones word for word.")
class KeepsTheOldest(_Changed):
    def add(self, message):
        self.messages = [*self.messages, message]
        if len(self.messages) > self.window:
            overflow, self.messages = self.messages[self.keep :], self.messages[: self.keep]
            self.leave(overflow)


@mistake("Messages that stay in the window are summarised too. Only what leaves it is.")
class SummarisesTheWholeWindow(Memory):
    def add(self, message):
        self.messages = [*self.messages, message]
        if len(self.messages) > self.window:
            overflow = self.messages[: -self.keep]
            self.summary = self.summarise(self.summary, self.messages)
            self.messages = self.messages[-self.keep :]
            self.archive = self.archive + overflow


@mistake("`summarise` is not given the summary so far, so each new summary forgets what was in the last.")
class ForgetsTheSummary(_Changed):
    def leave(self, overflow):
        self.summary = self.summarise("", overflow)
        self.archive = self.archive + overflow


@mistake("The new summary is put behind the old one. It stands for both already, and it must not grow for ever.")
class AppendsTheSummary(_Changed):
    def leave(self, overflow):
        self.summary = self.summary + self.summarise(self.summary, overflow)
        self.archive = self.archive + overflow


@mistake("`summarise` is called for each message. A call costs: give it the whole overflow at once.")
class SummarisesEachMessage(_Changed):
    def leave(self, overflow):
        for message in overflow:
            self.summary = self.summarise(self.summary, [message])
        self.archive = self.archive + overflow


@mistake("What was summarised is gone. A summary is inexact: the archive keeps the messages themselves.")
class KeepsNoArchive(_Changed):
    def leave(self, overflow):
        self.summary = self.summarise(self.summary, overflow)


@mistake("The archive holds only the last overflow. Add to it.")
class ReplacesTheArchive(_Changed):
    def leave(self, overflow):
        self.summary = self.summarise(self.summary, overflow)
        self.archive = overflow


@mistake("Every message goes to the archive at once, those of the window too. It is for what has left the window.")
class ArchivesEverything(_Changed):
    def add(self, message):
        super().add(message)
        self.archive = [*self.archive, message]

    def leave(self, overflow):
        self.summary = self.summarise(self.summary, overflow)


def _ranked(memory, query, messages):
    return sorted(messages, key=lambda message: -memory.similarity(query, message))


@mistake("`recall` searches the window as well. What stands there is in the context anyway: search the archive.")
class RecallsFromTheWindow(Memory):
    def recall(self, query, k):
        every = self.archive + self.messages
        return [message for message in _ranked(self, query, every) if self.similarity(query, message) > 0][:k]


@mistake("Among equally similar messages the newer came first. The rule is: the older.")
class PrefersTheNewer(Memory):
    def recall(self, query, k):
        alike = [message for message in self.archive if self.similarity(query, message) > 0]
        return sorted(alike, key=lambda message: self.similarity(query, message))[::-1][:k]


@mistake("What you recall stands in the order of the archive. The most similar message comes first.")
class RecallsInOldOrder(Memory):
    def recall(self, query, k):
        chosen = super().recall(query, k)
        return [message for message in self.archive if message in chosen]


@mistake("You recalled the least similar messages. Which way do you sort?")
class RecallsTheLeastAlike(Memory):
    def recall(self, query, k):
        return super().recall(query, len(self.archive))[::-1][:k]


@mistake("Messages with a similarity of 0 or less were recalled to fill up the number. Fewer than `k` is all right.")
class FillsUp(Memory):
    def recall(self, query, k):
        return _ranked(self, query, self.archive)[:k]


@mistake("An empty summary is part of your context. Leave it out.")
class ShowsAnEmptySummary(Memory):
    def context(self, query, k):
        return [self.summary, *self.recall(query, k), *self.messages]


@mistake("Your context is in another order than the docstring's: summary, then what is recalled, then the window.")
class PutsTheContextElsewhere(Memory):
    def context(self, query, k):
        return [self.summary] * bool(self.summary) + self.messages + self.recall(query, k)


@mistake("What is recalled is missing from your context.")
class ForgetsToRecall(Memory):
    def context(self, query, k):
        return [self.summary] * bool(self.summary) + self.messages


@mistake("Two memories share a list: it stands in the class body or in a default. Each memory needs its own.")
class SharesItsLists(_Changed):
    shared = []

    def __init__(self, window, keep, summarise, similarity):
        super().__init__(window, keep, summarise, similarity)
        self.shared.clear()
        self.archive = self.shared

    def leave(self, overflow):
        self.summary = self.summarise(self.summary, overflow)
        self.archive.extend(overflow)


@alternative
class WithADeque:
    def __init__(self, window, keep, summarise, similarity):
        self._most, self._least = window, keep
        self._shorten, self._alike = summarise, similarity
        self._recent = deque()
        self.archive = []
        self.summary = ""

    @property
    def messages(self):
        return list(self._recent)

    def add(self, message):
        self._recent.append(message)
        if len(self._recent) == self._most + 1:
            gone = [self._recent.popleft() for _ in range(self._most + 1 - self._least)]
            self.archive += gone
            self.summary = self._shorten(self.summary, gone)

    def recall(self, query, k):
        scored = [(-self._alike(query, message), place) for place, message in enumerate(self.archive)]
        return [self.archive[place] for score, place in sorted(scored)[:k] if score < 0]

    def context(self, query, k):
        return list(filter(None, [self.summary])) + self.recall(query, k) + list(self._recent)


@alternative
class WithOneList:
    """Keeps everything in one list, and where the window begins."""

    def __init__(self, window, keep, summarise, similarity):
        self.window, self.keep, self.summarise, self.similarity = window, keep, summarise, similarity
        self.every, self.start, self.summary = [], 0, ""

    messages = property(lambda self: self.every[self.start :])
    archive = property(lambda self: self.every[: self.start])

    def add(self, message):
        self.every.append(message)
        if len(self.every) - self.start > self.window:
            before, self.start = self.start, len(self.every) - self.keep
            self.summary = self.summarise(self.summary, self.every[before : self.start])

    def recall(self, query, k):
        left, chosen = list(self.archive), []
        scores = [self.similarity(query, message) for message in left]
        while len(chosen) < k and scores and max(scores) > 0:
            best = scores.index(max(scores))
            chosen.append(left.pop(best))
            scores.pop(best)
        return chosen

    def context(self, query, k):
        parts = [self.summary] if self.summary != "" else []
        parts.extend(self.recall(query, k))
        parts.extend(self.messages)
        return parts
