"""Chapter 1 against the libraries that people use: the same numbers, the same tokens, the same text."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import tokenizers
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, TemperatureLogitsWarper

from solutions.next_token import BPETokenizer, generate, softmax_temperature

repeatable = settings(derandomize=True, deadline=None, max_examples=60)

# --- softmax_temperature

SHAPES = [(7,), (1,), (4, 5), (2, 3, 11), (2, 1, 3, 4)]
TEMPERATURES = [0.1, 0.7, 1.0, 2.5, 100.0]


def logits_of(shape: tuple[int, ...], scale: float = 5.0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(len(shape)).normal(scale=scale, size=shape))


def weighted(probabilities: torch.Tensor) -> torch.Tensor:
    """Return a sum with a weight of its own for each probability, so that its gradient tells them apart."""
    return (probabilities * torch.arange(1.0, probabilities.numel() + 1).reshape(probabilities.shape)).sum()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_softmax_and_its_gradient_are_torch_s(shape: tuple[int, ...], temperature: float) -> None:
    ours, theirs = logits_of(shape).requires_grad_(), logits_of(shape).requires_grad_()
    our_probabilities = softmax_temperature(ours, temperature)
    their_probabilities = torch.softmax(theirs / temperature, dim=-1)
    torch.testing.assert_close(our_probabilities, their_probabilities, rtol=1e-12, atol=1e-12)
    weighted(our_probabilities).backward()
    weighted(their_probabilities).backward()
    assert ours.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=1e-12)


def test_softmax_s_gradient_is_the_numerical_one() -> None:
    logits = logits_of((2, 4), scale=1.0).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: softmax_temperature(z, 0.7), (logits,))


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_softmax_is_what_transformers_samples_from(temperature: float) -> None:
    scores = logits_of((3, 9))
    warped = TemperatureLogitsWarper(temperature)(torch.zeros(3, 1, dtype=torch.long), scores)
    torch.testing.assert_close(softmax_temperature(scores, temperature), warped.softmax(-1), rtol=1e-12, atol=1e-12)


def test_softmax_of_masked_and_of_large_logits_is_torch_s() -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0, -torch.inf], [-3e4, -3e4, -torch.inf, -torch.inf]], dtype=torch.float64)
    torch.testing.assert_close(softmax_temperature(logits, 0.5), torch.softmax(logits / 0.5, -1), rtol=1e-12, atol=0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_temperature_zero_is_the_limit_of_small_temperatures(shape: tuple[int, ...]) -> None:
    logits = logits_of(shape).round()  # whole numbers: ties happen, and other gaps are at least 1
    torch.testing.assert_close(softmax_temperature(logits, 0.0), softmax_temperature(logits, 1e-3), rtol=0, atol=0)


# --- BPETokenizer
#
# The trainer of `tokenizers` breaks ties as the task does, by the smallest pair of ids. Its first ids, though, are the
# alphabet of the text in the order of the *characters* that its ByteLevel writes for bytes, and that order is the
# bytes' own only within 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF (all of them characters of the same number; the others move
# behind them). So texts here are made of characters whose UTF-8 bytes lie there. And where two different pairs spell
# the same bytes, `tokenizers` gives both one id and we give each its own: merges are compared up to the first such pair.

PLAIN = "abcde(.Zé"
WIDER = [*PLAIN, "ü", "ñ", "ô", "ꢢ", "롤", "𡢣", "to", "wer", "ana", "aa"]


def ids_as_characters() -> list[str]:
    """Return ByteLevel's character for each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = itertools.count(0x100)
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


CHARACTERS = ids_as_characters()
BYTES = {character: byte for byte, character in enumerate(CHARACTERS)}


def pieces_of(tokenizer: BPETokenizer) -> list[bytes]:
    """Return the bytes behind each of our ids."""
    pieces = [bytes([byte]) for byte in range(256)]
    for left, right in tokenizer.merges:
        pieces.append(pieces[left] + pieces[right])
    return pieces


