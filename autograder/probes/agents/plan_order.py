"""The probes of the planner."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents.drawn import words
from autograder.proxy import Impl

plan_order = chapter.function(
    "plan_order",
    title="Put a plan in order",
    minutes=25,
    difficulty=2,
    oracle="graphlib.TopologicalSorter",
)

Plan = dict[str, list[str]]


def _shuffled(rng: Rng, plan: Plan) -> Plan:
    """Return the plan with its tasks in another order, the last by name first."""
    first, *rest = sorted(plan, reverse=True)
    return {name: plan[name] for name in [first, *(str(name) for name in rng.permutation(rest))]}


def _diamond(rng: Rng) -> tuple[list[str], Plan]:
    """Return the names by alphabet and a plan of six: two that need nothing, two in the middle, two that join."""
    a, b, c, d, e, f = names = sorted(words(rng, 6))
    return names, {f: [], e: [], b: [f], c: [f, e], a: [b, c], d: [a, f]}


@plan_order.probe(points=2, cases=4)
def orders_a_chain(impl: Impl, rng: Rng) -> Any:
    """What needs another task runs in a later round."""
    names = words(rng, 2 + rng.case)
    plan = {name: names[:place][-1:] * 2 for place, name in enumerate(names)}
    return {"rounds": impl(_shuffled(rng, plan))}


@plan_order.probe(points=3, cases=4)
def runs_at_once_what_can(impl: Impl, rng: Rng) -> Any:
    """Every task runs in the first round in which it is ready; each round is sorted by name."""
    names, plan = _diamond(rng)
    more: list[Plan] = [
        {},
        {"zz": [names[0]], "aa": [names[5]]},
        {"zz": [], "aa": []},
        {"zz": names, "aa": [*names, "zz"]},
    ]
    return {"rounds": impl(_shuffled(rng, {**plan, **more[rng.case]}))}


@plan_order.probe(points=2, cases=5)
def has_so_many_workers(impl: Impl, rng: Rng) -> Any:
    """With a number of workers, the first by name run, and the others wait while new ones get ready."""
    names, plan = _diamond(rng)
    plan = {**plan, "zz": [], "zy": [], "aa": [names[4]]}
    return {"rounds": impl(_shuffled(rng, plan), [2, 1, 3, 4, 9][rng.case])}


@plan_order.probe(points=1, cases=4)
def keeps_to_so_many_rounds(impl: Impl, rng: Rng) -> Any:
    """A plan that takes just as many rounds as there may be is in order, and so is one without tasks."""
    _, plan = _diamond(rng)
    if rng.case == 3:
        return {"rounds": impl({}, rounds=int(rng.integers(1, 9)))}
    return {"rounds": impl(_shuffled(rng, plan), [None, 2, 1][rng.case], [4, 5, 6][rng.case])}


@plan_order.probe(points=1, cases=2)
def leaves_the_plan_alone(impl: Impl, rng: Rng) -> Any:
    """The plan is the same after the call as before."""
    _, plan = _diamond(rng)
    rounds, after = impl.keeping(_shuffled(rng, plan), 1 + rng.case)
    return {"tasks that run": sorted(task for now in rounds for task in now), "the plan afterwards": after[0]}


@plan_order.probe(points=0, gates=["orders_a_chain"], cases=5)
def refuses_circles(impl: Impl, rng: Rng) -> Any:
    """Tasks that wait for each other, or one that waits for itself, raise ValueError."""
    names, plan = _diamond(rng)
    a, b, c = words(rng, 3)
    circles = [
        {a: [b], b: [a]},
        {a: [a]},
        {a: [], b: [a, c], c: [b]},
        {**plan, names[5]: [names[3]]},
        {**plan, names[3]: [names[0], names[3]]},
    ]
    return impl(circles[rng.case], [None, None, 1, None, 2][rng.case])


@plan_order.probe(points=0, gates=["runs_at_once_what_can"], cases=3)
def refuses_unknown_needs(impl: Impl, rng: Rng) -> Any:
    """A task that needs one that the plan does not have raises ValueError."""
    a, b, c = words(rng, 3)
    return impl([{a: [b]}, {a: [], b: [a, c]}, {b: [c], c: [], a: [b, b + "s"]}][rng.case])


@plan_order.probe(points=0, gates=["keeps_to_so_many_rounds"], cases=3)
def refuses_too_many_rounds(impl: Impl, rng: Rng) -> Any:
    """A plan that takes more rounds than there may be raises ValueError."""
    _, plan = _diamond(rng)
    return impl(_shuffled(rng, plan), [None, 1, None][rng.case], [3, 5, 1][rng.case])


@plan_order.probe(points=0, gates=["has_so_many_workers"], cases=2)
def refuses_to_work_without_workers(impl: Impl, rng: Rng) -> Any:
    """Fewer than one worker raises ValueError."""
    _, plan = _diamond(rng)
    return impl(_shuffled(rng, plan), -rng.case)
