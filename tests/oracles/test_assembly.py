"""At the end of chapter 1, all parts together are the model: token for token what the library writes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import TopKLogitsWarper, TopPLogitsWarper

import pocket
from pocket import assembly
from pocket.language import LanguageModel
from pocket.vocabulary import Vocabulary
from solutions import next_token
from solutions.next_token import BPETokenizer, causal_attention, multi_head_attention, top_k_filter, top_p_filter

QUESTION = """Context:
[1] Vorlen lies on the River Salbek. The mayor of Vorlen is Malnath Kalgrim.
Question: Which river flows through Vorlen?
Answer:"""
PROMPTS = [
    "The Sorsha Tower",
    QUESTION,
    "Question: How tall is the Mornath Tower, in metres?\nThought:",
    "日本 1889",
]
PARTS = [
    "BPETokenizer",
    "causal_attention",
    "multi_head_attention",
    "softmax_temperature",
    "top_k_filter",
    "top_p_filter",
    "generate",
]


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    return pocket.load("pocket-lm")


@pytest.fixture(scope="module")
def parts(lm: LanguageModel) -> assembly.Assembly:
    return assembly.assemble(lm, vars(next_token))


def test_every_part_of_the_references_is_in_place(parts: assembly.Assembly) -> None:
    assert [part.why for part in parts.parts] == [""] * 7
    assert str(parts).endswith("7 of 7 parts are yours.")


def library_s(lm: LanguageModel, ids: list[int], count: int, **how: Any) -> list[int]:
    prompt = torch.tensor([ids])
    with torch.no_grad():
        written = lm.model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=count, **how)
    new = [int(token) for token in written[0, len(ids) :]]
    return new[:-1] if new[-1] in lm.stop_tokens else new


@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_text_is_the_library_s_token_for_token(lm: LanguageModel, parts: assembly.Assembly, prompt: str) -> None:
    ids = parts.encode(prompt)
    assert ids == lm.encode(prompt)
    new = library_s(lm, ids, 30, do_sample=False)
    assert len(new) > 1
    assert parts.loop(parts.next_logits, ids, 30, lambda z: int(z.argmax()), lm.stop_tokens, lm.context) == new
    assert parts.write(prompt, 30) == lm.decode(new)


@pytest.mark.parametrize("seed", [0, 1])
def test_drawn_text_is_the_library_s_token_for_token(lm: LanguageModel, parts: assembly.Assembly, seed: int) -> None:
    prompt = PROMPTS[0]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        new = library_s(lm, lm.encode(prompt), 20, do_sample=True, temperature=1.0, top_k=40, top_p=0.9)
    assert parts.write(prompt, 20, temperature=1.0, top_k=40, top_p=0.9, seed=seed) == lm.decode(new)


def test_logits_are_the_library_s_at_every_position(lm: LanguageModel) -> None:
    ids = lm.encode(PROMPTS[1])
    with torch.no_grad():
        ours = assembly.forward(lm, ids, multi_head_attention, causal_attention)
    torch.testing.assert_close(ours, lm.logits(ids), rtol=1e-4, atol=1e-4)


def test_the_filters_keep_what_the_library_s_keep_of_real_logits(lm: LanguageModel) -> None:
    logits = lm.logits(lm.encode(PROMPTS[1]))
    nothing = torch.zeros(len(logits), 1, dtype=torch.long)
    for k in (1, 5, 50, 1151, 1152, 5000):
        assert torch.equal(top_k_filter(logits, k), TopKLogitsWarper(k)(nothing, logits))
    for p in (0.01, 0.3, 0.75, 0.95):
        assert torch.equal(top_p_filter(logits, p), TopPLogitsWarper(p)(nothing, logits))


@pytest.mark.parametrize("text", [*PROMPTS, "", "  two  spaces\n\nand 12,345 lines\t", "naïve café", "\u0000\ufffd"])
def test_the_tokenizer_with_the_model_s_merges_is_the_model_s(lm: LanguageModel, text: str) -> None:
    vocabulary = Vocabulary.of(lm)
    ids = vocabulary.encode(BPETokenizer(), text)
    assert ids == lm.encode(text)
    assert vocabulary.decode(BPETokenizer(), ids) == text
    assert vocabulary.decode(BPETokenizer(), [*ids, *lm.stop_tokens]) == text


def unwritten(*_args: Any, **_kwargs: Any) -> Any:
    raise NotImplementedError


def wrong(*_args: Any, **_kwargs: Any) -> Any:
    return [1, 2]


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize(("broken", "why"), [(unwritten, "not written yet"), (wrong, "see check(")])
def test_the_library_stands_in_for_a_part_that_does_not_do(lm: LanguageModel, name: str, broken: Any, why: str) -> None:
    parts = assembly.assemble(lm, {**vars(next_token), name: broken})
    (part,) = (part for part in parts.parts if part.why)
    assert part.name == name
    assert why in part.why
    assert parts.write(PROMPTS[0], 6) == lm.complete(PROMPTS[0], max_new_tokens=6)
    assert "6 of 7 parts are yours" in str(parts)


def test_without_any_part_the_library_does_it_all(lm: LanguageModel) -> None:
    parts = assembly.assemble(lm, {})
    assert {part.why for part in parts.parts} == {"not there"}
    assert parts.write(PROMPTS[0], 6) == lm.complete(PROMPTS[0], max_new_tokens=6)
    assert len(parts.write(PROMPTS[0], 4, temperature=0.8, top_k=9, top_p=0.9)) > 0
