def validate_call(name, arguments, schemas):
    if name not in schemas:
        return ["$ tool"]
    try:
        parsed = json.loads(arguments)
    except json.decoder.JSONDecodeError:
        return ["$ json"]

    def kinds(x):
        if x is None:
            return {"null"}
        if x is True or x is False:
            return {"boolean"}
        if isinstance(x, (int, float)):
            return {"number", "integer"} if x == x // 1 else {"number"}
        return {{str: "string", list: "array", dict: "object"}[type(x)]}

    found = []
    todo = [("$", parsed, schemas[name])]
    while todo:
        where, x, schema = todo.pop()
        mine = kinds(x)

        def wrong(keyword, at=where):
            found.append(at + " " + keyword)

        if schema.get("type", min(mine)) not in mine:
            wrong("type")
        if "enum" in schema and not any(e == x and kinds(e) == mine for e in schema["enum"]):
            wrong("enum")
        if "number" in mine:
            if "minimum" in schema and x < schema["minimum"]:
                wrong("minimum")
            if "maximum" in schema and x > schema["maximum"]:
                wrong("maximum")
        if "object" in mine:
            props = schema.get("properties", {})
            for key in schema.get("required", ()):
                if key not in x:
                    wrong("required", where + "." + key)
            for key in x:
                if key in props:
                    todo.append((where + "." + key, x[key], props[key]))
                elif "additionalProperties" in schema and schema["additionalProperties"] is False:
                    wrong("additionalProperties", where + "." + key)
        if "array" in mine and "items" in schema:
            for i, item in enumerate(x):
                todo.append((where + "[%d]" % i, item, schema["items"]))
    found.sort()
    return found
