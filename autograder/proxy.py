"""The checking side of the conversation: what a probe holds in place of the student's function or class.

The same probe runs on a reference in this process (`Loopback`) and on a submission in another one
(`autograder.grading.session`), through the same bytes. Functions that a probe passes in stay here, so what
they were asked is the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from autograder.exercise import Exercise
from autograder.printable import printable
from autograder.serve import Server
from autograder.wire import Ref, WireError, decode, encode

Answer = Callable[[bytes], bytes]

#: Whether a call's reply also brings the arguments back, as they were afterwards.
_KEEP_ARGS, _DROP_ARGS = True, False


class Channel(Protocol):
    """Carries one request to the student's side and returns its reply; callbacks in between go to `answer`."""

    def request(self, message: bytes, answer: Answer) -> bytes:
        """Send `message`, serve callbacks with `answer`, return the reply; raise `LostError` if there is none."""
        ...


class StudentError(Exception):
    """The student's code raised.

    Attributes
    ----------
    kinds
        Names of the exception's class and its bases, the class first.
    message, lines
        Its text, and the last lines of the student's code on the way; both are the student's words.
    """

    def __init__(self, kinds: tuple[str, ...], message: str, lines: tuple[str, ...]) -> None:
        super().__init__(f"{kinds[0] if kinds else 'Exception'}: {message}")
        self.kinds = kinds
        self.message = message
        self.lines = lines


class RefusedError(Exception):
    """The student's side answered with something that is not allowed to cross, or with no sense at all."""


class MissingError(Exception):
    """The student's side has nothing under the exercise's name."""


class LostError(Exception):
    """The student's process gave no answer; `reason` is ``"timeout"`` or ``"crash"``."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True)
class Call:
    """One request that a probe made, kept to be shown."""

    what: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Loopback:
    """A channel to a namespace in this process; values still cross as bytes, so nothing is shared."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._server = Server(namespace, self._ask)
        self._answer: Answer | None = None

    def request(self, message: bytes, answer: Answer) -> bytes:
        """Run the request here and now."""
        self._answer = answer
        return self._server.handle(message)

    def _ask(self, message: bytes) -> bytes:
        assert self._answer is not None
        return self._answer(message)


class _Conversation:
    """Requests over one channel on behalf of one run of one probe."""

    def __init__(self, channel: Channel, calls: list[Call]) -> None:
        self._channel = channel
        self._callbacks: list[Callable[..., Any]] = []
        self.calls = calls

    def send(self, shown: Call, *message: Any) -> Any:
        self.calls.append(shown)
        request = encode(list(message), self._to_ref)
        try:
            reply = decode(
                self._channel.request(request, self._answer), None if message[0] == "new" else self._from_ref
            )
        except WireError as error:
            raise RefusedError(f"the reply is damaged: {error}") from None
        if type(reply) is not list or not reply or type(reply[0]) is not str:
            raise RefusedError("the reply makes no sense")
        match reply:
            case ["ok", value]:
                return value
            case ["raised", list(kinds), str(text), list(lines)] if kinds and _all_str(kinds) and _all_str(lines):
                names = tuple(printable(kind[:200]) for kind in kinds[:32])
                raise StudentError(names, printable(text[:2_000]), tuple(printable(line[:500]) for line in lines[:8]))
            case ["refused", str(why)]:
                raise RefusedError(printable(why[:500]))
            case ["missing", str(name)]:
                raise MissingError(printable(name[:200]))
        raise RefusedError("the reply makes no sense")

    def _to_ref(self, thing: Any) -> Ref | None:
        if not callable(thing):
            return None
        self._callbacks.append(thing)
        return Ref("callback", len(self._callbacks) - 1)

    def _from_ref(self, ref: Ref) -> Ref:
        if ref.kind != "callback" or ref.number >= len(self._callbacks):
            raise WireError("a handle where a value should be")
        return ref  # a function that was passed in comes back, as in the arguments after a call

    def _answer(self, message: bytes) -> bytes:
        try:
            match decode(message):
                case ["callback", int(number), list(args), dict(kwargs)] if 0 <= number < len(self._callbacks):
                    return encode(["ok", self._callbacks[number](*args, **kwargs)])
        except WireError as error:
            return encode(["raised", "TypeError", str(error)])
        except (RefusedError, LostError):
            raise
        except Exception as error:  # a function that was passed in may fail on purpose: the student's code sees it
            return encode(["raised", type(error).__name__, str(error)])
        return encode(["raised", "RuntimeError", "no such function was passed in"])


