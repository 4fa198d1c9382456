"""What pocket-lm can do on a world whose names it has never seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from pocket.evaluate.measure import Measure, mean, proportion
from pocket.tools import Episode, Search, Tool, tools_for
from pocket.world.facts import Fact, World
from pocket.world.prompts import NO_RESULTS, OBSERVATION, SEARCH, SEARCH_IS_DOWN, closed_book, open_book
from pocket.world.questions import UNKNOWN, Question, arithmetic, chain, lookup
from pocket.world.traces import beside

if TYPE_CHECKING:
    from pocket.language import LanguageModel
    from pocket.minilm import Embedder

SEED = "evaluate"
SIZE = 40
BATCH = 50
LONGEST_ANSWER, LONGEST_TURN = 24, 96


def same(given: str, right: str) -> bool:
    """Whether an answer is exactly right, but for blanks around it."""
    return given.strip() == right.strip()


def answered(model: LanguageModel, prompts: Sequence[str]) -> list[str]:
    """Return the model's greedy answers."""
    return model.complete_batch(prompts, max_new_tokens=LONGEST_ANSWER, stop="\n", batch_size=BATCH)


def contexts(world: World, rng: Random, count: int, n: int, *, gold: bool) -> list[tuple[Fact, str]]:
    """Draw facts, each with the prompt that asks for it; the passage that says it is among `count` passages, or not."""
    drawn = []
    for _ in range(n):
        fact = rng.choice(world.facts)
        passages = beside(world, fact, rng, count - gold)
        if gold:
            passages.append(world.passage_of(fact))
        rng.shuffle(passages)
        drawn.append((fact, open_book([passage.text for passage in passages], lookup(fact, rng).text)))
    return drawn


def reading(model: LanguageModel, n: int = 500) -> list[Measure]:
    """Measure exact match with and without the right passage, and with nothing to read."""
    world, rng = World(SEED, "held-out", SIZE), Random(f"{SEED}/reading")
    measures = []
    for count, at_least in ((4, 0.95), (8, 0.90)):
        drawn = contexts(world, rng, count, n, gold=True)
        answers = answered(model, [prompt for _, prompt in drawn])
        hits = sum(same(answer, fact.answer) for (fact, _), answer in zip(drawn, answers, strict=True))
        measures.append(
            proportion(f"{model.name}: right passage among {count}, exact match", hits, n, at_least=at_least)
        )
    drawn = contexts(world, rng, 4, n, gold=False)
    hits = sum(same(answer, UNKNOWN) for answer in answered(model, [prompt for _, prompt in drawn]))
    measures.append(proportion(f"{model.name}: passage absent, says unknown", hits, n, at_least=0.90))
    asked = [lookup(fact, rng) for fact in rng.choices(world.facts, k=n)]
    answers = answered(model, [closed_book(question.text) for question in asked])
    hits = sum(same(answer, question.answer) for question, answer in zip(asked, answers, strict=True))
    measures.append(proportion(f"{model.name}: closed book, exact match", hits, n, at_most=0.10))
    return measures


def acting(model: LanguageModel, embedder: Embedder, n: int = 500) -> list[Measure]:
    """Measure a ReAct agent with the real search and calculator, with and without trouble, against direct prompting."""
    world, rng = World(SEED, "held-out", SIZE), Random(f"{SEED}/acting")
    tools = tools_for(Search([passage.text for passage in world.passages], embedder))
    asked = [two_step(world, rng) for _ in range(n)]
    solved = _solved(model, asked, [tools] * n)
    measures = [proportion(f"{model.name}: two-step questions, ReAct", sum(solved), n, at_least=0.85)]
    for name, is_chain in (("one search after the other", True), ("two searches and a calculation", False)):
        these = [hit for hit, question in zip(solved, asked, strict=True) if (question.shape == "chain") == is_chain]
        measures.append(proportion(f"{model.name}: of these, {name}", sum(these), len(these)))
    direct = answered(model, [closed_book(question.text) for question in asked])
    hits = sum(same(answer, question.answer) for question, answer in zip(asked, direct, strict=True))
    measures.append(proportion(f"{model.name}: two-step questions, direct prompting", hits, n, at_most=0.10))
    recovered = sum(_solved(model, asked, [tools] * n, first_tool=STRANGE_TOOL))
    measures.append(proportion(f"{model.name}: solved after an unknown tool", recovered, n, at_least=0.70))
    for name, failure in (("an empty search", NO_RESULTS), ("a search that is down", SEARCH_IS_DOWN)):
        failing = [{**tools, SEARCH: _failing_once(tools[SEARCH], failure)} for _ in asked]
        recovered = sum(_solved(model, asked, failing))
        measures.append(proportion(f"{model.name}: solved after {name}", recovered, n, at_least=0.70))
    return measures


