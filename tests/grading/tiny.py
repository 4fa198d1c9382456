"""A whole course with one small chapter and without torch: quick to start, so that it can be started again and again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tests.conftest import copied_course

CHAPTER = "arithmetic"
_PROBES = '''
"""To count: what is asked."""

from autograder.exercise import Chapter

chapter = Chapter("arithmetic", "To count")
double = chapter.function("double", title="To double", minutes=1, difficulty=1, oracle="arithmetic")


@double.probe(points=2, cases=3)
def doubles(impl, rng):
    """It doubles."""
    return impl(int(rng.integers(3, 1000)))


@double.probe(points=1, cases=2)
def doubles_texts(impl, rng):
    """It doubles a text."""
    return impl("ab" * int(rng.integers(1, 9)))
'''
_MASTER = '''
# %% [markdown]
# # Count

# %% tags=["active-ipynb"]
# from autograder import check, reset

# %% [markdown]
# ## double
#
# Double it.


# %%
def double(x):
    """Return a number or a text twice."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(double)
'''
_MISTAKES = '''
"""The wrong turns."""

from solutions.mistakes import Variants

variants = Variants("double")


@variants.mistake("You gave it back as it was.")
def same(x):
    return x


variants = type("All", (), {"mistakes": {"double": variants.mistakes}, "alternatives": {"double": {}}})
'''
RIGHT = "def double(x):\n    return x + x\n"
HALF = "def double(x):\n    return 2 * x if isinstance(x, int) else None\n"
WRONG = "def double(x):\n    return x\n"


def write_course(folder: Path, probes: str = _PROBES, master: str = _MASTER, mistakes: str = _MISTAKES) -> Path:
    """Write the course into a folder and build it; its chapter is made of three texts."""
    course = copied_course(folder).path
    parts = ("autograder/probes/next_token", "solutions/mistakes/next_token", "solutions/sample_class")
    for part in (*parts, "exercises", "pocket/models"):
        shutil.rmtree(course / part)
    for pattern in ("autograder/hidden/next_token.py", "autograder/recorded/*.json", "course/*.*", "solutions/next_*"):
        for path in course.glob(pattern):
            path.unlink()
    texts = {
        f"autograder/probes/{CHAPTER}.py": probes,
        f"solutions/{CHAPTER}.py": master,
        f"solutions/mistakes/{CHAPTER}.py": mistakes,
        "solutions/sample_class/roster.toml": "# nobody",
    }
    for name, text in texts.items():
        (course / name).parent.mkdir(exist_ok=True)
        (course / name).write_text(text.lstrip(), encoding="utf-8")
    done = run(course, "build")
    assert done.returncode == 0, done.stderr
    return course


def environment(course: Path, **more: str) -> dict[str, str]:
    """Return the environment in which a course's own code runs, with a fixed secret."""
    paths = {"PYTHONPATH": str(course), "HOME": str(course.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **paths, "NEXTTOKEN_SECRET": "5e" * 32, **more}


def command(*arguments: str) -> list[str]:
    """Return the command line of ``nexttoken``."""
    return [sys.executable, "-m", "nexttoken", *arguments]


def run(course: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``nexttoken`` in a course."""
    return subprocess.run(
        command(*arguments),
        cwd=course,
        env=environment(course, **more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def filled(course: Path, double: str, more: Iterable[str] = ()) -> NotebookNode:
    """Return the released notebook with an answer, and cells added at the end."""
    notebook: NotebookNode = nbformat.read(course / "exercises" / CHAPTER / f"{CHAPTER}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.id == "double-code":
            cell.source = double
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in more]  # type: ignore[no-untyped-call]
    return notebook


def hand_in(course: Path, answers: Mapping[str, str]) -> None:
    """Put each student's answer where the grader looks."""
    for student, double in answers.items():
        place = course / "submitted" / student / CHAPTER
        place.mkdir(parents=True)
        (place / f"{CHAPTER}.ipynb").write_text(nbformat.writes(filled(course, double)), encoding="utf-8")
