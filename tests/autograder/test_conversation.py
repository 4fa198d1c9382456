"""The conversation between a probe and the student's code: the same in this process and over a pipe, whatever is said."""

from __future__ import annotations

import itertools
import linecache
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.draws import Rng
from autograder.exercise import Chapter, Exercise, Probe, load_chapter
from autograder.observe import Outcome, observe_case
from autograder.proxy import Answer, Channel, Loopback, LostError
from autograder.wire import Ref, WireError, decode, encode, frame, frame_length

ROOT = Path(__file__).parents[2]
SEED = b"a seed for the conversation"

# --- a channel to another process, as small as it can be

CHILD = """
import os, struct, sys
sys.path.insert(0, sys.argv[1])
from autograder.serve import Server
from autograder.wire import frame, frame_length
replies, requests = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
os.dup2(2, 1)

def receive():
    header = requests.read(4)
    if len(header) < 4:
        os._exit(0)
    return requests.read(frame_length(header))

def send(kind, data):
    replies.write(kind + frame(data))
    replies.flush()

def ask(message):
    send(b"C", message)
    return receive()

namespace = {"__name__": "student"}
source = receive().decode()
exec(compile(source, "<student>", "exec"), namespace)
import linecache
linecache.cache["<student>"] = (len(source), None, source.splitlines(True), "<student>")
server = Server(namespace, ask)
while True:
    send(b"R", server.handle(receive()))
"""