STRANGE_TOOL = "consult"  # not among those that training has seen fail


def _solved(
    model: LanguageModel,
    asked: Sequence[Question],
    tools: Sequence[Mapping[str, Tool]],
    first_tool: str = SEARCH,
) -> list[bool]:
    """Run an agent for each question, all of them side by side; `first_tool` is put in place of the first search."""
    episodes = [Episode(question.text, its_tools) for question, its_tools in zip(asked, tools, strict=True)]
    while running := [episode for episode in episodes if not episode.over]:
        prompts = [episode.transcript for episode in running]
        turns = model.complete_batch(prompts, max_new_tokens=LONGEST_TURN, stop=OBSERVATION, batch_size=BATCH)
        for episode, turn in zip(running, turns, strict=True):
            first = episode.turns == 0
            episode.take(turn.replace(f"Action: {SEARCH}[", f"Action: {first_tool}[") if first else turn)
    return [same(episode.answer or "", question.answer) for episode, question in zip(episodes, asked, strict=True)]


def _failing_once(search: Tool, failure: str) -> Tool:
    """Return a search that fails the first time it is used."""
    calls = itertools.count()
    return lambda query: failure if next(calls) == 0 else search(query)


def two_step(world: World, rng: Random) -> Question:
    """Draw a question that needs two look-ups: one after the other, or two numbers and a calculation."""
    return rng.choice((chain, arithmetic))(world, rng)


Group = int | Literal["matrix", "row"]
GROUPS: Mapping[str, Group] = {"one scale a matrix": "matrix", "one scale a row": "row", "one scale for 32 weights": 32}


def prose(model: LanguageModel, n: int = 500) -> list[Measure]:
    """Measure the perplexity on prose about held-out entities, and how much larger it is with weights in 4 bits."""
    rng = Random(f"{SEED}/prose")
    texts = [document.text for document in rng.choices(World(f"{SEED}/prose", "held-out", 80).documents, k=n)]
    full = [cross_entropy(model, text) for text in texts]
    measures = [_perplexity(f"{model.name}: perplexity on held-out prose", full)]
    for scales, group in GROUPS.items():
        with in_4_bits(model.model, group):
            rounded = [cross_entropy(model, text) for text in texts]
        lost = [b - a for a, b in zip(full, rounded, strict=True)]
        more = _perplexity(f"{model.name}: perplexity in INT4 over full precision, {scales}", lost)
        if group == "matrix":
            more = replace(more, target=f"{VISIBLE:g} to {CATASTROPHE:g}", ok=VISIBLE <= more.value <= CATASTROPHE)
        measures.append(more)
    return measures


VISIBLE, CATASTROPHE = 1.02, 2.0  # times the perplexity: what the chapter on quantization has to improve on


def _perplexity(name: str, losses: Sequence[float]) -> Measure:
    nats = mean(name, losses)
    low, high = (math.exp(bound) for bound in nats.interval)
    return Measure(name, math.exp(nats.value), (low, high), nats.n, nats.target, nats.ok)


def cross_entropy(model: LanguageModel, text: str) -> float:
    """Return the mean negative log-probability of a text's tokens after the first, in nats."""
    ids = model.encode(text)
    logits = model.logits(ids)  # (T, V)
    return float(F.cross_entropy(logits[:-1], torch.tensor(ids[1:])))


@contextmanager
def in_4_bits(model: nn.Module, group: Group) -> Iterator[None]:
    """Round the weights inside the model to INT4, from -7 to 7 times a scale; afterwards, undo it.

    Parameters
    ----------
    model
        Its embeddings stay as they are.
    group
        Which weights share a scale, the largest of them over 7: so many in a row, a whole row, or a whole matrix.
    """
    layers = [
        module for name, module in model.named_modules() if isinstance(module, nn.Linear) and "lm_head" not in name
    ]
    kept = [layer.weight.data.clone() for layer in layers]
    try:
        for layer in layers:
            weight = layer.weight.data
            size = weight.numel() if group == "matrix" else weight.shape[1] if group == "row" else group
            groups = weight.view(-1, size)  # a group a row
            scale = groups.abs().amax(-1, keepdim=True).clamp_min(1e-12) / 7
            layer.weight.data = ((groups / scale).round() * scale).view_as(weight)
        yield
    finally:
        for layer, weight in zip(layers, kept, strict=True):
            layer.weight.data = weight
