"""What the grader knows, and what an earlier student did, is not in the memory of the next one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook

from autograder.grading.isolation import open_processes
from autograder.grading.process import Limits, Processes
from autograder.grading.session import Session
from autograder.grading.strays import descendants
from tests.grading.altered import altered

LIMITS = Limits(cell_seconds=120, call_seconds=120, start_seconds=120)

#: Prints all that looks like one of our marks in any memory that it may read. Its own pattern does not.
SEARCH = r"""
import json, os, re

made_here = "mark" + os.urandom(16).hex()
found = set()
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        place, access, *_ = line.split()
        if not access.startswith("r") or "[v" in line:
            continue
        start, end = (int(number, 16) for number in place.split("-"))
        memory.seek(start)
        found |= {match.decode() for match in re.findall(rb"mark[0-9a-f]{32}", memory.read(end - start))}
print(json.dumps([made_here, sorted(found)]))
"""
#: Leaves a mark wherever a student can: in memory of all kinds, in files, and in a process that outlives the cell.
LEAVE = """
import mmap, os

mark = {mark!r}
kept = [mark * 1000, mark.encode() * 1000, {{mark: mark}}]
shared = mmap.mmap(-1, 4096)
shared.write(mark.encode() * 20)
for place in (os.environ["HOME"], "/tmp", "/dev/shm"):
    with open(f"{{place}}/left-{{mark}}", "w") as file:
        file.write(mark * 1000)
os.environ["LEFT"] = mark
if os.fork() == 0:
    os.execve("/bin/sleep", ["sleep", "1000"], {{"LEFT": mark}})
"""


pytestmark = pytest.mark.usefixtures("bubblewrap")

Opened = Callable[[bytes], Processes]


@pytest.fixture
def opened() -> Iterator[Opened]:
    made: list[Processes] = []

    def open_with(package: bytes) -> Processes:
        made.append(open_processes("bubblewrap", package, new_notebook(), LIMITS))
        return made[-1]

    yield open_with
    for processes in made:
        processes.close()


def new_mark() -> str:
    return f"mark{secrets.token_hex(16)}"


def seen_by_a_student(processes: Processes) -> set[str]:
    """Return the marks that a student finds, but for the one that it makes itself, which proves that it looked."""
    with Session(processes.start(), LIMITS) as session:
        ((kind, name, text),) = session.run_cell(SEARCH)
    assert (kind, name) == ("stream", "stdout")
    made_here, found = json.loads(text)
    assert made_here in found
    return set(found) - {made_here}


def test_a_student_finds_nothing_of_the_graders(
    package: bytes, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory, in_environment = new_mark(), new_mark()
    monkeypatch.setenv("NEXTTOKEN_SECRET", in_environment)
    kept = [in_memory * 1000, in_memory.encode() * 1000, {in_memory: in_memory}]
    assert seen_by_a_student(opened(package)) == set()
    assert len(kept) == 3


def test_a_student_finds_nothing_of_an_earlier_one(package: bytes, opened: Opened) -> None:
    processes = opened(package)
    earlier, still_there = new_mark(), new_mark()
    with Session(processes.start(), LIMITS) as session:
        assert session.run_cell(LEAVE.format(mark=earlier)) == []
    with Session(processes.start(), LIMITS) as other:
        assert other.run_cell(LEAVE.format(mark=still_there)) == []
        assert seen_by_a_student(processes) == set()


def test_what_the_warm_process_holds_is_found(package: bytes, opened: Opened) -> None:
    """Of a fork's memory all is the warm process's too: so nothing may be there, and the search would see it."""
    mark = new_mark()
    planted = altered(package, {"_LAST_CODE = 256 - 65\n": f'_LAST_CODE = 256 - 65\n_PLANTED = "{mark}"\n'})
    assert seen_by_a_student(opened(planted)) == {mark}


def test_no_process_of_the_enclosure_knows_the_graders_environment(
    package: bytes, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bubblewrap clears the environment for what it starts, but stays itself, and its first process is inside."""
    mark = new_mark()
    monkeypatch.setenv("NEXTTOKEN_SECRET", mark)
    before = descendants([os.getpid()])
    processes = opened(package)
    with Session(processes.start(), LIMITS):
        inside = descendants([os.getpid()]) - before
        assert len(inside) >= 5  # bubblewrap twice, the warm process, a warden, init, a student
        for process in inside:
            for name in ("environ", "cmdline"):
                assert mark.encode() not in readable(Path(f"/proc/{process}/{name}"))


def readable(path: Path) -> bytes:
    """Return a file's bytes; none where it may not be read, as of processes that hide."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
