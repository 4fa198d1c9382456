"""Pictures of the pocket world: what is drawn, what is said and what is asked agree, and held-out pairs stay held out."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket.world.painting import render, to_image
from pocket.world.pictures import (
    ALL_PAIRS,
    BACKGROUNDS,
    COLOURS,
    HELD_OUT_PAIRS,
    POSITIONS,
    SHAPES,
    SIZES,
    PictureQuestion,
    Scene,
    Thing,
    caption,
    captions,
    describe,
    draw_scene,
    questions,
)

seeds = st.integers(0, 2**32)
scenes = st.builds(lambda seed, held_out: draw_scene(random.Random(seed), held_out), seeds, st.booleans())
things = st.builds(
    Thing, st.sampled_from(list(COLOURS)), st.sampled_from(SHAPES), st.sampled_from(SIZES), st.sampled_from(POSITIONS)
)
# Any scene that can be written down, twins included: wider than what draw_scene draws.
written_scenes = st.builds(
    Scene,
    st.lists(things, min_size=1, max_size=4, unique_by=lambda thing: thing.position).map(tuple),
    st.sampled_from(list(BACKGROUNDS)),
    seeds,
)


def cell(picture: np.ndarray, position: str) -> np.ndarray:
    row, column = divmod(POSITIONS.index(position), 3)
    step = len(picture) // 3
    return picture[row * step : (row + 1) * step, column * step : (column + 1) * step].astype(float)


def ink(picture: np.ndarray, position: str, background: str) -> np.ndarray:
    """How far each pixel of a cell is from the background, from 0 to 1."""
    away = np.abs(cell(picture, position) - BACKGROUNDS[background]).sum(axis=2)
    return away / away.max() if away.max() else away


def alone(colour: str = "red", shape: str = "circle", size: str = "large", *, seed: int = 0) -> Scene:
    return Scene((Thing(colour, shape, size, "in the middle"),), "white", seed)


def centre(amount: np.ndarray) -> tuple[int, int]:
    rows, columns = np.indices(amount.shape)
    return round(float((rows * amount).sum() / amount.sum())), round(float((columns * amount).sum() / amount.sum()))


# --- which scenes are drawn


@given(seeds, st.booleans(), st.sampled_from([None, 1, 2, 3]))
def test_the_same_seed_draws_the_same_scene(seed, held_out, count):
    assert draw_scene(random.Random(seed), held_out, count) == draw_scene(random.Random(seed), held_out, count)


@given(seeds, st.sampled_from([None, 1, 2, 3]))
def test_a_training_scene_never_shows_a_held_out_pair(seed, count):
    scene = draw_scene(random.Random(seed), False, count)
    assert not HELD_OUT_PAIRS & {thing.pair for thing in scene.things}


@given(seeds, st.sampled_from([None, 1, 2, 3]))
def test_a_held_out_scene_shows_at_least_one_held_out_pair(seed, count):
    scene = draw_scene(random.Random(seed), True, count)
    assert HELD_OUT_PAIRS & {thing.pair for thing in scene.things}


@given(scenes)
def test_things_are_one_to_three_at_places_of_their_own_and_never_alike_in_colour_and_shape(scene):
    assert 1 <= len(scene.things) <= 3
    assert len({thing.position for thing in scene.things}) == len(scene.things)
    assert len({thing.pair for thing in scene.things}) == len(scene.things)
    assert scene.things == scene.in_order()


@given(seeds, st.booleans(), st.integers(1, 3))
def test_as_many_things_are_drawn_as_were_asked_for(seed, held_out, count):
    assert len(draw_scene(random.Random(seed), held_out, count).things) == count


@pytest.mark.parametrize("count", [-1, 0, 4])
def test_a_number_of_things_that_no_scene_has_is_refused(count):
    with pytest.raises(ValueError, match="1 to 3 things"):
        draw_scene(random.Random(0), False, count)


def test_every_pair_position_size_and_background_is_drawn_about_equally_often():
    rng = random.Random(0)
    drawn = [draw_scene(rng, False, 1) for _ in range(7200)]
    for values, expected in [
        (Counter(scene.things[0].pair for scene in drawn), 36),
        (Counter(scene.things[0].position for scene in drawn), 9),
        (Counter(scene.things[0].size for scene in drawn), 2),
        (Counter(scene.background for scene in drawn), 4),
    ]:
        assert len(values) == expected
        assert max(values.values()) < 1.5 * min(values.values())


def test_a_held_out_pair_can_stand_anywhere_among_the_things():
    rng = random.Random(0)
    places = Counter(
        place
        for _ in range(600)
        for place, thing in enumerate(draw_scene(rng, True, 3).things)
        if thing.pair in HELD_OUT_PAIRS
    )
    assert min(places[place] for place in range(3)) > 200


def test_training_shows_every_colour_and_every_shape_in_several_pairs():
    seen = [pair for pair in ALL_PAIRS if pair not in HELD_OUT_PAIRS]
    assert len(seen) == 36
    assert min(Counter(colour for colour, _ in seen).values()) >= 4
    assert min(Counter(shape for _, shape in seen).values()) >= 6
    assert {colour for colour, _ in HELD_OUT_PAIRS} == set(COLOURS)
    assert {shape for _, shape in HELD_OUT_PAIRS} == set(SHAPES)


# --- what cannot be a scene


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("teal", "circle", "large", "at the top"), "colour 'teal'"),
        (("red", "hexagon", "large", "at the top"), "shape 'hexagon'"),
        (("red", "circle", "huge", "at the top"), "size 'huge'"),
        (("red", "circle", "large", "top"), "position 'top'"),
    ],
)
def test_an_unknown_word_is_named(words, wrong):
    with pytest.raises(ValueError, match=wrong):
        Thing(*words)


def test_a_scene_without_things_with_two_in_one_place_or_on_an_unknown_ground_is_refused():
    thing = Thing("red", "circle", "large", "at the top")
    with pytest.raises(ValueError, match="at least one thing"):
        Scene(())
    with pytest.raises(ValueError, match="one position"):
        Scene((thing, Thing("blue", "ring", "small", "at the top")))
    with pytest.raises(ValueError, match="background 'night'"):
        Scene((thing,), "night")


# --- pixels


@given(written_scenes, st.sampled_from([48, 50, 96]))
def test_the_same_scene_gives_the_same_bytes(scene, size):
    picture = render(scene, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.tobytes() == render(scene, size).tobytes()
    assert picture.tobytes() == to_image(scene, size).tobytes()


@given(written_scenes)
def test_the_order_in_which_things_are_written_down_does_not_matter(scene):
    turned = Scene(scene.things[::-1], scene.background, scene.seed)
    assert np.array_equal(render(turned), render(scene))
    assert captions(turned) == captions(scene)
    assert questions(turned) == questions(scene)


@given(written_scenes)
def test_every_thing_shows_its_own_colour_in_its_own_cell_and_other_cells_are_empty(scene):
    picture = render(scene)
    for position in POSITIONS:
        thing = next((thing for thing in scene.things if thing.position == position), None)
        if thing is None:
            assert (cell(picture, position) == BACKGROUNDS[scene.background]).all()
        else:
            assert (cell(picture, position) == COLOURS[thing.colour]).all(axis=2).sum() >= 4


@given(written_scenes)
def test_in_the_middle_of_a_thing_stands_its_colour_and_in_the_middle_of_a_ring_the_ground(scene):
    picture = render(scene, 192)
    for thing in scene.things:
        row, column = centre(ink(picture, thing.position, scene.background))
        expected = BACKGROUNDS[scene.background] if thing.shape == "ring" else COLOURS[thing.colour]
        assert tuple(cell(picture, thing.position)[row, column]) == expected


@given(written_scenes)
def test_a_thing_never_leaves_its_cell(scene):
    picture = render(scene, 96)
    for thing in scene.things:
        amount = ink(picture, thing.position, scene.background)
        edge = np.concatenate([amount[0], amount[-1], amount[:, 0], amount[:, -1]])
        assert edge.max() < 0.6


@given(written_scenes)
def test_a_picture_made_large_and_made_small_again_is_the_small_picture(scene):
    large = render(scene, 192).astype(float).reshape(48, 4, 48, 4, 3).mean(axis=(1, 3))
    difference = np.abs(large - render(scene, 48))
    assert difference.mean() < 1.0
    assert difference.max() < 96  # the very tip of a triangle


@given(written_scenes)
def test_taking_one_thing_away_leaves_the_others_where_they_are(scene):
    rest = scene.things[1:]
    if rest:
        fewer = render(Scene(rest, scene.background, scene.seed))
        for thing in rest:
            assert np.array_equal(cell(fewer, thing.position), cell(render(scene), thing.position))


def test_another_seed_draws_the_same_thing_a_little_differently():
    pictures = {render(alone(seed=seed)).tobytes() for seed in range(20)}
    assert len(pictures) == 20


@given(st.sampled_from(SHAPES), seeds, seeds)
def test_a_large_thing_is_clearly_larger_than_a_small_one_however_they_are_jittered(shape, one, other):
    large = ink(render(alone(shape=shape, size="large", seed=one)), "in the middle", "white").sum()
    small = ink(render(alone(shape=shape, size="small", seed=other)), "in the middle", "white").sum()
    assert large > 1.5 * small


@pytest.mark.parametrize(("one", "other"), list(combinations(SHAPES, 2)))
def test_two_shapes_differ_in_a_good_part_of_their_pixels_even_when_small(one, other):
    amounts = [ink(render(alone(shape=shape, size="small")), "in the middle", "white") for shape in (one, other)]
    assert np.abs(amounts[0] - amounts[1]).sum() > 0.2 * max(amount.sum() for amount in amounts)


@pytest.mark.parametrize(("one", "other"), list(combinations(COLOURS, 2)))
def test_two_colours_are_far_apart(one, other):
    assert np.linalg.norm(np.subtract(COLOURS[one], COLOURS[other])) > 80


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_stands_out_from_every_background(colour):
    assert min(np.linalg.norm(np.subtract(COLOURS[colour], ground)) for ground in BACKGROUNDS.values()) > 100


def test_a_picture_smaller_than_its_grid_is_refused():
    with pytest.raises(ValueError, match="at least 3 pixels"):
        render(alone(), 2)


# --- words: read back, by patterns of their own, they give the scene

COLOUR, SHAPE, SIZE = ("|".join(words) for words in (COLOURS, SHAPES, SIZES))
PLACE = "|".join(sorted(POSITIONS, key=len, reverse=True))


def read_caption(text: str) -> list[Thing]:
    found = re.findall(rf"a ({SIZE}) ({COLOUR}) ({SHAPE}) ({PLACE})(?=$|,| and )", text)
    return [Thing(colour, shape, size, position) for size, colour, shape, position in found]


def read_turned_caption(text: str) -> list[Thing]:
    found = re.findall(rf"({PLACE}) a ({SIZE}) ({COLOUR}) ({SHAPE})(?=$|,| and )", text)
    return [Thing(colour, shape, size, position) for position, size, colour, shape in found]


def read_notes(text: str) -> set[Thing]:
    found = re.findall(rf"([a-z ]+): ({COLOUR}) ({SHAPE}), ({SIZE})", text)
    full = {re.sub("^(at|on|in) the ", "", position): position for position in POSITIONS}
    return {Thing(colour, shape, size, full[short.strip()]) for short, colour, shape, size in found}


def test_a_caption_reads_as_one_would_write_it():
    first = Thing("red", "circle", "large", "at the top left")
    second = Thing("blue", "square", "small", "at the bottom")
    third = Thing("black", "star", "small", "on the right")
    assert caption(Scene((first,))) == "a large red circle at the top left"
    assert caption(Scene((second, first))) == (
        "a large red circle at the top left and a small blue square at the bottom"
    )
    assert caption(Scene((second, first, third))) == (
        "a large red circle at the top left, a small black star on the right and a small blue square at the bottom"
    )


@given(written_scenes)
def test_a_caption_says_the_whole_scene_in_reading_order(scene):
    assert read_caption(caption(scene)) == list(scene.in_order())


@given(written_scenes)
def test_every_paraphrase_says_the_same_scene_in_other_words(scene):
    canonical, turned, reverse, picture = captions(scene)
    assert canonical == caption(scene)
    assert read_turned_caption(turned) == list(scene.in_order())
    assert read_caption(reverse) == list(scene.in_order())[::-1]
    assert read_caption(picture) == list(scene.in_order())
    assert len({canonical, turned, reverse, picture}) == 4


@given(written_scenes, seeds)
def test_a_note_says_the_whole_scene_whatever_its_order(scene, seed):
    assert read_notes(describe(scene, random.Random(seed))) == set(scene.things)
    assert describe(scene, random.Random(seed)) == describe(scene, random.Random(seed))


def test_a_note_comes_in_every_order_and_in_the_form_that_a_reader_expects():
    scene = Scene(
        (Thing("red", "circle", "large", "at the top left"), Thing("blue", "square", "small", "at the bottom"))
    )
    assert {describe(scene, random.Random(seed)) for seed in range(20)} == {
        "top left: red circle, large; bottom: blue square, small.",
        "bottom: blue square, small; top left: red circle, large.",
    }


# --- questions


def meant(question: PictureQuestion, scene: Scene) -> list[Thing]:
    """The things that fit every word of a question."""
    words = re.sub(r"crosses\b", "cross", question.text)
    colour = re.search(rf"\b({COLOUR})\b", words)
    shape = re.search(rf"\b({SHAPE})s?\b", words)
    position = re.search(rf"({PLACE})\?", words)
    return [
        thing
        for thing in scene.things
        if (not colour or thing.colour == colour[1])
        and (not shape or thing.shape == shape[1])
        and (not position or thing.position == position[1])
    ]


@given(written_scenes)
def test_every_question_means_exactly_one_thing_and_its_answer_is_true_of_it(scene):
    for question in questions(scene):
        if question.kind == "count":
            assert question.answer == str(len(meant(question, scene)))
        else:
            (thing,) = meant(question, scene)
            assert question.answer == getattr(thing, question.kind)


@given(written_scenes)
def test_no_question_is_asked_twice_and_none_gives_its_answer_away(scene):
    asked = questions(scene)
    assert len({question.text for question in asked}) == len(asked)
    for question in asked:
        assert not re.search(rf"\b{question.answer}\b", question.text)


@given(scenes)
def test_every_kind_is_asked_of_every_thing_and_counts_also_find_nothing(scene):
    asked = Counter(question.kind for question in questions(scene))
    for kind in ("colour", "shape", "size", "position"):
        assert asked[kind] >= len(scene.things)
    counts = [question.answer for question in questions(scene) if question.kind == "count"]
    assert counts[0] == str(len(scene.things))
    assert counts.count("0") == 2


def test_twins_are_not_asked_about_by_a_name_that_fits_both():
    twins = Scene((Thing("red", "circle", "large", "at the top"), Thing("red", "circle", "small", "at the bottom")))
    texts = {question.text for question in questions(twins)}
    assert not {text for text in texts if "the circle" in text or "the red" in text}
    assert {"What size is the thing at the top?", "How many circles are there?"} <= texts
