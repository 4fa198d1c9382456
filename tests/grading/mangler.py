"""What happens to notebooks between a course and its grader: damages by name, alone and in any composition.

A damage that keeps the student's code leaves every line of it in the file, in cells whose lines belong together; such a
notebook must get all its points. The others need only be graded, or refused with a reason.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st

#: A notebook, or a cell of one, as JSON has it.
Json = dict[str, Any]


class Stage(IntEnum):
    """What a damage is done to; damages are done in this order."""

    CELLS = 1
    PLACES = 2
    FORM = 3
    TEXT = 4
    ENCODING = 5
    BYTES = 6


@dataclass
class Draft:
    """A notebook on its way, and in which form it is to be written."""

    cells: list[Json]
    metadata: Json
    #: The release's texts that are not the student's to write, and its exercises as they were given.
    given: list[str]
    stubs: list[str]
    version: Json = field(default_factory=lambda: {"nbformat": 4, "nbformat_minor": 5})
    newline: str = "\n"
    lines: Literal["one text", "kept", "kept, with other things among them", "without their ends"] = "one text"
    #: How many worksheets of format 3; 0 for format 4.
    sheets: int = 0
    #: What stands among the cells, or as a cell's source, and is none.
    strangers: list[tuple[int, Any]] = field(default_factory=list)
    sources: list[tuple[int, Any]] = field(default_factory=list)
    layout: Json = field(default_factory=lambda: {"indent": 1, "ensure_ascii": False})


@dataclass(frozen=True)
class Damage:
    """One thing that happens to a notebook; two numbers say where."""

    name: str
    stage: Stage
    do: Callable[..., Any]
    #: Whether the student's code is still all there, in an order that can be found.
    keeps_code: bool


@dataclass(frozen=True)
class Hit:
    """A damage at a place."""

    damage: Damage
    at: int
    to: int


DAMAGES: dict[str, Damage] = {}
Do = TypeVar("Do", bound=Callable[..., Any])


def damage(stage: Stage, *, keeps_code: bool = True) -> Callable[[Do], Do]:
    """Register a function of what a stage handles, and two numbers, as a damage of the function's name."""

    def register(do: Do) -> Do:
        name = do.__name__.replace("_", " ")
        DAMAGES[name] = Damage(name, stage, do, keeps_code)
        return do

    return register


def hit(name: str, at: int = 0, to: int = 0) -> Hit:
    """Return a damage by its name, at a place."""
    return Hit(DAMAGES[name], at, to)


def mangle(notebook: Json, released: Json, hits: list[Hit]) -> bytes:
    """Return the file that is left of a notebook after some damages."""
    stubs = [cell["source"] for cell in released["cells"] if not _mark(cell)["locked"]]
    given = [cell["source"] for cell in released["cells"] if _mark(cell)["locked"]]
    draft = Draft(copy.deepcopy(notebook["cells"]), copy.deepcopy(notebook["metadata"]), given, stubs)
    damaged: Any = draft
    for stage in Stage:
        if stage == Stage.TEXT:
            damaged = _written(draft)
        mine = [one for one in hits if one.damage.stage == stage]
        if stage == Stage.ENCODING:
            mine = mine[-1:] or [hit("plain utf 8")]
        for one in mine:
            if stage in (Stage.CELLS, Stage.PLACES) and not draft.cells:
                break
            done = one.damage.do(damaged, one.at, one.to)
            damaged = damaged if done is None else done
    assert isinstance(damaged, bytes)
    return damaged


def hit_lists(most: int = 4) -> st.SearchStrategy[list[Hit]]:
    """Draw one to a few damages, each at a place; as often as not such as keep the student's code."""
    places = st.integers(0, 40)
    usable = [list(DAMAGES), [name for name, one in DAMAGES.items() if one.keeps_code]]
    return st.sampled_from(usable).flatmap(
        lambda names: st.lists(st.builds(hit, st.sampled_from(names), places, places), min_size=1, max_size=most)
    )


def code_is_kept(hits: list[Hit]) -> bool:
    """Say whether the student's code survived."""
    return all(one.damage.keeps_code for one in hits)


