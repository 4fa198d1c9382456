"""The probes of the calculator that runs nothing.

What is refused here is harmless to a solution that does not refuse it: no expression takes long. The explosive ones are
in ``tests/oracles/test_agents.py``, where the reference meets them.
"""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.proxy import Impl

safe_calculate = chapter.function(
    "safe_calculate",
    title="A calculator that runs nothing",
    minutes=45,
    difficulty=3,
    oracle="Python's own arithmetic; fractions.Fraction",
)


def _numbers(rng: Rng, count: int) -> list[int]:
    """Draw numbers of four digits, none a multiple of ten."""
    return [int(number) for number in 10 * rng.integers(100, 1000, size=count) + rng.integers(1, 10, size=count)]


@safe_calculate.probe(points=2, cases=6)
def follows_the_order(impl: Impl, rng: Rng) -> Any:
    """`*` and `/` come before `+` and `-`, brackets before all, and what is of one rank from the left."""
    a, b, c, d = _numbers(rng, 4)
    form = ["{0} + {1} * {2}", "{0} - {1} - {2}", "({0} + {1}) * ({2} - {3}0)", "{0} * {1} / {2} / {3}"]
    form += ["{0}{1}.{2} - ({3} - ({0} + {1}.5)) * {2}", " {0}*({1}-{2}*({3}+{0}))+{1} "]
    return {"value": float(impl(form[rng.case].format(a, b, c, d)))}


@safe_calculate.probe(points=2, cases=5)
def raises_to_powers(impl: Impl, rng: Rng) -> Any:
    """Powers are read from the right and bind tighter than a sign on their left."""
    a, b = _numbers(rng, 2)
    form = ["{0} ** 3", "{0} ** 2 ** 3", "-{0} ** 2", "{0} ** -2 * {1}", "({0} - {1}0) ** 3 - 4 ** 0.5 ** 2"]
    return {"value": float(impl(form[rng.case].format(a, b)))}


@safe_calculate.probe(points=1, cases=5)
def reads_signs(impl: Impl, rng: Rng) -> Any:
    """An operand may have signs in front of it."""
    a, b = _numbers(rng, 2)
    form = ["-{0}", "{0} * -{1}", "--{0} - -{1}", "+{0} - +-{1}", "-({0} + {1}) / -{0}"]
    return {"value": float(impl(form[rng.case].format(a, b)))}


@safe_calculate.probe(points=2, cases=4)
def keeps_whole_numbers_exact(impl: Impl, rng: Rng) -> Any:
    """Whole numbers stay exact, however long; only a division or a point makes a float."""
    a, b = (int(number) for number in rng.integers(10**11, 10**12, size=2))
    form = ["{0} * {1} + 1", "{0}", "{0} * 6 / {0}", "{0} * {1} * {1} - {0}.5"]
    value = impl(form[rng.case].format(a | 1, b | 1))
    return {"value": value, "kind": type(value).__name__}


@safe_calculate.probe(points=2, cases=6)
def goes_to_the_limits(impl: Impl, rng: Rng) -> Any:
    """What is just within the limits is calculated."""
    (a,) = _numbers(rng, 1)
    within = [
        "(" * 20 + f"{a}" + ")" * 20 + " + (((1)))",
        f"{a} +" + " " * 190 + f"{a}",
        f"{a} + 1 ** 100 + 2 ** -100",
        f"10 ** 50 - {a}",
        f"{a} - 10 ** 50",
        "+".join(["(1)"] * 49) + f"+{a}",
    ]
    return {"value": float(impl(within[rng.case]))}


@safe_calculate.probe(points=0, gates=["follows_the_order"], cases=8)
def refuses_names_and_attributes(impl: Impl, rng: Rng) -> Any:
    """A name, an attribute, a call, a text or a list raises ValueError."""
    a, b = _numbers(rng, 2)
    form = ["abs(-{0})", "pi * {0}", "(1).real + {0}", "().__class__.__name__", "'{0}' * 3", "[{0}, {1}][0]"]
    form += ["{0} if {1} else 0", "(lambda: {0})()"]
    return impl(form[rng.case].format(a, b))


@safe_calculate.probe(points=0, gates=["follows_the_order"], cases=9)
def refuses_what_is_no_expression(impl: Impl, rng: Rng) -> Any:
    """Nothing at all, missing operands, lone brackets and other operators raise ValueError."""
    a, b = _numbers(rng, 2)
    form = ["", "   ", "{0} +", "{0} * / {1}", "({0} + {1}", "{0} {1}", "{0}, {1}", "{0}0 // {1}", "()"]
    return impl(form[rng.case].format(a, b))


@safe_calculate.probe(points=0, gates=["keeps_whole_numbers_exact"], cases=5)
def refuses_other_characters(impl: Impl, rng: Rng) -> Any:
    """Digits of other scripts, and numerals with letters or underscores, raise ValueError."""
    a, b = _numbers(rng, 2)
    arabic, wide, raised = chr(0x0660 + a % 10), chr(0xFF10 + a % 10), "²"
    texts = [f"{arabic} + {b}", f"{b} * {wide}", f"{b}{raised}", f"{a}_000", f"{a}e3 + {b}"]
    return impl(texts[rng.case])


@safe_calculate.probe(points=0, gates=["raises_to_powers"], cases=6)
def refuses_large_powers(impl: Impl, rng: Rng) -> Any:
    """An exponent beyond 100, or a value beyond 10**50 on the way, raises ValueError."""
    (a,) = _numbers(rng, 1)
    texts = [f"1 ** 101 + {a}", f"{a} ** -101", f"0 * {a} ** 9 ** 5", f"{a}0 ** 55 - {a}0 ** 55"]
    texts += [f"0 * {a}{'0' * 52}.5 + {a}", f"0 * (-10 ** 50 - {a} * 10 ** 40)"]
    return impl(texts[rng.case])


@safe_calculate.probe(points=0, gates=["goes_to_the_limits"], cases=5)
def refuses_what_is_too_long_or_too_deep(impl: Impl, rng: Rng) -> Any:
    """More than 200 characters, or more than 20 brackets deep, raises ValueError."""
    a, b = _numbers(rng, 2)
    texts = [
        "(" * 21 + f"{a}" + ")" * 21,
        f"{a} +" + " " * 191 + f"{b}",
        f"{a}" + f" + {b}" * 50,
        f"1 + {'(' * 15}{a} - {'(' * 6}{b}{')' * 21}",
        f"({a}) + {'(' * 21}{b}{')' * 21}",
    ]
    return impl(texts[rng.case])


@safe_calculate.probe(points=0, gates=["raises_to_powers"], cases=4)
def refuses_what_has_no_value(impl: Impl, rng: Rng) -> Any:
    """A division by zero, and a power that is no real number, raise ValueError."""
    (a,) = _numbers(rng, 1)
    return impl([f"{a} / 0", f"{a} / (3 - 3.0)", f"0 ** -{a}", f"0 * (-{a}) ** 0.5"][rng.case])
