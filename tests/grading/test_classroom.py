"""A class's folder: every submission is found, graded once, kept when nothing changed, and reported when it cannot be read."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.courseroot import CourseRoot
from autograder.exercise import Chapter
from autograder.grading.classroom import Places, grade_class, grades_csv
from autograder.grading.engine import Graded
from autograder.grading.handed_in import NoSubmissionsError, Submission, find_submissions
from autograder.grading.process import InfrastructureError
from autograder.grading.results import Result, load
from autograder.grading.submission import read_released
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
    with pytest.raises(NoSubmissionsError, match="there is no folder"):
        find_submissions(tmp_path / "file", "arithmetic")


# --- grading


class Teacher:
    """Grades without running anything: full points for a notebook that says `right`."""

    def __init__(self, chapter: Chapter) -> None:
        self.chapter = chapter
        self.state = "as it is"
        self.graded = 0
        self.broken = False
        self.isolation = "none"

    def fingerprint(self) -> str:
        return self.state

    def grade(self, notebook: NotebookNode) -> Graded:
        self.graded += 1
        if self.broken:
            raise InfrastructureError("a student's process did not start")
        right = any("right" in cell.source for cell in notebook.cells)
        verdicts = [
            Verdict(name, "", (ProbeVerdict("p", "It holds.", 3, right, 1, int(right), False, None),))
            for name in self.chapter.exercises
        ]
        return Graded(tuple(verdicts), {})


@pytest.fixture
def teacher(arithmetic: Chapter) -> Teacher:
    return Teacher(arithmetic)


@pytest.fixture
def small(tmp_path: Path, released: NotebookNode) -> CourseRoot:
    """Make a course that has the release of the small chapter and nothing else."""
    root = CourseRoot(tmp_path / "small")
    root.released("arithmetic").parent.mkdir(parents=True)
    nbformat.write(released, root.released("arithmetic"))
    return root


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "results", tmp_path / "autograded", "sqlite://", tmp_path / "grades.csv")


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


def grade(teacher: Teacher, small: CourseRoot, folder: Path, places: Places, **options: Any) -> list[Result]:
    return grade_class(teacher, small, find_submissions(folder, "arithmetic"), places, **options)  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_class_is_graded_in_order_and_what_cannot_be_read_stops_nothing(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    told: list[str] = []
    results = grade(teacher, small, submissions, places, tell=lambda result: told.append(result.student))
    assert [(item.student, item.status, item.earned) for item in results] == [
        ("ada", "graded", 6),
        ("bea", "graded", 0),
        ("cid", "not graded", None),
    ]
    assert told == ["ada", "bea", "cid"]
    assert "not valid JSON" in results[2].why
    assert [load(places.results, "arithmetic", item.student) for item in results] == results


def test_each_student_gets_a_notebook_with_the_verdict_or_the_reason_and_the_time(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    grade(teacher, small, submissions, places)
    for student, said in (("ada", "3 of 3 points"), ("bea", "0 of 3 points"), ("cid", "Not graded: the file is not")):
        place = places.autograded / student / "arithmetic"
        notebook = nbformat.read(place / "arithmetic.ipynb", as_version=4)
        nbformat.validate(notebook)
        assert said in str(notebook.cells[4].outputs)
        assert (place / "timestamp.txt").read_text() == "2026-11-02 09:15:00 UTC\n"


def test_a_submission_in_which_the_grader_ended_is_passed_over_until_somebody_asks_for_it(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    grade(teacher, small, submissions, places)
    marker = places.results / "arithmetic" / "ada.started"
    assert not marker.exists(), "a grader that came to the end leaves no mark"
    marker.touch()
    (places.results / "arithmetic" / "ada.json").unlink()
    first = grade(teacher, small, submissions, places)[0]
    assert first.status == "not graded"
    assert "--students ada --regrade" in first.why
    again = grade(teacher, small, submissions, places, regrade=True)[0]
    assert (again.status, again.earned) == ("graded", 6)
    assert not marker.exists()


def test_what_is_graded_and_has_not_changed_is_kept(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    first = grade(teacher, small, submissions, places)
    before = {name: item for name, item in files(places.results).items() if "cid" not in name}
    told: list[Result] = []
    assert grade(teacher, small, submissions, places, tell=told.append) == first
    assert teacher.graded == 2
    assert told == first
    assert {name: item for name, item in files(places.results).items() if "cid" not in name} == before


def test_a_changed_submission_is_graded_again_and_no_other(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places, submit: Fill
) -> None:
    grade(teacher, small, submissions, places)
    (submissions / "bea" / "arithmetic" / "arithmetic.ipynb").write_text(nbformat.writes(submit("right = 2")))
    results = grade(teacher, small, submissions, places)
    assert [item.earned for item in results] == [6, 6, None]
    assert teacher.graded == 3


def test_regrade_grades_everything_again(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    first = grade(teacher, small, submissions, places)
    assert grade(teacher, small, submissions, places, regrade=True) == first
    assert teacher.graded == 4


def test_everything_is_graded_again_after_the_probes_or_the_draws_changed(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    grade(teacher, small, submissions, places)
    teacher.state = "with another secret"
    grade(teacher, small, submissions, places)
    assert teacher.graded == 4


@pytest.mark.parametrize("lost", ["results/arithmetic/ada.json", "autograded/ada/arithmetic/arithmetic.ipynb"])
def test_what_was_lost_or_damaged_is_made_again(
    lost: str, teacher: Teacher, small: CourseRoot, submissions: Path, places: Places, tmp_path: Path
) -> None:
    grade(teacher, small, submissions, places)
    before = (tmp_path / lost).read_bytes()
    (tmp_path / lost).unlink()
    grade(teacher, small, submissions, places)
    assert (tmp_path / lost).read_bytes() == before
    assert teacher.graded == 3


def test_a_failure_of_the_grader_is_not_graded_and_tried_again_next_time(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    teacher.broken = True
    results = grade(teacher, small, submissions, places)
    assert {item.status for item in results} == {"not graded"}
    assert results[0].why == "a student's process did not start"
    teacher.broken = False
    assert [item.earned for item in grade(teacher, small, submissions, places)] == [6, 0, None]


def test_submissions_are_never_changed(teacher: Teacher, small: CourseRoot, submissions: Path, places: Places) -> None:
    before = files(submissions)
    grade(teacher, small, submissions, places)
    grade(teacher, small, submissions, places, regrade=True)
    assert files(submissions) == before


def test_a_file_that_is_gone_or_unreadable_is_not_graded(
    teacher: Teacher, small: CourseRoot, places: Places, tmp_path: Path
) -> None:
    (tmp_path / "a-folder.ipynb").mkdir()
    gone = [
        Submission("ada", tmp_path / "gone.ipynb"),
        Submission("bea", tmp_path / "a-folder.ipynb"),
        Submission("cid", None, "no notebook was handed in"),
    ]
    results = grade_class(teacher, small, gone, places)  # type: ignore[arg-type]
    assert [item.why for item in results] == [
        "gone.ipynb cannot be read",
        "a-folder.ipynb cannot be read",
        "no notebook was handed in",
    ]


def test_a_damaged_release_is_the_courses_fault_and_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="nexttoken build"):
        read_released(CourseRoot(tmp_path).released("arithmetic"))


def test_a_run_that_was_killed_keeps_what_was_done(
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    def kill(result: Result) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(teacher, small, submissions, places, tell=kill)
    assert load(places.results, "arithmetic", "ada") is not None
    assert [item.earned for item in grade(teacher, small, submissions, places)] == [6, 0, None]
    assert teacher.graded == 2


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
    teacher: Teacher, small: CourseRoot, submissions: Path, places: Places
) -> None:
    results = grade(teacher, small, submissions, places)
    assert os.fspath(submissions) not in json.dumps([item.to_json() for item in results])
