"""Check a call before it is made: mistakes, and other right ways."""

import json

from solutions.agents import validate_call
from solutions.mistakes import Variants

variants = Variants("validate_call")
mistake, alternative = variants.mistake, variants.alternative


def _changed(name, arguments, schemas, change):
    """Check against schemas in which something was changed, at every depth."""

    def walk(schema):
        schema = {**schema}
        if "properties" in schema:
            schema["properties"] = {key: walk(part) for key, part in schema["properties"].items()}
        if "items" in schema:
            schema["items"] = walk(schema["items"])
        return change(schema)

    return validate_call(name, arguments, {tool: walk(schema) for tool, schema in schemas.items()})


def _without(problems, *keywords):
    return [problem for problem in problems if problem.rpartition(" ")[2] not in keywords]


def _parsed(name, arguments, schemas):
    """Return the parsed arguments, and None where there is nothing to check."""
    try:
        return json.loads(arguments) if name in schemas else None
    except ValueError:
        return None


@mistake("true passed as a number, or a bound was applied to it. In Python `isinstance(True, int)` holds.")
def takes_booleans_for_numbers(name, arguments, schemas):
    return _check(name, arguments, schemas, booleans=True)


@mistake("true and 1 counted as equal, or false and 0. In Python they are; in JSON they are different things.")
def takes_true_for_one(name, arguments, schemas):
    def loose(schema):
        if "enum" in schema:
            more = [bool(choice) for choice in schema["enum"] if choice in (0, 1)]
            more += [int(choice) for choice in schema["enum"] if isinstance(choice, bool)]
            schema["enum"] = [*schema["enum"], *more]
        return schema

    return _changed(name, arguments, schemas, loose)


@mistake("2.0 did not pass as an integer. A number without a fraction is one, however it was written.")
def knows_no_whole_floats(name, arguments, schemas):
    return _check(name, arguments, schemas, floats=False)


@mistake("An integer did not pass as a number. Every integer is a number.")
def takes_only_floats_for_numbers(name, arguments, schemas):
    return _check(name, arguments, schemas, integers=False)


@mistake("You stopped at the first problem. The model needs all of them at once, or it needs a turn for each.")
def stops_at_the_first_problem(name, arguments, schemas):
    return _check(name, arguments, schemas, first_only=True)


@mistake("After a wrong type you looked no further. Each keyword is checked by itself.")
def stops_after_a_wrong_type(name, arguments, schemas):
    return _check(name, arguments, schemas, stop_at_type=True)


@mistake("Every key in `properties` was taken as required. Only `required` says which keys must be there.")
def requires_all_properties(name, arguments, schemas):
    def strict(schema):
        if "properties" in schema:
            schema["required"] = list(dict.fromkeys([*schema.get("required", []), *schema["properties"]]))
        return schema

    return _changed(name, arguments, schemas, strict)


@mistake("A key whose value is null counted as missing. It is there: ask whether the key is in the object.")
def takes_null_for_missing(name, arguments, schemas):
    def gone(value):
        if isinstance(value, dict):
            return {key: gone(part) for key, part in value.items() if part is not None}
        return value

    value = _parsed(name, arguments, schemas)
    problems = validate_call(name, arguments, schemas)
    if isinstance(value, dict):
        missing = validate_call(name, json.dumps(gone(value)), schemas)
        problems = sorted({*problems, *(problem for problem in missing if problem.endswith(" required"))})
    return problems


@mistake("Keys that the schema does not list were refused. They are, only where `additionalProperties` is False.")
def always_refuses_further_keys(name, arguments, schemas):
    return _changed(name, arguments, schemas, lambda schema: {**schema, "additionalProperties": False})


@mistake("`additionalProperties` has no effect. If it is False, a key that is not in `properties` is a problem.")
def allows_further_keys(name, arguments, schemas):
    return _without(validate_call(name, arguments, schemas), "additionalProperties")


@mistake("Without `properties`, `additionalProperties` had no effect. Then no key at all is allowed.")
def needs_properties_for_further_keys(name, arguments, schemas):
    def lax(schema):
        return schema if "properties" in schema else {k: v for k, v in schema.items() if k != "additionalProperties"}

    return _changed(name, arguments, schemas, lax)


@mistake("A number that just reaches `minimum` or `maximum` was refused. The bounds themselves are allowed.")
def excludes_the_bounds(name, arguments, schemas):
    def narrow(schema):
        low, high = schema.get("minimum"), schema.get("maximum")
        return {
            **schema,
            **({} if low is None else {"minimum": low + 1e-9}),
            **({} if high is None else {"maximum": high - 1e-9}),
        }

    return _changed(name, arguments, schemas, narrow)


@mistake("A bound was applied to something that is no number, and that raised TypeError. Other values pass.")
def compares_anything(name, arguments, schemas):
    value = _parsed(name, arguments, schemas)
    if isinstance(value, dict):
        for key, part in value.items():
            bounds = schemas[name].get("properties", {}).get(key, {})
            if "minimum" in bounds and not isinstance(part, int | float):
                raise TypeError("'<' not supported between instances of 'str' and 'int'")
    return validate_call(name, arguments, schemas)


