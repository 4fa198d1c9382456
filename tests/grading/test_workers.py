"""Grading a class with several processes, on one machine and on a cluster, and what is left when one of them is killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest

from tests.grading import tiny

STUDENTS = {f"s{number:02d}": (tiny.RIGHT, tiny.HALF, tiny.WRONG)[number % 3] for number in range(12)}
POINTS = {student: (3.0, 2.0, 0.0)[number % 3] for number, student in enumerate(STUDENTS)}
SLOW = f"import time; time.sleep(3)\n{tiny.RIGHT}"
#: Long enough for a machine that is busy with other tests; nothing waits that long otherwise.
PATIENCE = 240.0

StartWorker: TypeAlias = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write and build the small course once; to be copied, not changed."""
    return tiny.write_course(tmp_path_factory.mktemp("tiny") / "course")


@pytest.fixture
def course(template: Path, tmp_path: Path) -> Path:
    """Copy the small course, with a class that handed in."""
    made = tmp_path / "course"
    shutil.copytree(template, made)
    tiny.hand_in(made, STUDENTS)
    return made


def results(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted((folder / "results" / tiny.CHAPTER).glob("*.json"))}


def points(folder: Path) -> dict[str, float | None]:
    return {student: json.loads(text)["points"] for student, text in results(folder).items()}


def in_gradebook(folder: Path) -> list[tuple[str, float]]:
    """Return who has how many points in the gradebook, once for each entry."""
    query = (
        "select s.student_id, g.auto_score from submitted_assignment s "
        "join submitted_notebook n on n.assignment_id = s.id join grade g on g.notebook_id = n.id"
    )
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as database:
        return sorted(database.execute(query))


def test_the_gradebook_may_be_another_one_and_is_the_same_to_nbgrader(course: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    url = f"sqlite:///{tmp_path}/elsewhere/gradebook.db"
    done = tiny.run(course, "grade", tiny.CHAPTER, "--students", "s00,s01", NEXTTOKEN_GRADEBOOK=url)
    assert done.returncode == 0, done.stderr
    assert in_gradebook(tmp_path / "elsewhere") == [("s00", 3.0), ("s01", 2.0)]
    assert not (course / "gradebook.db").exists()
    export = [sys.executable, "-m", "nbgrader", "export", "--to", str(tmp_path / "grades.csv")]
    environment = tiny.environment(course, NEXTTOKEN_GRADEBOOK=url)
    subprocess.run(export, cwd=course, env=environment, check=True, capture_output=True)
    assert (tmp_path / "grades.csv").read_text().count("s00") == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql+nodriver://ada:PASSWORD@localhost/grades", "Can't load plugin"),
        ("oracle+oracledb://ada:PASSWORD@localhost/grades", "No module named"),
        ("PASSWORD of a database", "not the URL of a database"),
    ],
)
def test_a_gradebook_that_cannot_be_had_is_a_sentence_without_its_password(
    url: str, why: str, course: Path, tmp_path: Path
) -> None:
    done = tiny.run(course, "grade", tiny.CHAPTER, "--students", "s00", NEXTTOKEN_GRADEBOOK=url)
    assert done.returncode == 1
    assert why in done.stderr
    assert not {"PASSWORD", "Traceback"} & set(re.findall(r"\w+", done.stderr + done.stdout))
    assert results(course) == {}


def wait_until(holds: Callable[[], Any]) -> None:
    """Wait until something holds; fail if it does not for a long time."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def started(course: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        tiny.command("grade", tiny.CHAPTER, *arguments),
        cwd=course,
        env=tiny.environment(course, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's job may ignore it
    )


def of_course(course: Path) -> list[int]:
    """Return the processes that run in the course's environment, also those whose parent is gone."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"PYTHONPATH={course}".encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
    return found


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Make a folder for the temporary files of a grader, to see what it leaves there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


# --- one machine


