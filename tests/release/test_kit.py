"""What a student receives is complete, gives nothing away, and works on a machine that has nothing else of the course."""

from __future__ import annotations

import ast
import base64
import io
import json
import py_compile
import re
import site
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from autograder.courseroot import CourseRoot
from autograder.draws import graded_seed
from autograder.exercise import UnknownAssignmentError, chapter_names, graded_chapter, load_chapter
from autograder.recording import write
from autograder.release.kit import LeakError, build_kit
from autograder.release.leaks import Leak, Secrets, UnreadableArchiveError, course_secrets, scan
from autograder.release.masters import solution_lines
from autograder.release.package import PackagingError, build_wheel
from autograder.trusted.reference import Reference

ROOT = Path(__file__).parents[2]
CHAPTER = "next_token"
SECRET = bytes.fromhex("5e" * 32)
INSTRUCTORS = ("solutions", "grading", "hidden", "release", "trusted", "tests", "benchmarks", "sample_class")


@cache
def secrets() -> Secrets:
    return course_secrets(CourseRoot(ROOT), SECRET)


def found(path: Path) -> set[str]:
    return {leak.kind for leak in scan(path, secrets())}


# --- the kit


def test_a_kit_holds_the_notebook_the_wheel_and_a_readme_and_nothing_else(course: CourseRoot, tmp_path: Path) -> None:
    for name in chapter_names():
        path = build_kit(course, name, tmp_path / "dist", secrets())
        assert path == tmp_path / "dist" / f"nexttoken-{name}.zip"
        with zipfile.ZipFile(path) as kit:
            folder, names = f"nexttoken-{name}", sorted(kit.namelist())
            (wheel,) = [item for item in names if item.endswith(".whl")]
            assert names == sorted([f"{folder}/README.txt", f"{folder}/{name}.ipynb", wheel])
            assert kit.read(f"{folder}/{name}.ipynb") == course.released(name).read_bytes()
            readme = kit.read(f"{folder}/README.txt").decode()
            assert Path(wheel).name in readme
            assert f"{name}.ipynb" in readme


@pytest.mark.slow
def test_building_a_kit_again_gives_the_same_bytes(course: CourseRoot, tmp_path: Path) -> None:
    first = build_kit(course, CHAPTER, tmp_path / "one", secrets()).read_bytes()
    assert build_kit(course, CHAPTER, tmp_path / "two", secrets()).read_bytes() == first


def test_the_wheel_holds_what_a_student_needs_and_nothing_of_the_instructors_side(
    course: CourseRoot, tmp_path: Path
) -> None:
    with zipfile.ZipFile(build_wheel(course.path, tmp_path)) as wheel:
        names = wheel.namelist()
    for needed in ("autograder/student.py", "nexttoken/cli.py", "widgets/temperature.py", "widgets/js/temperature.js"):
        assert needed in names
    for chapter in chapter_names():
        assert f"autograder/probes/{chapter}/__init__.py" in names
        assert f"autograder/recorded/{chapter}.json" in names
    parts = {part for name in names for part in Path(name).parts}
    assert not parts & {*INSTRUCTORS, "__pycache__", "roster.toml"}
    assert not [name for name in names if name.endswith((".pyc", ".pyo"))]


def test_bytecode_and_notes_lying_about_do_not_reach_the_wheel(course: CourseRoot, tmp_path: Path) -> None:
    cached = course.path / "autograder" / "__pycache__" / "student.cpython-311.pyc"
    cached.parent.mkdir()
    cached.write_bytes(b"compiled")
    (course.path / "solutions" / "answers.txt").write_text("all of them")
    clean = build_wheel(course.path, tmp_path / "wheel")
    with zipfile.ZipFile(clean) as wheel:
        assert not [name for name in wheel.namelist() if name.endswith((".pyc", "answers.txt"))]


def test_a_course_without_its_pyproject_is_one_sentence(course: CourseRoot, tmp_path: Path) -> None:
    (course.path / "pyproject.toml").unlink()
    with pytest.raises(PackagingError, match="wheel could not be built from"):
        build_wheel(course.path, tmp_path)


