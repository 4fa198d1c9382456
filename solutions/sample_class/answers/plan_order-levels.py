def plan_order(needs, workers=None, rounds=None):
    if workers != None and workers < 1:
        raise ValueError("workers must be positive")
    level = {}

    def depth(task, path=()):
        if task in path:
            raise ValueError("cycle: " + " -> ".join(path))
        if task not in needs:
            raise ValueError("unknown task " + task)
        if task not in level:
            level[task] = 1 + max((depth(n, path + (task,)) for n in needs[task]), default=-1)
        return level[task]

    for task in needs:
        depth(task)
    result = []
    for number in range(max(level.values(), default=-1) + 1):
        tasks = sorted(t for t in level if level[t] == number)
        size = workers or len(tasks)
        # a level that is too wide takes several rounds
        for i in range(0, len(tasks), size):
            result.append(tasks[i:i + size])
    if rounds is not None and len(result) > rounds:
        raise ValueError("%d rounds are not enough" % rounds)
    return result
