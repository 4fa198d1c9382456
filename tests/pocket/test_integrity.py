"""Weights are the recorded ones, or a sentence says which file is not and how to get it back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pocket.errors import WeightsError
from pocket.integrity import main, problems, recorded, verify, weight_files, write_record

WEIGHTS = "pocket-lm/model.safetensors"


def flip(path: Path) -> None:
    """Change the last byte of a file."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_sound_weights_pass(clone: Path) -> None:
    assert list(problems(clone)) == []
    for part in ("pocket-lm", "pocket-draft", "pocket-clip"):
        verify(part, clone)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils are not installed")
def test_coreutils_reads_the_record(clone: Path) -> None:
    command = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count(": OK")) == (0, 3), done.stderr
    flip(clone / WEIGHTS)
    assert subprocess.run(command, cwd=clone, capture_output=True, check=False).returncode == 1


def test_all_weight_files_are_recorded_and_no_other(clone: Path) -> None:
    assert weight_files(clone) == sorted(recorded(clone))
    assert set(recorded(clone)) == {
        WEIGHTS,
        "pocket-draft/model.safetensors",
        "pocket-clip/open_clip_model.safetensors",
    }


def test_a_damaged_file_is_named_with_the_way_to_get_it_back(clone: Path) -> None:
    flip(clone / WEIGHTS)
    with pytest.raises(WeightsError) as caught:
        verify("pocket-lm", clone)
    assert str(caught.value) == (
        "pocket/models/pocket-lm/model.safetensors is damaged or was made anew: its SHA-256 is not the recorded one. "
        "Get it back with `git checkout -- pocket/models/pocket-lm/model.safetensors`, or, if you trained it yourself, "
        "record it with `python -m pocket.integrity`."
    )
    verify("pocket-draft", clone)


def test_a_file_that_is_cut_off_is_damaged(clone: Path) -> None:
    weights = clone / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=r"pocket-lm/model.safetensors is damaged"):
        verify("pocket-lm", clone)


def test_a_missing_file_is_named_with_the_way_to_get_it_back(clone: Path) -> None:
    (clone / WEIGHTS).unlink()
    with pytest.raises(WeightsError) as caught:
        verify("pocket-lm", clone)
    assert str(caught.value) == (
        "pocket/models/pocket-lm/model.safetensors is missing. "
        "Get it back with `git checkout -- pocket/models/pocket-lm/model.safetensors`."
    )


def test_who_installed_with_pip_is_sent_to_pip(clone: Path) -> None:
    (clone.parents[1] / ".git").rmdir()
    (clone / WEIGHTS).unlink()
    with pytest.raises(WeightsError, match=r"is missing. Get it back with `pip install --force-reinstall nexttoken`.$"):
        verify("pocket-lm", clone)


def test_weights_that_nobody_recorded_are_not_loaded(clone: Path) -> None:
    shutil.copy(clone / WEIGHTS, clone / "pocket-lm" / "adapter.safetensors")
    with pytest.raises(WeightsError, match=r"adapter.safetensors is not in SHA256SUMS.*python -m pocket.integrity"):
        verify("pocket-lm", clone)


def test_a_folder_without_weights_and_without_a_record_is_missing(clone: Path) -> None:
    shutil.rmtree(clone / "pocket-lm")
    write_record(clone)
    with pytest.raises(WeightsError, match=r"pocket/models/pocket-lm has no weights. Get it back with `git checkout"):
        verify("pocket-lm", clone)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_damaged_json_file_is_named(clone: Path, name: str) -> None:
    path = clone / "pocket-lm" / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WeightsError, match=f"pocket/models/pocket-lm/{name} is damaged: it is not JSON"):
        verify("pocket-lm", clone)


def test_a_missing_record_gets_a_sentence(clone: Path) -> None:
    (clone / "SHA256SUMS").unlink()
    with pytest.raises(WeightsError, match=r"pocket/models/SHA256SUMS is missing. Get it back with `git checkout"):
        verify("pocket-lm", clone)


@pytest.mark.parametrize("content", [b"nonsense\n", b"00  file\n", b"\xff\xfe"])
def test_a_damaged_record_gets_a_sentence(clone: Path, content: bytes) -> None:
    (clone / "SHA256SUMS").write_bytes(content)
    with pytest.raises(WeightsError, match="pocket/models/SHA256SUMS is damaged"):
        verify("pocket-lm", clone)


def test_the_command_checks_and_changes_nothing_then(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == "3 files are as recorded in pocket/models/SHA256SUMS\n"
    record = (clone / "SHA256SUMS").read_bytes()
    flip(clone / WEIGHTS)
    (clone / "pocket-draft" / "model.safetensors").unlink()
    assert main(["--check"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split(" is ")[0] for line in said] == [
        "pocket/models/pocket-draft/model.safetensors",
        "pocket/models/pocket-lm/model.safetensors",
    ]
    assert (clone / "SHA256SUMS").read_bytes() == record


def test_the_command_records_what_was_made_anew(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip(clone / WEIGHTS)
    assert main([]) == 0
    assert capsys.readouterr().out == "3 files recorded in pocket/models/SHA256SUMS\n"
    verify("pocket-lm", clone)
    assert [path.name for path in clone.glob("SHA256SUMS*")] == ["SHA256SUMS"]


def test_the_command_says_that_the_record_is_missing(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / "SHA256SUMS").unlink()
    assert main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("pocket/models/SHA256SUMS is missing.")
