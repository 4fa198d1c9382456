"""A class's folder: every submission is found, graded once, kept when nothing changed, and reported when it cannot be read."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.exercise import Chapter
from autograder.grading.assignment import Assignment
from autograder.grading.classroom import Places, Told, grade_class, grades_csv
from autograder.grading.engine import Graded
from autograder.grading.handed_in import NoSubmissionsError, Submission, find_submissions
from autograder.grading.process import InfrastructureError
from autograder.grading.results import Result, load, save, single_writer
from autograder.grading.work import Done, Work
from autograder.grading.workers import Here, WorkerLostError
from autograder.verdict import ProbeVerdict, Verdict

Fill = Callable[..., NotebookNode]

# --- finding


def hand_in(folder: Path, student: str, *names: str, time: str | None = None) -> None:
    place = folder / student / "arithmetic"
    place.mkdir(parents=True)
    for name in names:
        (place / name).write_text("{}")
    if time is not None:
        (place / "timestamp.txt").write_text(time)


def test_nbgraders_layout_is_known_with_its_times(tmp_path: Path) -> None:
    hand_in(tmp_path, "bea", "arithmetic.ipynb", time="2026-11-02 09:15:00 UTC\n")
    hand_in(tmp_path, "ada", "arithmetic.ipynb")
    (tmp_path / "ada" / "another").mkdir()
    found = find_submissions(tmp_path, "arithmetic")
    assert [item.student for item in found] == ["ada", "bea"]
    assert [item.file for item in found] == [
        tmp_path / name / "arithmetic" / "arithmetic.ipynb" for name in ("ada", "bea")
    ]
    assert [item.handed_in for item in found] == [None, datetime(2026, 11, 2, 9, 15)]  # noqa: DTZ001 - naive, in UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-40 99:00:00 UTC", "\udcff", "2026-11-02"])
def test_a_time_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "arithmetic.ipynb")
    (tmp_path / "ada" / "arithmetic" / "timestamp.txt").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert find_submissions(tmp_path, "arithmetic")[0].handed_in is None


def test_a_plain_folder_of_notebooks_is_known(tmp_path: Path) -> None:
    for name in ("bea.ipynb", "ada.ipynb", "notes.txt"):
        (tmp_path / name).write_text("{}")
    found = find_submissions(tmp_path, "arithmetic")
    assert [(item.student, item.file) for item in found] == [
        ("ada", tmp_path / "ada.ipynb"),
        ("bea", tmp_path / "bea.ipynb"),
    ]


def test_one_notebook_under_another_name_is_taken(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "arithmetic (1).ipynb")
    assert find_submissions(tmp_path, "arithmetic")[0].file == tmp_path / "ada" / "arithmetic" / "arithmetic (1).ipynb"


def test_of_several_notebooks_the_one_with_the_right_name_is_taken(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "arithmetic.ipynb", "arithmetic-Copy1.ipynb")
    (found,) = find_submissions(tmp_path, "arithmetic")
    assert found.file is not None
    assert found.file.name == "arithmetic.ipynb"


def test_several_notebooks_none_of_which_has_the_name_are_a_problem_that_names_them(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "b.ipynb", "a.ipynb")
    (found,) = find_submissions(tmp_path, "arithmetic")
    assert found.file is None
    assert found.problem == "there are several notebooks and none is arithmetic.ipynb: a.ipynb, b.ipynb"


def test_a_folder_without_a_notebook_is_a_problem(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "answer.pdf")
    (found,) = find_submissions(tmp_path, "arithmetic")
    assert (found.file, found.problem) == (None, "no notebook was handed in")


def test_links_are_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_text("{}")
    folder = tmp_path / "submitted"
    hand_in(folder, "ada")
    (folder / "ada" / "arithmetic" / "arithmetic.ipynb").symlink_to(secret)
    (folder / "bea").mkdir()
    (folder / "bea" / "arithmetic").symlink_to(folder / "ada" / "arithmetic")
    found = find_submissions(folder, "arithmetic")
    assert [(item.student, item.file) for item in found] == [("ada", None), ("bea", None)]
    assert all("link" in item.problem for item in found), "it is said, not passed over"

    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "ada.ipynb").symlink_to(secret)
    (plain / "bea.ipynb").write_text("{}")
    found = find_submissions(plain, "arithmetic")
    assert [(item.student, item.file is None) for item in found] == [("ada", True), ("bea", False)]


def test_what_looks_like_a_submission_and_is_none_is_listed_with_its_problem(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "arithmetic.ipynb")
    (tmp_path / "ada.ipynb").write_text("{}")
    (tmp_path / "bea.IPYNB").write_text("{}")
    (tmp_path / "cid.ipynb").mkdir()
    found = {item.student: item for item in find_submissions(tmp_path, "arithmetic")}
    assert "two submissions" in found["ada"].problem
    assert found["bea"].file == tmp_path / "bea.IPYNB"
    assert "is a folder" in found["cid"].problem


def test_hidden_files_and_folders_are_nobodys(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "arithmetic.ipynb")
    hand_in(tmp_path, ".ipynb_checkpoints", "arithmetic.ipynb")
    (tmp_path / "._bea.ipynb").write_text("{}")
    assert [item.student for item in find_submissions(tmp_path, "arithmetic")] == ["ada"]


@pytest.mark.parametrize("name", ["a" * 240, "ada\nlovelace", "ada\x1b[2J", "ada\u202e"])
def test_a_name_that_no_result_could_be_written_under_is_listed_as_near_as_can_be(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.ipynb").write_text("{}")
    (found,) = find_submissions(tmp_path, "arithmetic")
    assert found.file is None
    assert found.problem == "it is handed in under a name that is too long, or is no line of text"
    assert found.student.isprintable()
    assert found.student[:3] == name[:3]
    assert len(found.student) <= 200


def test_only_the_named_students_are_taken(tmp_path: Path) -> None:
    for name in ("ada", "bea", "cid"):
        hand_in(tmp_path, name, "arithmetic.ipynb")
    assert [item.student for item in find_submissions(tmp_path, "arithmetic", ["cid", "ada"])] == ["ada", "cid"]


def test_an_unknown_student_is_named_and_so_are_those_there_are(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "arithmetic.ipynb")
    with pytest.raises(NoSubmissionsError, match="zoe handed in nothing; there is: ada"):
        find_submissions(tmp_path, "arithmetic", ["ada", "zoe"])


def test_an_empty_or_missing_folder_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NoSubmissionsError, match=r"expected STUDENT/arithmetic/arithmetic\.ipynb, or STUDENT\.ipynb"):
        find_submissions(tmp_path, "arithmetic")
    with pytest.raises(NoSubmissionsError, match="--submissions"):
        find_submissions(tmp_path / "absent", "arithmetic")
    (tmp_path / "file").write_text("")
    with pytest.raises(NoSubmissionsError, match="file is no zip archive"):
        find_submissions(tmp_path / "file", "arithmetic")


# --- grading


class Teacher:
    """Grades without running anything: full points for a notebook that says `right`."""

    def __init__(self, chapter: Chapter) -> None:
        self.chapter = chapter
        self.graded = 0
        self.broken = False
        self.slow_once: set[int] = set()

    def grade(self, notebook: NotebookNode) -> Graded:
        self.graded += 1
        if self.broken:
            raise InfrastructureError("a student's process did not start")
        right = any("right" in cell.source for cell in notebook.cells)
        verdicts = [
            Verdict(name, "", (ProbeVerdict("p", "It holds.", 3, right, 1, int(right), False, None),))
            for name in self.chapter.exercises
        ]
        return Graded(tuple(verdicts), {}, waited=self.graded in self.slow_once)


@pytest.fixture
def teacher(arithmetic: Chapter) -> Teacher:
    return Teacher(arithmetic)


@pytest.fixture
def submissions(tmp_path: Path, submit: Fill) -> Path:
    """Hand in for three students: right, wrong, and a file that is no notebook."""
    folder = tmp_path / "submitted"
    for student, source in (("ada", "right = 1"), ("bea", "wrong = 1"), ("cid", None)):
        place = folder / student / "arithmetic"
        place.mkdir(parents=True)
        text = "I could not do it." if source is None else nbformat.writes(submit(source))
        (place / "arithmetic.ipynb").write_text(text)
        (place / "timestamp.txt").write_text("2026-11-02 09:15:00 UTC\n")
    return folder


def grade(teacher: Teacher, small: Assignment, folder: Path, places: Places, **options: Any) -> list[Result]:
    return grade_class(Here(teacher, small.release), small, find_submissions(folder, "arithmetic"), places, **options)


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_class_is_graded_in_order_and_what_cannot_be_read_stops_nothing(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    told: list[str] = []
    results = grade(teacher, small, submissions, places, tell=lambda one: told.append(one.result.student))
    assert [(item.student, item.status, item.earned) for item in results] == [
        ("ada", "graded", 6),
        ("bea", "graded", 0),
        ("cid", "not graded", None),
    ]
    assert told == ["ada", "bea", "cid"]
    assert "not valid JSON" in results[2].why
    assert [load(places.results, "arithmetic", item.student) for item in results] == results


def test_each_student_gets_a_notebook_with_the_verdict_or_the_reason_and_the_time(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    grade(teacher, small, submissions, places)
    for student, said in (("ada", "3 of 3 points"), ("bea", "0 of 3 points"), ("cid", "Not graded: the file is not")):
        place = places.autograded / student / "arithmetic"
        notebook = nbformat.read(place / "arithmetic.ipynb", as_version=4)
        nbformat.validate(notebook)
        assert said in str(notebook.cells[4].outputs)
        assert (place / "timestamp.txt").read_text() == "2026-11-02 09:15:00 UTC\n"


def test_what_is_graded_and_has_not_changed_is_kept(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    first = grade(teacher, small, submissions, places)
    before = {name: item for name, item in files(places.results).items() if "cid" not in name}
    told: list[Told] = []
    assert grade(teacher, small, submissions, places, tell=told.append) == first
    assert teacher.graded == 2
    assert [one.result for one in told] == first
    assert [one.kept for one in told] == [True, True, False]
    assert {name: item for name, item in files(places.results).items() if "cid" not in name} == before


def test_a_changed_submission_is_graded_again_and_no_other(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places, submit: Fill
) -> None:
    grade(teacher, small, submissions, places)
    (submissions / "bea" / "arithmetic" / "arithmetic.ipynb").write_text(nbformat.writes(submit("right = 2")))
    results = grade(teacher, small, submissions, places)
    assert [item.earned for item in results] == [6, 6, None]
    assert teacher.graded == 3


def test_regrade_grades_everything_again(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    first = grade(teacher, small, submissions, places)
    assert grade(teacher, small, submissions, places, regrade=True) == first
    assert teacher.graded == 4


def test_everything_is_graded_again_after_the_probes_or_the_draws_changed(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    grade(teacher, small, submissions, places)
    grade(teacher, replace(small, fingerprint="with another secret"), submissions, places)
    assert teacher.graded == 4


@pytest.mark.parametrize("lost", ["results/arithmetic/ada.json", "autograded/ada/arithmetic/arithmetic.ipynb"])
def test_what_was_lost_or_damaged_is_made_again(
    lost: str, teacher: Teacher, small: Assignment, submissions: Path, places: Places, tmp_path: Path
) -> None:
    grade(teacher, small, submissions, places)
    before = (tmp_path / lost).read_bytes()
    (tmp_path / lost).unlink()
    grade(teacher, small, submissions, places)
    assert (tmp_path / lost).read_bytes() == before
    assert teacher.graded == 3


def test_a_failure_of_the_grader_is_not_graded_and_tried_again_next_time(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    teacher.broken = True
    results = grade(teacher, small, submissions, places)
    assert {item.status for item in results} == {"not graded"}
    assert results[0].why == "a student's process did not start"
    teacher.broken = False
    assert [item.earned for item in grade(teacher, small, submissions, places)] == [6, 0, None]


def test_submissions_are_never_changed(teacher: Teacher, small: Assignment, submissions: Path, places: Places) -> None:
    before = files(submissions)
    grade(teacher, small, submissions, places)
    grade(teacher, small, submissions, places, regrade=True)
    assert files(submissions) == before


def test_a_file_that_is_gone_or_unreadable_is_not_graded(
    teacher: Teacher, small: Assignment, places: Places, tmp_path: Path
) -> None:
    (tmp_path / "a-folder.ipynb").mkdir()
    gone = [
        Submission("ada", tmp_path / "gone.ipynb"),
        Submission("bea", tmp_path / "a-folder.ipynb"),
        Submission("cid", None, "no notebook was handed in"),
    ]
    results = grade_class(Here(teacher, small.release), small, gone, places)
    assert [item.why for item in results] == [
        "gone.ipynb cannot be read",
        "a-folder.ipynb cannot be read",
        "no notebook was handed in",
    ]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "nothing"])
def test_a_file_that_was_changed_for_something_else_after_it_was_found_is_not_followed_or_waited_for(
    kind: str, teacher: Teacher, small: Assignment, submissions: Path, places: Places, submit: Fill, tmp_path: Path
) -> None:
    found = find_submissions(submissions, "arithmetic")
    path = submissions / "ada" / "arithmetic" / "arithmetic.ipynb"
    path.rename(tmp_path / "secret.ipynb")
    match kind:
        case "link":
            path.symlink_to(tmp_path / "secret.ipynb")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
    results = grade_class(Here(teacher, small.release), small, found, places)
    assert (results[0].status, results[0].why) == ("not graded", "arithmetic.ipynb cannot be read")
    assert results[1].status == "graded"


def test_a_run_that_was_killed_keeps_what_was_done(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    def kill(told: Told) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(teacher, small, submissions, places, tell=kill)
    assert load(places.results, "arithmetic", "ada") is not None
    assert [item.earned for item in grade(teacher, small, submissions, places)] == [6, 0, None]
    assert teacher.graded == 2


def test_what_came_to_a_limit_by_the_clock_is_tried_again_when_the_rest_is_done(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    teacher.slow_once = {1}
    told: list[str] = []
    results = grade(teacher, small, submissions, places, tell=lambda one: told.append(one.result.student))
    assert told == ["bea", "cid", "ada"]
    assert [item.earned for item in results] == [6, 0, None]
    assert teacher.graded == 3


def test_a_failure_of_the_grader_is_tried_once_more_before_it_is_told(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    teacher.broken = True
    grade(teacher, small, submissions, places)
    assert teacher.graded == 4, "two that can be read, twice"


def test_a_bug_of_the_grader_costs_nobody_anything_and_is_told_with_its_traceback(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(notebook: NotebookNode) -> Graded:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(teacher, "grade", fail)
    told: list[Told] = []
    results = grade(teacher, small, submissions, places, tell=told.append)
    assert {item.status for item in results} == {"not graded"}
    assert "a fault of the grader (ZeroDivisionError: oh)" in results[0].why
    assert {bool(one.fault) for one in told if one.result.student != "cid"} == {True}
    assert "ZeroDivisionError" in next(one.fault for one in told if one.fault)


class Losing:
    """Workers that are lost whenever they take a certain student's work."""

    most = 2

    def __init__(self, grader: Teacher, released: NotebookNode, student: str, times: int) -> None:
        self._here = Here(grader, released)
        self._student, self._times = student, times

    def submit(self, work: Work) -> Future[Done]:
        if work.student == self._student and self._times:
            self._times -= 1
            lost: Future[Done] = Future()
            lost.set_exception(WorkerLostError("ended by SIGKILL"))
            return lost
        return self._here.submit(work)

    def close(self) -> None:
        """Nothing was started."""


