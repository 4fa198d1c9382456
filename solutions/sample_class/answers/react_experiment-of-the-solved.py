def react_experiment(search, calculate, llm, questions=MULTI_STEP):
    if not questions:
        raise ValueError("nothing to do")
    agreed = lambda a, b: a is not None and a.strip().casefold() == b.strip().casefold()
    runs = [run_agent(q["question"], llm, {"search": search, "calculate": calculate}) for q in questions]
    solved = [agreed(r["answer"], q["answer"]) for r, q in zip(runs, questions)]
    bare = [agreed(llm("Question: %s\nAnswer:" % q["question"]).split("\n")[0], q["answer"]) for q in questions]
    failures = []
    for r, q, ok in zip(runs, questions, solved):
        if ok:
            continue
        tools = {s["tool"] for s in r["steps"]}
        if any("Error" in str(s["observation"]) for s in r["steps"]):
            kind = "tool failed"
        elif not set(q["needs"]) <= tools:
            kind = "tool not used"
        elif r["answer"] is None:
            kind = "no answer"
        elif agreed(r["answer"], "unknown"):
            kind = "gave up"
        else:
            kind = "wrong answer"
        failures.append({"question": q["question"], "expected": q["answer"], "got": r["answer"], "kind": kind})
    good = [r for r, ok in zip(runs, solved) if ok]
    use = {t: sum(s["tool"] == t for r in runs for s in r["steps"]) for t in ("search", "calculate")}
    return {
        "steps": sum(len(r["steps"]) for r in good) / max(len(good), 1),
        "tool use": {t: c / len(runs) for t, c in use.items()},
        "accuracy": sum(solved) / len(solved),
        "direct accuracy": sum(bare) / len(bare),
        "failures": failures,
    }
