"""What several test folders share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from autograder.courseroot import CourseRoot

# Each worker, and what it starts, computes in one thread, as at grading: inputs are small, and threads of two workers on
# two cores wait for each other. It must be said before anything imports torch.
os.environ["OMP_NUM_THREADS"] = "1"

# Nothing that Chromium does in the background may reach for the network. Rendering in software is steady everywhere.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--font-render-hinting=none",
)


def absent(what: str) -> NoReturn:
    """Skip the test where a tool is missing, but fail it in CI, where every tool must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed, and CI must have it")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        absent("Chromium (apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of Node.js."""
    path = shutil.which("node")
    if path is None:
        absent("Node.js (apt-get install nodejs)")
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a headless Chromium, one for each worker."""
    try:
        from playwright.sync_api import sync_playwright  # here: it takes a moment, and few tests need it
    except ImportError:
        absent("Playwright (pip install playwright)")
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield chrome
        chrome.close()


_REPOSITORY = Path(__file__).resolve().parents[1]
_COURSE_PARTS = ("autograder", "course", "exercises", "nexttoken", "pocket", "solutions", "widgets")
_COURSE_FILES = ("LICENSE", "README.md", "nbgrader_config.py", "pyproject.toml")


def copied_course(folder: Path) -> CourseRoot:
    """Copy what a course consists of into a new folder."""
    from autograder.courseroot import CourseRoot

    for name in _COURSE_PARTS:
        if (_REPOSITORY / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.new.ipynb")
            shutil.copytree(_REPOSITORY / name, folder / name, ignore=ignore)
    for name in _COURSE_FILES:
        shutil.copy(_REPOSITORY / name, folder / name)
    return CourseRoot(folder)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CourseRoot:
    """Copy the course, so that a test may change it, build it and grade in it; its secret is fixed."""
    monkeypatch.setenv("NEXTTOKEN_SECRET", "5e" * 32)
    monkeypatch.setenv("NEXTTOKEN_HOME", str(tmp_path / "home"))
    for name in ("NEXTTOKEN_HIDDEN", "NEXTTOKEN_EXCHANGE"):
        monkeypatch.delenv(name, raising=False)
    return copied_course(tmp_path / "course")


@pytest.fixture(scope="session")
def built_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the course and build chapter 1 and the pages, once for each worker; to be copied, not changed."""
    from autograder.release.build import build

    made = copied_course(tmp_path_factory.mktemp("template") / "course")
    for _ in build(made, ["next_token"]):
        pass
    return made.path


@pytest.fixture
def built_course(course: CourseRoot, built_template: Path) -> CourseRoot:
    """Copy the course with all that is generated of chapter 1, and the pages, up to date."""
    shutil.rmtree(course.path)
    shutil.copytree(built_template, course.path)
    return course


@pytest.fixture
def run_in_course(course: CourseRoot, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs ``python -m ...`` in the copied course, with the copy's packages."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "HOME": str(home),
            "PYTHONPATH": str(course.path),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        }
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=course.path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run
