"""One submission: each exercise is judged on its own, whatever the others do to the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.draws import graded_seed
from autograder.exercise import Chapter
from autograder.grading.engine import Engine, Graded
from autograder.grading.open_process import OpenProcesses
from autograder.grading.process import InfrastructureError, Limits, Processes
from autograder.grading.report import explain_refusal, fill_outputs
from autograder.grading.session import Session
from autograder.judge import Mistake
from autograder.observe import Outcomes, observe
from autograder.proxy import Loopback
from tests.grading.conftest import COUNTER, DOUBLE

Fill = Callable[..., NotebookNode]

SECRET = b"a secret of the course"
LIMITS = Limits(cell_seconds=120, call_seconds=120, start_seconds=120)
HASTY = Limits(cell_seconds=1.0, call_seconds=1.0, start_seconds=120)
ENDS = "import os; os._exit(1)"


class Counter:
    """Count from a number."""

    def __init__(self, start: int) -> None:
        self.count = start

    def up(self) -> int:
        self.count += 1
        return self.count


class KnownAnswers:
    """Stands where the engine has the reference solutions of a real chapter."""

    def want(self, exercise: Any, seed: bytes) -> Outcomes:
        return observe(exercise, Loopback({"double": lambda x: x * 2, "Counter": Counter}), seed)

    def mistakes(self, exercise: Any, seed: bytes) -> dict[str, Mistake]:
        wrong = {"double": lambda x: x, "Counter": Counter}
        return {"same": Mistake("You gave it back as it was.", observe(exercise, Loopback(wrong), seed))}


Opened = Callable[[Limits], Processes]


@pytest.fixture
def engine(arithmetic: Chapter, opened: Opened) -> Engine:
    return made(arithmetic, opened)


def made(chapter: Chapter, opened: Opened, limits: Limits = LIMITS, secret: bytes = SECRET) -> Engine:
    seeds = {name: graded_seed(secret, chapter.name, name, 1) for name in chapter.exercises}
    engine = Engine(chapter, seeds, opened(limits), limits)
    engine._reference = KnownAnswers()
    return engine


def points(graded: Graded) -> dict[str, float]:
    return {verdict.exercise: verdict.earned for verdict in graded.verdicts}


def errors(graded: Graded) -> list[str]:
    return [f"{item[1]}: {item[2]}" for outputs in graded.outputs.values() for item in outputs if item[0] == "error"]


# --- points


def test_right_answers_get_all_points(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit())
    assert points(graded) == {"double": 3, "Counter": 2}
    assert (graded.earned, graded.possible) == (5, 5)
    assert errors(graded) == []


def test_the_release_itself_gets_none(engine: Engine, released: NotebookNode) -> None:
    graded = engine.grade(released)
    assert points(graded) == {"double": 0, "Counter": 0}
    assert "Not written yet" in str(graded.verdicts[0].note)


def test_part_of_an_exercise_gets_part_of_its_points(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit("def double(x):\n    return x + x if isinstance(x, int) else None"))
    assert points(graded) == {"double": 2, "Counter": 2}


def test_a_known_mistake_is_named(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit("def double(x):\n    return x"))
    assert graded.verdicts[0].cause == "You gave it back as it was."
    assert graded.verdicts[1].cause is None


def test_grading_again_gives_the_same(engine: Engine, submit: Fill) -> None:
    notebook = submit("def double(x):\n    return x + 1")
    assert engine.grade(notebook) == engine.grade(notebook)


def test_grading_leaves_the_notebook_as_it_was(engine: Engine, submit: Fill) -> None:
    notebook, before = submit(), submit()
    engine.grade(notebook)
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in before.cells]
    assert all(not cell.get("outputs") for cell in notebook.cells)


# --- one loss costs one exercise


@pytest.mark.parametrize(
    "double",
    [f"def double(x):\n    {ENDS}", "def double(x):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGSEGV)"],
    ids=["exits", "segfaults"],
)
def test_an_answer_that_ends_the_process_costs_that_exercise_alone(double: str, engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit(double))
    assert points(graded) == {"double": 0, "Counter": 2}
    failure = graded.verdicts[0].probes[0].failure
    assert failure is not None
    assert "the process ended" in failure.problem


def test_an_answer_that_never_comes_costs_that_exercise_alone(
    arithmetic: Chapter, opened: Opened, submit: Fill
) -> None:
    graded = made(arithmetic, opened, HASTY).grade(submit("def double(x):\n    while True:\n        pass"))
    assert points(graded) == {"double": 0, "Counter": 2}
    failure = graded.verdicts[0].probes[0].failure
    assert failure is not None
    assert "no answer in time" in failure.problem


def test_a_notebook_whose_time_is_over_is_not_run_any_further(
    arithmetic: Chapter, opened: Opened, submit: Fill
) -> None:
    limits = Limits(cell_seconds=120, call_seconds=120, start_seconds=120, submission_seconds=0.0)
    graded = made(arithmetic, opened, limits).grade(submit())
    assert points(graded) == {"double": 0, "Counter": 0}
    failure = graded.verdicts[0].probes[0].failure
    assert failure is not None
    assert "for the whole notebook" in failure.problem


def test_the_last_exercise_may_end_the_process_as_well(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit(counter=f"class Counter:\n    def __init__(self, start):\n        {ENDS}"))
    assert points(graded) == {"double": 3, "Counter": 0}


def test_a_cell_that_ends_the_process_is_left_out_and_says_so(engine: Engine, submit: Fill) -> None:
    notebook = submit()
    notebook.cells[1].source = ENDS
    graded = engine.grade(notebook)
    assert points(graded) == {"double": 3, "Counter": 2}
    assert errors(graded) == ["Crash: This cell ended the process: it exited with code 1."]


def test_a_cell_that_never_ends_is_left_out_and_says_so(arithmetic: Chapter, opened: Opened, submit: Fill) -> None:
    notebook = submit()
    notebook.cells[1].source = "while True:\n    pass"
    graded = made(arithmetic, opened, HASTY).grade(notebook)
    assert points(graded) == {"double": 3, "Counter": 2}
    assert errors(graded) == ["Timeout: This cell ended the process: more than 1 seconds."]


def test_a_notebook_that_ends_the_process_again_and_again_is_given_up(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit("double = 1", "Counter = 1", *[ENDS] * 8, "print('never')"))
    assert points(graded) == {"double": 0, "Counter": 0}
    said = errors(graded)
    assert sum(item.startswith("Crash") for item in said) == 6
    assert sum(item.startswith("Not run") for item in said) == 3


def test_a_cell_that_fails_does_not_keep_the_next_from_running(engine: Engine, submit: Fill) -> None:
    notebook = submit()
    notebook.cells[1].source = "1 / 0"
    graded = engine.grade(notebook)
    assert points(graded) == {"double": 3, "Counter": 2}
    assert errors(graded) == ["ZeroDivisionError: division by zero"]


def test_a_source_that_is_no_unicode_costs_nothing_else(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit("x = '\ud800'"))
    assert points(graded) == {"double": 0, "Counter": 2}


def test_a_cell_larger_than_any_message_costs_nothing_else(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit("x = '" + "x" * (65 * 2**20) + "'"))
    assert points(graded) == {"double": 0, "Counter": 2}


# --- what is run


@pytest.mark.parametrize(
    "magic",
    [
        "%matplotlib inline",
        "!echo hello",
        "%pip --version",
        "files = !ls",
        "%time 1 + 1",
        "%cd .",
        "%env",
        "%alias_magic t time",
    ],
)
def test_what_notebooks_ask_of_jupyter_does_not_keep_the_cell_from_running(
    magic: str, engine: Engine, submit: Fill
) -> None:
    graded = engine.grade(submit(f"{magic}\ndef double(x):\n    return x + x"))
    assert errors(graded) == []
    assert points(graded) == {"double": 3, "Counter": 2}


def test_a_module_that_a_cell_writes_is_found(engine: Engine, submit: Fill) -> None:
    notebook = submit("import helpers\ndef double(x):\n    return helpers.sum_of(x, x)")
    written = new_code_cell("%%writefile helpers.py\ndef sum_of(a, b):\n    return a + b")
    notebook.cells.insert(0, written)
    assert points(engine.grade(notebook)) == {"double": 3, "Counter": 2}


def test_a_command_shows_what_it_prints(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit(DOUBLE, COUNTER, "!echo to $((1 + 1)); echo lost >&2; exit 3", "_exit_code"))
    shown = [item for outputs in graded.outputs.values() for item in outputs]
    assert shown == [["stream", "stdout", "to 2\nlost\n"], ["display", {"text/plain": "3"}]]


def test_what_a_cell_puts_out_when_it_is_run_again_is_not_shown(engine: Engine, submit: Fill) -> None:
    """By then an earlier process of the same code was asked, and could tell it what."""
    clock = "import time; print(time.monotonic_ns())"
    asked: list[int] = []
    run_cell = Session.run_cell

    def noted(session: Session, source: str) -> list[Any]:
        asked.append(len(asked))
        return (
            [["stream", "stdout", str(len(asked))]] if source.startswith("import time") else run_cell(session, source)
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "run_cell", noted)
        again = engine.grade(submit("import os\ndef double(x):\n    os._exit(1)", COUNTER, clock)).outputs
    first_time = [item[2] for items in again.values() for item in items if item[0] == "stream"]
    assert len(asked) > 3, "the cells were run again"
    assert all(int(number) <= len(again) for number in first_time)


def test_an_experiment_is_not_run(engine: Engine, submit: Fill) -> None:
    notebook = submit()
    notebook.cells[1].metadata["tags"] = ["experiment"]
    notebook.cells[1].source = ENDS
    graded = engine.grade(notebook)
    assert graded.earned == 5
    assert 1 not in graded.outputs


def test_a_check_cell_is_not_run(engine: Engine, submit: Fill) -> None:
    notebook = submit()
    for index in (4, 7):
        notebook.cells[index].source = "def double(x):\n    return 0\nclass Counter:\n    pass"
    graded = engine.grade(notebook)
    assert graded.earned == 5
    assert not {4, 7} & set(graded.outputs)


def test_helper_cells_are_run(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit("double = 0", "Counter = 0", "def double(x):\n    return x * two", "two = 2"))
    assert points(graded) == {"double": 3, "Counter": 0}


@pytest.mark.parametrize(
    "double",
    [
        "def double(x):\n    print('[\"ok\", 6]')\n    return x + x",
        "def double(x):\n    import sys\n    sys.stdout.buffer.write(b'x' * 100_000) if hasattr(sys.stdout, 'buffer') else 0\n    return 2 * x",
    ],
    ids=["a false reply", "much"],
)
def test_what_an_answer_prints_is_no_part_of_it(double: str, engine: Engine, submit: Fill) -> None:
    assert points(engine.grade(submit(double))) == {"double": 3, "Counter": 2}


@pytest.mark.parametrize(
    "double",
    [
        "double = 3",
        "class double(int):\n    pass",
        "def double(x):\n    return type('int', (int,), {'__eq__': lambda *_: True})(0)",
        "def double(x):\n    return lambda: 2 * x",
        "def double(x):\n    yield 2 * x",
        "def double(x):\n    a = []\n    a.append(a)\n    return a",
        "def double(x):\n    return [0] * 10_000_000",
        "def double(x):\n    raise SystemExit",
        "def double(x):\n    return double(x)",
        "import autograder.serve as s\ns.Server.handle = lambda *_: b'junk'\ndouble = 1",
    ],
    ids=range(10),
)
def test_an_answer_of_another_kind_gets_no_points_and_stops_nothing(double: str, engine: Engine, submit: Fill) -> None:
    assert points(engine.grade(submit(double)))["double"] == 0


def test_a_grader_that_cannot_start_a_process_says_so_and_gives_no_points(arithmetic: Chapter, submit: Fill) -> None:
    with pytest.raises(InfrastructureError):
        made(arithmetic, lambda limits: OpenProcesses(b"no wheel", limits)).grade(submit())


# --- time


def test_a_limit_by_the_clock_is_told_apart_from_a_limit_of_processor_time(
    arithmetic: Chapter, opened: Opened, submit: Fill
) -> None:
    slow = made(arithmetic, opened, HASTY).grade(submit("import time\ndef double(x):\n    time.sleep(9)"))
    assert slow.waited, "a busy machine may be the cause"
    limits = Limits(cell_seconds=120, call_seconds=120, start_seconds=120, call_cpu_seconds=1)
    busy = made(arithmetic, opened, limits).grade(submit("def double(x):\n    while True:\n        pass"))
    assert not busy.waited
    assert points(busy) == {"double": 0, "Counter": 2}
    failure = busy.verdicts[0].probes[0].failure
    assert failure is not None
    assert "processor time" in failure.problem


def test_processor_time_is_given_anew_for_each_cell_and_answer(
    arithmetic: Chapter, opened: Opened, submit: Fill
) -> None:
    limits = Limits(cell_seconds=120, call_seconds=120, start_seconds=120, cell_cpu_seconds=2, call_cpu_seconds=2)
    work = "import time\ndef work():\n    start = time.process_time()\n    while time.process_time() - start < 1.2:\n        pass\n"
    notebook = submit(f"{work}work()\ndef double(x):\n    work()\n    return x + x", f"{work}work()\n{COUNTER}")
    assert points(made(arithmetic, opened, limits).grade(notebook)) == {"double": 3, "Counter": 2}


def test_the_seconds_of_each_phase_are_told(engine: Engine, submit: Fill) -> None:
    graded = engine.grade(submit())
    assert set(graded.seconds) == {"run", "probe", "reference", "compare"}
    assert all(seconds >= 0 for seconds in graded.seconds.values())


# --- the notebook that comes back


def test_the_graded_notebook_shows_outputs_and_verdicts_and_nothing_that_was_handed_in(
    engine: Engine, submit: Fill
) -> None:
    notebook = submit("print('hello')", "class Counter:\n    pass", "1 + 1")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "stream", "name": "stdout", "text": "5 of 5 points"}]
            cell.execution_count = 9
    filled = fill_outputs(notebook, engine.grade(notebook))
    assert "5 of 5 points" not in str(filled)
    assert filled.cells[3].outputs[0].text == "hello\n"
    assert filled.cells[4].outputs[0].data["text/html"].startswith("<section")
    assert "0 of 3 points" in filled.cells[4].outputs[0].data["text/plain"]
    assert filled.cells[8].outputs[0].data == {"text/plain": "2"}
    assert notebook.cells[3].outputs[0]["text"] == "5 of 5 points"  # what was handed in is as it was


def test_what_is_not_graded_says_why_in_each_check_cell(released: NotebookNode) -> None:
    filled = explain_refusal(released, "the file is empty")
    assert [cell.outputs[0].text for cell in filled.cells if cell.get("outputs")] == [
        "Not graded: the file is empty."
    ] * 2


def test_what_a_student_wrote_as_text_is_inert_also_where_it_is_an_answer(engine: Engine, submit: Fill) -> None:
    live = "<script>1</script> ![x](attachment:gone.gif)"
    notebook = submit()
    notebook.cells.append(new_markdown_cell(live, metadata={"nbgrader": {"grade_id": "essay", "locked": False}}))
    filled = fill_outputs(notebook, engine.grade(notebook))
    assert filled.cells[-1].source == "<\u2060script>1<\u2060/script> ![x](#picture-missing)"
