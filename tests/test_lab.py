"""Opening the course: a student's own notebook is never touched, and the printed address leads there."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import IO, Any, cast

import pytest

from autograder.courseroot import CourseRoot
from nexttoken import lab, selftest

RELEASED = "next_token/next_token.ipynb"


@pytest.fixture
def course(tmp_path: Path) -> CourseRoot:
    """Make a course with one released exercise and a start page."""
    (tmp_path / "nbgrader_config.py").write_text("")
    (tmp_path / "solutions").mkdir()
    (tmp_path / "exercises" / "next_token").mkdir(parents=True)
    (tmp_path / "exercises" / RELEASED).write_text("first release")
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "index.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    return CourseRoot(tmp_path)


def test_each_exercise_is_copied_once(course: CourseRoot) -> None:
    assert lab.copy_exercises(course) == [f"New exercises: work/{RELEASED}"]
    assert (course.path / "work" / RELEASED).read_text() == "first release"
    assert lab.copy_exercises(course) == []


def test_a_student_s_work_is_never_overwritten(course: CourseRoot) -> None:
    lab.copy_exercises(course)
    mine = course.path / "work" / RELEASED
    mine.write_text("my answer")
    (course.path / "exercises" / RELEASED).write_text("second release")
    (line,) = lab.copy_exercises(course)
    assert "newer version" in line
    assert f"exercises/{RELEASED}" in line
    assert mine.read_text() == "my answer"


def test_work_that_was_there_before_the_record_is_left_alone(course: CourseRoot) -> None:
    mine = course.path / "work" / RELEASED
    mine.parent.mkdir(parents=True)
    mine.write_text("my answer")
    (course.path / "work" / ".released.json").write_text("{torn")
    assert lab.copy_exercises(course) == []
    assert mine.read_text() == "my answer"


def test_a_notebook_that_was_deleted_comes_back_new(course: CourseRoot) -> None:
    lab.copy_exercises(course)
    (course.path / "exercises" / RELEASED).write_text("second release")
    (course.path / "work" / RELEASED).unlink()
    assert lab.copy_exercises(course) == [f"New exercises: work/{RELEASED}"]
    assert lab.copy_exercises(course) == []


def test_a_copy_that_fails_leaves_no_half_file(course: CourseRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    real = Path.open

    def opened(path: Path, mode: str = "r", **how: Any) -> IO[Any]:
        return cast("IO[Any]", Full(path, mode)) if mode == "xb" else real(path, mode, **how)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match="No space left"):
        lab.copy_exercises(course)
    assert not (course.path / "work" / RELEASED).exists()


def test_the_command_opens_the_start_page_and_hides_the_token(
    course: CourseRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000, raising=False)
    command = lab.server_command(course, "localhost", 8888, browser=False)
    assert f"--ServerApp.root_dir={course.path}" in command
    assert "--LabApp.default_url=/lab/tree/course/index.ipynb" in command
    assert "--no-browser" in command
    assert "--allow-root" not in command
    assert not any("token" in word for word in command[3:] if "root_dir" not in word)
    monkeypatch.setattr(os, "getuid", lambda: 0, raising=False)
    assert "--allow-root" in lab.server_command(course, "localhost", 8888, browser=False)


def test_the_launcher_opens_where_there_is_no_start_page(course: CourseRoot) -> None:
    (course.path / "course" / "index.ipynb").unlink()
    assert "--LabApp.default_url=/lab" in lab.server_command(course, "localhost", 8888, browser=True)


def test_a_taken_port_is_passed_over() -> None:
    first = lab.free_port("localhost", 18_000)
    with lab.socket.socket() as taken:
        taken.bind(("localhost", first))
        taken.listen()
        assert lab.free_port("localhost", first) > first


def test_a_missing_package_is_said_in_a_sentence(course: CourseRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "find_spec", lambda _: None)
    with pytest.raises(lab.LabError, match="make course"):
        lab.start(root=course)
    monkeypatch.setattr(selftest, "find_spec", lambda _: None)
    (course.path / "tests").mkdir()
    with pytest.raises(selftest.SelfTestError, match=r"pytest is not installed here.*lab,dev"):
        selftest.run(root=course)


def test_the_tests_run_offline_and_without_the_slow_ones(course: CourseRoot, tmp_path: Path) -> None:
    tests = course.path / "tests"
    tests.mkdir()
    (tests / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    (tests / "test_it.py").write_text(
        "import os, pytest\n"
        "def test_offline(): assert os.environ['HF_HUB_OFFLINE'] == '1'\n"
        "@pytest.mark.slow\ndef test_slow(): assert False\n"
    )
    assert selftest.run([str(tests), "-q", "-n0", "-p", "no:cacheprovider"], root=course) == 0
    assert selftest.run([str(tests), "-q", "-n0", "-p", "no:cacheprovider"], everything=True, root=course) == 1


@pytest.mark.slow
def test_it_starts_says_where_and_serves_the_start_page(course: CourseRoot) -> None:
    # Where the tests run in the background of a shell, Ctrl-C is ignored from birth.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from nexttoken import lab; sys.exit(lab.start(int(sys.argv[1]), browser=False))"
    )
    first = lab.free_port("localhost", 18_200 + os.getpid() % 500)
    environment = {key: value for key, value in os.environ.items() if key != "JUPYTER_TOKEN"}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(first)],
        cwd=course.path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        # A server that hangs must not hang the test, nor may one that is left: it holds the pipe open.
        timer = threading.Timer(lab.PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            assert process.stdout is not None
            said = ""
            while (found := re.search(r"http://localhost:(\d+)/\?token=(\w+)", said)) is None:
                line = process.stdout.readline()
                assert line, f"it stopped: {said}"
                said += line
            base, token = f"http://localhost:{found[1]}", found[2]
            ask = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
            ).open
            with ask(f"{base}/api/contents/course/index.ipynb?token={token}", timeout=30) as answer:
                assert b'"index.ipynb"' in answer.read()
            with ask(f"{base}/?token={token}", timeout=30) as page:
                assert page.url.partition("?")[0] == f"{base}/lab/tree/course/index.ipynb"
                assert b"JupyterLab" in page.read()
            assert (course.path / "work" / RELEASED).read_text() == "first release"
            process.send_signal(signal.SIGINT)
            stopped = time.monotonic()
            process.stdout.read()
            assert process.wait() == 0
            assert time.monotonic() - stopped < 30
        finally:
            timer.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
