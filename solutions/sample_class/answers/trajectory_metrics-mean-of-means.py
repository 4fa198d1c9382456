def trajectory_metrics(trajectories):
    if not trajectories:
        raise ValueError("an empty list")
    mean = lambda xs: sum(xs) / len(xs) if xs else 0.0
    same = lambda a, b: a is not None and " ".join(a.lower().split()) == " ".join(b.lower().split())
    per = []
    calls = {}
    for t in trajectories:
        used = [s for s in t["steps"] if s["tool"]]
        for s in used:
            calls[s["tool"]] = calls.get(s["tool"], 0) + 1
        bad = ["Error:" in s["observation"] or "Refused:" in s["observation"] for s in used]
        again = [(s["tool"], s["argument"]) == (p["tool"], p["argument"]) for p, s in zip(used, used[1:])]
        per.append((len(used), same(t["answer"], t["expected"]), mean(bad), mean(again)))
    n = len(trajectories)
    return {
        "steps": mean([p[0] for p in per]),
        "calls": {k: c / n for k, c in calls.items()},
        "answered": mean([t["answer"] is not None for t in trajectories]),
        "accuracy": mean([p[1] for p in per]),
        "errors": mean([p[2] for p in per]),
        "recovered": mean([p[1] for p in per if p[2] > 0]),
        "repeated": mean([p[3] for p in per]),
    }
