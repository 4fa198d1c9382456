"""Who may import whom, by reading the code and by running it."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parents[1]
OURS = [name for name in ("autograder", "nexttoken", "pocket", "solutions", "widgets") if (ROOT / name).is_dir()]
INSTRUCTORS = ("grading", "hidden", "release", "trusted")


def modules(package: str) -> Iterator[Path]:
    """Yield a package's modules; what an invented class handed in is none."""
    yield from (path for path in sorted((ROOT / package).rglob("*.py")) if "sample_class" not in path.parts)


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=False, **options)  # type: ignore[call-overload,no-any-return]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = str(Path(sys.executable).with_name("lint-imports"))
    return run(
        command,
        "--no-cache",
        "--config",
        str(folder / ".importlinter"),
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": str(folder)},
    )


def loaded(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has after a statement."""
    done = run(
        sys.executable,
        "-c",
        f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))",
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


# --- by reading


def test_the_contracts_of_the_import_linter_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("widgets/temperature.py", "import solutions"),
        ("widgets/temperature.py", "def f():\n    from autograder.verdict import Verdict"),
        ("solutions/next_token.py", "from autograder import check"),
        ("autograder/student.py", "from autograder.grading.results import Result"),
        ("autograder/judge.py", "from autograder.release import leaks"),
        ("autograder/probes/next_token/generate.py", "from autograder.hidden import next_token as hidden"),
        ("autograder/trusted/reference.py", "import solutions.next_token"),
        ("autograder/grading/engine.py", "import nexttoken.cli"),
        ("nexttoken/cli.py", "from autograder.hidden import next_token"),
    ],
)
def test_a_forbidden_import_breaks_a_contract(module: str, statement: str, tmp_path: Path) -> None:
    for name in OURS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "sample_class"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    path = tmp_path / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{statement}\n", encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_the_contracts_name_every_package_of_ours() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter", encoding="utf-8")
    assert config["importlinter"]["root_packages"].split() == OURS


def test_only_one_module_loads_the_references() -> None:
    loads = re.compile(
        r"import_module\([^)]*solutions|__import__\([^)]*solutions|^\s*(?:from|import) solutions\b", re.MULTILINE
    )
    found = [
        str(path.relative_to(ROOT))
        for package in OURS
        if package != "solutions"
        for path in modules(package)
        if loads.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["autograder/trusted/reference.py"]


def test_nobody_outside_the_instructors_side_even_names_a_module_of_the_references() -> None:
    """A dotted name in a string could be imported as well."""
    dotted = re.compile(r"[\"']solutions\.")
    for package in ("autograder", "widgets"):
        for path in modules(package):
            if not set(path.relative_to(ROOT).parts) & set(INSTRUCTORS):
                assert not dotted.search(path.read_text(encoding="utf-8")), path


def imported(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "course").glob("*.md")), ids=lambda path: path.stem)
def test_a_chapter_imports_no_references_and_nothing_of_the_instructors_side(path: Path) -> None:
    cells = jupytext.read(path).cells
    code = [re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.MULTILINE) for cell in cells if cell.cell_type == "code"]
    for source in code:
        for name in imported(source):
            assert not re.match(r"(solutions|nexttoken|autograder\.(grading|hidden|release|trusted))(\.|$)", name), name
    assert not re.search(r"^\s*(from|import)\s+solutions\b", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_no_module_of_a_package_imports_the_tests() -> None:
    for package in OURS:
        for path in modules(package):
            assert not {
                name for name in imported(path.read_text(encoding="utf-8")) if name.partition(".")[0] == "tests"
            }


# --- by running


def test_importing_the_autograder_brings_neither_torch_nor_the_references() -> None:
    heavy = {
        "torch",
        "solutions",
        "nexttoken",
        "widgets",
        "IPython",
        "nbformat",
        "nbgrader",
        "jupytext",
        "typer",
        "rich",
    }
    assert not loaded("from autograder import check, progress, reset") & heavy


def test_importing_the_command_line_brings_nothing_heavy() -> None:
    assert not loaded("import nexttoken.cli") & {"torch", "solutions", "numpy", "nbgrader", "jupytext", "IPython"}


def test_importing_the_widgets_brings_neither_torch_nor_a_grader() -> None:
    assert not loaded("import widgets") & {"torch", "solutions", "autograder", "nexttoken"}


def test_the_references_need_nothing_of_the_course() -> None:
    assert not loaded("import solutions.next_token") & {"autograder", "nexttoken", "widgets"}
