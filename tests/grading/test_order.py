"""Cells find what they need, and move no more than that takes."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grading.order import runnable_order
from autograder.grading.python_text import Names, names


def ordered(*sources: str) -> list[str]:
    return [sources[place] for place in runnable_order([names(source) for source in sources])]


def test_a_cell_that_binds_a_name_of_pythons_own_is_not_needed() -> None:
    cells = ["most = max(1, 2)", "max = 0", "display(In)", "In = display = 1"]
    assert ordered(*cells) == cells


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["b = a", "a = 1"], ["a = 1", "b = a"]),
        (["x = 0", "c = b", "y = 0", "b = a", "a = 1"], ["x = 0", "a = 1", "b = a", "c = b", "y = 0"]),
        (["print(f())", "y = 0", "def f(): return a", "a = 1"], ["def f(): return a", "a = 1", "print(f())", "y = 0"]),
        (["def f(): return a", "print(f())", "a = 1"], ["def f(): return a", "a = 1", "print(f())"]),
        (["class A(B): pass", "class B: pass"], ["class B: pass", "class A(B): pass"]),
        (["@d\ndef f(): pass", "def d(f): return f"], ["def d(f): return f", "@d\ndef f(): pass"]),
        (["def f(x: T = D): pass", "T, D = int, 1"], ["T, D = int, 1", "def f(x: T = D): pass"]),
        (["class A:\n    b = c", "c = 1"], ["c = 1", "class A:\n    b = c"]),
        (["b = [a + i for i in range(3)]", "a = 1"], ["a = 1", "b = [a + i for i in range(3)]"]),
        (["x = m.pi", "import math as m"], ["import math as m", "x = m.pi"]),
        (["%time x = a\ny = a", "a = 1"], ["a = 1", "%time x = a\ny = a"]),
    ],
    ids=range(11),
)
def test_what_a_cell_needs_at_once_comes_before_it(given: list[str], expected: list[str]) -> None:
    assert ordered(*given) == expected


@pytest.mark.parametrize(
    "given",
    [
        ["a = 1", "b = a", "a = 2"],
        ["def f(): return a", "a = 1"],
        ["f = lambda: a", "a = 1"],
        ["x = x + 1", "x = 1"],
        ["print(x)", "y = 1"],
        ["b = a", "a = b"],
        ["class A:\n    def f(self): return c", "c = 1"],
        ["print(print)", "def (", "x ="],
        ["def even(n): return odd(n)", "def odd(n): return even(n)"],
        [],
    ],
    ids=range(10),
)
def test_where_nothing_is_missing_or_nothing_helps_all_stay(given: list[str]) -> None:
    assert ordered(*given) == given


@pytest.mark.parametrize(
    "given", list(permutations(["import math", "def a(): return math.pi", "b = a()", "c = b + math.e"]))
)
def test_any_order_of_cells_that_need_one_another_runs(given: tuple[str, ...]) -> None:
    shared: dict[str, Any] = {}
    for source in ordered(*given):
        exec(source, shared)
    assert shared["c"] > 5


some_names = st.frozensets(st.sampled_from("abcdef"), max_size=3)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.builds(Names, some_names, some_names, some_names), max_size=8))
def test_an_order_has_every_cell_once_and_is_an_order_for_good(cells: list[Names]) -> None:
    order = runnable_order(cells)
    assert sorted(order) == list(range(len(cells)))
    again = [cells[place] for place in order]
    assert runnable_order(again) == list(range(len(cells)))