class Pipe:
    """A student's process that runs some source and answers over two pipes."""

    def __init__(self, source: str) -> None:
        command = [sys.executable, "-I", "-c", CHILD, str(ROOT)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.replies = self.process.stdin, self.process.stdout
        self._send(source.encode())

    def request(self, message: bytes, answer: Answer) -> bytes:
        """Send a request, serve callbacks, return the reply."""
        self._send(message)
        while True:
            kind = self.replies.read(1)
            if not kind:
                raise LostError("crash", "the process ended")
            data = self.replies.read(frame_length(self.replies.read(4)))
            if kind == b"R":
                return data
            self._send(answer(data))

    def _send(self, data: bytes) -> None:
        self.requests.write(frame(data))
        self.requests.flush()

    def close(self) -> None:
        """End the process."""
        self.requests.close()
        self.replies.close()
        self.process.wait(30)


STUDENT = """
import math
import numpy as np
import torch
from solutions.next_token import *

def give_back(*args, **kwargs):
    return [list(args), kwargs]

def with_prints(x):
    print("this goes nowhere")
    return x

def double(x):
    return x * 2

def fills_in_place(x):
    x.fill_(7) if isinstance(x, torch.Tensor) else x.append(7)
    return len(x)

def detached(x):
    return x.detach() * 2

def not_a_tensor(x):
    return [1.0]

def pair(x):
    return x * 2, x.sum()

def half_detached(x):
    return x * 3, x.detach()

def unrelated(x):
    return torch.ones(2, requires_grad=True) * 3

class Counter:
    start = 0
    def __init__(self, start=0, *, step=1):
        self.total = start
        self.step = step
        self.history = []
    def add(self, n):
        self.total += n * self.step
        self.history.append(n)
        return self.total
    def extend(self, items):
        items.append(self.total)
        return None
    def me(self):
        return self
    def fails(self):
        raise KeyError("no such thing")
    @property
    def broken(self):
        raise LookupError("a property that fails")

class NeedsTwo:
    def __init__(self, a, b):
        pass

def asks(f, times):
    return [f(i, twice=2 * i) for i in range(times)]

def returns_the_function(f):
    return f

def catches(f):
    try:
        f(1)
    except Exception as error:
        return [type(error).__name__, str(error), isinstance(error, (ValueError, LookupError))]

def lets_through(f):
    return f(1)

def hands_over_a_set(f):
    return f({1})

def raises(name):
    if name == "own":
        class TooBig(ValueError):
            pass
        raise TooBig("it is too big")
    if name == "library":
        return torch.nn.Sequential(torch.nn.Linear(2, 3))(torch.zeros(5))
    if name == "chained":
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise RuntimeError("could not") from error
    if name == "deep":
        return raises("deep")
    if name == "exit":
        raise SystemExit(3)
    if name == "long":
        raise ValueError("x" * 100_000)
    if name == "surrogate":
        raise ValueError("\\udc80")
    if name == "assert":
        assert name == "x"
    if name == "group":
        raise ExceptionGroup("two", [ValueError("a"), TypeError("b")])
    raise NotImplementedError

class Tricky(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")
    @property
    def __mro__(cls):
        return ()

class SlyText(str):
    def __getitem__(self, key):
        return object()

def raises_oddly(how):
    if how == "str raises":
        class Mute(ValueError):
            def __str__(self):
                raise RuntimeError("no text")
        raise Mute
    if how == "str exits":
        class Leaver(ValueError):
            def __str__(self):
                raise SystemExit
        raise Leaver
    if how == "str is none":
        class Silent(ValueError):
            def __str__(self):
                return None
        raise Silent
    if how == "sly text":
        class Sly(ValueError):
            def __str__(self):
                return SlyText("sly")
        raise Sly
    if how == "metaclass":
        raise Tricky("Hidden", (ValueError,), {})("who am I")
    if how == "long name":
        raise type("N" * 100_000, (ValueError,), {})("x")
    if how == "odd name":
        raise type("\\n<b>\\x1b[31m 日本", (ValueError,), {})("x")
    if how == "sly name":
        raise type(SlyText("sly"), (ValueError,), {})("x")
    if how == "many bases":
        kind = ValueError
        for number in range(200):
            kind = type("K%d" % number, (kind,), {})
        raise kind("x")
    if how == "no file":
        exec(compile("raise ValueError('from nowhere')", "no\\ud800where", "exec"), {})
    if how == "no directory":
        import os, tempfile
        gone = tempfile.mkdtemp()
        os.chdir(gone)
        os.rmdir(gone)
        exec(compile("raise ValueError('from nowhere')", "somewhere", "exec"), {})

class Liar:
    __module__ = 5

def returns_oddly(how):
    if how == "ring":
        ring = []
        ring.append(ring)
        return ring
    return {"object": object(), "set": {1}, "module": math, "liar": Liar(), "huge": [0] * 200_000,
            "expanded": torch.zeros(1).expand(10**13), "meta": torch.zeros(2, device="meta"), "keys": {1: 2},
            "int": 1 << 10**6, "function": len, "class": Counter, "generator": (x for x in "ab")}[how]
"""


@pytest.fixture(scope="module")
def pipe() -> Iterator[Pipe]:
    channel = Pipe(STUDENT)
    yield channel
    channel.close()


@pytest.fixture(scope="module")
def loopback() -> Loopback:
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(compile(STUDENT, "<student>", "exec"), namespace)
    linecache.cache["<student>"] = (len(STUDENT), None, STUDENT.splitlines(keepends=True), "<student>")
    return Loopback(namespace)


@pytest.fixture(params=["in this process", "over a pipe"])
def channel(request: pytest.FixtureRequest, loopback: Loopback, pipe: Pipe) -> Channel:
    return loopback if request.param == "in this process" else pipe


# --- probes made on the spot


def exercise_named(name: str) -> Exercise:
    """Return an exercise for one of the student's names above."""
    chapter = Chapter("trial", "A chapter for these tests")
    facts: dict[str, Any] = {"title": name, "minutes": 1, "difficulty": 1, "oracle": "none"}
    if name[0].isupper():
        methods = ("add", "extend", "me", "fails", "absent")
        return chapter.class_(
            name, methods=methods, attributes=("total", "step", "history", "broken", "absent"), **facts
        )
    return chapter.function(name, **facts)


def ask(channel: Channel, name: str, run: Callable[[Any], Any]) -> Outcome:
    """Put one question to the student's `name` and return the outcome."""
    exercise = exercise_named(name)

    @exercise.probe(points=1, cases=1)
    def question(impl: Any, rng: Rng) -> Any:
        """One question."""
        return run(impl)

    return observe_case(exercise, exercise.probes[0], channel, SEED, 0)


def plain(outcome: Outcome) -> list[Any]:
    """Everything that an outcome says, in a form that compares bit by bit."""
    numbers = itertools.count()

    def handle(_: Any) -> Ref:
        return Ref("callback", next(numbers))

    calls = [[call.what, encode(list(call.args), handle), encode(call.kwargs, handle)] for call in outcome.calls]
    return [outcome.status, encode(outcome.value), outcome.kinds, outcome.message, outcome.lines, calls]


# --- the same over a pipe as in this process

PROBES = [
    pytest.param(exercise, probe, id=f"{exercise.name}-{probe.name}")
    for exercise in load_chapter("next_token").exercises.values()
    for probe in exercise.probes
]


@pytest.mark.parametrize(("exercise", "probe"), PROBES)
def test_a_probe_observes_the_same_in_this_process_and_over_a_pipe(
    exercise: Exercise, probe: Probe, loopback: Loopback, pipe: Pipe
) -> None:
    for case in range(probe.cases):
        here, there = (observe_case(exercise, probe, channel, SEED, case) for channel in (loopback, pipe))
        assert plain(here) == plain(there)
        assert here.status in ("value", "raised")


VALUES = [
    None,
    True,
    -(2**70),
    -0.0,
    math.nan,
    "né \ud800",
    b"\0\xff",
    [],
    (),
    (1, [2.5, {"a": None}]),
    np.arange(6, dtype=np.int16).reshape(2, 3),
    torch.tensor([1.5, -math.inf], dtype=torch.bfloat16),
    torch.empty(0, 2),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_arguments_and_values_cross_as_they_are(channel: Channel, value: Any) -> None:
    outcome = ask(channel, "give_back", lambda impl: impl(value, 1, named=value))
    assert outcome.status == "value"
    assert encode(outcome.value) == encode([[value, 1], {"named": value}])


def test_what_the_student_prints_does_not_disturb_the_conversation(pipe: Pipe) -> None:
    assert ask(pipe, "with_prints", lambda impl: [impl(1), impl(2)]).value == [1, 2]


def test_keeping_returns_the_arguments_as_they_were_afterwards(channel: Channel) -> None:
    given = [torch.zeros(2), [1]]
    outcome = ask(channel, "fills_in_place", lambda impl: [impl.keeping(given[0]), impl.keeping(given[1])])
    assert encode(outcome.value) == encode([(2, [torch.full((2,), 7.0)]), (2, [[1, 7]])])
    assert encode(given) == encode([torch.zeros(2), [1]])  # the probe's own are never touched


def test_a_gradient_is_that_of_the_student_s_function(channel: Channel) -> None:
    x, cotangent = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0])
    outcome = ask(channel, "double", lambda impl: impl.grad(x, cotangent=cotangent))
    assert outcome.value.tolist() == [2.0, 20.0]
    assert outcome.calls[0].what == "gradient of double"


