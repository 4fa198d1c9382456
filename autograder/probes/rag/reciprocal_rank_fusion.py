"""The probes of reciprocal rank fusion."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import names
from autograder.proxy import Impl

fusion = chapter.function(
    "reciprocal_rank_fusion",
    title="Merge rankings by rank",
    minutes=10,
    difficulty=1,
    oracle="ranx' rule (fuse, method rrf), computed in fractions",
)


def _rankings(rng: Rng, *designs: list[int]) -> list[list[str]]:
    """Draw names for rankings that are given by numbers."""
    pool = names(rng, 10)
    return [[pool[number] for number in design] for design in designs]


@fusion.probe(points=2, cases=4)
def adds_reciprocal_ranks(impl: Impl, rng: Rng) -> Any:
    """Each document has the sum of 1 / (k + rank) over the rankings in which it stands."""
    designs = [
        [[0, 1, 2]],
        [[0, 1, 2, 3], [2, 0, 4]],
        [[0, 1, 2, 3], [4, 1, 0, 6, 5, 3]],
        [[0, 1, 2, 3, 4], [5, 3, 0, 6]],
    ]
    return impl(_rankings(rng, *designs[rng.case]))


@fusion.probe(points=2, cases=4)
def puts_the_agreed_first(impl: Impl, rng: Rng) -> Any:
    """Documents that both rankings have come before those that one of them has, in the order of their scores."""
    designs = [[[0, 1, 2], [0, 1]], [[0, 1, 2], [3, 0]], [[0, 1, 2, 3], [4, 1, 0]], [[0, 1, 2], [3, 4, 0, 1]]]
    fused = impl(_rankings(rng, *designs[rng.case]))
    return [name for name, _ in fused]


@fusion.probe(points=1, cases=3)
def merges_many(impl: Impl, rng: Rng) -> Any:
    """Three rankings and more are merged as two are, and an empty one changes nothing."""
    more: list[list[list[int]]] = [[], [[]], [[], [6, 0]]]
    return impl(_rankings(rng, [0, 1, 2], [3, 2, 4, 5], [1, 5, 0, 6, 7], *more[rng.case]))


@fusion.probe(points=1, cases=3)
def goes_by_k(impl: Impl, rng: Rng) -> Any:
    """The constant k of each score is the one that is given."""
    fused = impl(_rankings(rng, [0, 1, 2], [3, 1]), [0.0, 1.0, 10.0][rng.case])
    return dict(fused)


@fusion.probe(points=1, cases=4)
def breaks_ties_by_name(impl: Impl, rng: Rng) -> Any:
    """Among equal scores, the name that comes first in the alphabet comes first."""
    pool = sorted(names(rng, 2 + rng.case), reverse=True)
    fused = impl([pool, pool[::-1]])
    return [name for name, _ in fused]


@fusion.probe(points=0, gates=["merges_many"], cases=2)
def refuses_doubles(impl: Impl, rng: Rng) -> Any:
    """A document that stands twice in one ranking raises ValueError."""
    pool = names(rng, 3)
    return impl([pool, [pool[0], pool[1], pool[0]]] if rng.case else [[pool[0], pool[0]]])
