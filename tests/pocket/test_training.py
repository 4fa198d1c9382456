"""What the models learn from, and how: texts, packing, and runs that can be stopped."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from pocket.quiet import quiet
from pocket.train import draft, lm, loop, texts
from pocket.train import tokenizer as tokenizers
from pocket.train.loop import Run, warmup_cosine
from pocket.train.packing import Batch, pack
from pocket.train.texts import (
    ANSWER,
    END,
    LESSONS,
    LONG_MIX,
    MIX,
    NEVER,
    PROSE,
    READ,
    WRITE,
    Piece,
    Text,
    draw,
    lesson_of,
)
from pocket.world import UNKNOWN, World
from pocket.world.names import names
from tests.pocket import reader
from tests.pocket.small import llama_config

ROOT = Path(__file__).parents[2]

repeatable = settings(derandomize=True, deadline=None, max_examples=60)
seeds = st.integers(0, 10**9)
MIXES = (*(lesson.mix for lesson in LESSONS), MIX, LONG_MIX)
KINDS = {kind.__name__: kind for mix in MIXES for kind in mix}
PAIRS = {"neighbours", "pairs_with_a_mark", "pairs_of_names"}
kinds = st.sampled_from(sorted(KINDS))


@pytest.fixture(autouse=True)
def generator_as_it_was() -> Iterator[None]:
    """Leave torch's generator to the other tests as it was."""
    with torch.random.fork_rng(devices=[]):
        yield


def world(seed: int) -> World:
    return World(f"texts/{seed}", "train", size=4)


def joined(text: Text) -> str:
    return "".join(piece.text for piece in text)


# --- texts


@repeatable
@given(kinds, seeds)
def test_a_training_text_has_names_of_the_training_side_only(kind: str, seed: int) -> None:
    words = set(re.findall(r"[A-Z][a-z]+", joined(KINDS[kind](Random(seed), world(seed)))))
    assert words.isdisjoint(names("held-out"))
    assert kind in {"pictured", *PAIRS} or not words.isdisjoint(names("train"))


@repeatable
@given(kinds, seeds)
def test_what_is_to_be_written_weighs_more_than_what_is_read(kind: str, seed: int) -> None:
    """Written is what follows where a person, a page or a tool stops and the model goes on."""
    text = [piece for piece in KINDS[kind](Random(seed), world(seed)) if piece.text]
    before = Piece("", READ)
    for piece in text:
        turn = before.text.endswith(("Answer:", "Caption:", "Thought:"))
        told = kind == "acted" and before.weight == WRITE and before.text.endswith(" is")  # what a thought reads off
        goes_on = kind == "acted" and before.weight == ANSWER  # the same thought, after it
        if kind == "prose":
            assert piece.weight == PROSE
        elif kind not in PAIRS:
            assert (piece.weight in {ANSWER, WRITE, NEVER}) == (turn or told or goes_on), piece
            assert (piece.weight == ANSWER) == (told or before.text.endswith("Answer:"))
            assert piece.weight == READ or goes_on or piece.text.startswith(" ")
            assert turn or not before.text.endswith(":")
        before = piece
    assert before.text.endswith((END, ";"))
    assert ANSWER > WRITE > PROSE > READ > NEVER == 0


@pytest.mark.parametrize("kind", sorted({"read", "read_much"} & set(KINDS)))
def test_answers_are_what_the_passages_say_and_unknown_where_they_do_not(kind: str) -> None:
    """Read by a reader that knows nothing but the schema's wordings."""
    answers = []
    for seed in range(40):
        context, *asked = re.split(r"\n?Question: ", joined(KINDS[kind](Random(seed), world(seed))))
        passages = reader.passages_in(context.removeprefix("Context:\n"))
        for question, answer in (one.removesuffix(END).split("\nAnswer: ") for one in asked):
            assert answer == reader.answer(question, passages)
            answers.append(answer)
    assert 0.02 < answers.count(UNKNOWN) / len(answers) < 0.3