@pytest.mark.parametrize(("times", "graded"), [(1, True), (2, False)])
def test_a_lost_worker_costs_its_work_a_second_try_and_then_only_this_one_is_not_graded(
    times: int, graded: bool, teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    workers = Losing(teacher, small.release, "ada", times)
    results = grade_class(workers, small, find_submissions(submissions, "arithmetic"), places)
    assert results[1].earned == 0
    if graded:
        assert results[0].earned == 6
    else:
        assert results[0].why == (
            "the worker that graded it was lost 2 times (ended by SIGKILL); run the same command again"
        )
        assert [item.earned for item in grade(teacher, small, submissions, places)] == [6, 0, None]


# --- one writer


def test_two_graders_do_not_write_the_same_results(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    with (
        single_writer(places.results),
        pytest.raises(InfrastructureError, match=r"another grader is at work in .*results"),
    ):
        grade(teacher, small, submissions, places)
    assert teacher.graded == 0
    grade(teacher, small, submissions, places)


def test_what_a_killed_grader_left_half_written_is_cleared_away(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    grade(teacher, small, submissions, places)
    before = files(places.results), files(places.autograded)
    for folder in (places.results / "arithmetic", places.autograded / "ada" / "arithmetic"):
        (folder / ".ada.json.x1y2.part").write_text("{")
    grade(teacher, small, submissions, places)
    after = files(places.results), files(places.autograded)
    assert [set(one) for one in after] == [set(one) for one in before]


def test_a_results_folder_that_cannot_be_written_is_refused_before_anything_is_graded(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    places.results.write_text("a file stands where the folder should be")
    with pytest.raises(InfrastructureError, match="cannot be written"):
        grade(teacher, small, submissions, places)
    assert teacher.graded == 0


def test_a_full_disk_stops_the_run_with_a_sentence_and_the_next_run_goes_on(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, result: Result) -> Path:
        if result.student == "bea":
            raise OSError(errno.ENOSPC, "No space left on device", str(folder))
        return save(folder, result)

    with monkeypatch.context() as patch:
        patch.setattr("autograder.grading.classroom.save", full)
        with pytest.raises(InfrastructureError, match=r"bea cannot be written \(No space left on device"):
            grade(teacher, small, submissions, places)
    assert [item.earned for item in grade(teacher, small, submissions, places)] == [6, 0, None]
    assert teacher.graded == 3, "ada's result was there already"


# --- the table


def result(student: str, *earned: float | None, why: str = "") -> Result:
    verdicts = tuple(
        Verdict(name, "", (ProbeVerdict("p", "", points or 1, bool(points), 1, 1, False, None),))
        for name, points in zip(("double", "Counter"), earned, strict=False)
    )
    return Result("arithmetic", student, "graded" if earned else "not graded", why, "", "", "none", (), verdicts)


def rows(*results: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(grades_csv(results, ["double", "Counter"]))))


def test_the_table_has_a_line_for_each_student_with_the_points_of_each_exercise() -> None:
    (row,) = rows(result("ada", 3, 1.5))
    assert list(row) == ["student", "assignment", "status", "points", "double", "Counter", "why"]
    assert list(row.values()) == ["ada", "arithmetic", "graded", "4.5", "3", "1.5", ""]


def test_what_is_not_graded_is_blank_and_not_0() -> None:
    zero, none = rows(result("ada", 0, 0), result("bea", why="the file is empty"))
    assert (zero["points"], zero["double"]) == ("0", "0")
    assert (none["points"], none["double"], none["Counter"], none["why"]) == ("", "", "", "the file is empty")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_no_name_is_a_formula_to_a_spreadsheet(name: str) -> None:
    row = rows(result(name, 1, 1), result("bea", why=name))
    assert row[0]["student"].startswith("'")
    assert row[1]["why"].startswith("'")


def test_names_with_commas_quotes_and_line_ends_stay_in_their_column() -> None:
    name = 'Ada, "the first"\nLovelace'
    assert rows(result(name, 1, 1))[0]["student"] == name


def test_the_results_hold_no_path_of_this_machine(
    teacher: Teacher, small: Assignment, submissions: Path, places: Places
) -> None:
    results = grade(teacher, small, submissions, places)
    assert os.fspath(submissions) not in json.dumps([item.to_json() for item in results])
