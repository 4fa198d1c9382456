def validate_call(name, arguments, schemas):
    if name not in schemas:
        return ["$ tool"]
    try:
        data = json.loads(arguments)
    except ValueError:
        return ["$ json"]
    types = {
        "object": dict, "array": list, "string": str, "boolean": bool,
        "number": (int, float), "integer": int, "null": type(None),
    }
    errors = []

    def visit(value, schema, path):
        if "type" in schema and not isinstance(value, types[schema["type"]]):
            errors.append(path + " type")
        if "enum" in schema and value not in schema["enum"]:
            errors.append(path + " enum")
        if isinstance(value, (int, float)):
            if "minimum" in schema and value < schema["minimum"]:
                errors.append(path + " minimum")
            if "maximum" in schema and value > schema["maximum"]:
                errors.append(path + " maximum")
        if type(value) == dict:
            missing = [key for key in schema.get("required", []) if key not in value]
            errors.extend(f"{path}.{key} required" for key in missing)
            properties = schema.get("properties", {})
            for key, v in value.items():
                if key in properties:
                    visit(v, properties[key], f"{path}.{key}")
                elif "additionalProperties" in schema and not schema["additionalProperties"]:
                    errors.append(f"{path}.{key} additionalProperties")
        if "items" in schema and isinstance(value, list):
            for i, v in enumerate(value):
                visit(v, schema["items"], f"{path}[{i}]")

    visit(data, schemas[name], "$")
    return sorted(errors)
