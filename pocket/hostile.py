"""Expressions that a calculator must survive, because somebody will write them into what an agent reads.

`HOSTILE` is the collection, by what the expressions try; `attack` gives each of them to a calculator and measures what
it does. None of them is dangerous to hold or to print. Some are dangerous to *run*: that is the point.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

HOSTILE: Mapping[str, tuple[str, ...]] = {
    "names and calls": (
        "__import__('os').system('id')",
        "open('/etc/passwd').read()",
        "exec('x = 1')",
        "breakpoint()",
        "exit()",
        "height",
        "abs(-1)",
        "True + True",
    ),
    "attributes": (
        "().__class__.__base__.__subclasses__()",
        "(1).real",
        "(0).__class__",
        "'{0.__class__}'.format(1)",
        "f'{1}'",
        "[].append",
    ),
    "programs in one line": (
        "lambda: 1",
        "[x for x in range(10**9)]",
        "(x := 1)",
        "1 if 1 else 2",
        "1; 2",
        "import os",
        "1\nimport os",
        "yield 1",
        "await 1",
        "1, 2",
        "{1: 2}[1]",
        "'a' * 10**10",
        "1 < 2",
        "not 1",
    ),
    "huge results": (
        "9**9**9",
        "9**9**9**9",
        "2 ** 10**10",
        "1 << 10**10",
        "10**300 * 10**300",
        "1e308 * 10",
        "1e999",
        "9" * 5000,
        "*".join(["99999999"] * 1000),
        "0 ** -1",
        "1 / 0",
        "1 / (3 - 3.0)",
        "(-1) ** 0.5",
    ),
    "deep nesting": (
        "(" * 100_000,
        "(" * 1000 + "1" + ")" * 1000,
        "(" * 90 + "1" + ")" * 90,
        "-" * 100_000 + "1",
        "-" * 190 + "1",
        "1" + "+1" * 100_000,
        "[" * 1000,
        "((((((((((",
    ),
    "strange signs": (
        "\u0663 + \u0664",
        "\uff13 + \uff14",
        "\u00b2",
        "2\u00b2",
        "\u00bd + 1",
        "2 \u00d7 3",
        "2 \u2212 1",
        "1\u00a0+ 1",
        "\u202e1 + 1",
        "1\0",
        "\ud800",
        "1_0_0 + 0x10",
        "0777",
        "2j",
        "1'000",
        "1,000 + 2",
    ),
    "no expression at all": ("", " ", "\n", "+", "1 +", "* 2", "(1", "1)", "1 2", "#", "1 # 2", "two plus two", "\\"),
}

Outcome = Literal["refused", "a number", "something else"]


@dataclass(frozen=True)
class Attempt:
    """What a calculator did with one expression.

    Attributes
    ----------
    kind, expression
        What was tried.
    outcome
        "refused": it raised ValueError, or returned a text that begins with "Error:". "a number": it returned a finite
        number, or a text that is one. "something else": anything else it returned or raised.
    result
        What it returned, or the name of what it raised, as a text of at most 60 characters.
    seconds
        How long it took.
    most_bytes
        How much memory Python took for it at the most.
    """

    kind: str
    expression: str
    outcome: Outcome
    result: str
    seconds: float
    most_bytes: int


def attack(calculator: Callable[[str], object], corpus: Mapping[str, tuple[str, ...]] = HOSTILE) -> list[Attempt]:
    """Give each expression of a collection to a calculator, in this process and with no limit but the calculator's own.

    Parameters
    ----------
    calculator
        Takes a text. One that runs its argument must never be put here.
    corpus
        Expressions by what they try.

    Raises
    ------
    ValueError
        If `calculator` cannot be called.
    """
    if not callable(calculator):
        raise ValueError(f"A calculator is a function that takes a text, and {calculator!r} is none.")  # noqa: TRY004 - as all helpers
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        return [_attempt(calculator, kind, each) for kind, expressions in corpus.items() for each in expressions]
    finally:
        if not running:
            tracemalloc.stop()


def _attempt(calculator: Callable[[str], object], kind: str, expression: str) -> Attempt:
    outcome: Outcome
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    start = time.perf_counter()
    try:
        given = calculator(expression)
    except ValueError as error:
        outcome, result = "refused", f"ValueError: {error}"
    except Exception as error:  # whatever else a student's calculator lets out
        outcome, result = "something else", type(error).__name__
    else:
        outcome, result = _judged(given), _short(given)
    seconds = time.perf_counter() - start
    _, most = tracemalloc.get_traced_memory()
    return Attempt(kind, expression, outcome, result[:60], seconds, most - before)


def _judged(given: object) -> Outcome:
    if isinstance(given, str) and given.startswith("Error:"):
        return "refused"
    if isinstance(given, (int, float, str)) and not isinstance(given, bool):
        try:
            number = float(given)
        except (ValueError, OverflowError):
            return "something else"
        if abs(number) < float("inf"):
            return "a number"
    return "something else"


def _short(given: object) -> str:
    try:
        return str(given)
    except ValueError:  # Python writes no int of more than 4,300 digits
        return f"a very long {type(given).__name__}"