def test_an_unknown_assignment_has_no_kit(course: CourseRoot, tmp_path: Path) -> None:
    with pytest.raises(UnknownAssignmentError, match=CHAPTER):
        build_kit(course, "next_tokens", tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


# --- the scan


def reference_line() -> str:
    """Return a line of a reference that stands nowhere else: the longest."""
    lines = solution_lines((ROOT / "solutions" / f"{CHAPTER}.py").read_text(encoding="utf-8"))
    return max((line for line in lines if "#" not in line), key=len)


def body_line(path: Path) -> str:
    """Return the longest line of code inside a function of a file."""
    source = path.read_text(encoding="utf-8")
    inside = [
        ast.get_source_segment(source, statement) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Assign | ast.Return)
    ]
    return max((line for line in inside if "\n" not in line), key=len)


def graded_expectation() -> str:
    exercise = graded_chapter(CHAPTER, ROOT / "autograder" / "hidden").exercises["softmax_temperature"]
    seed = graded_seed(SECRET, CHAPTER, exercise.name, exercise.version)
    return write(Reference(CHAPTER).want(exercise, seed)["follows_the_formula"][2])


def one_seed() -> bytes:
    return graded_seed(SECRET, CHAPTER, "generate", 1)


def reformatted(line: str) -> str:
    """Lay a line out with other spacing, as a formatter or a copy by hand would."""
    return "\t" + re.sub(r" ?([=+,(]) ?", r"  \1 ", line) + ","


def in_a_notebook(line: str) -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "source": ["def f(logits):\n", f"    {line}\n", "    return 1"]}
    return json.dumps({"cells": [cell], "nbformat": 4}).encode()