@pytest.mark.parametrize("workers", ["1", "2"])
def test_any_number_of_workers_gives_the_same_results_gradebook_and_table(
    workers: str, course: Path, tmp_path: Path
) -> None:
    done = tiny.run(course, "grade", tiny.CHAPTER, "--workers", workers, "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr + done.stdout
    assert points(tmp_path / "out") == POINTS
    assert in_gradebook(tmp_path / "out") == sorted(POINTS.items())
    assert of_course(course) == []
    first = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "results").rglob("*.json")}
    again = tiny.run(course, "grade", tiny.CHAPTER, "--workers", workers, "-o", str(tmp_path / "out"))
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in first} == first, "what was graded was kept"


def test_a_worker_that_is_killed_is_replaced_and_its_work_done_again(
    course: Path, temporary: Path, tmp_path: Path
) -> None:
    tiny.hand_in(course, {"slow": SLOW})
    arguments = ("--workers", "1", "--students", "slow,s00", "-o", str(tmp_path / "out"))
    grading = started(course, *arguments, TMPDIR=str(temporary))
    main = psutil.Process(grading.pid)

    def workers() -> list[psutil.Process]:
        return [child for child in main.children() if "spawn_main" in " ".join(child.cmdline()) and child.children()]

    wait_until(workers)
    wait_until((tmp_path / "out" / "results" / tiny.CHAPTER / "s00.json").exists)
    workers()[0].kill()
    said, _ = grading.communicate(timeout=PATIENCE)
    assert grading.returncode == 0, said
    assert points(tmp_path / "out") == {"slow": 3.0, "s00": 3.0}
    assert of_course(course) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_grader_that_is_killed_at_any_moment_loses_nothing(course: Path, temporary: Path, tmp_path: Path) -> None:
    """Five times in each of ten runs it is ended with SIGKILL; then it is let run to its end."""
    start = time.monotonic()
    calm = tiny.run(course, "grade", tiny.CHAPTER, "-o", str(tmp_path / "calm"))
    lasted = time.monotonic() - start
    assert calm.returncode == 0, calm.stderr
    rng = random.Random(4)
    for number in range(10):
        out = tmp_path / f"killed-{number}"
        for _ in range(5):
            grading = started(course, "-o", str(out), TMPDIR=str(temporary))
            with contextlib.suppress(subprocess.TimeoutExpired):
                grading.wait(rng.uniform(0, lasted))
            family = psutil.Process(grading.pid).children(recursive=True) if grading.poll() is None else []
            grading.kill()
            grading.communicate()
            assert psutil.wait_procs(family, timeout=PATIENCE)[1] == [], "a process outlived the grader"
            wait_until(lambda: not of_course(course))
        again = tiny.run(course, "grade", tiny.CHAPTER, "-o", str(out), TMPDIR=str(temporary))
        assert again.returncode == 0, again.stderr
        assert results(out) == results(tmp_path / "calm")
        assert in_gradebook(out) == in_gradebook(tmp_path / "calm") == sorted(POINTS.items())
        assert [path for path in out.rglob("*") if path.name.startswith(".") or path.suffix == ".part"] == []
    assert list(temporary.iterdir()) == []


def test_ctrl_c_ends_the_run_with_a_sentence_and_without_a_traceback(course: Path, tmp_path: Path) -> None:
    tiny.hand_in(course, {"slow": SLOW})
    grading = started(course, "--workers", "1", "--students", "slow,s00", "-o", str(tmp_path / "out"))
    wait_until((tmp_path / "out" / "results" / tiny.CHAPTER / "s00.json").exists)
    os.killpg(grading.pid, signal.SIGINT)
    said, _ = grading.communicate(timeout=PATIENCE)
    assert grading.returncode == 1, said
    assert "interrupted; what was graded is kept" in said
    assert "Traceback" not in said
    assert points(tmp_path / "out") == {"s00": 3.0}
    wait_until(lambda: not of_course(course))