def test_a_gradient_that_does_not_reach_the_input_is_zero(channel: Channel) -> None:
    outcome = ask(channel, "unrelated", lambda impl: impl.grad(torch.zeros(2), cotangent=torch.ones(2)))
    assert outcome.value.tolist() == [0.0, 0.0]


def test_a_gradient_of_several_results_runs_over_all_of_them(channel: Channel) -> None:
    x, cotangent = torch.tensor([1.0, 2.0]), (torch.tensor([1.0, 10.0]), torch.tensor(100.0))
    outcome = ask(channel, "pair", lambda impl: impl.grad(x, cotangent=cotangent))
    assert outcome.value.tolist() == [102.0, 120.0]


def test_a_result_beside_others_may_be_without_a_gradient(channel: Channel) -> None:
    cotangent = (torch.ones(2), torch.ones(2))
    outcome = ask(channel, "half_detached", lambda impl: impl.grad(torch.zeros(2), cotangent=cotangent))
    assert outcome.value.tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("name", "cotangent", "said"),
    [
        ("double", (torch.ones(2), torch.ones(2)), "a tuple of 2 tensors was expected, a Tensor was returned"),
        ("pair", (torch.ones(2),), "a tuple of 1 tensors was expected, a tuple was returned"),
        ("pair", (torch.ones(2), torch.ones(3)), "a result of shape () was returned, shape (3,) was expected"),
        ("pair", torch.ones(2), "a tuple was returned where a tensor with a gradient was expected"),
    ],
)
def test_results_of_another_number_or_shape_than_expected_are_refused(
    channel: Channel, name: str, cotangent: Any, said: str
) -> None:
    outcome = ask(channel, name, lambda impl: impl.grad(torch.zeros(2), cotangent=cotangent))
    assert outcome.status == "refused"
    assert said in outcome.message


