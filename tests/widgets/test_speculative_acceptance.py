"""The numbers of the SpeculativeAcceptance widget are those of the papers, and what comes out follows the target."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import traitlets
from numpy.typing import NDArray

from widgets import SpeculativeAcceptance
from widgets.base import MODULE_LIMIT, stored
from widgets.module import compose

Call = Callable[[str, list[list[Any]]], list[Any]]
Row = NDArray[np.float64]

_RANDOM = np.random.default_rng(7).dirichlet(np.full(8, 0.4), size=2)
PAIRS: dict[str, tuple[list[float], list[float]]] = {
    "two that differ": ([0.5, 0.3, 0.15, 0.05], [0.2, 0.4, 0.1, 0.3]),
    "equal": ([0.5, 0.3, 0.2], [0.5, 0.3, 0.2]),
    "no token in common": ([0.6, 0.4, 0.0, 0.0], [0.0, 0.0, 0.3, 0.7]),
    "the draft lacks tokens": ([0.25, 0.25, 0.25, 0.25], [0.5, 0.0, 0.5, 0.0]),
    "the target lacks tokens": ([1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]),
    "hardly any probability": ([1e-300, 1.0, 0.0], [1.0, 1e-300, 0.0]),
    "a limit that would overflow": ([0.5, 0.5], [1e-310, 1.0]),
    "sums within the tolerance": ([0.5000005, 0.5], [0.25, 0.7499995]),
    "any": (_RANDOM[0].tolist(), _RANDOM[1].tolist()),
    "two tokens": ([0.9, 0.1], [0.1, 0.9]),
}
SETTINGS = [(1, 0.0), (1, 0.3), (4, 0.1), (16, 1.0), (32, 0.0), (32, 0.05)]


def params(pair: tuple[list[float], list[float]], gamma: int = 4, cost: float = 0.1) -> dict[str, Any]:
    return {"target": pair[0], "draft": pair[1], "gamma": gamma, "cost": cost}


def by_hand(pair: tuple[list[float], list[float]]) -> tuple[Row, Row, Row]:
    """Return the accepted mass by token, the residual before it is scaled, and the target."""
    p, q = (np.asarray(row) / np.sum(row) for row in pair)
    return np.minimum(p, q), np.maximum(0, p - q), p


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_acceptance_and_residual_are_those_of_numpy(pair: tuple[list[float], list[float]], javascript: Call) -> None:
    (answer,) = javascript("speculative_acceptance", [["compute", params(pair)]])
    common, missing, _ = by_hand(pair)
    assert answer["rate"] == pytest.approx(common.sum(), rel=1e-6)
    assert 1 - answer["rejected"] == pytest.approx(common.sum(), rel=1e-6, abs=1e-12)
    if missing.sum() == 0:
        assert answer["residual"] is None
    else:
        np.testing.assert_allclose(answer["residual"], missing / missing.sum(), rtol=1e-6)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_what_comes_out_is_the_target_by_enumeration(pair: tuple[list[float], list[float]], javascript: Call) -> None:
    """Add up every way to each token: drafted and kept, or any other drafted, rejected, and drawn from the residual."""
    (answer,) = javascript("speculative_acceptance", [["compute", params(pair)]])
    _, _, p = by_hand(pair)
    q, limits = answer["q"], answer["limits"]
    residual = answer["residual"] or [0.0] * len(q)
    size = range(len(q))
    ways = [q[x] * limits[x] + sum(q[y] * (1 - limits[y]) * residual[x] for y in size) for x in size]
    np.testing.assert_allclose(ways, p, rtol=1e-6, atol=1e-15)
    np.testing.assert_allclose(answer["tends"]["rule"], p, rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_the_mistakes_tend_to_what_enumeration_says(pair: tuple[list[float], list[float]], javascript: Call) -> None:
    (answer,) = javascript("speculative_acceptance", [["compute", params(pair)]])
    common, missing, p = by_hand(pair)
    np.testing.assert_allclose(answer["tends"]["again"], common + missing.sum() * p, rtol=1e-6, atol=1e-15)
    if common.sum() == 0:
        assert answer["tends"]["kept"] is None
    else:
        np.testing.assert_allclose(answer["tends"]["kept"], common / common.sum(), rtol=1e-6)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_expected_tokens_and_speed_up_are_those_of_the_paper(
    pair: tuple[list[float], list[float]], javascript: Call
) -> None:
    answers = javascript("speculative_acceptance", [["compute", params(pair, *setting)] for setting in SETTINGS])
    for (gamma, cost), answer in zip(SETTINGS, answers, strict=True):
        a = answer["rate"]
        tokens = gamma + 1 if a == 1 else (1 - a ** (gamma + 1)) / (1 - a)
        assert answer["tokens"] == pytest.approx(tokens, rel=1e-6)
        assert answer["speedup"] == pytest.approx(tokens / (gamma * cost + 1), rel=1e-6)


def test_expected_tokens_are_those_of_every_course_a_round_can_take(javascript: Call) -> None:
    a, gamma = 0.7, 5
    want = 0.0
    for course in itertools.product((True, False), repeat=gamma):
        probability = math.prod(a if kept else 1 - a for kept in course)
        want += probability * (1 + sum(1 for _ in itertools.takewhile(bool, course)))
    assert javascript("speculative_acceptance", [["expected", a, gamma]]) == [pytest.approx(want)]


def test_near_certain_acceptance_loses_no_digits(javascript: Call) -> None:
    (tokens,) = javascript("speculative_acceptance", [["expected", 1 - 1e-13, 32]])
    assert tokens == pytest.approx(33, rel=1e-11)


def mulberry(seed: int) -> Callable[[], float]:
    """The dice of the core, again: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c."""
    state = seed

    def roll() -> float:
        nonlocal state
        word = 0xFFFFFFFF
        state = (state + 0x6D2B79F5) & word
        x = ((state ^ (state >> 15)) * (state | 1)) & word
        x ^= (x + (((x ^ (x >> 7)) * (x | 61)) & word)) & word
        return (x ^ (x >> 14)) / 2**32

    return roll


def play(pair: tuple[list[float], list[float]], gamma: int, seed: int, steps: int) -> list[tuple[str, int, int]]:
    """Speculative decoding as the paper says it, in numpy; a kind, a place and a token an event."""
    _, missing, p = by_hand(pair)
    q = np.asarray(pair[1]) / np.sum(pair[1])
    roll = mulberry(seed)

    def pick(row: Row) -> int:
        return min(int(np.searchsorted(np.cumsum(row), roll(), side="right")), int(np.flatnonzero(row)[-1]))

    events: list[tuple[str, int, int]] = []
    while len(events) < steps:
        drafted = [pick(q) for _ in range(gamma)]
        events += [("draft", place, token) for place, token in enumerate(drafted)]
        for place, token in enumerate(drafted):
            if roll() < min(1.0, p[token] / q[token]):
                events.append(("keep", place, token))
                continue
            events += [("reject", place, token), ("residual", place, pick(missing / missing.sum()))]
            break
        else:
            events.append(("bonus", gamma, pick(p)))
    return events[:steps]


@pytest.mark.parametrize("gamma", [1, 4, 16])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_steps_are_those_of_the_algorithm(pair: tuple[list[float], list[float]], gamma: int, javascript: Call) -> None:
    (events,) = javascript("speculative_acceptance", [["walk", {**params(pair, gamma), "seed": 3, "step": 200}]])
    assert [(event["kind"], event["at"], event["token"]) for event in events] == play(pair, gamma, 3, 200)


def test_a_later_step_does_not_change_the_earlier_ones(javascript: Call) -> None:
    given = {**params(PAIRS["any"]), "seed": 5}
    short, long, none = javascript("speculative_acceptance", [["walk", {**given, "step": n}] for n in (7, 90, 0)])
    assert long[:7] == short
    assert none == []


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_many_runs_follow_the_target_and_the_mistakes_do_not(
    pair: tuple[list[float], list[float]], javascript: Call
) -> None:
    """Chi-square against each exact distribution; with these seeds fixed it fails only if the code is wrong."""
    runs = 10_000
    counts, answer = javascript(
        "speculative_acceptance", [["simulate", {**params(pair), "runs": runs, "seed": 11}], ["compute", params(pair)]]
    )
    assert sum(counts["rule"]) == sum(counts["again"]) == runs
    for way, tends in answer["tends"].items():
        if tends is None:
            assert sum(counts[way]) == 0
            continue
        expected = np.asarray(tends) * sum(counts[way])
        seen = np.asarray(counts[way])
        assert not seen[np.asarray(tends) == 0].any()
        some = expected > 1
        chi = float(((seen - expected)[some] ** 2 / expected[some]).sum())
        assert chi <= some.sum() + 5 * math.sqrt(2 * some.sum())  # five standard deviations


def test_the_proof_has_a_control_that_fails(javascript: Call) -> None:
    pair = PAIRS["two that differ"]
    (counts,) = javascript("speculative_acceptance", [["simulate", {**params(pair), "runs": 10_000, "seed": 1}]])
    shares = {way: [count / sum(row) for count in row] for way, row in counts.items()}
    right, again, kept = javascript("speculative_acceptance", [["off", shares[way], pair[0]] for way in shares])
    assert right < 0.02 < min(again, kept)


def test_only_the_readers_own_sound_numbers_are_taken(javascript: Call) -> None:
    good = [[0.5, 0.5], [0.25, 0.75]]
    bad = [[[0.5, 0.6], [0.5, 0.5]], [[0.5, 0.5], [1.5, -0.5]], [[0.5, 0.5]], [[0.5, 0.25, 0.25], [1, 0, 0]], "x"]
    fine, empty, near, *refused = javascript(
        "speculative_acceptance",
        [["sound", own, 2] for own in (good, [], [[0.5, 0.5000009], [0.5, 0.5]], *bad)],
    )
    assert fine is empty is near is True
    assert "target" in refused[0]
    assert "not 1.1" in refused[0]
    assert "draft" in refused[1]
    assert all(answer is not True for answer in refused)


def test_the_module_is_small_enough() -> None:
    assert len(compose("speculative_acceptance").encode()) <= MODULE_LIMIT


def test_the_question_has_one_right_choice_and_it_is_the_overlap() -> None:
    asked = SpeculativeAcceptance([0.5, 0.3, 0.2], [0.2, 0.3, 0.5], ["a", "b", "c"]).asked
    assert asked["right"] == "70 %"
    assert asked["choices"].count("70 %") == 1
    assert "29 %" in asked["choices"]  # two separate draws
    assert len(set(asked["choices"])) == 4


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_a_question_can_be_asked_about_any_pair(pair: tuple[list[float], list[float]]) -> None:
    asked = SpeculativeAcceptance(*pair, [f"t{place}" for place in range(len(pair[0]))]).asked
    assert len(set(asked["choices"])) == len(asked["choices"]) >= 3
    assert asked["right"] in asked["choices"]


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_distributions_come_in_any_kind_of_row(kind: Callable[[list[float]], Any]) -> None:
    widget = SpeculativeAcceptance(kind([0.75, 0.25]), kind([0.5, 0.5]), ("a", "b"))
    assert widget.distributions() == ([0.75, 0.25], [0.5, 0.5])


@pytest.mark.parametrize(
    ("target", "draft", "tokens", "words"),
    [
        ([0.5, 0.6], [0.5, 0.5], "ab", "the target sums to 1.1, not to 1"),
        ([0.5, 0.5], [0.5, 0.4], "ab", "the draft sums to 0.9, not to 1"),
        ([1.5, -0.5], [0.5, 0.5], "ab", "number 1 of the target is -0.5"),
        ([0.5, math.nan], [0.5, 0.5], "ab", "number 1 of the target is nan"),
        ([0.5, 0.5], [math.inf, 0.5], "ab", "number 0 of the draft is inf"),
        ([0.5, 0.5], [1.0], "ab", "the draft has 1 numbers but there are 2 tokens"),
        ([[0.5, 0.5]], [[0.5, 0.5]], "a", "more than one dimension"),
        ([1.0], [1.0], "a", "shows 2 to 8"),
        ([0.1] * 10, [0.1] * 10, "abcdefghij", "shows 2 to 8"),
    ],
)
def test_bad_distributions_are_refused_in_words(target: Any, draft: Any, tokens: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SpeculativeAcceptance(target, draft, list(tokens))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("pair", 4, "0 to 3"),
        ("own", [[0.5, 0.5], [0.5, 0.5]], "two rows of 6"),
        ("own", [[0.5] * 6, [0.25] * 4 + [0] * 2], "your target sums to 3"),
        ("mix", 1.5, "mix must be 0 to 1"),
        ("cost", math.nan, "cost must be 0 to 1"),
        ("gamma", 17, "1 to 16"),
        ("pinned", [0.5, 1.5, 0.5], "pinned must be"),
        ("step", -1, "0 to 500"),
        ("runs", 0, "1 to 10000"),
        ("seed", -1, "seed must be"),
        ("pairs", [], "one pair of distributions"),
        ("pairs", [{"target": [1.0]}], "'draft' is missing"),
    ],
)
def test_bad_settings_are_refused_in_words_and_the_last_good_one_stays(name: str, value: Any, words: str) -> None:
    widget = SpeculativeAcceptance.example()
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(widget, name, value)
    assert getattr(widget, name) == before
    assert widget.problem.endswith(".")


def test_state_opens_the_same_view_again() -> None:
    first = SpeculativeAcceptance.example()
    first.pair, first.mix, first.gamma, first.step, first.prediction = 2, 0.25, 7, 30, "67 %"
    first.own = [[0.25] * 4 + [0.0] * 2, [0.5, 0.5, *[0.0] * 4]]
    again = SpeculativeAcceptance.example().load(json.loads(json.dumps(first.state())))
    assert again.problem == ""
    assert again.state() == first.state()


def test_python_says_the_same_numbers_as_the_browser(javascript: Call) -> None:
    widget = SpeculativeAcceptance.example()
    widget.mix = 0.3
    target, draft = widget.distributions()
    given = {"target": target, "draft": draft, "gamma": widget.gamma, "cost": widget.cost}
    (answer,) = javascript("speculative_acceptance", [["compute", given]])
    said = widget.describe()
    assert f"{100 * answer['rate']:.1f} %" in said
    assert f"{answer['tokens']:.2f} tokens" in said
    assert f"{answer['speedup']:.2f} times" in said
    _, rows = widget.numbers()
    np.testing.assert_allclose([float(row[3]) for row in rows], answer["limits"], atol=1e-4)
    np.testing.assert_allclose([float(row[4]) for row in rows], answer["residual"], atol=1e-4)


def test_the_stored_pairs_agree_and_differ() -> None:
    pairs = stored("speculative_acceptance")["pairs"]
    rates = [sum(map(min, row["target"], row["draft"])) for row in pairs]
    assert max(rates) > 0.9
    assert min(rates) < 0.05
    assert all(abs(sum(row[name]) - 1) < 1e-6 for row in pairs for name in ("target", "draft"))


@pytest.mark.slow
def test_the_stored_pairs_are_what_the_models_say() -> None:
    from widgets.data.speculative_acceptance import pairs

    made, kept = pairs(), stored("speculative_acceptance")
    assert made["cost"] == kept["cost"]
    for ours, theirs in zip(made["pairs"], kept["pairs"], strict=True):
        assert (ours["tokens"], ours["caption"]) == (theirs["tokens"], theirs["caption"])
        for name in ("target", "draft"):
            np.testing.assert_allclose(ours[name], theirs[name], atol=2e-4)
