"""A corpus of attacks: none earns more than its honest part, learns a secret, or is felt by the next student.

Each file of ``attacks/`` is one attack: a docstring that says what it tries, and the cells that a cheat adds to an
honest notebook. Comments at its top say

``earns``
    the most that each exercise may earn, which is what its honest part earns;
``shows``
    a pattern that is found in the graded notebook, so that an attack which never took place is not taken for a defence;
``limits``
    limits that are smaller than usual, so that it ends soon;
``open``
    why it is known to succeed, until that is mended.
"""

from __future__ import annotations

import ast
import json
import os
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.draws import graded_seed
from autograder.exercise import Chapter, hidden_probe
from autograder.grading.engine import Engine, Graded
from autograder.grading.isolation import open_processes
from autograder.grading.process import Limits, Processes
from autograder.grading.report import fill_outputs
from autograder.grading.session import Session
from autograder.grading.strays import descendants
from autograder.grading.work import Work, do
from autograder.judge import Mistake
from autograder.observe import Outcomes, observe
from autograder.proxy import Loopback, LostError
from autograder.wire import encode, frame
from tests.grading.conftest import COUNTER, DOUBLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ATTACKS = Path(__file__).parent / "attacks"
PATIENT = Limits(cell_seconds=120, call_seconds=120, submission_seconds=600, start_seconds=120)
#: Limits that the grader keeps itself: they need no enclosure of their own.
KEPT_HERE = ("cell_seconds", "call_seconds", "callbacks")
FULL = {"double": 4.0, "twice": 3.0, "Counter": 2.0}

TWICE = "def twice(f, x):\n    return f(f(x))\n"
#: Tells of everything that an earlier student could have changed.
SURROUNDINGS = """
import hashlib, os, pathlib, sys
import autograder
for place in (os.environ["HOME"], "/tmp", "/dev/shm", "/dev", "/", "/package"):
    print(place, sorted(os.listdir(place)))
print(os.getcwd(), os.nice(0), os.umask(0o22), sorted(os.sched_getaffinity(0)))
print(sorted(os.environ.items()), sys.path, sorted(sys.modules))
print([name for name in os.listdir("/proc") if name.isdigit()], sorted(os.listdir("/proc/self/fd")))
for path in sorted(pathlib.Path(autograder.__file__).parent.rglob("*.py")):
    print(path, hashlib.sha256(path.read_bytes()).hexdigest())
"""


@dataclass(frozen=True)
class Attack:
    name: str
    tries: str
    earns: dict[str, float]
    shows: str
    limits: dict[str, float]
    open: str
    cells: tuple[str, ...]