def test_a_detached_result_raises_with_a_hint(channel: Channel) -> None:
    outcome = ask(channel, "detached", lambda impl: impl.grad(torch.zeros(2), cotangent=torch.ones(2)))
    assert (outcome.status, outcome.kinds[0]) == ("raised", "RuntimeError")
    assert "detached" in outcome.message


def test_a_result_without_a_gradient_is_refused(channel: Channel) -> None:
    outcome = ask(channel, "not_a_tensor", lambda impl: impl.grad(torch.zeros(2), cotangent=torch.ones(2)))
    assert outcome.status == "refused"
    assert "a list was returned where a tensor with a gradient was expected" in outcome.message


# --- classes


def test_instances_keep_their_state_and_share_nothing(channel: Channel) -> None:
    def run(impl: Any) -> Any:
        one, two = impl(10, step=2), impl()
        return [one.add(1), two.add(1), one.add(5), one.total, two.total, one.history]

    assert ask(channel, "Counter", run).value == [12, 1, 22, 22, 1, [1, 5]]


def test_attributes_can_be_set_from_outside(channel: Channel) -> None:
    def run(impl: Any) -> Any:
        counter = impl()
        counter.total = 40
        counter.step = 2
        return counter.add(1)

    outcome = ask(channel, "Counter", run)
    assert outcome.value == 42
    assert [call.what for call in outcome.calls] == ["Counter", ".total =", ".step =", ".add"]


def test_keeping_works_for_methods(channel: Channel) -> None:
    assert ask(channel, "Counter", lambda impl: impl(3).keeping("extend", [1])).value == (None, [[1, 3]])


def test_a_probe_may_use_only_what_the_docstring_promises(loopback: Loopback) -> None:
    def sets(impl: Any) -> None:
        impl().start = 3

    for run, name in ((lambda impl: impl().start, "start"), (sets, "start"), (lambda impl: impl().reset(), "reset")):
        outcome = ask(loopback, "Counter", run)
        assert outcome.status == "refused"
        assert name in outcome.message


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (lambda impl: impl().absent(), "AttributeError"),
        (lambda impl: impl().fails(), "KeyError"),
        (lambda impl: impl().broken, "LookupError"),
        (lambda impl: impl(1, 2, 3), "TypeError"),
        (lambda impl: impl().add(), "TypeError"),
        (lambda impl: impl().add(nothing=1), "TypeError"),
    ],
    ids=["absent method", "failing method", "failing property", "constructor", "too few", "unknown keyword"],
)
def test_what_an_instance_cannot_do_is_the_student_s_own_error(channel: Channel, run: Any, kind: str) -> None:
    outcome = ask(channel, "Counter", run)
    assert (outcome.status, outcome.kinds[0]) == ("raised", kind)


def test_an_instance_itself_cannot_be_returned(channel: Channel) -> None:
    outcome = ask(channel, "Counter", lambda impl: impl().me())
    assert outcome.status == "refused"
    assert "Counter cannot be checked" in outcome.message


def test_a_name_that_is_not_defined_is_missing(channel: Channel) -> None:
    for name in ("not_there", "NotThere"):
        assert ask(channel, name, lambda impl: impl()).status == "missing"


# --- functions that are passed in


def test_a_callback_runs_on_the_checking_side_where_its_transcript_stays(channel: Channel) -> None:
    transcript: list[Any] = []

    def listener(number: int, **named: Any) -> int:
        transcript.append((number, named))
        return number * 10

    outcome = ask(channel, "asks", lambda impl: [impl(listener, 3), list(transcript)])
    assert outcome.value == [[0, 10, 20], [(0, {"twice": 0}), (1, {"twice": 2}), (2, {"twice": 4})]]


