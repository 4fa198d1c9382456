"""A student's process from outside: what it gives back, how it ends, what it may know, and that nothing is left of it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.open_process import OpenProcesses
from autograder.grading.process import InfrastructureError, Limits, Processes
from autograder.grading.sandbox import Nursery
from autograder.grading.session import Session
from autograder.proxy import LostError
from autograder.wire import decode, encode

PATIENT = Limits(cell_seconds=120, call_seconds=120, start_seconds=120)
Begin = Callable[..., Session]

#: A student who looks for the line to the grader among the descriptors, and finds it.
LINE = (
    "import fcntl, os\n"
    "fds = [int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')]\n"
    "pipes = [n for n in fds if os.readlink(f'/proc/self/fd/{n}').startswith('pipe:')]\n"
    "(line,) = [n for n in pipes if fcntl.fcntl(n, fcntl.F_GETFL) & os.O_WRONLY]\n"
)


@pytest.fixture
def begin(opened: Callable[..., Processes]) -> Begin:
    """Start a conversation; those under the same limits come from one place."""
    places: dict[Limits, Processes] = {}

    def start(**limits: Any) -> Session:
        asked = replace(PATIENT, **limits)
        if asked not in places:
            places[asked] = opened(asked)
        return Session(places[asked].start(), asked)

    return start


@pytest.fixture
def session(begin: Begin) -> Iterator[Session]:
    with begin() as started:
        yield started


def ask(session: Session, *message: Any) -> Any:
    def no_callback(_: bytes) -> bytes:
        raise AssertionError("no function was passed in")

    return decode(session.request(encode(list(message)), no_callback))


def printed(session: Session, source: str) -> str:
    outputs = session.run_cell(source)
    assert [item[:2] for item in outputs] == [["stream", "stdout"]], outputs
    return str(outputs[0][2])


# --- what cells give back


def test_cells_share_what_they_define_and_answer_about_it(session: Session) -> None:
    assert session.run_cell("def double(x):\n    return x + y") == []
    assert session.run_cell("y = 2") == []
    assert ask(session, "call", "double", [3], {}, False) == ["ok", 5]


@pytest.mark.parametrize(
    ("source", "outputs"),
    [
        ("", []),
        ("x = 1;", []),
        ("print('a'); print('b')", [["stream", "stdout", "a\nb\n"]]),
        ("import sys; print('a', file=sys.stderr)", [["stream", "stderr", "a\n"]]),
        ("1 + 1", [["display", {"text/plain": "2"}]]),
        ("None", []),
        ("print('a')\n[1]", [["stream", "stdout", "a\n"], ["display", {"text/plain": "[1]"}]]),
    ],
)
def test_a_cell_gives_its_outputs_in_a_closed_form(source: str, outputs: list[Any], session: Session) -> None:
    assert session.run_cell(source) == outputs


def test_the_last_value_of_a_cell_is_at_hand_in_the_next(session: Session) -> None:
    session.run_cell("20 + 1")
    assert printed(session, "print(_ * 2)") == "42\n"


def test_a_value_that_cannot_be_shown_ends_nothing(session: Session) -> None:
    session.run_cell("class A:\n    def __repr__(self):\n        raise SystemExit\nA()")
    assert printed(session, "print('on')") == "on\n"


def test_nothing_that_can_run_in_a_page_is_among_the_outputs(session: Session) -> None:
    outputs = session.run_cell(
        "from IPython.display import HTML, Javascript, Image, display\n"
        "display(HTML('<script>'), Javascript('alert(1)'), Image(data=b'picture', format='png'))\n"
        "display({'text/html': '<b>', 'text/plain': 'plain', 'image/svg+xml': '<svg>'}, raw=True)"
    )
    kinds = {kind for item in outputs for kind in item[1]}
    assert kinds <= {"text/plain", "image/png"}
    assert "image/png" in kinds


def test_long_outputs_are_cut(session: Session) -> None:
    text = printed(session, "print('x' * 1_000_000)")
    assert len(text) < 30_000
    assert text.endswith("(cut)")


def test_an_error_is_an_output_without_colours_and_the_next_cell_runs(session: Session) -> None:
    ((kind, name, message, lines),) = session.run_cell("def f():\n    raise ValueError('no')\nf()")
    assert (kind, name, message) == ("error", "ValueError", "no")
    assert any("raise ValueError" in line for line in lines)
    assert "\x1b" not in "".join(lines)
    assert printed(session, "print('on')") == "on\n"


@pytest.mark.parametrize(
    "source", ["def f(:", "raise SystemExit(3)", "import sys; sys.exit()", "raise KeyboardInterrupt", "exit()"]
)
def test_no_exception_ends_the_process(source: str, session: Session) -> None:
    session.run_cell(source)
    assert printed(session, "print('on')") == "on\n"


def test_a_text_that_is_no_unicode_ends_nothing(session: Session) -> None:
    session.run_cell("x = '\ud800'")
    session.run_cell("print('\\ud800')")
    assert printed(session, "print('on')") == "on\n"


def test_an_exception_that_cannot_be_written_ends_nothing(session: Session) -> None:
    session.run_cell("class E(Exception):\n    def __str__(self):\n        raise SystemExit\nraise E")
    assert printed(session, "print('on')") == "on\n"


# --- how it ends


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os; os._exit(3)", "it exited with code 3"),
        ("import os; os._exit(0)", "it exited with code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
        (f"{LINE}os.write(line, b'\\xff' * 8)", "it sent what is no answer"),
        (f"{LINE}os.close(line)", "it exited with code|it closed its line"),
    ],
)
def test_a_cell_that_ends_the_process_is_a_crash_that_says_how(source: str, why: str, session: Session) -> None:
    with pytest.raises(LostError, match=why) as lost:
        session.run_cell(source)
    assert lost.value.reason == "crash"


def test_a_cell_that_never_ends_is_a_timeout(begin: Begin) -> None:
    with begin(cell_seconds=0.5) as session:
        with pytest.raises(LostError, match=r"more than 0\.5 seconds") as lost:
            session.run_cell("while True:\n    pass")
        assert lost.value.reason == "timeout"


def test_a_call_that_never_ends_is_a_timeout(begin: Begin) -> None:
    with begin(call_seconds=0.5) as session:
        session.run_cell("def f():\n    while True:\n        pass")
        with pytest.raises(LostError, match=r"more than 0\.5 seconds") as lost:
            ask(session, "call", "f", [], {}, False)
        assert lost.value.reason == "timeout"


def test_the_time_of_a_call_includes_the_callbacks_that_it_makes(begin: Begin) -> None:
    with begin(call_seconds=1) as session:
        session.run_cell("def f(g):\n    while True:\n        g()")
        from autograder.wire import Ref

        with pytest.raises(LostError) as lost:
            session.request(encode(["call", "f", [Ref("callback", 0)], {}, False]), lambda _: encode(["ok", 1]))
        assert lost.value.reason == "timeout"


def test_a_function_that_was_passed_in_is_not_called_without_end(begin: Begin) -> None:
    with begin(callbacks=20) as session:
        session.run_cell("def f(g):\n    while True:\n        g()")
        from autograder.wire import Ref

        with pytest.raises(LostError, match="more than 20 calls"):
            session.request(encode(["call", "f", [Ref("callback", 0)], {}, False]), lambda _: encode(["ok", 1]))


def test_an_answer_that_is_too_large_is_not_taken(begin: Begin) -> None:
    with begin(answer_bytes=1000) as session:
        session.run_cell("def f():\n    return b'x' * 2000")
        with pytest.raises(LostError, match="an answer of"):
            ask(session, "call", "f", [], {}, False)
        # The outputs of a cell may be larger: pictures are among them.
    with begin(answer_bytes=1000) as session:
        assert len(session.run_cell("print('x' * 2000)")[0][2]) == 2001


def test_answers_that_never_stop_coming_are_a_timeout(begin: Begin) -> None:
    """A process that floods the line keeps it ready at every moment: the clock must be read all the same."""
    with begin(call_seconds=0.5, callbacks=10**9) as session:
        session.run_cell("def f(g):\n    while True:\n        g()")
        from autograder.wire import Ref

        with pytest.raises(LostError) as lost:
            session.request(encode(["call", "f", [Ref("callback", 0)], {}, False]), lambda _: encode(["ok", 1]))
        assert lost.value.reason == "timeout"


def test_processor_time_that_is_used_up_is_a_timeout_too(begin: Begin) -> None:
    with begin(cpu_seconds=3) as session:
        with pytest.raises(LostError, match="processor time") as lost:
            session.run_cell("while True:\n    pass")
        assert lost.value.reason == "timeout"


def test_a_file_may_not_grow_without_end(begin: Begin) -> None:
    with begin(disk_bytes=1_000_000) as session:
        ((kind, name, _, _),) = session.run_cell("open('big', 'wb').write(b'x' * 2_000_000);")
        assert (kind, name) == ("error", "OSError")


def test_a_process_that_does_not_start_is_our_fault() -> None:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(InfrastructureError, match="did not start"):
        Session(OpenProcesses(empty.getvalue(), PATIENT).start(), PATIENT)


def test_an_enclosure_that_does_not_start_says_why() -> None:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(InfrastructureError, match="did not start: ModuleNotFoundError: No module named 'autograder'"):
        Nursery(empty.getvalue(), [], PATIENT)


def test_a_warm_process_that_is_gone_is_our_fault(package: bytes) -> None:
    nursery = Nursery(package, [], PATIENT)
    nursery.close()
    with pytest.raises(InfrastructureError, match="is gone"):
        nursery.start()


def test_a_library_that_the_release_does_not_use_can_be_imported(begin: Begin) -> None:
    with begin() as session:
        assert session.run_cell("import torch\nprint(torch.ones(3).sum().item())") == [["stream", "stdout", "3.0\n"]]


def test_what_one_student_does_to_the_package_does_not_reach_the_next(begin: Begin) -> None:
    spoil = "import autograder.serve as s, pathlib; pathlib.Path(s.__file__).write_text('raise SystemExit')"
    with begin() as first:
        first.run_cell(spoil)
    with begin() as second:
        assert second.run_cell("print('well')") == [["stream", "stdout", "well\n"]]


def test_a_process_that_starts_too_slowly_is_our_fault(begin: Begin) -> None:
    with pytest.raises(InfrastructureError, match="did not start"):
        begin(start_seconds=0.0)


def test_closing_twice_is_closing(begin: Begin) -> None:
    session = begin()
    session.close()
    session.close()


# --- what it may know


def test_the_environment_holds_nothing_of_the_graders(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTTOKEN_SECRET", "5e" * 32)
    monkeypatch.setenv("NEXTTOKEN_HIDDEN", "/srv/hidden")
    monkeypatch.setenv("A_TOKEN", "hush")
    monkeypatch.setenv("PYTHONPATH", "/srv/course")
    with begin() as session:
        seen = json.loads(printed(session, "import json, os; print(json.dumps(dict(os.environ)))"))
    assert not {"NEXTTOKEN_SECRET", "NEXTTOKEN_HIDDEN", "A_TOKEN", "PYTHONPATH"} & set(seen)
    assert not [value for value in seen.values() if "5e5e" in value or "hush" in value or "/srv" in value]
    assert seen["HF_HUB_OFFLINE"] == "1"


def test_nothing_of_the_instructors_side_can_be_imported(session: Session) -> None:
    found = printed(
        session,
        "import importlib\n"
        "found = []\n"
        "for name in ('solutions', 'autograder.grading', 'autograder.release', 'autograder.hidden', 'tests'):\n"
        "    try:\n        importlib.import_module(name)\n        found.append(name)\n"
        "    except ModuleNotFoundError:\n        pass\n"
        "print(found)",
    )
    assert found == "[]\n"


def test_the_search_path_does_not_lead_to_the_course(session: Session) -> None:
    course = str(Path(__file__).parents[2])
    folders = json.loads(printed(session, "import json, sys; print(json.dumps(sys.path))"))
    assert course not in folders
    # "" is the student's own working folder.
    assert not [folder for folder in folders if folder and (Path(folder) / "solutions").is_dir()]


def test_it_holds_no_descriptor_but_its_own(begin: Begin) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    try:
        with begin() as session:
            held = json.loads(
                printed(
                    session,
                    "import json, os\n"
                    "print(json.dumps([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')\n"
                    "    if os.path.exists(f'/proc/self/fd/{n}')]))",
                )
            )
        ours = str(Path(f"/proc/self/fd/{writer}").readlink())
    finally:
        os.close(reader)
        os.close(writer)
    assert ours not in held
    assert len([name for name in held if name.startswith("pipe:")]) == 2


def test_it_has_nothing_to_read_from(session: Session) -> None:
    assert printed(session, "import sys; print(repr(sys.stdin.read()))") == "''\n"


def test_the_working_folder_is_an_empty_one_of_its_own(session: Session) -> None:
    assert printed(session, "import os; print(os.getcwd() == os.environ['HOME'], os.listdir())") in (
        "True []\n",
        "True ['.ipython']\n",
    )


# --- what is left of it


def running(mark: str) -> bool:
    """Say whether there is a process on this machine, in any namespace, whose command line holds a mark."""
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (place / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if mark.encode() in (place / "cmdline").read_bytes() and state not in "ZX":
                return True
    return False


def becomes(there: bool, mark: str, seconds: float = 20.0) -> bool:
    """Wait until such a process runs, or until none does any more."""
    deadline = time.monotonic() + seconds
    while running(mark) is not there:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def mark(request: pytest.FixtureRequest) -> str:
    """Return a number of seconds that no other process sleeps."""
    return f"100{zlib.crc32(request.node.name.encode())}.{os.getpid()}"


SLEEPS = "import subprocess, os\nsubprocess.Popen(['sleep', '{mark}'], stdout=subprocess.DEVNULL, {how});"


def test_its_home_is_gone_when_it_is_closed_and_the_next_one_starts_empty(begin: Begin) -> None:
    with begin() as session:
        home = Path(
            printed(
                session,
                "import os, pathlib\n"
                "(pathlib.Path.home() / 'notes').write_text('remember me')\n"
                "os.chmod(pathlib.Path.home() / 'notes', 0)\n"
                "print(pathlib.Path.home())",
            ).strip()
        )
    assert not home.exists()
    with begin() as session:
        assert printed(session, "print((pathlib := __import__('pathlib')).Path('~/notes').expanduser().exists())") == (
            "False\n"
        )


@pytest.mark.parametrize("how", ["", "start_new_session=True", "process_group=0"])
def test_no_process_is_left_after_it_is_closed(begin: Begin, mark: str, how: str) -> None:
    with begin() as session:
        session.run_cell(SLEEPS.format(mark=mark, how=how))
        assert becomes(True, mark)
    assert becomes(False, mark)


def test_a_process_that_ignores_signals_is_ended_too(begin: Begin, mark: str) -> None:
    stubborn = (
        "import os, signal\n"
        "if os.fork() == 0:\n"
        "    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "        signal.signal(number, signal.SIG_IGN)\n"
        f"    os.execvp('sleep', ['sleep', '{mark}'])"
    )
    with begin() as session:
        session.run_cell(stubborn)
    assert becomes(False, mark)


@pytest.mark.parametrize("ends_itself", [False, True])
def test_an_orphan_is_ended_too(begin: Begin, ends_itself: bool, mark: str) -> None:
    """A daemon's parent is gone before anybody looks; and the student's own process may be gone too."""
    daemon = (
        "import os, time\n"
        "reader, writer = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        os.write(writer, b'!')\n"
        f"        os.execvp('sleep', ['sleep', '{mark}'])\n"
        "    os._exit(0)\n"
        "os.read(reader, 1);"
    )
    with begin() as session:
        session.run_cell(daemon)
        if ends_itself:
            with pytest.raises(LostError):
                session.run_cell("os._exit(0)")
    assert becomes(False, mark)


def test_closing_one_session_leaves_another_alone(begin: Begin) -> None:
    with begin() as first:
        with begin() as second:
            assert printed(second, "print(2)") == "2\n"
        assert printed(first, "print(1)") == "1\n"
