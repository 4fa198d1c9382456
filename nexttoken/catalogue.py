"""What `nexttoken list` knows of each exercise."""

from __future__ import annotations

from typing import Any

from autograder.courseroot import NoCourseError, find_course
from autograder.exercise import Exercise, chapter_names, graded_chapter, load_chapter


def catalogue() -> list[dict[str, Any]]:
    """List all exercises in the order of the course.

    In a checkout, hidden probes count, and so do mistakes and alternatives; a student's installation has none of them.
    """
    try:
        hidden = find_course().hidden
    except NoCourseError:
        return [_row(name, item, None) for name in chapter_names() for item in load_chapter(name).exercises.values()]
    from autograder.trusted.reference import load_variants

    return [
        _row(name, item, load_variants(name))
        for name in chapter_names()
        for item in graded_chapter(name, hidden).exercises.values()
    ]


def _row(assignment: str, exercise: Exercise, variants: Any) -> dict[str, Any]:
    return {
        "assignment": assignment,
        "name": exercise.name,
        "title": exercise.title,
        "points": exercise.points,
        "minutes": exercise.minutes,
        "difficulty": exercise.difficulty,
        "probes": len(exercise.probes),
        "mistakes": len(variants.mistakes[exercise.name]) if variants else 0,
        "alternatives": len(variants.alternatives[exercise.name]) if variants else 0,
        "oracle": exercise.oracle,
    }
