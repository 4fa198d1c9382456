def react_experiment(search, calculate, llm, questions=MULTI_STEP):
    if len(questions) == 0:
        raise ValueError("questions is empty")
    n = len(questions)
    steps, right, right_alone = 0, 0, 0
    use = {"search": 0, "calculate": 0}
    failures = []
    for q in questions:
        result = run_agent(q["question"], llm, {"search": search, "calculate": calculate})
        steps += len(result["steps"])
        for s in result["steps"]:
            if s["tool"] in use:
                use[s["tool"]] += 1
        gold = q["answer"].strip().lower()
        alone = llm(f"Question: {q['question']}\nAnswer:")
        if gold in alone.strip().lower():
            right_alone += 1
        got = result["answer"]
        if got is not None and gold in got.strip().lower():
            right += 1
            continue
        tools_used = [s["tool"] for s in result["steps"]]
        if got is None:
            kind = "no answer"
        elif got.strip().lower() == "unknown":
            kind = "gave up"
        elif any(t not in tools_used for t in q["needs"]):
            kind = "tool not used"
        elif any(s["observation"] and s["observation"].startswith("Error:") for s in result["steps"]):
            kind = "tool failed"
        else:
            kind = "wrong answer"
        failures.append({"question": q["question"], "expected": q["answer"], "got": got, "kind": kind})
    return {
        "steps": steps / n,
        "tool use": {t: c / n for t, c in use.items()},
        "accuracy": right / n,
        "direct accuracy": right_alone / n,
        "failures": failures,
    }
