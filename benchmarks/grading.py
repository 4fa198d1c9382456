"""How quickly a class is graded, beside stock `nbgrader autograde` and `otter run`, on the same answers and machine.

    python benchmarks/grading.py [--json] [--quick] [--notebook NAME] [--otter PYTHON]

Two notebooks of twelve cells and twelve probes, one of which imports torch and the other sentence_transformers, and an
empty one. A time per submission is the slope between a small and a large class, so that what happens once a run is left
out for everybody; that is printed on its own. `otter run` grades one submission a call, start included.

The gain of a second worker is that of a second core: two workers on two cores beside one worker on one. A worker alone
on two cores is measured as well. It is a little faster than on one, since the kernel clears away one student's process
while the next one's starts.

Sources: nbgrader 0.9.6, https://nbgrader.readthedocs.io; otter-grader 7.0.0, https://otter-grader.readthedocs.io.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from tests.grading import tiny  # noqa: E402 - the small course of the tests

FUNCTIONS = 12
IMPORTS = {"torch": "import torch", "sentence_transformers": "import sentence_transformers", "nothing": "import math"}
TARGETS = {"torch": 10.0, "sentence_transformers": 20.0}
#: Workers and cores; how often each is measured, in turns. Medians are taken.
SETTINGS = ((1, 1), (1, 2), (2, 2))
RUNS = 3
PHASES = ("queue", "repair", "run", "probe", "compare", "report", "write")


def probes() -> str:
    """Return a chapter of twelve functions with one probe each."""
    text = 'from autograder.exercise import Chapter\n\nchapter = Chapter("arithmetic", "To count")\n'
    for number in range(FUNCTIONS):
        text += (
            f'f{number} = chapter.function("f{number}", title="Add {number}", minutes=1, difficulty=1, oracle="")\n\n\n'
            f"@f{number}.probe(points=1, cases=4)\ndef adds_{number}(impl, rng):\n"
            f'    """It adds {number}."""\n    return impl(int(rng.integers(3, 1000)))\n\n\n'
        )
    return text


def master(imports: str) -> str:
    """Return the exercises' source; its first cell imports a library."""
    text = f"# %%\n{imports}\n\n"
    for number in range(FUNCTIONS):
        text += (
            f"# %% [markdown]\n# ## f{number}\n#\n# Add {number}.\n\n\n# %%\ndef f{number}(x):\n"
            f'    """Add {number}."""\n    ### BEGIN SOLUTION\n    return x + {number}\n    ### END SOLUTION\n\n\n'
            f'# %% tags=["active-ipynb"]\n# check(f{number})\n\n'
        )
    return text


MISTAKES = 'variants = type("All", (), {"mistakes": {}, "alternatives": {}})\n'