def _written(draft: Draft) -> str:
    for cell in draft.cells:
        cell["source"] = _source(cell["source"].replace("\n", draft.newline), draft.lines)
    for at, source in draft.sources if draft.cells else []:
        _cell(draft, at)["source"] = source
    cells: list[Any] = _old(draft.cells) if draft.sheets else draft.cells
    for at, stranger in draft.strangers:
        cells.insert(at % (len(cells) + 1), stranger)
    if draft.sheets:
        size = len(cells) // draft.sheets + 1
        parts = [cells[start : start + size] for start in range(0, max(len(cells), 1), size)]
        content = {"worksheets": [{"cells": part} for part in parts], "nbformat": 3, "nbformat_minor": 0}
    else:
        content = {"cells": cells, **draft.version}
    return json.dumps({**content, "metadata": draft.metadata}, **draft.layout) + "\n"


def _source(text: str, lines: str) -> Any:
    if lines == "one text":
        return text
    found = text.splitlines(keepends=lines.startswith("kept"))
    if "other things" in lines:
        return [part for line in found for part in (line, None, 3, ["x"])]
    return found if lines == "kept" or len(found) > 1 else text


def _old(cells: list[Json]) -> list[Any]:
    """Write cells as format 3 has them: no ids, and the text of code is its input."""
    old = []
    for cell in cells:
        kept = {name: value for name, value in cell.items() if name not in ("id", "execution_count")}
        if cell["cell_type"] == "code":
            kept |= {"input": kept.pop("source"), "language": "python", "collapsed": False, "prompt_number": 1}
        old.append(kept)
    return old


# --- helpers


def _pick(found: list[Any], at: int) -> Any:
    return found[at % len(found)]


def _cell(draft: Draft, at: int) -> Json:
    cell: Json = _pick(draft.cells, at)
    return cell


def _mark(cell: Json) -> Json:
    mark = cell["metadata"].get("nbgrader") if isinstance(cell.get("metadata"), dict) else None
    return mark if isinstance(mark, dict) else {}


def _is_solution(cell: Json) -> bool:
    """Say whether a cell defines what an exercise asks for."""
    return any(f"\n{word}" in f"\n{cell['source']}" for word in ("def double(", "class Counter("))


def _is_locked(cell: Json) -> bool:
    return _mark(cell).get("locked") is True and "mine" not in cell["source"] and not _is_solution(cell)


def _retyped(cell: Json, kind: str) -> None:
    cell["cell_type"] = kind
    for name in ("outputs", "execution_count"):
        cell.pop(name, None)
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}


def _code(source: str) -> Json:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def _is_code(cell: Json) -> bool:
    return "outputs" in cell  # its type may be lost


def _is_python(cell: Json) -> bool:
    try:
        ast.parse(cell["source"])
    except SyntaxError:
        return False
    return _is_code(cell)


def _statements(cell: Json) -> list[int]:
    """Return the lines at which a code cell's later statements begin, decorators included."""
    body = ast.parse(cell["source"]).body if _is_python(cell) else []
    first = [min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))]) for node in body]
    return [line - 1 for line in first[1:]]


def _split(draft: Draft, cell: Json, line: int, *, marked: bool) -> None:
    lines = cell["source"].split("\n")
    rest = copy.deepcopy(cell)
    rest.pop("id", None)
    cell["source"], rest["source"] = "\n".join(lines[:line]), "\n".join(lines[line:])
    if not marked:
        rest["metadata"] = {}
    draft.cells.insert(next(place for place, one in enumerate(draft.cells) if one is cell) + 1, rest)


# --- cells: lost, doubled, split, merged, moved, retyped


@damage(Stage.CELLS)
def a_locked_cell_is_deleted(draft: Draft, at: int, to: int) -> None:
    if found := [cell for cell in draft.cells if _is_locked(cell)]:
        gone = _pick(found, at)
        draft.cells = [cell for cell in draft.cells if cell is not gone]


@damage(Stage.CELLS)
def all_checks_are_deleted(draft: Draft, at: int, to: int) -> None:
    draft.cells = [cell for cell in draft.cells if cell["source"] not in ("check(double)", "check(Counter)")]


@damage(Stage.CELLS)
def all_locked_cells_are_deleted(draft: Draft, at: int, to: int) -> None:
    draft.cells = [cell for cell in draft.cells if not _is_locked(cell)]


