"""What students find in every chapter's notebook, and what a master must be for one to be made from it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.exercise import Chapter, Exercise, chapter_names, graded_chapter
from autograder.release.masters import (
    MasterError,
    exercise_of,
    instructor_notebook,
    page_notebook,
    solution_lines,
    write_source,
)

ROOT = Path(__file__).parents[2]
CHAPTERS = {name: graded_chapter(name, ROOT / "autograder" / "hidden") for name in chapter_names()}
EXERCISES = [exercise for chapter in CHAPTERS.values() for exercise in chapter.exercises.values()]

each_chapter = pytest.mark.parametrize("name", CHAPTERS)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.name for exercise in EXERCISES])


def master(name: str) -> str:
    return (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")


def released(name: str) -> Any:
    return nbformat.read(ROOT / "exercises" / name / f"{name}.ipynb", as_version=4)


def cell_of(name: str, grade_id: str) -> Any:
    (cell,) = [cell for cell in released(name).cells if cell.metadata.nbgrader.grade_id == grade_id]
    return cell


def without_layout(line: str) -> str:
    """Write a line without spacing and without a comment, so that laying it out anew does not hide it."""
    return re.sub(r"\s+", "", line.partition("  #")[0]).rstrip(",")


def outside_solutions(text: str) -> str:
    """Return what a master shows to students on purpose: tasks, hints, signatures and docstrings."""
    shown, inside = [], False
    for line in text.splitlines():
        if "### BEGIN SOLUTION" in line or "### END SOLUTION" in line:
            inside = "BEGIN" in line
        elif not inside:
            shown.append(without_layout(line.removeprefix("# ")))
    return "\n".join(shown)


def test_there_is_at_least_one_chapter_with_exercises() -> None:
    assert EXERCISES


# --- what a student finds


@each_chapter
def test_a_student_notebook_is_valid(name: str) -> None:
    nbformat.validate(released(name))


@each_chapter
def test_every_cell_of_a_student_notebook_compiles(name: str) -> None:
    for number, cell in enumerate(released(name).cells):
        if cell.cell_type == "code":
            compile(TransformerManager().transform_cell(cell.source), f"{name}, cell {number}", "exec")


@each_chapter
def test_a_student_notebook_has_no_outputs(name: str) -> None:
    for cell in released(name).cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@each_chapter
def test_no_solution_marker_reaches_students(name: str) -> None:
    text = json.dumps(released(name))
    for marker in ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN", "END HIDDEN"):
        assert marker not in text


@each_chapter
def test_no_solution_line_stands_in_a_code_cell(name: str) -> None:
    secret = {without_layout(line) for line in solution_lines(master(name))}
    for cell in released(name).cells:
        if cell.cell_type == "code":
            assert not secret & {without_layout(line) for line in cell.source.splitlines()}


@each_chapter
def test_no_telling_solution_line_stands_anywhere_but_in_a_hint(name: str) -> None:
    telling = {line for item in solution_lines(master(name)) if len(line := without_layout(item)) >= 16}
    on_purpose = outside_solutions(master(name))
    secret = {line for line in telling if line not in on_purpose}
    assert secret
    for cell in released(name).cells:
        text = without_layout(cell.source.replace("\n", ""))
        assert [line for line in secret if line in text] == []


@each_exercise
def test_the_hints_leave_most_of_a_solution_unsaid(exercise: Exercise) -> None:
    notebook = instructor_notebook(master(exercise.chapter), CHAPTERS[exercise.chapter])
    (solution,) = [cell.source for cell in notebook.cells if cell.id == f"{exercise.name}-code"]
    (task,) = [cell.source for cell in notebook.cells if cell.id == f"{exercise.name}-task"]
    lines = {line for item in solution_lines(solution) if len(line := without_layout(item)) >= 16}
    said = lines & {without_layout(line) for line in task.splitlines()}
    assert len(said) < len(lines) / 2, said


@each_exercise
def test_every_exercise_leaves_work_to_do(exercise: Exercise) -> None:
    stub = ast.parse(cell_of(exercise.chapter, f"{exercise.name}-code").source)
    assert [node.name for node in stub.body if isinstance(node, ast.FunctionDef | ast.ClassDef)] == [exercise.name]
    to_write = [
        node for node in ast.walk(stub) if isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Raise)
    ]
    assert to_write
    for function in to_write:
        assert ast.get_docstring(function), f"{function.name} has no specification"
        assert ast.unparse(function.body[-1]) == "raise NotImplementedError"
        assert len(function.body) == 2  # the docstring and nothing else


@each_exercise
def test_a_stub_has_the_same_signatures_and_docstrings_as_the_reference(exercise: Exercise) -> None:
    def faces(source: str) -> list[tuple[str, str, str | None]]:
        tree = ast.parse(source)
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        return [
            (node.name, ast.unparse(node.args), ast.get_docstring(node))
            for owner in (tree, *classes)  # a function inside another is part of the solution
            for node in owner.body
            if isinstance(node, ast.FunctionDef)
        ]

    notebook = instructor_notebook(master(exercise.chapter), CHAPTERS[exercise.chapter])
    (solution,) = [cell.source for cell in notebook.cells if cell.id == f"{exercise.name}-code"]
    assert faces(cell_of(exercise.chapter, f"{exercise.name}-code").source) == faces(solution)


@each_chapter
def test_the_untouched_notebook_runs_and_says_that_nothing_is_written_yet(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEXTTOKEN_HOME", str(tmp_path))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(released(name).cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"<{name}, cell {number}>", "exec"), namespace)
            if exercise_of(cell):
                said = capsys.readouterr().out
                assert "Not written yet" in said
                assert said.startswith(f"{exercise_of(cell)}") or exercise_of(cell) in said
    for exercise in CHAPTERS[name].exercises:
        assert exercise in namespace


# --- what nbgrader reads


def test_an_exercise_name_is_used_once_in_the_whole_course() -> None:
    names = [exercise.name for exercise in EXERCISES]
    assert len(names) == len(set(names))


@each_chapter
def test_grade_ids_and_cell_ids_are_unique_and_the_same(name: str) -> None:
    ids = [cell.id for cell in released(name).cells]
    assert len(ids) == len(set(ids))
    assert ids == [cell.metadata.nbgrader.grade_id for cell in released(name).cells]


@each_chapter
def test_every_cell_has_a_kind_and_only_solutions_may_be_changed(name: str) -> None:
    for cell in released(name).cells:
        meta = cell.metadata.nbgrader
        assert meta.locked is not meta.solution
        assert meta.solution == meta.grade_id.endswith("-code")
        assert meta.grade == (exercise_of(cell) is not None)
        assert meta.schema_version == 3
        assert not meta.task


@each_exercise
def test_an_exercise_has_the_points_of_all_its_probes_hidden_ones_included(exercise: Exercise) -> None:
    meta = cell_of(exercise.chapter, exercise.name).metadata.nbgrader
    assert meta.points == sum(probe.points for probe in exercise.probes)
    task = cell_of(exercise.chapter, f"{exercise.name}-task").source
    assert f"*{meta.points:g} points. About {exercise.minutes} minutes. Difficulty {exercise.difficulty} of 5.*" in task


@each_chapter
def test_an_exercise_is_a_task_then_its_cell_then_its_check(name: str) -> None:
    ids = [cell.id for cell in released(name).cells]
    for exercise in CHAPTERS[name].exercises:
        at = ids.index(f"{exercise}-task")
        assert ids[at : at + 3] == [f"{exercise}-task", f"{exercise}-code", exercise]


@each_chapter
def test_converting_a_master_twice_gives_the_same_notebook(name: str) -> None:
    assert instructor_notebook(master(name), CHAPTERS[name]) == instructor_notebook(master(name), CHAPTERS[name])


@each_chapter
def test_a_cell_more_in_a_master_leaves_the_ids_of_the_exercises_as_they_were(name: str) -> None:
    def exercise_ids(text: str) -> list[str]:
        cells = instructor_notebook(text, CHAPTERS[name]).cells
        return [cell.id for cell in cells if not cell.id.startswith(f"{name}-")]

    longer = master(name).replace("# %% [markdown]\n", "# %% [markdown]\n# A word before.\n\n# %% [markdown]\n", 1)
    assert exercise_ids(longer) == exercise_ids(master(name))


# --- a master that is not as it should be

HEAD = "# %%\nimport math\n\n"
TASK = "# %% [markdown]\n# ## double\n#\n# Double a number.\n\n"
CODE = '# %%\ndef double(x):\n    """Return 2 x."""\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n\n'
CHECK = '# %% tags=["active-ipynb"]\n# check(double)\n\n'


@pytest.fixture
def doubling() -> Chapter:
    """Make a chapter of one exercise."""
    chapter = Chapter("doubling", "To double")
    exercise = chapter.function("double", title="To double", minutes=1, difficulty=1, oracle="arithmetic")

    @exercise.probe(points=2)
    def doubles(impl: Any, rng: Any) -> Any:
        """It doubles."""
        return impl(3)

    return chapter


def test_a_whole_master_becomes_a_notebook(doubling: Chapter) -> None:
    notebook = instructor_notebook(HEAD + TASK + CODE + CHECK, doubling)
    assert [cell.id for cell in notebook.cells] == ["doubling-1", "double-task", "double-code", "double"]
    assert notebook.cells[-1].source == "check(double)"
    assert notebook.cells[-1].metadata["nbgrader"]["points"] == 2
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    ("text", "missing"),
    [(CODE + CHECK, "## double"), (TASK + CHECK, "solution"), (TASK + CODE, "check")],
    ids=["no task", "no solution", "no check"],
)
def test_a_missing_cell_is_named_with_its_file_and_exercise(text: str, missing: str, doubling: Chapter) -> None:
    with pytest.raises(MasterError) as refused:
        instructor_notebook(HEAD + text, doubling)
    for part in ("solutions/doubling.py", "double", missing):
        assert part in str(refused.value)


@pytest.mark.parametrize("twice", [TASK, CODE, CHECK], ids=["task", "solution", "check"])
def test_a_doubled_cell_is_named_with_its_file_and_exercise(twice: str, doubling: Chapter) -> None:
    with pytest.raises(MasterError, match=r"solutions/doubling\.py: two cells would be double"):
        instructor_notebook(HEAD + TASK + CODE + CHECK + twice, doubling)


@pytest.mark.parametrize(
    "unregistered", [CHECK.replace("double", "triple"), CODE.replace("double", "triple")], ids=["check", "solution"]
)
def test_an_exercise_that_no_probe_knows_is_named_with_both_files(unregistered: str, doubling: Chapter) -> None:
    with pytest.raises(MasterError) as refused:
        instructor_notebook(HEAD + TASK + CODE + CHECK + unregistered, doubling)
    for part in ("solutions/doubling.py", "triple", "autograder/probes/doubling/"):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    "code",
    [
        "# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n\n",
        "# %%\ndef double(x:\n    ### BEGIN SOLUTION\n    return\n    ### END SOLUTION\n\n",
    ],
    ids=["no function", "no Python"],
)
def test_a_solution_cell_that_defines_nothing_is_named_with_its_file(code: str, doubling: Chapter) -> None:
    with pytest.raises(MasterError, match=r"solutions/doubling\.py"):
        instructor_notebook(HEAD + TASK + code + CHECK, doubling)


def test_a_master_that_is_not_there_is_named(doubling: Chapter, tmp_path: Path) -> None:
    with pytest.raises(MasterError, match=r"solutions/doubling\.py is missing"):
        write_source(tmp_path, doubling, tmp_path / "source")
    assert not (tmp_path / "source").exists()


def test_a_master_does_not_keep_metadata_that_was_written_by_hand(doubling: Chapter) -> None:
    by_hand = CHECK.replace('tags=["active-ipynb"]', 'tags=["active-ipynb"] nbgrader={"points": 100}')
    notebook = instructor_notebook(HEAD + TASK + CODE + by_hand, doubling)
    assert notebook.cells[-1].metadata == {
        "nbgrader": {
            "schema_version": 3,
            "task": False,
            "grade": True,
            "solution": False,
            "locked": True,
            "grade_id": "double",
            "points": 2.0,
        }
    }


# --- the course's pages


@pytest.mark.parametrize("path", sorted((ROOT / "course").glob("*.md")), ids=lambda path: path.stem)
def test_a_page_becomes_a_valid_notebook_whose_cells_compile(path: Path) -> None:
    page = page_notebook(path.read_text(encoding="utf-8"))
    nbformat.validate(page)
    assert page == page_notebook(path.read_text(encoding="utf-8"))
    for cell in page.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            compile(TransformerManager().transform_cell(cell.source), f"{path.name}, {cell.id}", "exec")
