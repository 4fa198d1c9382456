def trajectory_metrics(trajectories):
    n = len(trajectories)
    if n == 0:
        raise ValueError("no trajectories given")

    def norm(s):
        return re.sub(r"\s+", " ", s).strip().casefold()

    calls = []  # (number of the trajectory, tool, argument, failed)
    for i, t in enumerate(trajectories):
        for s in t["steps"]:
            if s["tool"] is None:
                continue
            seen = s["observation"]
            failed = seen[:6] == "Error:" or seen[:8] == "Refused:"
            calls.append((i, s["tool"], s["argument"], failed))

    right = set()
    for i, t in enumerate(trajectories):
        if t["answer"] is not None and norm(t["answer"]) == norm(t["expected"]):
            right.add(i)
    in_trouble = {i for i, _, _, failed in calls if failed}
    different = {(i, tool, argument) for i, tool, argument, _ in calls}
    tools = sorted({tool for _, tool, _, _ in calls})
    return {
        "steps": sum(len(t["steps"]) for t in trajectories) / n,
        "calls": {name: len([c for c in calls if c[1] == name]) / n for name in tools},
        "answered": len([t for t in trajectories if t["answer"] is not None]) / n,
        "accuracy": len(right) / n,
        "errors": len([c for c in calls if c[3]]) / len(calls) if calls else 0.0,
        "recovered": len(right & in_trouble) / len(in_trouble) if in_trouble else None,
        "repeated": 1 - len(different) / len(calls) if calls else 0.0,
    }
