"""What a student calls: `check`, `reset` and `progress`."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import os
import re
from typing import Any

from autograder import attempts
from autograder.draws import public_seed
from autograder.exercise import load_chapter
from autograder.judge import judge
from autograder.observe import observe
from autograder.proxy import Loopback
from autograder.recording import Recording, StaleRecordingError, recordings
from autograder.render import Extras, of, points, to_html, to_text
from autograder.screen import notebook_shell, show
from autograder.verdict import Verdict

_PRINTED_LINES = 8


class ChecksFailedError(AssertionError):
    """Raised by `check` under nbgrader's Validate, and only there; the message is the verdict."""


class UnknownExerciseError(Exception):
    """What was handed to `check` or `reset` is not an exercise; the message lists those there are."""


def examine(implementation: Any, recording: Recording) -> Verdict:
    """Run an exercise's public probes on an implementation in this process and judge it by the recording."""
    exercise = load_chapter(recording.chapter).exercises[recording.exercise]
    want, mistakes = recording.outcomes(exercise)
    channel = Loopback({exercise.name: implementation})
    got = observe(exercise, channel, public_seed(exercise.name, exercise.version))
    return judge(exercise, got, want, mistakes, recording.undecided)


def check(implementation: Any) -> None:
    """Show what your function or class gets right, and the first thing to look at if there is one.

    The check runs here, offline, as often as you like. Your grade asks the same questions with other numbers.

    Parameters
    ----------
    implementation
        The function or class itself, as in ``check(softmax_temperature)``.
    """
    try:
        recording = _find(implementation)
    except UnknownExerciseError as error:
        print(error)  # noqa: T201 - what a student reads
        return
    if isinstance(implementation, str):
        print(f"Hand in the thing itself, not its name: check({implementation})")  # noqa: T201
        return
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            verdict = examine(implementation, recording)
    except StaleRecordingError as error:
        print(error)  # noqa: T201
        return
    except KeyboardInterrupt:
        print(f"Stopped while checking {recording.exercise}. Does a loop in it never end?")  # noqa: T201
        return
    kept = attempts.remember(verdict, recording.version, _source(implementation))
    _display(verdict, Extras(_remarks(recording, kept=kept), _shorten(printed.getvalue())))
    if os.environ.get("NBGRADER_EXECUTION") == "validate" and not verdict.passed:
        # nbgrader's Validate button calls a cell right unless it raises.
        raise ChecksFailedError(to_text(verdict))


def reset(exercise: Any) -> None:
    """Put the exercise as it was given beside your code: in a new cell, or on the screen where there are no cells.

    Your own code is never touched.
    """
    try:
        recording = _find(exercise)
    except UnknownExerciseError as error:
        print(error)  # noqa: T201
        return
    shell = notebook_shell()
    if shell is None:
        print(recording.stub)  # noqa: T201
        return
    shell.set_next_input(recording.stub, replace=False)
    print("The exercise as it was given is in the cell below. Your own code is still in its cell.")  # noqa: T201


def progress() -> None:
    """Show the exercises of the course with the best check of each so far."""
    rows = [(item, attempts.standing(item.exercise, item.version)) for item in recordings().values()]
    lines = [
        f"{item.chapter:<12} {item.exercise:<24} {of(standing.best, item.points):<16} "
        f"{standing.attempts} {'check' if standing.attempts == 1 else 'checks'}"
        for item, standing in rows
    ]
    shell = notebook_shell()
    if shell is None:
        print("\n".join(lines))  # noqa: T201
        return
    cell = "text-align:left;padding:2px 16px 2px 0"
    head = "".join(
        f'<th scope="col" style="{cell}">{name}</th>' for name in ("assignment", "exercise", "best check", "checks")
    )
    body = "".join(
        f'<tr><td style="{cell}">{item.chapter}</td><td style="{cell}"><code>{item.exercise}</code></td>'
        f'<td style="{cell}">{of(standing.best, item.points)}</td><td style="{cell}">{standing.attempts}</td></tr>'
        for item, standing in rows
    )
    show("\n".join(lines), f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _find(thing: Any) -> Recording:
    name = thing if isinstance(thing, str) else getattr(thing, "__name__", type(thing).__name__)
    known = recordings()
    if name not in known:
        raise UnknownExerciseError(
            f"{name!r} is not an exercise. Exercises are: {', '.join(known)}. "
            "Hand in the function or class itself, under the name that the task gives it."
        )
    return known[name]


def _source(implementation: Any) -> str:
    try:
        return inspect.getsource(implementation)
    except (OSError, TypeError):
        return ""


def _remarks(recording: Recording, *, kept: bool) -> list[str]:
    remarks = [warning] if (warning := _not_run(recording.exercise)) else []
    if not kept:
        return [*remarks, f"This attempt is not in your history: {attempts.history_file().parent} cannot be written."]
    standing = attempts.standing(recording.exercise, recording.version)
    if standing.attempts <= 1:
        return remarks
    return [
        *remarks,
        f"Attempt {standing.attempts}. Best so far: {points(standing.best)} of {points(recording.points)}.",
    ]


def _not_run(exercise: str) -> str | None:
    """Say so if the last cell that defines the exercise had a syntax error: what was checked is the version before."""
    shell = notebook_shell()
    history = getattr(getattr(shell, "history_manager", None), "input_hist_raw", ())
    defines = re.compile(rf"^\s*(?:def|class) {exercise}\b", re.MULTILINE)
    last = next((source for source in reversed(history) if defines.search(source)), None)
    if last is None:
        return None
    try:
        ast.parse(shell.transform_cell(last))
    except SyntaxError as error:
        where = f"line {error.lineno} of its cell has a syntax error"
        return f"Your last change was not run: {where}. What was checked is the version before it."
    return None


def _shorten(text: str) -> list[str]:
    lines = text.splitlines()
    cut = [line[:200] for line in lines[:_PRINTED_LINES]]
    return cut if len(lines) <= _PRINTED_LINES else [*cut, f"… and {len(lines) - _PRINTED_LINES} more lines"]


def _display(verdict: Verdict, extras: Extras) -> None:
    show(to_text(verdict, extras), to_html(verdict, extras))
