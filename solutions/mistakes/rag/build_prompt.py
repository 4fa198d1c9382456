"""The prompt: mistakes, and other right ways."""

from collections import deque

from solutions.mistakes import Variants
from solutions.rag import build_prompt

variants = Variants("build_prompt")
mistake, alternative = variants.mistake, variants.alternative


def _prompt(question, lines, heading=True):
    return "\n".join([*(["Context:"] if lines and heading else []), *lines, f"Question: {question}", "Answer:"])


def _numbered(passages):
    return [f"[{rank}] {' '.join(passage.split())}" for rank, passage in enumerate(passages, 1)]


@mistake("The passages stand in the order of their ranks: the second best is near the top, not at the other end.")
def keeps_the_order(question, passages):
    return _prompt(question, _numbered(passages))


@mistake("The best passages meet in the middle, where a model reads worst. The ends are theirs.")
def puts_the_best_in_the_middle(question, passages):
    lines = _numbered(passages)
    return _prompt(question, lines[1::2][::-1] + lines[::2])


@mistake("The second best stands in the middle and the worst at the end: the even ranks run the wrong way.")
def runs_the_even_ranks_downwards(question, passages):
    lines = _numbered(passages)
    return _prompt(question, lines[::2] + lines[1::2])


@mistake("Best and second best are exchanged: rank 1 belongs to the top.")
def turns_it_around(question, passages):
    lines = _numbered(passages)
    return _prompt(question, (lines[::2] + lines[1::2][::-1])[::-1])


@mistake("You numbered the passages by their place in the prompt. A citation should lead to the rank.")
def numbers_by_place(question, passages):
    lines = [line.partition("] ")[2] for line in _numbered(passages)]
    return _prompt(question, [f"[{place}] {line}" for place, line in enumerate(lines[::2] + lines[1::2][::-1], 1)])


@mistake("Your numbers begin at 0. The best passage has rank 1.")
def numbers_from_zero(question, passages):
    lines = [f"[{rank}] {' '.join(passage.split())}" for rank, passage in enumerate(passages)]
    return _prompt(question, lines[::2] + lines[1::2][::-1])


@mistake("A passage with a line break fills several lines, and one of them may look like the question.")
def keeps_line_breaks(question, passages):
    lines = [f"[{rank}] {passage.strip()}" for rank, passage in enumerate(passages, 1)]
    return _prompt(question, lines[::2] + lines[1::2][::-1])


@mistake("Without passages your prompt still announces a context.")
def always_announces_a_context(question, passages):
    return build_prompt(question, passages) if passages else "Context:\n" + build_prompt(question, passages)


@mistake("Your prompt ends in a line break or has an empty line more. It ends with `Answer:`.")
def ends_in_a_newline(question, passages):
    return build_prompt(question, passages) + "\n"


@mistake("The list of passages that was passed in is changed: you took its items out or turned it around in place.")
def empties_the_list(question, passages):
    text = build_prompt(question, passages)
    passages.clear()
    return text


@alternative
def with_a_deque(question, passages):
    if not passages:
        return "\n".join((f"Question: {question}", "Answer:"))
    lines = deque()
    for rank in range(len(passages), 0, -1):
        line = f"[{rank}] " + " ".join(passages[rank - 1].split())
        lines.appendleft(line) if rank % 2 else lines.append(line)
    return "Context:\n" + "\n".join(lines) + f"\nQuestion: {question}\nAnswer:"


@alternative
def with_two_lists(question, passages):
    top, bottom = [], []
    for number, passage in enumerate(passages):
        (bottom if number % 2 else top).append(f"[{number + 1}] {' '.join(passage.split())}")
    bottom.reverse()
    text = "".join(line + "\n" for line in top + bottom)
    return f"{'Context:' + chr(10) if passages else ''}{text}Question: {question}\nAnswer:"
