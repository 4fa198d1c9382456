"""The probes of the check before a call."""

from __future__ import annotations

import json
from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents.drawn import words
from autograder.proxy import Impl

validate_call = chapter.function(
    "validate_call",
    title="Check a call before it is made",
    minutes=40,
    difficulty=3,
    oracle="jsonschema",
)


def _asked(impl: Impl, value: Any, schema: dict[str, Any], tool: str = "tool") -> Any:
    """Return the problems in order, so that one probe alone decides whether the student sorts them."""
    return {"problems": sorted(impl(tool, json.dumps(value), {tool: schema, "other": {"type": "null"}}))}


def _fields(names: list[str], kinds: list[str]) -> dict[str, Any]:
    return {"properties": {name: {"type": kind} for name, kind in zip(names, kinds, strict=True)}}


@validate_call.probe(points=2, cases=4)
def tells_types_apart(impl: Impl, rng: Rng) -> Any:
    """Each of the seven types is told from the others."""
    names = words(rng, 7)
    kinds = ["object", "array", "string", "number", "integer", "null", "boolean"]
    number = int(rng.integers(2, 100))
    values: list[Any] = [{}, [], names[0], number + 0.5, number, None, True]
    shift = [1, 0, 2, 5][rng.case]
    moved = values[shift:] + values[:shift]
    return _asked(impl, dict(zip(names, moved, strict=True)), _fields(names, kinds))


@validate_call.probe(points=1, cases=3)
def takes_booleans_for_no_numbers(impl: Impl, rng: Rng) -> Any:
    """`true` and `false` are neither integers nor numbers, and equal no number."""
    a, b, c, d = words(rng, 4)
    flag = bool(rng.case != 1)
    schema = _fields([a, b], ["integer", "number"])
    schema["properties"] |= {c: {"enum": [int(flag), "x"]}, d: {"enum": [flag, 5], "minimum": 3, "maximum": -1}}
    value = {a: flag, b: flag, c: flag, d: flag}
    return _asked(impl, {**value, d: int(flag)} if rng.case == 2 else value, schema)


@validate_call.probe(points=1, cases=3)
def knows_whole_floats(impl: Impl, rng: Rng) -> Any:
    """A float without a fraction is an integer, and a number as well."""
    a, b, c = words(rng, 3)
    number = int(rng.integers(2, 100))
    value = {a: [float(number), 0.0, -float(number)][rng.case], b: number + 0.5, c: float(number)}
    return _asked(impl, value, _fields([a, b, c], ["integer", "integer", "number"]))


@validate_call.probe(points=2, cases=4)
def misses_required_keys(impl: Impl, rng: Rng) -> Any:
    """Each required key that is not there is a problem of its own; null is there."""
    a, b, c, d = words(rng, 4)
    schema: dict[str, Any] = {"type": "object", "required": [a, b, c], "properties": {d: {"type": "string"}, b: {}}}
    values: list[dict[str, Any]] = [{a: 1, c: 2}, {}, {a: None, d: "x"}, {a: 0, b: None, c: "", "more": 1}]
    value = values[rng.case]
    return _asked(impl, value, schema)


@validate_call.probe(points=2, cases=5)
def refuses_further_keys(impl: Impl, rng: Rng) -> Any:
    """Keys that are not in the schema are a problem only where `additionalProperties` is False."""
    a, b, c = words(rng, 3)
    value = {a: 1, b: 2, c: 3}
    schemas: list[dict[str, Any]] = [
        {"properties": {b: {"type": "integer"}}, "additionalProperties": False},
        {"properties": {b: {"type": "string"}}},
        {"additionalProperties": False},
        {"properties": {b: {"type": "string"}}, "additionalProperties": True, "required": [c]},
        {"properties": {b: {}, c: {}, a: {}}, "additionalProperties": False, "maxProperties": 1},
    ]
    schema = schemas[rng.case]
    return _asked(impl, value, schema)


