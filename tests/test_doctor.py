"""The doctor: what it finds, what it says to do, and when it says no."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from autograder.courseroot import CourseRoot
from nexttoken import doctor
from pocket import catalogue

GOOD = doctor.Check("Python", ok=True, found="3.11.2")
BAD = doctor.Check("numpy", ok=False, found="not installed", remedy="python -m pip install numpy")


@pytest.fixture
def course(tmp_path: Path) -> CourseRoot:
    """Make an empty checkout."""
    (tmp_path / "exercises" / "next_token").mkdir(parents=True)
    return CourseRoot(tmp_path)


def test_the_report_names_every_part_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    names = [check.name for check in doctor.report()]
    assert len(names) == len(set(names))
    assert {"Python", "disk", "Jupyter kernel", "torch", "torch with torchvision", "Chromium", "bubblewrap"} <= {*names}


def test_something_required_that_is_missing_is_a_failure_and_optional_things_are_not() -> None:
    assert doctor.exit_status([GOOD]) == 0
    assert doctor.exit_status([GOOD, BAD]) == 1
    assert doctor.exit_status([GOOD, replace(BAD, required=False)]) == 0


def test_the_text_says_each_state_in_a_word_with_the_remedy_below() -> None:
    text = doctor.to_text([GOOD, BAD, replace(BAD, name="Node", required=False)])
    lines = text.splitlines()
    assert lines[0].split()[:2] == ["ok", "Python"]
    assert lines[1].split()[:2] == ["MISSING", "numpy"]
    assert lines[2].strip() == "-> python -m pip install numpy"
    assert lines[3].split()[:2] == ["optional", "Node"]
    assert "\x1b" not in text


def test_an_older_package_than_wanted_is_found_out(monkeypatch: pytest.MonkeyPatch, course: CourseRoot) -> None:
    monkeypatch.setattr(
        metadata, "requires", lambda _: ["torch", "torch>=2.14; extra == 'lab'", "pytest>=8; extra == 'dev'"]
    )
    monkeypatch.setattr(metadata, "version", {"torch": "2.9.1+cu128", "pytest": "8.3.0"}.__getitem__)
    torch, pytest_ = doctor.packages(course)
    assert (torch.ok, torch.required, pytest_.ok, pytest_.required) == (False, True, True, False)
    assert "2.9.1+cu128 (wanted: 2.14 or newer" in torch.found
    # Without a checkout (Colab), its own torch will do.
    assert all(check.ok for check in doctor.packages(None))


@pytest.mark.parametrize(
    ("installed", "wanted", "enough"),
    [("2.15.0+cpu", "2.14", True), ("2.9", "2.14", False), ("3", "3.0", True), ("7.34.0rc1", "7.34", True)],
)
def test_versions_are_compared_as_numbers(installed: str, wanted: str, enough: bool) -> None:
    assert (doctor.release(installed) >= doctor.release(wanted)) is enough


def test_builds_from_two_places_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", {"torch": "2.13.0+cpu", "torchvision": "0.28.0"}.__getitem__)
    check = doctor.torch_pair(deep=False)
    assert not check.ok
    assert "different builds" in check.found


def test_the_deep_look_repeats_the_error_of_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Traceback\nRuntimeError: operator torchvision::nms does not exist\n"
    failed = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(metadata, "version", {"torch": "2.13.0", "torchvision": "0.29.2"}.__getitem__)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    assert "torchvision::nms does not exist" in doctor.torch_pair(deep=True).found


def test_a_program_that_is_not_there_comes_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    checks = doctor.programs()
    assert all(not check.ok and not check.required for check in checks)
    assert "apt-get install chromium" in checks[0].remedy


def test_a_history_that_cannot_be_kept_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEXTTOKEN_HOME", str(tmp_path / "file" / "home"))
    assert not doctor.home().ok
    monkeypatch.setenv("NEXTTOKEN_HOME", str(tmp_path / "new" / "home"))
    assert doctor.home().ok


def test_exercises_edited_by_hand_are_named(course: CourseRoot) -> None:
    notebook = course.exercises / "next_token" / "next_token.ipynb"
    notebook.write_text("{}")
    git = [shutil.which("git") or "git", "-C", str(course.path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x", "--no-verify"]):
        subprocess.run([*git, *words], check=True)
    assert doctor.released_exercises(course).ok
    notebook.write_text('{"cells": []}')
    check = doctor.released_exercises(course)
    assert not check.ok
    assert "exercises/next_token/next_token.ipynb" in check.found


def test_nothing_heavy_is_imported_for_it() -> None:
    code = "import nexttoken.doctor as d, sys; d.report(); sys.exit(bool({'torch', 'jupyterlab'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_damaged_weights_are_named_with_the_way_to_get_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = shutil.copytree(catalogue.FOLDER, tmp_path / "pocket" / "models")
    monkeypatch.setattr(catalogue, "FOLDER", models)
    whole = doctor.pocket_models()
    assert whole.ok
    assert "as published" in whole.found
    weights = next(models.glob("*/*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    damaged = doctor.pocket_models()
    assert not damaged.ok
    assert weights.name in damaged.found
    assert "Get it back" in damaged.found
