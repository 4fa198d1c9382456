"""A copy of the course for one file of tests, served by a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.courseserver import CourseCopy, copy_course, serving


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> CourseCopy:
    """Return a copy of the course."""
    return copy_course(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def server(course: CourseCopy) -> Iterator[Callable[[str], str]]:
    """Return a function from a path (``lab/tree/work``) to its address on a running server."""
    with serving(course) as address:
        yield address
