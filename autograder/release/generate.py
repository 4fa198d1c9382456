"""Run nbgrader's own GenerateAssignment, with the settings of ``nbgrader_config.py``, from and into any folder."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from pathlib import Path

from traitlets.config.loader import PyFileConfigLoader

from autograder.courseroot import CourseRoot
from autograder.exercise import Chapter
from autograder.release.masters import write_source
from autograder.release.nbgrader_path import put_scripts_on_path


class GenerationError(Exception):
    """nbgrader could not make the assignment; the message is its own."""


def generate_release(course: CourseRoot, chapter: Chapter, database: str | None = None) -> bytes:
    """Make a chapter's student notebook and return its bytes; no file of the course changes.

    Parameters
    ----------
    database
        SQLAlchemy URL of a gradebook that learns about the assignment's cells; None leaves all gradebooks alone.

    Raises
    ------
    GenerationError
        If nbgrader refuses, as when cells were added to an assignment that has submissions.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    with tempfile.TemporaryDirectory(prefix="nexttoken-release-") as name:
        folder = Path(name)
        write_source(course.path, chapter, folder / "source")
        config = PyFileConfigLoader("nbgrader_config.py", path=str(course.path)).load_config()
        config.CourseDirectory.root = str(folder)
        config.CourseDirectory.source_directory = "source"
        config.CourseDirectory.release_directory = "release"
        config.CourseDirectory.assignment_id = chapter.name
        if database is None:
            config.GenerateAssignment.no_database = True
            config.SaveCells.enabled = False
        else:
            config.CourseDirectory.db_url = database
        put_scripts_on_path()
        log, said = _quiet_log()
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config, log=log)
        here = Path.cwd()
        try:
            converter.start()
        except NbGraderException as error:
            reason = _reason(said) or str(error).partition("\n")[0]
            raise GenerationError(f"nbgrader could not generate {chapter.name}: {reason}") from error
        finally:
            os.chdir(here)
        return (folder / "release" / chapter.name / f"{chapter.name}.ipynb").read_bytes()


def _reason(said: list[str]) -> str:
    """Return the last line of the first traceback, else the first line of all: the rest may be a whole cell."""
    for text in said:
        for line in reversed(text.splitlines()):
            if re.match(r"[\w.]+(Error|Exception): ", line):
                return line
    return said[0].strip().partition("\n")[0] if said else ""


def _quiet_log() -> tuple[logging.Logger, list[str]]:
    """Return a logger that prints nothing, and the list that takes what went wrong, in a line each."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            said.append(f"{type(error).__name__}: {error}" if error else record.getMessage())

    log = logging.Logger("nexttoken.generate", logging.ERROR)
    log.addHandler(Keep())
    return log, said
