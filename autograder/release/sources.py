"""Keep ``build/source`` up to date, so that nbgrader's stock commands work in a fresh clone."""

from __future__ import annotations

from pathlib import Path

#: Whatever changes a generated notebook lies in one of these.
_INPUTS = ("solutions/*.py", "autograder/probes/*/*.py", "autograder/hidden/*.py", "autograder/release/*.py")


def ensure_sources(root: Path) -> list[Path]:
    """Write the instructor notebooks that are missing or older than what they are made from.

    Cheap when there is nothing to do: only the files' times are read, and nothing heavy is imported.

    Returns
    -------
    list of Path
        What was written.
    """
    from autograder.courseroot import CourseRoot
    from autograder.exercise import chapter_names

    course = CourseRoot(root)
    newest = max(path.stat().st_mtime for pattern in _INPUTS for path in root.glob(pattern))
    stale = [name for name in chapter_names() if not _is_newer(course.sources / name / f"{name}.ipynb", newest)]
    if not stale:
        return []
    from autograder.exercise import graded_chapter
    from autograder.release.masters import write_source

    return [write_source(root, graded_chapter(name, course.hidden), course.sources) for name in stale]


def _is_newer(path: Path, time: float) -> bool:
    return path.is_file() and path.stat().st_mtime > time
