def plan_order(needs, workers=None, rounds=None):
    if workers is not None and not workers > 0:
        raise ValueError("at least one worker")
    plan, done = [], set()
    while done != set(needs):
        ready = [t for t in sorted(needs) if t not in done and set(needs[t]) <= done]
        if ready:
            plan.append(ready[:workers])
            done |= set(plan[-1])
    if rounds is not None and len(plan) > rounds:
        raise ValueError("out of rounds")
    return plan