def test_callbacks_of_several_calls_are_told_apart(channel: Channel) -> None:
    def run(impl: Any) -> Any:
        return [impl(lambda number, twice: -number, 2), impl(lambda number, twice: "second", 1)]

    assert ask(channel, "asks", run).value == [[0, -1], ["second"]]


def test_a_callback_can_be_handed_back(channel: Channel) -> None:
    assert ask(channel, "returns_the_function", lambda impl: impl(len)).value == Ref("callback", 0)
    outcome = ask(channel, "asks", lambda impl: impl.keeping(lambda number, twice: number, 1))
    assert outcome.value == ([0], [Ref("callback", 0), 1])


class OddError(ValueError):
    """No builtin, so it reaches the student as a RuntimeError."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("bad"), ["ValueError", "bad", True]),
        (IndexError("far"), ["IndexError", "far", True]),
        (StopIteration("end"), ["StopIteration", "end", False]),
        (OddError("odd"), ["RuntimeError", "odd", False]),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why"), ["RuntimeError", None, False]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_exception_in_a_callback_reaches_the_student_as_the_same_builtin(
    channel: Channel, error: Exception, expected: list[Any]
) -> None:
    def failing(_: int) -> None:
        raise error

    kind, text, familiar = ask(channel, "catches", lambda impl: impl(failing)).value
    assert [kind, familiar] == [expected[0], expected[2]]
    assert text == expected[1] if expected[1] else "utf-8" in text


def test_an_exception_in_a_callback_that_nobody_catches_is_the_outcome(channel: Channel) -> None:
    def failing(_: int) -> None:
        raise TypeError("the model takes a list")

    outcome = ask(channel, "lets_through", lambda impl: impl(failing))
    assert (outcome.status, outcome.kinds[0], outcome.message) == ("raised", "TypeError", "the model takes a list")
    assert outcome.lines == (f"line {line_of('return f(1)')}, in lets_through: return f(1)",)


def test_a_callback_given_what_cannot_cross_is_the_student_s_type_error(channel: Channel) -> None:
    outcome = ask(channel, "hands_over_a_set", lambda impl: impl(len))
    assert (outcome.status, outcome.kinds[0]) == ("raised", "TypeError")
    assert "this function was called with a value of type builtins.set" in outcome.message


def test_a_callback_that_returns_what_cannot_cross_fails_in_the_student_s_code(channel: Channel) -> None:
    assert ask(channel, "catches", lambda impl: impl(lambda _: {1})).value[0] == "TypeError"


# --- exceptions of the student's code


def line_of(text: str) -> int:
    """Return the number of the only line of the student's source that ends so."""
    (number,) = (number for number, line in enumerate(STUDENT.splitlines(), 1) if line.strip() == text)
    return number


@pytest.mark.parametrize(
    ("name", "kinds", "message"),
    [
        ("own", ("TooBig", "ValueError", "Exception", "BaseException"), "it is too big"),
        ("chained", ("RuntimeError", "Exception", "BaseException"), "could not"),
        ("exit", ("SystemExit", "BaseException"), "3"),
        ("assert", ("AssertionError", "Exception", "BaseException"), ""),
        ("surrogate", ("ValueError", "Exception", "BaseException"), r"\udc80"),
        ("none of these", ("NotImplementedError", "RuntimeError", "Exception", "BaseException"), ""),
    ],
)
def test_an_exception_crosses_as_its_class_names_and_its_message(
    channel: Channel, name: str, kinds: tuple[str, ...], message: str
) -> None:
    outcome = ask(channel, "raises", lambda impl: impl(name))
    assert (outcome.status, outcome.kinds, outcome.message) == ("raised", kinds, message)


def test_an_exception_brings_the_student_s_own_lines(channel: Channel) -> None:
    outcome = ask(channel, "raises", lambda impl: impl("own"))
    source = 'raise TooBig("it is too big")'
    assert outcome.lines == (f"line {line_of(source)}, in raises: {source}",)


def test_lines_of_libraries_do_not_push_out_the_student_s(channel: Channel) -> None:
    outcome = ask(channel, "raises", lambda impl: impl("library"))
    source = "return torch.nn.Sequential(torch.nn.Linear(2, 3))(torch.zeros(5))"
    assert outcome.lines == (f"line {line_of(source)}, in raises: {source}",)


