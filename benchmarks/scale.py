"""What limits the grading of 10,000 and 100,000 submissions: measured unit costs, and a simulation with them.

    python benchmarks/scale.py [--json] [--students 5000] [--grade-seconds SECONDS]

Measured with workers that answer at once, on this machine's disk: what the one process that writes spends on each
submission (reading it, writing its notebook and result, recognizing it in a later run, entering it into the gradebook).
Measured with a local Dask cluster whose tasks do nothing: what its scheduler spends on each. The time to grade one is
that of `benchmarks/grading.py` with torch, measured again unless it is given.

The simulation is a closed queueing network, as the code is: two submissions are under way for each worker. A submission
passes the writer, the scheduler and a worker, and its result passes the writer again; writer and scheduler do one thing
at a time. At the end comes the gradebook.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from autograder.courseroot import find_course  # noqa: E402
from autograder.grading.assignment import Assignment  # noqa: E402
from autograder.grading.classroom import Places, grade_class  # noqa: E402
from autograder.grading.gradebook import database_url, write_gradebook  # noqa: E402
from autograder.grading.handed_in import find_submissions  # noqa: E402
from autograder.grading.results import Result  # noqa: E402
from autograder.grading.work import Done, Work  # noqa: E402
from benchmarks import grading  # noqa: E402
from tests.grading import tiny  # noqa: E402

CHAPTER = "next_token"
SAMPLE = ROOT / "solutions" / "sample_class" / "submitted" / "01-all-right" / CHAPTER / f"{CHAPTER}.ipynb"


@dataclass(frozen=True)
class Costs:
    """Seconds for one submission."""

    read: float
    write: float
    schedule: float
    grade: float
    recognize: float
    gradebook: float


class Instant:
    """Workers that have graded everything already: what is left is the writer's part."""

    most = 4

    def __init__(self, done: Done) -> None:
        self._done = done

    def submit(self, work: Work) -> Future[Done]:
        """Answer at once; see `autograder.grading.workers.Workers`."""
        future: Future[Done] = Future()
        future.set_result(answer(work, self._done))
        return future

    def close(self) -> None:
        """Nothing was started."""


def answer(work: Work, done: Done) -> Done:
    """Return a result for a piece of work; runs in the workers of the cluster too."""
    mine = Result(
        work.assignment, work.student, "graded", "", work.file, work.key, work.isolation, (), done.result.verdicts
    )
    return Done(mine, done.notebook)


def graded_sample(assignment: Assignment) -> Done:
    """Grade one submission in earnest."""
    from autograder.grading.engine import Engine
    from autograder.grading.work import do

    with Engine.open(assignment) as engine:
        return do(
            Work(CHAPTER, "a", SAMPLE.name, SAMPLE.read_bytes(), "", "k", assignment.isolation),
            engine,
            assignment.release,
        )


def timed(action: Callable[[], Any]) -> float:
    """Return how long it took."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def writers_costs(assignment: Assignment, done: Done, students: int) -> dict[str, float]:
    """Let the writer work on a class of copies of one submission."""
    course, data = find_course(), SAMPLE.read_bytes()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        for student in range(students):
            place = folder / "submitted" / f"s{student:06d}" / CHAPTER
            place.mkdir(parents=True)
            (place / SAMPLE.name).write_bytes(data)
        places = Places(
            folder / "results", folder / "autograded", database_url(folder / "gradebook.db"), folder / "grades.csv"
        )
        start = time.perf_counter()
        found = find_submissions(folder / "submitted", CHAPTER)
        listing = time.perf_counter() - start
        told: list[float] = []
        results: list[Result] = []

        def grade() -> None:
            results[:] = grade_class(
                Instant(done), assignment, found, places, tell=lambda it: told.append(it.seconds.get("write", 0.0))
            )

        all_of_it = timed(grade)
        write = sum(told)
        again = timed(grade)

        def enter(count: int) -> float:
            return timed(lambda: write_gradebook(course, assignment.chapter, results[:count], {}, places.gradebook_url))

        enter(1)  # makes the gradebook
        one, everyone = enter(1), enter(students)
    return {
        "read": (listing + all_of_it - write) / students,
        "write": write / students,
        "recognize": again / students,
        "gradebook": (everyone - one) / students,
    }


def scheduling_cost(done: Done, tasks: int) -> float:
    """Send work of the usual size through a local cluster whose tasks do nothing."""
    from distributed import Client, LocalCluster

    work = Work(CHAPTER, "a", SAMPLE.name, SAMPLE.read_bytes(), "", "k", "bubblewrap")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,  # type: ignore[no-untyped-call]
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        ready = client.scatter(done, broadcast=True, hash=False)

        def send(count: int) -> None:
            for future in [client.submit(answer, work, ready, pure=False) for _ in range(count)]:
                future.result()

        send(50)  # the workers import what they need
        return timed(lambda: send(tasks)) / tasks


def grading_cost() -> float:
    """Return the seconds that one worker needs for a notebook that imports torch."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
        imports = grading.IMPORTS["torch"]
        course = tiny.write_course(Path(place) / "course", grading.probes(), grading.master(imports), grading.MISTAKES)
        return grading.ours(course, (4, 24), 1)[0]


