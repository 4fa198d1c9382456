def validate_call(name, arguments, schemas):
    schema = schemas[name] if name in schemas else None
    if schema is None:
        return ["$ tool"]
    try:
        args = json.loads(arguments)
    except Exception:
        return ["$ json"]

    def type_of(v):
        for kind, t in [("boolean", bool), ("integer", int), ("number", float), ("string", str),
                        ("array", list), ("object", dict)]:
            if isinstance(v, t):
                return kind
        return "null"

    def check_value(v, schema, path):
        kind = type_of(v)
        wanted = schema.get("type", kind)
        if kind != wanted and not (wanted == "number" and kind == "integer"):
            return [path + " type"]
        problems = []
        if "enum" in schema and v not in schema["enum"]:
            problems.append(path + " enum")
        if kind in ("integer", "number"):
            if v < schema.get("minimum", float("-inf")):
                problems.append(path + " minimum")
            if v > schema.get("maximum", float("inf")):
                problems.append(path + " maximum")
        if kind == "object":
            for key in schema.get("required") or []:
                if v.get(key) is None:
                    problems.append(path + "." + key + " required")
            for key in v:
                if key in schema.get("properties", {}):
                    problems += check_value(v[key], schema["properties"][key], path + "." + key)
                elif schema.get("additionalProperties") == False:
                    problems.append(path + "." + key + " additionalProperties")
        if kind == "array":
            for n, item in enumerate(v):
                problems += check_value(item, schema.get("items", {}), f"{path}[{n}]")
        return problems

    return check_value(args, schema, "$")