def answers(course: Path, count: int, *, empty: bool) -> Path:
    """Hand in for so many students: all functions written, or a notebook without a cell; returns the folder."""
    import nbformat

    notebook = tiny.filled(course, "")
    for cell in notebook.cells:
        if cell.id.endswith("-code"):
            number = cell.id.removeprefix("f").removesuffix("-code")
            cell.source = f"def f{number}(x):\n    return x + {number}\n"
    if empty:
        notebook.cells = []
    folder = course / f"submitted-{count}{'-empty' if empty else ''}"
    for student in range(count):
        place = folder / f"s{student:05d}" / tiny.CHAPTER
        place.mkdir(parents=True)
        (place / f"{tiny.CHAPTER}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    return folder


def timed(action: Sequence[str], folder: Path, environment: dict[str, str]) -> float:
    """Run a command and return how long it took; fail loudly if it fails."""
    start = time.perf_counter()
    done = subprocess.run(action, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(action)} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - start


def slope(small: tuple[int, float], large: tuple[int, float]) -> tuple[float, float]:
    """Return the seconds for a submission, and those for the run itself."""
    each = (large[1] - small[1]) / (large[0] - small[0])
    return each, small[1] - each * small[0]


@contextlib.contextmanager
def at_most(cores: int) -> Iterator[None]:
    """Keep this process, and what it starts, to so many cores."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def ours(course: Path, counts: tuple[int, int], workers: int, cores: int, *, empty: bool) -> tuple[float, float]:
    """Measure `nexttoken grade`."""
    measured = []
    for count in counts:
        folder = answers(course, count, empty=empty) if not list(course.glob(f"submitted-{count}*")) else None
        folder = folder or next(course.glob(f"submitted-{count}*"))
        out = Path(tempfile.mkdtemp(dir=course.parent))
        action = tiny.command("grade", tiny.CHAPTER, "--submissions", str(folder), "-o", str(out))
        with at_most(cores):
            measured.append((count, timed([*action, "--workers", str(workers)], course, tiny.environment(course))))
    return slope(measured[0], measured[1])


def stock(course: Path, counts: tuple[int, int], folder: Path) -> tuple[float, float]:
    """Measure `nbgrader autograde` with its own settings, each function checked by four assertions."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    def cell(source: str, grade_id: str, *, test: bool) -> Any:
        meta = {"grade": test, "solution": not test, "locked": test, "task": False, "schema_version": 3}
        made = new_code_cell(source)  # type: ignore[no-untyped-call]
        made.metadata["nbgrader"] = meta | {"grade_id": grade_id} | ({"points": 1} if test else {})
        return made

    first = tiny.filled(course, "").cells[0].source
    notebook = new_notebook(cells=[new_code_cell(first)])  # type: ignore[no-untyped-call]
    for number in range(FUNCTIONS):
        code = f"def f{number}(x):\n    ### BEGIN SOLUTION\n    return x + {number}\n    ### END SOLUTION"
        tests = "\n".join(f"assert f{number}({x}) == {x + number}" for x in (3, 44, 555, 999))
        notebook.cells += [cell(code, f"f{number}-code", test=False), cell(tests, f"f{number}", test=True)]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    source = folder / "source" / "ps"
    source.mkdir(parents=True)
    nbformat.write(notebook, source / "ps.ipynb")
    (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "c"\n')
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic
    environment = {**os.environ, "PYTHONPATH": "", "PATH": binaries}
    nbgrader = [sys.executable, "-m", "nbgrader"]
    timed([*nbgrader, "generate_assignment", "ps"], folder, environment)
    measured = []
    for count in counts:
        for place in ("submitted", "autograded"):
            shutil.rmtree(folder / place, ignore_errors=True)
        for student in range(count):
            place = folder / "submitted" / f"s{student}" / "ps"
            place.mkdir(parents=True)
            shutil.copy(source / "ps.ipynb", place / "ps.ipynb")
        measured.append((count, timed([*nbgrader, "autograde", "ps", "--create"], folder, environment)))
    return slope(measured[0], measured[1])


def otter(python: str, imports: str, folder: Path) -> float:
    """Measure `otter run`, with the same assertions as doctests; returns the seconds for one submission."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    sources = [imports, *(f"def f{number}(x):\n    return x + {number}" for number in range(FUNCTIONS))]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])  # type: ignore[no-untyped-call]
    tests = folder / "tests"
    tests.mkdir(parents=True)
    nbformat.write(notebook, folder / "ps.ipynb")
    for number in range(FUNCTIONS):
        cases = [{"code": f">>> f{number}({x})\n{x + number}"} for x in (3, 44, 555, 999)]
        suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": f"f{number}", "points": 1, "suites": [suite]}
        (tests / f"f{number}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")
    command = [python, "-m", "otter"]
    timed([*command, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], folder, dict(os.environ))
    run = [*command, "run", "-a", "autograder.zip", "ps.ipynb"]
    seconds = statistics.median(timed(run, folder, dict(os.environ)) for _ in range(3))
    earned = json.loads((folder / "results.json").read_text())["tests"]
    if sum(item.get("score", 0) for item in earned) != FUNCTIONS:
        raise SystemExit(f"otter gave other points: {earned}")
    return seconds


def phases(course: Path, count: int) -> dict[str, Any]:
    """Grade a class with two workers; return each phase's p50 and p95, and the memory that was held on the way."""
    done = subprocess.run(
        [sys.executable, __file__, "--drive", str(answers(course, count, empty=False))],
        cwd=course,
        env=tiny.environment(course),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def drive(folder: Path) -> None:
    """Grade a folder and print phases and memory; runs in the measured course's own code."""
    import psutil

    from autograder.courseroot import find_course
    from autograder.grading.assignment import Assignment
    from autograder.grading.classroom import Places, Told, grade_class
    from autograder.grading.handed_in import find_submissions
    from autograder.grading.workers import Pool

    assignment = Assignment.of(find_course(), tiny.CHAPTER)
    seconds: dict[str, list[float]] = {}
    memory: list[int] = []

    def held() -> int:
        return sum(_own(process) for process in psutil.Process().children(recursive=True))

    def tell(told: Told) -> None:
        for phase, spent in told.seconds.items():
            seconds.setdefault(phase, []).append(spent)
        if len(seconds["run"]) % 10 == 0:
            memory.append(held())

    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        workers = Pool(assignment, 2)
        places = Places(out / "results", out / "autograded", "", out / "grades.csv")
        grade_class(workers, assignment, find_submissions(folder, tiny.CHAPTER), places, tell=tell)
        workers.close()
    table = {
        phase: {"p50": statistics.median(spent), "p95": statistics.quantiles(spent, n=20)[-1]}
        for phase, spent in seconds.items()
        if phase in PHASES
    }
    print(json.dumps({"phases": table, "memory": memory}))


def _own(process: Any) -> int:
    """Return a process's proportional share of memory; 0 once it is gone."""
    import psutil

    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, OSError):
        return 0


def measure(notebooks: Sequence[str], *, quick: bool, python_of_otter: str) -> Iterator[dict[str, Any]]:
    """Measure everything; yields one row a notebook."""
    counts = (10, 110) if quick else (50, 350)
    few = (1, 3) if quick else (2, 8)
    for name in notebooks:
        imports = IMPORTS[name]
        with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
            course = tiny.write_course(Path(place) / "course", probes(), master(imports), MISTAKES)
            empty = name == "nothing"
            row: dict[str, Any] = {"notebook": name}
            measured = [[ours(course, counts, *setting, empty=empty) for setting in SETTINGS] for _ in range(RUNS)]
            (row["one worker"], _), (row["one worker, two cores"], _), (row["two workers"], row["start"]) = map(
                _median, zip(*measured, strict=True)
            )
            if not empty:
                row["nbgrader autograde"], _ = stock(course, few, Path(place) / "stock")
                row["ratio"] = row["nbgrader autograde"] / row["two workers"]
                if python_of_otter:
                    row["otter run"] = otter(python_of_otter, imports, Path(place) / "otter")
                row |= phases(course, 100 if quick else 1000)
            yield row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.add_argument("--quick", action="store_true", help="small classes: some minutes, and rough figures")
    parser.add_argument(
        "--otter", metavar="PYTHON", default="", help="a Python that has otter-grader and the libraries"
    )
    parser.add_argument("--notebook", action="append", choices=IMPORTS, help="only this one; may be said again")
    parser.add_argument("--drive", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.drive:
        drive(arguments.drive)
        return
    notebooks = arguments.notebook or list(IMPORTS)
    rows = measure(notebooks, quick=arguments.quick, python_of_otter=arguments.otter)
    if arguments.json:
        print(json.dumps(list(rows), indent=1))
        return
    for row in rows:
        print("\n".join(lines(row)), flush=True)


def lines(row: dict[str, Any]) -> Iterator[str]:
    """Write one notebook's row for people."""
    one, two = row["one worker"], row["two workers"]
    yield f"\n{row['notebook']}: {_ms(two)} a submission with two workers, {_ms(one)} with one ({one / two:.2f}x)"
    yield f"  with one worker that has two cores: {_ms(row['one worker, two cores'])}"
    yield f"  what a run takes besides: {row['start']:.1f} s"
    if "ratio" not in row:
        return
    target = TARGETS[row["notebook"]]
    yield f"  nbgrader autograde {_ms(row['nbgrader autograde'])}: {row['ratio']:.0f}x (target {target:.0f}x)"
    if "otter run" in row:
        yield f"  otter run {_ms(row['otter run'])}: {row['otter run'] / two:.0f}x"
    for phase, spent in row["phases"].items():
        yield f"  {phase:<10} p50 {_ms(spent['p50'])}   p95 {_ms(spent['p95'])}"
    part = max(1, len(row["memory"]) // 5)
    early, late = (statistics.median(row["memory"][one]) / 2**20 for one in (slice(part), slice(-part, None)))
    yield f"  memory of two workers and all below them: {early:.0f} MB in the first fifth, {late:.0f} MB in the last"


def _median(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(each for each, _ in pairs), statistics.median(start for _, start in pairs)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


if __name__ == "__main__":
    main()
