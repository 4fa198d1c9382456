def react_experiment(search, calculate, llm, questions=MULTI_STEP):
    if not questions:
        raise ValueError("no question")

    def clean(s):
        return None if s is None else s.strip().casefold()

    def diagnose(q, t):
        used = [s["tool"] for s in t["steps"]]
        if t["answer"] is None:
            return "no answer"
        if clean(t["answer"]) == "unknown":
            return "gave up"
        if not all(tool in used for tool in q["needs"]):
            return "tool not used"
        for s in t["steps"]:
            if s["observation"] is not None and s["observation"].startswith("Error:"):
                return "tool failed"
        return "wrong answer"

    records = []
    for q in questions:
        t = run_agent(q["question"], llm, {"search": search, "calculate": calculate})
        alone = llm("Question: " + q["question"] + "\nAnswer:").split("\n")[0]
        good = clean(t["answer"]) == clean(q["answer"])
        failure = None
        if not good:
            failure = dict(question=q["question"], expected=q["answer"], got=t["answer"], kind=diagnose(q, t))
        records.append((t["steps"], good, clean(alone) == clean(q["answer"]), failure))

    def mean(values):
        values = list(values)
        return sum(values) / len(values)

    def count(steps, tool):
        return len([s for s in steps if s["tool"] == tool])

    return {
        "steps": mean(len(r[0]) for r in records),
        "tool use": {tool: mean(count(r[0], tool) for r in records) for tool in ("search", "calculate")},
        "accuracy": mean(r[1] for r in records),
        "direct accuracy": mean(r[2] for r in records),
        "failures": [r[3] for r in records if r[3] is not None],
    }
