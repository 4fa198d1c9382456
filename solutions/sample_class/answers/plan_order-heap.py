import heapq


def plan_order(needs, workers=None, rounds=None):
    if not (workers is None or workers >= 1):
        raise ValueError("nobody there to work")
    followers = {task: set() for task in needs}
    open_needs = {}
    for task in needs:
        open_needs[task] = len(set(needs[task]))
        for need in set(needs[task]):
            if need not in followers:
                raise ValueError("nobody planned " + need)
            followers[need].add(task)

    queue = [task for task in needs if open_needs[task] == 0]
    heapq.heapify(queue)
    plan, finished = [], 0
    while queue:
        size = len(queue) if workers is None else min(workers, len(queue))
        now = [heapq.heappop(queue) for _ in range(size)]
        plan.append(now)
        finished += size
        for task in now:
            for follower in followers[task]:
                open_needs[follower] -= 1
                if open_needs[follower] == 0:
                    heapq.heappush(queue, follower)
    if finished != len(needs):
        raise ValueError("there is a circle in the plan")
    if rounds is not None and len(plan) > rounds:
        raise ValueError("not enough rounds")
    return plan
