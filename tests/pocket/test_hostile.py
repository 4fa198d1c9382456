"""The collection of hostile expressions tells a calculator that holds from one that does not."""

from __future__ import annotations

import ast
import time
import tracemalloc
from collections.abc import Callable

import pytest

from pocket.hostile import HOSTILE, attack
from pocket.tools import calculate


def outcomes(calculator: Callable[[str], object], *expressions: str) -> list[str]:
    return [attempt.outcome for attempt in attack(calculator, {"some": expressions})]


def test_the_shipped_calculator_survives_the_whole_collection_within_bounds() -> None:
    attempts = attack(calculate)
    assert len(attempts) == sum(map(len, HOSTILE.values())) > 70
    assert {attempt.outcome for attempt in attempts} == {"refused", "a number"}
    assert max(attempt.seconds for attempt in attempts) < 0.5
    assert max(attempt.most_bytes for attempt in attempts) < 2**20


def test_the_collection_has_every_kind_that_the_chapter_names() -> None:
    assert {"names and calls", "attributes", "huge results", "deep nesting", "strange signs"} <= set(HOSTILE)
    everything = [expression for expressions in HOSTILE.values() for expression in expressions]
    assert len(set(everything)) == len(everything)
    assert any(not expression.isascii() and any(sign.isdigit() for sign in expression) for expression in everything)


def test_what_is_refused_is_told_from_what_is_calculated_and_from_the_rest() -> None:
    def raising(expression: str) -> object:
        raise {"v": ValueError, "k": KeyError, "z": ZeroDivisionError}[expression]("why")

    assert outcomes(raising, "v", "k", "z") == ["refused", "something else", "something else"]
    assert outcomes({"a": "Error: no.", "b": "42", "c": 4.0, "d": "text", "e": None, "f": True}.get, *"abcdef") == [
        "refused",
        "a number",
        "a number",
        "something else",
        "something else",
        "something else",
    ]
    assert outcomes(lambda _: float("nan"), "x") == outcomes(lambda _: float("inf"), "x") == ["something else"]
    assert outcomes(lambda _: 10**5000, "x") == ["something else"]


def test_a_calculator_that_returns_anything_but_numbers_is_found_out() -> None:
    attempts = attack(ast.literal_eval, {"some": ("1", "1, 2", "'a'", "x", "{1: 2}")})
    assert [attempt.outcome for attempt in attempts] == [
        "a number",
        "something else",
        "something else",
        "refused",
        "something else",
    ]


def test_time_and_memory_are_measured() -> None:
    def slow(_: str) -> int:
        time.sleep(0.02)
        return len(bytearray(10**6))

    (attempt,) = attack(slow, {"kind": ("1",)})
    assert attempt.seconds >= 0.02
    assert attempt.most_bytes >= 10**6
    assert not tracemalloc.is_tracing()


def test_what_is_no_calculator_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="a function that takes a text, and 3 is none"):
        attack(3)  # type: ignore[arg-type]