def merged_bytes(tokenizer: BPETokenizer) -> list[tuple[bytes, bytes]]:
    pieces = pieces_of(tokenizer)
    return [(pieces[left], pieces[right]) for left, right in tokenizer.merges]


def distinct(merges: list[tuple[bytes, bytes]]) -> int:
    """Return how many merges come before the first one that spells what an earlier one does."""
    spelled: set[bytes] = set()
    for number, (left, right) in enumerate(merges):
        if left + right in spelled:
            return number
        spelled.add(left + right)
    return len(merges)


def trained_by_tokenizers(text: str, num_merges: int) -> list[tuple[bytes, bytes]]:
    theirs = tokenizers.Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = len(set(text.encode()))
    trainer = trainers.BpeTrainer(vocab_size=alphabet + num_merges, min_frequency=2, show_progress=False)
    theirs.train_from_iterator([text], trainer)
    merges = json_model(theirs)["merges"]
    return [(as_bytes(left), as_bytes(right)) for left, right in merges]


def json_model(theirs: tokenizers.Tokenizer) -> dict[str, list[list[str]]]:
    model: dict[str, list[list[str]]] = json.loads(theirs.to_str())["model"]
    return model


def as_bytes(characters: str) -> bytes:
    return bytes(BYTES[character] for character in characters)


def as_characters(piece: bytes) -> str:
    return "".join(CHARACTERS[byte] for byte in piece)


def trained(text: str, num_merges: int) -> BPETokenizer:
    tokenizer = BPETokenizer()
    tokenizer.train(text, num_merges)
    return tokenizer


def test_byte_level_s_characters_are_those_of_tokenizers() -> None:
    assert sorted(CHARACTERS) == sorted(pre_tokenizers.ByteLevel.alphabet())
    for character in "a é日\n":
        ((written, _),) = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(character)
        assert written == as_characters(character.encode())


def test_the_texts_compared_keep_to_bytes_whose_order_is_that_of_their_characters() -> None:
    used = sorted({byte for piece in WIDER for byte in piece.encode()})
    assert [CHARACTERS[byte] for byte in used] == sorted(CHARACTERS[byte] for byte in used)


texts = st.lists(st.sampled_from(WIDER), max_size=60).map("".join)


@repeatable
@given(texts, st.integers(0, 40))
@example("abababc", 10)
@example("aaaaaaaaaaaaaaaa", 10)
@example("aaabaaabaaaa" * 3, 20)
@example("ééé롤롤롤𡢣𡢣", 20)
@example("", 5)
def test_training_learns_the_merges_of_tokenizers(text: str, num_merges: int) -> None:
    ours = merged_bytes(trained(text, num_merges))
    count = distinct(ours)
    theirs = trained_by_tokenizers(text, num_merges)
    assert theirs[:count] == ours[:count]
    if count == len(ours):
        assert len(theirs) == len(ours)


def test_training_on_a_page_learns_many_merges_of_tokenizers() -> None:
    rng = np.random.default_rng(0)
    words = ["tower.", "river.", "bridge.", "na(ve.", "café.", "über.", "señor.", "롤.", "the.", "a."]
    page = "".join(str(word) for word in rng.choice(words, size=400))
    ours = merged_bytes(trained(page, 60))
    count = distinct(ours)
    assert count >= 30
    assert trained_by_tokenizers(page, 60)[:count] == ours[:count]


def test_two_pairs_that_spell_the_same_keep_two_ids_with_us() -> None:
    """The one known difference: `tokenizers` knows a piece by its spelling, we know it by its pair."""
    tokenizer = BPETokenizer()
    tokenizer.merges = [(97, 98), (98, 99), (256, 99), (97, 257)]
    assert distinct(merged_bytes(tokenizer)) == 3
    assert tokenizer.decode([258]) == tokenizer.decode([259]) == "abc"


