# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 1: a model predicts the next token
#
# A language model gives one number, a *logit*, to every token that could come next. Everything else in this
# chapter is what we do around that: cut text into tokens, turn logits into probabilities, and call the model in
# a loop. You write all three here.
#
# **How to work.** Read the task, fill in the cell below it, run it, then run the cell that says `check(...)`.
# A check takes a moment, works offline, and may be run as often as you like. It shows the first case that fails,
# with what was expected and what came back. `reset("softmax_temperature")` puts the empty exercise into a new cell
# beside your code. At grading the same questions are asked again with other numbers, and a few more are added.

# %%
from collections.abc import Callable, Collection

import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# from autograder import check, reset

# %% [markdown]
# ## softmax_temperature
#
# The softmax turns logits $z_1, \dots, z_V$ into probabilities. A *temperature* $T$ divides the logits first:
#
# $$p_i = \frac{e^{z_i/T}}{\sum_{j=1}^{V} e^{z_j/T}}$$
#
# A small $T$ makes the likeliest token likelier still; a large $T$ makes all tokens more alike. At $T = 0$ the
# formula divides by zero, so we define it as the limit: all the probability goes to the largest logit, and if
# several logits are equally large, they share it equally.
#
# **By hand.** For logits $(0, \ln 3)$ and $T = 1$ the weights are $1$ and $3$, so $p = (0.25, 0.75)$. At
# $T = 0.5$ the weights are $1$ and $3^2 = 9$, so $p = (0.1, 0.9)$: halving the temperature squares the ratio.
#
# **A trap.** $e^{1000}$ is larger than any float. But adding one number to *all* logits changes no probability: it
# multiplies every $e^{z_i/T}$ by the same factor, which cancels. Use that.
#
# <details><summary>Hint 1: where to look</summary>
#
# If you shift the logits so that the largest is 0, no exponent is positive and nothing can overflow.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Check the temperature. Treat T = 0 on its own. Otherwise: subtract the maximum of each row, divide by T,
# exponentiate, divide by the sum of each row.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:                                    # negative, or not a number
#     raise ValueError(...)
# top = logits.amax(dim=..., keepdim=True)   # keepdim, so that it still lines up with the logits
# if temperature == 0:
#     winners = (logits == top)...           # as numbers, 1 where the logit is the largest
#     return winners / ...
# weights = ...
# return weights / ...
# ```
#
# </details>