@mistake("Items of arrays are not checked. `items` is the schema of each of them.")
def skips_items(name, arguments, schemas):
    return _changed(name, arguments, schemas, lambda schema: {k: v for k, v in schema.items() if k != "items"})


@mistake("Only the outermost object is checked. A schema inside a schema is checked in the same way.")
def looks_at_the_surface_only(name, arguments, schemas):
    surface = {}
    for tool, schema in schemas.items():
        surface[tool] = {**schema}
        if "items" in schema:
            surface[tool]["items"] = {"type": schema["items"].get("type")} if "type" in schema["items"] else {}
        if "properties" in schema:
            surface[tool]["properties"] = {
                key: {k: v for k, v in part.items() if k not in ("properties", "items", "required")}
                for key, part in schema["properties"].items()
            }
    return validate_call(name, arguments, surface)


@mistake("The place of an item has no index. A model with ten items must know which one is meant.")
def leaves_the_index_out(name, arguments, schemas):
    return sorted(_check(name, arguments, schemas, index=False))


@mistake("Your problems are in the order in which you found them. The docstring says: sorted.")
def does_not_sort(name, arguments, schemas):
    return _check(name, arguments, schemas, sort=False)


@mistake("What is no JSON raised an error. It is a problem like the others, and the docstring says which.")
def trips_over_bad_json(name, arguments, schemas):
    if name in schemas:
        json.loads(arguments)
    return validate_call(name, arguments, schemas)


@mistake("An unknown tool raised KeyError. Models invent tools: the docstring says what comes back then.")
def trips_over_unknown_tools(name, arguments, schemas):
    schemas[name]
    return validate_call(name, arguments, schemas)


def _check(
    name,
    arguments,
    schemas,
    *,
    booleans=False,
    floats=True,
    integers=True,
    first_only=False,
    stop_at_type=False,
    index=True,
    sort=True,
):
    """Check a call with one thing changed."""
    if name not in schemas:
        return ["$ tool"]
    try:
        whole = json.loads(arguments)
    except ValueError:
        return ["$ json"]

    def number(value):
        return isinstance(value, int | float) and (booleans or not isinstance(value, bool))

    def fits(value, kind):
        if kind == "number":
            return number(value) and (integers or isinstance(value, float))
        if kind == "integer":
            return number(value) and (isinstance(value, int) or (floats and value.is_integer()))
        classes = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
        return isinstance(value, classes[kind])

    def walk(value, schema, place):
        if "type" in schema and not fits(value, schema["type"]):
            yield f"{place} type"
            if stop_at_type:
                return
        if "enum" in schema and not any(
            choice == value and isinstance(choice, bool) == isinstance(value, bool) for choice in schema["enum"]
        ):
            yield f"{place} enum"
        if number(value) and "minimum" in schema and value < schema["minimum"]:
            yield f"{place} minimum"
        if number(value) and "maximum" in schema and value > schema["maximum"]:
            yield f"{place} maximum"
        if isinstance(value, dict):
            known = schema.get("properties", {})
            for key in schema.get("required", []):
                if key not in value:
                    yield f"{place}.{key} required"
            for key in value:
                if key in known:
                    yield from walk(value[key], known[key], f"{place}.{key}")
                elif schema.get("additionalProperties", True) is False:
                    yield f"{place}.{key} additionalProperties"
        if isinstance(value, list) and "items" in schema:
            for at, item in enumerate(value):
                yield from walk(item, schema["items"], f"{place}[{at}]" if index else place)

    found = list(walk(whole, schemas[name], "$"))
    if first_only:
        found = found[:1]
    return sorted(found) if sort else found


@alternative
def with_a_stack(name, arguments, schemas):
    schema = schemas.get(name)
    if schema is None:
        return ["$ tool"]
    try:
        todo = [(json.loads(arguments), schema, "$")]
    except json.JSONDecodeError:
        return ["$ json"]
    found = set()
    while todo:
        value, schema, place = todo.pop()
        kind = {type(None): "null", bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}.get(
            type(value), "number"
        )
        kinds = {kind}
        if kind == "integer" or (kind == "number" and value == int(value)):
            kinds = {"integer", "number"}
        if schema.get("type", kind) not in kinds:
            found.add((place, "type"))
        if "enum" in schema and (kind == "boolean", value) not in [
            (isinstance(choice, bool), choice) for choice in schema["enum"]
        ]:
            found.add((place, "enum"))
        if "number" in kinds:
            if "minimum" in schema and not value >= schema["minimum"]:
                found.add((place, "minimum"))
            if "maximum" in schema and not value <= schema["maximum"]:
                found.add((place, "maximum"))
        if kind == "array":
            todo += [(item, schema.get("items", {}), f"{place}[{at}]") for at, item in enumerate(value)]
        if kind == "object":
            known = schema.get("properties", {})
            found |= {(f"{place}.{key}", "required") for key in set(schema.get("required", ())) - set(value)}
            todo += [(value[key], known[key], f"{place}.{key}") for key in value if key in known]
            if schema.get("additionalProperties") is False:
                found |= {(f"{place}.{key}", "additionalProperties") for key in set(value) - set(known)}
    return sorted(f"{place} {keyword}" for place, keyword in found)


@alternative
def with_one_function(name, arguments, schemas):
    return sorted(_check(name, arguments, schemas))
