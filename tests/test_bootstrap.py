"""The set-up: one clear sentence when it cannot go on, nothing to do when it is done, and repair when it was broken."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nexttoken import bootstrap, piprun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent.parent
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Make a small course whose set-up asks for nothing from outside."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "nexttoken"\nversion = "0"\n')
    (tmp_path / "constraints.txt").write_text("")
    return tmp_path


@pytest.fixture
def set_up(course: Path) -> Path:
    """Make a course that looks set up: the files that a finished set-up leaves, without its packages."""
    venv = course / ".venv"
    site = venv / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (site / "torch").mkdir()
    bootstrap.venv_python(venv).parent.mkdir(parents=True, exist_ok=True)
    bootstrap.venv_python(venv).symlink_to(sys.executable)
    bootstrap.kernel(venv).parent.mkdir(parents=True)
    bootstrap.kernel(venv).write_text("{}")
    bootstrap.write_stamp(
        venv,
        {
            "root": str(course),
            "wanted": bootstrap.wanted(course),
            "python": bootstrap.interpreter(venv),
            "names": ["torch"],
        },
    )
    return course


def refuse(*_: object, **__: object) -> None:
    """Stand in for what must not be called."""
    pytest.fail("a process was started")


@pytest.mark.parametrize("name", ["__init__.py", "bootstrap.py", "piprun.py"])
def test_python_3_6_can_read_what_runs_before_the_version_is_checked(name: str) -> None:
    source = (HERE / "nexttoken" / name).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    # Newer than 3.6, or not there before the set-up.
    assert "__future__" not in imported
    assert {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) <= {"nexttoken"}
    assert "dataclasses" not in imported


def test_annotations_are_not_evaluated_where_python_3_6_would_fail_on_them() -> None:
    for name in ("bootstrap.py", "piprun.py"):
        tree = ast.parse((HERE / "nexttoken" / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                for note in [node.returns, *(arg.annotation for arg in node.args.args)]:
                    assert note is None or isinstance(note, (ast.Constant, ast.Name)), ast.unparse(note)


def test_an_old_python_alone_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(bootstrap.SetupError, match=r"needs Python 3\.11 or newer, this is Python 3\.8") as caught:
        bootstrap.choose_python((3, 8))
    assert "\n" not in str(caught.value)


def test_an_old_python_hands_over_to_a_newer_one_that_really_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    # pyenv's stand-in for a version that is not active is on PATH and fails.
    places = {"python3.13": shutil.which("false"), "python3.12": sys.executable}
    monkeypatch.setattr(shutil, "which", places.get)
    assert bootstrap.choose_python((3, 8)) == [sys.executable]


def test_a_new_enough_python_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "check_output", refuse)
    assert bootstrap.choose_python((3, 11)) is None


def test_a_short_disk_is_said_with_both_numbers(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, int(1.5 * 2**30)))
    assert bootstrap.main(course) == 1
    said = capsys.readouterr().out
    assert "the disk is short" in said
    assert f"{bootstrap.AT_MOST:.1f} GB free while it works" in said
    assert "has 1.5 GB free" in said
    assert not (course / ".venv").exists()


def test_packages_in_place_lower_what_the_disk_must_hold(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 2**30))
    bootstrap.require_disk(course / ".venv", have=int(bootstrap.AT_MOST * 2**30))
    with pytest.raises(bootstrap.SetupError):
        bootstrap.require_disk(course / ".venv", have=0)


def test_a_second_run_starts_no_process_and_says_nothing(
    set_up: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 0))
    assert bootstrap.main(set_up) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: (root / "constraints.txt").write_text("torch==2.15.0\n"),
        lambda root: (root / "pyproject.toml").write_text('[project]\nname = "nexttoken"\nversion = "1"\n'),
        lambda root: (root / ".venv/lib/python3.11/site-packages/torch").rmdir(),
        lambda root: bootstrap.kernel(root / ".venv").unlink(),
        lambda root: bootstrap.venv_python(root / ".venv").unlink(),
        lambda root: (root / ".venv/nexttoken-setup.json").write_text('{"root": "/el'),
        lambda root: (root / ".venv/nexttoken-setup.json").write_text("[]"),
        lambda root: shutil.rmtree(root / ".venv"),
    ],
    ids=[
        "new pins",
        "new packages",
        "package gone",
        "kernel gone",
        "Python gone",
        "torn stamp",
        "odd stamp",
        "all gone",
    ],
)
def test_a_set_up_that_no_longer_holds_is_noticed(set_up: Path, damage: Callable[[Path], object]) -> None:
    assert bootstrap.is_ready(set_up)
    damage(set_up)
    assert not bootstrap.is_ready(set_up)


def test_a_course_that_was_moved_is_set_up_anew(set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    moved = tmp_path_factory.mktemp("elsewhere") / "course"
    shutil.move(set_up, moved)
    assert not bootstrap.is_ready(moved)


def test_a_folder_that_is_no_environment_is_not_emptied(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (course / ".venv").mkdir()
    (course / ".venv" / "thesis.txt").write_text("years of work")
    assert bootstrap.main(course) == 1
    assert "is not a virtual environment" in capsys.readouterr().out
    assert (course / ".venv" / "thesis.txt").read_text() == "years of work"


def install(site: Path, name: str, content: str = "x = 1\n") -> None:
    """Put a package in place as pip does."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}.py").write_text(content)
    (info / "RECORD").write_text(f"{name}.py,sha256=x,{len(content)}\n{info.name}/RECORD,,\n")


