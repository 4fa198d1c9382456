"""Grading begins only where every layer holds: each is taken away in turn, and the refusal names it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_notebook

from autograder import syscalls
from autograder.enclosure import landlock_version
from autograder.grading import sandbox
from autograder.grading.isolation import demanded_layers, open_processes
from autograder.grading.layers import LANDLOCK, LAYERS, try_layers
from autograder.grading.process import InfrastructureError, Limits, Processes
from tests.grading.altered import altered

LIMITS = Limits(cell_seconds=120, call_seconds=120, start_seconds=120)


@dataclass(frozen=True)
class Without:
    """How a layer is taken away, together with those that would stand in for it."""

    #: Lines of the student's package that are left out, each with what stands in its place.
    lines: Mapping[str, str] = field(default_factory=dict)
    #: Arguments of bubblewrap's that are left out, each with those that stand in its place.
    arguments: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    #: Places of this machine that are shown inside.
    shown: tuple[str, ...] = ()
    #: System calls that are not refused.
    allowed: tuple[str, ...] = ()


LANDLOCK_LINE = {'write_only_in(WRITABLE, ("/dev/null",))': "pass"}
TAKEN_AWAY = {
    "files": Without(shown=("/etc/passwd",)),
    "writing": Without(LANDLOCK_LINE, {("--remount-ro", "/"): ()}),
    "disk": Without({"size={size},mode=700": "mode=700"}),
    "network": Without(
        {**LANDLOCK_LINE, '"net": 0x40000000,': ""},
        {("--unshare-all",): ("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts")},
    ),
    "processes": Without({"        mount_processes()": "        pass"}),
    "memory of others": Without(
        {**LANDLOCK_LINE, "        hide_memory()": "        pass", "    _drop_all_capabilities()": "    pass"}
    ),
    "inheritance": Without({"            control.close()": "            pass"}),
    "privileges": Without({"    _drop_all_capabilities()": "    pass"}),
    "namespaces": Without({"        install(program)": "        pass"}),
    "system calls": Without(allowed=("ptrace",)),
    "memory": Without({"        resource.RLIMIT_AS: _address_space() + allowance.memory_bytes + _LIBRARY_BYTES,": ""}),
    "number of processes": Without({"        resource.RLIMIT_NPROC: allowance.processes,": ""}),
    "processor": Without({"        resource.RLIMIT_CPU: allowance.cpu_seconds,": ""}),
    "Landlock": Without(LANDLOCK_LINE),
}


pytestmark = pytest.mark.usefixtures("bubblewrap")

Opened = Callable[[Without], Processes]


@pytest.fixture
def opened_without(package: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Open the place where students' processes come from, without a layer."""
    made: list[Processes] = []

    def open_it(without: Without) -> Processes:
        command, refused = sandbox._command, syscalls.REFUSED
        monkeypatch.setattr(sandbox, "_SYSTEM", (*sandbox._SYSTEM, *without.shown))
        monkeypatch.setattr(syscalls, "REFUSED", [name for name in refused if name not in without.allowed])
        monkeypatch.setattr(sandbox, "_command", lambda *given: replaced(command(*given), without.arguments))
        made.append(open_processes("bubblewrap", altered(package, without.lines), new_notebook(), LIMITS))
        return made[-1]

    yield open_it
    for processes in made:
        processes.close()


def replaced(command: Sequence[str], arguments: Mapping[tuple[str, ...], tuple[str, ...]]) -> list[str]:
    """Return a command with other arguments in place of some of its own."""
    result = list(command)
    for old, new in arguments.items():
        place = next(at for at in range(len(result)) if tuple(result[at : at + len(old)]) == old)
        result[place : place + len(old)] = new
    return result


def test_every_layer_holds_here(opened_without: Opened) -> None:
    found = {
        trial.layer.name: trial.found for trial in try_layers(opened_without(Without()), LIMITS, (*LAYERS, LANDLOCK))
    }
    if not landlock_version():
        found.pop("Landlock")
    assert found == dict.fromkeys(found, "")


def test_every_layer_is_taken_away_below() -> None:
    assert set(TAKEN_AWAY) == {layer.name for layer in (*LAYERS, LANDLOCK)}


@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_grading_does_not_begin_without_a_layer_and_says_which(name: str, opened_without: Opened) -> None:
    if name not in {layer.name for layer in demanded_layers()}:
        pytest.skip("this kernel has no Landlock")
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(InfrastructureError, match=f"layer '{name}'.*nothing is graded"):
        opened_without(TAKEN_AWAY[name])
    more = set(psutil.Process().children(recursive=True)) - before
    assert psutil.wait_procs(more, timeout=60)[1] == []  # what was killed takes a moment to be gone


def test_the_others_hold_without_landlock(opened_without: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many kernels have none."""
    monkeypatch.setattr("autograder.grading.isolation.landlock_version", lambda: 0)
    opened_without(Without(LANDLOCK_LINE))


@pytest.mark.parametrize(
    "step",
    [
        "        enter_namespaces(_UID)",
        "            mount_memory(place, allowance.disk_bytes)",
        "        mount_processes()",
        "        limit(allowance)",
        "        give_up_privileges()",
        "        install(program)",
    ],
)
def test_grading_does_not_begin_where_a_step_fails(step: str, opened_without: Opened) -> None:
    indent = step[: len(step) - len(step.lstrip())]
    with pytest.raises(InfrastructureError):
        opened_without(Without({step: f"{indent}raise OSError('the kernel refuses it')"}))


def test_grading_does_not_begin_without_bubblewrap(
    opened_without: Opened, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InfrastructureError, match="bubblewrap is not installed: sudo apt-get install bubblewrap"):
        opened_without(Without())


def test_grading_does_not_begin_without_a_filter_of_system_calls(
    opened_without: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here() -> bytes:
        raise syscalls.NoFilterError("no seccomp filter: there is no libseccomp here")

    monkeypatch.setattr(sandbox, "compile_filter", none_here)
    with pytest.raises(InfrastructureError, match="there is no libseccomp here"):
        opened_without(Without())


def test_the_course_may_lie_where_each_student_has_a_folder_of_its_own(
    opened_without: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        (Path(folder) / "libraries").symlink_to(sandbox._site_packages()[0])
        monkeypatch.setattr(sandbox, "_site_packages", lambda: [f"{folder}/libraries"])
        opened_without(Without())


def test_a_python_that_students_would_not_see_is_named(opened_without: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/tmp/python/bin/python3")
    with pytest.raises(InfrastructureError, match="do not see: /tmp/python/bin/python3; move it"):
        opened_without(Without())
