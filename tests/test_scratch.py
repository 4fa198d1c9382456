"""Temporary files have one folder, which does not outlive its owner for long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nexttoken.scratch import scratch_folder

KILLED = """
import os, signal
from nexttoken.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "left").write_text("x")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_this_process_and_its_children_put_their_temporary_files_there(base: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == base
        assert Path(tempfile.mkdtemp()).parent == folder
        child = "import tempfile; print(tempfile.gettempdir())"
        assert subprocess.check_output([sys.executable, "-c", child], text=True).strip() == str(folder)
    assert list(base.iterdir()) == []
    assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(base)


def test_it_is_gone_after_an_error(base: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch_folder() as folder:
        (folder / "file").write_text(str(1 // 0))
    assert list(base.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_another_uses_is_not(base: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert (left / "left").exists()
    with scratch_folder() as first, scratch_folder() as second:
        assert first.is_dir()
        assert second.is_dir()
        assert not left.exists()


def test_a_link_with_its_name_is_not_followed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").write_text("x")
    link = base / "nexttoken-scratch-link"
    link.symlink_to(elsewhere)
    with scratch_folder():
        assert (elsewhere / "file").exists()
        assert link.is_symlink()