@damage(Stage.CELLS, keeps_code=False)
def any_cell_is_deleted(draft: Draft, at: int, to: int) -> None:
    del draft.cells[at % len(draft.cells)]


@damage(Stage.CELLS, keeps_code=False)
def all_cells_are_deleted(draft: Draft, at: int, to: int) -> None:
    draft.cells = []


@damage(Stage.PLACES)
def a_cell_is_copied_with_its_mark(draft: Draft, at: int, to: int) -> None:
    copied = copy.deepcopy(_cell(draft, at))
    copied["id"] = f"copy{at}{to}"
    draft.cells.insert(to % (len(draft.cells) + 1), copied)


@damage(Stage.PLACES)
def a_cell_is_copied_without_its_mark(draft: Draft, at: int, to: int) -> None:
    copied = copy.deepcopy(_cell(draft, at)) | {"metadata": {}}
    copied.pop("id", None)
    draft.cells.insert(to % (len(draft.cells) + 1), copied)


@damage(Stage.CELLS)
def all_cells_are_doubled(draft: Draft, at: int, to: int) -> None:
    draft.cells = [copy.deepcopy(cell) for cell in draft.cells for _ in range(2)]


@damage(Stage.CELLS)
def the_notebook_is_pasted_behind_itself(draft: Draft, at: int, to: int) -> None:
    draft.cells += copy.deepcopy(draft.cells)


@damage(Stage.CELLS)
def an_exercise_is_reset(draft: Draft, at: int, to: int) -> None:
    """``reset`` puts the exercise as it was given behind the student's; some paste it with its mark."""
    solutions = [place for place, cell in enumerate(draft.cells) if _is_solution(cell)]
    if solutions:
        place = _pick(solutions, at)
        first = "def double(" if "def double(" in draft.cells[place]["source"] else "class Counter"
        stub = _code(next(text for text in draft.stubs if text.startswith(first)))
        if to % 2:
            stub["metadata"] = copy.deepcopy(draft.cells[place]["metadata"])
        draft.cells.insert(place + 1, stub)


@damage(Stage.CELLS)
def a_cell_is_split_between_statements(draft: Draft, at: int, to: int) -> None:
    if found := [(cell, line) for cell in draft.cells for line in _statements(cell)]:
        cell, line = _pick(found, at)
        _split(draft, cell, line, marked=bool(to % 2))