def model_of(tokenizer: BPETokenizer) -> tokenizers.Tokenizer:
    """Return a tokenizer of `tokenizers` with our ids and our merges."""
    vocabulary = {as_characters(piece): number for number, piece in enumerate(pieces_of(tokenizer))}
    merges = [(as_characters(left), as_characters(right)) for left, right in merged_bytes(tokenizer)]
    theirs = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    theirs.decoder = tokenizers.decoders.ByteLevel()
    return theirs


def learned(text: str, num_merges: int) -> BPETokenizer:
    """Train, and keep the merges up to the first that spells what an earlier one does."""
    tokenizer = trained(text, num_merges)
    tokenizer.merges = tokenizer.merges[: distinct(merged_bytes(tokenizer))]
    return tokenizer


any_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.lists(
    st.sampled_from([*WIDER, "日本", "🗼", "the ", "is ", "na", " ", "\n"]), max_size=60
).map("".join)


@repeatable
@given(
    st.lists(any_texts, min_size=1, max_size=4).map("".join),
    st.lists(any_texts, min_size=1, max_size=4),
    st.integers(0, 30),
)
def test_encoding_and_decoding_are_those_of_tokenizers_with_our_merges(
    page: str, others: list[str], num_merges: int
) -> None:
    tokenizer = learned(page * 2, num_merges)
    theirs = model_of(tokenizer)
    for text in (page, *others):
        ids = tokenizer.encode(text)
        assert ids == theirs.encode(text).ids
        assert tokenizer.decode(ids) == text == theirs.decode(ids)


@repeatable
@given(st.lists(st.integers(0, 299), max_size=12))
def test_ids_that_are_no_valid_text_decode_as_those_of_tokenizers(ids: list[int]) -> None:
    tokenizer = learned("日本é🗼 the tower é日本é🗼 the river 🗼日" * 3, 44)
    ids = [number % (256 + len(tokenizer.merges)) for number in ids]
    assert tokenizer.decode(ids) == model_of(tokenizer).decode(ids)


# --- generate


@pytest.fixture(scope="module")
def llama() -> LlamaForCausalLM:
    """A tiny model with random weights, in 64 bits so that no rounding decides between two tokens."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        initializer_range=0.5,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).double().eval()


def next_logits(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(torch.tensor([ids])).logits[0, -1]
    return logits


def greedy(logits: torch.Tensor) -> int:
    return int(logits.argmax())


def written_by_transformers(model: LlamaForCausalLM, prompt: list[int], count: int, stop: int | None) -> list[int]:
    """Return the new tokens of transformers' greedy search, its end token included."""
    given_ids = torch.tensor([prompt])
    written = model.generate(
        given_ids,
        attention_mask=torch.ones_like(given_ids),
        max_new_tokens=count,
        do_sample=False,
        eos_token_id=stop,
        pad_token_id=0,
    )
    return [int(token) for token in written[0, len(prompt) :]]


PROMPTS = [[3], [5, 9, 2], [1, 1, 1, 1], list(range(10, 22)), [39, 0]]


@pytest.mark.parametrize("prompt", PROMPTS, ids=str)
def test_greedy_generation_writes_what_transformers_writes(llama: LlamaForCausalLM, prompt: list[int]) -> None:
    ours = generate(lambda ids: next_logits(llama, ids), prompt, 25, greedy)
    assert len(ours) == 25
    assert len(set(ours)) > 3, "a model that repeats itself would hide mistakes"
    assert ours == written_by_transformers(llama, prompt, 25, None)


@pytest.mark.parametrize("prompt", PROMPTS, ids=str)
@pytest.mark.parametrize("place", [0, 4, 11])
def test_generation_stops_where_transformers_meets_its_end_token(
    llama: LlamaForCausalLM, prompt: list[int], place: int
) -> None:
    stop = generate(lambda ids: next_logits(llama, ids), prompt, 12, greedy)[place]
    ours = generate(lambda ids: next_logits(llama, ids), prompt, 25, greedy, stop_tokens={stop})
    theirs = written_by_transformers(llama, prompt, 25, stop)
    assert theirs == [*ours, stop]
    assert len(ours) <= place
