"""One interface to a language model, tried on random ones."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from pocket.errors import PocketError, PromptTooLongError, SettingError
from pocket.language import LanguageModel, load_language_model
from solutions.next_token import generate

PROMPTS = ["the tower of Ulm", "the", "a river, they say, is 1094 km long", "Ümläuts 🙂", "is"]


@pytest.fixture(scope="module")
def lm(language_folder: Path) -> LanguageModel:
    return load_language_model(language_folder, name="tiny", device=torch.device("cpu"), dtype=torch.float32)


@pytest.fixture(scope="module")
def spaced(spaced_folder: Path) -> LanguageModel:
    return load_language_model(spaced_folder, name="spaced", device=torch.device("cpu"), dtype=torch.float32)


def likeliest(logits: torch.Tensor) -> int:
    return int(logits.argmax())


def prompt_of(lm: LanguageModel, length: int) -> str:
    """Return a text of so many tokens."""
    text = lm.decode(lm.encode("the tower of Ulm is " * 30)[:length])
    assert len(lm.encode(text)) == length
    return text


# --- tokens and logits


@pytest.mark.parametrize("text", [*PROMPTS, "  two  spaces ", "a\nb"])
def test_decoding_what_was_encoded_gives_the_text(lm: LanguageModel, text: str) -> None:
    assert lm.decode(lm.encode(text)) == text


def test_special_tokens_are_not_decoded(lm: LanguageModel) -> None:
    assert lm.decode([*lm.encode("the"), *lm.stop_tokens]) == "the"


def test_it_says_what_it_is(lm: LanguageModel) -> None:
    assert (lm.name, lm.context, lm.device.type, lm.dtype) == ("tiny", 64, "cpu", torch.float32)
    assert lm.stop_tokens == {1}
    assert not lm.model.training
    assert repr(lm) == "LanguageModel(name='tiny', context=64)"


def test_logits_are_the_models_own(lm: LanguageModel) -> None:
    ids = lm.encode("the tower of Ulm")
    with torch.no_grad():
        expected = lm.model(torch.tensor([ids])).logits[0]
    got = lm.logits(ids)
    assert got.shape == (len(ids), lm.model.config.vocab_size)
    assert got.dtype == torch.float32
    assert not got.requires_grad
    torch.testing.assert_close(got, expected)


def test_the_next_logits_are_the_last_row(lm: LanguageModel) -> None:
    ids = lm.encode("the tower of Ulm")
    torch.testing.assert_close(lm.next_logits(ids), lm.logits(ids)[-1])


def test_the_logits_of_a_full_context_can_be_had_and_of_one_more_cannot(lm: LanguageModel) -> None:
    assert lm.logits([5] * 64).shape[0] == 64
    with pytest.raises(
        PromptTooLongError, match=r"The text has 65 tokens; tiny reads at most 64. Shorten it by at least 1."
    ):
        lm.logits([5] * 65)


@pytest.mark.parametrize(("ids", "said"), [([], "is empty"), ([3, 300], "has the id 300"), ([-1], "has the id -1")])
def test_ids_that_the_model_does_not_have_are_refused(lm: LanguageModel, ids: list[int], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        lm.logits(ids)
    with pytest.raises(SettingError, match=said):
        lm.next_logits(ids)


# --- complete


@pytest.mark.parametrize("prompt", PROMPTS)
def test_it_completes_as_the_loop_of_chapter_1_does(lm: LanguageModel, prompt: str) -> None:
    ids = lm.encode(prompt)
    new = generate(lm.next_logits, ids, 12, likeliest, lm.stop_tokens, lm.context)
    assert lm.complete(prompt, max_new_tokens=12) == lm.decode(ids + new)[len(prompt) :]


def test_a_first_word_keeps_its_space(spaced: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tokenizer such as Llama 2's drops the space of the first token that it decodes."""
    prompt, new = spaced.encode("the tower"), spaced.encode("of Ulm")
    assert spaced.decode(new) == "of Ulm", "or nothing is tested"
    told = torch.tensor([prompt + new])
    monkeypatch.setattr(spaced.model, "generate", lambda *arguments, **options: told)
    assert spaced.complete("the tower") == " of Ulm"


