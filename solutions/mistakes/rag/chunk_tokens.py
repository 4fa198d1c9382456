"""Cutting a text into chunks: mistakes, and other right ways."""

from solutions.mistakes import Variants
from solutions.rag import chunk_tokens

variants = Variants("chunk_tokens")
mistake, alternative = variants.mistake, variants.alternative


@mistake("Tokens at the end of the text are in no chunk. The last chunk may be shorter than the others.")
def drops_the_rest(tokens, size, overlap):
    if len(tokens) < size:
        return chunk_tokens(tokens, size, overlap)
    return [chunk for chunk in chunk_tokens(tokens, size, overlap) if len(chunk) == size]


@mistake("Your last chunk holds only tokens that the one before has already. Where does the text end?")
def goes_on_past_the_end(tokens, size, overlap):
    if not 0 <= overlap < size:
        raise ValueError("overlap")
    return [tokens[start : start + size] for start in range(0, len(tokens), size - overlap)]


@mistake("Your chunks do not overlap: each begins where the one before ends. How far apart do two of them start?")
def forgets_the_overlap(tokens, size, overlap):
    if not 0 <= overlap < size:
        raise ValueError("overlap")
    return chunk_tokens(tokens, size, 0)


@mistake("Your chunks start `overlap` tokens apart. That is how much they share, not how far the next one is.")
def steps_by_the_overlap(tokens, size, overlap):
    if not 0 <= overlap < size:
        raise ValueError("overlap")
    return chunk_tokens(tokens, size, size - overlap) if overlap else chunk_tokens(tokens, size, 0)


@mistake("Your chunks are longer than `size`: you put the overlap on top. It is part of the size.")
def adds_the_overlap(tokens, size, overlap):
    if not 0 <= overlap < size:
        raise ValueError("overlap")
    return chunk_tokens(tokens, size + overlap, overlap)


@mistake("An overlap that is negative or as large as the chunk went through. The docstring names the error.")
def takes_any_overlap(tokens, size, overlap):
    if 0 <= overlap < size:
        return chunk_tokens(tokens, size, overlap)
    return [tokens[start : start + size] for start in range(0, len(tokens), max(1, size - overlap))]


@alternative
def by_recursion(tokens, size, overlap):
    if overlap < 0 or overlap >= size:
        raise ValueError("overlap")
    if len(tokens) <= size:
        return [list(tokens)] if tokens else []
    return [tokens[:size], *by_recursion(tokens[size - overlap :], size, overlap)]


@alternative
def by_counting_first(tokens, size, overlap):
    step = size - overlap
    if overlap < 0 or step <= 0:
        raise ValueError("overlap")
    if not tokens:
        return []
    count = 1 + max(0, -(-(len(tokens) - size) // step))
    return [tokens[number * step : number * step + size] for number in range(count)]