def zipped(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def compiled(tmp_path: Path) -> bytes:
    source = tmp_path / "to_compile.py"
    source.write_text("x = 1\n")
    return Path(py_compile.compile(str(source), cfile=str(tmp_path / "compiled"), doraise=True) or "").read_bytes()


#: What is planted: a name for it, the file, its bytes (made when the test runs), the kind that must be reported.
PLANTED: list[tuple[str, str, Callable[[Path], bytes], str]] = [
    (
        "a reference line in a module",
        "widgets/extra.py",
        lambda _: f"def f(logits):\n    {reference_line()}\n".encode(),
        "a line of a reference",
    ),
    (
        "a reference line, reformatted",
        "a.py",
        lambda _: f"def f():\n{reformatted(reference_line())}\n".encode(),
        "a line of a reference",
    ),
    (
        "a reference line, broken over several",
        "a.py",
        lambda _: reference_line().replace("(", "(\n        ").replace(")", ",\n    )").encode(),
        "a line of a reference",
    ),
    (
        "a reference line with a comment behind it",
        "a.py",
        lambda _: f"{reference_line()}  # shape (..., V)\n".encode(),
        "a line of a reference",
    ),
    ("a reference line in a notebook", "a.ipynb", lambda _: in_a_notebook(reference_line()), "a line of a reference"),
    ("a reference line in a text", "README.txt", lambda _: reference_line().encode(), "a line of a reference"),
    (
        "a reference line in a stub inside JSON",
        "a.json",
        lambda _: json.dumps({"stub": f"def f():\n    {reference_line()}"}).encode(),
        "a line of a reference",
    ),
    (
        "a reference line in a wheel",
        "a.whl",
        lambda _: zipped("nexttoken/a.py", f"    {reference_line()}".encode()),
        "a line of a reference",
    ),
    (
        "a reference line in a wheel in a zip",
        "kit.zip",
        lambda _: zipped("a.whl", zipped("nexttoken/a.py", reference_line().encode())),
        "a line of a reference",
    ),
    (
        "a mistake's line",
        "a.py",
        lambda _: body_line(ROOT / "solutions" / "mistakes" / CHAPTER / "generate.py").encode(),
        "a line of a mistake",
    ),
    (
        "a hidden probe's line",
        "a.py",
        lambda _: body_line(ROOT / "autograder" / "hidden" / f"{CHAPTER}.py").encode(),
        "a line of a hidden probe",
    ),
    ("a seed's bytes", "a.bin", lambda _: b"\0" + one_seed() + b"\0", "a seed"),
    ("a seed in hex", "a.json", lambda _: json.dumps({"seed": one_seed().hex()}).encode(), "a seed"),
    ("a seed in capital hex", "a.txt", lambda _: one_seed().hex().upper().encode(), "a seed"),
    ("a seed as Python writes it", "a.py", lambda _: f"SEED = {one_seed()!r}".encode(), "a seed"),
    ("a seed in base64", "a.txt", lambda _: base64.b64encode(one_seed()), "a seed"),
    ("the course secret", "a.toml", lambda _: f'secret = "{SECRET.hex()}"'.encode(), "a seed"),
    (
        "a graded expectation",
        "autograder/recorded/a.json",
        lambda _: json.dumps({"want": [graded_expectation()]}).encode(),
        "a graded expectation",
    ),
    ("bytecode", "a.pyc", compiled, "compiled code"),
    ("a solution marker", "a.ipynb", lambda _: in_a_notebook("### BEGIN SOLUTION"), "a solution marker"),
    ("a file of the solutions", "a.whl", lambda _: zipped("solutions/a.py", b""), "a file of the instructor's side"),
    ("a hidden file", "a.whl", lambda _: zipped("autograder/hidden/a.py", b""), "a file of the instructor's side"),
]


@pytest.mark.parametrize(("file", "make", "kind"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED])
def test_the_scan_finds_what_was_planted(file: str, make: Callable[[Path], bytes], kind: str, tmp_path: Path) -> None:
    place = tmp_path / "given"
    path = place / file
    path.parent.mkdir(parents=True)
    path.write_bytes(make(tmp_path))
    assert kind in found(place)
    assert kind in found(path)


@pytest.mark.parametrize(
    "text",
    [
        "raise NotImplementedError",
        "from torch import Tensor",
        "import math\n\nx = 1\n",
        "return ids",
        "# YOUR CODE HERE",
    ],
)
def test_the_scan_passes_what_everybody_writes(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(text)
    (tmp_path / "a.ipynb").write_bytes(in_a_notebook(text))
    assert found(tmp_path) == set()


def test_the_scan_passes_the_notebooks_and_public_probes_as_they_are(tmp_path: Path) -> None:
    for name in chapter_names():
        (tmp_path / f"{name}.ipynb").write_bytes(CourseRoot(ROOT).released(name).read_bytes())
        for path in (ROOT / "autograder" / "probes" / name).glob("*.py"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
        (tmp_path / f"{name}.json").write_bytes((ROOT / "autograder" / "recorded" / f"{name}.json").read_bytes())
    assert found(tmp_path) == set()


def test_a_seed_that_was_found_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(one_seed().hex())
    (leak,) = scan(tmp_path, secrets())
    assert one_seed().hex() not in repr(leak)


def test_an_archive_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kit.zip").write_bytes(zipped("a.py", b"x" * 1000)[:60])
    with pytest.raises(UnreadableArchiveError, match=r"kit\.zip"):
        scan(tmp_path, secrets())


def plant_reference_in_the_package(course: CourseRoot) -> None:
    path = course.path / "widgets" / "temperature.py"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\ndef _f(x):\n    {reference_line()}\n", encoding="utf-8")


def plant_seed_in_the_package(course: CourseRoot) -> None:
    (course.path / "nexttoken" / "seeds.py").write_text(f"SEED = {one_seed().hex()!r}\n")


def plant_solved_notebook(course: CourseRoot) -> None:
    solved = course.sample_class / "01-all-right" / CHAPTER / f"{CHAPTER}.ipynb"
    course.released(CHAPTER).write_bytes(solved.read_bytes())


def plant_graded_recording(course: CourseRoot) -> None:
    path = course.path / "autograder" / "recorded" / f"{CHAPTER}.json"
    recording = json.loads(path.read_text(encoding="utf-8"))
    recording["exercises"]["softmax_temperature"]["probes"]["follows_the_formula"]["want"][2] = graded_expectation()
    path.write_text(json.dumps(recording), encoding="utf-8")


def plant_instructors_folder(course: CourseRoot) -> None:
    path = course.path / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    assert '"autograder/hidden",' in text
    path.write_text(text.replace('"autograder/hidden",', ""), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "plant",
    [
        plant_reference_in_the_package,
        plant_seed_in_the_package,
        plant_solved_notebook,
        plant_graded_recording,
        plant_instructors_folder,
    ],
)
def test_a_kit_with_a_secret_in_it_is_not_written(
    plant: Callable[[CourseRoot], None], course: CourseRoot, tmp_path: Path
) -> None:
    plant(course)
    with pytest.raises(LeakError, match="No kit was written") as refused:
        build_kit(course, CHAPTER, tmp_path / "dist", secrets())
    assert refused.value.leaks
    assert all(isinstance(leak, Leak) for leak in refused.value.leaks)
    assert not (tmp_path / "dist").exists()


@pytest.mark.slow
def test_an_older_kit_stays_when_the_new_one_is_refused(course: CourseRoot, tmp_path: Path) -> None:
    before = build_kit(course, CHAPTER, tmp_path / "dist").read_bytes()
    plant_seed_in_the_package(course)
    with pytest.raises(LeakError):
        build_kit(course, CHAPTER, tmp_path / "dist")
    assert (tmp_path / "dist" / f"nexttoken-{CHAPTER}.zip").read_bytes() == before


# --- the kit at work, on a machine with nothing else of the course

_START = "import sys; sys.path[:] = [item for item in sys.path if 'site-packages' not in item] + sys.argv[1:]\n"


@pytest.fixture
def package(course: CourseRoot, tmp_path: Path) -> Path:
    """Unpack the wheel of a kit into a folder of its own."""
    with zipfile.ZipFile(build_kit(course, CHAPTER, tmp_path / "dist", secrets())) as kit:
        (name,) = [name for name in kit.namelist() if name.endswith(".whl")]
        with zipfile.ZipFile(io.BytesIO(kit.read(name))) as wheel:
            wheel.extractall(tmp_path / "package")
    return tmp_path / "package"


@pytest.fixture
def student(package: Path, tmp_path: Path) -> Callable[[str], str]:
    """Return a function that runs a script as on a student's machine and returns what it prints.

    The process sees the unpacked wheel and the installed libraries; ``-S`` keeps this checkout's own entry out.
    """
    home = tmp_path / "student"
    home.mkdir()

    def run(script: str) -> str:
        path = tmp_path / "script.py"
        path.write_text(_START + script, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(path), str(package), *site.getsitepackages()],
            cwd=home,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


ABSENT = """
import importlib
for name in ("solutions", "autograder.grading", "autograder.hidden", "autograder.release", "autograder.trusted"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        continue
    raise SystemExit(f"{name} is here")
"""

CHECKED = """
import torch
from autograder import check, progress

def softmax_temperature(logits, temperature):
    if not temperature >= 0:
        raise ValueError("below 0")
    if temperature == 0:
        best = (logits == logits.max(-1, keepdim=True).values).to(logits)
        return best / best.sum(-1, keepdim=True)
    return torch.log_softmax(logits / temperature, -1).exp()

check(softmax_temperature)

def softmax_temperature(logits, temperature):
    weights = (logits * temperature).exp()
    return weights / weights.sum(-1, keepdim=True)

print("-----")
check(softmax_temperature)
print("-----")
progress()
"""


def test_check_works_from_the_kit_where_there_are_no_solutions(student: Any) -> None:
    right, wrong, standing = student(ABSENT + CHECKED).split("-----\n")
    points = f"{load_chapter(CHAPTER).exercises['softmax_temperature'].points:g}"
    assert f"{points} of {points} points" in right
    assert "FAILED" not in right
    assert "decided at grading" in right
    assert f"{points} of {points} points" not in wrong
    assert "FAILED" in wrong
    assert "Likely cause" in wrong
    assert "expected" in wrong
    assert f"Attempt 2. Best so far: {points} of {points}." in wrong
    assert f"{points} of {points} points" in standing


def test_reset_prints_the_stub_from_the_kit(student: Any) -> None:
    said = student(ABSENT + 'from autograder import reset\nreset("BPETokenizer")\n')
    assert said.startswith("class BPETokenizer")
    assert said.count("raise NotImplementedError") == 4
    assert "### " not in said


def test_importing_check_brings_neither_torch_nor_anything_else_that_is_heavy(student: Any) -> None:
    said = student(
        "from autograder import check, reset, progress\n"
        "heavy = {'torch', 'IPython', 'nbformat', 'nbgrader', 'jupytext', 'solutions', 'typer', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    assert said == "[]\n"


def test_the_command_line_of_the_kit_lists_the_exercises(student: Any) -> None:
    said = student(
        "sys.argv = ['nexttoken', 'list', '--json']\nfrom nexttoken.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    )
    rows = json.loads(said)
    assert {row["assignment"] for row in rows} == set(chapter_names())
    assert all(row["mistakes"] == 0 for row in rows)
