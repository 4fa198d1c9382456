"""Everything generated follows from its master, and nothing that somebody worked in is overwritten."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.courseroot import CourseRoot
from autograder.exercise import UnknownAssignmentError, chapter_names, graded_chapter
from autograder.recording import write
from autograder.release.build import Built, build
from autograder.release.digest import digest, is_untouched
from autograder.release.generate import GenerationError, generate_release
from autograder.release.record import same_recording
from autograder.wire import decode, encode

#: Folders that git ignores: nbgrader's sources and exchange, brought up to date by its configuration.
SCRATCH = ("build", "exchange")
CHAPTER = "next_token"


def contents(course: CourseRoot) -> dict[str, bytes]:
    """Return every file of a course, apart from scratch folders."""
    paths = {path.relative_to(course.path): path for path in course.path.rglob("*") if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in paths.items()
        if name.parts[0] not in SCRATCH and "__pycache__" not in name.parts
    }


def built(course: CourseRoot, *, check: bool = False, assignments: Sequence[str] = (CHAPTER,)) -> dict[Path, Built]:
    """Build one assignment and all pages, if nothing else is said."""
    return {item.path: item for item in build(course, assignments, check=check)}


def change_master(course: CourseRoot) -> None:
    """Say the first task a little differently."""
    path = course.path / "solutions" / f"{CHAPTER}.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("# %% [markdown]\n# #", "# %% [markdown]\n# # Anew:", 1), encoding="utf-8")


def change_page(course: CourseRoot) -> Path:
    path = course.path / "course" / "index.md"
    path.write_text(path.read_text(encoding="utf-8") + "\nA last word.\n", encoding="utf-8")
    return path.with_suffix(".ipynb")


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Change a notebook as JupyterLab would and return its new bytes."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path.read_bytes()


def first_code(notebook: dict[str, Any]) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")


def write_in_a_cell(notebook: dict[str, Any]) -> None:
    cell = first_code(notebook)
    cell["source"] = [*cell["source"], "\nmine = 1"]


def run_a_cell(notebook: dict[str, Any]) -> None:
    cell = first_code(notebook)
    cell["execution_count"] = 1
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["hello\n"]}]


def add_a_cell(notebook: dict[str, Any]) -> None:
    notebook["cells"].append({"cell_type": "markdown", "id": "my-note", "metadata": {}, "source": ["A note."]})


each_edit = pytest.mark.parametrize("change", [write_in_a_cell, run_a_cell, add_a_cell])

# --- the committed files


@pytest.mark.slow
def test_every_generated_file_in_the_repository_is_up_to_date(course: CourseRoot) -> None:
    stale = [
        str(path.relative_to(course.path))
        for path, item in built(course, check=True, assignments=()).items()
        if item.status != "unchanged"
    ]
    assert stale == [], "run `nexttoken build` and commit the result"


def test_nothing_generated_is_left_over_from_a_chapter_that_is_gone(course: CourseRoot) -> None:
    assert sorted(path.name for path in course.exercises.iterdir()) == chapter_names()
    recorded = course.path / "autograder" / "recorded"
    assert sorted(path.stem for path in recorded.glob("*.json")) == chapter_names()
    masters = {path.stem for path in (course.path / "course").glob("*.md")}
    assert {path.stem for path in (course.path / "course").glob("*.ipynb")} == masters


# --- building


def test_building_twice_changes_nothing(built_course: CourseRoot) -> None:
    before = contents(built_course)
    sources = {path: path.read_bytes() for path in built_course.sources.rglob("*.ipynb")}
    again = built(built_course)
    assert {item.status for item in again.values()} == {"unchanged"}
    assert contents(built_course) == before
    assert {path: path.read_bytes() for path in built_course.sources.rglob("*.ipynb")} == sources


def test_building_from_nothing_gives_what_is_committed(built_course: CourseRoot) -> None:
    before = contents(built_course)
    generated = [
        built_course.released(CHAPTER),
        built_course.path / "autograder" / "recorded" / f"{CHAPTER}.json",
        *built_course.sample_class.glob(f"*/{CHAPTER}/*"),
        *(built_course.path / "course").glob("*.ipynb"),
    ]
    for path in generated:
        path.unlink()
    done = built(built_course)
    assert {item.status for item in done.values()} == {"written"}
    assert set(generated) <= set(done)
    after = contents(built_course)
    recording = str(recording_path(built_course).relative_to(built_course.path))
    assert same_recording(json.loads(after.pop(recording)), json.loads(before.pop(recording)))
    assert after == before


def test_check_reports_what_a_changed_master_makes_stale_and_changes_nothing(built_course: CourseRoot) -> None:
    change_master(built_course)
    page = change_page(built_course)
    before = contents(built_course)
    stale = {path for path, item in built(built_course, check=True).items() if item.status == "stale"}
    assert {built_course.released(CHAPTER), page} <= stale
    assert built_course.path / "autograder" / "recorded" / f"{CHAPTER}.json" not in stale
    assert contents(built_course) == before


def test_only_the_named_assignment_is_built(course: CourseRoot) -> None:
    for name in chapter_names():
        course.released(name).unlink()
    done = built(course)
    assert done[course.released(CHAPTER)].status == "written"
    assert [path.name for path in sorted(course.exercises.rglob("*.ipynb"))] == [f"{CHAPTER}.ipynb"]
    with pytest.raises(UnknownAssignmentError, match="next_tokens"):
        built(course, assignments=["next_tokens"])


def test_check_reports_what_is_missing(course: CourseRoot) -> None:
    course.released(CHAPTER).unlink()
    assert built(course, check=True)[course.released(CHAPTER)].status == "stale"
    assert not course.released(CHAPTER).exists()


def test_an_outdated_notebook_that_nobody_touched_is_replaced(built_course: CourseRoot) -> None:
    change_master(built_course)
    page = change_page(built_course)
    done = built(built_course)
    assert done[built_course.released(CHAPTER)].status == "written"
    assert done[page].status == "written"
    assert "# Anew:" in built_course.released(CHAPTER).read_text(encoding="utf-8")
    assert "A last word." in page.read_text(encoding="utf-8")
    assert not list(built_course.path.rglob("*.new.ipynb"))


@each_edit
def test_an_exercise_notebook_that_somebody_edited_is_kept_and_the_new_one_stands_beside_it(
    change: Callable[[dict[str, Any]], None], built_course: CourseRoot
) -> None:
    path = built_course.released(CHAPTER)
    theirs = edit(path, change)
    change_master(built_course)
    done = built(built_course)[path]
    assert done.status == "kept"
    assert path.read_bytes() == theirs
    assert done.beside == path.with_name(f"{CHAPTER}.new.ipynb")
    assert is_untouched(done.beside)
    assert "# Anew:" in done.beside.read_text(encoding="utf-8")


@each_edit
def test_a_page_that_a_reader_worked_in_is_kept_and_the_new_one_stands_beside_it(
    change: Callable[[dict[str, Any]], None], built_course: CourseRoot
) -> None:
    path = built_course.path / "course" / f"01_{CHAPTER}.ipynb"
    theirs = edit(path, change)
    done = built(built_course)[path]
    assert done.status == "kept"
    assert path.read_bytes() == theirs
    assert done.beside is not None
    assert done.beside.is_file()


def test_a_notebook_that_only_jupyter_rewrote_is_nobodys_work(built_course: CourseRoot) -> None:
    before = built_course.released(CHAPTER).read_bytes()
    edit(built_course.released(CHAPTER), lambda notebook: notebook["metadata"].update(kernelspec={"name": "other"}))
    assert built(built_course)[built_course.released(CHAPTER)].status == "written"
    assert built_course.released(CHAPTER).read_bytes() == before


def test_a_notebook_that_cannot_be_read_counts_as_somebodys_work(built_course: CourseRoot) -> None:
    built_course.released(CHAPTER).write_bytes(b"{ half a notebook")
    assert built(built_course)[built_course.released(CHAPTER)].status == "kept"
    assert built_course.released(CHAPTER).read_bytes() == b"{ half a notebook"


def test_pages_are_built_without_outputs(course: CourseRoot) -> None:
    for page in (course.path / "course").glob("*.ipynb"):
        page.unlink()
    built(course)
    pages = sorted((course.path / "course").glob("*.ipynb"))
    assert pages
    for page in pages:
        for cell in nbformat.read(page, as_version=4).cells:
            assert cell.get("outputs", []) == []
            assert cell.get("execution_count") is None


def test_a_solution_without_an_end_is_refused_in_one_sentence(course: CourseRoot) -> None:
    path = course.path / "solutions" / f"{CHAPTER}.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    ### END SOLUTION\n", "", 1), encoding="utf-8")
    with pytest.raises(GenerationError, match=f"could not generate {CHAPTER}") as refused:
        generate_release(course, graded_chapter(CHAPTER, course.hidden))
    assert "\n" not in str(refused.value)


# --- the recording


def recording_path(course: CourseRoot) -> Path:
    return course.path / "autograder" / "recorded" / f"{CHAPTER}.json"


def nudge(recording: dict[str, Any], by: float) -> str:
    """Move the first recorded tensor of floats by a little; return where it stands."""
    for name, exercise in recording["exercises"].items():
        for probe, item in exercise["probes"].items():
            for case, text in enumerate(item["want"]):
                status, value, kinds = decode(base64.b64decode(text))
                if hasattr(value, "is_floating_point") and value.is_floating_point():
                    item["want"][case] = base64.b64encode(encode([status, value + by, kinds])).decode()
                    return f"{name}.{probe}"
    raise AssertionError("no floats are recorded")


def test_floats_that_differ_in_their_last_bits_are_not_recorded_anew(built_course: CourseRoot) -> None:
    recording = json.loads(recording_path(built_course).read_text(encoding="utf-8"))
    nudge(recording, 2e-7)
    recording_path(built_course).write_text(json.dumps(recording), encoding="utf-8")
    before = recording_path(built_course).read_bytes()
    assert built(built_course)[recording_path(built_course)].status == "unchanged"
    assert recording_path(built_course).read_bytes() == before


@pytest.mark.parametrize(
    "what",
    ["a float", *(pytest.param(each, marks=pytest.mark.slow) for each in ("a message", "a stub", "half a file"))],
)
def test_any_other_difference_is_recorded_anew(what: str, built_course: CourseRoot) -> None:
    path = recording_path(built_course)
    before = path.read_bytes()
    recording = json.loads(before)
    exercise = next(iter(recording["exercises"].values()))
    if what == "a float":
        nudge(recording, 1e-3)
    elif what == "a message":
        key = next(iter(exercise["mistakes"]))
        exercise["mistakes"][key] += "!"
    elif what == "a stub":
        exercise["stub"] += "# more"
    path.write_text(json.dumps(recording) if what != "half a file" else before.decode()[:200], encoding="utf-8")
    assert built(built_course, check=True)[path].status == "stale"
    assert built(built_course)[path].status == "written"
    assert same_recording(json.loads(path.read_bytes()), json.loads(before))


def observed(value: Any) -> str:
    from autograder.observe import Outcome

    return write(Outcome("value", value))


def probed(want: float, mistakes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"want": [observed(want)], "mistakes": mistakes or {}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (observed(1.0), observed(1.0 + 1e-9), True),
        (observed(1.0), observed(1.01), False),
        (observed(1), observed(2), False),
        (observed(float("nan")), observed(float("nan")), True),
        (observed([1.0]), observed([1.0, 1.0]), False),
        ("a message", "another message", False),
        ("", "AAAA", False),
        ({"a": 1}, {"a": 1.5}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
        ([1, 2], [1], False),
        ({"a": [1]}, {"a": [1]}, True),
        (probed(0.5), probed(0.5, {"m": {"0": observed(0.5 + 1e-9)}}), True),
        (probed(0.5, {"m": {"0": observed(0.5 + 1e-9)}}), probed(0.5, {"n": {"0": observed(0.5 - 1e-9)}}), True),
        (probed(0.5), probed(0.5, {"m": {"0": observed(0.6)}}), False),
        (probed(0.5), probed(0.5, {"m": {"1": observed(0.5)}}), False),
        (probed(0.5), probed(0.6), False),
    ],
)
def test_two_recordings_are_the_same_up_to_the_last_bits_of_observed_floats(one: Any, other: Any, same: bool) -> None:
    assert same_recording(one, other) is same


# --- the digest


def test_the_digest_knows_work_from_dressing() -> None:
    notebook = {
        "metadata": {},
        "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "x = 1\ny = 2", "outputs": []}],
    }
    dressed = copy.deepcopy(notebook)
    dressed["metadata"] = {"kernelspec": {"name": "mine"}}
    dressed["cells"][0].update(id="b", metadata={"collapsed": True}, execution_count=3, source=["x = 1\n", "y = 2"])
    assert digest(dressed) == digest(notebook)
    for change in ({"source": "x = 2"}, {"cell_type": "markdown"}, {"outputs": [{"output_type": "stream"}]}):
        worked = copy.deepcopy(notebook)
        worked["cells"][0].update(change)
        assert digest(worked) != digest(notebook)
    assert digest({"cells": notebook["cells"] * 2}) != digest(notebook)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"metadata": 3, "cells": []}', '{"metadata": {"nexttoken": {"digest": 1}}}'],
)
def test_a_file_of_another_form_counts_as_somebodys_work(text: str, tmp_path: Path) -> None:
    path = tmp_path / "some.ipynb"
    path.write_text(text)
    assert not is_untouched(path)
    assert not is_untouched(tmp_path / "absent.ipynb")


# --- nbgrader's own command


@pytest.mark.slow
def test_the_stock_command_generates_the_same_bytes(built_course: CourseRoot, run_in_course: Any) -> None:
    before = {name: built_course.released(name).read_bytes() for name in chapter_names()}
    for name in chapter_names():
        built_course.released(name).unlink()
        done = run_in_course("nbgrader", "generate_assignment", name, "--force")
        assert done.returncode == 0, done.stderr
    assert {name: built_course.released(name).read_bytes() for name in chapter_names()} == before


@pytest.mark.slow
def test_the_stock_command_makes_its_sources_when_there_are_none_and_refreshes_old_ones(
    course: CourseRoot, run_in_course: Any
) -> None:
    assert not course.sources.exists()
    change_master(course)
    done = run_in_course("nbgrader", "generate_assignment", CHAPTER, "--force")
    assert done.returncode == 0, done.stderr
    assert "# Anew:" in course.released(CHAPTER).read_text(encoding="utf-8")
