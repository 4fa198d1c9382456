"""Bring cells into an order in which they can be run from top to bottom, moving as few as can be."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from autograder.grading.python_text import Names

Task = tuple[Literal["run", "make callable", "put"], int]


def runnable_order(cells: list[Names]) -> list[int]:
    """Return the places of cells in an order in which each finds what it needs.

    A cell stays where it is, unless one before it would fail for a name that only a later one binds: then what binds
    the name, and what its functions call, is moved up in front of it. Where that comes to no rest, since cells need
    one another, all stay.
    """
    order = _order(cells)
    again = _order([cells[place] for place in order])
    return order if again == sorted(again) else list(range(len(cells)))


def _order(cells: list[Names]) -> list[int]:
    binding: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(cells):
        for name in cell.binds:
            binding[name].append(place)

    def providers(place: int, needed: frozenset[str]) -> Iterator[int]:
        """Yield which cells bind the names: the nearest one before, else the first behind."""
        for name in sorted(needed & binding.keys()):
            places = binding[name]
            yield places[max(bisect_left(places, place) - 1, 0)]

    order: list[int] = []
    begun: set[Task] = set()
    for start in range(len(cells)):
        tasks: list[Task] = [("run", start)]
        while tasks:
            task = tasks.pop()
            todo, place = task
            if task in begun:
                continue
            begun.add(task)
            if todo == "put":
                order.append(place)
            elif todo == "run":
                tasks.append(("put", place))
                tasks += [("make callable", other) for other in providers(place, cells[place].now)]
            else:
                tasks += [("make callable", other) for other in providers(place, cells[place].later)]
                tasks.append(("run", place))
    return order