# %%
def softmax_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Turn logits into probabilities at a temperature.

    Parameters
    ----------
    logits
        Shape (..., V): any number of leading dimensions, the vocabulary last. Floating point. A logit of -inf
        marks a token that cannot come; its probability is 0. Every row has at least one finite logit.
    temperature
        0, or a finite number of at least 0.001. At 0 the largest logits of a row share the probability equally, the
        rest get 0.

    Returns
    -------
    Tensor
        Probabilities of the same shape and dtype; they sum to 1 along the last dimension. Finite
        logits of any size are safe. Gradients flow back to `logits` when the temperature is above 0.

    Raises
    ------
    ValueError
        If the temperature is negative or NaN.

    Notes
    -----
    `logits` itself is left as it was.
    """
    ### BEGIN SOLUTION
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 or larger, not {temperature}")
    top = logits.amax(dim=-1, keepdim=True)  # (..., 1)
    if temperature == 0:
        winners = (logits == top).to(logits.dtype)  # (..., V)
        return winners / winners.sum(dim=-1, keepdim=True)
    weights = ((logits - top) / temperature).exp()  # (..., V), the largest is 1
    return weights / weights.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(softmax_temperature)

# %% [markdown]
# ## BPETokenizer
#
# A model does not see letters, it sees numbers. *Byte-pair encoding* (Sennrich, Haddow and Birch, 2016) builds those
# numbers from the text itself. Start from bytes: every text is a sequence of ids 0 to 255. Then repeat: find the pair
# of neighbouring ids that occurs most often, give it a new id, and replace it everywhere. Frequent pieces of text
# become one id; rare ones stay spelled out, so no text is ever unknown.
#
# **By hand.** `"abababc"` is `[97, 98, 97, 98, 97, 98, 99]`. The pair (97, 98) occurs 3 times, (98, 97) twice,
# (98, 99) once. So (97, 98) becomes id 256 and the text becomes `[256, 256, 256, 99]`. Now (256, 256) occurs twice,
# at positions 0 and 1: every position counts, overlapping or not. It becomes 257, replaced from the left without
# overlap: `[257, 256, 99]`. No pair occurs twice any more, so training stops, even if more merges were allowed.
#
# To encode a new text, apply the same merges *in the order in which they were learned*.
#
# <details><summary>Hint 1: where to look</summary>
#
# Training and encoding share one step, `merge`: write it first, and check it by hand on the example above.
# `collections.Counter` counts the pairs `zip(ids, ids[1:])`.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# The pair to merge is the one with the largest count and, among equals, the smallest pair. `min` with the key
# `(-count, pair)` says exactly that. To decode, an id above 255 stands for the two ids of its merge: expand until only
# bytes are left, then turn the bytes into text.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# # merge: one pass with an index; step by 2 after a replacement, else by 1
# while at < len(ids): ...
#
# # train
# ids = list(text.encode("utf-8"))
# self.merges = []
# while len(self.merges) < num_merges:
#     counts = ...
#     ...                                     # stop when no pair occurs twice
#
# # decode
# pieces = {i: bytes([i]) for i in range(256)}
# for number, (left, right) in enumerate(self.merges): ...
# ```
#
# </details>


# %%
class BPETokenizer:
    """A byte-level BPE tokenizer.

    Ids 0 to 255 are the bytes; the merge at position i of `merges` makes id 256 + i. The text is not split into
    words first: a pair may reach across a space.

    Attributes
    ----------
    merges : list[tuple[int, int]]
        The pairs, in the order in which they were learned; empty at first. It may be assigned from outside;
        `encode` and `decode` always go by `merges` as it is when they are called.
    """

    def __init__(self) -> None:
        self.merges: list[tuple[int, int]] = []

    def merge(self, ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
        """Return the ids with each occurrence of the pair replaced by `new_id`, from left to right, without overlap.

        The list that was given stays as it was. It does not matter here what `merges` holds.
        """
        ### BEGIN SOLUTION
        left, right = pair
        merged = []
        at = 0
        while at < len(ids):
            if at + 1 < len(ids) and ids[at] == left and ids[at + 1] == right:
                merged.append(new_id)
                at += 2
            else:
                merged.append(ids[at])
                at += 1
        return merged
        ### END SOLUTION

    def train(self, text: str, num_merges: int) -> None:
        """Learn merges from a text (its UTF-8 bytes), forgetting any learned before.

        Each round merges the most frequent pair of neighbours. Every position counts, overlapping ones too. Among
        equally frequent pairs the smallest is taken, comparing the left ids first and then the right ones.
        The pair is replaced from left to right, without overlap. Training stops after `num_merges`
        rounds, or earlier when no pair occurs at least twice.
        """
        ### BEGIN SOLUTION
        ids = list(text.encode("utf-8"))
        self.merges = []
        while len(self.merges) < num_merges:
            counts: dict[tuple[int, int], int] = {}
            for pair in zip(ids, ids[1:], strict=False):
                counts[pair] = counts.get(pair, 0) + 1
            best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
            if best is None or counts[best] < 2:
                return
            ids = self.merge(ids, best, 256 + len(self.merges))
            self.merges.append(best)
        ### END SOLUTION

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids: its UTF-8 bytes, then each merge of `merges` in turn, left to right."""
        ### BEGIN SOLUTION
        ids = list(text.encode("utf-8"))
        for number, pair in enumerate(self.merges):
            ids = self.merge(ids, pair, 256 + number)
        return ids
        ### END SOLUTION

    def decode(self, ids: list[int]) -> str:
        """Turn ids back into text. Bytes that are not valid UTF-8 become the character U+FFFD.

        Raises
        ------
        ValueError
            If an id is negative or was never made by a merge.
        """
        ### BEGIN SOLUTION
        pieces = [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            pieces.append(pieces[left] + pieces[right])
        for number in ids:
            if not 0 <= number < len(pieces):
                raise ValueError(f"there is no token {number}; ids go from 0 to {len(pieces) - 1}")
        return b"".join(pieces[number] for number in ids).decode("utf-8", errors="replace")
        ### END SOLUTION


# %% tags=["active-ipynb"]
# check(BPETokenizer)

# %% [markdown]
# ## generate
#
# A model that predicts one token writes a text by being asked again and again: each new token is added to what it is
# conditioned on, and the model is asked for the next one. This loop is called *autoregressive* generation.
#
# Two things end it: a *stop token*, or the limit on new tokens. And a model can only look back so far: with a
# `context` of 4, it is shown the last 4 tokens and no more.
#
# Here the model and the choice of a token are functions that you are given. The model takes ids and returns
# the logits of the next token; `choose` takes logits and returns an id. You write only the loop, so the same loop
# serves greedy decoding, sampling and, later, a real model.
#
# **By hand.** Suppose the model always favours the token one larger than the last, and 9 is a stop token.
# Then `generate(model, [5, 6], 10, choose, stop_tokens={9})` returns `[7, 8]`: the model was asked three times, about
# `[5, 6]`, `[5, 6, 7]` and `[5, 6, 7, 8]`, and its third answer, 9, ended the loop and is not part of the result.
#
# <details><summary>Hint 1: where to look</summary>
#
# Keep one list of all ids so far, a copy of the prompt at first. The new tokens are what lies behind the prompt in it.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# In each round: cut the list to its last `context` ids, ask the model, choose. If the chosen id is a stop token,
# leave the loop before adding it.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# ids = list(prompt)
# for _ in range(...):
#     seen = ids if context is None else ...
#     token = choose(model(seen))
#     if ...:
#         break
#     ids.append(token)
# return ids[...]
# ```
#
# </details>


# %%
def generate(
    model: Callable[[list[int]], Tensor],
    prompt: list[int],
    max_new_tokens: int,
    choose: Callable[[Tensor], int],
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    """Let a model write, one token at a time.

    Parameters
    ----------
    model
        Takes a list of ids and returns the logits of the next token, shape (V,).
    prompt
        The ids to begin with, at least one. The list is left as it was.
    max_new_tokens
        How many tokens to write at most. At 0 the model is not asked at all.
    choose
        Takes the model's logits, unchanged, and returns the id of the chosen token.
    stop_tokens
        Ids that end the text. A chosen stop token is not part of the result, and nothing is asked after it.
    context
        How many ids the model may be shown, at least 1: always the last ones. None means all of them.

    Returns
    -------
    list[int]
        The new ids only, without the prompt.

    Raises
    ------
    ValueError
        If the prompt is empty.
    """
    ### BEGIN SOLUTION
    if not prompt:
        raise ValueError("the prompt is empty: a model needs at least one token to go on from")
    ids = list(prompt)
    for _ in range(max_new_tokens):
        seen = ids if context is None else ids[-context:]
        token = choose(model(seen))
        if token in stop_tokens:
            break
        ids.append(token)
    return ids[len(prompt) :]
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(generate)

# %% [markdown]
# **Your loop on a real model.** `pocket-lm` is a small Llama that lies in this course. It runs on a laptop without a
# network. `lm.next_logits` is the function that your loop asks, and the prompt gives the model something to read.
# Change the passage, the question or the choice, and run it again. This cell is for you; it earns no points.

# %% tags=["active-ipynb", "experiment"]
# import pocket
#
# lm = pocket.load("pocket-lm")
# prompt = """Context:
# [1] Vorlen lies on the River Salbek. The mayor of Vorlen is Malnath Kalgrim.
# Question: Which river flows through Vorlen?
# Answer:"""
#
#
# def likeliest(logits):
#     return int(logits.argmax())
#
#
# try:
#     answer = generate(lm.next_logits, lm.encode(prompt), 20, likeliest, lm.stop_tokens, lm.context)
#     print(lm.decode(answer))
# except NotImplementedError:
#     print("Write generate first. Then run this cell again.")