def test_endless_recursion_ends_as_a_recursion_error_with_few_lines(channel: Channel) -> None:
    outcome = ask(channel, "raises", lambda impl: impl("deep"))
    assert outcome.kinds[0] == "RecursionError"
    assert 1 <= len(outcome.lines) <= 3


def test_a_long_message_is_cut(channel: Channel) -> None:
    assert ask(channel, "raises", lambda impl: impl("long")).message == "x" * 2_000


ODD = {
    "str raises": ("Mute", ""),
    "str exits": ("Leaver", ""),
    "str is none": ("Silent", ""),
    "sly text": ("Sly", "sly"),
    "metaclass": ("Hidden", "who am I"),
    "long name": ("N" * 200, "x"),
    "odd name": ("\n<b>\\x1b[31m 日本", "x"),
    "sly name": ("sly", "x"),
    "many bases": ("K199", "x"),
    "no file": ("ValueError", "from nowhere"),
}


@pytest.mark.parametrize("how", ODD)
def test_an_exception_made_to_break_its_description_is_described_all_the_same(channel: Channel, how: str) -> None:
    outcome = ask(channel, "raises_oddly", lambda impl: impl(how))
    assert (outcome.status, outcome.kinds[0], outcome.message) == ("raised", *ODD[how])
    assert len(outcome.kinds) <= 32
    assert all(type(text) is str for text in (*outcome.kinds, outcome.message, *outcome.lines))


def test_an_exception_is_described_even_without_a_working_directory() -> None:
    lonely = Pipe(STUDENT)
    try:
        outcome = ask(lonely, "raises_oddly", lambda impl: impl("no directory"))
    finally:
        lonely.close()
    assert (outcome.status, outcome.kinds[0], outcome.message) == ("raised", "ValueError", "from nowhere")


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("ring", "nested"),
        ("object", "builtins.object"),
        ("set", "builtins.set"),
        ("module", "module"),
        ("huge", "return an array instead"),
        ("expanded", "at most"),
        ("meta", "Tensor"),
        ("keys", "keys of type int cannot be checked"),
        ("int", "an integer of"),
        ("function", "builtin_function_or_method"),
        ("class", "builtins.type"),
        ("generator", "generator"),
    ],
)
def test_a_value_that_cannot_cross_is_refused_with_the_reason(channel: Channel, how: str, why: str) -> None:
    outcome = ask(channel, "returns_oddly", lambda impl: impl(how))
    assert outcome.status == "refused"
    assert why in outcome.message


def test_a_value_whose_class_lies_about_its_module_ends_as_an_outcome(channel: Channel) -> None:
    assert ask(channel, "returns_oddly", lambda impl: impl("liar")).status in ("refused", "raised")


# --- a hostile process, which may answer anything


class Hostile:
    """Answers every request with prepared bytes, after sending prepared callbacks."""

    def __init__(self, reply: Any, *callbacks: Any) -> None:
        self.reply = reply if isinstance(reply, bytes) else encode(reply)
        self.callbacks = [item if isinstance(item, bytes) else encode(item) for item in callbacks]
        self.answers: list[Any] = []

    def request(self, message: bytes, answer: Answer) -> bytes:
        """Return the reply, whatever was asked."""
        decode(message)
        self.answers += [decode(answer(item)) for item in self.callbacks]
        return self.reply