def test_a_locked_gradebook_is_a_sentence_and_the_next_run_fills_it(course: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert tiny.run(course, "grade", tiny.CHAPTER, "--students", "s00", "-o", str(out)).returncode == 0
    with contextlib.closing(sqlite3.connect(out / "gradebook.db", isolation_level=None)) as database:
        database.execute("begin exclusive")
        locked = tiny.run(course, "grade", tiny.CHAPTER, "-o", str(out))
    assert locked.returncode == 1
    assert "could not be written (" in locked.stderr
    assert "The results are kept: run the same command again" in locked.stderr
    assert points(out) == POINTS
    assert tiny.run(course, "grade", tiny.CHAPTER, "-o", str(out)).returncode == 0
    assert in_gradebook(out) == sorted(POINTS.items())


# --- a cluster


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """Make certificates for a cluster and its client, in Dask's own settings."""
    from distributed.security import Security

    made = Security.temporary()
    files = {}
    for name in ("tls_ca_file", "tls_client_key", "tls_client_cert"):
        path = tmp_path / f"{name}.pem"
        path.write_text(getattr(made, name))
        path.chmod(0o600)
        files[name] = str(path)
    settings = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": files["tls_ca_file"]}
    for role in ("CLIENT", "SCHEDULER", "WORKER"):
        settings[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = files["tls_client_key"]
        settings[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = files["tls_client_cert"]
    return settings


@pytest.fixture
def cluster(course: Path, keys: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, StartWorker]]:
    """Start a scheduler as the page on clusters says; return its address, and what starts one more worker."""
    environment = tiny.environment(course, **keys)
    log = tmp_path / "scheduler.log"
    everything: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, to: Path) -> subprocess.Popen[bytes]:
        with to.open("wb") as file:
            everything.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *arguments],
                    cwd=course,
                    env=environment,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return everything[-1]

    try:
        start("scheduler", "--host", "tls://127.0.0.1", "--port", "0", "--no-dashboard", to=log)
        wait_until(lambda: re.search(r"tls://127\.0\.0\.1:\d+", log.read_text()))
        found = re.search(r"tls://127\.0\.0\.1:\d+", log.read_text())
        assert found
        arguments = ("worker", found[0], "--nthreads", "1", "--nworkers", "1", "--no-dashboard")
        yield found[0], lambda: start(*arguments, to=tmp_path / f"worker-{len(everything)}.log")
    finally:
        for process in everything:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True], ids=["both-there", "one-joins-late"])
def test_a_cluster_that_loses_a_worker_grades_each_submission_once(
    late: bool, cluster: tuple[str, StartWorker], course: Path, keys: dict[str, str], tmp_path: Path
) -> None:
    address, start_worker = cluster
    first = start_worker()
    if not late:
        start_worker()
    tiny.hand_in(course, {f"slow-{number}": SLOW for number in range(4)})
    grading = started(course, "--scheduler", address, "-o", str(tmp_path / "out"), **keys)
    wait_until(lambda: results(tmp_path / "out") or grading.poll() is not None)
    os.killpg(first.pid, signal.SIGKILL)
    if late:  # what the first one was given went with it
        start_worker()
    said, _ = grading.communicate(timeout=PATIENCE)
    assert grading.returncode == 0, said
    expected = {**POINTS, **{f"slow-{number}": 3.0 for number in range(4)}}
    assert points(tmp_path / "out") == expected
    assert in_gradebook(tmp_path / "out") == sorted(expected.items())


@pytest.mark.parametrize(
    ("address", "why"),
    [("tcp://127.0.0.1:8786", "does not begin with tls://"), ("tls://127.0.0.1:1", "cannot be reached")],
)
def test_a_scheduler_that_cannot_be_used_is_a_sentence_and_nothing_is_changed(
    address: str, why: str, course: Path, keys: dict[str, str], tmp_path: Path
) -> None:
    hasty = {**keys, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = tiny.run(course, "grade", tiny.CHAPTER, "--scheduler", address, "-o", str(tmp_path / "out"), **hasty)
    assert done.returncode == 1
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert results(tmp_path / "out") == {}
