"""nbgrader's settings: this repository is the course directory, and the stock commands work in it.

``nbgrader generate_assignment``, ``release_assignment``, ``collect``, ``autograde``, ``generate_feedback``, ``export``
and formgrader go by this file. Points are decided by the probes of ``autograder/``, never by the outputs in a notebook.
"""

import os
from pathlib import Path

from autograder.courseroot import CourseRoot
from autograder.grading import hooks
from autograder.release.nbgrader_path import put_scripts_on_path
from autograder.release.sources import ensure_sources

root = Path(__file__).resolve().parent
c = get_config()  # noqa: F821 - traitlets provides it

c.CourseDirectory.course_id = "nexttoken"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.db_url = CourseRoot(root).gradebook_url

# Where assignments go out and submissions come in on one machine. On a JupyterHub, name a folder that all users share.
c.Exchange.root = os.environ.get("NEXTTOKEN_EXCHANGE", str(root / "exchange"))
Path(c.Exchange.root).mkdir(parents=True, exist_ok=True)

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}
c.GenerateAssignment.preprocessors = hooks.RELEASE
c.Autograde.sanitize_preprocessors = hooks.SANITIZE
c.Autograde.autograde_preprocessors = hooks.AUTOGRADE
# A heading's link would get the id of the score field below it, and formgrader would fill in neither.
c.HTMLExporter.exclude_anchor_links = True
c.ExportApp.plugin_class = "autograder.grading.export.ExportWithStatus"

put_scripts_on_path()

# Release notebooks are made from solutions/*.py through build/source; bring that up to date first.
ensure_sources(root)
