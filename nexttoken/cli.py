"""The command line: thin commands that call the packages. Heavy imports wait until a command needs them."""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="nexttoken",
    help="An interactive course on what is built around a language model, with exercises that grade themselves.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: Exit codes beside 0: something went wrong; some submissions could not be graded.
FAILED, SOME_NOT_GRADED = 1, 3


def main() -> None:
    """Run the command line."""
    app()


def _one_sentence(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that a person can mend into one sentence and exit code 1; anything else is a bug and stays loud."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("autograder"):
                _fail("this command belongs to the course's repository; a student's installation does not have it")
            _fail(f"{error.name} is not installed; `pip install -e '.[lab,dev]'` in a checkout of the course brings it")
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("autograder", "nexttoken") or isinstance(
                error, LookupError
            ):
                _fail(str(error.args[0]) if error.args else type(error).__name__)
            if isinstance(error, OSError):
                _fail(f"{error.strerror or error}: {error.filename or 'no file named'}")
            raise

    return wrapped


def _fail(sentence: str) -> None:
    typer.echo(f"nexttoken: {sentence}", err=True)
    raise typer.Exit(FAILED)


class IsolationChoice(enum.StrEnum):
    """What `--isolation` takes."""

    BUBBLEWRAP = "bubblewrap"
    NONE = "none"


@app.command("list", epilog="Example: nexttoken list --json | jq '.[].name'")
@_one_sentence
def list_exercises(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False
) -> None:
    """List the exercises with their points, minutes and probes; with --json also mistakes, alternatives and oracles."""
    from nexttoken.catalogue import catalogue

    rows = catalogue()
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(
            f"{row['assignment']:<12} {row['name']:<22} {row['points']:>4g} points  {row['minutes']:>3} min  "
            f"difficulty {row['difficulty']}  {row['probes']} probes  {row['title']}"
        )


@app.command(epilog="Example: nexttoken build --check")
@_one_sentence
def build(
    assignments: Annotated[list[str] | None, typer.Argument(help="Only these, and the pages; by default all.")] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if a generated file is out of date.")
    ] = False,
) -> None:
    """Make every generated notebook and recording from its master.

    A file that somebody has worked in is kept; the new version is written beside it.
    """
    from autograder.courseroot import find_course
    from autograder.release.build import build as build_all

    course = find_course()
    counts: dict[str, int] = {}
    for item in build_all(course, assignments or (), check=check):
        counts[item.status] = counts.get(item.status, 0) + 1
        path = _short(item.path)
        match item.status:
            case "written":
                typer.echo(f"written  {path}")
            case "stale":
                typer.echo(f"STALE    {path}: its master has changed; run `nexttoken build` and commit the result")
            case "kept":
                typer.echo(
                    f"KEPT     {path} was changed by somebody; the new version is {_short(item.beside or item.path)}"
                )
    typer.echo(", ".join(f"{count} {status}" for status, count in sorted(counts.items())))
    if counts.get("stale") or counts.get("kept"):
        raise typer.Exit(FAILED)


@app.command(epilog="Example: nexttoken gallery --output site")
@_one_sentence
def gallery(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = Path("gallery"),
) -> None:
    """Write a static site of all widgets. It opens from disk, needs no server and asks no other place for anything."""
    from nexttoken.gallery import write_gallery

    *_, index = write_gallery(output)
    typer.echo(f"Open {index}")


@app.command(epilog="Example: nexttoken kit next_token --output dist")
@_one_sentence
def kit(
    assignment: Annotated[str, typer.Argument(help="The assignment, as `nexttoken list` names it.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the zip.")] = Path("dist"),
) -> None:
    """Build the zip that a student receives, after a scan for anything secret."""
    from autograder.courseroot import find_course
    from autograder.release.kit import build_kit

    path = build_kit(find_course(), assignment, output)
    typer.echo(f"{path} ({path.stat().st_size / 1024:.0f} KB). The scan found nothing secret in it.")


@app.command(epilog="Example: nexttoken grade next_token --submissions downloads/ --students ada,alan")
@_one_sentence
def grade(
    assignment: Annotated[str | None, typer.Argument(help="The assignment; with --sample, all by default.")] = None,
    *,
    submissions: Annotated[
        Path | None,
        typer.Option(
            help="Folder or zip of STUDENT/ASSIGNMENT/*.ipynb or of STUDENT.ipynb, or the zip that Moodle or Canvas "
            "makes of an assignment; it is not unpacked. By default submitted/ in the course."
        ),
    ] = None,
    students: Annotated[str, typer.Option(help="Only these, separated by commas.")] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for results, gradebook and CSV. By default the course."),
    ] = None,
    regrade: Annotated[bool, typer.Option("--regrade", help="Grade again what is already graded.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Grade the sample class into build/sample.")] = False,
    isolation: Annotated[
        IsolationChoice, typer.Option(help="How students' processes are held in; none is for code that you trust.")
    ] = IsolationChoice.BUBBLEWRAP,
    workers: Annotated[int, typer.Option(min=0, help="Processes that grade at the same time; 0 for one a core.")] = 0,
    scheduler: Annotated[
        str | None, typer.Option(help="Grade on a Dask cluster: tls://HOST:PORT of its scheduler.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as a JSON list.")] = False,
) -> None:
    """Grade what students handed in: result files, nbgrader's gradebook, a CSV.

    What is graded already and has not changed is kept, so the same command goes on after a run that ended early.
    A file that cannot be read is reported as not graded; it never counts as 0. The exit code is 0 if everything was
    graded, 3 if something was not, 1 if nothing could be done.
    """
    from nexttoken.grading import GradeOrder, run_grading

    if assignment is None and not sample:
        _fail("which assignment? Name one, as in `nexttoken grade next_token`; `nexttoken list` shows them")
    names = tuple(name.strip() for name in students.split(",") if name.strip())
    order = GradeOrder(
        assignment,
        submissions,
        names,
        output,
        isolation.value,
        workers=workers,
        scheduler=scheduler,
        regrade=regrade,
        sample=sample,
        as_json=as_json,
    )
    not_graded = run_grading(order)
    if not_graded and not sample:
        raise typer.Exit(SOME_NOT_GRADED)


