"""Put a plan in order: mistakes, and other right ways."""

from graphlib import CycleError, TopologicalSorter

from solutions.agents import plan_order
from solutions.mistakes import Variants

variants = Variants("plan_order")
mistake, alternative = variants.mistake, variants.alternative


@mistake("One task a round, although several are ready. What needs nothing unfinished can run at the same time.")
def runs_one_at_a_time(needs, workers=None, rounds=None):
    plan_order(needs, workers, rounds)
    return plan_order(needs, 1)


@mistake("A task runs in the same round as one that it needs. Collect the whole round before you mark it as done.")
def finishes_within_the_round(needs, workers=None, rounds=None):
    plan_order(needs, workers, rounds)
    order, done = [], set()
    while len(done) < len(needs):
        wave = []
        for task in sorted(needs):
            if task not in done and done.issuperset(needs[task]) and (workers is None or len(wave) < workers):
                wave.append(task)
                done.add(task)
        order.append(wave)
    return order


@mistake("The arrows are the wrong way round: a task runs before what it needs.")
def reads_the_arrows_backwards(needs, workers=None, rounds=None):
    plan_order(needs, workers, rounds)
    turned = {task: [other for other in needs if task in needs[other]] for task in needs}
    return plan_order(turned, workers)


@mistake("Within a round, the tasks stand in the order of the plan. The rule is: by name.")
def keeps_the_order_of_the_plan(needs, workers=None, rounds=None):
    return [sorted(wave, key=list(needs).index) for wave in plan_order(needs, workers, rounds)]


@mistake("Rounds that are cut into pieces afterwards leave workers idle: a task that gets ready may fill a gap.")
def cuts_rounds_into_pieces(needs, workers=None, rounds=None):
    plan_order(needs, workers, rounds)
    size = workers or len(needs) + 1
    return [wave[at : at + size] for wave in plan_order(needs) for at in range(0, len(wave), size)]


@mistake("`workers` has no effect: more tasks run in a round than there are workers.")
def ignores_workers(needs, workers=None, rounds=None):
    plan_order(needs, workers, rounds)
    return plan_order(needs)


@mistake("Of the tasks that were ready, the last by name ran. The rule is: the first by name, and the others wait.")
def prefers_the_last(needs, workers=None, rounds=None):
    return _rounds(needs, workers, rounds, first=False)


@mistake("Tasks that wait for each other were left out without a word. A plan that cannot be carried out is refused.")
def leaves_circles_out(needs, workers=None, rounds=None):
    return _rounds(needs, workers, rounds, circles=False)


@mistake("A task that waits for itself went through. It can never begin: that is a circle of one.")
def allows_waiting_for_oneself(needs, workers=None, rounds=None):
    return plan_order({task: [o for o in before if o != task] for task, before in needs.items()}, workers, rounds)


@mistake("A task needs one that the plan does not have, and you went on as if that were done. Refuse such a plan.")
def takes_the_unknown_as_done(needs, workers=None, rounds=None):
    return plan_order({task: [o for o in before if o in needs] for task, before in needs.items()}, workers, rounds)


@mistake("A task that is only named as a need was added to the plan. Nobody said how to do it: refuse such a plan.")
def invents_tasks(needs, workers=None, rounds=None):
    every = {other: [] for before in needs.values() for other in before} | dict(needs)
    return plan_order(every, workers, rounds)


@mistake("An unknown need came out as a KeyError. The docstring has one error for a plan that cannot be carried out.")
def trips_over_the_unknown(needs, workers=None, rounds=None):
    for before in needs.values():
        for other in before:
            needs[other]
    return plan_order(needs, workers, rounds)


@mistake("A plan that takes just as many rounds as there may be was refused.")
def refuses_one_round_too_early(needs, workers=None, rounds=None):
    order = plan_order(needs, workers, rounds)
    if rounds is not None and len(order) >= rounds:
        raise ValueError("too many rounds")
    return order


@mistake("`rounds` cut the plan off. Half a plan helps nobody: refuse it before the first task runs.")
def cuts_the_plan_off(needs, workers=None, rounds=None):
    return plan_order(needs, workers)[:rounds]


@mistake("Fewer than one worker went through; the docstring names the error. Is your 0 taken for None?")
def takes_no_workers_for_any_number(needs, workers=None, rounds=None):
    return plan_order(needs, workers if workers and workers > 0 else None, rounds)


@mistake("The plan that was passed in has changed: you removed what was done from it. Work on a copy.")
def uses_the_plan_up(needs, workers=None, rounds=None):
    order = plan_order(needs, workers, rounds)
    needs.clear()
    return order


def _rounds(needs, workers, rounds, *, first=True, circles=True):
    """Plan with one thing changed."""
    if workers is not None and workers < 1:
        raise ValueError("workers")
    if any(other not in needs for before in needs.values() for other in before):
        raise ValueError("unknown")
    order, done = [], set()
    while len(done) < len(needs):
        ready = sorted(task for task in needs if task not in done and done.issuperset(needs[task]))
        if not ready and circles:
            raise ValueError("circle")
        if not ready:
            break
        wave = ready[:workers] if first or workers is None else ready[-workers:]
        order.append(wave)
        done.update(wave)
    if rounds is not None and len(order) > rounds:
        raise ValueError("rounds")
    return order


@alternative
def with_graphlib(needs, workers=None, rounds=None):
    if workers is not None and workers <= 0:
        raise ValueError("workers")
    if not {other for before in needs.values() for other in before} <= set(needs):
        raise ValueError("unknown")
    sorter = TopologicalSorter({task: set(before) for task, before in needs.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError("circle") from error
    order, waiting = [], []
    while sorter.is_active():
        waiting = sorted([*waiting, *sorter.get_ready()])
        count = len(waiting) if workers is None else workers
        order.append(waiting[:count])
        sorter.done(*waiting[:count])
        waiting = waiting[count:]
    if rounds is not None and len(order) > rounds:
        raise ValueError("rounds")
    return order


@alternative
def counting_what_is_open(needs, workers=None, rounds=None):
    """Kahn: count the open needs of each task, and count down when one is finished."""
    if workers is not None and not workers >= 1:
        raise ValueError("workers")
    helps = {task: [] for task in needs}
    for task, before in needs.items():
        for other in set(before):
            if other not in helps:
                raise ValueError(other)
            helps[other].append(task)
    left = {task: len(set(before)) for task, before in needs.items()}
    ready, order = sorted(task for task in left if not left[task]), []
    while ready:
        wave, ready = (ready, []) if workers is None else (ready[:workers], ready[workers:])
        order.append(wave)
        for task in wave:
            for other in helps[task]:
                left[other] -= 1
                if left[other] == 0:
                    ready.append(other)
        ready.sort()
    if any(left.values()):
        raise ValueError("circle")
    if rounds is not None and len(order) > rounds:
        raise ValueError("rounds")
    return order
