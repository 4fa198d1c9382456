"""The command line: every command explains itself, and bad input gets one sentence, exit code 1 and no change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from autograder.courseroot import CourseRoot
from autograder.exercise import chapter_names, graded_chapter
from nexttoken.cli import app

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
CHAPTER = "next_token"
KEYS = {
    "assignment",
    "name",
    "title",
    "points",
    "minutes",
    "difficulty",
    "probes",
    "mistakes",
    "alternatives",
    "oracle",
}


@pytest.fixture
def here(course: CourseRoot, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the course."""
    monkeypatch.chdir(course.path)
    return course.path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def contents(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if "__pycache__" not in path.parts}


def assert_refused(result: Result, *parts: str) -> None:
    """Hold that a command failed with one sentence that holds these parts."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("nexttoken: ")
    assert result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr


# --- help


def test_the_commands_are_there() -> None:
    assert {"build", "doctor", "grade", "kit", "lab", "list"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example_of_itself(command: str) -> None:
    said = call(command, "--help")
    assert said.exit_code == 0
    assert f"Example: nexttoken {command}" in said.output
    assert call(command, "-h").output == said.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_says_what_it_does(command: str) -> None:
    for parameter in typer.main.get_command(app).commands[command].params:  # type: ignore[attr-defined]
        if parameter.name not in ("help", "arguments"):
            assert getattr(parameter, "help", None), f"{command}: {parameter.name}"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_in_a_help_page_names_only_options_that_exist(command: str) -> None:
    parameters = typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined]
    known = {name for item in parameters for name in (*item.opts, *item.secondary_opts)}
    example = call(command, "--help").output.partition("Example: ")[2].partition("|")[0]
    example = example.partition(" -- ")[0]
    assert {word for word in example.split() if word.startswith("-")} <= known


def test_no_command_is_help() -> None:
    said = call()
    assert "Commands" in said.output
    for command in COMMANDS:
        assert command in said.output


# --- list


def test_the_list_has_every_exercise_with_its_facts() -> None:
    rows = json.loads(call("list", "--json").stdout)
    chapters = [graded_chapter(name, CourseRoot(Path(__file__).parents[2]).hidden) for name in chapter_names()]
    exercises = [exercise for chapter in chapters for exercise in chapter.exercises.values()]
    assert [(row["assignment"], row["name"]) for row in rows] == [(item.chapter, item.name) for item in exercises]
    for row, exercise in zip(rows, exercises, strict=True):
        assert set(row) == KEYS
        assert row["points"] == exercise.points
        assert row["probes"] == len(exercise.probes)
        assert row["mistakes"] >= 3
        assert row["alternatives"] >= 1
        assert row["title"]
        assert row["oracle"]
        assert row["minutes"] > 0
        assert 1 <= row["difficulty"] <= 5


def test_the_table_has_a_line_for_each_exercise() -> None:
    said = call("list")
    assert said.exit_code == 0
    assert len(said.stdout.splitlines()) == len(json.loads(call("list", "--json").stdout))


# --- build and kit


def test_a_check_of_what_is_up_to_date_is_silent_about_files(built_course: CourseRoot, here: Path) -> None:
    said = call("build", "--check", CHAPTER)
    assert said.exit_code == 0, said.output
    assert "STALE" not in said.output
    assert "unchanged" in said.output


def test_a_check_of_what_is_out_of_date_names_the_files_and_fails(built_course: CourseRoot, here: Path) -> None:
    page = here / "course" / "index.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")
    said = call("build", "--check", CHAPTER)
    assert said.exit_code == 1
    assert "STALE    course/index.ipynb: its master has changed; run `nexttoken build`" in said.output


def test_building_over_somebodys_work_keeps_it_says_so_and_fails(built_course: CourseRoot, here: Path) -> None:
    path = built_course.released(CHAPTER)
    path.write_text("{}", encoding="utf-8")
    said = call("build", CHAPTER)
    assert said.exit_code == 1
    assert f"KEPT     exercises/{CHAPTER}/{CHAPTER}.ipynb was changed by somebody" in said.output
    assert f"exercises/{CHAPTER}/{CHAPTER}.new.ipynb" in said.output
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_master_that_is_missing_is_one_sentence(here: Path) -> None:
    (here / "solutions" / f"{CHAPTER}.py").unlink()
    assert_refused(call("build"), f"solutions/{CHAPTER}.py is missing")


def test_a_kit_says_where_it_is_and_that_it_was_scanned(here: Path) -> None:
    said = call("kit", CHAPTER, "--output", "out")
    assert said.exit_code == 0, said.output
    assert f"out/nexttoken-{CHAPTER}.zip" in said.output
    assert "The scan found nothing secret in it." in said.output
    assert (here / "out" / f"nexttoken-{CHAPTER}.zip").is_file()


def test_a_kit_with_a_secret_in_it_is_refused(here: Path) -> None:
    (here / "nexttoken" / "seeds.py").write_text(f"SECRET = '{'5e' * 32}'\n")
    assert_refused(call("kit", CHAPTER, "--output", "out"), "No kit was written", "nexttoken/seeds.py")
    assert not (here / "out").exists()


def test_a_kit_that_cannot_be_written_is_refused(here: Path) -> None:
    (here / "out").write_text("a file where the folder should be")
    assert_refused(call("kit", CHAPTER, "--output", "out"), "out")
    assert (here / "out").read_text() == "a file where the folder should be"


# --- grade


@pytest.mark.parametrize(
    "arguments",
    [("kit", "next_tokens"), ("grade", "next_tokens"), ("grade", "next_tokens", "--sample"), ("grade", "../exercises")],
    ids=" ".join,
)
def test_an_unknown_assignment_lists_those_there_are_and_writes_nothing(arguments: tuple[str, ...], here: Path) -> None:
    before = contents(here)
    assert_refused(call(*arguments), f"there is no assignment '{arguments[1]}'", *chapter_names())
    assert contents(here) == before


def test_grading_needs_an_assignment(here: Path) -> None:
    before = contents(here)
    assert_refused(call("grade"), "which assignment?", "nexttoken grade next_token", "nexttoken list")
    assert contents(here) == before


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--submissions", "absent"), "--submissions"),
        ((), "there is no folder"),
        (("--submissions", "empty"), f"expected STUDENT/{CHAPTER}/{CHAPTER}.ipynb"),
        (("--sample", "--students", "01-all-right,zoe"), "zoe handed in nothing"),
    ],
)
def test_grading_nothing_is_one_sentence_and_writes_nothing(arguments: tuple[str, ...], part: str, here: Path) -> None:
    (here / "empty").mkdir()
    before = contents(here)
    assert_refused(call("grade", CHAPTER, *arguments), part)
    assert contents(here) == before


@pytest.mark.parametrize("secret", ["not hex", "abcd", "", "5e" * 15])
def test_a_secret_that_is_none_is_named_and_grades_nothing(
    secret: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXTTOKEN_SECRET", secret)
    said = call("grade", CHAPTER, "--sample", "--output", "out")
    assert said.exit_code == 1
    assert "secret" in said.stderr
    assert "hex" in said.stderr or "16 or more" in said.stderr
    assert not secret or secret not in said.stderr
    assert not list((here / "out").rglob("*.json"))


def test_a_secret_is_made_once_for_its_owner_only(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.trusted.secret import course_secret

    monkeypatch.delenv("NEXTTOKEN_SECRET")
    first = course_secret(here)
    assert len(first) == 32
    assert course_secret(here) == first
    assert (here / ".nexttoken" / "secret").stat().st_mode & 0o777 == 0o600
    assert (here / ".nexttoken").stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_what_was_not_graded_makes_the_exit_code_3_and_json_stays_json(here: Path, run_in_course: Any) -> None:
    handed_in = here / "handed-in"
    handed_in.mkdir()
    (handed_in / "ada.ipynb").write_bytes(b"")
    (handed_in / "[bold]bea.ipynb").write_text("{")
    done = run_in_course("nexttoken", "grade", CHAPTER, "--submissions", "handed-in", "--output", "out", "--json")
    assert done.returncode == 3, done.stderr
    rows = {row["student"]: row for row in json.loads(done.stdout)}
    assert {row["status"] for row in rows.values()} == {"not graded"}
    assert {row["points"] for row in rows.values()} == {None}
    assert rows["ada"]["why"] == "the file is empty"
    assert "ada: not graded: the file is empty" in done.stderr
    assert "[bold]bea: not graded" in done.stderr
    assert (here / "out" / f"grades-{CHAPTER}.csv").is_file()
    assert not (here / "results").exists()