@repeatable
@given(st.sampled_from(sorted(PAIRS)), seeds)
def test_what_follows_a_key_is_what_followed_it_before(kind: str, seed: int) -> None:
    listed, *asked = KINDS[kind](Random(seed), world(seed))
    keys, answers, ends = asked[::3], asked[1::3], asked[2::3]
    pairs = listed.text.removesuffix(" |").split(";")
    assert 2 <= len(pairs) == len(keys) == len(answers) == len(ends)
    for key, answer in zip(keys, answers, strict=True):
        assert key.text + answer.text in pairs
        assert answer.weight == ANSWER
    assert {piece.weight for piece in (listed, *keys, *ends)} == {NEVER}


def test_the_first_lessons_only_look_up_and_the_rest_has_everything_that_is_asked_of_the_model() -> None:
    def drawn(step: int) -> set[str]:
        some = [joined(draw(Random(seed), lesson_of(step), world(seed))) for seed in range(150)]
        starts = {"reads": "Context:", "acts": "Tools:", "sees": "Picture:", "does not know": "Question:"}
        return {
            next((kind for kind, start in starts.items() if text.startswith(start)), "looks up" if "|" in text else "")
            for text in some
        }

    first = [sum(lesson.steps for lesson in LESSONS[:number]) for number in range(len(LESSONS) + 1)]
    assert [lesson_of(step) for step in first] == [*(lesson.mix for lesson in LESSONS), MIX]
    assert [lesson_of(step - 1) for step in first[1:]] == [lesson.mix for lesson in LESSONS]
    assert drawn(first[0]) == drawn(first[1]) == drawn(first[2]) == {"looks up"}
    assert drawn(first[3]) == {"looks up", "reads"}
    assert drawn(10**6) == {"reads", "acts", "sees", "does not know", ""}


def test_sentences_told_apart_by_names_alone_say_the_same_relation_of_different_entities() -> None:
    for seed in range(40):
        text = joined(texts.told(Random(seed), world(seed)))
        context, *asked = re.split(r"\n?Question: ", text)
        passages = reader.passages_in(context.removeprefix("Context:\n"))
        assert len(asked) == len(passages) >= 2
        assert len({one.removesuffix(END).split("\nAnswer: ")[0] for one in asked}) == len(asked)
        for question, answer in (one.removesuffix(END).split("\nAnswer: ") for one in asked):
            assert answer == reader.answer(question, passages)


# --- tokens


@pytest.fixture(scope="module")
def tokenizer() -> tokenizers.PreTrainedTokenizerFast:
    return tokenizers.load()


@repeatable
@given(st.data())
def test_the_pieces_of_a_text_have_the_tokens_of_the_whole(
    tokenizer: tokenizers.PreTrainedTokenizerFast, data: st.DataObject
) -> None:
    """A prompt is encoded as a whole: the model must meet the tokens that it was trained on."""
    prompted = st.sampled_from(sorted(KINDS.keys() - PAIRS))
    text = KINDS[data.draw(prompted)](Random(data.draw(seeds)), world(data.draw(seeds)))
    ids, weights = lm.tokens(text, tokenizer)
    assert len(ids) == len(weights)
    assert ids == tokenizer.encode(joined(text))
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == joined(text)


@repeatable
@given(seeds)
def test_the_first_token_of_an_answer_weighs_most_and_the_rest_as_what_is_written(
    tokenizer: tokenizers.PreTrainedTokenizerFast, seed: int
) -> None:
    text = texts.read(Random(seed), world(seed))
    ids, weights = lm.tokens(text, tokenizer)
    written = [token for token, weight in zip(ids, weights, strict=True) if weight >= WRITE]
    answers = [piece.text for piece in text if piece.weight == ANSWER]
    assert tokenizer.decode(written) == "".join(answers)
    for answer in answers:
        ids, weights = lm.tokens([texts.Piece(answer, ANSWER)], tokenizer)
        decides = 2 if answer[1].isdigit() else 1  # before a number stands a space, which says nothing of the number
        assert weights == [ANSWER] * decides + [WRITE] * (len(ids) - decides)