def test_only_packages_that_are_not_whole_are_forgotten(tmp_path: Path) -> None:
    for name in ("whole", "truncated", "deleted", "unfinished"):
        install(tmp_path, name)
    (tmp_path / "truncated.py").write_text("")
    (tmp_path / "deleted.py").unlink()
    (tmp_path / "unfinished-1.0.dist-info" / "RECORD").unlink()
    (tmp_path / "~orch").mkdir()
    said: list[str] = []
    assert piprun.forget_damaged(tmp_path, said.append) == len("x = 1\n")
    assert [path.name for path in tmp_path.glob("*.dist-info")] == ["whole-1.0.dist-info"]
    assert not (tmp_path / "~orch").exists()
    assert sorted(line.split()[0] for line in said) == ["deleted-1.0", "truncated-1.0", "unfinished-1.0"]


class Broken(BaseHTTPRequestHandler):
    """A package index that lists a wheel and breaks off in the middle of it."""

    def do_GET(self) -> None:
        """Answer."""
        wheel = self.path.endswith(".whl")
        body = b"PK" if wheel else b'<a href="/torch-2.15.0-py3-none-any.whl">torch-2.15.0-py3-none-any.whl</a>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(1_000_000 if wheel else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def broken_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lead pip to an index whose downloads break off."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    only(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def only(monkeypatch: pytest.MonkeyPatch, index: str) -> None:
    """Let pip ask this index and nothing else, and not for long."""
    settings = {"CONFIG_FILE": "/dev/null", "INDEX_URL": index, "RETRIES": "0", "DEFAULT_TIMEOUT": "5"}
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "CONSTRAINT"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    for name, value in {**settings, "NO_CACHE_DIR": "1", "RESUME_RETRIES": "0"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.slow
@pytest.mark.usefixtures("broken_index")
def test_a_download_that_breaks_off_is_named_and_the_log_is_kept(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(course) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert "the download of torch" in last
    assert "run the same command again" in last
    assert "torch-2.15.0" in (course / ".venv" / "setup.log").read_text()
    assert not bootstrap.is_ready(course)


@pytest.mark.slow
def test_without_a_network_the_sentence_is_about_the_download(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_RETRIES", "1")
    assert bootstrap.main(course) == 1
    assert "the download of torch failed" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("Collecting jedi\nERROR: HTTPSConnectionPool(host='x', port=443): Read timed out.", "the download of jedi"),
        (
            "ERROR: No matching distribution found for torch>=9\nERROR: done",
            "No matching distribution found for torch>=9",
        ),
        ("", "pip said nothing"),
    ],
    ids=["full disk", "slow network", "no such version", "silence"],
)
def test_the_failure_of_pip_becomes_a_sentence(words: str, sentence: str) -> None:
    said = piprun.why_failed(words.splitlines())
    assert sentence in said
    assert "run the same command again" in said


def test_progress_is_a_few_lines_where_lines_cannot_be_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter(range(10_000))
    monkeypatch.setattr(piprun.time, "time", lambda: next(now) / 10)
    progress = piprun.Progress("[2/4] torch", tmp_path)
    progress.take("Collecting torch")
    progress.take("  Downloading torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl (539.1 MB)")
    for part in range(0, 1000, 5):
        progress.take(f"Progress {part} of 1000")
    lines = capsys.readouterr().out.splitlines()
    assert 1 <= len(lines) <= 3
    assert "torch-2.15.0" in lines[0]
    assert "%" in lines[0]
