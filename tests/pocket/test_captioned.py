"""What pocket-clip learns from: sentences that are true of their pictures, and nothing of what is held out."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket.train.captioned import FAR, PAINTS, Example, Mention, draw_example, draw_paints, phrase, truth
from pocket.train.clip import contrastive_loss
from pocket.world.pictures import BACKGROUNDS, COLOURS, HELD_OUT_PAIRS, SHAPES, draw_scene

repeatable = settings(derandomize=True, deadline=None, max_examples=60)
seeds = st.integers(0, 10**9)
NOTHING = np.zeros((1, 1, 3), dtype=np.uint8)


def example(shown: list[Mention], said: list[Mention]) -> Example:
    return Example(NOTHING, "", shown, said)


def may_be_true(sentence: Example, picture: Example) -> bool:
    """Whether each thing that is mentioned could be one that is shown; None says nothing."""
    return all(
        any(
            all(None in {one, other} or one == other for one, other in zip(mention, thing, strict=True))
            for thing in picture.shown
        )
        for mention in sentence.said
    )


@repeatable
@given(seeds)
def test_which_sentences_are_true_of_which_pictures(seed: int) -> None:
    rng = random.Random(seed)
    examples = [draw_example(rng) for _ in range(12)]
    true = truth(examples)
    assert true.tolist() == [[may_be_true(said, shown) for shown in examples] for said in examples]
    assert true.diagonal().all()


RED_RING: Mention = ("small", "red", "ring", "in the middle")
BLUE_STAR: Mention = ("large", "blue", "star", "at the top")


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ([(None, "red", None, None)], True),
        ([(None, "blue", "ring", None)], False),
        ([(None, "red", None, None), (None, None, "star", None)], True),
        ([("large", "red", None, None)], False),
        ([(None, None, None, "at the top"), (None, "green", None, None)], False),
    ],
)
def test_a_sentence_is_true_if_each_of_its_things_is_in_the_picture(said: list[Mention], fits: bool) -> None:
    both = [example([RED_RING, BLUE_STAR], [RED_RING]), example([BLUE_STAR], said)]
    assert bool(truth(both)[1, 0]) is fits


def test_a_colour_that_has_no_name_may_be_any() -> None:
    nameless = example([("small", None, "ring", "in the middle")], [(None, None, "ring", None)])
    named = example([BLUE_STAR], [(None, "green", "ring", None)])
    assert truth([nameless, named]).tolist() == [[True, False], [True, False]]


@repeatable
@given(seeds)
def test_a_sentence_names_what_it_says_and_no_colour_of_a_picture_in_nameless_ones(seed: int) -> None:
    drawn = draw_example(random.Random(seed))
    words = re.findall(r"\w+", drawn.sentence)
    for _, colour, shape, _ in drawn.said:
        assert colour is None or colour in words
        assert shape is None or shape in words
    if all(colour is None for _, colour, _, _ in drawn.shown):
        assert not set(words) & set(COLOURS)


@repeatable
@given(seeds)
def test_no_picture_shows_a_pair_that_is_held_out_also_not_in_a_colour_without_a_name(seed: int) -> None:
    rng = random.Random(seed)
    assert not any((colour, shape) in HELD_OUT_PAIRS for _, colour, shape, _ in draw_example(rng).shown)
    scene = draw_scene(rng, held_out=False)
    for thing in scene.things:
        rgb = draw_paints(scene, rng)[thing.colour]
        nearest = min(COLOURS, key=lambda name: math.dist(rgb, COLOURS[name]))
        assert (nearest, thing.shape) not in HELD_OUT_PAIRS


def test_nameless_colours_are_far_from_all_that_have_a_name_and_there_are_some_near_each() -> None:
    assert PAINTS.keys() == COLOURS.keys()
    for name, paints in PAINTS.items():
        assert paints, name
        for rgb in paints:
            assert min(math.dist(rgb, other) for other in (COLOURS | BACKGROUNDS).values()) >= FAR
            assert min(COLOURS, key=lambda colour: math.dist(rgb, COLOURS[colour])) == name


@pytest.mark.parametrize(
    ("mention", "words"),
    [
        ((None, "orange", None, None), "an orange thing"),
        (("small", None, "ring", "on the left"), "a small ring on the left"),
        ((None, None, None, "at the top"), "a thing at the top"),
    ],
)
def test_a_mention_in_words(mention: Mention, words: str) -> None:
    assert phrase(mention) == words


def test_every_shape_and_colour_is_drawn() -> None:
    rng = random.Random(0)
    shown = [thing for _ in range(300) for thing in draw_example(rng).shown]
    assert {colour for _, colour, _, _ in shown} == {*COLOURS, None}
    assert {shape for _, _, shape, _ in shown} == set(SHAPES)


# --- the loss


def unit(seed: int, rows: int = 6) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(rows, 5, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_the_loss_is_clips_where_no_sentence_is_true_of_another_picture() -> None:
    from open_clip.loss import ClipLoss

    pictures, sentences, scale = unit(1), unit(2), torch.tensor(7.0)
    loss, _ = contrastive_loss(pictures, sentences, scale, torch.eye(6, dtype=torch.bool))
    torch.testing.assert_close(loss, ClipLoss()(pictures, sentences, scale))


def test_a_sentence_that_is_also_true_is_left_out_of_the_loss() -> None:
    """Picture 0 is drawn to sentence 1 and not punished for it, once that sentence is true of it as well."""
    pictures, scale = unit(3), torch.tensor(10.0)
    sentences = pictures.clone()
    sentences[1] = pictures[0]
    true = torch.eye(6, dtype=torch.bool)
    strict, strict_found = contrastive_loss(pictures, sentences, scale, true)
    true[1, 0] = True
    fair, fair_found = contrastive_loss(pictures, sentences, scale, true)
    assert fair < strict
    assert fair_found >= strict_found
    moved = replace(example([RED_RING], [RED_RING]), said=[(None, None, "ring", None)])
    assert truth([example([RED_RING], [RED_RING]), moved]).all()