SENSELESS = {
    "nothing": None,
    "a number": 5,
    "a text": "ok",
    "an empty list": [],
    "no value": ["ok"],
    "two values": ["ok", 1, 2],
    "a tuple": ("ok", 1),
    "a dict": {"ok": 1},
    "an array": np.array([1, 2]),
    "a tensor": torch.zeros(2),
    "an array for the verb": [np.array([1, 2]), 5],
    "a tensor for the verb": [torch.tensor([1, 2]), 5],
    "a number for the verb": [1, 5],
    "bytes for the verb": [b"ok", 5],
    "another verb": ["callback", 0, [], {}],
    "upper case": ["OK", 1],
    "numbers for kinds": ["raised", [1], "x", []],
    "no kinds": ["raised", [], "x", []],
    "a text for kinds": ["raised", "ValueError", "x", []],
    "a number for the message": ["raised", ["ValueError"], 1, []],
    "numbers for lines": ["raised", ["ValueError"], "x", [1]],
    "a list in kinds": ["raised", [["ValueError"]], "x", []],
    "a number for the reason": ["refused", 1],
    "no reason": ["refused"],
    "a number for the name": ["missing", 1],
    "an object": ["ok", Ref("object", 0)],
    "an object inside": ["ok", [1, {"a": Ref("object", 3)}]],
    "a function never passed in": ["ok", Ref("callback", 1)],
    "a handle for the verb": [Ref("callback", 0), 1],
    "no bytes": b"",
    "half a value": encode(["ok", 1.5])[:-1],
    "a value and more": encode(["ok", 1.5]) + b"N",
    "an unknown tag": b"\x80\x04K\x01.",
    "deep nesting": b"l\0\0\0\1" * 1_000 + b"N",
}


@pytest.mark.parametrize("what", SENSELESS)
def test_a_senseless_reply_is_refused(what: str) -> None:
    outcome = ask(Hostile(SENSELESS[what]), "anything", lambda impl: impl(len, 1))
    assert outcome.status == "refused"
    assert outcome.message.startswith("the reply")
    assert outcome.calls[0].what == "anything"


@pytest.mark.parametrize("value", [None, 5, [], Ref("callback", 0), [Ref("object", 0)]], ids=repr)
def test_a_reply_to_new_that_is_no_object_is_refused(value: Any) -> None:
    outcome = ask(Hostile(["ok", value]), "Counter", lambda impl: impl(len))
    assert outcome.status == "refused"


@pytest.mark.parametrize(
    "value", [None, [1], [1, 2], [1, [1]], [1, [1, 2, 3]], (1, 2), [1, {"a": 1}], torch.zeros(2)], ids=repr
)
def test_a_reply_without_the_arguments_is_refused_where_they_are_kept(value: Any) -> None:
    outcome = ask(Hostile(["ok", value]), "anything", lambda impl: impl.keeping(1, 2))
    assert outcome.status == "refused"
    assert outcome.message == "the reply does not hold the arguments"


def test_long_replies_are_cut_before_they_are_kept() -> None:
    huge = "A" * 1_000_000
    raised = ask(Hostile(["raised", [huge] * 40, huge, [huge] * 20]), "anything", lambda impl: impl())
    assert raised.status == "raised"
    assert sum(map(len, (*raised.kinds, raised.message, *raised.lines))) < 20_000
    assert len(ask(Hostile(["refused", huge]), "anything", lambda impl: impl()).message) <= 500
    assert len(ask(Hostile(["missing", huge]), "anything", lambda impl: impl()).message) <= 200
    twice = b"d\0\0\0\2" + (encode(huge) + b"N") * 2
    assert len(ask(Hostile(twice), "anything", lambda impl: impl()).message) < 500


BAD_CALLBACKS = {
    "out of range": ["callback", 1, [1], {}],
    "negative": ["callback", -1, [1], {}],
    "huge": ["callback", 10**100, [1], {}],
    "a text for the number": ["callback", "0", [1], {}],
    "an array for the number": ["callback", np.array([0, 0]), [1], {}],
    "a tuple of arguments": ["callback", 0, 5, {}],
    "no keywords": ["callback", 0, [1]],
    "another verb": ["call", 0, [1], {}],
    "not a list": 7,
    "an array": np.zeros(3),
    "an array for the verb": [np.zeros(3), 0, [1], {}],
    "garbage": b"\xff\xff",
    "empty": b"",
    "a handle as argument": ["callback", 0, [Ref("object", 9)], {}],
    "unexpected keywords": ["callback", 0, [1], {"sneaky": 1}],
}


@pytest.mark.parametrize("what", BAD_CALLBACKS)
def test_a_malformed_callback_is_answered_with_an_error_and_calls_nothing(what: str) -> None:
    called: list[Any] = []

    def listener(number: int) -> None:
        called.append(number + 1)

    hostile = Hostile(["ok", 1], BAD_CALLBACKS[what])
    assert ask(hostile, "anything", lambda impl: impl(listener)).status == "value"
    assert hostile.answers[0][0] == "raised"
    assert called == []