@app.command(epilog="Example: nexttoken regrade next_token --student ada --explain")
@_one_sentence
def regrade(
    assignment: Annotated[str, typer.Argument(help="The assignment, as `nexttoken list` names it.")],
    *,
    student: Annotated[str, typer.Option(help="Whose submission.")],
    submissions: Annotated[Path | None, typer.Option(help="As for `nexttoken grade`.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="As for `nexttoken grade`.")] = None,
    isolation: Annotated[IsolationChoice, typer.Option(help="As for `nexttoken grade`.")] = IsolationChoice.BUBBLEWRAP,
    explain: Annotated[
        bool, typer.Option("--explain", help="Change nothing; show every case with its draws, hidden ones too.")
    ] = False,
) -> None:
    """Grade one submission again, with the same draws; with --explain, lay its verdict open for an appeal.

    The seeds that are printed are secret as long as others may still hand in.
    """
    from nexttoken.grading import GradeOrder, run_explaining, run_grading

    order = GradeOrder(assignment, submissions, (student,), output, isolation.value, workers=1, regrade=True)
    if explain:
        typer.echo(run_explaining(order))
    elif run_grading(order):
        raise typer.Exit(SOME_NOT_GRADED)


@app.command(epilog="Example: nexttoken feedback next_token --output build/sample")
@_one_sentence
def feedback(
    assignment: Annotated[str, typer.Argument(help="The assignment, as `nexttoken list` names it.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder that `nexttoken grade` wrote to. By default the course."),
    ] = None,
) -> None:
    """Write a page for each student, which tells nothing of hidden probes, and a class report for the instructor."""
    from nexttoken.feedback import run_feedback

    run_feedback(assignment, output)


@app.command(epilog="Example: nexttoken mutants next_token --exercises generate")
@_one_sentence
def mutants(
    assignment: Annotated[str, typer.Argument(help="The assignment, as `nexttoken list` names it.")],
    *,
    exercises: Annotated[str, typer.Option(help="Only these, separated by commas.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as a JSON list.")] = False,
) -> None:
    """Break each reference in many small ways and show which changes the probes do not notice.

    The exit code is 1 if an exercise rejects less than 97% of them, or a survivor has no reason in survivors.toml.
    """
    from nexttoken.mutants import run_mutants

    names = tuple(name.strip() for name in exercises.split(",") if name.strip())
    if not run_mutants(assignment, names, as_json=as_json):
        raise typer.Exit(FAILED)


@app.command(epilog="Example: nexttoken lab --port 9000 --no-browser")
@_one_sentence
def lab(
    *,
    port: Annotated[int, typer.Option(help="Port; the next free one if it is taken.")] = 8888,
    ip: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 in a container.")] = "localhost",
    browser: Annotated[
        bool | None, typer.Option(help="Open a browser, or not. By default, if there is a display.")
    ] = None,
) -> None:
    """Open the course in JupyterLab, with your own copies of the exercises in work/."""
    from nexttoken.lab import start

    raise typer.Exit(start(port, ip=ip, browser=browser))


@app.command(epilog="Example: nexttoken demo --port 9000 --no-browser")
@_one_sentence
def demo(
    *,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8866,
    ip: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "localhost",
    browser: Annotated[
        bool | None, typer.Option(help="Open a browser, or not. By default, if there is a display.")
    ] = None,
    ready: Annotated[
        int, typer.Option(min=0, help="Kernels that wait for each demo, so that its page opens at once; 60 MB each.")
    ] = 1,
) -> None:
    """Serve the widgets as pages by Voila, with an index."""
    from nexttoken.demo.start import start

    start(port, ip=ip, browser=browser, ready=ready)


@app.command(
    "test",
    epilog="Example: nexttoken test -- -k softmax -x",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
@_one_sentence
def run_tests(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also the slow tests.")] = False,
) -> None:
    """Run the course's tests. What follows `--` goes to pytest."""
    from nexttoken.selftest import run

    raise typer.Exit(run(context.args, everything=everything))


@app.command(epilog="Example: nexttoken doctor --deep")
@_one_sentence
def doctor(
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also import torch and torchvision together; some seconds.")
    ] = False,
) -> None:
    """Show what is installed, what is missing and what to do about it."""
    from nexttoken.doctor import exit_status, report, to_text

    checks = report(deep=deep)
    typer.echo(to_text(checks))
    raise typer.Exit(exit_status(checks))


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
