def trajectory_metrics(trajectories):
    if len(trajectories) == 0:
        raise ValueError("no trajectories")
    n = len(trajectories)
    tool_counts = {}
    n_steps = n_calls = n_failed = n_repeated = n_recovered = n_with_error = 0
    answered, correct = 0, 0
    for t in trajectories:
        n_steps += len(t["steps"])
        seen = []
        had_error = False
        for s in t["steps"]:
            if s["tool"] is None:
                continue
            n_calls += 1
            tool_counts[s["tool"]] = tool_counts.get(s["tool"], 0) + 1
            if s["observation"].startswith("Error:") or s["observation"].startswith("Refused:"):
                n_failed += 1
                had_error = True
            if (s["tool"], s["argument"]) in seen:
                n_repeated += 1
            seen.append((s["tool"], s["argument"]))
        ok = False
        if t["answer"] is not None:
            answered += 1
            ok = t["answer"].strip().lower() == t["expected"].strip().lower()
            correct += ok
        if had_error:
            n_with_error += 1
            n_recovered += ok
    return {
        "steps": n_steps / n,
        "calls": {k: v / n for k, v in tool_counts.items()},
        "answered": answered / n,
        "accuracy": correct / answered if answered else 0.0,
        "errors": n_failed / n_calls if n_calls else 0.0,
        "recovered": n_recovered / n_with_error if n_with_error else None,
        "repeated": n_repeated / n_calls if n_calls else 0.0,
    }