@repeatable
@given(st.integers(0, 10**12), st.sampled_from(("", " ", "in ", "search[")))
def test_every_digit_is_a_token_of_its_own(
    tokenizer: tokenizers.PreTrainedTokenizerFast, number: int, before: str
) -> None:
    tokens = [tokenizer.decode([token]) for token in tokenizer.encode(f"{before}{number}")]
    assert tokens[-len(str(number)) :] == list(str(number))


@repeatable
@given(st.text().filter(lambda text: "<" not in text))
def test_every_text_can_be_encoded_and_comes_back(tokenizer: tokenizers.PreTrainedTokenizerFast, text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    assert tokenizer.decode(tokenizer.encode(text), clean_up_tokenization_spaces=False) == text


def test_nearly_every_text_fits_a_row_so_that_no_kind_is_lost(tokenizer: tokenizers.PreTrainedTokenizerFast) -> None:
    for mix, room in ((MIX, lm.LENGTH), (LONG_MIX, lm.LONG_LENGTH)):
        for kind in mix:
            lengths = [len(lm.tokens(kind(Random(seed), world(seed)), tokenizer)[0]) for seed in range(60)]
            assert sum(length > room for length in lengths) <= 3, kind
    assert lm.LENGTH <= lm.LONG_LENGTH <= tokenizers.CONTEXT


# --- packing


def numbered_texts(lengths: list[int]) -> Callable[[], tuple[list[int], list[float]]]:
    """Return a draw of texts whose tokens say which text they are of: 1000, 1001, ... and then 2000, 2001, ..."""
    drawn = iter(range(1, 10**6))

    def one() -> tuple[list[int], list[float]]:
        number = next(drawn)
        length = lengths[number % len(lengths)]
        return [number * 1000 + place for place in range(length)], [0.5 + place for place in range(length)]

    return one


packings = st.tuples(st.lists(st.integers(1, 14), min_size=1, max_size=8), st.integers(1, 4), st.integers(14, 24))


@repeatable
@given(packings)
def test_no_text_of_a_row_sees_another_and_none_sees_what_comes_after(packing: tuple[list[int], int, int]) -> None:
    lengths, rows, length = packing
    batch = pack(numbered_texts(lengths), rows, length)
    assert batch.ids.shape == batch.positions.shape == batch.weights.shape == (rows, length)
    assert batch.mask.shape == (rows, 1, length, length)
    of = batch.ids // 1000  # 0 where no text is
    for row in range(rows):
        for place in range(length):
            seen = batch.mask[row, 0, place].nonzero().flatten().tolist()
            assert seen == [other for other in range(place + 1) if of[row, other] == of[row, place]]


@repeatable
@given(packings)
def test_each_text_lies_whole_in_one_row_with_its_own_positions_and_weights(
    packing: tuple[list[int], int, int],
) -> None:
    lengths, rows, length = packing
    batch = pack(numbered_texts(lengths), rows, length)
    for number in set((batch.ids // 1000).flatten().tolist()) - {0}:
        row, places = (batch.ids // 1000 == number).nonzero(as_tuple=True)
        size = lengths[number % len(lengths)]
        assert len(set(row.tolist())) == 1
        assert places.tolist() == list(range(int(places[0]), int(places[0]) + size))
        assert (batch.ids[row, places] - number * 1000).tolist() == list(range(size))
        assert batch.positions[row, places].tolist() == list(range(size))
        assert batch.weights[row, places].tolist() == [0.0, *(0.5 + place for place in range(1, size))]
    assert batch.weights[batch.ids == 0].sum() == 0


@repeatable
@given(packings)
def test_a_text_is_left_out_only_where_no_row_has_room_for_it(packing: tuple[list[int], int, int]) -> None:
    lengths, rows, length = packing
    made = numbered_texts(lengths)
    drawn = []

    def recorded() -> tuple[list[int], list[float]]:
        drawn.append(made())
        return drawn[-1]

    batch = pack(recorded, rows, length)
    assert sum(len(ids) for ids, _ in drawn) >= 0.97 * rows * length
    placed = set((batch.ids // 1000).flatten().tolist())
    room = int((batch.ids == 0).sum(-1).max())
    assert all(len(ids) > room for ids, _ in drawn if ids[0] // 1000 not in placed)


def small_llama() -> LlamaForCausalLM:
    torch.manual_seed(2)
    return LlamaForCausalLM(llama_config(50, 32)).eval()


def some_texts(seed: int) -> Callable[[], tuple[list[int], list[float]]]:
    rng = Random(seed)

    def one() -> tuple[list[int], list[float]]:
        ids = [rng.randrange(1, 50) for _ in range(rng.randint(2, 12))]
        return ids, [rng.choice((0.1, 1.0)) for _ in ids]

    return one


def texts_in(batch: Batch) -> list[tuple[int, slice]]:
    """Return the row and the places of each text of a batch; a text starts where its positions do."""
    found = []
    for row in range(len(batch.ids)):
        filled = int((batch.ids[row] > 0).sum())
        starts = [place for place in range(filled) if batch.positions[row, place] == 0]
        found += [(row, slice(*ends)) for ends in zip(starts, [*starts[1:], filled], strict=True)]
    return found


def test_packed_texts_have_the_logits_and_the_loss_that_each_has_alone() -> None:
    model = small_llama()
    batch = pack(some_texts(1), 3, 24)
    with torch.no_grad():
        packed = model.lm_head(lm.hidden_states(model.model, batch))
        assert len(texts_in(batch)) > 6
        for row, places in texts_in(batch):
            alone = model(batch.ids[row, places][None]).logits[0]
            torch.testing.assert_close(packed[row, places], alone, atol=1e-4, rtol=1e-4)


@repeatable
@given(seeds)
def test_of_the_tokens_that_are_read_a_drawn_part_counts_so_much_more(seed: int) -> None:
    weights = torch.tensor([0.0, READ, PROSE, WRITE]).repeat(2000, 1)
    one = lm.kept(weights, Random(seed))
    assert torch.equal(one[:, [0, 3]], weights[:, [0, 3]])
    torch.testing.assert_close(one.mean(0), weights[0], rtol=0.15, atol=0)
    assert 0.15 < (one[:, 1] > 0).float().mean() < 0.35
    assert torch.equal(one, lm.kept(weights, Random(seed)))


# --- batches


def fingerprint() -> str:
    """Return a hash of what is drawn for some steps; run by another process too."""
    import hashlib
    from random import Random

    from pocket.train import texts
    from pocket.train.loop import batch_seed

    told = []
    for seed in (0, 1):
        for mix in (*(lesson.mix for lesson in texts.LESSONS), texts.MIX, texts.LONG_MIX):
            rng = Random(batch_seed(seed, 0))
            for world in texts.worlds(rng):
                told += [f"{piece.text}{piece.weight}" for piece in texts.draw(rng, mix, world)]
    return hashlib.sha256("".join(told).encode()).hexdigest()


def test_what_a_step_draws_is_the_same_in_any_process() -> None:
    other = {"1": "2"}.get(os.environ.get("PYTHONHASHSEED", ""), "1")
    ran = subprocess.run(
        [sys.executable, "-c", f"{inspect.getsource(fingerprint)}\nprint(fingerprint())"],
        env={**os.environ, "PYTHONHASHSEED": other, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == fingerprint()


def test_a_batch_depends_on_its_seed_and_its_step_only(tokenizer: tokenizers.PreTrainedTokenizerFast) -> None:
    def drawn(seed: int, step: int, noise: int) -> tuple[str, ...]:
        torch.manual_seed(noise)
        rng = Random(loop.batch_seed(seed, step))
        batch = lm.batch_of(rng, MIX, tokenizer)
        tensors = (batch.ids, batch.positions, batch.mask, batch.weights, lm.kept(batch.weights, rng))
        return tuple(hashlib.sha256(tensor.numpy().tobytes()).hexdigest() for tensor in tensors)

    assert drawn(0, 500, noise=1) == drawn(0, 500, noise=2)
    assert drawn(0, 500, noise=1)[0] != drawn(0, 501, noise=1)[0]
    assert drawn(0, 500, noise=1)[0] != drawn(1, 500, noise=1)[0]


# --- runs


@repeatable
@given(st.integers(1, 10_000), st.integers(1, 200), st.floats(0, 0.5))
def test_the_learning_rate_rises_falls_and_ends_where_it_should(steps: int, warmup: int, end: float) -> None:
    factor = warmup_cosine(steps, warmup=warmup, end=end)
    factors = [factor(step) for step in range(0, steps + 1, max(1, steps // 50))]
    assert all(0 <= one <= 1 for one in factors)
    after = [factor(step) for step in range(min(warmup, steps), steps + 1, max(1, steps // 50))]
    assert after == sorted(after, reverse=True)
    assert factor(0) == pytest.approx(1 / warmup)
    if warmup <= steps:
        assert factor(steps) == pytest.approx(end)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints and models go into a new folder."""
    monkeypatch.setattr(loop, "ROOT", tmp_path)
    for module in (loop, lm, draft):
        monkeypatch.setattr(module, "MODELS", tmp_path / "models")
    return tmp_path


class Killed(BaseException):
    """The end of a process, from outside."""


def go(
    *,
    steps: int = 9,
    killed_at: int | None = None,
    seed: int = 3,
    resume: bool = True,
    every_seconds: float = -1,
) -> tuple[Run, dict[str, torch.Tensor]]:
    """Train a tiny module, with dropout and Adam's moments to remember; return its run and its weights."""
    torch.manual_seed(8)
    module = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    optimiser = torch.optim.AdamW(module.parameters(), lr=0.1)
    torch.manual_seed(killed_at or 77)  # what a process starts with does not matter
    run = Run(
        "tiny",
        seed=seed,
        steps=steps,
        modules={"module": module},
        optimisers={"adamw": optimiser},
        schedule=warmup_cosine(steps, warmup=2),
        resume=resume,
        checkpoint_seconds=every_seconds,
    )
    for step in run:
        inputs = torch.tensor([[run.rng.random() for _ in range(4)] for _ in range(6)])
        loss = (module(inputs) - inputs.sum(1, keepdim=True)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        run.log(loss=loss.item(), rate=optimiser.param_groups[0]["lr"])
        if step == killed_at:
            break
    return run, {name: value.clone() for name, value in module.state_dict().items()}


def curve(folder: Path) -> list[dict[str, float]]:
    log = json.loads((folder / "models" / "tiny" / "training.json").read_text(encoding="utf-8"))
    return [{key: value for key, value in point.items() if key != "seconds"} for point in log["curve"]]


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert list(one) == list(other)
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("killed_at", [0, 1, 5, 8])
@pytest.mark.parametrize("every_seconds", [-1, 300], ids=["after each step", "never before the end"])
def test_a_run_that_was_stopped_and_resumed_ends_as_one_that_was_not(
    workplace: Path, killed_at: int, every_seconds: float
) -> None:
    _, never = go()
    whole = curve(workplace)
    (workplace / "build" / "training" / "tiny" / "checkpoint.pt").unlink()
    stopped, _ = go(killed_at=killed_at, every_seconds=every_seconds)
    assert stopped.checkpoint.is_file() == (every_seconds < 0 and killed_at > 0)
    resumed, weights = go(every_seconds=every_seconds)
    assert_same(weights, never)
    assert curve(workplace) == whole
    assert [point["step"] for point in whole] == list(range(1, 10))
    assert resumed.checkpoint.is_file()


def test_a_run_that_is_stopped_again_and_again_still_ends_the_same(workplace: Path) -> None:
    _, never = go()
    whole = curve(workplace)
    (workplace / "build" / "training" / "tiny" / "checkpoint.pt").unlink()
    for killed_at in (2, 3, 7):
        go(killed_at=killed_at)
    _, weights = go()
    assert_same(weights, never)
    assert curve(workplace) == whole


def test_a_point_of_the_curve_is_the_mean_of_its_stretch_also_where_a_run_was_stopped_within(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "POINTS", 3)
    go()
    whole = curve(workplace)
    assert [point["step"] for point in whole] == [3, 6, 9]
    (workplace / "build" / "training" / "tiny" / "checkpoint.pt").unlink()
    go(killed_at=5)
    go()
    assert curve(workplace) == whole


def test_a_run_that_is_killed_while_it_writes_keeps_the_checkpoint_before(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, never = go()
    run, _ = go(killed_at=4, resume=False)
    kept = run.checkpoint.read_bytes()

    def half(_state: object, path: Path) -> None:
        path.write_bytes(kept[: len(kept) // 2])
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(loop.torch, "save", half)
        with pytest.raises(Killed):
            go()
    assert run.checkpoint.read_bytes() == kept
    _, weights = go()
    assert_same(weights, never)


def test_a_finished_run_has_nothing_left_to_do(workplace: Path) -> None:
    _, weights = go()
    again, same = go()
    assert list(again) == []
    assert_same(weights, same)


def test_a_fresh_run_starts_again_and_another_seed_gives_another_one(workplace: Path) -> None:
    _, weights = go()
    fresh, again = go(resume=False)
    assert len(fresh.curve) == 9
    assert_same(weights, again)
    _, others = go(resume=False, seed=4)
    assert not torch.equal(others["0.weight"], weights["0.weight"])


def test_a_curve_has_a_limited_number_of_points_and_is_one_line_a_point(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "POINTS", 5)
    go(steps=23)
    assert [point["step"] for point in curve(workplace)] == [4, 8, 12, 16, 20, 23]
    lines = (workplace / "models" / "tiny" / "training.json").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 + 6
    assert json.loads(lines[1].rstrip(",")).keys() == {"step", "seconds", "loss", "rate"}


# --- the scripts, from end to end


@pytest.mark.slow
def test_the_scripts_write_models_that_transformers_loads_and_the_draft_learns_from_the_model_there(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 1}
    real = lm.config

    def config(tokenizer: tokenizers.PreTrainedTokenizerFast) -> LlamaConfig:
        made = real(tokenizer)
        made.update(small)
        return made

    monkeypatch.setattr(lm, "config", config)
    lm.train(seed=0, steps=3, rate=1e-3, device="cpu", fresh=True, compiled=False)
    draft.train(seed=0, steps=3, device="cpu", fresh=True)
    for name in ("pocket-lm", "pocket-draft"):
        folder = workplace / "models" / name
        with quiet():
            model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float16}
        ids = tokenizer("Question: Who is the mayor of Velmar?\nAnswer:", return_tensors="pt").input_ids
        assert model.float()(ids).logits.shape == (1, ids.shape[1], model.config.vocab_size)
        log = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        assert [point["step"] for point in log["curve"]] == [1, 2, 3]
        assert (workplace / "build" / "training" / name / "checkpoint.pt").is_file()
    assert model.config.hidden_size == 96
    assert log["curve"][0].keys() >= {"loss"}
    assert log["curve"][-1].keys() >= {"kl", "overlap"}


@repeatable
@given(st.integers(2, 9), seeds)
def test_the_overlap_of_two_distributions_is_one_less_half_the_distance(size: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    p, q = torch.rand(2, 3, size, generator=generator).softmax(-1)
    torch.testing.assert_close(draft.overlap(p, q), 1 - (p - q).abs().sum(-1) / 2)
    torch.testing.assert_close(draft.overlap(p, p), torch.ones(3))