def read_attack(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    head, *cells = re.split(r"^# %%\n", text, flags=re.MULTILINE)
    said = dict(re.findall(r"^# (earns|shows|limits|open): (.+)$", head, re.MULTILINE))
    return Attack(
        path.stem,
        ast.get_docstring(ast.parse(head)) or "",
        {name: float(most) for name, most in (item.split() for item in said["earns"].split(", "))},
        said.get("shows", ""),
        {
            name: float(most) if "." in most else int(most)
            for name, most in re.findall(r"(\w+)=([\d._]+)", said.get("limits", ""))
        },
        said.get("open", ""),
        tuple(cells),
    )


CORPUS = [read_attack(path) for path in sorted(ATTACKS.glob("*.py"))]


EACH = [
    pytest.param(
        attack, id=attack.name, marks=[pytest.mark.xfail(strict=True, reason=attack.open)] if attack.open else []
    )
    for attack in CORPUS
]


# --- secrets, where an attack could look for them


@dataclass(frozen=True)
class Planted:
    """Random texts that no student may come to know."""

    environment: str
    memory: str
    secret: str
    files: str
    hidden: str

    @property
    def everywhere(self) -> tuple[str, ...]:
        return self.environment, self.memory, self.secret, self.files


def canary() -> str:
    return f"canary{secrets.token_hex(16)}"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """Put secrets where a grader has them: environment, memory, course, gradebook, other students' work, this machine."""
    made = Planted(canary(), canary(), canary(), canary(), canary())
    course = tmp_path_factory.mktemp("course")
    places = [
        *(course / name for name in ("solutions/arithmetic.py", "hidden/arithmetic.py", "gradebook.db", ".secret")),
        course / "submitted" / "another" / "arithmetic" / "arithmetic.ipynb",
        *(Path(folder) / f"nexttoken-{os.getpid()}-{made.files}" for folder in (Path.home(), tempfile.gettempdir())),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXTTOKEN_SECRET", made.environment)
        patch.setenv("A_SECRET", made.environment)
        for place in places:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(made.files)
            place.chmod(0o644)
        yield made
        for place in places:
            place.unlink()


# --- what is graded


class Counter:
    """Count from a number."""

    def __init__(self, start: int) -> None:
        self.count = start

    def up(self) -> int:
        self.count += 1
        return self.count


RIGHT = {"double": lambda x: x + x, "twice": lambda f, x: f(f(x)), "Counter": Counter}


class KnownAnswers:
    """Stands where the engine has the reference solutions of a real chapter."""

    def want(self, exercise: Any, seed: bytes) -> Outcomes:
        return observe(exercise, Loopback(RIGHT), seed)

    def mistakes(self, exercise: Any, seed: bytes) -> dict[str, Mistake]:
        return {}


def add_twice(chapter: Chapter) -> None:
    """Add an exercise that is handed a function of the grader's."""
    twice = chapter.function("twice", title="Twice", minutes=1, difficulty=1, oracle="arithmetic")

    @twice.probe(points=2, cases=2)
    def applies_twice(impl: Any, rng: Any) -> Any:
        """It applies a function two times."""
        factor, asked = int(rng.integers(2, 99)), []

        def times(x: int) -> int:
            asked.append(x)
            return x * factor

        return {"result": impl(times, int(rng.integers(2, 99))), "asked": asked}


def with_secrets(chapter: Chapter, planted: Planted) -> Chapter:
    """Return the chapter with hidden probes whose names and inputs are secret; ``Counter`` is asked last."""

    def doubles(impl: Any, rng: Any) -> Any:
        return impl(f"{planted.hidden}{rng.integers(9)}")

    def applies(impl: Any, rng: Any) -> Any:
        def times(x: int) -> int:
            return x * 3

        times.__qualname__ = f"{applies.__name__}.<locals>.times"
        return impl(times, int(rng.integers(2, 99)))

    exercises = {}
    for name, run in (("double", doubles), ("twice", applies), ("Counter", None)):
        exercise = chapter.exercises[name]
        if run is not None:
            run.__name__ = run.__qualname__ = run.__doc__ = planted.hidden
            exercise = exercise.with_hidden([hidden_probe(exercise, points=1, cases=1)(run).probe])
        exercises[name] = exercise
    return Chapter(chapter.name, chapter.title, exercises)


@pytest.fixture
def chapter(arithmetic: Chapter, planted: Planted) -> Chapter:
    add_twice(arithmetic)
    return with_secrets(arithmetic, planted)


def submission(*cells: str) -> NotebookNode:
    """Return an honest notebook with cells added."""
    return new_notebook(cells=[new_code_cell(source) for source in (f"{DOUBLE}\n{COUNTER}\n{TWICE}", *cells)])


class Enclosures:
    """Warm processes under any limits, each with what an honest notebook got from it before any attack."""

    def __init__(self, package: bytes) -> None:
        self._package = package
        self._opened: dict[Limits, Processes] = {}
        self.expected: dict[Limits, Graded] = {}

    def engine(self, chapter: Chapter, limits: Limits, secret: str) -> Engine:
        """Return an engine that asks with the patience of `limits`, in the enclosure that they need."""
        place = enclosed(limits)
        if place not in self._opened:
            self._opened[place] = open_processes("bubblewrap", self._package, new_notebook(), place)
            self.expected[place] = self.engine(chapter, place, secret).grade(submission(SURROUNDINGS))
        return engine_in(self._opened[place], chapter, limits, secret)

    def close(self) -> None:
        for processes in self._opened.values():
            processes.close()


def engine_in(processes: Processes, chapter: Chapter, limits: Limits, secret: str) -> Engine:
    seeds = {name: graded_seed(secret.encode(), chapter.name, name, 1) for name in chapter.exercises}
    engine = Engine(chapter, seeds, processes, limits)
    setattr(engine, "_reference", KnownAnswers())
    return engine


def enclosed(limits: Limits) -> Limits:
    """Return limits with those as usual that the grader keeps itself."""
    return replace(limits, **{name: getattr(PATIENT, name) for name in KEPT_HERE})


@pytest.fixture(scope="module")
def enclosures(package: bytes, planted: Planted, bubblewrap: None) -> Iterator[Enclosures]:
    made = Enclosures(package)
    yield made
    made.close()


# --- what is left of an attack


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def below_us() -> set[int]:
    """Return the processes below this one; not those of a browser that other tests opened, which come and go."""
    below = descendants([os.getpid()])
    drivers = {process for process in below if name_of(process).startswith("node")}
    return {process for process in below - drivers - descendants(drivers) if alive(process)}


def name_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def all_end(processes: Callable[[], set[int]], seconds: float = 60.0) -> bool:
    """Wait until there are none; what is killed takes a moment to be gone."""
    deadline = time.monotonic() + seconds
    while processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def dropped_files() -> list[Path]:
    """List what attacks try to leave on this machine: they all give it the same name."""
    folders = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/dev", "/", Path.home(), Path.cwd(), *sys.path]
    return [path for folder in folders for path in Path(folder).glob("*nexttoken-attack*")]


def shown(notebook: NotebookNode) -> str:
    """Return what a person reads in a graded notebook."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts += [output.get("text", ""), output.get("ename", ""), output.get("evalue", "")]
            texts.append(output.get("data", {}).get("text/plain", ""))
    return "\n".join(texts)


def earned(graded: Graded) -> dict[str, float]:
    return {verdict.exercise: verdict.earned for verdict in graded.verdicts}


def with_verdicts(notebook: NotebookNode, chapter: Chapter) -> NotebookNode:
    """Add the cells in which verdicts are shown."""
    for name in chapter.exercises:
        cell = new_code_cell(f"check({name})")
        cell.metadata["nbgrader"] = {"grade_id": name}
        notebook.cells.append(cell)
    return notebook


# --- the tests


def test_the_corpus_is_large_and_says_what_it_tries() -> None:
    assert len(CORPUS) >= 40
    for attack in CORPUS:
        assert attack.tries.endswith("."), attack.name
        assert attack.cells, attack.name
        assert set(attack.earns) == set(FULL), attack.name


@pytest.mark.parametrize("attack", EACH)
def test_an_attack_gains_nothing_learns_nothing_and_leaves_nothing(
    attack: Attack,
    enclosures: Enclosures,
    chapter: Chapter,
    planted: Planted,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    limits = replace(PATIENT, **attack.limits)  # type: ignore[arg-type]
    engine = enclosures.engine(chapter, limits, planted.secret)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = below_us()
    notebook = with_verdicts(submission(*attack.cells), chapter)

    graded = engine.grade(notebook)
    filled = fill_outputs(notebook, graded)
    handed_back = nbformat.writes(filled)

    for exercise, points in earned(graded).items():
        assert points <= attack.earns[exercise], (exercise, shown(filled)[-3000:])
    assert re.search(attack.shows, shown(filled)), shown(filled)[-3000:]
    for secret in planted.everywhere:
        assert secret not in handed_back
        assert secret not in str(graded)
    assert planted.hidden not in handed_back
    assert all_end(lambda: below_us() - before)
    assert dropped_files() == []
    assert list(tmp_path.iterdir()) == []

    honest = enclosures.engine(chapter, enclosed(limits), planted.secret).grade(submission(SURROUNDINGS))
    assert earned(honest) == FULL
    assert honest == enclosures.expected[enclosed(limits)]


@pytest.mark.slow
def test_an_honest_notebook_that_used_all_of_torchs_threads_is_answered(
    package: bytes, chapter: Chapter, planted: Planted
) -> None:
    """A fork that is made after a multi-threaded operation hangs in its next one: none may be made then."""
    importing = new_notebook(cells=[new_code_cell("import torch")])
    limits = replace(PATIENT, cell_cpu_seconds=100, call_cpu_seconds=60)
    processes = open_processes("bubblewrap", package, importing, limits)
    threads = "import torch\ntorch.set_num_threads(8)\nlarge = torch.ones(600, 600)\n"
    used = "def double(x):\n    assert float((large @ large)[0, 0]) == 600\n    return x + x"
    try:
        engine = engine_in(processes, chapter, limits, planted.secret)
        graded = engine.grade(submission(f"{threads}large @ large;", used))
    finally:
        processes.close()
    assert earned(graded) == FULL


class Line:
    """A student's process of which there is only the line, with its first answer on it and the beginning of another."""

    def __init__(self) -> None:
        self._requests, self.write_fd = os.pipe()
        self.read_fd, self._replies = os.pipe()
        os.write(self._replies, frame(encode(["ok", []])) + b"\0")

    def ended(self, seconds: float = 0.0) -> LostError | None:
        return None

    def close(self) -> None:
        for descriptor in (self._requests, self.write_fd, self.read_fd, self._replies):
            os.close(descriptor)


@pytest.mark.parametrize("call", ["read", "write"])
def test_a_line_that_somebody_else_uses_is_a_timeout_and_no_fault_of_the_graders(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where grader and student are one user, the student can open its pipes from the other end."""

    def taken(*_: object) -> None:
        raise BlockingIOError

    with Session(Line(), Limits(cell_seconds=0.2)) as session:
        monkeypatch.setattr(os, call, taken)
        with pytest.raises(LostError) as lost:
            session.run_cell("")
        monkeypatch.undo()
    assert lost.value.reason == "timeout"


# --- files that are attacks themselves


def cells_in(*cells: Any) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def code_cell(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], **more}


def marked_as(grade_id: str) -> dict[str, Any]:
    return {"nbgrader": {"grade_id": grade_id, "grade": True, "points": 99, "solution": True, "locked": False}}


NESTED = b'{"a": ' * 900 + b"1" + b"}" * 900
ALIVE = "<script>document.title='taken over'</script>"
HOSTILE_FILES = {
    "lists without end": b'{"cells": ' + b"[" * 1_000_000,
    "too many cells": cells_in(*[code_cell("x = 1")] * 10_001),
    "many cells": cells_in(*[code_cell("x = 1")] * 1_000),
    "many empty lists": b'{"cells": [' + b"[]," * 1_000_000 + b"[]]}",
    "a huge cell": cells_in(code_cell("x = 1\n" * 50_000 + f"y = '{'y' * 3_000_000}'")),
    "deep metadata": cells_in(code_cell("1")).replace(b"{}", NESTED),
    "deep outputs": cells_in(code_cell("1")).replace(b"[]", NESTED),
    "outputs of its own": cells_in(
        code_cell("1", outputs=[{"output_type": "display_data", "data": {"text/html": ALIVE}, "metadata": {}}])
    ),
    "markup in text": cells_in({"cell_type": "markdown", "metadata": {}, "source": ALIVE}),
    "text that takes long to read": cells_in(
        {"cell_type": "markdown", "metadata": {}, "source": "](" * 100_000 + "<" * 100_000}, code_cell("def " * 50_000)
    ),
    "the marks of every cell": cells_in(
        *[code_cell("x = 1", metadata=marked_as(name)) for name in ("double", "double-code", "Counter")] * 50
    ),
    "names that lead elsewhere": cells_in(
        *[code_cell("x = 1", id=name, metadata=marked_as(name)) for name in ("../../x", "/etc/passwd", ALIVE, "a\0b")]
    ),
    "numbers that are none": b'{"cells": [{"source": NaN, "id": 1e999999, "cell_type": ' + b"9" * 100_000 + b"}]}",
    "a zip": b"PK\x03\x04" + bytes(1000),
    "half characters": cells_in(code_cell("x = '\ud800'", id="\ud800", metadata={"tags": ["\ud800"]})),
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_a_hostile_file_gains_nothing_and_stops_nothing(
    name: str, enclosures: Enclosures, chapter: Chapter, planted: Planted, released: NotebookNode
) -> None:
    engine = enclosures.engine(chapter, PATIENT, planted.secret)
    done = do(
        Work("arithmetic", "cheat", "cheat.ipynb", HOSTILE_FILES[name], "", "key", "bubblewrap"), engine, released
    )
    assert not done.fault
    assert done.result.earned in (None, 0)
    assert done.result.status == "graded" or done.result.why
    assert "<script" not in done.notebook
    assert ALIVE not in json.dumps(done.result.to_json())
    assert engine.grade(submission(SURROUNDINGS)) == enclosures.expected[PATIENT]


# --- what an instructor sees of an attack


@pytest.mark.browser
@pytest.mark.parametrize("name", ["forges_active_outputs", "odd_texts"])
def test_outputs_that_are_forged_do_nothing_in_a_browser(
    name: str, enclosures: Enclosures, chapter: Chapter, planted: Planted, browser: Browser, tmp_path: Path
) -> None:
    from nbconvert.exporters import HTMLExporter

    (attack,) = [one for one in CORPUS if one.name == name]
    notebook = with_verdicts(submission(*attack.cells), chapter)
    graded = enclosures.engine(chapter, PATIENT, planted.secret).grade(notebook)
    html, _ = HTMLExporter().from_notebook_node(fill_outputs(notebook, graded))
    page = browser.new_page()
    page.route(re.compile("^(?!file:)"), lambda route: route.abort())
    graded_notebook = tmp_path / "graded.html"
    graded_notebook.write_text(html, encoding="utf-8")
    page.goto(graded_notebook.as_uri())
    try:
        assert page.title() == "Notebook"
        assert "taken over" in page.locator("body").inner_text()
        assert page.locator("[onerror], [onload], [onmouseover], svg[onload]").count() == 0
        assert page.locator("script", has_text="taken over").count() == 0
    finally:
        page.close()