def test_a_callback_before_any_function_was_passed_in_is_answered_with_an_error() -> None:
    hostile = Hostile(["ok", 1], ["callback", 0, [], {}])
    ask(hostile, "anything", lambda impl: impl(1))
    assert hostile.answers == [["raised", "RuntimeError", "no such function was passed in"]]


@pytest.mark.parametrize(("reason", "status"), [("timeout", "timeout"), ("crash", "crash")])
def test_a_process_that_gives_no_answer_ends_as_an_outcome(reason: str, status: str) -> None:
    class Gone:
        def request(self, message: bytes, answer: Answer) -> bytes:
            raise LostError(reason, "after 10 s")

    outcome = ask(Gone(), "anything", lambda impl: impl(1))
    assert (outcome.status, outcome.message) == (status, "after 10 s")


def test_a_process_that_dies_is_a_crash() -> None:
    source = "import os\ndef leave(x):\n    os._exit(1)\n"
    channel = Pipe(source)
    try:
        assert ask(channel, "leave", lambda impl: impl(1)).status == "crash"
    finally:
        channel.close()


scraps = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["ok", "raised", "refused", "missing", "callback", "x"])
    | st.builds(Ref, st.sampled_from(["object", "callback"]), st.integers(0, 2)) | st.sampled_from([np.zeros(2), torch.zeros(2), 1.5, b""]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=10,
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=400)
@given(
    scraps | st.binary(max_size=30) | st.tuples(st.sampled_from(["ok", "raised"]), scraps).map(list),
    scraps | st.binary(max_size=20),
)
def test_whatever_a_process_says_an_outcome_comes_out(reply: Any, callback: Any) -> None:
    for name, run in (
        ("anything", lambda impl: impl(len)),
        ("anything", lambda impl: impl.keeping(len)),
        ("anything", lambda impl: impl.grad(torch.zeros(2), cotangent=torch.zeros(2))),
        ("Counter", lambda impl: impl(len).add(1)),
    ):
        outcome = ask(Hostile(reply, callback), name, run)
        assert outcome.status in ("value", "raised", "refused", "missing")
        assert outcome.status != "raised" or outcome.kinds


@settings(derandomize=True, deadline=None, max_examples=200)
@given(scraps | st.binary(max_size=40))
def test_whatever_is_asked_of_the_student_s_side_a_reply_comes_out(request: Any) -> None:
    server = Loopback({"f": lambda *args: list(args)})
    data = request if isinstance(request, bytes) else encode(request)
    reply = decode(server.request(data, lambda _: encode(["ok", None])))
    assert reply[0] in ("ok", "raised", "refused", "missing")


def test_a_request_about_an_unknown_object_is_refused() -> None:
    reply = Loopback({}).request(encode(["get", Ref("object", 4), "x"]), lambda _: b"")
    assert decode(reply) == ["refused", "there is no object number 4"]


def test_an_outcome_survives_being_written_down() -> None:
    outcome = Outcome("raised", None, ("ValueError", "Exception"), "", ("line 1",))
    again = Outcome.from_plain(decode(encode(outcome.to_plain())))
    assert (again.status, again.value, again.kinds) == (outcome.status, outcome.value, outcome.kinds)


def test_a_probe_that_fails_on_what_came_back_is_a_refusal(loopback: Loopback) -> None:
    for run in (
        lambda impl: impl(1)[5],
        lambda impl: impl(1).shape,
        lambda impl: impl(1) + 1,
        lambda impl: dict(impl(1))["x"],
        lambda impl: 1 / (len(impl(1)) - 2),
        lambda impl: {1: impl(1)},
        lambda impl: torch.ones(9) @ torch.ones(len(impl(1))),
    ):
        outcome = ask(loopback, "give_back", run)
        assert outcome.status == "refused", outcome
        assert outcome.message


def test_a_damaged_value_never_reaches_the_probe() -> None:
    with pytest.raises(WireError):
        decode(encode([1])[:-1])
    assert ask(Hostile(encode(["ok", 1])[:-1]), "anything", lambda impl: [impl(1)]).status == "refused"
