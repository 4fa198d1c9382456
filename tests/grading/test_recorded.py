"""Recorded experiments: their tables are computed again, and nothing that a student hands in stops or costs anything."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.exercise import chapter_names
from autograder.grading.experiments import experiments_of, findings
from autograder.grading.feedback import feedback_page
from autograder.grading.finding import Finding
from autograder.grading.kept_records import kept_records
from autograder.grading.repair import is_run, repair
from autograder.grading.report import fill_outputs
from autograder.grading.results import Result
from autograder.grading.submission import is_experiment, read_json
from autograder.grading.work import Work, do
from autograder.records import MOST_BYTES, RECORD_TYPE, Record
from pocket.experiments import MOST_QUESTIONS, MULTI_STEP, reading_test
from pocket.tools import run_agents
from solutions.agents import react_experiment
from solutions.rag import rag_experiment, token_f1

ROOT = Path(__file__).parents[2]


def rag_record(count: int = 10, **changes: Any) -> Record:
    """Record an experiment as the cell of the exercise does, with answers that are made up."""
    test = reading_test(count)
    questions, golds = list(test.questions), [list(one) for one in test.golds]
    answers = [one[0] for one in golds]
    some = [answer if number % 10 < 6 else "unknown" for number, answer in enumerate(answers)]
    predictions = {"closed book": ["unknown"] * count, "k=1": some, "k=5": answers}
    table = rag_experiment(
        questions,
        golds,
        lambda _, k: [""] * k,
        lambda question, passages: predictions[{0: "closed book", 1: "k=1", 5: "k=5"}[len(passages)]][
            questions.index(question)
        ],
        lambda said, right: token_f1(said, right, lambda text: text.lower().split()),
        np.random.default_rng(0).integers(0, count, size=(200, count)),
    )
    data = {"questions": questions, "golds": golds, "predictions": predictions, "seed": 0, "draws": 200, "model": "x"}
    return Record.of("rag_experiment", changes.pop("table", table), {**data, **changes})


def write(prompt: str) -> str:
    """Be a model that searches once, and knows some answers."""
    question = next(one for one in MULTI_STEP if one["question"] in prompt)
    if not prompt.startswith("Tools:"):
        return "unknown\nQuestion:"
    turn, number = prompt.count("\nObservation:"), MULTI_STEP.index(question)
    ends = [f"finish[{question['answer']}]", "finish[unknown]", "finish[wrong]", "search[more]", ""]
    done = ["search[x [y] z]", "calculate[1/0]", "lookup[it]", ends[number % 5]]
    return f" So.\nAction: {done[min(turn, 3)]}" if number % 5 < 4 or turn < 2 else " I give up."


def search(query: str) -> str:
    return f"[1] found {query}"


def calculate(expression: str) -> float:
    raise ZeroDivisionError(expression)


def agents_record(**changes: Any) -> Record:
    """Record an experiment as the cell of the exercise does, with a model that is made up."""
    asked = [item["question"] for item in MULTI_STEP]
    tools = {"search": search, "calculate": calculate}
    trajectories = run_agents(asked, lambda prompts: [write(prompt) for prompt in prompts], tools)
    result = react_experiment(search, calculate, write)
    table = {
        "agent": {"steps": result["steps"], **result["tool use"], "right": result["accuracy"]},
        "model alone": {"right": result["direct accuracy"]},
    }
    data = {
        "questions": MULTI_STEP,
        "trajectories": trajectories,
        "replies": [write(f"Question: {question}\nAnswer:") for question in asked],
        "failures": result["failures"],
    }
    return Record.of("react_experiment", changes.pop("table", table), {**data, **changes})


RECORDS = {"rag": rag_record, "agents": agents_record}
each_chapter = pytest.mark.parametrize("chapter", RECORDS)


def handed_in(*payloads: Any) -> Any:
    """Return a notebook with payloads in outputs, as parsed from a file."""
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {RECORD_TYPE: one}} for one in payloads]
    content = {"cells": [{"cell_type": "code", "source": "record()", "metadata": {}, "outputs": outputs}]}
    return read_json(json.dumps(content).encode())


def found(chapter: str, *payloads: Any) -> Finding:
    (finding,) = findings(chapter, handed_in(*payloads))
    return finding


# --- what students are given


@pytest.mark.parametrize("chapter", chapter_names())
def test_an_experiment_may_be_edited_and_is_not_run(chapter: str) -> None:
    released = nbformat.read(ROOT / "exercises" / chapter / f"{chapter}.ipynb", as_version=4)
    experiments = [cell for cell in released.cells if is_experiment(cell)]
    master = (ROOT / "solutions" / f"{chapter}.py").read_text(encoding="utf-8")
    assert len(experiments) == master.count('# %% tags=["active-ipynb", "experiment"]')
    for cell in experiments:
        assert cell.metadata.get("editable", True)
        assert cell.metadata.nbgrader.locked
    repaired, _ = repair(released, released)
    assert [cell.source for cell in repaired.cells if is_experiment(cell)] == [cell.source for cell in experiments]
    assert not any(is_run(cell) for cell in repaired.cells if is_experiment(cell))


@pytest.mark.parametrize("chapter", chapter_names())
def test_every_experiment_that_is_recorded_is_checked(chapter: str) -> None:
    released = nbformat.read(ROOT / "exercises" / chapter / f"{chapter}.ipynb", as_version=4)
    sources = [cell.source for cell in released.cells if is_experiment(cell)]
    recorded = [name for source in sources for name in re.findall(r'\brecord\(\s*"(\w+)"', source)]
    assert recorded == [experiment.name for experiment in experiments_of(chapter)]


# --- what is computed again


@pytest.mark.parametrize("count", [10, MOST_QUESTIONS])
def test_a_table_that_follows_from_its_predictions(count: int) -> None:
    finding = found("rag", rag_record(count).to_json())
    assert finding.state == "holds"
    assert finding.remarks == (
        f"Your table follows from its {3 * count} predictions: means and intervals were computed again from them.",
    )
    assert finding.table.splitlines()[0].split() == ["mean", "low", "high"]


def test_the_interval_of_a_hundred_questions_is_not_that_of_ten() -> None:
    """A record of a hundred questions with the interval of the first ten does not hold: it is computed again too."""
    ten, hundred = (rag_record(count) for count in (10, MOST_QUESTIONS))
    wide, narrow = (float(np.ptp([row["low"], row["high"]])) for row in (ten.table["k=1"], hundred.table["k=1"]))
    assert 2 < wide / narrow < 5
    finding = found("rag", rag_record(MOST_QUESTIONS, table=ten.table).to_json())
    assert finding.state == "differs"
    assert "`k=1` does not follow from its 100 predictions: its `low` is" in finding.remarks[0]


def test_a_table_that_follows_from_its_trajectories() -> None:
    finding = found("agents", agents_record().to_json())
    assert finding.remarks == (
        "Your table follows from its 15 trajectories: its steps, calls and right answers were counted again in them.",
    )
    assert finding.state == "holds"


@pytest.mark.parametrize("row", ["closed book", "k=1", "k=5"])
@pytest.mark.parametrize("column", ["mean", "low", "high"])
def test_a_number_that_does_not_follow_is_named(row: str, column: str) -> None:
    table = copy.deepcopy(rag_record().table)
    right = table[row][column]
    table[row][column] = 0.77
    finding = found("rag", rag_record(table=table).to_json())
    assert finding.state == "differs"
    assert finding.remarks[0] == (
        f"The row `{row}` does not follow from its 10 predictions: its `{column}` is 0.77, and they give {right:.4g}."
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [("agent", name) for name in ("steps", "search", "calculate", "right")] + [("model alone", "right")],
)
def test_a_count_that_does_not_follow_is_named(row: str, column: str) -> None:
    table = copy.deepcopy(agents_record().table)
    table[row][column] = None
    finding = found("agents", agents_record(table=table).to_json())
    assert finding.state == "differs"
    assert f"The row `{row}` does not follow from its 15 trajectories: its `{column}` is missing" in finding.remarks[0]


def test_a_changed_prediction_seed_or_reply_is_noticed() -> None:
    changed = copy.deepcopy(rag_record().data["predictions"])
    changed["k=5"][3] = "something else"
    assert found("rag", rag_record(predictions=changed).to_json()).state == "differs"
    assert found("rag", rag_record(seed=1).to_json()).state == "differs"
    replies = [MULTI_STEP[0]["answer"].upper() + "\nmore", *["unknown"] * 14]
    assert found("agents", agents_record(replies=replies).to_json()).state == "differs"


def test_failures_of_other_kinds_are_noticed() -> None:
    failures = copy.deepcopy(agents_record().data["failures"])
    failures[0]["kind"] = "wrong answer" if failures[0]["kind"] != "wrong answer" else "gave up"
    finding = found("agents", agents_record(failures=failures).to_json())
    assert finding.state == "differs"
    assert "Your list of failures does not follow from the trajectories: their kinds are" in finding.remarks[0]


@pytest.mark.parametrize("count", [10, MOST_QUESTIONS])
def test_other_gold_answers_than_the_worlds_are_noticed(count: int) -> None:
    golds = copy.deepcopy(rag_record(count).data["golds"])
    golds[-1] = ["unknown"]
    remarks = found("rag", rag_record(count, golds=golds).to_json()).remarks
    assert "1 of the questions have other gold answers than in the world that they ask about." in remarks
    questions = [{**MULTI_STEP[0], "answer": "unknown"}, *MULTI_STEP[1:]]
    remarks = found("agents", agents_record(questions=questions).to_json()).remarks
    assert "1 of the questions have other answers than in the world that they ask about." in remarks


@pytest.mark.parametrize("count", [10, MOST_QUESTIONS])
def test_what_is_out_of_its_band_is_said(count: int) -> None:
    record = rag_record(count)
    swapped = {"closed book": "k=5", "k=5": "closed book", "k=1": "k=1"}
    finding = found(
        "rag",
        rag_record(
            count,
            table={new: record.table[old] for new, old in swapped.items()},
            predictions={new: record.data["predictions"][old] for new, old in swapped.items()},
        ).to_json(),
    )
    assert finding.state == "holds"
    assert "Closed book, the mean is 1.00, though no model has read of this world." in finding.remarks[1]
    assert "One passage did not help at all." in finding.remarks[2]


def test_questions_of_ones_own_have_no_band() -> None:
    finding = found("rag", rag_record(questions=["What?"] * 10).to_json())
    assert finding.state == "holds"
    assert finding.remarks[1:] == ("The questions are your own, so their gold answers were taken as they are.",)


# --- how records are found


@each_chapter
def test_a_notebook_without_a_record_is_told_so(chapter: str) -> None:
    finding = found(chapter)
    assert finding.state == "missing"
    assert finding.remarks[0].startswith("Your notebook has no record of it.")
    assert finding.table == ""


def test_a_chapter_without_experiments_has_no_findings() -> None:
    assert findings("next_token", handed_in(rag_record().to_json())) == ()
    assert experiments_of("form") == ()


def test_of_several_records_the_last_counts() -> None:
    good, bad = rag_record().to_json(), rag_record(seed=1).to_json()
    assert found("rag", good, bad).state == "differs"
    assert found("rag", bad, good).state == "holds"
    assert found("rag", good, {"experiment": "another"}).state == "holds"


def test_a_record_that_a_program_kept_as_text_is_read() -> None:
    assert found("rag", json.dumps(rag_record().to_json())).state == "holds"


def test_other_names_are_left_alone() -> None:
    mine = Record.of("mine", {"a": {"b": 1}}, {}).to_json()
    assert found("rag", mine).state == "missing"
    assert kept_records(handed_in(mine)) == {"mine": Record("mine", {"a": {"b": 1}}, {})}


def test_a_record_survives_nbformat_and_the_file() -> None:
    cell = new_code_cell("record()")
    cell.outputs = [nbformat.v4.new_output("display_data", data={RECORD_TYPE: rag_record().to_json()})]
    notebook = new_notebook(cells=[cell])
    nbformat.validate(notebook)
    (finding,) = findings("rag", read_json(nbformat.writes(notebook).encode()))
    assert finding.state == "holds"
    assert findings("rag", notebook)[0].state == "holds"  # as nbgrader's own command hands it over


# --- what is damaged or hostile


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"questions": None}, "its `questions` must be a list of 1 to 1,000 items"),
        ({"questions": []}, "its `questions` must be a list of 1 to 1,000 items"),
        ({"questions": ["x"] * 1_001}, "its `questions` must be a list of 1 to 1,000 items"),
        ({"questions": ["x"]}, "its `golds` has 10 items where 1 belong"),
        ({"questions": [3] * 10}, "in its `questions` is something else than a text"),
        ({"golds": [[]] * 10}, "its `golds` must be a list of 1 to 20 items"),
        ({"golds": [["x"] * 21] * 10}, "its `golds` must be a list of 1 to 20 items"),
        ({"seed": -1}, "its `seed` must be a whole number from 0"),
        ({"seed": 0.5}, "its `seed` must be a whole number from 0"),
        ({"seed": "0"}, "its `seed` must be a whole number from 0"),
        ({"seed": True}, "its `seed` must be a whole number from 0"),
        ({"draws": 10**9}, "its `draws` must be a whole number from 1 to 20,000"),
        ({"predictions": {}}, "it keeps no `closed book`"),
        ({"predictions": []}, "its `predictions` must be a dict"),
        ({"predictions": {"closed book": ["x"] * 9}}, "its `predictions` has 9 items where 10 belong"),
        ({"predictions": {"closed book": [None] * 10}}, "in its `predictions` is something else than a text"),
    ],
    ids=range(16),
)
def test_a_record_with_other_data_is_told_what_is_wrong(change: dict[str, Any], why: str) -> None:
    finding = found("rag", rag_record(**change).to_json())
    assert finding.state == "unreadable"
    assert why in finding.remarks[0]
    assert finding.table


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"trajectories": [{}] * 15}, "it keeps no `steps`"),
        ({"trajectories": [{"steps": [], "answer": None}] * 15}, "its `trajectories` must be a list of 1 to 8 items"),
        ({"trajectories": [{"steps": [{"tool": "search"}], "answer": None}] * 15}, "ends where no agent does"),
        ({"trajectories": [{"steps": [{"tool": "x] y"}], "answer": None}] * 15}, "names something that is no tool"),
        ({"trajectories": [{"steps": [{"tool": "finish"}], "answer": "x"}] * 15}, "names something that is no tool"),
        ({"trajectories": [{"steps": [{"tool": None}] * 2, "answer": "x"}] * 15}, "ends where no agent does"),
        ({"trajectories": [{"steps": [{"tool": None}], "answer": "a\nb"}] * 15}, "has more than one line"),
        ({"replies": ["x"]}, "its `replies` has 1 items where 15 belong"),
        ({"questions": [{"question": "x", "answer": "y"}] * 15}, "it keeps no `needs`"),
        ({"questions": [{"question": "x", "answer": "y", "needs": ["os.system"]}] * 15}, "must be a list of tools"),
    ],
    ids=range(10),
)
def test_a_trajectory_that_is_none_is_told_what_is_wrong(change: dict[str, Any], why: str) -> None:
    finding = found("agents", agents_record(**change).to_json())
    assert finding.state == "unreadable"
    assert why in finding.remarks[0]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"experiment": "rag_experiment"}, "it is not of the form that `record` writes"),
        ({**rag_record().to_json(), "format": 2}, "it is not of the form that `record` writes"),
        ({**rag_record().to_json(), "rows": []}, "the table is empty"),
        ({**rag_record().to_json(), "rows": 3}, "the table is not of the form"),
        ({**rag_record().to_json(), "columns": ["mean"]}, "a row of the table is not of the form"),
        ({**rag_record().to_json(), "rows": [3]}, "a row of the table is not of the form"),
        ({**rag_record().to_json(), "columns": [1, 2, 3]}, "the table is not of the form"),
        ({**rag_record().to_json(), "rows": [["k=1", 0, 0, [0]]]}, "a cell of the table must be a number"),
        ({**rag_record().to_json(), "data": [1]}, "what a record keeps must have names"),
        ({**rag_record().to_json(), "data": {"x": float("nan")}}, "x is nan, and only finite numbers"),
        ({**rag_record().to_json(), "data": {"x": float("inf")}}, "x is inf, and only finite numbers"),
        ({**rag_record().to_json(), "data": {"x": "y" * MOST_BYTES}}, "it has more than 200 KB"),
        ({**rag_record().to_json(), "data": {"x": [0] * MOST_BYTES}}, "it has more than 200 KB"),
    ],
    ids=range(13),
)
def test_a_damaged_record_gets_a_sentence(payload: Any, why: str) -> None:
    finding = found("rag", payload)
    assert finding.state == "unreadable"
    assert f"The record in your notebook cannot be checked: {why}" in finding.remarks[0]
    assert finding.remarks[0].endswith("Run its cell again, as it was given.")


def test_deep_and_huge_claims_end_soon() -> None:
    deep = (
        '{"experiment": "rag_experiment", "format": 1, "columns": [], "rows": [], "data": '
        + "[" * 900
        + "]" * 900
        + "}"
    )
    assert found("rag", deep).state == "unreadable"
    assert found("rag", json.loads(deep)).state == "unreadable"
    assert found("rag", "[" * 100_000).state == "missing"
    assert found("rag", *[rag_record().to_json()] * 30).state == "holds"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@settings(derandomize=True, deadline=None)
@given(json_values, json_values)
def test_any_notebook_has_findings(cells: Any, data: Any) -> None:
    for content in (cells, {"cells": cells}, {"cells": [{"outputs": cells}, {"outputs": [{"data": data}]}]}):
        for chapter in RECORDS:
            (finding,) = findings(chapter, content)
            assert finding.state == "missing"


@each_chapter
@settings(derandomize=True, deadline=None, max_examples=60)
@given(data=st.data())
def test_any_change_of_a_record_is_a_remark(chapter: str, data: st.DataObject) -> None:
    payload = copy.deepcopy(RECORDS[chapter]().to_json())
    place: Any = payload
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)
    (finding,) = findings(chapter, handed_in(payload))
    assert finding.state in ("holds", "differs", "unreadable", "missing")
    assert finding.remarks
    assert all(len(remark) < 1_000 and "\n" not in remark for remark in finding.remarks)
    json.dumps(finding.to_json(), ensure_ascii=False).encode()


# --- where it is said

NASTY = "<script>alert(1)</script>\x1b[2J"


class Nothing:
    """A grader that has nothing to say of any exercise."""

    def grade(self, notebook: NotebookNode) -> Any:
        from autograder.grading.engine import Graded

        return Graded((), {})


@pytest.fixture
def small_release() -> NotebookNode:
    cell = new_code_cell('record("rag_experiment", {})')
    cell.id = "rag-1"
    cell.metadata = nbformat.from_dict({"nbgrader": {"grade_id": "rag-1", "locked": True}, "tags": ["experiment"]})
    return new_notebook(cells=[cell])


def done(payload: Any, released: NotebookNode, source: str | None = None) -> Any:
    submitted = copy.deepcopy(released)
    submitted.cells[0].outputs = [nbformat.v4.new_output("display_data", data={RECORD_TYPE: payload})]
    submitted.cells[0].source = source or submitted.cells[0].source
    data = nbformat.writes(submitted).encode()
    return do(Work("rag", "ada", "rag.ipynb", data, "", "key", "none"), Nothing(), released)


def test_the_result_and_the_graded_notebook_say_it(small_release: NotebookNode) -> None:
    ended = done(rag_record().to_json(), small_release)
    assert ended.result.status == "graded"
    assert [finding.state for finding in ended.result.experiments] == ["holds"]
    assert Result.from_json(json.loads(json.dumps(ended.result.to_json()))) == ended.result
    (output,) = nbformat.reads(ended.notebook, as_version=4).cells[0].outputs
    assert output.output_type == "stream"
    assert "k=5" in output.text
    assert "Your table follows from its 30 predictions" in output.text


def test_a_damaged_record_costs_nothing(small_release: NotebookNode) -> None:
    ended = done({"experiment": "rag_experiment", "format": 1, "columns": [], "rows": [], "data": {}}, small_release)
    assert ended.result.status == "graded"
    assert ended.result.earned == done(rag_record().to_json(), small_release).result.earned
    assert [finding.state for finding in ended.result.experiments] == ["unreadable"]


def test_feedback_says_it_and_nothing_in_it_acts(small_release: NotebookNode) -> None:
    from autograder.exercise import Chapter

    table = {**rag_record().table, NASTY: {NASTY: NASTY}}
    ended = done(rag_record(table=table, model=NASTY).to_json(), small_release)
    page = feedback_page(ended.result, Chapter("rag", "To read"))
    assert "Your experiments" in page
    assert "Your table follows from its 30 predictions" in page
    assert "<script" not in page
    assert "\x1b" not in page + ended.notebook


def test_an_experiment_that_was_changed_stays_changed_and_is_not_run(small_release: NotebookNode) -> None:
    submitted = copy.deepcopy(small_release)
    submitted.cells[0].source = 'mine = 1\nrecord("rag_experiment", {})'
    repaired, notes = repair(submitted, small_release)
    assert notes == []
    assert [cell.source for cell in repaired.cells] == [submitted.cells[0].source]
    assert is_experiment(repaired.cells[0])
    assert not is_run(repaired.cells[0])
    submitted.cells[0].metadata = {}
    assert repair(submitted, small_release)[0].cells == repaired.cells


def test_findings_stand_in_the_cells_that_record_them() -> None:
    from autograder.grading.engine import Graded

    cells = [new_code_cell(source) for source in ("record('a', t)", 'record(\n  "b", t)', "a = 1", "record('a', t)")]
    for cell in cells[:3]:
        cell.metadata["tags"] = ["experiment"]
    both = [Finding("a", "missing", ("No a.",)), Finding("b", "holds", ("It holds.",), "table")]
    filled = fill_outputs(new_notebook(cells=cells), Graded((), {}), both)
    assert [[output.text for output in cell.outputs] for cell in filled.cells] == [
        ["No a."],
        ["table\n\nIt holds."],
        [],
        [],
    ]