@validate_call.probe(points=2, cases=4)
def keeps_numbers_within_bounds(impl: Impl, rng: Rng) -> Any:
    """`minimum` and `maximum` may be reached and not passed; they say nothing about other values."""
    a, b, c, d = words(rng, 4)
    low = int(rng.integers(1, 50))
    bounds = {"minimum": low, "maximum": low + 5}
    schema: dict[str, Any] = {"properties": {a: bounds, b: bounds, c: {"minimum": low}, d: {"maximum": low}}}
    values: list[dict[str, Any]] = [
        {a: low - 1, b: low + 6, c: low - 0.5, d: low + 0.5},
        {a: low, b: low + 5, c: low, d: low, "more": 0},
        {a: str(low - 1), b: [low - 1, low + 6], c: None, d: low + 1},
        {a: low + 7, b: low - 7, c: {}, d: ""},
    ]
    value = values[rng.case]
    return _asked(impl, value, schema)


@validate_call.probe(points=1, cases=3)
def chooses_from_a_list(impl: Impl, rng: Rng) -> Any:
    """A value must equal one of `enum`; 1 and 1.0 are equal, a text and a part of it are not."""
    a, b, c, *choices = words(rng, 6)
    number = int(rng.integers(2, 50))
    enum = [*choices, number, None]
    schema: dict[str, Any] = {"properties": {a: {"enum": enum}, b: {"enum": enum}, c: {"enum": enum, "type": "string"}}}
    values: list[Any] = [choices[0][:3], float(number), number, None, str(number), number + 1, [], choices[2], ""]
    return _asked(impl, dict(zip((a, b, c), values[3 * rng.case :], strict=False)), schema)


@validate_call.probe(points=2, cases=4)
def goes_into_objects_and_arrays(impl: Impl, rng: Rng) -> Any:
    """What is inside objects and arrays is checked at every depth, and its place says where it is."""
    a, b, c, d = words(rng, 4)
    inner: dict[str, Any] = {"type": "object", "required": [c], "properties": {c: {"type": "integer", "minimum": 3}}}
    schema: dict[str, Any] = {"properties": {a: {"type": "array", "items": inner}, b: {"properties": {d: inner}}}}
    values: list[dict[str, Any]] = [
        {a: [{c: 5}, {c: 1}, {}], b: {d: {c: "x"}}},
        {a: [{c: 3}, 7, {c: None}], b: {d: [], c: 0}},
        {a: {c: 1}, b: [{d: 1}]},
        {a: [[], {c: 2.5}], b: {d: {}}},
    ]
    value = values[rng.case]
    if rng.case == 3:
        schema = {"items": {"type": "array", "items": {"items": {"enum": [a]}}}, "type": "array"}
        return _asked(impl, [[[a, b]], [[], [b, a, c]], d], schema)
    return _asked(impl, value, schema)


@validate_call.probe(points=2, cases=3)
def lists_every_problem_in_order(impl: Impl, rng: Rng) -> Any:
    """All problems are listed, sorted as texts, whatever the order of the keys."""
    names = words(rng, 5)
    bad = {"type": "string", "enum": ["x"], "minimum": 9, "maximum": -9}
    schema: dict[str, Any] = {"type": "array", "required": names[:2], "properties": dict.fromkeys(names[2:], bad)}
    value = json.dumps(dict.fromkeys(names[2:], rng.case))
    return {"problems": impl("tool", value, {"tool": {**schema, "additionalProperties": False}})}


@validate_call.probe(points=1, cases=5)
def finds_no_tool_or_no_json(impl: Impl, rng: Rng) -> Any:
    """An unknown tool is "$ tool", and what is no JSON is "$ json", and then nothing else is said."""
    a, b, c = words(rng, 3)
    schema = {"type": "object", "required": [b]}
    texts = [f'{{"{b}": 1', "{}", f"{{'{b}': 1}}", "", f'{{"{c}": '][rng.case]
    return {"problems": impl([a, c, a, a, c][rng.case], texts, {a: schema, b: schema})}