@damage(Stage.CELLS, keeps_code=False)
def a_cell_is_split_anywhere(draft: Draft, at: int, to: int) -> None:
    if found := [cell for cell in draft.cells if "\n" in cell["source"]]:
        cell = _pick(found, at)
        _split(draft, cell, 1 + to // 2 % cell["source"].count("\n"), marked=bool(to % 2))


@damage(Stage.CELLS)
def a_text_is_split(draft: Draft, at: int, to: int) -> None:
    texts = [cell for cell in draft.cells if cell["cell_type"] == "markdown" and not _is_solution(cell)]
    if found := [cell for cell in texts if "\n" in cell["source"]]:
        _split(draft, _pick(found, at), 1, marked=bool(to % 2))


def _can_merge(cells: list[Json], draft: Draft) -> bool:
    """Say whether it can be told afterwards what in the merged cell was code."""
    told = all(cell["source"] in draft.given or _is_python(cell) for cell in cells)
    solved = any(_is_solution(cell) and cell["source"] not in draft.stubs for cell in cells)
    return told and (_is_code(cells[0]) or solved)


@damage(Stage.CELLS)
def cells_are_merged(draft: Draft, at: int, to: int) -> None:
    """Jupyter's merge leaves an empty line between, and the first cell's type and metadata."""
    many = 2 + to // 2 % 3
    runs = [draft.cells[place : place + many] for place in range(len(draft.cells) - many + 1)]
    if found := [cells for cells in runs if _can_merge(cells, draft)]:
        _merge(draft, _pick(found, at), "\n" * (1 + to % 2))


@damage(Stage.CELLS, keeps_code=False)
def any_cells_are_merged(draft: Draft, at: int, to: int) -> None:
    place = at % len(draft.cells)
    _merge(draft, draft.cells[place : place + 2 + to % 3], "\n\n")


@damage(Stage.CELLS)
def all_code_is_merged_into_one_cell(draft: Draft, at: int, to: int) -> None:
    if code := [cell for cell in draft.cells if _is_python(cell)]:
        _merge(draft, code, "\n\n")


def _merge(draft: Draft, cells: list[Json], between: str) -> None:
    cells[0]["source"] = between.join(cell["source"] for cell in cells)
    gone = [id(cell) for cell in cells[1:]]
    draft.cells = [cell for cell in draft.cells if id(cell) not in gone]


@damage(Stage.PLACES)
def a_cell_is_moved(draft: Draft, at: int, to: int) -> None:
    cell = draft.cells.pop(at % len(draft.cells))
    draft.cells.insert(to % (len(draft.cells) + 1), cell)


@damage(Stage.PLACES)
def the_order_is_reversed(draft: Draft, at: int, to: int) -> None:
    draft.cells.reverse()


@damage(Stage.PLACES)
def the_order_is_shuffled(draft: Draft, at: int, to: int) -> None:
    ranks = {id(cell): (place * (2 * at + 1) + to) % 17 for place, cell in enumerate(draft.cells)}
    draft.cells.sort(key=lambda cell: ranks[id(cell)])


@damage(Stage.CELLS)
def a_solution_becomes_text(draft: Draft, at: int, to: int) -> None:
    if found := [cell for cell in draft.cells if _is_solution(cell)]:
        _retyped(_pick(found, at), ("markdown", "raw")[to % 2])


@damage(Stage.CELLS)
def a_locked_cell_changes_its_type(draft: Draft, at: int, to: int) -> None:
    if found := [cell for cell in draft.cells if _is_locked(cell)]:
        cell = _pick(found, at)
        kinds = [kind for kind in ("code", "markdown", "raw") if kind != cell["cell_type"]]
        _retyped(cell, kinds[to % 2])


@damage(Stage.CELLS, keeps_code=False)
def any_cell_changes_its_type(draft: Draft, at: int, to: int) -> None:
    _retyped(_cell(draft, at), ("code", "markdown", "raw", "heading", "html", "Code", "")[to % 7])


@damage(Stage.CELLS)
def a_locked_cell_is_written_into(draft: Draft, at: int, to: int) -> None:
    if found := [cell for cell in draft.cells if _is_locked(cell)]:
        cell = _pick(found, at)
        cell["source"] += "\nmine = 1" if cell["cell_type"] == "code" else "\n\nThis is mine."


@damage(Stage.CELLS)
def a_locked_cell_is_emptied(draft: Draft, at: int, to: int) -> None:
    if found := [cell for cell in draft.cells if _is_locked(cell)]:
        _pick(found, at)["source"] = " \n" * (to % 3)


# --- marks and ids


@damage(Stage.CELLS)
def all_marks_are_lost(draft: Draft, at: int, to: int) -> None:
    for cell in draft.cells:
        cell["metadata"] = {}


@damage(Stage.CELLS)
def all_ids_are_lost(draft: Draft, at: int, to: int) -> None:
    for cell in draft.cells:
        cell.pop("id", None)


@damage(Stage.CELLS)
def marks_and_ids_are_lost(draft: Draft, at: int, to: int) -> None:
    all_marks_are_lost(draft, at, to)
    all_ids_are_lost(draft, at, to)


@damage(Stage.CELLS)
def a_mark_is_lost(draft: Draft, at: int, to: int) -> None:
    cell = _cell(draft, at)
    cell["metadata"] = {}
    cell["id"] = f"new{to}"


@damage(Stage.CELLS)
def a_mark_is_of_another_course(draft: Draft, at: int, to: int) -> None:
    foreign = {"grade_id": f"cell-{to:016x}", "grade": True, "points": 1000, "locked": True, "schema_version": 1}
    _cell(draft, at)["metadata"] = {"nbgrader": foreign, "deletable": False}


@damage(Stage.CELLS)
def two_cells_swap_their_marks(draft: Draft, at: int, to: int) -> None:
    first, second = _cell(draft, at), _cell(draft, to)
    first["metadata"], second["metadata"] = second.get("metadata", {}), first.get("metadata", {})


@damage(Stage.CELLS)
def a_cell_takes_anothers_mark(draft: Draft, at: int, to: int) -> None:
    _cell(draft, at)["metadata"] = copy.deepcopy(_cell(draft, to).get("metadata", {}))


@damage(Stage.CELLS)
def a_cell_takes_anothers_id(draft: Draft, at: int, to: int) -> None:
    _cell(draft, at)["id"] = _cell(draft, to).get("id", "new")


ODD = [None, 0, -1, 10**400, 1.5, float("nan"), float("inf"), True, "", "\ud800", "\0", "x" * 5000, "<b>", [], [[]], {}]
ODD += [
    "double-code",
    ["double-code"],
    {"grade_id": "double-code"},
    {"": {"": None}},
    "é\u2028\u202e",
    "cell-3",
    "../..",
]


@damage(Stage.CELLS)
def an_odd_grade_id(draft: Draft, at: int, to: int) -> None:
    _cell(draft, at)["metadata"] = {"nbgrader": {"grade_id": _pick(ODD, to), "points": _pick(ODD, at + to)}}


@damage(Stage.CELLS)
def an_odd_mark(draft: Draft, at: int, to: int) -> None:
    _cell(draft, at)["metadata"] = {"nbgrader": _pick(ODD, to)}


@damage(Stage.CELLS)
def odd_metadata_of_a_cell(draft: Draft, at: int, to: int) -> None:
    _cell(draft, at)["metadata"] = _pick(ODD, to)


@damage(Stage.CELLS)
def an_odd_id(draft: Draft, at: int, to: int) -> None:
    _cell(draft, at)["id"] = _pick(ODD, to)


@damage(Stage.CELLS)
def odd_tags(draft: Draft, at: int, to: int) -> None:
    cell = _cell(draft, at)
    if isinstance(cell.get("metadata"), dict):
        cell["metadata"]["tags"] = _pick([ODD, ["a,b", "", "a", "a"], *ODD], to)


@damage(Stage.CELLS)
def odd_outputs(draft: Draft, at: int, to: int) -> None:
    _cell(draft, at).update({"outputs": _pick(ODD, to), "execution_count": _pick(ODD, at + to)})


@damage(Stage.CELLS)
def odd_metadata_of_the_notebook(draft: Draft, at: int, to: int) -> None:
    draft.metadata |= {"odd": _pick(ODD, at), "kernelspec": _pick(ODD, to)}


@damage(Stage.FORM)
def an_odd_version(draft: Draft, at: int, to: int) -> None:
    draft.version = {"nbformat": _pick(ODD, at), "nbformat_minor": _pick(ODD, to)}


@damage(Stage.FORM, keeps_code=False)
def an_odd_type(draft: Draft, at: int, to: int) -> None:
    if draft.cells:
        _cell(draft, at)["cell_type"] = _pick(ODD, to)


@damage(Stage.CELLS)
def the_type_of_a_code_cell_is_lost(draft: Draft, at: int, to: int) -> None:
    if found := [cell for cell in draft.cells if "outputs" in cell]:
        _pick(found, at)["cell_type"] = ("unknown", "", "Code")[to % 3]


@damage(Stage.FORM, keeps_code=False)
def an_odd_source(draft: Draft, at: int, to: int) -> None:
    draft.sources.append((at, _pick([*ODD, ODD, [ODD]], to)))


@damage(Stage.FORM)
def things_that_are_no_cells(draft: Draft, at: int, to: int) -> None:
    draft.strangers.append((at, _pick([*ODD, ODD], to)))


# --- what other programs write


@damage(Stage.CELLS)
def saved_by_colab(draft: Draft, at: int, to: int) -> None:
    """No cell ids but those in the metadata, a kernel without a language, outputs with ids."""
    draft.version = {"nbformat": 4, "nbformat_minor": 0}
    draft.metadata |= {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    draft.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    for place, cell in enumerate(draft.cells):
        given = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
        kept = given if to % 2 else {}
        name = f"{at:x}Xy{place:03}_-Qz"
        cell.pop("id", None)
        cell["metadata"] = {**kept, "id": name, "colab_type": "code" if cell["cell_type"] == "code" else "text"}
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"colab": {"base_uri": "https://localhost:8080/", "height": 34}, "outputId": "8a-b"}
            cell["execution_count"] = place


@damage(Stage.CELLS)
def saved_by_vs_code(draft: Draft, at: int, to: int) -> None:
    """Every cell has its language in the metadata; what was pasted there lost all else."""
    mode = {"name": "ipython", "version": 3}
    draft.metadata["language_info"] = {"codemirror_mode": mode, "name": "python", "version": "3.12.1"}
    draft.metadata["kernelspec"] = {"display_name": ".venv", "language": "python", "name": "python3"}
    for cell in draft.cells:
        given = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
        cell["metadata"] = {**(given if to % 2 else {}), "vscode": {"languageId": "python"}}


@damage(Stage.CELLS)
def saved_by_jupyterlab_under_new_ids(draft: Draft, at: int, to: int) -> None:
    for place, cell in enumerate(draft.cells):
        cell["id"] = f"{at:04x}{place:04x}-{to:04x}"


@damage(Stage.CELLS)
def saved_as_format_4_without_ids(draft: Draft, at: int, to: int) -> None:
    draft.version = {"nbformat": 4, "nbformat_minor": to % 5}
    all_ids_are_lost(draft, at, to)


@damage(Stage.FORM)
def saved_as_format_3(draft: Draft, at: int, to: int) -> None:
    """Worksheets, of which there could be several, inputs and prompt numbers."""
    draft.sheets = 1 + to % 3


@damage(Stage.CELLS)
def another_kernel(draft: Draft, at: int, to: int) -> None:
    names = ("ir", "julia-1.10", "conda-env-mine-py", "python2", "")
    draft.metadata["kernelspec"] = {"name": names[to % 5], "display_name": "R", "language": "R"}


@damage(Stage.FORM)
def windows_line_ends_in_the_cells(draft: Draft, at: int, to: int) -> None:
    draft.newline = ("\r\n", "\r")[to % 2]


@damage(Stage.FORM)
def sources_as_lists_of_lines(draft: Draft, at: int, to: int) -> None:
    draft.lines = ("kept", "kept, with other things among them", "without their ends")[to % 3]


@damage(Stage.FORM)
def all_on_one_line(draft: Draft, at: int, to: int) -> None:
    draft.layout = {"indent": None, "ensure_ascii": bool(to % 2)}


@damage(Stage.CELLS)
def blanks_at_the_ends_of_lines(draft: Draft, at: int, to: int) -> None:
    for cell in draft.cells:
        cell["source"] = "\n" * (at % 3) + cell["source"].replace("\n", " " * (1 + to % 3) + "\n") + "\n" * (to % 3)


@damage(Stage.PLACES)
def blank_cells(draft: Draft, at: int, to: int) -> None:
    place = at % (len(draft.cells) + 1)
    draft.cells[place:place] = [_code("\n" * (to % 3)) for _ in range(10 * to)]


@damage(Stage.PLACES)
def cells_of_the_students(draft: Draft, at: int, to: int) -> None:
    sources = [
        "%config InlineBackend.figure_format = 'svg'\n!echo installed",
        "%%bash\nls",
        "tried = [double(4), Counter(1).up()]",
        "1 / 0",
        "def (",
        "double?",
        "x = '" + "y" * 60_000 + "'",
        "'\\d'",
        "print('\0')",
        "s = '\ud800'",
        "check(double)",
        '"""\ndef double(x):\n    return 0\n"""',
        "((((" * 60,
        "-" * 9_000 + "1",
        "# nothing",
        "from math import *",
        "try:\n    undefined\nexcept NameError:\n    undefined = 1",
    ]
    place = at % (len(draft.cells) + 1)
    draft.cells.insert(place, _code(_pick(sources, to)))


@damage(Stage.PLACES)
def texts_of_the_students(draft: Draft, at: int, to: int) -> None:
    sources = [
        "def double(x): is what I wrote",
        "```python\ndef double(x):\n    return 0\n```",
        "x = 2",
        "\ud800\0",
        "# A\r# B",
    ]
    cell = {"cell_type": ("markdown", "raw")[at % 2], "metadata": {}, "source": _pick(sources, to)}
    draft.cells.insert(at % (len(draft.cells) + 1), cell)


# --- the file's text


@damage(Stage.TEXT)
def windows_line_ends_in_the_file(text: str, at: int, to: int) -> str:
    return text.replace("\n", "\r\n")


@damage(Stage.TEXT)
def keys_twice(text: str, at: int, to: int) -> str:
    return text.replace("{", '{"metadata": 3, "cells": [], "metadata": [],', 1)


@damage(Stage.TEXT)
def a_number_of_many_digits(text: str, at: int, to: int) -> str:
    return text.replace("{", '{"version": ' + "9" * 6000 + ",", 1)


@damage(Stage.TEXT)
def metadata_nested_deeply(text: str, at: int, to: int) -> str:
    depth = 1 + 5 * at
    return text.replace("{", '{"deep": ' + "[" * depth + "]" * depth + ",", 1)


@damage(Stage.TEXT, keeps_code=False)
def metadata_nested_too_deeply(text: str, at: int, to: int) -> str:
    depth = 10_000
    return text.replace("{", '{"deep": ' + '{"a":' * depth + "1" + "}" * depth + ",", 1)


@damage(Stage.TEXT)
def raw_line_ends_in_texts(text: str, at: int, to: int) -> str:
    return re.sub(r"(?<!\\)\\n", "\n", text)


@damage(Stage.TEXT, keeps_code=False)
def a_git_conflict(text: str, at: int, to: int) -> str:
    lines = text.split("\n")
    place = at % len(lines)
    return "\n".join(
        [*lines[:place], "<<<<<<< HEAD", lines[place], "=======", lines[place], ">>>>>>> mine", *lines[place:]]
    )


@damage(Stage.TEXT, keeps_code=False)
def two_files_in_one(text: str, at: int, to: int) -> str:
    return text + text


@damage(Stage.TEXT, keeps_code=False)
def a_piece_is_missing(text: str, at: int, to: int) -> str:
    start = len(text) * at // 41
    return text[:start] + text[start + 1 + to :]


# --- its encoding


@damage(Stage.ENCODING)
def plain_utf_8(text: str, at: int, to: int) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@damage(Stage.ENCODING)
def a_byte_order_mark(text: str, at: int, to: int) -> bytes:
    return b"\xef\xbb\xbf" + plain_utf_8(text, at, to)


@damage(Stage.ENCODING)
def saved_as_utf_16(text: str, at: int, to: int) -> bytes:
    return text.encode("utf-16", "surrogatepass")


@damage(Stage.ENCODING)
def saved_as_utf_32(text: str, at: int, to: int) -> bytes:
    return text.encode("utf-32", "surrogatepass")


@damage(Stage.ENCODING)
def saved_in_a_windows_code_page(text: str, at: int, to: int) -> bytes:
    return text.encode("cp1252", "replace")


# --- its bytes


@damage(Stage.BYTES)
def zeros_behind(data: bytes, at: int, to: int) -> bytes:
    return data + bytes(512 * to)


@damage(Stage.BYTES, keeps_code=False)
def cut_off(data: bytes, at: int, to: int) -> bytes:
    return data[: len(data) * at // 41]


@damage(Stage.BYTES, keeps_code=False)
def bytes_are_wrong(data: bytes, at: int, to: int) -> bytes:
    start = len(data) * at // 41
    return data[:start] + bytes(range(to, to + 200, 9)) + data[start + 23 :]


@damage(Stage.BYTES, keeps_code=False)
def another_file(data: bytes, at: int, to: int) -> bytes:
    files = (
        b"",
        b"\n",
        b"I could not do it, sorry.\n",
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + bytes(range(128, 256)),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"\x7fELF" + bytes(range(256)),
        b"\x89PNG\r\n\x1a\n",
        b"<!DOCTYPE html><html></html>",
        b'{"answer": 42}',
        b"[]",
        b"null",
        b"NaN",
        b'{"cells": null}',
        b'{"cells": {"cells": []}}',
        b'{"worksheets": [{"cells": 3}]}',
        b"\xff\xfe",
        b"\x00" * 64,
        b"[" * 100_000,
    )
    return files[to % len(files)]


@damage(Stage.BYTES, keeps_code=False)
def more_than_50_mb(data: bytes, at: int, to: int) -> bytes:
    return data + b" " * (50 * 2**20)