def test_the_stop_token_ends_the_text(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = lm.encode("the tower")
    new = generate(lm.next_logits, ids, 8, likeliest)
    third = new[2]
    before = new[: new.index(third)]
    monkeypatch.setattr(lm, "stop_tokens", frozenset({third}))
    monkeypatch.setattr(lm.model.generation_config, "eos_token_id", [third])
    assert lm.complete("the tower", max_new_tokens=8) == lm.decode(before)


def test_a_stop_text_and_what_follows_is_cut_off(lm: LanguageModel) -> None:
    whole = lm.complete("the tower", max_new_tokens=20)
    stop = whole[5:7]
    assert lm.complete("the tower", max_new_tokens=20, stop=stop) == whole[: whole.index(stop)]
    assert lm.complete("the tower", max_new_tokens=20, stop=["not there", stop]) == whole[: whole.index(stop)]


def test_of_two_stop_texts_the_first_in_the_text_counts(lm: LanguageModel) -> None:
    whole = lm.complete("the tower", max_new_tokens=20)
    assert lm.complete("the tower", max_new_tokens=20, stop=[whole[8:], whole[3:]]) == whole[:3]


def test_nothing_is_written_after_a_stop_text(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = lm.encode("the tower")
    new = generate(lm.next_logits, ids, 20, likeliest)
    stop = lm.decode(new[:4])[-2:]
    rounds = 0
    forward = lm.model.forward

    def counted(*arguments: object, **options: object) -> object:
        nonlocal rounds
        rounds += 1
        return forward(*arguments, **options)

    monkeypatch.setattr(lm.model, "forward", counted)
    lm.complete("the tower", max_new_tokens=20, stop=stop)
    assert 1 <= rounds <= 4


def test_a_text_in_the_prompt_stops_nothing(lm: LanguageModel) -> None:
    whole = lm.complete("the tower", max_new_tokens=5)
    assert "tower" not in whole
    assert lm.complete("the tower", max_new_tokens=5, stop="tower") == whole


def test_no_new_tokens_are_no_text(lm: LanguageModel) -> None:
    assert lm.complete("the tower", max_new_tokens=0) == ""


def test_a_prompt_that_fills_the_context_is_refused_with_both_lengths(lm: LanguageModel) -> None:
    prompt = prompt_of(lm, 64)
    with pytest.raises(PromptTooLongError) as caught:
        lm.complete(prompt)
    assert str(caught.value) == (
        "The prompt has 64 tokens; tiny reads at most 64, what it writes included. Shorten it by at least 1."
    )
    assert (caught.value.length, caught.value.limit) == (64, 64)
    with pytest.raises(PromptTooLongError, match=r"Prompt 1 \(from 0\) has 64 tokens"):
        lm.complete_batch(["the", prompt])


def test_lengths_have_thousands_separators() -> None:
    assert str(PromptTooLongError("The prompt", 1310, "pocket-lm", 1024, room=1)) == (
        "The prompt has 1,310 tokens; pocket-lm reads at most 1,024, what it writes included. "
        "Shorten it by at least 287."
    )


def test_a_text_ends_where_the_context_ends(lm: LanguageModel) -> None:
    prompt = prompt_of(lm, 60)
    ids = lm.encode(prompt)
    new = generate(lm.next_logits, ids, 4, likeliest, lm.stop_tokens)
    assert lm.complete(prompt, max_new_tokens=50) == lm.decode(ids + new)[len(prompt) :]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"max_new_tokens": -1}, "max_new_tokens is -1"),
        ({"stop": ["x", ""]}, "stop text is empty"),
    ],
)
def test_arguments_without_sense_get_a_sentence(lm: LanguageModel, options: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        lm.complete("the", **options)  # type: ignore[arg-type]


def test_an_empty_prompt_gets_a_sentence(lm: LanguageModel) -> None:
    with pytest.raises(PocketError, match="The prompt is empty: a model needs at least one token"):
        lm.complete("")


# --- temperature


def test_a_seed_makes_draws_repeatable_and_leaves_torchs_generator_alone(lm: LanguageModel) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = lm.complete("the", temperature=2.0, seed=7, max_new_tokens=20)
    assert torch.equal(torch.get_rng_state(), before)
    assert lm.complete("the", temperature=2.0, seed=7, max_new_tokens=20) == first
    assert lm.complete("the", temperature=2.0, seed=8, max_new_tokens=20) != first


def test_without_a_seed_torchs_own_generator_decides(lm: LanguageModel) -> None:
    torch.manual_seed(1)
    first = lm.complete("the", temperature=2.0, max_new_tokens=20)
    assert lm.complete("the", temperature=2.0, max_new_tokens=20) != first
    torch.manual_seed(1)
    assert lm.complete("the", temperature=2.0, max_new_tokens=20) == first


def test_tokens_are_drawn_from_the_softmax_of_all_logits(lm: LanguageModel) -> None:
    """Frequencies of the first token against the probabilities, by a chi-squared statistic with a wide bound."""
    temperature, draws = 1.5, 2000
    ids = lm.encode("the tower")
    expected: Counter[str] = Counter()  # ids of broken characters share a text
    for number, chance in enumerate((lm.next_logits(ids) / temperature).softmax(dim=-1).tolist()):
        expected[lm.decode([number])] += draws * chance
    texts = Counter(lm.complete_batch(["the tower"] * draws, max_new_tokens=1, temperature=temperature, seed=11))
    likely = [text for text, often in expected.items() if often >= 20]
    assert len(likely) > 5
    assert sum((texts[text] - expected[text]) ** 2 / expected[text] for text in likely) < 3 * len(likely)


def test_a_top_k_that_came_with_the_weights_does_not_count(language_folder: Path, tmp_path: Path) -> None:
    import shutil

    from transformers import GenerationConfig

    folder = tmp_path / "model"
    shutil.copytree(language_folder, folder)
    GenerationConfig(
        do_sample=True, top_k=1, repetition_penalty=50.0, eos_token_id=[1, 7], pad_token_id=0
    ).save_pretrained(folder)
    plain = load_language_model(language_folder, name="plain", device=torch.device("cpu"), dtype=torch.float32)
    biased = load_language_model(folder, name="biased", device=torch.device("cpu"), dtype=torch.float32)
    assert biased.stop_tokens == {1, 7}
    options = {"temperature": 2.0, "seed": 5, "max_new_tokens": 10}
    assert biased.complete("the", max_new_tokens=3) == plain.complete("the", max_new_tokens=3)
    assert biased.complete("the", **options) == plain.complete("the", **options)  # type: ignore[arg-type]


# --- batches


@pytest.mark.parametrize("batch_size", [1, 2, 32])
@pytest.mark.parametrize("stop", [(), ("e", "1")])
def test_a_batch_gives_each_prompt_the_text_that_it_gets_alone(
    lm: LanguageModel, batch_size: int, stop: Sequence[str]
) -> None:
    prompts = [*PROMPTS, prompt_of(lm, 50), prompt_of(lm, 63)]
    alone = [lm.complete(prompt, max_new_tokens=20, stop=stop) for prompt in prompts]
    assert lm.complete_batch(prompts, max_new_tokens=20, stop=stop, batch_size=batch_size) == alone
    assert len(set(alone)) > 3, "or nothing is tested"


def test_a_row_that_meets_its_stop_token_early_has_nothing_of_the_padding(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = generate(lm.next_logits, lm.encode("the"), 3, likeliest)[2]
    monkeypatch.setattr(lm, "stop_tokens", frozenset({stop}))
    monkeypatch.setattr(lm.model.generation_config, "eos_token_id", [stop])
    alone = [lm.complete(prompt, max_new_tokens=20) for prompt in PROMPTS]
    assert lm.complete_batch(PROMPTS, max_new_tokens=20) == alone


def test_no_prompts_are_no_texts(lm: LanguageModel) -> None:
    assert lm.complete_batch([]) == []


# --- silence


def test_loading_and_completing_prints_and_logs_nothing(
    language_folder: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lm = load_language_model(language_folder, name="tiny", device=torch.device("cpu"), dtype=torch.float32)
        lm.complete("the", max_new_tokens=4)
        lm.complete_batch(PROMPTS, max_new_tokens=4, temperature=0.5, seed=1, stop="x")
        with pytest.raises(PromptTooLongError):
            lm.complete("the tower of Ulm " * 50)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_silence_ends_with_loading(language_folder: Path) -> None:
    import logging

    from transformers.utils import logging as transformers_logging

    handlers, disabled = list(logging.root.handlers), logging.root.manager.disable
    hook = transformers_logging.set_tqdm_hook(None)
    load_language_model(language_folder, name="tiny", device=torch.device("cpu"), dtype=torch.float32)
    assert transformers_logging.set_tqdm_hook(hook) is None
    assert (logging.root.handlers, logging.root.manager.disable) == (handlers, disabled)