def simulate(costs: Costs, submissions: int, workers: int, seed: int = 0) -> dict[str, Any]:
    """Return how long a class takes, and how busy each part is meanwhile."""
    rng = random.Random(seed)
    free = [0.0] * workers
    arriving = [(0.0, False)] * (2 * workers)  # when the writer may go on with it, and whether there is a result
    writer = scheduler = 0.0
    busy = {"writer": 0.0, "scheduler": 0.0, "workers": 0.0}
    begun = 0
    while arriving:
        at, is_done = heapq.heappop(arriving)
        spent = (costs.write if is_done else 0.0) + (costs.read if begun < submissions else 0.0)
        writer = max(writer, at) + spent
        busy["writer"] += spent
        if begun == submissions:
            continue
        begun += 1
        scheduler = max(scheduler, writer) + costs.schedule
        busy["scheduler"] += costs.schedule
        took = costs.grade * rng.uniform(0.7, 1.3)
        end = max(heapq.heappop(free), scheduler) + took
        busy["workers"] += took / workers
        heapq.heappush(free, end)
        heapq.heappush(arriving, (end, True))
    shares = {name: part / writer for name, part in busy.items()}
    gradebook = costs.gradebook * submissions
    return {
        "submissions": submissions,
        "workers": workers,
        "minutes": (writer + gradebook) / 60,
        "gradebook minutes": gradebook / 60,
        "limited by": max(shares, key=lambda name: shares[name]),
        "busy": shares,
    }


def simulated(costs: Costs, sizes: Sequence[int], workers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Simulate each size with each number of workers."""
    for submissions in sizes:
        for count in workers:
            yield simulate(costs, submissions, count)


def main() -> None:
    """Measure, simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--students", type=int, default=5000, help="how many are written to measure the writer")
    parser.add_argument("--grade-seconds", type=float, help="what one submission takes on one worker, if known")
    arguments = parser.parse_args()
    assignment = Assignment.of(find_course(), CHAPTER)
    done = graded_sample(assignment)
    costs = Costs(
        schedule=scheduling_cost(done, min(arguments.students, 2000)),
        grade=arguments.grade_seconds or grading_cost(),
        **writers_costs(assignment, done, arguments.students),
    )
    rows = list(simulated(costs, (10_000, 100_000), (2, 8, 32, 128, 512)))
    if arguments.json:
        print(json.dumps({"costs": asdict(costs), "simulated": rows}, indent=1))
        return
    print("\n".join(f"{name:<10} {1000 * spent:8.2f} ms a submission" for name, spent in asdict(costs).items()))
    for row in rows:
        shares = ", ".join(f"{name} {share:4.0%}" for name, share in row["busy"].items())
        print(
            f"{row['submissions']:>7} submissions, {row['workers']:>3} workers: {row['minutes']:7.1f} min "
            f"(gradebook {row['gradebook minutes']:.1f}), limited by the {row['limited by']} ({shares})"
        )


if __name__ == "__main__":
    main()