def _all_str(items: list[Any]) -> bool:
    return all(type(item) is str for item in items)


class Impl:
    """What a probe calls: the student's function, or the class of which it makes instances."""

    def __init__(self, exercise: Exercise, channel: Channel) -> None:
        self._exercise = exercise
        self.calls: list[Call] = []
        self._conversation = _Conversation(channel, self.calls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function and return its value; or make an instance of the class and return its stand-in."""
        name = self._exercise.name
        shown = Call(name, args, kwargs)
        if self._exercise.kind == "class":
            ref = self._conversation.send(shown, "new", name, list(args), kwargs)
            if type(ref) is not Ref or ref.kind != "object":
                raise RefusedError("the reply to `new` is not an object")
            return Instance(self._exercise, self._conversation, ref)
        return self._conversation.send(shown, "call", name, list(args), kwargs, _DROP_ARGS)

    def keeping(self, *args: Any, **kwargs: Any) -> tuple[Any, list[Any]]:
        """Call the function; return its value and its positional arguments as they were afterwards."""
        name = self._exercise.name
        reply = self._conversation.send(Call(name, args, kwargs), "call", name, list(args), kwargs, _KEEP_ARGS)
        return _value_and_args(reply, len(args))

    def grad(self, *args: Any, wrt: int = 0, cotangent: Any, **kwargs: Any) -> Any:
        """Return the gradient of ``sum(cotangent * f(*args))`` with respect to ``args[wrt]``.

        If `f` returns a tuple of tensors, `cotangent` is a tuple too, and the sum runs over all of them.
        """
        name = self._exercise.name
        shown = Call(f"gradient of {name}", args, kwargs)
        return self._conversation.send(shown, "grad", name, list(args), kwargs, wrt, cotangent)


class Instance:
    """An instance in the student's process, with the methods and attributes that its docstring promises."""

    def __init__(self, exercise: Exercise, conversation: _Conversation, ref: Ref) -> None:
        vars(self).update(_exercise=exercise, _conversation=conversation, _ref=ref)

    def __getattr__(self, name: str) -> Any:
        if name in self._exercise.methods:
            return lambda *args, **kwargs: self._method(name, args, kwargs, keep=False)
        if name in self._exercise.attributes:
            return self._conversation.send(Call(f".{name}", (), {}), "get", self._ref, name)
        raise AttributeError(f"the docstring of {self._exercise.name} promises no {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._exercise.attributes:
            raise AttributeError(f"the docstring of {self._exercise.name} promises no attribute {name!r}")
        self._conversation.send(Call(f".{name} =", (value,), {}), "set", self._ref, name, value)

    def keeping(self, method: str, *args: Any) -> tuple[Any, list[Any]]:
        """Call a method; return its value and its arguments as they were afterwards."""
        return _value_and_args(self._method(method, args, {}, keep=True), len(args))

    def _method(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, keep: bool) -> Any:
        shown = Call(f".{name}", args, kwargs)
        return self._conversation.send(shown, "method", self._ref, name, list(args), kwargs, keep)


def _value_and_args(reply: Any, count: int) -> tuple[Any, list[Any]]:
    match reply:
        case [value, list(after)] if len(after) == count:
            return value, after
    raise RefusedError("the reply does not hold the arguments")
