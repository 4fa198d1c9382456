"""The probes of the expected number of relevant passages."""

from __future__ import annotations

import math
from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.proxy import Impl

expected = chapter.function(
    "expected_relevant",
    title="14.2 (a): how many are relevant",
    minutes=5,
    difficulty=1,
    oracle="the binomial distribution, summed; scipy.stats",
)


def _p(rng: Rng) -> float:
    """Draw a probability that is well away from one half."""
    small = round(float(rng.uniform(0.1, 0.4)), 4)
    return small if rng.random() < 0.5 else 1 - small


@expected.probe(points=2)
def follows_the_model(impl: Impl, rng: Rng) -> Any:
    """For any k and p, it is the expectation of the number."""
    return impl(2 + rng.case * 3 + int(rng.integers(0, 3)), _p(rng))


@expected.probe(points=1)
def starts_with_one(impl: Impl, rng: Rng) -> Any:
    """Of one passage, p are expected to be relevant, and of none, none."""
    p = _p(rng)
    return {"of one": impl(1, p), "of none": impl(0, p)}


@expected.probe(points=1)
def halves(impl: Impl, rng: Rng) -> Any:
    """With p = 1/2, half of an odd number of passages is expected to be relevant."""
    return impl(2 * int(rng.integers(1, 10)) + 1 + rng.case, 0.5)


@expected.probe(points=1, cases=4)
def reaches_its_ends(impl: Impl, rng: Rng) -> Any:
    """With p = 1 all are relevant; with p = 0, or without passages, none."""
    count = int(rng.integers(3, 30))
    return impl(*[(count, 1.0), (count, 0.0), (0, 0.4), (count + 30, 1.0)][rng.case])


@expected.probe(points=0, gates=["reaches_its_ends"], cases=4)
def refuses_impossible_values(impl: Impl, rng: Rng) -> Any:
    """A negative k, or a p outside 0 to 1 or NaN, raises ValueError."""
    return impl(*[(-1, _p(rng)), (3, -0.1), (3, 1.1), (3, math.nan)][rng.case])
