"""The probes of the best number of passages."""

from __future__ import annotations

import math
from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.proxy import Impl

best = chapter.function(
    "k_star",
    title="14.2 (c): how many to retrieve",
    minutes=15,
    difficulty=2,
    oracle="scipy's minimize_scalar on the gain itself",
)


@best.probe(points=2, cases=5)
def finds_the_maximum(impl: Impl, rng: Rng) -> Any:
    """Where a passage pays, it is the k at which the gain is largest."""
    p = round(float(rng.uniform(0.1, 0.9)), 2)
    return impl(p, round(-math.log(1 - p) * float(rng.uniform(0.05, 0.6)), 4))


@best.probe(points=1)
def goes_down_with_the_cost(impl: Impl, rng: Rng) -> Any:
    """The dearer a passage, the fewer: with cheap ones there are more than two more."""
    p = round(float(rng.uniform(0.25, 0.6)), 2)
    cheap, dear = (impl(p, cost) for cost in (0.0001 * (1 + rng.case), 0.2))
    return {"fewer when dear": dear < cheap - 2, "some even then": dear > 0}


@best.probe(points=1)
def stays_at_zero(impl: Impl, rng: Rng) -> Any:
    """Where even the first passage costs too much, it is 0; just below that, it is little."""
    p = round(float(rng.uniform(0.2, 0.8)), 2)
    rate = -math.log(1 - p)
    return impl(p, rate * [0.97, 1.5, 4.0, 1.02][rng.case])


@best.probe(points=1)
def knows_rare_hits(impl: Impl, rng: Rng) -> Any:
    """A retriever that is seldom right, or almost always, has its maximum too."""
    p = [0.01, 0.99, 0.001, 0.999][rng.case]
    return impl(p, p * float(rng.uniform(0.1, 0.3)))


@best.probe(points=0, gates=["stays_at_zero"], cases=8)
def refuses_impossible_values(impl: Impl, rng: Rng) -> Any:
    """A p that is not between 0 and 1, or a cost that is not above 0, raises ValueError."""
    p = round(float(rng.uniform(0.2, 0.8)), 2)
    return impl(
        *[(0.0, 0.1), (1.0, 0.1), (p, 0.0), (p, -0.1), (math.nan, 0.1), (p, math.nan), (-p, 0.1), (1 + p, 0.1)][
            rng.case
        ]
    )
