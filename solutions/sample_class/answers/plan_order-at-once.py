def plan_order(needs, workers=None, rounds=None):
    if not (workers is None or workers > 0):
        raise ValueError("nobody works")
    for task in needs:
        for need in needs[task]:
            if need not in needs:
                raise ValueError(f"{task} needs {need}, which is missing")
    done, result = [], []
    left = sorted(needs)
    while left:
        this_round = []
        for task in left:
            if all(need in done for need in needs[task]):
                if workers is None or len(this_round) < workers:
                    this_round.append(task)
                    done.append(task)
        if not this_round:
            raise ValueError("cycle")
        left = [task for task in left if task not in done]
        result.append(this_round)
    if rounds and len(result) > rounds:
        raise ValueError("takes too long")
    return result
