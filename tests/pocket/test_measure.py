"""A measure's interval is the one of the books, and its verdict the one of its target."""

from __future__ import annotations

import json
import math
import statistics

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pocket.evaluate.measure import Measure, mean, proportion, wilson

repeatable = settings(derandomize=True, deadline=None, max_examples=300)
ROUNDING = 1e-12
Z = statistics.NormalDist().inv_cdf(0.975)
counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
values = st.lists(st.floats(-100, 100), min_size=2, max_size=50)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombe_1998_table_1(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@repeatable
@given(counts)
def test_the_bounds_are_the_shares_that_the_sample_would_just_not_reject(counts: tuple[int, int]) -> None:
    """Both solve |p - x| = z sqrt(x (1 - x) / n), which is how Wilson defines them."""
    hits, n = counts
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n + ROUNDING
    assert hits / n - ROUNDING <= high <= 1
    for bound in (low, high):
        assert abs(hits / n - bound) == pytest.approx(Z * math.sqrt(bound * (1 - bound) / n), abs=1e-6)
    assert high - low > 0.5 / n


@repeatable
@given(counts)
def test_hits_and_misses_have_mirrored_intervals(counts: tuple[int, int]) -> None:
    hits, n = counts
    low, high = wilson(hits, n)
    assert wilson(n - hits, n) == pytest.approx((1 - high, 1 - low))


@repeatable
@given(counts, st.integers(2, 9))
def test_more_examples_give_a_narrower_interval(counts: tuple[int, int], times: int) -> None:
    hits, n = counts
    (low, high), (lower, higher) = wilson(hits * times, n * times), wilson(hits, n)
    assert high - low < higher - lower


@pytest.mark.parametrize(("hits", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_what_is_no_proportion_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"{hits} of {n} is no proportion"):
        wilson(hits, n)


@repeatable
@given(values)
def test_a_mean_has_the_normal_interval_of_the_sample(values: list[float]) -> None:
    measure = mean("a mean", values)
    half = Z * statistics.stdev(values) / math.sqrt(len(values))
    centre = statistics.fmean(values)
    assert measure.value == pytest.approx(centre, abs=1e-9)
    assert measure.interval == pytest.approx((centre - half, centre + half), abs=1e-5)
    assert measure.n == len(values)


@repeatable
@given(counts, st.floats(0, 1))
def test_a_target_is_met_where_the_share_reaches_it(counts: tuple[int, int], target: float) -> None:
    hits, n = counts
    assume(not math.isclose(hits / n, target))
    assert proportion("", hits, n, at_least=target).ok == (hits / n > target)
    assert proportion("", hits, n, at_most=target).ok == (hits / n < target)
    assert proportion("", hits, n).ok


def test_a_target_reached_exactly_is_met() -> None:
    assert proportion("", 95, 100, at_least=0.95).ok
    assert not proportion("", 94, 100, at_least=0.95).ok
    assert proportion("", 10, 100, at_most=0.10).ok
    assert not proportion("", 11, 100, at_most=0.10).ok
    assert mean("", [0.5, 0.7], at_least=0.6).ok
    assert not mean("", [0.5, 0.6], at_least=0.6).ok
    assert mean("", [0.5, 0.7], at_most=0.6).ok


def test_a_measure_says_its_target_in_words() -> None:
    assert proportion("", 1, 2, at_least=0.95).target == ">= 95%"
    assert proportion("", 1, 2, at_most=0.1).target == "<= 10%"
    assert mean("", [1.0], at_least=0.6).target == ">= 0.6"
    assert proportion("", 1, 2).target == mean("", [1.0]).target == "reported"


def test_as_json_a_measure_has_a_name_a_value_an_interval_n_a_target_and_whether_it_is_met() -> None:
    measure = proportion("pocket-lm: reads", 81, 263, at_least=0.25)
    low, high = measure.interval
    assert json.loads(json.dumps(measure.as_dict())) == {
        "name": "pocket-lm: reads",
        "value": 81 / 263,
        "interval": [low, high],
        "n": 263,
        "target": ">= 25%",
        "ok": True,
    }
    assert isinstance(measure, Measure)
